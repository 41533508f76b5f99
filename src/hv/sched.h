/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hypervisor schedulers: who is offered a pCPU next, and for how long. They advise; only
   hv/dispatch.c changes who runs. To add one: a file sched_<kind>.c and a line in SCHED_KINDS. */
#ifndef COSTOP_HV_SCHED_H
#define COSTOP_HV_SCHED_H

#include "sim/param.h"

#define SCHED_KINDS(X) \
  X(null)              \
  X(rr)

struct hv;
struct vcpu;
struct arena;

struct sched_ops {
  struct kind kind;
  void *(*create)(struct hv *hv, const void *params, struct arena *arena);
};
#define X(name) extern const struct sched_ops sched_##name;
SCHED_KINDS(X)
#undef X

/* NULL-terminated, in the order of SCHED_KINDS. */
extern const struct sched_ops *const sched_kinds[];

struct sched_rr_params {
  int64_t timeslice_ns;
};

#endif
