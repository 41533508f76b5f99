/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A copy of a scenario that may be written to. */
#ifndef COSTOP_TESTS_SUPPORT_DRAFT_H
#define COSTOP_TESTS_SUPPORT_DRAFT_H

#include "sim/arena.h"
#include "study/scenario.h"

enum { DRAFT_PROGRAMS_MAX = 8, DRAFT_INTERRUPTS_MAX = 8 };

struct draft_interrupts {
  struct interrupt_spec specs[DRAFT_INTERRUPTS_MAX];
  struct op *ops[DRAFT_INTERRUPTS_MAX]; /* of their handlers */
};

struct draft {
  struct scenario scenario; /* of these: */
  struct vm_spec *vms;      /* there is room for one more */
  struct lock_spec *locks;  /* … and here */
  struct program *programs;
  struct op *ops[DRAFT_PROGRAMS_MAX];
  uint32_t n_vms;                      /* of the scenario that it was */
  struct draft_interrupts *interrupts; /* of these */
};

struct draft *draft_of(const struct scenario *from, struct arena *arena);

/* Distributions become constants, their means. */
void draft_settle(struct draft *draft);

/* All times that the scenario states are multiplied. */
void draft_scale(struct draft *draft, int64_t scale);

#endif
