/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/arena.h"

#include <check.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>

#include "sim/rng.h"
#include "support/suite.h"

static struct arena arena;

static void drop(void) { arena_free(&arena); }

START_TEST(memory_is_zero_and_aligned) {
  for (size_t size = 1; size < 300; size++) {
    (void)arena_alloc(&arena, 1, 1); /* leaves the next one 16 bytes into a line */
    unsigned char *memory = arena_alloc(&arena, 1, size);
    ck_assert_uint_eq((uintptr_t)memory % (size >= 64 ? 64 : 16), 0);
    for (size_t i = 0; i < size; i++) ck_assert_uint_eq(memory[i], 0);
    memset(memory, 0xff, size);
  }
}
END_TEST

/* Fills each piece with its own number; an overlap would show in the earlier of the two. */
START_TEST(pieces_do_not_overlap) {
  enum { PIECES = 4000 };
  static unsigned char *piece[PIECES];
  static size_t size[PIECES];
  struct rng_stream stream;
  rng_stream_init(&stream, 1, 0, RNG_COMPUTE, "arena", "0");
  for (int i = 0; i < PIECES; i++) {
    size[i] = rng_u64(&stream) % (i % 500 == 0 ? 3u << 20 : 2000);
    piece[i] = arena_alloc(&arena, size[i], 1);
    memset(piece[i], i % 251, size[i]);
  }
  size_t damaged = 0;
  for (int i = 0; i < PIECES; i++)
    for (size_t k = 0; k < size[i]; k++) damaged += piece[i][k] != i % 251;
  ck_assert_uint_eq(damaged, 0);
}
END_TEST

START_TEST(empty_pieces_are_distinct) {
  char *first = arena_alloc(&arena, 0, 8), *second = arena_alloc(&arena, 8, 0);
  ck_assert_ptr_nonnull(first);
  ck_assert_ptr_nonnull(second);
  ck_assert_ptr_ne(first, second);
}
END_TEST

START_TEST(large_pieces_are_zero_up_to_their_end) {
  size_t size = (5u << 20) + 3;
  (void)arena_alloc(&arena, 1, 100);
  char *large = arena_alloc(&arena, 1, size);
  ck_assert_uint_eq((uintptr_t)large % 64, 0);
  ck_assert_int_eq(large[0], 0);
  ck_assert_int_eq(large[size - 1], 0);
  memset(large, 1, size);
  char *small = arena_alloc(&arena, 1, 16);
  ck_assert_int_eq(small[0], 0);
}
END_TEST

/* 10 rounds up to 16, 100 to 128. */
START_TEST(total_counts_what_was_handed_out) {
  (void)arena_alloc(&arena, 1, 10);
  ck_assert_uint_eq(arena.total, 16);
  (void)ARENA_ARRAY(&arena, 100, char);
  ck_assert_uint_eq(arena.total, 16 + 128);
}
END_TEST

START_TEST(strdup_copies) {
  char text[] = "oltp";
  char *copy = arena_strdup(&arena, text);
  text[0] = 'x';
  ck_assert_str_eq(copy, "oltp");
  ck_assert_str_eq(arena_strdup(&arena, ""), "");
}
END_TEST

START_TEST(printf_makes_room_for_any_length) {
  ck_assert_str_eq(arena_printf(&arena, "%s.%d", "noise", 12), "noise.12");
  ck_assert_str_eq(arena_printf(&arena, "%s", ""), "");
  char *wide = arena_printf(&arena, "%*d", 100000, 7);
  ck_assert_uint_eq(strlen(wide), 100000);
  ck_assert_int_eq(wide[99999], '7');
}
END_TEST

START_TEST(what_follows_a_text_is_zero_and_aligned) {
  for (int i = 0; i < 3000; i++) {
    char *text = arena_printf(&arena, "%0*d|", i % 700, 7);
    char *memory = arena_alloc(&arena, 1, 100);
    ck_assert_uint_eq(strlen(text), (size_t)(i % 700 < 1 ? 2 : i % 700 + 1));
    ck_assert_int_eq(text[strlen(text) - 1], '|');
    ck_assert_uint_eq((uintptr_t)memory % 64, 0);
    for (int at = 0; at < 100; at++) ck_assert_int_eq(memory[at], 0);
    memset(memory, 0xff, 100);
  }
}
END_TEST

START_TEST(free_leaves_an_arena_that_works_again) {
  (void)arena_alloc(&arena, 1, 5u << 20);
  arena_free(&arena);
  ck_assert_ptr_null(arena.blocks);
  ck_assert_uint_eq(arena.total, 0);
  char *memory = ARENA_NEW(&arena, char);
  ck_assert_int_eq(*memory, 0);
  arena_free(&arena);
  arena_free(&arena);
}
END_TEST

START_TEST(reset_gives_zeroed_memory_again) {
  enum { ROUNDS = 100, BYTES = 700000 };
  const struct arena_block *block = NULL;
  for (int i = 0; i < ROUNDS; i++) {
    char *memory = arena_alloc(&arena, BYTES, 1);
    ck_assert_uint_eq((uintptr_t)memory % 64, 0);
    size_t n_dirty = 0;
    for (int at = 0; at < BYTES; at++) n_dirty += memory[at] != 0;
    ck_assert_uint_eq(n_dirty, 0);
    memset(memory, 0xff, BYTES);
    if (block) ck_assert_ptr_eq(block, arena.blocks);
    block = arena.blocks;
    arena_reset(&arena);
    ck_assert_uint_eq(arena.total, 0);
  }
  (void)arena_alloc(&arena, 1, 5u << 20); /* a second block */
  (void)arena_alloc(&arena, 1, 20u << 20);
  arena_reset(&arena);
  ck_assert_int_eq(*ARENA_NEW(&arena, char), 0);
}
END_TEST

static jmp_buf escape;
static volatile size_t asked_for;

static void give_up(size_t bytes) {
  asked_for = bytes;
  longjmp(escape, 1);
}

START_TEST(impossible_sizes_call_the_handler) {
  arena_on_exhausted(give_up);
  if (setjmp(escape) == 0) {
    (void)arena_alloc(&arena, SIZE_MAX / 2, 3); /* the product does not fit */
    ck_abort_msg("allocated more than there is");
  }
  ck_assert_uint_eq(asked_for, SIZE_MAX);
  if (setjmp(escape) == 0) {
    (void)arena_alloc(&arena, 1, SIZE_MAX - 7); /* rounding it up does not */
    ck_abort_msg("allocated more than there is");
  }
  ck_assert_uint_eq(asked_for, SIZE_MAX - 7);
  ck_assert_uint_eq(arena.total, 0);
}
END_TEST

START_TEST(without_a_handler_exhaustion_aborts) {
  arena_on_exhausted(NULL);
  (void)arena_alloc(&arena, SIZE_MAX / 2, 3);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("arena");
  tcase_add_checked_fixture(tests, NULL, drop);
  tcase_add_test(tests, memory_is_zero_and_aligned);
  tcase_add_test(tests, pieces_do_not_overlap);
  tcase_add_test(tests, empty_pieces_are_distinct);
  tcase_add_test(tests, large_pieces_are_zero_up_to_their_end);
  tcase_add_test(tests, total_counts_what_was_handed_out);
  tcase_add_test(tests, strdup_copies);
  tcase_add_test(tests, printf_makes_room_for_any_length);
  tcase_add_test(tests, what_follows_a_text_is_zero_and_aligned);
  tcase_add_test(tests, free_leaves_an_arena_that_works_again);
  tcase_add_test(tests, reset_gives_zeroed_memory_again);
  tcase_add_test(tests, impossible_sizes_call_the_handler);
  tcase_add_test_raise_signal(tests, without_a_handler_exhaustion_aborts, SIGABRT);
  return suite_run(tests, "sim/arena");
}
