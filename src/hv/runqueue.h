/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A first-in first-out queue of vCPUs, linked through themselves: any of them can leave in O(1). */
#ifndef COSTOP_HV_RUNQUEUE_H
#define COSTOP_HV_RUNQUEUE_H

#include <stddef.h>

#include "hv/abi.h"

struct runqueue {
  struct vcpu *head, *tail;
};

static inline void runqueue_push(struct runqueue *queue, struct vcpu *v) {
  v->queue_next = NULL;
  v->queue_previous = queue->tail;
  if (queue->tail)
    queue->tail->queue_next = v;
  else
    queue->head = v;
  queue->tail = v;
}

static inline void runqueue_remove(struct runqueue *queue, struct vcpu *v) {
  if (v->queue_previous)
    v->queue_previous->queue_next = v->queue_next;
  else
    queue->head = v->queue_next;
  if (v->queue_next)
    v->queue_next->queue_previous = v->queue_previous;
  else
    queue->tail = v->queue_previous;
}

#endif
