/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A run as a flat list of named integers, for tests that compare whole runs. Left out are the
   percentiles, which are rounded, and host.events and dispatches, which models may count freely. */
#ifndef COSTOP_TESTS_SUPPORT_FIGURES_H
#define COSTOP_TESTS_SUPPORT_FIGURES_H

#include "study/result.h"

enum { FIGURES_MAX = 4096, FIGURE_NAME_ROOM = 64 };

struct figure {
  char name[FIGURE_NAME_ROOM]; /* "db/v0 running" */
  __int128 value;
  unsigned power;   /* of time: 0 a count, 1 ns, 2 ns^2 */
  bool is_additive; /* of two windows one after the other it is the sum */
};

struct figures {
  struct figure list[FIGURES_MAX];
  size_t n;
};

void figures_read(struct figures *figures, const struct run_result *result);
/* The figures of one VM, under names that leave it out. */
void figures_read_vm(struct figures *figures, const struct vm_result *vm);

/* Fails the test at the first figure of b that is not scale^power times that of a. */
void figures_expect_scaled(const struct figures *a, const struct figures *b, int64_t scale);
static inline void figures_expect_same(const struct figures *a, const struct figures *b) {
  figures_expect_scaled(a, b, 1);
}
/* … that does not add up over two windows. */
void figures_expect_sum(const struct figures *first, const struct figures *second,
                        const struct figures *both);

/* The first figure of a that is not in b, scale^power times, under its name; b has them in the same
   order, and perhaps others between them. NULL: none. */
const struct figure *figures_missing(const struct figures *a, const struct figures *b,
                                     int64_t scale);

#endif
