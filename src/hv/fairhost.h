/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The queues in virtual time of a host: one per pCPU, for sched_eevdf.c, which says who joins
   which.

   Idea: the sums of a queue (fairqueue.h) say how loaded it is, so who takes from others compares
   numbers. Rule: it takes from the nearest pCPUs, of these from the heaviest queue, who has waited
   longest there. Invariants: the sums of a queue are those of its members; a queued vCPU may use
   its pCPU; no queue is heavier than the bound of its OCTET of pCPUs. Cost: O(1) to come and go,
   one number for each OCTET and few queues to find one to take. */
#ifndef COSTOP_HV_FAIRHOST_H
#define COSTOP_HV_FAIRHOST_H

#include "hv/fairqueue.h"
#include "hv/hv.h"

/* pCPUs among whose queues the heaviest is looked for together. */
enum { FAIRHOST_OCTET = 8 };

struct fairhost {
  struct fairqueue_member *members; /* by vCPU */
  struct fairqueue *queues;         /* by pCPU; of whole OCTETs */
  int64_t *bounds;                  /* of each OCTET of pCPUs: none of its queues is heavier */
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
/* Asserts the invariants. */
void fairhost_audit(const struct fairhost *host, const struct hv *hv);

static inline struct vcpu *fairhost_vcpu(const struct fairhost *host, const struct hv *hv,
                                         const struct fairqueue_member *member) {
  return member ? &hv->vcpus[member - host->members] : NULL;
}

/* --- coming and going --- */

/* p: whose queue that is. */

static inline void fairhost_join(const struct fairhost *host, struct fairqueue_member *member,
                                 pcpu_id_t p) {
  int64_t *bound = &host->bounds[p / FAIRHOST_OCTET];
  fairqueue_join(&host->queues[p], member, host->base_ns);
  int64_t weight = host->queues[p].weight;
  *bound = *bound < weight ? weight : *bound;
}

static inline void fairhost_leave(const struct fairhost *host, struct fairqueue_member *member,
                                  pcpu_id_t p) {
  fairqueue_leave(&host->queues[p], member, host->most_lag_ns);
}

static inline void fairhost_push(struct fairhost *host, struct hv *hv,
                                 struct fairqueue_member *member, pcpu_id_t p) {
  pcpuset_put(&hv->queued, p);
  fairqueue_push(&host->queues[p], member, host->n_arrivals++);
}

static inline void fairhost_pull(struct hv *hv, struct fairqueue_member *member, pcpu_id_t p) {
  fairqueue_pull(member);
  pcpuset_drop(&hv->queued, p, member->ring.before == member->ring.behind);
}

#endif
