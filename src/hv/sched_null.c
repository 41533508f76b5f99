/* SPDX-License-Identifier: GPL-3.0-or-later */
/* No scheduler: bare metal.

   Idea: the i-th vCPU of the host is pCPU i.
   Rule: it runs whenever it has something to run; its slice never ends.
   Invariants: nobody is ever READY for longer than an instant; needs as many pCPUs as vCPUs.
   Cost: O(1).
   Source: Xen's null scheduler (xen/common/sched/null.c). */
#include "hv/hv.h"
#include "hv/runqueue.h"
#include "sim/time.h"

static void *null_create(struct hv *hv, const void *params, struct arena *arena) {
  (void)params;
  hv->timeslice_ns = TIME_NEVER_NS;
  for (vcpu_id_t i = 0; i < hv->n_vcpus; i++) hv->vcpus[i].home = i;
  struct runqueue *queue = ARENA_NEW(arena, struct runqueue);
  runqueue_init(queue, arena, hv->n_vcpus);
  return queue;
}

static void null_enqueue(struct hv *hv, struct vcpu *v, enum queue_reason reason) {
  (void)reason;
  runqueue_push(hv->sched_state, v);
}

static void null_dequeue(struct hv *hv, struct vcpu *v) { runqueue_remove(hv->sched_state, v); }

static struct vcpu *null_next(struct hv *hv) { return runqueue_head(hv->sched_state); }

const struct sched_ops sched_null = {
    .kind = {.name = "null",
             .help = "bare metal: the i-th vCPU of the host is pinned to pCPU i for ever"},
    .create = null_create,
    .enqueue = null_enqueue,
    .dequeue = null_dequeue,
    .next = null_next,
};
