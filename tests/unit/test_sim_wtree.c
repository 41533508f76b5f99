/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <check.h>

#include "sim/rng.h"
#include "sim/wtree.h"
#include "support/suite.h"

enum { SLOTS_MAX = 130, ROUNDS = 400, KEYS = 50 };

static struct arena arena;
static struct rng_stream stream;

static void begin(void) { rng_stream_init(&stream, 1, 0, RNG_COMPUTE, "wtree", "0"); }
static void end(void) { arena_free(&arena); }

static uint32_t below(uint32_t n) { return (uint32_t)(rng_u64(&stream) >> 33) % n; }

START_TEST(an_empty_tree_has_no_least) {
  struct wtree tree;
  wtree_init(&tree, &arena, 5);
  ck_assert_int_eq(wtree_min(&tree), WTREE_NONE);
  ck_assert_uint_eq(wtree_find(&tree, 0, WTREE_NONE - 1), tree.n_leaves);
  ck_assert_uint_ge(tree.n_leaves, 5);
}
END_TEST

START_TEST(a_single_slot_is_its_own_root) {
  struct wtree tree;
  wtree_init(&tree, &arena, 1);
  wtree_set(&tree, 0, -7);
  ck_assert_int_eq(wtree_min(&tree), -7);
  ck_assert_uint_eq(wtree_find(&tree, 0, -7), 0);
  ck_assert_uint_eq(wtree_find(&tree, 0, -8), 1);
  ck_assert_uint_eq(wtree_find(&tree, 1, 0), 1);
}
END_TEST

static uint32_t naive_find(const int64_t *keys, uint32_t n, uint32_t from, int64_t bound) {
  while (from < n && keys[from] > bound) from++;
  return from;
}

static void expect_like(const struct wtree *tree, const int64_t *keys, uint32_t n) {
  int64_t least = WTREE_NONE;
  for (uint32_t i = 0; i < n; i++) {
    ck_assert_int_eq(wtree_key(tree, i), keys[i]);
    if (keys[i] < least) least = keys[i];
  }
  ck_assert_int_eq(wtree_min(tree), least);
  uint32_t from = below(n + 1);
  int64_t bound = (int64_t)below(KEYS) - KEYS / 2;
  uint32_t expected = naive_find(keys, n, from, bound);
  ck_assert_uint_eq(wtree_find(tree, from, bound), expected < n ? expected : tree->n_leaves);
  uint32_t leaf = below(n), first = naive_find(keys, n, 0, bound);
  if (first == leaf) first = naive_find(keys, n, leaf + 1, bound);
  ck_assert_int_eq(wtree_has_other(tree, leaf, bound), first < n);
}

static int64_t least_but(const int64_t *keys, uint32_t n, uint32_t slot) {
  int64_t least = WTREE_NONE;
  for (uint32_t i = 0; i < n; i++)
    if (i != slot && keys[i] < least) least = keys[i];
  return least;
}

/* With n slots, and the array that it is to be like. */
static struct wtree empty_tree(int64_t *keys, uint32_t n) {
  struct wtree tree;
  wtree_init(&tree, &arena, n);
  for (uint32_t i = 0; i < n; i++) keys[i] = WTREE_NONE;
  return tree;
}

/* Keys are few, so that equal ones are frequent; some slots are empty. */
START_TEST(it_is_an_array_with_a_least_element) {
  for (uint32_t n = 1; n <= SLOTS_MAX; n += 1 + n / 4) {
    int64_t keys[SLOTS_MAX];
    struct wtree tree = empty_tree(keys, n);
    for (int round = 0; round < ROUNDS; round++) {
      uint32_t slot = below(n);
      bool is_empty = keys[slot] == WTREE_NONE;
      keys[slot] = below(4) == 0 ? WTREE_NONE : (int64_t)below(KEYS) - KEYS / 2;
      if (is_empty && below(2) == 0)
        wtree_enter(&tree, slot, keys[slot]);
      else if (below(2) == 0)
        wtree_set(&tree, slot, keys[slot]);
      else
        ck_assert_int_eq(wtree_replace(&tree, slot, keys[slot]), least_but(keys, n, slot));
      expect_like(&tree, keys, n);
    }
  }
}
END_TEST

START_TEST(many_keys_are_entered_at_once) {
  for (uint32_t n = 1; n <= SLOTS_MAX; n += 1 + n / 4) {
    int64_t keys[SLOTS_MAX];
    struct wtree tree = empty_tree(keys, n);
    for (int round = 0; round < ROUNDS / 4; round++) {
      uint32_t slots[SLOTS_MAX], n_put = 1 + below(n);
      bool is_built = below(2) == 0;
      for (uint32_t i = 0; i < n_put; i++) {
        slots[i] = below(n);
        keys[slots[i]] = below(4) == 0 ? WTREE_NONE : (int64_t)below(KEYS) - KEYS / 2;
        wtree_put(&tree, slots[i], keys[slots[i]]);
      }
      if (is_built) wtree_build(&tree);
      for (uint32_t i = 0; i < n_put && !is_built; i++) wtree_lift(&tree, slots[i]);
      expect_like(&tree, keys, n);
    }
  }
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("wtree");
  tcase_add_checked_fixture(tests, begin, end);
  tcase_add_test(tests, an_empty_tree_has_no_least);
  tcase_add_test(tests, a_single_slot_is_its_own_root);
  tcase_add_test(tests, it_is_an_array_with_a_least_element);
  tcase_add_test(tests, many_keys_are_entered_at_once);
  return suite_run(tests, "sim/wtree");
}
