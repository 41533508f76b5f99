/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When a cell has been run often enough, and which process runs it. */
#include "study/study.h"

#include <check.h>

#include "study/precision.h"
#include "support/fake_result.h"
#include "support/suite.h"

static struct arena arena;
static const struct scenario *scenario;
static struct precision precisions[2];
static struct study study;

static void setup(void) {
  scenario = fake_scenario(&arena);
  study = (struct study){.min_reps = 2, .max_reps = 100, .precisions = precisions, .n_shards = 1};
}
static void teardown(void) { arena_free(&arena); }

static void demand(const char *text) {
  const char *fault = precision_parse(scenario, text, &arena, &precisions[study.n_precisions++]);
  ck_assert_msg(!fault, "%s: %s", text, fault);
}

static struct replications done(uint32_t n) {
  const struct run_result **runs = ARENA_ARRAY(&arena, n, const struct run_result *);
  for (uint32_t i = 0; i < n; i++) runs[i] = fake_result(scenario, i, &arena);
  return (struct replications){.scenario = scenario, .runs = runs, .n = n};
}

static bool is_enough(uint32_t n) {
  struct replications replications = done(n);
  return study_is_enough(&study, &replications);
}

/* Iterations 300, 310, 320: mean 310, s = 10, t(0.975; 2) = 4.302653, half width 24.8414, which is
   8.0134 % of the mean. With 300 and 310 alone: mean 305, s = 7.07107, t(0.975; 1) = 12.7062, half
   width 63.531, 20.83 %; with 330, too: 315, 12.9099, t(0.975; 3) = 3.182446, 20.5426, 6.5215 %. */
START_TEST(the_half_width_is_student_s) {
  const struct {
    const char *text;
    uint32_t first_enough;
  } cases[] = {{"throughput@db=20.84", 2},      {"throughput@db=20.82", 3},
               {"throughput@db=8.014", 3},      {"throughput_per_s@db=8.013", 4},
               {" throughput @ db =6.5216", 4}, {"throughput@db=6.5214", 5}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    study.n_precisions = 0;
    demand(cases[i].text);
    ck_assert_msg(!is_enough(cases[i].first_enough - 1), "%s", cases[i].text);
    ck_assert_msg(is_enough(cases[i].first_enough), "%s", cases[i].text);
  }
}
END_TEST

START_TEST(never_fewer_than_the_minimum_nor_more_than_the_maximum) {
  demand("throughput@db=50");
  study.min_reps = 4;
  ck_assert(!is_enough(3));
  ck_assert(is_enough(4));
  precisions[0].pct = 1e-3;
  study.max_reps = 6;
  ck_assert(!is_enough(5));
  ck_assert(is_enough(6));
  struct replications all = done(6);
  ck_assert(!study_is_precise(&study, &all));
}
END_TEST

START_TEST(one_replication_has_no_interval) {
  demand("throughput@db=100");
  study.min_reps = 1;
  ck_assert(!is_enough(0));
  ck_assert(!is_enough(1));
  ck_assert(is_enough(2));
}
END_TEST

START_TEST(every_demand_and_every_entity_counts) {
  demand("throughput=21"); /* of noise.0 it is 0 without spread: precise */
  ck_assert(is_enough(2));
  demand("throughput@db=7");
  ck_assert(!is_enough(3));
  ck_assert(is_enough(4));
  precisions[1] = precisions[0];
  study.n_precisions = 1;
  demand("latency_mean@noise=50"); /* nothing ends there: no latency, never precise */
  ck_assert(!is_enough(50));
  study.n_precisions = 1;
  demand("latency_mean@db=50");
  ck_assert(is_enough(2));
}
END_TEST

START_TEST(parts_and_the_host_can_be_meant) {
  demand("lead_max@db/v1=1"); /* 0 in every replication; that of v0 is 3.9 ms */
  ck_assert(is_enough(2));
  study.n_precisions = 0;
  demand("wait_mean@db/runq=1");
  demand("utilisation@host=1");
  ck_assert(is_enough(2));
}
END_TEST

START_TEST(a_cell_without_the_entity_has_nothing_to_narrow) {
  demand("throughput@db=1");
  precisions[0].vm = "elsewhere";
  ck_assert(!is_enough(1));
  ck_assert(is_enough(2));
}
END_TEST

START_TEST(nonsense_is_refused) {
  const struct {
    const char *text, *fault;
  } cases[] = {
      {"", "expected METRIC[@SCOPE]"},
      {"throughput@db", "expected METRIC[@SCOPE]=PCT"},
      {"throughput@db<=1", "expected METRIC[@SCOPE]=PCT"},
      {"throughput@db=", "expected a number of per cent behind '='"},
      {"throughput@db=one", "expected a number of per cent behind '='"},
      {"throughput@db=1x", "expected a number of per cent behind '='"},
      {"throughput@db=0", "must be more than 0 and at most 100 per cent"},
      {"throughput@db=-1", "must be more than 0 and at most 100 per cent"},
      {"throughput@db=101", "must be more than 0 and at most 100 per cent"},
      {"throughput@db=nan", "must be more than 0 and at most 100 per cent"},
      {"throughput@dbx=1", "no VM 'dbx'; did you mean 'db'?"},
      {"throughput_per_m@db=1",
       "no metric 'throughput_per_m' in scope vm; did you mean 'throughput_per_s'?"},
  };
  struct precision precision;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const char *fault = precision_parse(scenario, cases[i].text, &arena, &precision);
    ck_assert_msg(fault, "'%s' is taken", cases[i].text);
    ck_assert_str_eq(fault, cases[i].fault);
  }
}
END_TEST

/* 3 cells of 4 replications from number 7 on, dealt to 5 processes: like cards, one by one. */
START_TEST(a_fixed_number_is_dealt_out_by_units) {
  study = (struct study){.first = 7, .min_reps = 4, .max_reps = 4, .n_shards = 5};
  for (uint32_t unit = 0; unit < 12; unit++)
    for (study.shard = 0; study.shard < 5; study.shard++)
      ck_assert_int_eq(study_owns(&study, unit / 4, 7 + unit % 4), unit % 5 == study.shard);
}
END_TEST

START_TEST(with_a_precision_cells_stay_together) {
  demand("throughput@db=1");
  study.n_shards = 3;
  for (uint32_t cell = 0; cell < 9; cell++)
    for (study.shard = 0; study.shard < 3; study.shard++)
      for (uint32_t replication = 0; replication < 5; replication++)
        ck_assert_int_eq(study_owns(&study, cell, replication), cell % 3 == study.shard);
}
END_TEST

START_TEST(huge_studies_are_dealt_out_evenly_too) {
  study = (struct study){.min_reps = 65536, .max_reps = 65536, .n_shards = 65535};
  /* 65535 × 65536 + 65535 = 65535 × 65537: a multiple, beyond 32 bits. */
  ck_assert(study_owns(&study, 65535, 65535));
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("study");
  tcase_add_checked_fixture(tests, setup, teardown);
  tcase_add_test(tests, the_half_width_is_student_s);
  tcase_add_test(tests, never_fewer_than_the_minimum_nor_more_than_the_maximum);
  tcase_add_test(tests, one_replication_has_no_interval);
  tcase_add_test(tests, every_demand_and_every_entity_counts);
  tcase_add_test(tests, parts_and_the_host_can_be_meant);
  tcase_add_test(tests, a_cell_without_the_entity_has_nothing_to_narrow);
  tcase_add_test(tests, nonsense_is_refused);
  tcase_add_test(tests, a_fixed_number_is_dealt_out_by_units);
  tcase_add_test(tests, with_a_precision_cells_stay_together);
  tcase_add_test(tests, huge_studies_are_dealt_out_evenly_too);
  return suite_run(tests, "study");
}
