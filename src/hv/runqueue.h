/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A first-in first-out queue of vCPUs: a ring of pointers, so that who comes next is known without
   a look at those before. Any of them can leave: it leaves a gap. */
#ifndef COSTOP_HV_RUNQUEUE_H
#define COSTOP_HV_RUNQUEUE_H

#include <stddef.h>

#include "hv/abi.h"
#include "sim/arena.h"

struct runqueue {
  struct vcpu **slot; /* NULL: a gap; never at the head of a queue that is not empty */
  uint32_t mask;      /* slots - 1; they are a power of two */
  uint32_t head, tail;
};

/* n: how many vCPUs can be in it at once. */
static inline void runqueue_init(struct runqueue *queue, struct arena *arena, uint32_t n) {
  uint32_t n_slots = 2;
  while (n_slots < 2 * n) n_slots *= 2;
  *queue =
      (struct runqueue){.slot = ARENA_ARRAY(arena, n_slots, struct vcpu *), .mask = n_slots - 1};
}

/* The one so many places behind the head, or NULL if there is a gap or nobody. */
static inline struct vcpu *runqueue_peek(const struct runqueue *queue, uint32_t behind) {
  uint32_t at = queue->head + behind;
  return queue->tail - queue->head > behind ? queue->slot[at & queue->mask] : NULL;
}

static inline struct vcpu *runqueue_head(const struct runqueue *queue) {
  return runqueue_peek(queue, 0);
}

/* Closes the gaps: rare, as at least half of all slots have been used since the last time. */
static inline void runqueue_close_gaps(struct runqueue *queue) {
  uint32_t to = queue->head;
  for (uint32_t from = queue->head; from != queue->tail; from++) {
    struct vcpu *v = queue->slot[from & queue->mask];
    if (!v) continue;
    queue->slot[to & queue->mask] = v;
    v->queue_slot = to++;
  }
  queue->tail = to;
}

static inline void runqueue_push(struct runqueue *queue, struct vcpu *v) {
  if (__builtin_expect(queue->tail - queue->head > queue->mask, 0)) runqueue_close_gaps(queue);
  v->queue_slot = queue->tail;
  queue->slot[queue->tail++ & queue->mask] = v;
}

static inline void runqueue_skip_gaps(struct runqueue *queue) {
  while (queue->head != queue->tail && !queue->slot[queue->head & queue->mask]) queue->head++;
}

/* The head leaves; the queue is not empty. */
static inline struct vcpu *runqueue_pop(struct runqueue *queue) {
  struct vcpu *v = queue->slot[queue->head++ & queue->mask];
  runqueue_skip_gaps(queue);
  return v;
}

/* v's place needs to be known only if it is not the head. */
static inline void runqueue_remove(struct runqueue *queue, const struct vcpu *v) {
  if (v == queue->slot[queue->head & queue->mask])
    (void)runqueue_pop(queue);
  else
    queue->slot[v->queue_slot & queue->mask] = NULL;
}

#endif
