/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hv/order.h"

static struct order_group *create_group(uint32_t n_leaves, struct arena *arena) {
  struct order_group *group = ARENA_NEW(arena, struct order_group);
  wtree_init(&group->keys, arena, n_leaves);
  group->n_unused = group->keys.n_leaves;
  group->first = ARENA_ARRAY(arena, group->n_unused, struct order_entry *);
  group->unused = ARENA_ARRAY(arena, group->n_unused, uint32_t);
  for (uint32_t i = 0; i < group->n_unused; i++) group->unused[i] = group->n_unused - 1 - i;
  return group;
}

/* As many leaves as vCPUs, rounded up, in all groups together: one group has one for each. */
struct order *order_create(struct hv *hv, uint32_t n_in_group, struct arena *arena) {
  struct order *order = ARENA_NEW(arena, struct order);
  uint32_t n_groups = hv->n_pcpus / n_in_group;
  order->lines = ARENA_ARRAY(arena, hv->n_pcpus, struct order_line);
  for (pcpu_id_t p = 0; p < hv->n_pcpus; p++) {
    struct order_line *line = &order->lines[p];
    line->ends.before = line->ends.behind = &line->ends;
    bool is_another = p % n_in_group == 0;
    line->group =
        is_another ? create_group((hv->n_vcpus + n_groups - 1) / n_groups, arena) : line[-1].group;
  }
  return order;
}

void order_init_entry(const struct hv *hv, struct order_entry *entry, const struct vcpu *v) {
  *entry = (struct order_entry){.key = WTREE_NONE, .stands = hv_first_pcpu(hv, v), .id = v->id};
}

/* Who waits where is a toss-up: no branch depends on it, here and below. */
static inline struct order_group *stand(struct hv *hv, struct order *order,
                                        struct order_entry *entry) {
  struct order_line *line = &order->lines[entry->stands];
  entry->before = line->ends.before;
  entry->behind = &line->ends;
  pcpuset_put(&hv->queued, entry->stands);
  entry->before->behind = line->ends.before = entry;
  return line->group;
}

static inline struct order_group *leave(struct hv *hv, struct order *order,
                                        struct order_entry *entry) {
  struct order_line *line = &order->lines[entry->stands];
  entry->before->behind = entry->behind;
  entry->behind->before = entry->before;
  pcpuset_drop(&hv->queued, entry->stands, line->ends.behind == &line->ends);
  return line->group;
}

/* More wait than there are leaves. */
static __attribute__((noinline)) void link_to(struct order_entry **at, struct order_entry *entry) {
  while (*at && (*at)->key < entry->key) at = &(*at)->next;
  entry->next = *at;
  *at = entry;
}

/* The leaf has the entry; the first key there is returned, which the leaf's is to follow. */
static inline int64_t attach(struct order_group *group, struct order_entry *entry, uint32_t leaf,
                             int64_t key) {
  entry->leaf = leaf;
  entry->key = key;
  if (__builtin_expect(group->first[leaf] != NULL, 0)) {
    link_to(&group->first[leaf], entry);
    return group->first[leaf]->key;
  }
  entry->next = NULL;
  group->first[leaf] = entry;
  return key;
}

/* … no more, and the key does not follow yet. */
static inline void detach(struct order_group *group, struct order_entry *entry) {
  struct order_entry **at = &group->first[entry->leaf];
  while (*at != entry) at = &(*at)->next;
  *at = entry->next;
  entry->key = WTREE_NONE;
}

void order_put(struct hv *hv, struct order *order, struct order_entry *entry, int64_t rank) {
  struct order_group *group = stand(hv, order, entry);
  bool is_crowded = group->n_unused == 0;
  uint32_t leaf =
      is_crowded ? entry->id & (group->keys.n_leaves - 1) : group->unused[--group->n_unused];
  wtree_set(&group->keys, leaf, attach(group, entry, leaf, order_key(rank, entry->id)));
}

void order_remove(struct hv *hv, struct order *order, struct order_entry *entry) {
  struct order_group *group = leave(hv, order, entry);
  detach(group, entry);
  const struct order_entry *first = group->first[entry->leaf];
  if (!first) group->unused[group->n_unused++] = entry->leaf;
  wtree_set(&group->keys, entry->leaf, first ? first->key : WTREE_NONE);
}

void order_replace(struct hv *hv, struct order *order, struct order_entry *out,
                   struct order_entry *in, int64_t rank) {
  struct order_group *group = leave(hv, order, out);
  uint32_t leaf = out->leaf;
  detach(group, out);
  stand(hv, order, in);
  wtree_set(&group->keys, leaf, attach(group, in, leaf, order_key(rank, in->id)));
}

struct vcpu *order_first_to_be_had(const struct hv *hv, const struct order *order, pcpu_id_t p) {
  const struct order_group *group = order->lines[p].group;
  const struct wtree *keys = &group->keys;
  int64_t least = WTREE_NONE;
  for (uint32_t leaf = 0; (leaf = wtree_find(keys, leaf, least - 1)) < keys->n_leaves; leaf++)
    for (const struct order_entry *entry = group->first[leaf]; entry && entry->key < least;
         entry = entry->next)
      if (order_may_take(hv, order_vcpu(hv, entry->key), p)) least = entry->key;
  return least == WTREE_NONE ? NULL : order_vcpu(hv, least);
}

struct vcpu *order_first_standing(const struct hv *hv, const struct order *order, pcpu_id_t p,
                                  int64_t bound) {
  const struct order_entry *ends = &order->lines[p].ends, *entry;
  int64_t bound_key = order_key(bound, 0), least = bound_key;
  for (entry = ends->behind; entry != ends; entry = entry->behind)
    if (entry->key < least) least = entry->key;
  return least < bound_key ? order_vcpu(hv, least) : NULL;
}

static void audit_group(const struct order_group *group) {
  uint32_t n_unused = 0;
  for (uint32_t leaf = 0; leaf < group->keys.n_leaves; leaf++) {
    const struct order_entry *first = group->first[leaf], *entry;
    assert(wtree_key(&group->keys, leaf) == (first ? first->key : WTREE_NONE));
    for (entry = first; entry; entry = entry->next) {
      assert(entry->leaf == leaf && entry->key != WTREE_NONE);
      assert(!entry->next || entry->key < entry->next->key);
    }
    n_unused += !first;
  }
  assert(n_unused == group->n_unused);
  for (uint32_t i = 0; i < n_unused; i++) assert(!group->first[group->unused[i]]);
}

void order_audit(const struct hv *hv, const struct order *order) {
  for (pcpu_id_t p = 0; p < hv->n_pcpus; p++) {
    const struct order_line *line = &order->lines[p];
    const struct order_entry *before = &line->ends, *entry;
    for (entry = before->behind; entry != &line->ends; entry = entry->behind) {
      assert(entry->stands == p && entry->before == before && entry->key != WTREE_NONE);
      before = entry;
    }
    assert(line->ends.before == before && pcpuset_has(&hv->queued, p) == (before != &line->ends));
    if (p == 0 || line->group != line[-1].group) audit_group(line->group);
  }
}
