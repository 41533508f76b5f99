/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/metrics.h"

#include <check.h>
#include <string.h>

#include "study/glossary.h"
#include "support/fake_result.h"
#include "support/suite.h"

static struct arena arena;
static struct run_result *run;

static void setup(void) { run = fake_result(fake_scenario(&arena), 0, &arena); }
static void teardown(void) { arena_free(&arena); }

static struct cell value_of(enum scope scope, uint32_t vm, uint32_t member, const char *name) {
  bool is_ambiguous;
  const struct metric *metric = metric_find(scope, name, &is_ambiguous);
  ck_assert_msg(metric != NULL, "no metric %s", name);
  struct metric_subject subject = metric_subject(run, (struct entity){scope, vm, member});
  return metric_value(metric, &subject);
}

static double real_of(enum scope scope, uint32_t vm, const char *name) {
  struct cell cell = value_of(scope, vm, 0, name);
  ck_assert_int_eq(cell.kind, CELL_REAL);
  return cell.real;
}

static uint64_t count_of(enum scope scope, uint32_t vm, const char *name) {
  struct cell cell = value_of(scope, vm, 0, name);
  ck_assert_int_eq(cell.kind, CELL_COUNT);
  return cell.count;
}

START_TEST(shares_are_per_vcpu) {
  ck_assert_double_eq(real_of(SCOPE_VM, 0, "run_pct"), 100.0 * 2 / 6);
  ck_assert_double_eq(real_of(SCOPE_VM, 0, "costop_pct"), 100.0 / 6);
  ck_assert_double_eq(real_of(SCOPE_VCPU, 0, "run_pct"), 100.0 / 3);
  ck_assert_double_eq(real_of(SCOPE_VM, 1, "run_pct"), 66.66666666666667);
  ck_assert_double_eq(real_of(SCOPE_VM, 0, "spin_lhp_pct"), 5);
  ck_assert_double_eq(real_of(SCOPE_VM, 0, "spin_lhp_costop_pct"), 100.0 * 0.1 / 6);
}
END_TEST

START_TEST(runstates_add_up_to_100_and_activities_to_run) {
  for (uint32_t vm = 0; vm < 2; vm++) {
    double states = real_of(SCOPE_VM, vm, "run_pct") + real_of(SCOPE_VM, vm, "ready_pct") +
                    real_of(SCOPE_VM, vm, "costop_pct") + real_of(SCOPE_VM, vm, "idle_pct");
    ck_assert_double_eq_tol(states, 100, 1e-12);
    double activities = real_of(SCOPE_VM, vm, "useful_pct") +
                        real_of(SCOPE_VM, vm, "critical_pct") + real_of(SCOPE_VM, vm, "spin_pct") +
                        real_of(SCOPE_VM, vm, "kernel_pct") + real_of(SCOPE_VM, vm, "overhead_pct");
    ck_assert_double_eq_tol(activities, real_of(SCOPE_VM, vm, "run_pct"), 1e-12);
    double spin = real_of(SCOPE_VM, vm, "spin_contended_pct") +
                  real_of(SCOPE_VM, vm, "spin_lhp_pct") + real_of(SCOPE_VM, vm, "spin_lwp_pct") +
                  real_of(SCOPE_VM, vm, "spin_self_pct");
    ck_assert_double_eq_tol(spin, real_of(SCOPE_VM, vm, "spin_pct"), 1e-12);
  }
}
END_TEST

START_TEST(rates_cycles_and_means) {
  ck_assert_double_eq(real_of(SCOPE_VM, 0, "throughput_per_s"), 100000);
  ck_assert_double_eq(real_of(SCOPE_VM, 0, "spin_cycles"), 1e6);
  ck_assert_double_eq(real_of(SCOPE_VM, 0, "skew_mean_us"), 1000.5);
  ck_assert_double_eq(real_of(SCOPE_VM, 0, "skew_max_us"), 3900);
  ck_assert_double_eq(real_of(SCOPE_VM, 0, "hazard_pct"), 50);
  ck_assert_double_eq(real_of(SCOPE_VM, 0, "latency_mean_us"), 4);
  ck_assert_double_eq(real_of(SCOPE_VM, 0, "latency_p99_us"), 9.0005);
  ck_assert_double_eq(real_of(SCOPE_VCPU, 0, "lead_max_us"), 3900);
  ck_assert_double_eq(real_of(SCOPE_LOCK, 0, "hold_mean_us"), 2);
  ck_assert_double_eq(real_of(SCOPE_LOCK, 0, "wait_max_us"), 50);
}
END_TEST

START_TEST(host_shares_are_per_pcpu) {
  ck_assert_double_eq(real_of(SCOPE_HOST, 0, "utilisation_pct"), 100.0 * 4 / 6);
  ck_assert_double_eq(real_of(SCOPE_HOST, 0, "fragmentation_pct"), 10);
  ck_assert_double_eq(real_of(SCOPE_HOST, 0, "overhead_pct"), 100.0 * 0.125 / 6);
  ck_assert_uint_eq(count_of(SCOPE_HOST, 0, "events"), 1234);
}
END_TEST

START_TEST(counts_stay_whole) {
  ck_assert_uint_eq(count_of(SCOPE_VM, 0, "spin_ns"), 500000);
  ck_assert_uint_eq(count_of(SCOPE_VM, 0, "preemptions"), 18);
  ck_assert_uint_eq(count_of(SCOPE_VCPU, 0, "dispatches"), 12);
  ck_assert_uint_eq(count_of(SCOPE_LOCK, 0, "contended"), 150);
  ck_assert_uint_eq(count_of(SCOPE_LOCK, 0, "spin_lhp_ns"), 300000);
  ck_assert_uint_eq(count_of(SCOPE_LOCK, 0, "spin_lwp_ns"), 100000);
}
END_TEST

START_TEST(nothing_measured_is_not_zero) {
  ck_assert_int_eq(value_of(SCOPE_VM, 1, 0, "latency_mean_us").kind, CELL_NONE);
  ck_assert_int_eq(value_of(SCOPE_VM, 1, 0, "latency_max_us").kind, CELL_NONE);
  ck_assert_uint_eq(count_of(SCOPE_VM, 1, "deadlocks"), 0);
}
END_TEST

START_TEST(unit_may_be_dropped_if_unambiguous) {
  bool is_ambiguous;
  ck_assert_str_eq(metric_find(SCOPE_VM, "throughput", &is_ambiguous)->name, "throughput_per_s");
  ck_assert_str_eq(metric_find(SCOPE_VM, "latency_p99", &is_ambiguous)->name, "latency_p99_us");
  ck_assert_ptr_null(metric_find(SCOPE_VM, "costop", &is_ambiguous));
  ck_assert(is_ambiguous);
  ck_assert_str_eq(metric_find(SCOPE_VM, "costops", &is_ambiguous)->name, "costops");
  ck_assert_ptr_null(metric_find(SCOPE_VM, "nothing", &is_ambiguous));
  ck_assert(!is_ambiguous);
  ck_assert_ptr_null(metric_find(SCOPE_VM, "run_", &is_ambiguous));
}
END_TEST

static void check_unit(const struct metric *metric) {
  static const struct {
    const char *suffix, *unit;
  } units[] = {{"_pct", "%"}, {"_us", "us"}, {"_ns", "ns"}, {"_per_s", "1/s"}};
  const char *unit = "1";
  size_t length = strlen(metric->name);
  for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
    size_t n = strlen(units[i].suffix);
    if (length > n && strcmp(metric->name + length - n, units[i].suffix) == 0) unit = units[i].unit;
  }
  if (strcmp(metric->name, "spin_cycles") == 0) unit = "cycles";
  ck_assert_msg(strcmp(metric->unit, unit) == 0, "%s is in %s", metric->name, metric->unit);
}

START_TEST(rows_are_complete_and_names_unique_in_a_table) {
  for (enum scope scope = 0; scope < SCOPES; scope++)
    for (const struct metric *const *metric = metrics_of[scope]; *metric; metric++) {
      ck_assert_ptr_nonnull((*metric)->help);
      ck_assert_ptr_nonnull((*metric)->formula);
      check_unit(*metric);
      for (const struct metric *const *other = metrics_of[scope]; other < metric; other++)
        ck_assert_str_ne((*other)->name, (*metric)->name);
    }
}
END_TEST

START_TEST(entities_are_walked_in_order) {
  static const char *const expected[] = {"db/v0", "db/v1", "noise.0/v0"};
  struct entity entity;
  uint32_t n = 0;
  for (bool more = entity_first(run, SCOPE_VCPU, &entity); more; more = entity_next(run, &entity)) {
    ck_assert_uint_lt(n, 3);
    ck_assert_str_eq(entity_name(run, entity, &arena), expected[n++]);
  }
  ck_assert_uint_eq(n, 3);
  ck_assert(entity_first(run, SCOPE_LOCK, &entity));
  ck_assert_str_eq(entity_name(run, entity, &arena), "db/runq");
  ck_assert(!entity_next(run, &entity));
  ck_assert(entity_first(run, SCOPE_HOST, &entity));
  ck_assert(!entity_next(run, &entity));
}
END_TEST

START_TEST(glossary_knows_terms_and_their_aliases) {
  ck_assert_str_eq(glossary_find("lhp")->name, "LHP");
  ck_assert_str_eq(glossary_find("Lock-Holder Preemption")->name, "LHP");
  ck_assert_str_eq(glossary_find("costop")->name, "co-stop");
  ck_assert_ptr_null(glossary_find("xyzzy"));
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("metrics");
  tcase_add_checked_fixture(tests, setup, teardown);
  tcase_add_test(tests, shares_are_per_vcpu);
  tcase_add_test(tests, runstates_add_up_to_100_and_activities_to_run);
  tcase_add_test(tests, rates_cycles_and_means);
  tcase_add_test(tests, host_shares_are_per_pcpu);
  tcase_add_test(tests, counts_stay_whole);
  tcase_add_test(tests, nothing_measured_is_not_zero);
  tcase_add_test(tests, unit_may_be_dropped_if_unambiguous);
  tcase_add_test(tests, rows_are_complete_and_names_unique_in_a_table);
  tcase_add_test(tests, entities_are_walked_in_order);
  tcase_add_test(tests, glossary_knows_terms_and_their_aliases);
  return suite_run(tests, "study/metrics");
}
