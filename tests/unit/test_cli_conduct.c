/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Studies on threads: what is in the store afterwards depends on the study only. The machine is a
   fake whose runs take a while, each another. */
#include "cli/conduct.h"

#include <check.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "study/machine.h"
#include "study/precision.h"
#include "support/bound.h"
#include "support/suite.h"

enum { CELLS = 4, REPS_MAX = 64, SECOND_NS = 1000000000 };

static struct bound bound;
static struct cli cli;
static struct arena cli_arena;
static struct study study;
static struct precision precision;
static struct store *store;
static volatile sig_atomic_t interrupt;

/* What the fake machine does and has seen. */
static atomic_uint n_runs, seen[CELLS][REPS_MAX];
static unsigned interrupt_after; /* that many runs; 0: never */
static unsigned stuck_from;      /* replication; 0: never */
static bool takes_long, takes_no_time;

static uint32_t cell_of(const struct scenario *scenario) {
  return scenario->vms[0].guest.n_vcpus - 1;
}
/* Spread over 100 … 139, the more evenly the higher the cell: cells need different numbers. */
static uint64_t iterations(uint32_t cell, uint32_t replication) {
  uint32_t mixed = (replication * 2654435761u + cell * 40503u) >> 16;
  return 100 + mixed % (40u >> cell);
}

uint64_t machine_memory(const struct scenario *scenario) { return scenario->n_vms; }
bool machine_horizon_fits(const struct scenario *scenario, int64_t *longest_ns) {
  *longest_ns = scenario->run.duration_ns;
  return true;
}
struct run_result *machine_run(const struct scenario *scenario,
                               const struct machine_options *options, struct arena *arena) {
  uint32_t cell = cell_of(scenario), replication = options->replication;
  struct run_result *run = ARENA_NEW(arena, struct run_result);
  struct vm_result *vm = ARENA_NEW(arena, struct vm_result);
  vm->spec = &scenario->vms[0];
  vm->vcpus = ARENA_ARRAY(arena, cell + 1, struct vcpu_result);
  vm->iterations = iterations(cell, replication);
  *run = (struct run_result){.scenario = scenario,
                             .replication = replication,
                             .seed = scenario->run.seed,
                             .window_ns = SECOND_NS,
                             .vms = vm};
  for (int i = 0; takes_long && i < 60 && !__atomic_load_n(options->interrupt, __ATOMIC_RELAXED);
       i++)
    usleep(1000);
  if (!takes_no_time) usleep((replication * 7919u + cell * 31u) % 13 * 100);
  if (takes_long && __atomic_load_n(options->interrupt, __ATOMIC_RELAXED))
    run->status = RUN_INTERRUPTED;
  if (stuck_from && replication >= stuck_from) run->status = RUN_STUCK;
  if (run->status == RUN_STUCK) run->message = "round and round";
  seen[cell][replication]++;
  if (++n_runs == interrupt_after) __atomic_store_n(&interrupt, 2, __ATOMIC_RELAXED);
  return run;
}

static void setup_store(void) {
  const struct store_identity identity = {.study_json = "{}", .version = "1"};
  ck_assert_int_eq(store_create(NULL, &identity, &store), EX_OK);
}
static void teardown_store(void) { ck_assert_int_eq(store_close(store), EX_OK); }

static void setup(void) {
  bound_bind(&bound,
             "{'version': 1, 'name': 's', 'host': {'pcpus': 4}, 'hypervisor': {'scheduler': "
             "{'kind': 'rr'}, 'coscheduling': {'kind': 'none'}}, 'programs': {'p': [{'compute': "
             "'1ms'}]}, 'vms': {'db': {'vcpus': 1, 'program': 'p'}}, 'run': {'duration': '1s', "
             "'replications': 10}, 'sweep': {'vms.db.vcpus': [1, 2, 3, 4]}}");
  ck_assert_ptr_nonnull(bound.scenario);
  study = (struct study){.grid = grid_of_sweep(bound.scenario, &bound.diags, &bound.arena),
                         .min_reps = 10,
                         .max_reps = 10,
                         .n_shards = 1};
  interrupt = 0;
  cli = (struct cli){.verbosity = -1, .interrupt = &interrupt, .arena = &cli_arena, .n_shards = 1};
  clock_gettime(CLOCK_MONOTONIC, &cli.started);
  setup_store();
}
static void teardown(void) {
  teardown_store();
  bound_free(&bound);
  arena_free(&cli_arena);
}

static void demand(double pct, uint32_t min_reps, uint32_t max_reps) {
  const char *fault = precision_parse(bound.scenario, "throughput@db=1", &bound.arena, &precision);
  ck_assert_ptr_null(fault);
  precision.pct = pct;
  study.precisions = &precision;
  study.n_precisions = 1;
  study.min_reps = min_reps;
  study.max_reps = max_reps;
}

static int run_with(uint32_t jobs) {
  cli.jobs = jobs;
  return conduct_run(
      &(struct conduct){.cli = &cli, .study = &study, .store = store, .trace = NULL});
}

/* The rule by the book: one prefix after the other. */
static uint32_t wanted(uint32_t cell) {
  struct arena arena = {0};
  struct diags diags = {.arena = &arena};
  const struct scenario *scenario = grid_bind(study.grid, cell, &diags, &arena);
  const struct run_result *runs[REPS_MAX];
  struct replications prefix = {.scenario = scenario, .runs = runs};
  while (!study_is_enough(&study, &prefix)) {
    struct run_result *run = ARENA_NEW(&arena, struct run_result);
    struct vm_result *vm = ARENA_NEW(&arena, struct vm_result);
    *vm = (struct vm_result){.spec = &scenario->vms[0], .iterations = iterations(cell, prefix.n)};
    *run = (struct run_result){.scenario = scenario, .vms = vm, .window_ns = SECOND_NS};
    runs[prefix.n++] = run;
  }
  arena_free(&arena);
  return prefix.n;
}

/* The store has replications first … first + n - 1 of the cell, and the right ones. */
static void expect_cell(uint32_t cell, uint32_t first, uint32_t n) {
  struct arena arena = {0};
  struct diags diags = {.arena = &arena};
  struct replications got = {0};
  const struct scenario *scenario = grid_bind(study.grid, cell, &diags, &arena);
  ck_assert_int_eq(store_get(store, cell, scenario, &arena, &got), EX_OK);
  ck_assert_uint_eq(got.n, n);
  for (uint32_t i = 0; i < n; i++) {
    ck_assert_uint_eq(got.runs[i]->replication, first + i);
    ck_assert_uint_eq(got.runs[i]->vms[0].iterations, iterations(cell, first + i));
  }
  ck_assert(store_is_finished(store, cell));
  arena_free(&arena);
}

START_TEST(every_replication_of_every_cell_once) {
  ck_assert_int_eq(run_with((uint32_t)_i), EX_OK);
  for (uint32_t cell = 0; cell < CELLS; cell++) expect_cell(cell, 0, 10);
  ck_assert_uint_eq(n_runs, CELLS * 10);
  /* Again: there is nothing left to do. */
  ck_assert_int_eq(run_with((uint32_t)_i), EX_OK);
  ck_assert_uint_eq(n_runs, CELLS * 10);
}
END_TEST

/* Runs may end while we look elsewhere. */
START_TEST(no_result_is_missed) {
  takes_no_time = true;
  study.min_reps = study.max_reps = 1;
  for (study.first = 0; study.first < REPS_MAX; study.first++) {
    ck_assert_int_eq(run_with(3), EX_OK);
    for (uint32_t cell = 0; cell < CELLS; cell++) ck_assert(store_has(store, cell, study.first));
    teardown_store();
    setup_store();
  }
}
END_TEST

START_TEST(one_replication_alone) {
  study.first = 7;
  study.min_reps = study.max_reps = 1;
  ck_assert_int_eq(run_with(2), EX_OK);
  for (uint32_t cell = 0; cell < CELLS; cell++) expect_cell(cell, 7, 1);
}
END_TEST

START_TEST(precision_does_not_depend_on_jobs) {
  demand(4, 4, 60);
  ck_assert_int_eq(run_with((uint32_t)_i), EX_OK);
  for (uint32_t cell = 0; cell < CELLS; cell++) expect_cell(cell, 0, wanted(cell));
  ck_assert_uint_gt(wanted(0), wanted(3));
  ck_assert_uint_gt(wanted(0), 10);
}
END_TEST

START_TEST(one_worker_guesses_nothing) {
  demand(4, 4, 60);
  ck_assert_int_eq(run_with(1), EX_OK);
  uint32_t n_wanted = 0;
  for (uint32_t cell = 0; cell < CELLS; cell++) n_wanted += wanted(cell);
  ck_assert_uint_eq(n_runs, n_wanted);
}
END_TEST

START_TEST(workers_that_would_be_idle_guess) {
  demand(4, 4, 60);
  study.grid = grid_of_one(bound.scenario, &bound.arena);
  takes_long = true; /* 60 ms each; with one at a time behind the minimum there would be no gain */
  ck_assert_int_eq(run_with(32), EX_OK);
  expect_cell(0, 0, wanted(0));
  ck_assert_uint_gt(n_runs, wanted(0));
  for (uint32_t replication = 0; replication < wanted(0); replication++)
    ck_assert_uint_eq(seen[0][replication], 1);
}
END_TEST

START_TEST(what_never_becomes_precise_ends) {
  demand(1e-6, 4, 12);
  ck_assert_int_eq(run_with(3), EX_OK);
  for (uint32_t cell = 0; cell < CELLS; cell++) expect_cell(cell, 0, 12);
}
END_TEST

/* Puts what an earlier session may have left: every replication that divides by `step`. */
static void leave(uint32_t cell, uint32_t n, uint32_t step) {
  struct arena arena = {0};
  struct diags diags = {.arena = &arena};
  const struct scenario *scenario = grid_bind(study.grid, cell, &diags, &arena);
  ck_assert_int_eq(store_begin(store), EX_OK);
  for (uint32_t i = 0; i < n; i += step) {
    volatile sig_atomic_t never = 0;
    const struct machine_options options = {.replication = i, .interrupt = &never};
    ck_assert_int_eq(store_put(store, cell, machine_run(scenario, &options, &arena)), EX_OK);
  }
  ck_assert_int_eq(store_commit(store), EX_OK);
  arena_free(&arena);
}

START_TEST(what_is_there_is_not_run_again) {
  if (_i) demand(4, 4, 60);
  leave(0, 4, 1);
  leave(1, 10, 3);
  leave(2, 4, 2);
  ck_assert_int_eq(run_with(3), EX_OK);
  for (uint32_t cell = 0; cell < CELLS; cell++) {
    expect_cell(cell, 0, wanted(cell));
    for (uint32_t i = 0; i < wanted(cell); i++) ck_assert_uint_eq(seen[cell][i], 1);
  }
}
END_TEST

START_TEST(shards_share_the_work) {
  if (_i) demand(4, 4, 60);
  study.n_shards = 3;
  for (study.shard = 0; study.shard < 3; study.shard++) {
    unsigned before = n_runs;
    ck_assert_int_eq(run_with(2), EX_OK);
    ck_assert_uint_gt(n_runs, before);
    for (uint32_t cell = 0; cell < CELLS; cell++)
      for (uint32_t i = 0; i < wanted(cell); i++)
        if (study_owns(&study, cell, i)) ck_assert(store_has(store, cell, i));
  }
  for (uint32_t cell = 0; cell < CELLS; cell++)
    for (uint32_t i = 0; i < wanted(cell); i++) ck_assert_uint_eq(seen[cell][i], 1);
}
END_TEST

START_TEST(a_signal_keeps_what_is_finished) {
  if (_i) demand(4, 4, 60);
  interrupt_after = 15;
  takes_long = true; /* or all would be done before anybody looks */
  ck_assert_int_eq(run_with(2), EXIT_SIGNAL + 2);
  uint64_t n_stored;
  uint32_t n_finished;
  ck_assert_int_eq(store_count(store, &n_stored, &n_finished), EX_OK);
  ck_assert_uint_ge(n_stored, 13);
  interrupt = 0;
  takes_long = false;
  ck_assert_int_eq(run_with(2), EX_OK);
  for (uint32_t cell = 0; cell < CELLS; cell++) expect_cell(cell, 0, wanted(cell));
}
END_TEST

START_TEST(real_time_can_be_limited) {
  takes_long = true;
  cli.max_wall_ns = SECOND_NS / 5;
  ck_assert_int_eq(run_with(4), EXIT_LIMIT);
  ck_assert_uint_lt(n_runs, CELLS * 10);
  uint64_t n_stored;
  uint32_t n_finished;
  ck_assert_int_eq(store_count(store, &n_stored, &n_finished), EX_OK);
  ck_assert_uint_gt(n_stored, 0);
  takes_long = false;
  cli.max_wall_ns = 0;
  ck_assert_int_eq(run_with(4), EX_OK);
  for (uint32_t cell = 0; cell < CELLS; cell++) expect_cell(cell, 0, 10);
}
END_TEST

START_TEST(endless_programs_end_the_study) {
  stuck_from = 6;
  ck_assert_int_eq(run_with((uint32_t)_i), EX_DATAERR);
  for (uint32_t replication = 0; replication < 6; replication++)
    ck_assert(store_has(store, 0, replication));
  ck_assert(!store_has(store, 0, 6));
  ck_assert(!store_is_finished(store, 0));
}
END_TEST

START_TEST(cells_that_cannot_be_bound_are_told) {
  struct conf *values = conf_new(&bound.arena, CONF_ARRAY, NULL, (struct place){0});
  for (uint32_t i = 0; i < 2; i++)
    conf_add(&bound.arena, values, NULL,
             conf_new(&bound.arena, CONF_STRING, "many", (struct place){0}));
  const struct axis axis = {"vms.db.vcpus", values};
  struct grid grid = *study.grid;
  grid.axes = &axis;
  grid.n_cells = 2;
  study.grid = &grid;
  ck_assert_int_eq(run_with(2), EX_DATAERR);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("conduct");
  tcase_add_checked_fixture(tests, setup, teardown);
  tcase_add_loop_test(tests, every_replication_of_every_cell_once, 1, 5);
  tcase_add_loop_test(tests, no_result_is_missed, 0, 10);
  tcase_add_test(tests, one_replication_alone);
  tcase_add_loop_test(tests, precision_does_not_depend_on_jobs, 1, 9);
  tcase_add_test(tests, one_worker_guesses_nothing);
  tcase_add_test(tests, workers_that_would_be_idle_guess);
  tcase_add_test(tests, what_never_becomes_precise_ends);
  tcase_add_loop_test(tests, what_is_there_is_not_run_again, 0, 2);
  tcase_add_loop_test(tests, shards_share_the_work, 0, 2);
  tcase_add_loop_test(tests, a_signal_keeps_what_is_finished, 0, 2);
  tcase_add_test(tests, real_time_can_be_limited);
  tcase_add_loop_test(tests, endless_programs_end_the_study, 1, 4);
  tcase_add_test(tests, cells_that_cannot_be_bound_are_told);
  return suite_run(tests, "conduct");
}
