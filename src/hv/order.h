/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Queues in the order of a rank that the scheduler gives, each for a group of pCPUs with
   consecutive numbers.

   Idea: a tournament of all who wait; who comes in somebody's stead takes that one's place in it,
   so that both changes are one. Invariants: a group's winner tree has the keys of its queued vCPUs,
   each at its place; where groups have fewer leaves than there are vCPUs, those at the same leaf
   are linked in the order of their keys, and the leaf has the first one's. The vCPUs that stand at
   a pCPU are linked, too. Cost: O(log vCPUs) to come, to go, and to do both at once; who is first
   is known, unless affinity forbids to take it. */
#ifndef COSTOP_HV_ORDER_H
#define COSTOP_HV_ORDER_H

#include "hv/hv.h"
#include "sim/wtree.h"

/* A key is a rank above the vCPU's number, which decides between equals. */
enum { ORDER_ID_BITS = 18 };

/* A vCPU's, two in a cache line. */
struct order_entry {
  struct order_entry *before, *behind; /* at the same pCPU, in a ring */
  int64_t rank;                        /* the scheduler's, who leaves it alone in the queue */
  pcpu_id_t stands;                    /* where it ran last, or will run first */
  uint32_t place;                      /* in the trees: a number that nobody else has */
};

struct order {
  struct order_entry *entries; /* by vCPU */
  struct order_entry *ends;    /* by pCPU, of its ring: before the first, behind the last */
  struct wtree *groups;        /* of the first one's keys at each leaf */
  vcpu_id_t *next;             /* by vCPU: at the same leaf; NULL: each has a leaf of its own */
  uint32_t n_groups, n_in_group;
};

/* n_in_group: pCPUs that share a queue; it divides their number. All entries have rank 0. */
void order_init(struct order *order, const struct hv *hv, uint32_t n_in_group, struct arena *arena);
void order_put(struct hv *hv, struct order *order, struct order_entry *entry);
void order_remove(struct order *order, struct order_entry *entry);
/* order_remove of the one and order_put of the other, of the same group. */
void order_replace(struct hv *hv, struct order *order, struct order_entry *out,
                   struct order_entry *in);
/* The key of who comes first of those with ranks below `bound` that stand at p; WTREE_NONE: nobody.
 */
int64_t order_first_standing(const struct order *order, pcpu_id_t p, int64_t bound);
/* The same as order_first, where the first of all is not to be had. */
int64_t order_first_to_be_had(const struct hv *hv, const struct order *order, pcpu_id_t p);
bool order_has(const struct order *order, const struct order_entry *entry);
/* Asserts the invariants. */
void order_audit(const struct hv *hv, const struct order *order);

static inline int64_t order_key(int64_t rank, vcpu_id_t id) {
  return (int64_t)((uint64_t)rank << ORDER_ID_BITS) | id;
}
static inline int64_t order_rank(int64_t key) { return key >> ORDER_ID_BITS; }
static inline vcpu_id_t order_id(int64_t key) { return key & ((1 << ORDER_ID_BITS) - 1); }
static inline struct vcpu *order_vcpu(const struct hv *hv, int64_t key) {
  return &hv->vcpus[order_id(key)];
}
static inline int64_t order_key_of(const struct order *order, const struct order_entry *entry) {
  return order_key(entry->rank, (vcpu_id_t)(entry - order->entries));
}

/* May p take v from the queue? */
ALWAYS_INLINE bool order_may_take(const struct hv *hv, const struct vcpu *v, pcpu_id_t p) {
  return hv_may_move(hv, v, p) || v->pcpu == p;
}
static inline struct wtree *order_group_at(const struct order *order, pcpu_id_t p) {
  return &order->groups[order->n_groups == 1 ? 0 : p / order->n_in_group];
}
static inline bool order_has_own(const struct order *order, pcpu_id_t p) {
  return order->ends[p].behind != &order->ends[p];
}
/* The first key in the queue of p's group; WTREE_NONE: nobody is queued. */
static inline int64_t order_least(const struct order *order, pcpu_id_t p) {
  return wtree_min(order_group_at(order, p));
}
/* The key of who comes first of those that p may take; WTREE_NONE: nobody. */
static inline int64_t order_first(const struct hv *hv, const struct order *order, pcpu_id_t p) {
  int64_t least = order_least(order, p);
  if (least == WTREE_NONE || order_may_take(hv, order_vcpu(hv, least), p)) return least;
  return order_first_to_be_had(hv, order, p);
}

#endif
