/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Round robin.

   Idea: one host-wide first-in first-out queue; the same timeslice for all.
   Rule: a woken or expired vCPU goes to the tail; a free pCPU takes from the head; nobody preempts.
   Invariants: a vCPU waits for at most every other vCPU's timeslice.
   Cost: O(1), plus O(distinct affinities) where VMs have affinity: then there is one queue for
   each, with host-wide places, and the next is the least head among those with a free pCPU. Source:
   any textbook; Kleinrock, Queueing Systems 2 (1976), chapter 4. */
#include "hv/hv.h"
#include "hv/runqueue.h"
#include "sim/time.h"

static const struct param rr_params[] = {
    {.key = "timeslice",
     .type = PARAM_DURATION,
     .offset = offsetof(struct sched_rr_params, timeslice_ns),
     .fallback = "10ms",
     .min = 1,
     .max = 0x1p62,
     .help = "how long a vCPU may run before the next one in the queue gets its pCPU"},
};

struct rr {
  struct runqueue *queues; /* one per affinity set */
};

static void *rr_create(struct hv *hv, const void *params, struct arena *arena) {
  const struct sched_rr_params *bound = params;
  struct rr *rr = ARENA_NEW(arena, struct rr);
  hv->timeslice_ns = bound->timeslice_ns;
  rr->queues = ARENA_ARRAY(arena, hv->n_affinities, struct runqueue);
  uint32_t *n = ARENA_ARRAY(arena, hv->n_affinities, uint32_t);
  for (vcpu_id_t i = 0; i < hv->n_vcpus; i++) n[hv->vcpus[i].affinity]++;
  for (uint32_t i = 0; i < hv->n_affinities; i++) runqueue_init(&rr->queues[i], arena, n[i]);
  if (hv->n_affinities == 1) hv->fifo = rr->queues;
  return rr;
}

static struct runqueue *rr_queue(struct hv *hv, const struct vcpu *v) {
  struct rr *rr = hv->sched_state;
  return &rr->queues[v->affinity];
}

static void rr_enqueue(struct hv *hv, struct vcpu *v, enum queue_reason reason) {
  (void)reason;
  runqueue_push(rr_queue(hv, v), v);
}

static void rr_dequeue(struct hv *hv, struct vcpu *v) { runqueue_remove(rr_queue(hv, v), v); }

static struct vcpu *rr_next(struct hv *hv) {
  const struct rr *rr = hv->sched_state;
  struct vcpu *next = runqueue_head(&rr->queues[0]);
  for (uint32_t i = 1; i < hv->n_affinities; i++) {
    struct vcpu *head = runqueue_head(&rr->queues[i]);
    if (!head || (next && next->place < head->place)) continue;
    if (pcpuset_first_of(&hv->free, hv->affinities[i].mask) != ID_NONE) next = head;
  }
  return next;
}

const struct sched_ops sched_rr = {
    .kind = {.name = "rr",
             .help = "one host-wide first-in first-out queue; a woken vCPU never preempts",
             .params = rr_params,
             .n_params = sizeof rr_params / sizeof *rr_params,
             .params_size = sizeof(struct sched_rr_params)},
    .create = rr_create,
    .enqueue = rr_enqueue,
    .dequeue = rr_dequeue,
    .next = rr_next,
};
