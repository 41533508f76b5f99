/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One queue for the host, in the order of a key that the scheduler gives: queued vCPUs in a winner
   tree for each affinity set, and on which pCPUs they ran last. */
#ifndef COSTOP_HV_ORDER_H
#define COSTOP_HV_ORDER_H

#include "hv/hv.h"
#include "sim/wtree.h"

/* A key is what the scheduler goes by, above the vCPU's number, which decides between equals. */
enum { ORDER_ID_BITS = 18 };

struct order {
  struct wtree *trees;  /* by affinity set */
  uint32_t *leaves;     /* by vCPU: its leaf */
  pcpu_id_t *stands;    /* by vCPU: where it ran last, or will run first */
  uint32_t *n_standing; /* by pCPU: queued ones that stand there */
};

struct order *order_create(struct hv *hv, struct arena *arena);
/* rank: small is early; at least 0 and below 2^44. */
void order_put(struct hv *hv, struct order *order, const struct vcpu *v, int64_t rank);
void order_remove(struct hv *hv, struct order *order, const struct vcpu *v);
/* Who comes first of those that p may take; NULL: nobody. */
struct vcpu *order_first(const struct hv *hv, const struct order *order, pcpu_id_t p);
/* … of those with ranks below `bound` that stand at p. */
struct vcpu *order_first_standing(const struct hv *hv, const struct order *order, pcpu_id_t p,
                                  int64_t bound);
/* The lowest rank of all; WTREE_NONE: nobody is queued. */
int64_t order_lowest(const struct hv *hv, const struct order *order);

static inline int64_t order_key(int64_t rank, const struct vcpu *v) {
  return (int64_t)((uint64_t)rank << ORDER_ID_BITS) | v->id;
}
static inline struct vcpu *order_vcpu(const struct hv *hv, int64_t key) {
  return &hv->vcpus[key & ((1 << ORDER_ID_BITS) - 1)];
}
/* v, which is not queued, runs on p. */
static inline void order_move(struct order *order, const struct vcpu *v, pcpu_id_t p) {
  order->stands[v->id] = p;
}

#endif
