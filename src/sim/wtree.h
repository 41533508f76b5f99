/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Winner tree over int64 keys: the least key at the root, one slot per leaf, overwrite to
   re-schedule. Branch-free update in log2(leaves) steps (Knuth, TAOCP 3, 5.4.1, loser/winner
   trees). */
#ifndef COSTOP_SIM_WTREE_H
#define COSTOP_SIM_WTREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/arena.h"
#include "sim/inline.h"

#define WTREE_NONE INT64_MAX

struct wtree {
  int64_t *node; /* node[1] is the root, node[n_leaves + i] leaf i */
  uint32_t n_leaves;
};

static inline void wtree_init(struct wtree *tree, struct arena *arena, uint32_t n_slots) {
  uint32_t n = 1;
  while (n < n_slots) n *= 2;
  tree->n_leaves = n;
  tree->node = ARENA_ARRAY(arena, 2 * (size_t)n, int64_t);
  for (uint32_t i = 0; i < 2 * n; i++) tree->node[i] = WTREE_NONE;
}

static inline int64_t wtree_min(const struct wtree *tree) { return tree->node[1]; }

static inline int64_t wtree_key(const struct wtree *tree, uint32_t leaf) {
  return tree->node[tree->n_leaves + leaf];
}

static inline void wtree_set(struct wtree *tree, uint32_t leaf, int64_t key) {
  int64_t *node = tree->node;
  size_t i = tree->n_leaves + leaf;
  node[i] = key;
  /* From sibling to sibling, two levels a round: the way up is what the next event waits for. */
  for (i ^= 1; i > 3; i ^= 1) {
    key = node[i] < key ? node[i] : key;
    i >>= 1;
    node[i] = key;
    i ^= 1;
    key = node[i] < key ? node[i] : key;
    i >>= 1;
    node[i] = key;
  }
  if (i > 1) node[1] = node[i] < key ? node[i] : key;
}

/* As wtree_set, for a key that is seldom the least of many: that is a branch, so that whoever asks
   what comes next needs not wait until the key is known. Returns the least key of all others. */
ALWAYS_INLINE int64_t wtree_replace(struct wtree *tree, uint32_t leaf, int64_t key) {
  int64_t *node = tree->node, rest = WTREE_NONE;
  size_t i = tree->n_leaves + leaf;
  node[i] = key;
  for (i ^= 1; i > 3; i ^= 1) { /* two levels a round */
    rest = node[i] < rest ? node[i] : rest;
    node[i >> 1] = rest < key ? rest : key;
    i = i >> 1 ^ 1;
    rest = node[i] < rest ? node[i] : rest;
    i >>= 1;
    node[i] = rest < key ? rest : key;
  }
  if (i > 1) rest = node[i] < rest ? node[i] : rest;
  node[1] = rest;
  if (__builtin_expect_with_probability(key < rest, 0, 0.999)) node[1] = key;
  return rest;
}

/* The leaf, which has no key, gets one. It is hardly ever the least of many: from some level on
   that is a branch, so that whoever asks what comes next needs not wait until the key is known. */
static inline void wtree_enter(struct wtree *tree, uint32_t leaf, int64_t key) {
  int64_t *node = tree->node;
  size_t i = tree->n_leaves + leaf;
  node[i] = key;
  for (i >>= 1; i > (tree->n_leaves - 1) / 64; i >>= 1) { /* two levels a round */
    node[i] = key < node[i] ? key : node[i];
    i >>= 1;
    node[i] = key < node[i] ? key : node[i];
  }
  for (; i > 0 && __builtin_expect(key < node[i], 0); i >>= 1) node[i] = key;
}

/* Many keys at once: wtree_put for each, then wtree_build; or wtree_lift for each, if few. */
static inline void wtree_put(struct wtree *tree, uint32_t leaf, int64_t key) {
  tree->node[tree->n_leaves + leaf] = key;
}
static inline void wtree_lift(struct wtree *tree, uint32_t leaf) {
  wtree_set(tree, leaf, wtree_key(tree, leaf));
}
static inline void wtree_build(struct wtree *tree) {
  int64_t *node = tree->node;
  for (size_t i = tree->n_leaves - 1; i > 0; i--)
    node[i] = node[2 * i] < node[2 * i + 1] ? node[2 * i] : node[2 * i + 1];
}

/* The least key among the leaf and its neighbours, an eighth of all. */
static inline int64_t wtree_min_near(const struct wtree *tree, uint32_t leaf) {
  uint32_t i = tree->n_leaves + leaf;
  while (i > 15) i >>= 1;
  return tree->node[i];
}

/* Is there a key <= bound at another leaf? */
static inline bool wtree_has_other(const struct wtree *tree, uint32_t leaf, int64_t bound) {
  const int64_t *node = tree->node;
  int64_t least = WTREE_NONE;
  size_t i = (tree->n_leaves + leaf) ^ 1;
  for (; i > 3; i = i >> 2 ^ 1) { /* two levels a round */
    int64_t above = node[i >> 1 ^ 1];
    least = node[i] < least ? node[i] : least;
    least = above < least ? above : least;
  }
  if (i > 1 && node[i] < least) least = node[i];
  return least <= bound;
}

/* The first leaf at or behind `from` whose key is <= bound; n_leaves if there is none. */
static inline uint32_t wtree_find(const struct wtree *tree, uint32_t from, int64_t bound) {
  const int64_t *node = tree->node;
  if (from >= tree->n_leaves) return tree->n_leaves;
  uint32_t i = tree->n_leaves + from;
  /* Up and to the right until a subtree holds such a key, then down to its first. */
  while (node[i] > bound) {
    while (i & 1u) i >>= 1;
    if (i == 0) return tree->n_leaves;
    i++;
  }
  while (i < tree->n_leaves) i = node[2 * i] <= bound ? 2 * i : 2 * i + 1;
  return i - tree->n_leaves;
}

#endif
