/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When who runs may be preempted, where nobody may be for a while after a start.

   Idea: that while is the same for all, so those whose while is over are found by the order of the
   starts alone. Invariant: the latest starts on a queue's pCPUs are listed in their order, so
   limited_ns never falls from one to the next. Cost: O(1) for a start, one step for each whose
   while is over to find one of them: few, as slices are seldom much longer. */
#ifndef COSTOP_HV_STARTS_H
#define COSTOP_HV_STARTS_H

#include <stdbool.h>
#include <sys/queue.h>

#include "sim/arena.h"
#include "sim/ids.h"

struct start {
  TAILQ_ENTRY(start) link;
  int64_t limited_ns; /* until when nobody preempts who started */
  int64_t full_ns;    /* when who started would have had all credits; START_NONE_NS: it stopped */
};
/* Later than any. */
#define START_NONE_NS (INT64_MAX / 2)

TAILQ_HEAD(start_list, start);

struct starts {
  struct start *latest;      /* by pCPU */
  struct start_list *listed; /* by queue */
};

/* Who started on p has stopped. */
static inline void starts_end(struct starts *starts, pcpu_id_t p) {
  starts->latest[p].full_ns = START_NONE_NS;
}

static inline void starts_init(struct starts *starts, struct arena *arena, uint32_t n_pcpus,
                               uint32_t n_in_queue) {
  uint32_t n_queues = n_pcpus / n_in_queue;
  starts->latest = ARENA_ARRAY(arena, n_pcpus, struct start);
  starts->listed = ARENA_ARRAY(arena, n_queues, struct start_list);
  for (uint32_t q = 0; q < n_queues; q++) TAILQ_INIT(&starts->listed[q]);
  for (pcpu_id_t p = 0; p < n_pcpus; p++) {
    TAILQ_INSERT_TAIL(&starts->listed[p / n_in_queue], &starts->latest[p], link);
    starts_end(starts, p);
  }
}

/* Somebody starts on p, which is of that queue. */
static inline void starts_renew(struct starts *starts, uint32_t queue, pcpu_id_t p,
                                int64_t limited_ns, int64_t full_ns) {
  struct start *start = &starts->latest[p];
  TAILQ_REMOVE(&starts->listed[queue], start, link);
  TAILQ_INSERT_TAIL(&starts->listed[queue], start, link);
  start->limited_ns = limited_ns;
  start->full_ns = full_ns;
}

/* Of those of a queue that may be preempted now, who has the earliest full_ns, or floor_ns if that
   is later; of equals the lowest pCPU. */
struct least_start {
  pcpu_id_t p;     /* ID_NONE: nobody may be */
  int64_t full_ns; /* START_NONE_NS, then */
};
static inline struct least_start starts_least(const struct starts *starts, uint32_t queue,
                                              int64_t now_ns, int64_t floor_ns) {
  struct least_start least = {ID_NONE, START_NONE_NS};
  const struct start *start;
  TAILQ_FOREACH(start, &starts->listed[queue], link) {
    if (start->limited_ns > now_ns) break;
    int64_t full_ns = start->full_ns > floor_ns ? start->full_ns : floor_ns;
    pcpu_id_t p = (pcpu_id_t)(start - starts->latest);
    /* Who is less is a toss-up: no branch depends on it. */
    bool is_less = (full_ns < least.full_ns) | ((full_ns == least.full_ns) & (p < least.p));
    least.p ^= (least.p ^ p) & -(uint32_t)is_less;
    least.full_ns ^= (least.full_ns ^ full_ns) & -(int64_t)is_less;
  }
  return least;
}

#endif
