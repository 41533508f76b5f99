/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hv/order.h"

struct order *order_create(struct hv *hv, struct arena *arena) {
  struct order *order = ARENA_NEW(arena, struct order);
  uint32_t *n = ARENA_ARRAY(arena, hv->n_affinities, uint32_t);
  order->trees = ARENA_ARRAY(arena, hv->n_affinities, struct wtree);
  order->leaves = ARENA_ARRAY(arena, hv->n_vcpus, uint32_t);
  order->stands = ARENA_ARRAY(arena, hv->n_vcpus, pcpu_id_t);
  order->n_standing = ARENA_ARRAY(arena, hv->n_pcpus, uint32_t);
  for (vcpu_id_t i = 0; i < hv->n_vcpus; i++) {
    order->leaves[i] = n[hv->vcpus[i].affinity]++;
    order->stands[i] = hv_first_pcpu(hv, &hv->vcpus[i]);
  }
  for (uint32_t i = 0; i < hv->n_affinities; i++) wtree_init(&order->trees[i], arena, n[i]);
  return order;
}

void order_put(struct hv *hv, struct order *order, const struct vcpu *v, int64_t rank) {
  pcpu_id_t p = order->stands[v->id];
  wtree_set(&order->trees[v->affinity], order->leaves[v->id], order_key(rank, v));
  if (order->n_standing[p]++ == 0) pcpuset_add(&hv->queued, p);
}

void order_remove(struct hv *hv, struct order *order, const struct vcpu *v) {
  pcpu_id_t p = order->stands[v->id];
  wtree_set(&order->trees[v->affinity], order->leaves[v->id], WTREE_NONE);
  if (--order->n_standing[p] == 0) pcpuset_remove(&hv->queued, p);
}

int64_t order_lowest(const struct hv *hv, const struct order *order) {
  int64_t least = WTREE_NONE;
  for (uint32_t i = 0; i < hv->n_affinities; i++) {
    int64_t key = wtree_min(&order->trees[i]);
    if (key < least) least = key;
  }
  return least == WTREE_NONE ? WTREE_NONE : least >> ORDER_ID_BITS;
}

static bool may_take(const struct hv *hv, const struct vcpu *v, pcpu_id_t p) {
  return v->pcpu == p || hv_may_move(hv, v, p);
}

/* The least key in one set that p may take. Whoever stays where it is until its own pCPU has
   decided is seldom first. */
static int64_t first_of_set(const struct hv *hv, const struct wtree *tree, pcpu_id_t p) {
  int64_t least = wtree_min(tree);
  if (least == WTREE_NONE || may_take(hv, order_vcpu(hv, least), p)) return least;
  least = WTREE_NONE;
  for (uint32_t leaf = 0; (leaf = wtree_find(tree, leaf, least - 1)) < tree->n_leaves; leaf++)
    if (may_take(hv, order_vcpu(hv, wtree_key(tree, leaf)), p)) least = wtree_key(tree, leaf);
  return least;
}

struct vcpu *order_first(const struct hv *hv, const struct order *order, pcpu_id_t p) {
  int64_t least = WTREE_NONE;
  for (uint32_t i = 0; i < hv->n_affinities; i++) {
    const uint64_t *mask = hv->affinities[i].mask;
    if (wtree_min(&order->trees[i]) >= least) continue;
    if (mask && !(mask[p / 64] >> p % 64 & 1)) continue;
    int64_t key = first_of_set(hv, &order->trees[i], p);
    if (key < least) least = key;
  }
  return least == WTREE_NONE ? NULL : order_vcpu(hv, least);
}

struct vcpu *order_first_standing(const struct hv *hv, const struct order *order, pcpu_id_t p,
                                  int64_t bound) {
  int64_t least = (int64_t)((uint64_t)bound << ORDER_ID_BITS);
  struct vcpu *first = NULL;
  for (uint32_t i = 0; i < hv->n_affinities; i++) {
    const struct wtree *tree = &order->trees[i];
    for (uint32_t leaf = 0; (leaf = wtree_find(tree, leaf, least - 1)) < tree->n_leaves; leaf++) {
      struct vcpu *v = order_vcpu(hv, wtree_key(tree, leaf));
      if (order->stands[v->id] != p || !may_take(hv, v, p)) continue;
      least = wtree_key(tree, leaf);
      first = v;
    }
  }
  return first;
}
