/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the threads of one core do to each other. */
#ifndef COSTOP_HV_CORES_H
#define COSTOP_HV_CORES_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/arena.h"
#include "sim/ids.h"

struct hv;
struct vcpu;

struct core {
  uint32_t n_busy; /* threads that run somebody */
  bool is_dirty;   /* … and who may have changed since the speeds were set last */
};

/* Full speed, in the units of struct hv_config's smt_speed. */
enum { SMT_FULL_SPEED = 1000000 };

/* Sets hv->cores, if threads of a core matter to each other. */
void cores_create(struct hv *hv, int64_t smt_speed, struct arena *arena);
/* v starts on v->pcpu, in the place of one that stops now (is_swap) or of nobody. */
void cores_start(struct hv *hv, const struct vcpu *v, bool is_swap);
/* v has stopped on v->pcpu, in favour of one that starts now (is_swap) or of nobody. */
void cores_stop(struct hv *hv, struct vcpu *v, bool is_swap);
/* Everything of this instant has happened: sets the speeds of those whose cores have changed. */
void cores_flush(struct hv *hv);
/* Books what v has run beside a busy thread up to now. */
void cores_settle(const struct hv *hv, struct vcpu *v);
/* Asserts the invariants. */
void cores_check(const struct hv *hv);

#endif
