/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Replications on threads: the same results, whoever runs them; orderly and sudden ends. */
#include "study/crew.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "study/replicate.h"
#include "support/bound.h"
#include "support/suite.h"

#define SCENARIO(program, duration)                                                         \
  "{'version': 1, 'name': 's', 'host': {'pcpus': 2}, 'hypervisor': {'scheduler': {'kind': " \
  "'rr'}, 'coscheduling': {'kind': 'none'}}, 'programs': {'p': [" program                   \
  "]}, 'vms': {'a': "                                                                       \
  "{'vcpus': 3, 'program': 'p'}}, 'run': {'duration': '" duration                           \
  "'}, 'sweep': {'vms.a.vcpus'"                                                             \
  ": [1, 2, 3]}}"

enum { CELLS = 3, REPS = 6 };

static struct bound bound;
static const struct grid *grid;
static struct shared_cell cells[CELLS];

static void prepare(const char *text) {
  bound_bind(&bound, text);
  ck_assert_ptr_nonnull(bound.scenario);
  grid = grid_of_sweep(bound.scenario, &bound.diags, &bound.arena);
  for (uint32_t i = 0; i < CELLS; i++) {
    shared_cell_init(&cells[i]);
    shared_cell_open(&cells[i], grid, i);
  }
}
static void prepare_short(void) {
  prepare(
      SCENARIO("{'compute': {'exponential': '1ms'}}, {'sleep': {'exponential': '1ms'}}", "50ms"));
}
static void teardown(void) {
  for (uint32_t i = 0; i < CELLS; i++) shared_cell_destroy(&cells[i]);
  bound_free(&bound);
}

static struct crew_unit *give(struct crew *crew, uint32_t cell, uint32_t replication) {
  struct crew_unit *unit = crew_new_unit(crew);
  unit->cell = &cells[cell];
  unit->replication = replication;
  crew_give(crew, unit);
  return unit;
}

/* Far enough in the future; the default time-out of a test comes first. */
static struct timespec in_ms(long ms) {
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_nsec += ms * 1000000;
  until.tv_sec += until.tv_nsec / 1000000000;
  until.tv_nsec %= 1000000000;
  return until;
}
static struct crew_unit *collect_all(struct crew *crew) {
  struct timespec until = in_ms(600000);
  crew_wait(crew, 1, &until);
  ck_assert_uint_eq(crew_n_open(crew), 0);
  return crew_collect(crew);
}

static void expect_same(const struct run_result *run, const struct run_result *other) {
  ck_assert_int_eq(run->status, RUN_DONE);
  ck_assert_uint_eq(run->replication, other->replication);
  ck_assert_uint_eq(run->host.events, other->host.events);
  ck_assert_uint_eq(run->vms[0].iterations, other->vms[0].iterations);
  ck_assert_mem_eq(&run->vms[0].total, &other->vms[0].total, sizeof run->vms[0].total);
}

START_TEST(results_do_not_depend_on_who_runs_them) {
  prepare_short();
  struct crew *crew = crew_start(&(struct crew_config){.n_workers = 4, .guard.paranoid = true});
  ck_assert_uint_eq(crew_size(crew), 4);
  for (uint32_t cell = 0; cell < CELLS; cell++)
    for (uint32_t replication = 0; replication < REPS; replication++) give(crew, cell, replication);
  uint32_t n = 0;
  for (struct crew_unit *unit = collect_all(crew); unit; unit = unit->next, n++) {
    const struct scenario *scenario = shared_cell_scenario(unit->cell);
    ck_assert_ptr_eq(unit->run->scenario, scenario);
    ck_assert_uint_eq(scenario->vms[0].guest.n_vcpus, unit->cell->number + 1);
    struct replications alone = replicate_run(
        scenario, &(struct replicate_options){.first = unit->replication, .n = 1}, &bound.arena);
    expect_same(unit->run, alone.runs[0]);
  }
  ck_assert_uint_eq(n, CELLS * REPS);
  crew_end(crew);
}
END_TEST

START_TEST(one_worker_goes_by_the_queue) {
  prepare_short();
  struct crew *crew = crew_start(&(struct crew_config){.n_workers = 1});
  struct crew_unit *given[REPS];
  for (uint32_t i = 0; i < REPS; i++) given[i] = give(crew, i % CELLS, i);
  struct crew_unit *unit = collect_all(crew);
  for (uint32_t i = 0; i < REPS; i++, unit = unit->next) ck_assert_ptr_eq(unit, given[i]);
  ck_assert_ptr_null(unit);
  ck_assert_ptr_null(crew_collect(crew));
  crew_end(crew);
}
END_TEST

START_TEST(units_are_used_again) {
  prepare_short();
  struct crew *crew = crew_start(&(struct crew_config){.n_workers = 2});
  for (uint32_t i = 0; i < 100; i++) {
    give(crew, 0, i);
    give(crew, 1, i);
    for (struct crew_unit *unit = collect_all(crew), *next; unit; unit = next) {
      next = unit->next;
      ck_assert_ptr_nonnull(unit->run);
      ck_assert_uint_eq(unit->run->replication, i);
      crew_drop_unit(crew, unit);
    }
  }
  struct crew_unit *one = crew_new_unit(crew), *two = crew_new_unit(crew);
  ck_assert_ptr_ne(one, two);
  ck_assert_ptr_null(one->run);
  ck_assert_uint_eq(one->arena.total, 0);
  ck_assert_uint_gt(two->arena.room, 0);
  crew_end(crew);
}
END_TEST

START_TEST(waiting_ends_on_time) {
  prepare_short();
  struct crew *crew = crew_start(&(struct crew_config){0});
  give(crew, 0, 0);
  struct timespec until = in_ms(20), now;
  crew_wait(crew, 1, &until);
  clock_gettime(CLOCK_MONOTONIC, &now);
  ck_assert(now.tv_sec > until.tv_sec ||
            (now.tv_sec == until.tv_sec && now.tv_nsec >= until.tv_nsec));
  ck_assert_uint_eq(crew_n_open(crew), 1);
  ck_assert_ptr_null(crew_collect(crew));
  crew_end(crew);
}
END_TEST

START_TEST(waiting_ends_when_few_are_left) {
  prepare_short();
  struct crew *crew = crew_start(&(struct crew_config){0});
  for (uint32_t i = 0; i < 3; i++) give(crew, 0, i);
  struct timespec late = in_ms(600000), past = in_ms(0);
  struct crew_unit *first = crew_take(crew), *second = crew_take(crew);
  crew_hand_in(crew, first);
  crew_wait(crew, 3, &late);
  crew_wait(crew, 2, &past); /* 2 are open: only time ends it */
  crew_hand_in(crew, second);
  crew_wait(crew, 2, &late);
  ck_assert_uint_eq(crew_n_open(crew), 1);
  crew_end(crew);
}
END_TEST

START_TEST(others_may_do_the_work) {
  prepare_short();
  struct crew *crew = crew_start(&(struct crew_config){0});
  struct crew_unit *one = give(crew, 0, 4), *two = give(crew, 1, 5);
  ck_assert_ptr_eq(crew_take(crew), one);
  ck_assert_ptr_eq(crew_take(crew), two);
  ck_assert_ptr_null(crew_take(crew));
  ck_assert_uint_eq(crew_n_open(crew), 2);
  crew_hand_in(crew, two);
  crew_hand_in(crew, one);
  struct crew_unit *done = collect_all(crew);
  ck_assert_ptr_eq(done, two);
  ck_assert_ptr_eq(done->next, one);
  crew_end(crew);
}
END_TEST

/* A run of ten simulated hours takes minutes. */
START_TEST(a_stop_comes_at_once) {
  prepare(SCENARIO("{'compute': '1us'}, {'yield': true}", "10h"));
  struct crew *crew = crew_start(&(struct crew_config){.n_workers = 2});
  for (uint32_t i = 0; i < 5; i++) give(crew, 0, i);
  struct timespec until = in_ms(50);
  crew_wait(crew, 5, &until);
  crew_stop(crew);
  uint32_t n = 0;
  for (struct crew_unit *unit = collect_all(crew); unit; unit = unit->next, n++) {
    ck_assert_int_eq(unit->status, RUN_INTERRUPTED);
    ck_assert_ptr_null(unit->run);
  }
  ck_assert_uint_eq(n, 5);
  crew_end(crew);
}
END_TEST

START_TEST(what_is_cleared_does_not_begin) {
  prepare_short();
  struct crew *crew = crew_start(&(struct crew_config){0});
  give(crew, 0, 0);
  struct crew_unit *taken = crew_take(crew), *queued = give(crew, 0, 1);
  crew_clear(crew);
  ck_assert_ptr_null(crew_take(crew));
  ck_assert_uint_eq(crew_n_open(crew), 1);
  ck_assert_ptr_eq(crew_collect(crew), queued);
  ck_assert_int_eq(queued->status, RUN_INTERRUPTED);
  crew_hand_in(crew, taken);
  ck_assert_ptr_eq(collect_all(crew), taken);
  crew_end(crew);
}
END_TEST

/* Time passes in one of 101 rounds only, and a round has 101 steps: sooner or later 10,000 steps
   are done in one instant. */
START_TEST(endless_programs_and_bad_cells_are_told) {
  char yields[101 * 17] = "", zeros[101 * 5] = "", text[4096];
  for (int i = 0; i < 100; i++) {
    strcat(yields, "{'yield': true},");
    strcat(zeros, "'0',");
  }
  (void)snprintf(text, sizeof text, SCENARIO("%s {'compute': {'empirical': [%s '1ns']}}", "10ms"),
                 yields, zeros);
  prepare(text);
  const struct axis axis = {"vms.nobody.vcpus", grid->axes[0].values};
  struct grid bad = *grid;
  bad.axes = &axis;
  shared_cell_open(&cells[1], &bad, 1);
  struct crew *crew = crew_start(&(struct crew_config){.n_workers = 1});
  struct crew_unit *stuck = give(crew, 0, 0), *unbound = give(crew, 1, 0);
  collect_all(crew);
  ck_assert_int_eq(stuck->status, RUN_STUCK);
  ck_assert_ptr_null(stuck->run);
  ck_assert_ptr_nonnull(strstr(stuck->message, "without time passing"));
  ck_assert(!stuck->is_unbound);
  ck_assert(unbound->is_unbound);
  ck_assert_ptr_null(unbound->run);
  ck_assert_uint_gt(cells[1].diags.n_errors, 0);
  crew_end(crew);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("crew");
  tcase_add_checked_fixture(tests, NULL, teardown);
  tcase_add_test(tests, results_do_not_depend_on_who_runs_them);
  tcase_add_test(tests, one_worker_goes_by_the_queue);
  tcase_add_test(tests, units_are_used_again);
  tcase_add_test(tests, waiting_ends_on_time);
  tcase_add_test(tests, waiting_ends_when_few_are_left);
  tcase_add_test(tests, others_may_do_the_work);
  tcase_add_test(tests, a_stop_comes_at_once);
  tcase_add_test(tests, what_is_cleared_does_not_begin);
  tcase_add_test(tests, endless_programs_and_bad_cells_are_told);
  return suite_run(tests, "crew");
}
