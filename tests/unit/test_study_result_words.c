/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/result_words.h"

#include <check.h>
#include <string.h>

#include "support/fake_result.h"
#include "support/suite.h"

static struct arena arena;
static const struct scenario *scenario;

static void setup(void) { scenario = fake_scenario(&arena); }
static void teardown(void) { arena_free(&arena); }

/* Of db, db/v0, db/runq or the host: the first of their scope. */
static int64_t word_of(const int64_t *words, enum scope scope, const char *name) {
  static const uint32_t n_entities[SCOPES] = {[SCOPE_VM] = 2, [SCOPE_VCPU] = 3, [SCOPE_LOCK] = 1};
  uint32_t n;
  for (enum scope before = 0; before < scope; before++) {
    (void)result_words_of(before, &n);
    words += n_entities[before] * n;
  }
  const struct result_word *rows = result_words_of(scope, &n);
  for (uint32_t i = 0; i < n; i++)
    if (strcmp(rows[i].name, name) == 0) return words[i];
  ck_abort_msg("no word %s of %s", name, scope_names[scope]);
}

START_TEST(names_say_what_the_words_are) {
  struct run_result *run = fake_result(scenario, 2, &arena);
  int64_t *words = ARENA_ARRAY(&arena, result_words_count(scenario), int64_t);
  result_words_pack(run, words);
  ck_assert_int_eq(word_of(words, SCOPE_VM, "iterations"), 320);
  ck_assert_int_eq(word_of(words, SCOPE_VM, "running_ns"), 2000000);
  ck_assert_int_eq(word_of(words, SCOPE_VM, "spin_lhp_ready_ns"), 200000);
  ck_assert_int_eq(word_of(words, SCOPE_VM, "latency_sum_ns"), 4000 * 320);
  ck_assert_int_eq(word_of(words, SCOPE_VCPU, "lead_max_ns"), 3900000);
  ck_assert_int_eq(word_of(words, SCOPE_VCPU, "useful_ns"), 500000);
  ck_assert_int_eq(word_of(words, SCOPE_LOCK, "hold_max_ns"), 30000);
  ck_assert_int_eq(word_of(words, SCOPE_HOST, "events"), 1234);
  double p99_ns;
  int64_t bits = word_of(words, SCOPE_VM, "latency_p99_ns");
  memcpy(&p99_ns, &bits, sizeof p99_ns);
  ck_assert_double_eq(p99_ns, 9000.5);
}
END_TEST

/* 2^100 + 5 = 2^36 * 2^64 + 5. */
START_TEST(wide_integers_are_two_words) {
  struct run_result *run = fake_result(scenario, 0, &arena);
  struct vm_result *vms = ARENA_ARRAY(&arena, 2, struct vm_result);
  memcpy(vms, run->vms, 2 * sizeof *vms);
  run->vms = vms;
  vms[0].skew_integral2 = ((__int128)1 << 100) + 5;
  int64_t *words = ARENA_ARRAY(&arena, result_words_count(scenario), int64_t);
  result_words_pack(run, words);
  ck_assert_int_eq(word_of(words, SCOPE_VM, "skew_integral2_high"), INT64_C(1) << 36);
  ck_assert_int_eq(word_of(words, SCOPE_VM, "skew_integral2_low"), 5);
  struct run_result *back = result_words_unpack(scenario, 0, words, &arena);
  ck_assert(back->vms[0].skew_integral2 == vms[0].skew_integral2);
}
END_TEST

/* Every word has its own place: n different ones go in, the same come out. */
START_TEST(nothing_is_lost_on_the_way) {
  size_t n = result_words_count(scenario);
  int64_t *words = ARENA_ARRAY(&arena, n, int64_t), *again = ARENA_ARRAY(&arena, n, int64_t);
  for (size_t i = 0; i < n; i++)
    words[i] = (int64_t)(0x3ff123456789abcd ^ i * UINT64_C(0x9e3779b97f4a7c15));
  struct run_result *run = result_words_unpack(scenario, 9, words, &arena);
  result_words_pack(run, again);
  ck_assert_mem_eq(words, again, n * sizeof *words);
}
END_TEST

static void expect_same_vm(const struct vm_result *one, const struct vm_result *other) {
  ck_assert_ptr_eq(one->spec, other->spec);
  ck_assert_mem_eq(&one->total, &other->total, sizeof one->total);
  ck_assert_mem_eq(&one->latency, &other->latency, sizeof one->latency);
  ck_assert_uint_eq(one->iterations, other->iterations);
  ck_assert_uint_eq(one->n_locks, other->n_locks);
  for (uint32_t i = 0; i < one->spec->guest.n_vcpus; i++)
    ck_assert_mem_eq(&one->vcpus[i], &other->vcpus[i], sizeof one->vcpus[i]);
  for (uint32_t i = 0; i < one->n_locks; i++)
    ck_assert_mem_eq(&one->locks[i], &other->locks[i], sizeof one->locks[i]);
}

START_TEST(a_run_comes_back_whole) {
  const struct run_result *run = fake_result(scenario, 4, &arena);
  int64_t *words = ARENA_ARRAY(&arena, result_words_count(scenario), int64_t);
  result_words_pack(run, words);
  const struct run_result *back = result_words_unpack(scenario, 4, words, &arena);
  ck_assert_int_eq(back->status, RUN_DONE);
  ck_assert_uint_eq(back->replication, 4);
  ck_assert_uint_eq(back->seed, 7);
  ck_assert_int_eq(back->window_ns, FAKE_WINDOW_NS);
  ck_assert_ptr_eq(back->scenario, scenario);
  ck_assert_mem_eq(&back->host, &run->host, sizeof run->host);
  for (uint32_t i = 0; i < 2; i++) expect_same_vm(&back->vms[i], &run->vms[i]);
}
END_TEST

START_TEST(columns_have_different_names) {
  for (enum scope scope = 0; scope < SCOPES; scope++) {
    uint32_t n;
    const struct result_word *rows = result_words_of(scope, &n);
    for (uint32_t i = 0; i < n; i++)
      for (uint32_t j = 0; j < i; j++) ck_assert_str_ne(rows[i].name, rows[j].name);
  }
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("result_words");
  tcase_add_checked_fixture(tests, setup, teardown);
  tcase_add_test(tests, names_say_what_the_words_are);
  tcase_add_test(tests, wide_integers_are_two_words);
  tcase_add_test(tests, nothing_is_lost_on_the_way);
  tcase_add_test(tests, a_run_comes_back_whole);
  tcase_add_test(tests, columns_have_different_names);
  return suite_run(tests, "study/result_words");
}
