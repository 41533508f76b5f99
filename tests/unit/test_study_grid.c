/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which values a cell has, and what it is bound to. */
#include "study/grid.h"

#include <check.h>
#include <string.h>

#include "hv/cosched.h"
#include "study/scenario_bind.h"
#include "support/bound.h"
#include "support/suite.h"

static struct bound bound;

static void forget(void) { bound_free(&bound); }

#define FILE_WITH(sweep)                             \
  "{ 'host': { 'pcpus': 4 },"                        \
  "  'programs': { 'p': [ { 'compute': '1ms' } ] }," \
  "  'vms': { 'a': { 'vcpus': 2, 'program': 'p' } }" sweep "}"

#define TWO_BY_THREE                                    \
  ", 'sweep': { 'vms.a.vcpus': [ 2, 4 ],"               \
  "  'hypervisor.coscheduling': [ { 'kind': 'none' }, " \
  "      { 'kind': 'strict', 'skew_limit': '1ms' }, { 'kind': 'relaxed' } ] }"

static const struct grid *grid_for(const char *text) {
  bound_bind(&bound, text);
  ck_assert_ptr_nonnull(bound.scenario);
  return grid_of_sweep(bound.scenario, &bound.diags, &bound.arena);
}

START_TEST(a_scenario_without_axes_is_one_cell) {
  const struct grid *grid = grid_for(FILE_WITH(""));
  ck_assert_uint_eq(grid->n_cells, 1);
  ck_assert_uint_eq(grid->n_axes, 0);
  ck_assert_str_eq(grid_cell_name(grid, 0, &bound.arena), "");
  ck_assert_uint_eq(grid_bind(grid, 0, &bound.diags, &bound.arena)->vms[0].guest.n_vcpus, 2);
}
END_TEST

START_TEST(the_last_axis_is_the_fastest) {
  const struct grid *grid = grid_for(FILE_WITH(TWO_BY_THREE));
  static const char *const names[] = {
      "vms.a.vcpus=2, hypervisor.coscheduling={ \"kind\": \"none\" }",
      "vms.a.vcpus=2, hypervisor.coscheduling={ \"kind\": \"strict\", \"skew_limit\": \"1ms\" }",
      "vms.a.vcpus=2, hypervisor.coscheduling={ \"kind\": \"relaxed\" }",
      "vms.a.vcpus=4, hypervisor.coscheduling={ \"kind\": \"none\" }",
      "vms.a.vcpus=4, hypervisor.coscheduling={ \"kind\": \"strict\", \"skew_limit\": \"1ms\" }",
      "vms.a.vcpus=4, hypervisor.coscheduling={ \"kind\": \"relaxed\" }"};
  ck_assert_uint_eq(grid->n_cells, sizeof names / sizeof *names);
  for (uint32_t cell = 0; cell < grid->n_cells; cell++)
    ck_assert_str_eq(grid_cell_name(grid, cell, &bound.arena), names[cell]);
}
END_TEST

START_TEST(axes_that_advance_together_have_a_cell_per_value) {
  const struct grid *grid =
      grid_for(FILE_WITH(", 'sweep': { 'vms.a.vcpus': '1..4*2', 'host.pcpus': [ 8, 7, 6 ],"
                         "'zip': true }"));
  ck_assert_uint_eq(grid->n_cells, 3);
  ck_assert_str_eq(grid_cell_name(grid, 1, &bound.arena), "vms.a.vcpus=2, host.pcpus=7");
}
END_TEST

START_TEST(axes_of_different_lengths_do_not_advance_together) {
  ck_assert_ptr_null(grid_for(
      FILE_WITH(", 'sweep': { 'vms.a.vcpus': '1..4', 'host.pcpus': [ 8, 7 ], 'zip': true }")));
  ck_assert_ptr_nonnull(
      strstr(bound_diag(&bound, "sweep")->message, "vms.a.vcpus has 4, host.pcpus has 2"));
}
END_TEST

/* The cells that meet the condition, by name; NULL: refused. */
static const char *cells_where(const char *sweep, const char *condition) {
  const char *text = arena_printf(&bound.arena, FILE_WITH(", 'sweep': { %s, 'where': [ '%s' ] }"),
                                  sweep, condition);
  const struct grid *grid = grid_for(text);
  const char *names = "";
  for (uint32_t cell = 0; grid && cell < grid->n_cells; cell++)
    names = arena_printf(&bound.arena, "%s%s%s", names, cell ? "; " : "",
                         grid_cell_name(grid, cell, &bound.arena));
  return grid ? names : NULL;
}

static void check_where(const char *sweep, const char *condition, const char *expected) {
  const char *cells = cells_where(sweep, condition);
  ck_assert_msg(cells && strcmp(cells, expected) == 0, "%s: %s, expected %s", condition,
                cells ? cells : bound.diags.items[0].message, expected);
  forget();
}

START_TEST(conditions_compare_what_a_cell_is) {
  static const char widths[] = "'vms.a.vcpus': [ 2, 3, 5 ]";
  check_where(widths, "vms.a.vcpus <= host.pcpus", "vms.a.vcpus=2; vms.a.vcpus=3");
  check_where(widths, "4 < vms.a.vcpus", "vms.a.vcpus=5");
  check_where(widths, "vms.a.vcpus!=3.0", "vms.a.vcpus=2; vms.a.vcpus=5");
  check_where(widths, "vms.a.threads == 5", "vms.a.vcpus=5"); /* by default one per vCPU */
  check_where(widths, "vms.a.count == none",
              "vms.a.vcpus=2; vms.a.vcpus=3; vms.a.vcpus=5"); /* defaults */
  check_where("'run.duration': [ '900us', '1ms', '2ms' ]", "run.duration >= 1000us",
              "run.duration=1ms; run.duration=2ms");
  check_where("'run.warmup': [ '0', '1ms' ]", "run.warmup == 0", "run.warmup=0");
  check_where("'programs.p.0.compute': [ '1ms', '2ms' ]", "programs.p.0.compute > 1ms",
              "programs.p.0.compute=2ms");
  check_where("'hypervisor.coscheduling.kind': [ 'none', 'strict' ]",
              "hypervisor.coscheduling.kind == strict", "hypervisor.coscheduling.kind=strict");
}
END_TEST

/* Under none there is nothing to poll. */
START_TEST(cells_without_such_a_path_are_left_out) {
  check_where("'hypervisor.coscheduling.kind': [ 'none', 'relaxed' ]",
              "hypervisor.coscheduling.poll < 1s", "hypervisor.coscheduling.kind=relaxed");
}
END_TEST

/* 5 vCPUs under null are an error on 4 pCPUs, but nobody asks for them. */
START_TEST(conditions_come_before_errors) {
  const char *cells =
      cells_where("'hypervisor.scheduler.kind': [ 'null' ], 'vms.a.vcpus': [ 4, 5 ]",
                  "vms.a.vcpus < host.pcpus");
  ck_assert_ptr_null(cells);
  ck_assert_ptr_nonnull(strstr(bound_diag(&bound, "sweep.where")->message, "none of 2"));
  forget();
  check_where("'hypervisor.scheduler.kind': [ 'null' ], 'vms.a.vcpus': [ 4, 5 ]",
              "vms.a.vcpus <= host.pcpus", "hypervisor.scheduler.kind=null, vms.a.vcpus=4");
}
END_TEST

START_TEST(conditions_that_make_no_sense_are_refused) {
  static const char *const senseless[] = {"vms.a.vcpu > 1", "vms.a > 1", "vms.a.vcpus > 1ms",
                                          "vms.a.program < p", "run.duration == 5"};
  for (size_t i = 0; i < sizeof senseless / sizeof *senseless; i++) {
    ck_assert_msg(!cells_where("'vms.a.vcpus': [ 1, 2 ]", senseless[i]), "%s", senseless[i]);
    ck_assert_uint_eq(bound.diags.n_errors, 1); /* once for all cells */
    forget();
  }
}
END_TEST

START_TEST(cells_are_the_file_with_the_values_set) {
  const struct grid *grid = grid_for(FILE_WITH(TWO_BY_THREE));
  const struct scenario *cell = grid_bind(grid, 4, &bound.diags, &bound.arena);
  ck_assert_ptr_nonnull(cell);
  ck_assert_uint_eq(cell->vms[0].guest.n_vcpus, 4);
  ck_assert_uint_eq(cell->vms[0].guest.n_threads, 4);
  ck_assert_ptr_eq(cell->hypervisor.coscheduling.kind, &cosched_strict.kind);
  ck_assert_ptr_null(cell->sweep);
  ck_assert_uint_eq(grid->base->vms[0].guest.n_vcpus, 2);
  ck_assert_uint_eq(bound.diags.n, 0);
}
END_TEST

START_TEST(keys_of_a_kind_that_an_axis_switches_are_no_surprise) {
  const struct grid *grid =
      grid_for(FILE_WITH(", 'hypervisor': { 'coscheduling': { 'kind': 'relaxed', 'poll': '2ms' } },"
                         "'sweep': { 'hypervisor.coscheduling.kind': [ 'none', 'relaxed' ] }"));
  ck_assert_ptr_nonnull(grid_bind(grid, 0, &bound.diags, &bound.arena));
  ck_assert_uint_eq(bound.diags.n, 0);
}
END_TEST

START_TEST(a_cell_that_cannot_be_is_refused) {
  const struct grid *grid =
      grid_for(FILE_WITH(", 'sweep': { 'vms.a.vcpus': [ 1, 5 ],"
                         "'hypervisor.scheduler.kind': [ 'rr', 'null' ] }"));
  for (uint32_t cell = 0; cell < 3; cell++)
    ck_assert_ptr_nonnull(grid_bind(grid, cell, &bound.diags, &bound.arena));
  ck_assert_ptr_null(grid_bind(grid, 3, &bound.diags, &bound.arena)); /* 5 vCPUs on 4 pCPUs */
  ck_assert_uint_eq(bound.diags.n_errors, 1);
  ck_assert_ptr_nonnull(grid_bind(grid, 0, &bound.diags, &bound.arena));
}
END_TEST

/* 3 of 4 pCPU counts are too few for one of two schedulers; one warning is common to all cells. */
START_TEST(problems_of_cells_are_said_once) {
  const struct grid *grid =
      grid_for(FILE_WITH(", 'locks': { 'l': { 'kind': 'mutex', 'spin_limit': '1ms' } },"
                         "'sweep': { 'hypervisor.scheduler.kind': [ 'rr', 'null' ],"
                         "'host.pcpus': '1..4', 'vms.a.vcpus': [ 4 ] }"));
  bound.diags.n = 0;
  grid_check(grid, &bound.diags);
  ck_assert_uint_eq(bound.diags.n, 4);
  ck_assert_uint_eq(bound.diags.n_errors, 3); /* "4 vCPUs, 1 pCPUs" and so on */
  const struct diag *first = bound_diag(&bound, "hypervisor.scheduler.kind");
  ck_assert_str_eq(first->cells, "cell 4: hypervisor.scheduler.kind=null, host.pcpus=1");
  ck_assert_ptr_null(bound_diag(&bound, "locks.l.spin_limit")->cells);
}
END_TEST

/* Of 2 x 3 x 2 cells 3 have 5 vCPUs under null. */
START_TEST(cells_with_a_problem_are_named_by_what_they_share) {
  const struct grid *grid = grid_for(
      FILE_WITH(", 'sweep': { 'vms.a.vcpus': [ 1, 5 ],"
                "'run.seed': [ 1, 2, 3 ], 'hypervisor.scheduler.kind': [ 'rr', 'null' ] }"));
  grid_check(grid, &bound.diags);
  ck_assert_uint_eq(bound.diags.n, 1);
  ck_assert_str_eq(bound.diags.items[0].cells,
                   "cell 7 and 2 more: vms.a.vcpus=5, hypervisor.scheduler.kind=null");
}
END_TEST

START_TEST(few_of_many_problems_are_said) {
  const struct grid *grid =
      grid_for(FILE_WITH(", 'sweep': { 'hypervisor.scheduler.kind': [ 'null' ],"
                         "'vms.a.vcpus': '3..104' }"));
  grid_check(grid, &bound.diags);
  ck_assert_uint_eq(bound.diags.n, 20);
  ck_assert_uint_eq(bound.diags.n_errors, 100);
  ck_assert_uint_eq(bound.diags.n_dropped, 80);
}
END_TEST

START_TEST(the_base_cell_leaves_axes_aside) {
  bound_bind(&bound, FILE_WITH(TWO_BY_THREE));
  const struct grid *grid = grid_of_one(bound.scenario, &bound.arena);
  ck_assert_uint_eq(grid->n_cells, 1);
  ck_assert_ptr_null(conf_find(grid_to_conf(grid, &bound.arena), "sweep"));
  const struct scenario *cell = grid_bind(grid, 0, &bound.diags, &bound.arena);
  ck_assert_uint_eq(cell->vms[0].guest.n_vcpus, 2);
}
END_TEST

/* What decides the results is a scenario again, with the same cells. */
static void check_written(const char *text) {
  const struct grid *grid = grid_for(text);
  const struct conf *written = grid_to_conf(grid, &bound.arena);
  const struct scenario *again = scenario_bind(written, &bound.diags, &bound.arena);
  const struct grid *second = grid_of_sweep(again, &bound.diags, &bound.arena);
  ck_assert_uint_eq(second->n_cells, grid->n_cells);
  for (uint32_t cell = 0; cell < grid->n_cells; cell++) {
    ck_assert_str_eq(grid_cell_name(grid, cell, &bound.arena),
                     grid_cell_name(second, cell, &bound.arena));
    const struct scenario *one = grid_bind(grid, cell, &bound.diags, &bound.arena);
    const struct scenario *two = grid_bind(second, cell, &bound.diags, &bound.arena);
    ck_assert_str_eq(conf_to_json(&bound.arena, scenario_resolve(one, &bound.arena)),
                     conf_to_json(&bound.arena, scenario_resolve(two, &bound.arena)));
  }
  ck_assert_uint_eq(bound.diags.n, 0);
  forget();
}

START_TEST(a_grid_written_out_is_the_same_grid) {
  check_written(FILE_WITH(TWO_BY_THREE));
  check_written(
      FILE_WITH(", 'sweep': { 'zip': true, 'vms.a.vcpus': [ 1, 3, 2 ],"
                "'host.pcpus': '2..4', 'where': [ 'vms.a.vcpus < host.pcpus' ] }"));
}
END_TEST

START_TEST(too_many_cells_are_refused) {
  ck_assert_ptr_null(grid_for(FILE_WITH(
      ", 'sweep': { 'run.seed': '1..1000', 'vms.a.vcpus': '1..1000', 'host.pcpus': '1..2' }")));
  ck_assert_str_eq(bound_diag(&bound, "sweep")->message, "more than 1000000 cells");
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("grid");
  tcase_add_checked_fixture(tests, NULL, forget);
  tcase_add_test(tests, a_scenario_without_axes_is_one_cell);
  tcase_add_test(tests, the_last_axis_is_the_fastest);
  tcase_add_test(tests, axes_that_advance_together_have_a_cell_per_value);
  tcase_add_test(tests, axes_of_different_lengths_do_not_advance_together);
  tcase_add_test(tests, conditions_compare_what_a_cell_is);
  tcase_add_test(tests, cells_without_such_a_path_are_left_out);
  tcase_add_test(tests, conditions_come_before_errors);
  tcase_add_test(tests, conditions_that_make_no_sense_are_refused);
  tcase_add_test(tests, problems_of_cells_are_said_once);
  tcase_add_test(tests, cells_with_a_problem_are_named_by_what_they_share);
  tcase_add_test(tests, few_of_many_problems_are_said);
  tcase_add_test(tests, cells_are_the_file_with_the_values_set);
  tcase_add_test(tests, keys_of_a_kind_that_an_axis_switches_are_no_surprise);
  tcase_add_test(tests, a_cell_that_cannot_be_is_refused);
  tcase_add_test(tests, the_base_cell_leaves_axes_aside);
  tcase_add_test(tests, a_grid_written_out_is_the_same_grid);
  tcase_add_test(tests, too_many_cells_are_refused);
  return suite_run(tests, "study/grid");
}
