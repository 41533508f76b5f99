/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which values a cell has, and what it is bound to. */
#include "study/grid.h"

#include <check.h>
#include <string.h>

#include "hv/cosched.h"
#include "study/scenario_bind.h"
#include "support/bound.h"

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
  struct grid grid =
      *grid_for(FILE_WITH(", 'sweep': { 'vms.a.vcpus': '1..4*2', 'host.pcpus': [ 8, 7, 6 ], "
                          "'host.ghz': [ 1, 2, 3 ] }"));
  grid.is_zipped = true;
  grid.n_cells = 3;
  ck_assert_str_eq(grid_cell_name(&grid, 1, &bound.arena),
                   "vms.a.vcpus=2, host.pcpus=7, host.ghz=2");
  const uint64_t picks[] = {0, 2};
  grid.picks = picks;
  grid.n_cells = 2;
  ck_assert_str_eq(grid_cell_name(&grid, 1, &bound.arena),
                   "vms.a.vcpus=4, host.pcpus=6, host.ghz=3");
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
START_TEST(a_grid_written_out_is_the_same_grid) {
  const struct grid *grid = grid_for(FILE_WITH(TWO_BY_THREE));
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
  tcase_add_test(tests, cells_are_the_file_with_the_values_set);
  tcase_add_test(tests, keys_of_a_kind_that_an_axis_switches_are_no_surprise);
  tcase_add_test(tests, a_cell_that_cannot_be_is_refused);
  tcase_add_test(tests, the_base_cell_leaves_axes_aside);
  tcase_add_test(tests, a_grid_written_out_is_the_same_grid);
  tcase_add_test(tests, too_many_cells_are_refused);
  Suite *suite = suite_create("study/grid");
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
