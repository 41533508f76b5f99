/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The queues in virtual time of a host: one per pCPU, for sched_eevdf.c, which says who joins
   which.

   Idea: the sums of a queue (fairqueue.h) say how loaded it is, so who takes from others compares
   numbers. Rule: it takes from the nearest pCPUs, of these from the heaviest queue, who has waited
   longest there. Invariants: the sums of a queue are those of its members; a queued vCPU may use
   its pCPU; levels are those of the queues. Cost: O(1) to come and go, one byte for each pCPU and
   few queues to find one to take. */
#ifndef COSTOP_HV_FAIRHOST_H
#define COSTOP_HV_FAIRHOST_H

#include "hv/fairqueue.h"
#include "hv/hv.h"

struct fairhost {
  struct fairqueue_member *members; /* by vCPU */
  struct fairqueue *queues;         /* by pCPU */
  uint8_t *levels;                  /* … how heavy they are, see fairhost_level; 0: balanced */
  bool has_whole_weights;           /* levels below the highest are exact */
  struct pcpuset balanced;          /* have given or taken in the running pass of balancing */
  int64_t base_ns, most_lag_ns;     /* a slice, and the lag that a sleeper keeps; standard weight */
  uint64_t n_arrivals;
};

void fairhost_init(struct fairhost *host, const struct hv *hv, struct arena *arena);
/* Who has waited longest in q's queue, of those that may move to p, or stay there, and are no
   heavier than the difference to `load`; NULL: nobody. */
struct fairqueue_member *fairhost_longest(const struct fairhost *host, const struct hv *hv,
                                          pcpu_id_t q, pcpu_id_t p, int64_t load);
/* … from the queue with the greatest load of the nearest ones. */
struct fairqueue_member *fairhost_victim(const struct fairhost *host, const struct hv *hv,
                                         pcpu_id_t p, int64_t load);
/* p has given or taken in the running pass of balancing: not again in it … */
void fairhost_exclude(struct fairhost *host, pcpu_id_t p);
/* … which is over. */
void fairhost_include_all(struct fairhost *host);
/* Asserts the invariants. */
void fairhost_audit(const struct fairhost *host, const struct hv *hv);

static inline struct vcpu *fairhost_vcpu(const struct fairhost *host, const struct hv *hv,
                                         const struct fairqueue_member *member) {
  return member ? &hv->vcpus[member - host->members] : NULL;
}

/* --- coming and going --- */

/* In standard weights, rounded down, as far as one byte goes: the heaviest of a thousand queues is
   found among a few cache lines of these. */
static inline uint8_t fairhost_level(int64_t weight) {
  uint64_t level = (uint64_t)weight / FAIRQUEUE_WEIGHT_ONE;
  return (uint8_t)(level < UINT8_MAX ? level : UINT8_MAX);
}

/* p's queue has become heavier or lighter. Not before all that is to be known of it is: to
   compilers a byte that is stored may be a part of anything. */
static inline void fairhost_weigh(const struct fairhost *host, pcpu_id_t p) {
  host->levels[p] = fairhost_level(host->queues[p].weight);
}

/* p: whose queue that is. Who has joined is pushed, or p's queue is weighed. */

static inline void fairhost_join(const struct fairhost *host, struct fairqueue_member *member,
                                 pcpu_id_t p) {
  fairqueue_join(&host->queues[p], member, host->base_ns);
}

static inline void fairhost_leave(const struct fairhost *host, struct fairqueue_member *member,
                                  pcpu_id_t p) {
  fairqueue_leave(&host->queues[p], member, host->most_lag_ns);
  fairhost_weigh(host, p);
}

static inline void fairhost_push(struct fairhost *host, struct hv *hv,
                                 struct fairqueue_member *member, pcpu_id_t p) {
  pcpuset_put(&hv->queued, p);
  fairqueue_push(&host->queues[p], member, host->n_arrivals++);
  fairhost_weigh(host, p);
}

#endif
