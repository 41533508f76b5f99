/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/sizing.h"

#include <check.h>
#include <math.h>
#include <string.h>

#include "support/bound.h"
#include "support/fake_result.h"
#include "support/suite.h"

enum { REPS = 3, COUNTS = 3 };

static struct arena arena;
static struct sizing_question question;
static struct sizing_count counts[COUNTS];
static uint32_t n_counts;

static void setup(void) {
  memset(&arena, 0, sizeof arena);
  bool is_ambiguous;
  question = (struct sizing_question){"db", metric_find(SCOPE_VM, "throughput", &is_ambiguous)};
  n_counts = 0;
}
static void teardown(void) { arena_free(&arena); }

/* What db does to the results of support/fake_result.h. */
struct change {
  uint32_t n_vcpus;
  uint64_t iterations[REPS];
  int64_t costop_ns; /* of the time READY, per vCPU */
};

static void change_db(struct vm_result *db, const struct change *change, uint32_t replication) {
  struct ledger *total = &db->total;
  int64_t n = change->n_vcpus;
  for (uint32_t i = 0; i < RUNSTATES; i++) total->runstate_ns[i] *= n, total->runstate_ns[i] /= 2;
  for (uint32_t i = 0; i < ACTIVITIES; i++) total->activity_ns[i] *= n, total->activity_ns[i] /= 2;
  for (uint32_t i = 0; i < SPIN_CAUSES; i++) total->spin_ns[i] *= n, total->spin_ns[i] /= 2;
  total->runstate_ns[RS_READY] -= n * change->costop_ns;
  total->runstate_ns[RS_COSTOP] += n * change->costop_ns;
  db->iterations = change->iterations[replication];
  db->latency.n = db->iterations;
  db->latency.sum_ns = 4000000;
}

static struct replications changed(const struct change *change, uint32_t n) {
  struct scenario *scenario = ARENA_NEW(&arena, struct scenario);
  struct vm_spec *specs = ARENA_ARRAY(&arena, 2, struct vm_spec);
  *scenario = *fake_scenario(&arena);
  memcpy(specs, scenario->vms, 2 * sizeof *specs);
  specs[0].guest.n_vcpus = change->n_vcpus;
  scenario->vms = specs;
  const struct run_result **runs = ARENA_ARRAY(&arena, n, const struct run_result *);
  for (uint32_t i = 0; i < n; i++) {
    struct run_result *run = fake_result(scenario, i, &arena);
    struct vm_result *vms = ARENA_ARRAY(&arena, 2, struct vm_result);
    memcpy(vms, run->vms, 2 * sizeof *vms);
    change_db(&vms[0], change, i);
    vms[1].iterations = 10 * change->n_vcpus + i;
    run->vms = vms;
    runs[i] = run;
  }
  return (struct replications){.scenario = scenario, .runs = runs, .n = n};
}

static void add(const struct change *change, uint32_t n) {
  struct replications replications = changed(change, n);
  counts[n_counts++] = sizing_take(&question, &replications, &arena);
}

static struct sizing conclude(void) { return sizing_conclude(&question, counts, n_counts, &arena); }

#define assert_near(value, expected) ck_assert_double_eq_tol((value), (expected), 1e-6)

/* 606 iterations on average with 3 vCPUs; with 2 always 6 fewer, which is 1/101 of it. What is left
   of 2's values after 100/101 of 3's is -6/101, 6/101 and 0: s = .0594059, of the mean .0342980.
   Times t(.975; 2) = 4.302653, over 606: .000243517 on each side. (The exact bounds of Fieller
   differ from that in the sixth decimal, because 606 is not known exactly, either.) */
START_TEST(the_smallest_certainly_within_two_per_cent_is_chosen) {
  add(&(struct change){3, {600, 612, 606}, 0}, REPS);
  add(&(struct change){1, {300, 306, 294}, 0}, REPS);
  add(&(struct change){2, {594, 606, 600}, 0}, REPS);
  struct sizing sizing = conclude();
  for (uint32_t i = 0; i < COUNTS; i++) ck_assert_uint_eq(sizing.counts[i].n_vcpus, i + 1);
  ck_assert(sizing.has_intervals);
  ck_assert_uint_eq(sizing.best, 2);
  ck_assert_uint_eq(sizing.chosen, 1);
  assert_near(sizing.losses[1].mean, 1 / 101.0);
  ck_assert_double_eq_tol(sizing.losses[1].low, 1 / 101.0 - .000243517, 1e-5);
  ck_assert_double_eq_tol(sizing.losses[1].high, 1 / 101.0 + .000243517, 1e-5);
  assert_near(sizing.losses[2].mean, 0);
  assert_near(sizing.losses[2].high, 0);
  assert_near(sizing.losses[0].mean, 306 / 606.0);
  for (uint32_t i = 0; i < COUNTS; i++) ck_assert(!sizing_is_open(&sizing, i));
  ck_assert_uint_eq(sizing_find(&sizing, 3), 2);
  ck_assert_uint_eq(sizing_find(&sizing, 4), SIZING_NONE);
}
END_TEST

/* The same means, but the differences are -15, 9 and -12: nothing is certain, so nothing is saved.
 */
START_TEST(noise_does_not_argue_for_fewer) {
  add(&(struct change){3, {600, 612, 606}, 0}, REPS);
  add(&(struct change){2, {585, 621, 594}, 0}, REPS);
  struct sizing sizing = conclude();
  assert_near(sizing.losses[0].mean, 1 / 101.0);
  ck_assert_uint_eq(sizing.best, 1);
  ck_assert_uint_eq(sizing.chosen, 1);
  ck_assert(sizing_is_open(&sizing, 0));
  ck_assert(!sizing_is_open(&sizing, 1));
}
END_TEST

START_TEST(of_equals_the_smallest_is_best) {
  add(&(struct change){3, {300, 310, 320}, 0}, REPS);
  add(&(struct change){2, {300, 310, 320}, 0}, REPS);
  struct sizing sizing = conclude();
  ck_assert_uint_eq(sizing.best, 0);
  assert_near(sizing.losses[1].high, 0);
}
END_TEST

/* Iterations of one run take 4 ms together, so the more the faster: 1/300, 1/294 of 4 ms. */
START_TEST(of_a_latency_less_is_better) {
  bool is_ambiguous;
  question.metric = metric_find(SCOPE_VM, "latency_mean_us", &is_ambiguous);
  add(&(struct change){2, {294, 294, 294}, 0}, REPS);
  add(&(struct change){1, {250, 250, 250}, 0}, REPS);
  add(&(struct change){3, {300, 300, 300}, 0}, REPS);
  struct sizing sizing = conclude();
  ck_assert_uint_eq(sizing.best, 2);
  assert_near(sizing.counts[2].goal.stat.mean, 4000 / 300.0);
  assert_near(sizing.losses[1].mean, 300 / 294.0 - 1);
  assert_near(sizing.losses[0].high, 0.2);
  ck_assert_uint_eq(sizing.chosen, 2);
}
END_TEST

START_TEST(one_replication_decides_by_means) {
  add(&(struct change){1, {100}, 0}, 1);
  add(&(struct change){2, {595}, 0}, 1);
  add(&(struct change){3, {606}, 0}, 1);
  struct sizing sizing = conclude();
  ck_assert(!sizing.has_intervals);
  ck_assert_uint_eq(sizing.best, 2);
  ck_assert_uint_eq(sizing.chosen, 1);
  ck_assert(isnan(sizing.losses[1].high));
}
END_TEST

/* 606 on average, but t(.975; 1) = 12.7 times the error of the mean is 12.7 * 594: the best cannot
   be told from nothing, so there is no interval of a share of it. */
START_TEST(a_best_that_might_be_nothing_has_no_shares_for_certain) {
  add(&(struct change){1, {12, 1176}, 0}, 2);
  add(&(struct change){2, {12, 1200}, 0}, 2);
  struct sizing sizing = conclude();
  ck_assert(!sizing.has_intervals);
  ck_assert_uint_eq(sizing.best, 1);
  assert_near(sizing.losses[0].mean, 12 / 606.0);
  ck_assert(isnan(sizing.losses[0].high));
  ck_assert_uint_eq(sizing.chosen, 0);
}
END_TEST

/* A gang that never starts does nothing; a latency of nothing is none. */
START_TEST(who_does_nothing_is_no_choice) {
  add(&(struct change){1, {100, 101, 102}, 0}, REPS);
  add(&(struct change){2, {0, 0, 0}, 0}, REPS);
  struct sizing sizing = conclude();
  ck_assert_uint_eq(sizing.chosen, 0);
  assert_near(sizing.losses[1].mean, 1);
  bool is_ambiguous;
  question.metric = metric_find(SCOPE_VM, "latency_mean_us", &is_ambiguous);
  n_counts = 0;
  add(&(struct change){1, {100, 101, 0}, 0}, REPS);
  add(&(struct change){2, {0, 0, 0}, 0}, REPS);
  sizing = conclude();
  ck_assert_uint_eq(sizing.best, 0);
  ck_assert_uint_eq(sizing.counts[0].goal.stat.n, 2);
  ck_assert(isnan(sizing.losses[1].mean));
  n_counts = 0;
  add(&(struct change){2, {0, 0, 0}, 0}, REPS);
  sizing = conclude();
  ck_assert_uint_eq(sizing.best, SIZING_NONE);
  ck_assert_uint_eq(sizing.chosen, SIZING_NONE);
}
END_TEST

/* support/fake_result.h says where each vCPU's time goes. */
START_TEST(parts_are_in_cpus_and_add_up) {
  static const double of_three_ms[SIZING_PARTS] = {
      [PART_USEFUL] = .5,      [PART_CRITICAL] = .125, [PART_KERNEL] = .0625,
      [PART_OVERHEAD] = .0625, [PART_CONTENDED] = .05, [PART_LHP] = .15,
      [PART_LWP] = .05,        [PART_SELF] = 0,        [PART_READY] = 1,
      [PART_COSTOP] = .5,      [PART_IDLE] = .5};
  add(&(struct change){2, {300, 301, 302}, 0}, REPS);
  add(&(struct change){4, {300, 301, 302}, 300000}, REPS);
  double sum = 0;
  for (uint32_t i = 0; i < SIZING_PARTS; i++) {
    assert_near(counts[0].cpus[i].stat.mean, 2 * of_three_ms[i] / 3);
    assert_near(sizing_share(&counts[0], i), of_three_ms[i] / 3);
    sum += counts[1].cpus[i].stat.mean;
  }
  assert_near(sum, 4);
  struct sizing_series *few = counts[0].cpus, *many = counts[1].cpus;
  /* 4 × (.5 + .3) / 3 ms of 3 ms, instead of 2 × .5 / 3. */
  struct paired costop = sizing_compare(&few[PART_COSTOP], &many[PART_COSTOP], &arena);
  assert_near(costop.difference, 2.2 / 3);
  assert_near(costop.of_difference.half_width, 0);
}
END_TEST

START_TEST(neighbours_are_all_the_others) {
  add(&(struct change){2, {300, 301, 302}, 0}, REPS);
  add(&(struct change){3, {300, 301, 302}, 0}, REPS);
  const struct sizing_neighbour *few = counts[0].neighbours, *many = counts[1].neighbours;
  ck_assert_uint_eq(counts[0].n_neighbours, 1);
  ck_assert_str_eq(few->name, "noise");
  ck_assert_uint_eq(few->n_vms, 1);
  /* 20, 21, 22 and 30, 31, 32 iterations in 3 ms. */
  assert_near(few->throughput.stat.mean, 7000);
  struct paired paired = sizing_compare(&few->throughput, &many->throughput, &arena);
  assert_near(paired.ratio, 31 / 21.0);
}
END_TEST

/* A study to a precision stops each cell when it has enough: pairs are what both have. */
START_TEST(the_replications_that_both_have_are_paired) {
  add(&(struct change){1, {100, 102, 104}, 0}, REPS);
  add(&(struct change){2, {100, 102}, 0}, 2);
  struct paired paired = sizing_compare(&counts[0].goal, &counts[1].goal, &arena);
  ck_assert_uint_eq(paired.n_base, 2);
  assert_near(paired.difference, 0);
}
END_TEST

/* By hand: always computing, on 2 pCPUs of its own. 1 vCPU does 1000 rounds a second, 2 do 2000,
   and 3 take turns on the two: nothing is won, and one CPU's worth of time is spent waiting. */
START_TEST(more_vcpus_than_pcpus_wait) {
  for (uint32_t n = 1; n <= COUNTS; n++) {
    struct bound bound = {0};
    bound_bind(&bound,
               arena_printf(
                   &arena,
                   "{'version': 1, 'host': {'pcpus': 2}, 'programs': {'p': [{'compute': '1ms'}]},"
                   "'hypervisor': {'scheduler': {'kind': 'rr'}, 'coscheduling': {'kind': 'none'}},"
                   "'vms': {'db': {'vcpus': %u, 'program': 'p'}},"
                   "'run': {'duration': '600ms', 'warmup': '60ms'}}",
                   n));
    ck_assert_ptr_nonnull(bound.scenario);
    struct replicate_options options = {.n = 2};
    struct replications done = replicate_run(bound.scenario, &options, &arena);
    counts[n_counts++] = sizing_take(&question, &done, &arena);
    bound_free(&bound);
  }
  struct sizing sizing = conclude();
  assert_near(sizing.counts[0].goal.stat.mean, 1000);
  assert_near(sizing.counts[1].goal.stat.mean, 2000);
  assert_near(sizing.counts[2].goal.stat.mean, 2000);
  ck_assert_uint_eq(sizing.chosen, 1);
  assert_near(sizing.counts[2].cpus[PART_READY].stat.mean, 1);
  assert_near(sizing_share(&sizing.counts[2], PART_READY), 1 / 3.0);
}
END_TEST

/* Of 8 vCPUs that never idle 3.2 run: that takes 4, the next count. Of 4 that idle half of the time
   1.2 run while 2 want to: 2.4 of them, and there are no fewer than 4 but 1. Of 1 nothing is taken.
 */
START_TEST(what_the_host_does_not_run_is_shrunk_away) {
  static const struct {
    uint32_t n_vcpus;
    double ready, costop, idle, given;
  } cases[] = {{8, 4, 0.8, 0, 3.2}, {1, 0.4, 0, 0.2, 0.5}, {4, 0.8, 0, 2, 2.4}};
  for (uint32_t i = 0; i < 3; i++) {
    struct sizing_count *count = &counts[n_counts++];
    *count = (struct sizing_count){.n_vcpus = cases[i].n_vcpus};
    stat_add(&count->cpus[PART_READY].stat, cases[i].ready);
    stat_add(&count->cpus[PART_COSTOP].stat, cases[i].costop);
    stat_add(&count->cpus[PART_IDLE].stat, cases[i].idle);
    assert_near(sizing_given(count), cases[i].given);
  }
  struct sizing sizing = conclude(); /* 1, 4, 8 */
  ck_assert_uint_eq(sizing_shrunk(&sizing, 2), 1);
  ck_assert_uint_eq(sizing_shrunk(&sizing, 1), 1);
  ck_assert_uint_eq(sizing_shrunk(&sizing, 0), 0);
}
END_TEST

/* Who never wants to run lacks nothing; and 3 of 3 that run stay 3, however that is rounded. */
START_TEST(who_lacks_nothing_is_not_shrunk) {
  for (uint32_t n = 2; n <= 3; n++) {
    counts[n_counts] = (struct sizing_count){.n_vcpus = n};
    for (enum sizing_part part = 0; part < SIZING_PARTS; part++)
      stat_add(&counts[n_counts].cpus[part].stat, part == PART_IDLE && n == 2 ? n : 0);
    assert_near(sizing_given(&counts[n_counts++]), n);
  }
  struct sizing sizing = conclude();
  ck_assert_uint_eq(sizing_shrunk(&sizing, 0), 0);
  ck_assert_uint_eq(sizing_shrunk(&sizing, 1), 1);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("sizing");
  tcase_add_checked_fixture(tests, setup, teardown);
  tcase_add_test(tests, the_smallest_certainly_within_two_per_cent_is_chosen);
  tcase_add_test(tests, noise_does_not_argue_for_fewer);
  tcase_add_test(tests, of_equals_the_smallest_is_best);
  tcase_add_test(tests, of_a_latency_less_is_better);
  tcase_add_test(tests, one_replication_decides_by_means);
  tcase_add_test(tests, a_best_that_might_be_nothing_has_no_shares_for_certain);
  tcase_add_test(tests, who_does_nothing_is_no_choice);
  tcase_add_test(tests, parts_are_in_cpus_and_add_up);
  tcase_add_test(tests, neighbours_are_all_the_others);
  tcase_add_test(tests, the_replications_that_both_have_are_paired);
  tcase_add_test(tests, more_vcpus_than_pcpus_wait);
  tcase_add_test(tests, what_the_host_does_not_run_is_shrunk_away);
  tcase_add_test(tests, who_lacks_nothing_is_not_shrunk);
  return suite_run(tests, "study/sizing");
}
