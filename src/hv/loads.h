/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How busy queues are, each of pCPUs with consecutive numbers, and whom to move between two of
   them.

   Idea: who has been runnable for most of the last second will be so again; queues with as much of
   that for each other are even. Rule: a load average follows the number of those who can run, over
   a window of 2^30 ns. Of two queues, one may give a vCPU, or get one, or both, whatever leaves the
   least difference. Invariants: a queue's number is that of its runnable vCPUs. Cost: O(1) for each
   halt and wake-up, O(n log n) for finding whom to move. Source: Xen, xen/common/sched/credit2.c,
   balance_load, update_load; units and rounding are Xen's. */
#ifndef COSTOP_HV_LOADS_H
#define COSTOP_HV_LOADS_H

#include "hv/hv.h"

struct load {
  int64_t average; /* of n, as of `since`, in 2^-18 */
  int64_t since;   /* in 1024 ns */
  uint32_t n;      /* who can run */
};

struct load_vcpu {
  struct load load;
  uint32_t queue;
};

/* Somebody who may move, and what that takes along. */
struct load_mover {
  int64_t average;
  vcpu_id_t id;
};

struct loads {
  uint32_t n_queues; /* 1: nothing is counted */
  uint32_t n_in_queue;
  struct load *queues;
  struct load_vcpu *vcpus;
  pcpu_id_t *given; /* by queue: the pCPU that got who came latest */
  struct load_mover *pushed, *pulled;
};

/* The queue that p belongs to, and the first pCPU of that. */
static inline uint32_t loads_queue_at(const struct loads *loads, pcpu_id_t p) {
  return loads->n_queues == 1 ? 0 : p / loads->n_in_queue;
}
static inline pcpu_id_t loads_first_beside(const struct loads *loads, pcpu_id_t p) {
  return loads_queue_at(loads, p) * loads->n_in_queue;
}

/* Whom to move from one queue to another, and back; NULL: nobody. */
struct load_exchange {
  struct vcpu *push, *pull;
  uint32_t other; /* queue */
};

/* May v be moved to another queue now? */
typedef bool loads_may_move_fn(const struct hv *hv, const struct vcpu *v, const void *context);

void loads_init(struct loads *loads, const struct hv *hv, uint32_t n_in_queue, struct arena *arena);
/* v can run from now on, or cannot; of several queues. */
void loads_set(struct loads *loads, const struct hv *hv, const struct vcpu *v, bool is_runnable);
/* v belongs to that queue from now on; likewise. */
void loads_set_queue(struct loads *loads, const struct hv *hv, const struct vcpu *v,
                     uint32_t queue);
/* What brings `queue` and the one that differs most from it closest together, if they are too far
   apart. */
struct load_exchange loads_balance(struct loads *loads, const struct hv *hv, uint32_t queue,
                                   loads_may_move_fn *may_move, const void *context);
/* The pCPU that v comes to in `queue`: those that it may use in turn. */
pcpu_id_t loads_place(struct loads *loads, const struct hv *hv, const struct vcpu *v,
                      uint32_t queue);
static inline void loads_count(struct loads *loads, const struct hv *hv, const struct vcpu *v,
                               bool is_runnable) {
  if (loads->n_queues > 1) loads_set(loads, hv, v, is_runnable);
}
static inline void loads_move(struct loads *loads, const struct hv *hv, const struct vcpu *v,
                              uint32_t queue) {
  if (loads->n_queues > 1) loads_set_queue(loads, hv, v, queue);
}
/* Asserts the invariant. */
void loads_audit(const struct loads *loads, const struct hv *hv);

#endif
