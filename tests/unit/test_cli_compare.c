/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names and sentences of comparisons. */
#include <check.h>
#include <math.h>

#include "cli/compare_labels.h"
#include "cli/compare_words.h"
#include "support/suite.h"

static struct arena arena;

static void start(void) { arena = (struct arena){0}; }
static void end(void) { arena_free(&arena); }

/* --- labels --- */

static struct conf *array_of(const char *first, const char *second) {
  struct conf *values = conf_array(&arena);
  conf_add(&arena, values, NULL, conf_string(&arena, first));
  conf_add(&arena, values, NULL, conf_string(&arena, second));
  return values;
}

START_TEST(cells_by_what_tells_them_apart) {
  struct conf *counts = conf_array(&arena);
  conf_add(&arena, counts, NULL, conf_literal(&arena, "2"));
  conf_add(&arena, counts, NULL, conf_literal(&arena, "4"));
  const struct axis axes[] = {
      {"hypervisor.coscheduling.kind", array_of("none", "strict")},
      {"vms.db.vcpus", counts},
      {"vms.web.vcpus", counts},
      {"vms.db.program", array_of("p", "a program whose name is longer than anybody would read")},
  };
  struct grid grid = {.axes = axes, .n_axes = 1, .n_cells = 2};
  ck_assert_str_eq(compare_label_cell(&grid, 1, &arena), "strict");
  grid.n_axes = 2;
  ck_assert_str_eq(compare_label_cell(&grid, 1, &arena), "none/vcpus=4");
  grid.n_axes = 4;
  ck_assert_str_eq(compare_label_cell(&grid, 6, &arena), "none/db.vcpus=4/web.vcpus=4/program=p");
  ck_assert_str_eq(compare_label_cell(&grid, 1, &arena), "none/db.vcpus=2/web.vcpus=2/program#1");
  grid.n_axes = 0;
  ck_assert_str_eq(compare_label_cell(&grid, 0, &arena), "");
}
END_TEST

/* Kinds of different families need no names, those of two locks do. */
START_TEST(kinds_speak_for_themselves) {
  const struct axis axes[] = {{"barriers.b.kind", array_of("spin", "block")},
                              {"locks.l.kind", array_of("tas", "mcs")},
                              {"locks.m.kind", array_of("mcs", "ticket")}};
  struct grid grid = {.axes = axes, .n_axes = 2, .n_cells = 4};
  ck_assert_str_eq(compare_label_cell(&grid, 2, &arena), "block/tas");
  grid.n_axes = 3;
  ck_assert_str_eq(compare_label_cell(&grid, 1, &arena), "spin/l.kind=tas/m.kind=ticket");
}
END_TEST

START_TEST(files_by_the_ends_of_their_paths) {
  const char *labels[3];
  compare_label_files((const char *[]){"a/old.json", "./new.json", "-"}, 3, labels, &arena);
  ck_assert_str_eq(labels[0], "old");
  ck_assert_str_eq(labels[1], "new");
  ck_assert_str_eq(labels[2], "-");
  compare_label_files((const char *[]){"x/out/", "y/out"}, 2, labels, &arena);
  ck_assert_str_eq(labels[0], "x/out");
  ck_assert_str_eq(labels[1], "y/out");
  compare_label_files((const char *[]){"run.1", "run.2", "run.1"}, 3, labels, &arena);
  ck_assert_str_eq(labels[0], "run.1#1");
  ck_assert_str_eq(labels[1], "run.2");
  ck_assert_str_eq(labels[2], "run.1#3");
}
END_TEST

/* --- sentences --- */

START_TEST(as_many_decimals_as_are_known) {
  ck_assert_str_eq(compare_number(12.345, 0.9, &arena), "12.3 ± 0.9");
  ck_assert_str_eq(compare_number(12.345, 0.19, &arena), "12.35 ± 0.19");
  ck_assert_str_eq(compare_number(12345.6, 1234, &arena), "12 346 ± 1 234");
  ck_assert_str_eq(compare_number(5, 0, &arena), "5.00 ± 0.00");
  ck_assert_str_eq(compare_number(5, (double)NAN, &arena), "5.00");
}
END_TEST

static const char *sentence_within(const char *metric, double base, double other, double half_width,
                                   struct stat_interval of_ratio) {
  bool is_ambiguous;
  enum scope scope = SCOPE_VM;
  if (!metric_find(scope, metric, &is_ambiguous)) scope = SCOPE_HOST;
  struct comparison_item item = {.entity = scope == SCOPE_VM ? "db" : "host"};
  item.subject.metric = metric_find(scope, metric, &is_ambiguous);
  ck_assert_ptr_nonnull(item.subject.metric);
  const struct comparison_row row = {.base = &(struct comparison_side){.label = "none"},
                                     .other = &(struct comparison_side){.label = "relaxed"},
                                     .item = &item,
                                     .paired = {.base = base,
                                                .other = other,
                                                .difference = other - base,
                                                .of_difference = {.half_width = half_width},
                                                .has_ratio = base > 0,
                                                .ratio = base > 0 ? other / base : 0,
                                                .of_ratio = of_ratio},
                                     .found = other > base ? 1 : -1};
  return compare_sentence(&row, &arena);
}

static const char *sentence(const char *metric, double base, double other, double half_width) {
  struct stat_interval of_ratio = {.half_width = base > 0 ? half_width / base : 0};
  return sentence_within(metric, base, other, half_width, of_ratio);
}

START_TEST(words_for_metrics) {
  ck_assert_str_eq(sentence("throughput", 1000, 1123, 9),
                   "db: relaxed does 12.3 ± 0.9 % more work than none");
  ck_assert_str_eq(sentence("throughput", 1000, 250, 20),
                   "db: relaxed does 75 ± 2 % less work than none");
  ck_assert_str_eq(sentence("spin_pct", 20, 14.5, 0.3),
                   "db: relaxed spins 5.5 ± 0.3 points less than none");
  ck_assert_str_eq(sentence("ready_pct", 20, 30, 0.4),
                   "db: relaxed waits 10.0 ± 0.4 points more for a pCPU than none");
  ck_assert_str_eq(sentence("costop_pct", 0, 7, 0.5),
                   "db: relaxed is co-stopped 7.0 ± 0.5 points more than none");
  ck_assert_str_eq(sentence("latency_p99", 100, 150, 5),
                   "db: relaxed takes 50 ± 5 % more time for an iteration (p99) than none");
  ck_assert_str_eq(sentence("utilisation", 90, 80, 1.2),
                   "host: relaxed keeps the pCPUs busy 10.0 ± 1.2 points less than none");
  ck_assert_str_eq(sentence("migrations", 10, 20, 2),
                   "db: relaxed has 100 ± 20 % more migrations than none");
}
END_TEST

/* Nothing to take per cent of. */
START_TEST(words_where_there_was_nothing) {
  ck_assert_str_eq(sentence("throughput", 0, 1123, 9),
                   "db: relaxed does 1 123 ± 9 per second more work than none");
  ck_assert_str_eq(sentence("costops", 0, 30, 4), "db: relaxed has 30 ± 4 more costops than none");
}
END_TEST

/* 11 times as much, and certainly between 6.6 and 42 times; or between 9 and 13. */
START_TEST(words_where_bounds_lie_unevenly) {
  struct stat_interval uneven = {6.6, 42, 31}, even = {9, 13, 2};
  ck_assert_str_eq(sentence_within("throughput", 10, 110, 9, uneven),
                   "db: relaxed does 1 000 % (560 … 4 100) more work than none");
  ck_assert_str_eq(sentence_within("throughput", 10, 110, 9, even),
                   "db: relaxed does 1 000 ± 200 % more work than none");
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("compare");
  tcase_add_checked_fixture(tests, start, end);
  tcase_add_test(tests, cells_by_what_tells_them_apart);
  tcase_add_test(tests, kinds_speak_for_themselves);
  tcase_add_test(tests, files_by_the_ends_of_their_paths);
  tcase_add_test(tests, as_many_decimals_as_are_known);
  tcase_add_test(tests, words_for_metrics);
  tcase_add_test(tests, words_where_there_was_nothing);
  tcase_add_test(tests, words_where_bounds_lie_unevenly);
  return suite_run(tests, "cli/compare");
}
