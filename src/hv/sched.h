/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hypervisor schedulers: who is offered a pCPU next, and for how long. They advise; only
   hv/dispatch.c and hv/batch.c change who runs. To add one: a file sched_<kind>.c and a line in
   SCHED_KINDS. */
#ifndef COSTOP_HV_SCHED_H
#define COSTOP_HV_SCHED_H

#include <stdint.h>

#include "sim/arena.h"
#include "sim/ids.h"
#include "sim/param.h"

#define SCHED_KINDS(X) \
  X(null)              \
  X(rr)

struct hv;
struct vcpu;

struct sched_ops {
  struct kind kind;
  /* Returns the scheduler's state, kept in hv->sched_state. The vCPUs exist, all IDLE. */
  void *(*create)(struct hv *hv, const void *params, struct arena *arena);
  /* v became READY, or its slice ended: to the tail. v->place has been set. */
  void (*enqueue)(struct hv *hv, struct vcpu *v);
  /* v leaves the queue, wherever it stands. */
  void (*dequeue)(struct hv *hv, struct vcpu *v);
  /* The next queued vCPU to offer a pCPU to, given hv->free and hv->n_left > 0; NULL ends the scan.
     Whoever is offered leaves the queue, so that the next call goes on behind it. */
  struct vcpu *(*next)(struct hv *hv);
  /* Length of the slice that v would start now; TIME_NEVER_NS: endless. NULL: always
     hv->timeslice_ns, which create sets. */
  int64_t (*slice_ns)(const struct hv *hv, const struct vcpu *v);
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
