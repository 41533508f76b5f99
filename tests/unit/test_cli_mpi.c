/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What travels between processes arrives as it was sent; and a program without MPI says so. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "cli/mpi_absent.c" /* in place of mpi_link.c */
#include "cli/mpi_wire.h"
#include "study/replicate.h"
#include "study/result_words.h"
#include "study/scenario_bind.h"
#include "support/bound.h"
#include "support/suite.h"

static struct bound bound;
static const struct grid *grid;
static struct shared_cell cell;
static struct crew_unit unit, copy;
static struct arena arena;

/* A thread of db that holds a waits for b, the other way round for the second one: deadlocks, so
   notes. */
static void setup(void) {
  bound_bind(&bound,
             "{'version': 1, 'name': 's', 'host': {'pcpus': 2}, 'hypervisor': {'scheduler': {'kind'"
             ": 'rr'}, 'coscheduling': {'kind': 'relaxed'}}, 'locks': {'a': {'kind': 'ticket'}}, "
             "'programs': {'p': [{'compute': {'exponential': '90us'}}, {'lock': 'a', 'do': ["
             "{'compute': '10us'}, {'lock': 'a', 'hold': '1us'}]}]}, 'vms': {'db': {'vcpus': 2, "
             "'program': 'p'}, 'noise': {'count': 2, 'vcpus': 1, 'program': 'p', 'start': '3ms'}}, "
             "'run': {'duration': '20ms', 'seed': 7}, 'sweep': {'vms.db.vcpus': [1, 2, 3], "
             "'host.ghz': [2, 3.5], 'where': ['vms.db.vcpus != 2']}}");
  ck_assert_ptr_nonnull(bound.scenario);
  grid = grid_of_sweep(bound.scenario, &bound.diags, &bound.arena);
  ck_assert_ptr_nonnull(grid);
  shared_cell_init(&cell);
  shared_cell_open(&cell, grid, 2);
  unit = copy = (struct crew_unit){.cell = &cell, .replication = 5};
}
static void teardown(void) {
  shared_cell_destroy(&cell);
  arena_free(&unit.arena);
  arena_free(&copy.arena);
  arena_free(&arena);
  bound_free(&bound);
}

static void send_and_receive(void) {
  struct mpi_wire wire = mpi_wire_of_result(&unit, &arena);
  struct mpi_unit about = mpi_wire_to_unit(wire);
  ck_assert_uint_eq(about.cell, 2);
  ck_assert_uint_eq(about.replication, 5);
  mpi_wire_to_result(wire, &copy);
}

START_TEST(a_run_arrives_whole) {
  const struct scenario *scenario = shared_cell_scenario(&cell);
  struct replications done =
      replicate_run(scenario, &(struct replicate_options){.first = 5, .n = 1}, &unit.arena);
  ck_assert_uint_eq(done.n, 1);
  unit.run = done.runs[0];
  ck_assert_uint_gt(unit.run->n_notes, 0);
  send_and_receive();
  ck_assert_int_eq(copy.status, RUN_DONE);
  ck_assert_ptr_null(copy.message);
  ck_assert_uint_eq(copy.run->replication, 5);
  ck_assert_ptr_eq(copy.run->scenario, scenario);
  size_t n = result_words_count(scenario);
  int64_t *sent = ARENA_ARRAY(&arena, n, int64_t), *got = ARENA_ARRAY(&arena, n, int64_t);
  result_words_pack(unit.run, sent);
  result_words_pack(copy.run, got);
  ck_assert_mem_eq(sent, got, n * sizeof *sent);
  ck_assert_uint_eq(copy.run->n_notes, unit.run->n_notes);
  for (uint32_t i = 0; i < unit.run->n_notes; i++) {
    ck_assert_int_eq(copy.run->notes[i].at_ns, unit.run->notes[i].at_ns);
    ck_assert_uint_eq(copy.run->notes[i].vm, unit.run->notes[i].vm);
    ck_assert_str_eq(copy.run->notes[i].text, unit.run->notes[i].text);
  }
}
END_TEST

START_TEST(failures_arrive_too) {
  unit.status = RUN_STUCK;
  unit.message = "programs.p.0: round and round";
  send_and_receive();
  ck_assert_int_eq(copy.status, RUN_STUCK);
  ck_assert_str_eq(copy.message, unit.message);
  ck_assert_ptr_null(copy.run);
  unit = (struct crew_unit){.cell = &cell, .replication = 5, .is_unbound = true};
  send_and_receive();
  ck_assert(copy.is_unbound);
  ck_assert_ptr_null(copy.run);
}
END_TEST

/* The others bind the same scenarios: what they would run is the same to the last key. */
START_TEST(cells_arrive_as_they_are) {
  struct mpi_study sent = {.jobs = 3, .guard = {true, 9}}, got;
  struct mpi_wire wire = mpi_wire_of_study(&sent, grid, &arena);
  const struct grid *far = mpi_wire_to_grid(wire, &got, &arena);
  ck_assert_ptr_nonnull(far);
  ck_assert_uint_eq(got.jobs, 3);
  ck_assert(got.guard.paranoid);
  ck_assert_uint_eq(got.guard.max_events, 9);
  ck_assert_uint_eq(far->n_cells, 4);
  for (uint32_t i = 0; i < far->n_cells; i++) {
    struct diags diags = {.arena = &arena};
    const struct scenario *here = grid_bind(grid, i, &diags, &arena),
                          *there = grid_bind(far, i, &diags, &arena);
    ck_assert_str_eq(conf_to_json(&arena, scenario_resolve(here, &arena)),
                     conf_to_json(&arena, scenario_resolve(there, &arena)));
  }
}
END_TEST

START_TEST(without_mpi_nobody_joins) {
  unsetenv("PMIX_RANK");
  unsetenv("OMPI_COMM_WORLD_SIZE");
  ck_assert_int_eq(mpi_link_join(), EX_OK);
  setenv("OMPI_COMM_WORLD_SIZE", "1", 1);
  ck_assert_int_eq(mpi_link_join(), EX_OK);
  setenv("OMPI_COMM_WORLD_SIZE", "2", 1);
  ck_assert_int_eq(mpi_link_join(), EX_UNAVAILABLE);
  unsetenv("OMPI_COMM_WORLD_SIZE");
  setenv("PMIX_RANK", "1", 1);
  ck_assert_int_eq(mpi_link_join(), EX_UNAVAILABLE);
  ck_assert(!mpi_launch_is_first());
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("mpi");
  tcase_add_checked_fixture(tests, setup, teardown);
  tcase_add_test(tests, a_run_arrives_whole);
  tcase_add_test(tests, failures_arrive_too);
  tcase_add_test(tests, cells_arrive_as_they_are);
  tcase_add_test(tests, without_mpi_nobody_joins);
  return suite_run(tests, "mpi");
}
