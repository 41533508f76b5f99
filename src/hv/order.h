/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Queues in the order of a key that the scheduler gives, each for a group of pCPUs with consecutive
   numbers.

   Idea: a tournament of all who wait; who comes in somebody's stead takes that one's place in it,
   so that both changes are one. Invariants: a group's winner tree has the keys of its queued vCPUs,
   and a leaf is another's only where there are more of them than leaves: then they are linked in
   the order of their keys, and the leaf has the first one's. The vCPUs that stand at a pCPU are
   linked, too. Cost: O(log vCPUs) to come, to go, and to do both at once; who is first is known,
   unless affinity forbids to take it. */
#ifndef COSTOP_HV_ORDER_H
#define COSTOP_HV_ORDER_H

#include "hv/hv.h"
#include "sim/wtree.h"

/* A key is what the scheduler goes by, above the vCPU's number, which decides between equals. */
enum { ORDER_ID_BITS = 18 };

/* A vCPU's, in what the scheduler keeps of it. */
struct order_entry {
  struct order_entry *before, *behind; /* at the same pCPU, in a ring */
  struct order_entry *next;            /* at the same leaf */
  int64_t key;                         /* WTREE_NONE: not queued */
  pcpu_id_t stands;                    /* where it ran last, or will run first */
  vcpu_id_t id;
  uint32_t leaf; /* while it is queued */
};

struct order_group {
  struct wtree keys;          /* of the first one at each leaf */
  struct order_entry **first; /* by leaf */
  uint32_t *unused;           /* leaves without anybody: so many */
  uint32_t n_unused;
};

struct __attribute__((aligned(ARENA_LINE))) order_line {
  struct order_entry ends; /* of the ring: before the first, behind the last */
  struct order_group *group;
};

struct order {
  struct order_line *lines; /* by pCPU */
};

/* n_in_group: pCPUs that share a queue; it divides their number. */
struct order *order_create(struct hv *hv, uint32_t n_in_group, struct arena *arena);
void order_init_entry(const struct hv *hv, struct order_entry *entry, const struct vcpu *v);
void order_put(struct hv *hv, struct order *order, struct order_entry *entry, int64_t rank);
void order_remove(struct hv *hv, struct order *order, struct order_entry *entry);
/* order_remove of the one and order_put of the other, of the same group. */
void order_replace(struct hv *hv, struct order *order, struct order_entry *out,
                   struct order_entry *in, int64_t rank);
/* Who comes first of those with ranks below `bound` that stand at p; NULL: nobody. */
struct vcpu *order_first_standing(const struct hv *hv, const struct order *order, pcpu_id_t p,
                                  int64_t bound);
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
/* The first key in the queue of p's group; WTREE_NONE: nobody is queued. */
static inline int64_t order_least(const struct order *order, pcpu_id_t p) {
  return wtree_min(&order->lines[p].group->keys);
}
/* Who comes first of those that p may take; NULL: nobody. */
static inline struct vcpu *order_first(const struct hv *hv, const struct order *order,
                                       pcpu_id_t p) {
  int64_t least = order_least(order, p);
  if (least == WTREE_NONE) return NULL;
  struct vcpu *first = order_vcpu(hv, least);
  return order_may_take(hv, first, p) ? first : order_first_to_be_had(hv, order, p);
}
/* The lowest rank in the queue of p's group; WTREE_NONE: nobody is queued. */
static inline int64_t order_lowest(const struct order *order, pcpu_id_t p) {
  int64_t least = order_least(order, p);
  return least == WTREE_NONE ? WTREE_NONE : least >> ORDER_ID_BITS;
}

#endif
