/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/comparison.h"

#include <check.h>
#include <math.h>
#include <string.h>

#include "support/fake_result.h"
#include "support/suite.h"

enum { REPS = 4 };

static struct arena arena;
static struct scenario scenario;

static void start(void) {
  arena = (struct arena){0};
  scenario = *fake_scenario(&arena);
}
static void end(void) { arena_free(&arena); }

/* Replications first … of the fake scenario, in which db has counted so many iterations. */
static struct replications runs_of(uint32_t first, const uint64_t *iterations, uint32_t n) {
  const struct run_result **runs = ARENA_ARRAY(&arena, n, const struct run_result *);
  for (uint32_t i = 0; i < n; i++) {
    struct run_result *run = fake_result(&scenario, first + i, &arena);
    struct vm_result *vms = ARENA_ARRAY(&arena, scenario.n_vms, struct vm_result);
    memcpy(vms, run->vms, scenario.n_vms * sizeof *vms);
    vms[0].iterations = iterations[i];
    run->vms = vms;
    runs[i] = run;
  }
  return (struct replications){.scenario = &scenario, .runs = runs, .n = n};
}

static struct comparison_items items_of(const char *text) {
  struct comparison_items items;
  uint32_t at;
  ck_assert_ptr_null(comparison_items_parse(&scenario, &text, 1, &arena, &items, &at));
  return items;
}

/* Per 3 ms: 3 iterations are 1000 per second. */
static const uint64_t few[REPS] = {3, 6, 9, 12}, more[REPS] = {6, 9, 12, 18};

START_TEST(paired_by_replication) {
  struct comparison_items items = items_of("throughput@db");
  struct replications base = runs_of(0, few, REPS), other = runs_of(0, more, REPS);
  struct comparison_side left = comparison_read(&items, &base, &arena);
  struct comparison_side right = comparison_read(&items, &other, &arena);
  struct comparison comparison = {.arena = &arena};
  comparison_add(&comparison, &items, &left, &right);
  comparison_judge(&comparison);
  ck_assert_uint_eq(comparison.n, 1);
  const struct comparison_row *row = &comparison.rows[0];
  ck_assert_ptr_eq(row->base, &left);
  ck_assert_ptr_eq(row->other, &right);
  ck_assert_str_eq(row->item->entity, "db");
  ck_assert(row->paired.is_paired);
  /* Differences of 1000, 1000, 1000, 2000. */
  ck_assert_double_eq_tol(row->paired.difference, 1250, 1e-9);
  ck_assert_double_eq_tol(row->paired.base, 2500, 1e-9);
  ck_assert_double_eq(row->p_holm, row->paired.p);
  ck_assert_int_eq(row->found, 1);
}
END_TEST

/* Only what both have makes a pair: replications 2 and 3. */
START_TEST(pairs_are_of_one_replication) {
  struct comparison_items items = items_of("throughput@db");
  struct replications base = runs_of(0, few, REPS), other = runs_of(2, more, REPS);
  struct comparison_side left = comparison_read(&items, &base, &arena);
  struct comparison_side right = comparison_read(&items, &other, &arena);
  struct comparison comparison = {.arena = &arena};
  comparison_add(&comparison, &items, &left, &right);
  ck_assert_uint_eq(comparison.rows[0].paired.n_base, 2);
  /* 9 and 12 against 6 and 9. */
  ck_assert_double_eq_tol(comparison.rows[0].paired.difference, -1000, 1e-9);
  struct replications far = runs_of(10, more, REPS);
  right = comparison_read(&items, &far, &arena);
  comparison_add(&comparison, &items, &left, &right);
  ck_assert(!comparison.rows[1].paired.is_paired);
  ck_assert_uint_eq(comparison.rows[1].paired.n_other, REPS);
}
END_TEST

START_TEST(another_seed_makes_no_pairs) {
  struct comparison_items items = items_of("throughput@db");
  struct replications base = runs_of(0, few, REPS), other = runs_of(0, more, REPS);
  struct comparison_side left = comparison_read(&items, &base, &arena);
  scenario.run.seed++;
  struct comparison_side right = comparison_read(&items, &other, &arena);
  struct comparison comparison = {.arena = &arena};
  comparison_add(&comparison, &items, &left, &right);
  ck_assert(!comparison.rows[0].paired.is_paired);
  ck_assert_uint_eq(comparison.rows[0].paired.n_base, REPS);
}
END_TEST

/* noise counts no iterations, so its running time is compared; db's is not. What is 0 in both is
   left out. */
START_TEST(what_is_compared_by_itself) {
  struct replications base = runs_of(0, few, REPS), other = runs_of(0, more, REPS);
  struct comparison_items items = comparison_items_default(&scenario, &arena);
  ck_assert_uint_eq(items.n, 11);
  struct comparison_side left = comparison_read(&items, &base, &arena);
  struct comparison_side right = comparison_read(&items, &other, &arena);
  struct comparison comparison = {.arena = &arena};
  comparison_add(&comparison, &items, &left, &right);
  bool has_work = false, has_running = false;
  for (uint32_t i = 0; i < comparison.n; i++) {
    const struct comparison_row *row = &comparison.rows[i];
    const char *metric = row->item->subject.metric->name;
    ck_assert_double_gt(row->paired.base, 0);
    bool is_db = strcmp(row->item->entity, "db") == 0;
    if (strcmp(metric, "throughput_per_s") == 0) has_work |= is_db, ck_assert(is_db);
    if (strcmp(metric, "run_pct") == 0) has_running = true, ck_assert(!is_db);
  }
  ck_assert(has_work && has_running);
  struct comparison_items spin = items_of("spin_pct@noise");
  left = comparison_read(&spin, &base, &arena);
  comparison.n = 0;
  comparison_add(&comparison, &spin, &left, &left);
  ck_assert_uint_eq(comparison.n, 1);
}
END_TEST

/* The rule is over all rows: with three of them the least p-value counts three times. */
START_TEST(all_rows_are_one_family) {
  struct comparison_items items = items_of("throughput@db");
  struct replications base = runs_of(0, few, REPS), other = runs_of(0, more, REPS);
  struct comparison_side left = comparison_read(&items, &base, &arena);
  struct comparison_side right = comparison_read(&items, &other, &arena);
  struct comparison comparison = {.arena = &arena};
  comparison_add(&comparison, &items, &left, &left);
  comparison_add(&comparison, &items, &left, &right);
  comparison_add(&comparison, &items, &left, &left);
  comparison_judge(&comparison);
  double p = comparison.rows[1].paired.p;
  ck_assert_double_eq_tol(comparison.rows[1].p_holm, 3 * p, 1e-12);
  ck_assert_int_eq(comparison.rows[1].found, 3 * p < 0.05);
  ck_assert_int_eq(comparison.rows[0].found, 0);
}
END_TEST

START_TEST(values_that_one_lacks) {
  struct comparison_items items = items_of("latency_p99@noise");
  struct replications base = runs_of(0, few, REPS);
  struct comparison_side side = comparison_read(&items, &base, &arena);
  struct comparison comparison = {.arena = &arena};
  comparison_add(&comparison, &items, &side, &side);
  ck_assert_uint_eq(comparison.n, 0);
}
END_TEST

START_TEST(what_cannot_be_compared) {
  struct comparison_items items;
  const char *const texts[] = {"throughput", "throughput >= 3"}, *const none[] = {"throughptu"};
  uint32_t at;
  ck_assert_str_eq(comparison_items_parse(&scenario, texts, 2, &arena, &items, &at),
                   "expected METRIC[@SCOPE]");
  ck_assert_uint_eq(at, 1);
  ck_assert_ptr_nonnull(
      strstr(comparison_items_parse(&scenario, none, 1, &arena, &items, &at), "no metric"));
}
END_TEST

/* Without a scope: one item per VM of the file, host metrics of the host. */
START_TEST(items_by_name) {
  ck_assert_uint_eq(items_of("throughput").n, 2);
  ck_assert_str_eq(items_of("throughput").items[1].entity, "noise");
  ck_assert_str_eq(items_of("utilisation").items[0].entity, "host");
  ck_assert_str_eq(items_of("run@db/v1").items[0].entity, "db/v1");
  ck_assert_str_eq(items_of("wait_mean@db/runq").items[0].entity, "db/runq");
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("comparison");
  tcase_add_checked_fixture(tests, start, end);
  tcase_add_test(tests, paired_by_replication);
  tcase_add_test(tests, pairs_are_of_one_replication);
  tcase_add_test(tests, another_seed_makes_no_pairs);
  tcase_add_test(tests, what_is_compared_by_itself);
  tcase_add_test(tests, all_rows_are_one_family);
  tcase_add_test(tests, values_that_one_lacks);
  tcase_add_test(tests, what_cannot_be_compared);
  tcase_add_test(tests, items_by_name);
  return suite_run(tests, "study/comparison");
}
