/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hv/order.h"

struct order *order_create(struct hv *hv, uint32_t n_in_group, struct arena *arena) {
  struct order *order = ARENA_NEW(arena, struct order);
  order->lines = ARENA_ARRAY(arena, hv->n_pcpus, struct order_line);
  for (pcpu_id_t p = 0; p < hv->n_pcpus; p++) {
    struct order_line *line = &order->lines[p];
    line->ends.key = INT64_MIN;
    line->ends.before = line->ends.behind = &line->ends;
    line->leaf = p % n_in_group;
    if (line->leaf == 0)
      wtree_init(&line->firsts, arena, n_in_group);
    else
      line->firsts = line[-1].firsts;
  }
  return order;
}

void order_init_entry(const struct hv *hv, struct order_entry *entry, const struct vcpu *v) {
  *entry = (struct order_entry){.key = WTREE_NONE, .stands = hv_first_pcpu(hv, v), .id = v->id};
}

/* Who waits where is a toss-up: but for the search no branch depends on it. */
void order_put(struct hv *hv, struct order *order, struct order_entry *entry, int64_t rank) {
  struct order_line *line = &order->lines[entry->stands];
  struct order_entry *before = line->ends.before;
  int64_t key = order_key(rank, entry->id);
  pcpuset_put(&hv->queued, entry->stands, before == &line->ends);
  while (before->key > key) before = before->before;
  entry->key = key;
  entry->before = before;
  entry->behind = before->behind;
  before->behind = entry->behind->before = entry;
  wtree_set(&line->firsts, line->leaf, line->ends.behind->key);
}

void order_remove(struct hv *hv, struct order *order, struct order_entry *entry) {
  struct order_line *line = &order->lines[entry->stands];
  entry->key = WTREE_NONE;
  entry->before->behind = entry->behind;
  entry->behind->before = entry->before;
  int64_t least = line->ends.behind->key;
  bool is_empty = least == line->ends.key;
  wtree_set(&line->firsts, line->leaf, is_empty ? WTREE_NONE : least);
  pcpuset_drop(&hv->queued, entry->stands, is_empty);
}

struct vcpu *order_first_to_be_had(const struct hv *hv, const struct order *order, pcpu_id_t p) {
  const struct wtree *firsts = &order->lines[p].firsts;
  const struct order_line *lines = &order->lines[p] - order->lines[p].leaf;
  int64_t least = WTREE_NONE;
  for (uint32_t leaf = 0; (leaf = wtree_find(firsts, leaf, least - 1)) < firsts->n_leaves; leaf++)
    for (const struct order_entry *entry = lines[leaf].ends.behind;
         entry != &lines[leaf].ends && entry->key < least; entry = entry->behind)
      if (order_may_take(hv, order_vcpu(hv, entry->key), p)) least = entry->key;
  return least == WTREE_NONE ? NULL : order_vcpu(hv, least);
}

void order_audit(const struct hv *hv, const struct order *order) {
  for (pcpu_id_t p = 0; p < hv->n_pcpus; p++) {
    const struct order_line *line = &order->lines[p];
    const struct order_entry *before = &line->ends, *entry;
    for (entry = before->behind; entry != &line->ends; entry = entry->behind) {
      assert(entry->stands == p && entry->before == before && before->key < entry->key);
      before = entry;
    }
    bool is_empty = before == &line->ends;
    int64_t least = is_empty ? WTREE_NONE : line->ends.behind->key;
    assert(line->ends.before == before && wtree_key(&line->firsts, line->leaf) == least);
    assert(pcpuset_has(&hv->queued, p) == !is_empty);
  }
}
