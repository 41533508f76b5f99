/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/table.h"

#include <check.h>
#include <string.h>

#include "support/fake_result.h"
#include "support/suite.h"

static struct arena arena;
static struct replications three;
static const struct grid *grid;

static void setup(void) {
  const struct scenario *scenario = fake_scenario(&arena);
  const struct run_result **runs = ARENA_ARRAY(&arena, 3, const struct run_result *);
  for (uint32_t i = 0; i < 3; i++) runs[i] = fake_result(scenario, i, &arena);
  three = (struct replications){.scenario = scenario, .runs = runs, .n = 3};
  grid = grid_of_one(scenario, &arena);
}
static void teardown(void) { arena_free(&arena); }

static const char *header_of(enum result_table which) {
  struct table table = table_header(grid, which, &arena);
  const char *text = table.columns[0].name;
  for (uint32_t i = 1; i < table.n_columns; i++)
    text = arena_printf(&arena, "%s,%s", text, table.columns[i].name);
  return text;
}

#define SHARES                                                                         \
  "run_pct,ready_pct,costop_pct,idle_pct,useful_pct,critical_pct,spin_pct,kernel_pct," \
  "overhead_pct,spin_contended_pct,spin_lhp_pct,spin_lhp_costop_pct,spin_lwp_pct,"     \
  "spin_self_pct,spin_cycles,spin_ns,costop_ns,ready_ns,"

START_TEST(columns_are_as_published) {
  ck_assert_str_eq(
      header_of(TABLE_VM),
      "cell,replication,seed,vm,vcpus,throughput_per_s," SHARES
      "skew_mean_us,skew_p99_us,skew_max_us,hazard_pct,lhp_events,lwp_events,costops,"
      "preemptions,migrations,latency_mean_us,latency_p50_us,latency_p99_us,"
      "latency_max_us,deadlocks,ple_exits,smt_shared_pct,delays,delay_timeouts,poll_pct,poll_hits");
  ck_assert_str_eq(header_of(TABLE_VCPU),
                   "cell,replication,seed,vm,vcpu," SHARES
                   "lead_max_us,dispatches,preemptions,migrations,costops,lhp_events,lwp_events,"
                   "ple_exits,smt_shared_pct,delays,delay_timeouts,poll_pct,poll_hits");
  ck_assert_str_eq(header_of(TABLE_LOCK),
                   "cell,replication,seed,vm,lock,kind,acquisitions,contended,wait_mean_us,"
                   "wait_p50_us,wait_p99_us,wait_max_us,hold_mean_us,hold_p50_us,hold_p99_us,"
                   "hold_max_us,spin_contended_ns,spin_lhp_ns,spin_lhp_costop_ns,spin_lwp_ns,"
                   "spin_self_ns");
  ck_assert_str_eq(header_of(TABLE_HOST),
                   "cell,replication,seed,utilisation_pct,fragmentation_pct,overhead_pct,"
                   "context_switches,events,forced_idle_pct");
  ck_assert_str_eq(header_of(TABLE_SUMMARY),
                   "cell,scope,entity,metric,unit,n,mean,sd,ci_low,ci_high,rel_half_width_pct");
}
END_TEST

START_TEST(rows_come_by_replication_then_entity) {
  static const uint32_t per_run[] = {
      [TABLE_VM] = 2, [TABLE_VCPU] = 3, [TABLE_LOCK] = 1, [TABLE_HOST] = 1};
  for (enum result_table which = 0; which < TABLE_SUMMARY; which++) {
    struct table table = table_build(grid, 0, &three, which, &arena);
    ck_assert_uint_eq(table.n_rows, 3 * per_run[which]);
    for (uint32_t row = 0; row < table.n_rows; row++) {
      ck_assert_uint_eq(table_row(&table, row)[1].count, row / per_run[which]);
      ck_assert_uint_eq(table_row(&table, row)[2].count, 7);
    }
  }
  struct table vcpus = table_build(grid, 0, &three, TABLE_VCPU, &arena);
  ck_assert_str_eq(table_row(&vcpus, 4)[3].text, "db");
  ck_assert_uint_eq(table_row(&vcpus, 4)[4].count, 1);
  struct table locks = table_build(grid, 0, &three, TABLE_LOCK, &arena);
  ck_assert_str_eq(table_row(&locks, 0)[5].text, "ticket");
}
END_TEST

static const struct cell *summary_row(const struct table *table, const char *entity,
                                      const char *metric) {
  for (uint32_t row = 0; row < table->n_rows; row++)
    if (strcmp(table_row(table, row)[2].text, entity) == 0 &&
        strcmp(table_row(table, row)[3].text, metric) == 0)
      return table_row(table, row);
  ck_abort_msg("no row of %s, %s", entity, metric);
}

/* Rates of 300, 310, 320 iterations in 3 ms; t(0.975, 2) = 4.302652729911275. */
START_TEST(summary_has_student_intervals) {
  struct table table = table_build(grid, 0, &three, TABLE_SUMMARY, &arena);
  const struct cell *row = summary_row(&table, "db", "throughput_per_s");
  double sd = 1e4 / 3, half = 4.302652729911275 * sd / 1.7320508075688772;
  ck_assert_str_eq(row[1].text, "vm");
  ck_assert_str_eq(row[4].text, "1/s");
  ck_assert_uint_eq(row[5].count, 3);
  ck_assert_double_eq_tol(row[6].real, 310e3 / 3, 1e-8);
  ck_assert_double_eq_tol(row[7].real, sd, 1e-8);
  ck_assert_double_eq_tol(row[8].real, 310e3 / 3 - half, 1e-5);
  ck_assert_double_eq_tol(row[9].real, 310e3 / 3 + half, 1e-5);
  ck_assert_double_eq_tol(row[10].real, 100 * half / (310e3 / 3), 1e-7);
}
END_TEST

START_TEST(summary_leaves_empty_what_there_is_not) {
  struct table table = table_build(grid, 0, &three, TABLE_SUMMARY, &arena);
  const struct cell *row = summary_row(&table, "noise.0", "latency_mean_us");
  ck_assert_uint_eq(row[5].count, 0);
  for (uint32_t i = 6; i < table.n_columns; i++) ck_assert_int_eq(row[i].kind, CELL_NONE);
  three.n = 1;
  table = table_build(grid, 0, &three, TABLE_SUMMARY, &arena);
  row = summary_row(&table, "host", "events");
  ck_assert_double_eq(row[6].real, 1234);
  ck_assert_int_eq(row[7].kind, CELL_NONE);
  ck_assert_int_eq(row[8].kind, CELL_NONE);
}
END_TEST

START_TEST(no_replications_make_empty_tables) {
  three.n = 0;
  for (enum result_table which = 0; which < RESULT_TABLES; which++)
    ck_assert_uint_eq(table_build(grid, 0, &three, which, &arena).n_rows, 0);
}
END_TEST

/* {"n": [1, 2.5], "w": ["2ms", {"exponential": "3us"}]}: cell 3 is the last of the 4. */
static const struct grid *grid_of_axes(void) {
  struct axis *axes = ARENA_ARRAY(&arena, 2, struct axis);
  struct conf *numbers = conf_array(&arena), *texts = conf_array(&arena);
  struct conf *object = conf_object(&arena);
  conf_add(&arena, numbers, NULL, conf_literal(&arena, "1"));
  conf_add(&arena, numbers, NULL, conf_literal(&arena, "2.50"));
  conf_add(&arena, texts, NULL, conf_string(&arena, "2ms"));
  conf_add(&arena, object, "exponential", conf_string(&arena, "3us"));
  conf_add(&arena, texts, NULL, object);
  axes[0] = (struct axis){"vms.db.n", numbers};
  axes[1] = (struct axis){"vms.db.w", texts};
  struct grid *axial = ARENA_NEW(&arena, struct grid);
  *axial = *grid;
  axial->axes = axes;
  axial->n_axes = 2;
  axial->n_cells = 4;
  return axial;
}

START_TEST(axes_stand_behind_the_cell) {
  grid = grid_of_axes();
  for (enum result_table which = 0; which < RESULT_TABLES; which++) {
    struct table table = table_build(grid, 3, &three, which, &arena);
    ck_assert_str_eq(table.columns[0].name, "cell");
    ck_assert_str_eq(table.columns[1].name, "vms.db.n");
    ck_assert_str_eq(table.columns[2].name, "vms.db.w");
    ck_assert_str_eq(table.columns[3].name, which == TABLE_SUMMARY ? "scope" : "replication");
    for (uint32_t row = 0; row < table.n_rows; row++) {
      const struct cell *cells = table_row(&table, row);
      ck_assert_uint_eq(cells[0].count, 3);
      ck_assert(cells[1].kind == CELL_REAL && cells[1].real == 2.5);
      ck_assert_str_eq(cells[2].text, "{ \"exponential\": \"3us\" }");
    }
  }
  struct table first = table_build(grid, 0, &three, TABLE_HOST, &arena);
  ck_assert(table_row(&first, 0)[1].real == 1);
  ck_assert_str_eq(table_row(&first, 0)[2].text, "2ms");
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("table");
  tcase_add_checked_fixture(tests, setup, teardown);
  tcase_add_test(tests, columns_are_as_published);
  tcase_add_test(tests, rows_come_by_replication_then_entity);
  tcase_add_test(tests, summary_has_student_intervals);
  tcase_add_test(tests, summary_leaves_empty_what_there_is_not);
  tcase_add_test(tests, no_replications_make_empty_tables);
  tcase_add_test(tests, axes_stand_behind_the_cell);
  return suite_run(tests, "study/table");
}
