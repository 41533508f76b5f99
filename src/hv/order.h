/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Queues in the order of a key that the scheduler gives, each for a group of pCPUs with consecutive
   numbers.

   Idea: who waits stands at the pCPU where it ran last, so a pCPU has few, and those of a group can
   be compared by their first ones alone. Invariants: the vCPUs that stand at a pCPU are linked in
   the order of their keys; the group's winner tree has the key of each pCPU's first one. Cost:
   O(log pCPUs) to come and to go, and one step for each who stands there behind it; who is first is
   known, unless affinity forbids to take it. */
#ifndef COSTOP_HV_ORDER_H
#define COSTOP_HV_ORDER_H

#include "hv/hv.h"
#include "sim/wtree.h"

/* A key is what the scheduler goes by, above the vCPU's number, which decides between equals. */
enum { ORDER_ID_BITS = 18 };

/* A vCPU's, in what the scheduler keeps of it. */
struct order_entry {
  struct order_entry *before, *behind; /* at the same pCPU, in a ring */
  int64_t key;                         /* WTREE_NONE: not queued */
  pcpu_id_t stands;                    /* where it ran last, or will run first */
  vcpu_id_t id;
};

struct __attribute__((aligned(ARENA_LINE))) order_line {
  struct order_entry ends; /* of the ring: before the first, behind the last */
  struct wtree firsts;     /* of its group, which share its nodes */
  uint32_t leaf;           /* in it */
};

struct order {
  struct order_line *lines; /* by pCPU */
};

/* n_in_group: pCPUs that share a queue; it divides their number. */
struct order *order_create(struct hv *hv, uint32_t n_in_group, struct arena *arena);
void order_init_entry(const struct hv *hv, struct order_entry *entry, const struct vcpu *v);
void order_put(struct hv *hv, struct order *order, struct order_entry *entry, int64_t rank);
void order_remove(struct hv *hv, struct order *order, struct order_entry *entry);
/* The same as order_first, where the first of all is not to be had. */
struct vcpu *order_first_to_be_had(const struct hv *hv, const struct order *order, pcpu_id_t p);
/* Asserts the invariants. */
void order_audit(const struct hv *hv, const struct order *order);

static inline int64_t order_key(int64_t rank, vcpu_id_t id) {
  return (int64_t)((uint64_t)rank << ORDER_ID_BITS) | id;
}
static inline struct vcpu *order_vcpu(const struct hv *hv, int64_t key) {
  return &hv->vcpus[key & ((1 << ORDER_ID_BITS) - 1)];
}
/* May p take v from the queue? */
static inline bool order_may_take(const struct hv *hv, const struct vcpu *v, pcpu_id_t p) {
  return hv_may_move(hv, v, p) || v->pcpu == p;
}
/* Who comes first of those that p may take; NULL: nobody. */
static inline struct vcpu *order_first(const struct hv *hv, const struct order *order,
                                       pcpu_id_t p) {
  int64_t least = wtree_min(&order->lines[p].firsts);
  if (least == WTREE_NONE) return NULL;
  struct vcpu *first = order_vcpu(hv, least);
  return order_may_take(hv, first, p) ? first : order_first_to_be_had(hv, order, p);
}
/* The lowest rank in the queue of p's group; WTREE_NONE: nobody is queued. */
static inline int64_t order_lowest(const struct order *order, pcpu_id_t p) {
  int64_t least = wtree_min(&order->lines[p].firsts);
  return least == WTREE_NONE ? WTREE_NONE : least >> ORDER_ID_BITS;
}
/* Who comes first of those with ranks below `bound` that stand at p; NULL: nobody. */
static inline struct vcpu *order_first_standing(const struct hv *hv, const struct order *order,
                                                pcpu_id_t p, int64_t bound) {
  const struct order_line *line = &order->lines[p];
  int64_t key = wtree_key(&line->firsts, line->leaf);
  return key < order_key(bound, 0) ? order_vcpu(hv, key) : NULL;
}

#endif
