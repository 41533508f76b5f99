/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A queue in virtual time: the arithmetic of sched_eevdf.c, which says whose queue it is and who
   joins it.

   Idea: a queue keeps the weighted sum of its members' virtual runtimes, relative to a zero that
   follows their mean: numbers stay small, and who is ahead of the mean is told without dividing.
   Rule: who waits stands in the order of deadlines; who runs is a member, too. Invariants: the sums
   are those of the members. Cost: O(1), but for the search for a place in the order. What depends
   on who waits and how long they have run is a toss-up, so there are few branches on it. */
#ifndef COSTOP_HV_FAIRQUEUE_H
#define COSTOP_HV_FAIRQUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/arena.h"
#include "sim/ids.h"

/* Weights are relative to that of a VM that says nothing. */
enum { FAIRQUEUE_WEIGHT_ONE = 256 };

/* Who waits: by deadline, of equals as they came, in a ring that the queue closes. */
struct fairqueue_ring {
  struct fairqueue_ring *before, *behind;
  int64_t deadline_ns; /* virtual; of the end: before all others */
  int64_t v_ns;        /* virtual runtime; of the end: the queue's zero */
};

/* All that an event touches of it, in one cache line. */
struct __attribute__((aligned(ARENA_LINE))) fairqueue_member {
  struct fairqueue_ring ring;
  union {
    int64_t lag_ns;   /* the mean less v_ns, when it left its queue; until it is in one again */
    uint64_t arrival; /* while it waits: which one of all it was */
  };
  int64_t charged_ns; /* up to when v_ns has advanced, while it runs */
  uint32_t rest;      /* what of v_ns is no whole ns yet, times its weight */
  uint32_t weight;
  pcpu_id_t queue;
  bool is_member; /* counts in the sums of its queue: it waits there or runs */
  bool is_new;    /* has never been placed */
};

struct __attribute__((aligned(ARENA_LINE))) fairqueue {
  struct fairqueue_ring waiting;    /* its end, of which v_ns is near the mean */
  int64_t sum_ns;                   /* of weight x (v_ns - waiting.v_ns) over all members */
  struct fairqueue_member *running; /* NULL: nobody */
  int64_t weight;    /* of all members; not beside sum_ns, lest both are loaded at once right after
                        one of them was stored */
  int64_t picked_ns; /* the deadline that it had when it was picked */
};

#define FAIRQUEUE_FOREACH(member, queue)                            \
  for (member = (struct fairqueue_member *)(queue)->waiting.behind; \
       &member->ring != &(queue)->waiting;                          \
       member = (struct fairqueue_member *)member->ring.behind)

/* Virtual time begins high enough that no deadline is less than 0. */
static inline void fairqueue_init(struct fairqueue *queue) {
  struct fairqueue_ring *end = &queue->waiting;
  *end = (struct fairqueue_ring){end, end, INT64_MIN, INT64_C(1) << 50};
}
static inline bool fairqueue_is_empty(const struct fairqueue *queue) {
  return queue->waiting.behind == &queue->waiting;
}

/* Does member wait, and nobody else? */
static inline bool fairqueue_is_alone(const struct fairqueue *queue,
                                      const struct fairqueue_member *member) {
  return queue->waiting.before == &member->ring && queue->waiting.behind == &member->ring;
}

/* --- virtual time --- */

static inline bool fairqueue_is_standard(const struct fairqueue_member *member) {
  return __builtin_expect(member->weight == FAIRQUEUE_WEIGHT_ONE, 1);
}

static inline int64_t fairqueue_virtual_ns(const struct fairqueue_member *member, int64_t time_ns) {
  if (fairqueue_is_standard(member)) return time_ns;
  return time_ns * FAIRQUEUE_WEIGHT_ONE / member->weight;
}

/* How far somebody is behind the mean, times the queue's weight; not to be ahead is to be eligible.
 */
static inline int64_t fairqueue_lag(const struct fairqueue *queue,
                                    const struct fairqueue_ring *ring) {
  return queue->sum_ns - (ring->v_ns - queue->waiting.v_ns) * queue->weight;
}

/* The mean, relative to the zero, which it does not depend on, as it is rounded down. */
static inline int64_t fairqueue_mean_ns(const struct fairqueue *queue) {
  int64_t mean_ns = queue->sum_ns / queue->weight, rest = queue->sum_ns % queue->weight;
  return mean_ns - (rest < 0);
}

/* How far v_ns comes in time_ns; keeps what is left over. */
static inline int64_t fairqueue_advance_ns(struct fairqueue_member *member, int64_t time_ns) {
  if (fairqueue_is_standard(member)) return time_ns;
  int64_t due = time_ns * FAIRQUEUE_WEIGHT_ONE + member->rest;
  member->rest = (uint32_t)(due % member->weight);
  return due / member->weight;
}

/* How long member has to run until its slice is over. */
static inline int64_t fairqueue_left_ns(const struct fairqueue_member *member) {
  int64_t due = (member->ring.deadline_ns - member->ring.v_ns) * member->weight - member->rest;
  return due > FAIRQUEUE_WEIGHT_ONE ? (due + FAIRQUEUE_WEIGHT_ONE - 1) / FAIRQUEUE_WEIGHT_ONE : 1;
}

/* Brings the one that runs, and is about to leave, up to now … */
static inline void fairqueue_advance(struct fairqueue *queue, int64_t now) {
  struct fairqueue_member *member = queue->running;
  int64_t advance_ns = fairqueue_advance_ns(member, now - member->charged_ns);
  queue->sum_ns += member->weight * advance_ns;
  member->ring.v_ns += advance_ns;
}

/* … or goes on. A slice that is over is followed by a new one of base_ns. */
static inline void fairqueue_charge(struct fairqueue *queue, int64_t now, int64_t base_ns) {
  struct fairqueue_member *member = queue->running;
  int64_t deadline_ns = member->ring.deadline_ns;
  if (now == member->charged_ns) return;
  fairqueue_advance(queue, now);
  int64_t v_ns = member->ring.v_ns, next_ns = v_ns + fairqueue_virtual_ns(member, base_ns);
  bool is_over = v_ns >= deadline_ns; /* a toss-up */
  member->charged_ns = now;
  member->ring.deadline_ns = is_over ? next_ns : deadline_ns;
}

/* --- coming and going --- */

/* With the lag that it had, and more, as joining moves the mean; and with a new slice. */
static inline void fairqueue_join(struct fairqueue *queue, struct fairqueue_member *member,
                                  int64_t base_ns) {
  int64_t weight = member->weight, others = queue->weight, sum_ns = queue->sum_ns;
  int64_t zero_ns = queue->waiting.v_ns, lag_ns = 0;
  int64_t slice_ns = fairqueue_virtual_ns(member, base_ns);
  if (queue->running || others > 0) { /* who calls it may know of the former */
    lag_ns = member->lag_ns + member->lag_ns * weight / others;
    int64_t ahead_ns = fairqueue_mean_ns(queue);
    zero_ns += ahead_ns;
    sum_ns -= ahead_ns * others;
  }
  member->ring.v_ns = zero_ns - lag_ns;
  member->ring.deadline_ns = member->ring.v_ns + (slice_ns >> member->is_new);
  member->is_member = true;
  member->is_new = false;
  queue->waiting.v_ns = zero_ns; /* last, as who asks about the queue next need not load it again */
  queue->sum_ns = sum_ns - weight * lag_ns;
  queue->weight = others + weight;
}

static inline void fairqueue_leave(struct fairqueue *queue, struct fairqueue_member *member,
                                   int64_t most_lag_ns) {
  int64_t most_ns = fairqueue_virtual_ns(member, most_lag_ns);
  int64_t ahead_ns = member->ring.v_ns - queue->waiting.v_ns;
  int64_t lag_ns = fairqueue_mean_ns(queue) - ahead_ns;
  lag_ns = lag_ns < most_ns ? lag_ns : most_ns;
  member->lag_ns = lag_ns > -most_ns ? lag_ns : -most_ns;
  queue->sum_ns -= member->weight * ahead_ns;
  queue->weight -= member->weight;
  member->is_member = false;
}

/* --- waiting --- */

/* Two steps from the end are nearly always enough; how many they are is a toss-up. */
static inline void fairqueue_push(struct fairqueue *queue, struct fairqueue_member *member,
                                  uint64_t arrival) {
  int64_t deadline_ns = member->ring.deadline_ns;
  struct fairqueue_ring *at = queue->waiting.before, *other = at->before, *third = other->before;
  int64_t other_ns = other->deadline_ns;
  at = at->deadline_ns > deadline_ns ? other : at;
  at = other_ns > deadline_ns ? third : at;
  while (at->deadline_ns > deadline_ns) at = at->before;
  struct fairqueue_ring *behind = at->behind;
  member->ring.before = at;
  at->behind = &member->ring;
  member->ring.behind = behind;
  behind->before = &member->ring;
  member->arrival = arrival;
}

static inline void fairqueue_pull(struct fairqueue_member *member) {
  member->ring.before->behind = member->ring.behind;
  member->ring.behind->before = member->ring.before;
}

/* The eligible one with the earliest deadline, of equals the first that came; NULL: rounding has
   left nobody eligible, or nobody waits. */
static inline struct fairqueue_member *fairqueue_earliest(const struct fairqueue *queue) {
  struct fairqueue_member *member;
  FAIRQUEUE_FOREACH(member, queue) {
    if (fairqueue_lag(queue, &member->ring) >= 0) return member;
  }
  return NULL;
}

/* --- running --- */

static inline void fairqueue_start(struct fairqueue *queue, struct fairqueue_member *member,
                                   int64_t now) {
  member->charged_ns = now;
  queue->running = member;
  queue->picked_ns = member->ring.deadline_ns;
}

static inline void fairqueue_pick_again(struct fairqueue *queue) {
  queue->picked_ns = queue->running->ring.deadline_ns;
}

/* Has the one that runs got a new slice since it was picked? */
static inline bool fairqueue_is_over(const struct fairqueue *queue) {
  return queue->running->ring.deadline_ns != queue->picked_ns;
}

/* Is it to be picked again, whoever waits? */
static inline bool fairqueue_goes_on(const struct fairqueue *queue) {
  return !fairqueue_is_over(queue) && fairqueue_lag(queue, &queue->running->ring) >= 0;
}

/* Whom its pCPU picks that decides about the one that runs: of two with the same deadline the one
   who waits comes first. NULL: nobody is eligible. */
static inline struct fairqueue_member *fairqueue_next(const struct fairqueue *queue) {
  struct fairqueue_member *running = queue->running;
  if (fairqueue_goes_on(queue)) return running;
  struct fairqueue_member *next = fairqueue_earliest(queue);
  bool is_eligible = fairqueue_lag(queue, &running->ring) >= 0;
  bool is_first = !next || running->ring.deadline_ns < next->ring.deadline_ns;
  return is_first && is_eligible ? running : next;
}

/* Is nobody who waits eligible, of those whose deadline is not later? */
static __attribute__((noinline)) bool fairqueue_is_next(const struct fairqueue *queue,
                                                        int64_t deadline_ns) {
  const struct fairqueue_member *other;
  FAIRQUEUE_FOREACH(other, queue) {
    if (other->ring.deadline_ns > deadline_ns) return true;
    if (fairqueue_lag(queue, &other->ring) >= 0) return false;
  }
  return true;
}

/* Is member, which has just joined and does not wait yet, to be picked instead of the one that
   runs, and before all who wait? */
static inline bool fairqueue_preempts(const struct fairqueue *queue,
                                      const struct fairqueue_member *member) {
  const struct fairqueue_ring *running = &queue->running->ring, *first = queue->waiting.behind;
  int64_t deadline_ns = member->ring.deadline_ns, running_ns = running->deadline_ns;
  /* Less than 0: yes. A toss-up in many parts, of which one branch is made. Deadlines never come
     earlier; less that of the end of the queue, which wraps around, any is less than 0. */
  int64_t is_earlier = (deadline_ns - running_ns) & (queue->picked_ns - running_ns);
  int64_t is_better = fairqueue_lag(queue, running) | is_earlier;
  int64_t is_before = (int64_t)((uint64_t)deadline_ns - (uint64_t)first->deadline_ns);
  int64_t is_first = fairqueue_lag(queue, first) | is_before;
  /* The zero is the mean without member, rounded down; that with it lies between it and v_ns. */
  int64_t is_next = is_better & is_first & ~(queue->waiting.v_ns - member->ring.v_ns);
  if (__builtin_expect((is_next & ~is_before) < 0, 0)) return fairqueue_is_next(queue, deadline_ns);
  return is_next < 0;
}

#endif
