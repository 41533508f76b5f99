/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hv/order.h"

/* As many leaves as vCPUs, rounded up, in all groups together: one group has one for each. */
void order_init(struct order *order, const struct hv *hv, uint32_t n_in_group,
                struct arena *arena) {
  uint32_t n_groups = hv->n_pcpus / n_in_group;
  *order = (struct order){.n_groups = n_groups, .n_in_group = n_in_group};
  order->groups = ARENA_ARRAY(arena, n_groups, struct wtree);
  for (uint32_t i = 0; i < n_groups; i++)
    wtree_init(&order->groups[i], arena, (hv->n_vcpus + n_groups - 1) / n_groups);
  if (n_groups > 1) order->next = ARENA_ARRAY(arena, hv->n_vcpus, vcpu_id_t);
  order->entries = ARENA_ARRAY(arena, hv->n_vcpus, struct order_entry);
  order->ends = ARENA_ARRAY(arena, hv->n_pcpus, struct order_entry);
  for (pcpu_id_t p = 0; p < hv->n_pcpus; p++) {
    struct order_entry *ends = &order->ends[p];
    ends->before = ends->behind = ends;
  }
  for (vcpu_id_t i = 0; i < hv->n_vcpus; i++) {
    order->entries[i].stands = hv_first_pcpu(hv, &hv->vcpus[i]);
    order->entries[i].place = i;
  }
}

/* --- at a pCPU --- */

/* Who waits where is a toss-up: no branch depends on it, here and below. */
static inline void stand(struct hv *hv, const struct order *order, struct order_entry *entry) {
  pcpu_id_t p = entry->stands;
  struct order_entry *ends = &order->ends[p], *last = ends->before;
  entry->before = last;
  entry->behind = ends;
  last->behind = ends->before = entry;
  pcpuset_put(&hv->queued, p);
}

static inline void leave(const struct order_entry *entry) {
  entry->before->behind = entry->behind;
  entry->behind->before = entry->before;
}

/* --- in a tree --- */

static inline uint32_t leaf_of(const struct wtree *keys, const struct order_entry *entry) {
  return entry->place & (keys->n_leaves - 1);
}

/* A leaf may be that of several: the entry is linked to those who are there. Returns the first key
   then. */
static __attribute__((noinline)) int64_t link_to(const struct order *order,
                                                 const struct wtree *keys,
                                                 const struct order_entry *entry) {
  vcpu_id_t *next = order->next;
  int64_t key = order_key_of(order, entry), first = wtree_key(keys, leaf_of(keys, entry));
  vcpu_id_t at = order_id(first);
  if (key < first) {
    next[order_id(key)] = first == WTREE_NONE ? ID_NONE : at;
    return key;
  }
  while (next[at] != ID_NONE && order_key_of(order, &order->entries[next[at]]) < key) at = next[at];
  next[order_id(key)] = next[at];
  next[at] = order_id(key);
  return first;
}

/* … no more. */
static __attribute__((noinline)) int64_t unlink_from(const struct order *order,
                                                     const struct wtree *keys,
                                                     const struct order_entry *entry) {
  vcpu_id_t *next = order->next, id = (vcpu_id_t)(entry - order->entries);
  int64_t first = wtree_key(keys, leaf_of(keys, entry));
  vcpu_id_t at = order_id(first);
  if (at == id)
    return next[id] == ID_NONE ? WTREE_NONE : order_key_of(order, &order->entries[next[id]]);
  while (next[at] != id) at = next[at];
  next[at] = next[id];
  return first;
}

void order_put(struct hv *hv, struct order *order, struct order_entry *entry) {
  struct wtree *keys = order_group_at(order, entry->stands);
  stand(hv, order, entry);
  int64_t key = order->next ? link_to(order, keys, entry) : order_key_of(order, entry);
  wtree_set(keys, leaf_of(keys, entry), key);
}

void order_remove(struct order *order, struct order_entry *entry) {
  struct wtree *keys = order_group_at(order, entry->stands);
  leave(entry);
  wtree_set(keys, leaf_of(keys, entry), order->next ? unlink_from(order, keys, entry) : WTREE_NONE);
}

/* They exchange their places, of which one is empty, so only one way up the tree changes. */
void order_replace(struct hv *hv, struct order *order, struct order_entry *out,
                   struct order_entry *in) {
  if (order->next) {
    order_remove(order, out);
    order_put(hv, order, in);
    return;
  }
  uint32_t place = out->place;
  out->place = in->place;
  in->place = place;
  leave(out);
  stand(hv, order, in);
  wtree_set(order->groups, place, order_key_of(order, in));
}

/* --- who comes first --- */

int64_t order_first_to_be_had(const struct hv *hv, const struct order *order, pcpu_id_t p) {
  const struct wtree *keys = order_group_at(order, p);
  int64_t least = WTREE_NONE;
  for (uint32_t leaf = 0; (leaf = wtree_find(keys, leaf, least - 1)) < keys->n_leaves; leaf++) {
    for (int64_t key = wtree_key(keys, leaf); key < least;) {
      vcpu_id_t id = order_id(key), next = order->next ? order->next[id] : ID_NONE;
      if (order_may_take(hv, order_vcpu(hv, key), p)) least = key;
      key = next == ID_NONE ? WTREE_NONE : order_key_of(order, &order->entries[next]);
    }
  }
  return least;
}

int64_t order_first_standing(const struct order *order, pcpu_id_t p, int64_t bound) {
  const struct order_entry *ends = &order->ends[p], *entry;
  int64_t bound_key = order_key(bound, 0), least = bound_key;
  for (entry = ends->behind; entry != ends; entry = entry->behind) {
    int64_t key = order_key_of(order, entry);
    if (key < least) least = key;
  }
  return least < bound_key ? least : WTREE_NONE;
}

/* --- audit --- */

bool order_has(const struct order *order, const struct order_entry *entry) {
  const struct wtree *keys = order_group_at(order, entry->stands);
  int64_t first = wtree_key(keys, leaf_of(keys, entry));
  if (first == WTREE_NONE) return false;
  vcpu_id_t id = (vcpu_id_t)(entry - order->entries), at = order_id(first);
  while (order->next && at != id && order->next[at] != ID_NONE) at = order->next[at];
  return at == id;
}

/* Returns how many are queued. */
static uint32_t audit_group(const struct order *order, const struct wtree *keys) {
  uint32_t n = 0;
  for (uint32_t leaf = 0; leaf < keys->n_leaves; leaf++) {
    int64_t key = wtree_key(keys, leaf);
    while (key != WTREE_NONE) {
      const struct order_entry *entry = &order->entries[order_id(key)];
      assert(key == order_key_of(order, entry) && leaf_of(keys, entry) == leaf);
      assert(order_group_at(order, entry->stands) == keys);
      vcpu_id_t next = order->next ? order->next[order_id(key)] : ID_NONE;
      int64_t behind = next == ID_NONE ? WTREE_NONE : order_key_of(order, &order->entries[next]);
      assert(key < behind);
      key = behind;
      n++;
    }
  }
  return n;
}

void order_audit(const struct hv *hv, const struct order *order) {
  uint32_t n_queued = 0, n_standing = 0;
  for (uint32_t i = 0; i < order->n_groups; i++) n_queued += audit_group(order, &order->groups[i]);
  for (pcpu_id_t p = 0; p < hv->n_pcpus; p++) {
    const struct order_entry *ends = &order->ends[p], *before = ends, *entry;
    for (entry = ends->behind; entry != ends; entry = entry->behind) {
      assert(entry->stands == p && entry->before == before && order_has(order, entry));
      before = entry;
      n_standing++;
    }
    assert(ends->before == before && (pcpuset_has(&hv->queued, p) || before == ends));
  }
  assert(n_queued == n_standing);
}
