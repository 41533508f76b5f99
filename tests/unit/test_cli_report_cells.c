/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What many cells come to, for people: their table, and what they have to say besides. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "cli/report_tally.h"
#include "support/fake_result.h"
#include "support/suite.h"

enum { VALUES = 120 };

static struct arena arena;
static struct cli cli;
static struct study_plan plan;
static struct results results;
static struct report report;
static const struct scenario *scenario;
static char *buffer;
static size_t size;
static FILE *to;

/* Two axes: "vms.db.n" with VALUES values 0, 1 …, and another one with the values a and b. */
static void make_grid(const char *other_path) {
  struct axis *axes = ARENA_ARRAY(&arena, 2, struct axis);
  struct conf *numbers = conf_array(&arena), *letters = conf_array(&arena);
  for (uint32_t i = 0; i < VALUES; i++)
    conf_add(&arena, numbers, NULL, conf_literal(&arena, arena_printf(&arena, "%u", i)));
  conf_add(&arena, letters, NULL, conf_string(&arena, "a"));
  conf_add(&arena, letters, NULL, conf_string(&arena, "b"));
  axes[0] = (struct axis){"vms.db.n", numbers};
  axes[1] = (struct axis){other_path, letters};
  struct grid *grid = ARENA_NEW(&arena, struct grid);
  *grid = *grid_of_one(scenario, &arena);
  grid->axes = axes;
  grid->n_axes = 2;
  grid->n_cells = 2 * VALUES;
  plan.study = (struct study){.grid = grid, .min_reps = 1, .max_reps = 1, .n_shards = 1};
}

static void setup(void) {
  scenario = fake_scenario(&arena);
  cli = (struct cli){.arena = &arena, .color = WHEN_NEVER};
  plan = (struct study_plan){0};
  make_grid("hypervisor.coscheduling.kind");
  results = (struct results){.cli = &cli, .plan = &plan};
  report = (struct report){.results = &results, .n_finished = 2 * VALUES, .arena = &arena};
  to = open_memstream(&buffer, &size);
}
static void teardown(void) {
  (void)fclose(to);
  free(buffer);
  arena_free(&arena);
}

static struct results_cell cell_of(uint32_t number) {
  const struct run_result **runs = ARENA_NEW(&arena, const struct run_result *);
  struct run_result *run = fake_result(scenario, 0, &arena);
  struct run_note *note = ARENA_NEW(&arena, struct run_note);
  *note = (struct run_note){.text = "deadlock in db"};
  run->notes = note;
  run->n_notes = 1;
  runs[0] = run;
  return (struct results_cell){.number = number,
                               .is_finished = true,
                               .replications = {.scenario = scenario, .runs = runs, .n = 1},
                               .arena = &arena};
}

/* The summary of cells 0 … n - 1. */
static const char *summary_of(uint32_t n) {
  void *state = report_summary_format.begin(&report, to);
  for (uint32_t i = 0; i < n; i++) {
    struct results_cell cell = cell_of(i);
    report_summary_format.cell(state, &cell);
  }
  report_summary_format.end(state);
  ck_assert_int_eq(fflush(to), 0);
  return buffer;
}

static bool has_line(const char *text, const char *start) {
  for (; text; text = strchr(text, '\n'), text = text ? text + 1 : NULL)
    if (strncmp(text, start, strlen(start)) == 0) return true;
  return false;
}

START_TEST(a_row_for_each_cell_and_vm) {
  const char *text = summary_of(3);
  /* The rule is an axis, so that of the base cell does not belong into the headline. */
  ck_assert(has_line(text, "fake   2 pCPUs, rr 10ms   240 cells, 1 × 3ms each\n"));
  ck_assert(has_line(text, "  cell  db.n  coscheduling.kind  VM       vCPUs   iter/s"));
  ck_assert(has_line(text, "     0     0                  a  db           2  100 000"));
  ck_assert(has_line(text, "                                 noise.0      1 "));
  ck_assert(has_line(text, "     1     0                  b  db "));
  ck_assert(has_line(text, "     2     1                  a  db "));
  ck_assert_ptr_null(strstr(text, "Not finished"));
}
END_TEST

START_TEST(axes_of_one_name_are_told_apart) {
  make_grid("locks.db.n");
  const char *text = summary_of(1);
  ck_assert(has_line(text, "  cell  vms.db.n  locks.db.n  VM "));
}
END_TEST

/* 200 rows, two for each cell. */
START_TEST(long_tables_are_cut) {
  report.n_finished = 103;
  const char *text = summary_of(103);
  ck_assert(has_line(text, "    99    49"));
  ck_assert(!has_line(text, "   100    50"));
  ck_assert(has_line(text, "  ... and 3 more cells; -F csv prints all.\n"));
  ck_assert(has_line(text, "Not finished: 103 of 240 cells are complete.\n"));
}
END_TEST

START_TEST(expectations_are_counted_over_cells) {
  struct expect expect = {.text = "run_pct@db > 10"};
  plan.expects = &expect;
  plan.n_expects = 1;
  struct report_tally tally;
  report_tally_init(&tally, &report);
  for (uint32_t i = 0; i < 9; i++) {
    struct verdict verdict = {
        .expect = &expect, .entity = "db", .stat = {.n = 1, .mean = i}, .holds = i >= 7};
    struct results_cell cell = cell_of(i);
    cell.verdicts = (struct verdicts){&verdict, 1, i < 7};
    report_tally_add(&tally, &cell);
  }
  ck_assert_uint_eq(tally.n_failed, 7);
  report_tally_expects(&tally, true, to);
  ck_assert_int_eq(fflush(to), 0);
  ck_assert(has_line(buffer,
                     "expect run_pct@db > 10: FAILED: cell 3 (vms.db.n=1, "
                     "hypervisor.coscheduling.kind=b): db 3\n"));
  ck_assert_ptr_null(strstr(buffer, "cell 5"));
  ck_assert(has_line(buffer, "... and 2 more of these.\n"));
  ck_assert(has_line(buffer, "expect run_pct@db > 10: holds in 2 of 9 cells\n"));
}
END_TEST

START_TEST(expectations_that_hold_are_told_on_request) {
  struct expect expect = {.text = "run_pct@db > 10"};
  plan.expects = &expect;
  plan.n_expects = 1;
  struct report_tally tally;
  report_tally_init(&tally, &report);
  struct verdict verdict = {.expect = &expect, .entity = "db", .stat = {.n = 1}, .holds = true};
  struct results_cell cell = cell_of(0);
  cell.verdicts = (struct verdicts){&verdict, 1, 0};
  report_tally_add(&tally, &cell);
  report_tally_expects(&tally, true, to);
  ck_assert_int_eq(fflush(to), 0);
  ck_assert_uint_eq(size, 0);
  report_tally_expects(&tally, false, to);
  ck_assert_int_eq(fflush(to), 0);
  ck_assert_str_eq(buffer, "expect run_pct@db > 10: holds in 1 of 1 cells\n");
}
END_TEST

START_TEST(deadlocks_say_where_they_are) {
  struct report_tally tally;
  report_tally_init(&tally, &report);
  for (uint32_t i = 0; i < 6; i++) {
    struct results_cell cell = cell_of(i);
    report_tally_add(&tally, &cell);
  }
  report_tally_notes(&tally, to);
  ck_assert_int_eq(fflush(to), 0);
  ck_assert(has_line(buffer,
                     "In cell 1 (vms.db.n=0, hypervisor.coscheduling.kind=b), replication "
                     "0: deadlock in db\n"));
  ck_assert(has_line(buffer, "... and 1 more of these.\n"));
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("report_cells");
  tcase_add_checked_fixture(tests, setup, teardown);
  tcase_add_test(tests, a_row_for_each_cell_and_vm);
  tcase_add_test(tests, axes_of_one_name_are_told_apart);
  tcase_add_test(tests, long_tables_are_cut);
  tcase_add_test(tests, expectations_are_counted_over_cells);
  tcase_add_test(tests, expectations_that_hold_are_told_on_request);
  tcase_add_test(tests, deadlocks_say_where_they_are);
  return suite_run(tests, "cli/report_cells");
}
