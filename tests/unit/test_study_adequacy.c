/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/adequacy.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "study/grid.h"
#include "support/bound.h"
#include "support/suite.h"

static struct bound bound;
static struct arena arena;

static void forget(void) {
  bound_free(&bound);
  arena_free(&arena);
  arena = (struct arena){0};
}

/* What is said of the scenario after n replications; NULL: nothing. */
static const char *judged(uint32_t n, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static const char *judged(uint32_t n, const char *format, ...) {
  char text[1024];
  va_list arguments;
  va_start(arguments, format);
  ck_assert_int_lt(vsnprintf(text, sizeof text, format, arguments), (int)sizeof text);
  va_end(arguments);
  forget();
  bound_bind(&bound, text);
  ck_assert_ptr_nonnull(bound.scenario);
  struct adequacy adequacy;
  adequacy_init(&adequacy, grid_of_one(bound.scenario, &arena), &arena);
  struct replications done =
      replicate_run(bound.scenario, &(struct replicate_options){.n = n}, &arena);
  adequacy_add(&adequacy, 0, &done);
  return adequacy_text(&adequacy);
}

#define HOGS "'programs': { 'hog': [ { 'compute': '1ms' } ] }, "

/* --- rounds --- */

/* Three computing vCPUs on two pCPUs, slices of 10 ms: a round is 15 ms, twenty are 300 ms. */
static const char *three_on_two(const char *duration, const char *more) {
  return judged(1,
                "{ 'host': { 'pcpus': 2 }, " HOGS
                "'vms': { 'a': { 'vcpus': 2, 'program': 'hog'%s }, 'b': { 'vcpus': "
                "1, 'program': 'hog' } }, 'run': { 'duration': '%s' } }",
                more, duration);
}

START_TEST(rounds_are_counted) {
  const char *text = three_on_two("150ms", "");
  ck_assert_ptr_nonnull(text);
  ck_assert_ptr_nonnull(strstr(text, "only 10.0 rounds"));
  ck_assert_ptr_nonnull(strstr(text, "-d 300ms would hold 20"));
  ck_assert_ptr_nonnull(three_on_two("299ms", ""));
  ck_assert_ptr_null(three_on_two("300ms", ""));
}
END_TEST

/* A thread less and everybody has a pCPU. */
START_TEST(without_a_queue_there_are_no_rounds) {
  ck_assert_ptr_null(three_on_two("30ms", ", 'threads': 1"));
}
END_TEST

/* Both of a on pCPU 0, with a half of b: rounds of 25 ms, and it is a that waits. */
START_TEST(the_fullest_pcpu_counts) {
  const char *text = three_on_two("400ms", ", 'affinity': '0'");
  ck_assert_ptr_nonnull(text);
  ck_assert_ptr_nonnull(strstr(text, "only 16.0 rounds"));
  ck_assert_ptr_nonnull(strstr(text, " of a "));
  ck_assert_ptr_null(three_on_two("500ms", ", 'affinity': '0'"));
}
END_TEST

/* More vCPUs than pCPUs, but they sleep: who hardly waits needs no rounds. */
START_TEST(sleepers_do_not_queue) {
  ck_assert_ptr_null(judged(
      1,
      "{ 'host': { 'pcpus': 2 }, 'programs': { 'p': [ { 'compute': { 'exponential': '10us' } },"
      "{ 'sleep': { 'exponential': '1ms' } } ] },"
      "'vms': { 'a': { 'count': 4, 'vcpus': 1, 'program': 'p' } },"
      "'run': { 'duration': '100ms' } }"));
}
END_TEST

/* Rounds are of 400 ms, but relaxed co-scheduling ends turns after 6 ms. */
START_TEST(who_has_turns_enough_is_left_in_peace) {
  const char *format = "{ 'host': { 'pcpus': 1 }, " HOGS
                       "'hypervisor': { 'scheduler': { 'kind': 'rr', 'timeslice': '200ms' },"
                       "'coscheduling': { 'kind': '%s' } },"
                       "'vms': { 'a': { 'vcpus': 2, 'program': 'hog' } },"
                       "'run': { 'duration': '2400ms' } }";
  ck_assert_ptr_nonnull(judged(1, format, "none"));
  ck_assert_ptr_null(judged(1, format, "relaxed"));
}
END_TEST

/* --- batches --- */

/* Two VMs whose iterations come independently of one another, about 50 and 100 in a window: of
   1000 studies with 3 replications each 1 % may be accused, which is 10 ± 3.1. */
START_TEST(independent_batches_are_seldom_accused) {
  uint32_t n_accused = 0;
  for (uint32_t seed = 1; seed <= 1000; seed++)
    n_accused += judged(3,
                        "{ 'host': { 'pcpus': 2 }, 'programs': {"
                        "'p': [ { 'compute': { 'exponential': '20us' } } ],"
                        "'q': [ { 'compute': { 'exponential': '10us' } } ] },"
                        "'vms': { 'a': { 'vcpus': 1, 'program': 'p' },"
                        "'b': { 'vcpus': 1, 'program': 'q' } },"
                        "'run': { 'duration': '1ms', 'seed': %u } }",
                        seed) != NULL;
  ck_assert_uint_gt(n_accused, 0);
  ck_assert_uint_le(n_accused, 20);
}
END_TEST

/* web shares its pCPU with jobs that come and go in seconds. A window of 4 s sees few of them, and
   nearly all such studies are told so; with a window of 400 s none is. */
static uint32_t n_accused_of(uint32_t n, const char *duration) {
  uint32_t n_accused = 0;
  for (uint32_t seed = 1; seed <= n; seed++) {
    const char *text = judged(5,
                              "{ 'host': { 'pcpus': 1 }, 'programs': {"
                              "'p': [ { 'compute': { 'exponential': '1ms' } },"
                              "{ 'sleep': { 'exponential': '1ms' } } ],"
                              "'rest': [ { 'sleep': { 'exponential': '2s' } },"
                              "{ 'compute': { 'exponential': '2s' } } ] },"
                              "'hypervisor': { 'scheduler': { 'kind': 'rr', 'timeslice': '1ms' } },"
                              "'vms': { 'web': { 'vcpus': 1, 'program': 'p' },"
                              "'rest': { 'vcpus': 1, 'program': 'rest', 'count': 3 } },"
                              "'run': { 'duration': '%s', 'warmup': '4s', 'seed': %u } }",
                              duration, seed);
    if (!text) continue;
    n_accused++;
    ck_assert_ptr_nonnull(strstr(text, "throughput of web "));
  }
  return n_accused;
}

START_TEST(phases_as_long_as_the_window_are_seen) {
  ck_assert_uint_ge(n_accused_of(30, "4s"), 27);
  ck_assert_uint_eq(n_accused_of(3, "400s"), 0);
}
END_TEST

/* A transient: late joins in the middle of the window. */
START_TEST(a_transient_is_seen) {
  const char *text = judged(1,
                            "{ 'host': { 'pcpus': 1 }, 'programs': {"
                            "'p': [ { 'compute': { 'exponential': '100us' } } ] },"
                            "'hypervisor': { 'scheduler': { 'kind': 'rr', 'timeslice': '100us' } },"
                            "'vms': { 'early': { 'vcpus': 1, 'program': 'p' },"
                            "'late': { 'vcpus': 1, 'program': 'p', 'start': '50ms' } },"
                            "'run': { 'duration': '100ms' } }");
  ck_assert_ptr_nonnull(text);
  ck_assert_ptr_nonnull(strstr(text, "-w auto"));
}
END_TEST

/* --- words --- */

START_TEST(the_worst_cell_is_named) {
  forget();
  bound_bind(&bound, "{ 'host': { 'pcpus': 1 }, " HOGS
                     "'vms': { 'a': { 'count': 2, 'vcpus': 1, 'program': 'hog' } },"
                     "'run': { 'duration': '100ms' } }");
  const char *path = "hypervisor.scheduler.timeslice";
  struct conf *values = conf_array(&arena);
  conf_add(&arena, values, NULL, conf_string(&arena, "10ms"));
  conf_add(&arena, values, NULL, conf_string(&arena, "20ms"));
  conf_add(&arena, values, NULL, conf_string(&arena, "1ms"));
  const struct axis axis = {path, values};
  const struct grid grid = {.root = bound.scenario->written,
                            .base = bound.scenario,
                            .axes = &axis,
                            .n_axes = 1,
                            .n_cells = 3};
  struct adequacy adequacy;
  adequacy_init(&adequacy, &grid, &arena);
  for (uint32_t cell = 0; cell < 3; cell++) {
    const struct scenario *scenario = grid_bind(&grid, cell, &bound.diags, &arena);
    ck_assert_ptr_nonnull(scenario);
    struct replications done = replicate_run(scenario, &(struct replicate_options){.n = 1}, &arena);
    adequacy_add(&adequacy, cell, &done);
  }
  ck_assert_str_eq(adequacy_text(&adequacy),
                   "the window holds only 2.5 rounds of timeslices in cell 1 "
                   "(hypervisor.scheduler.timeslice=20ms) and 1 other: throughput and run_pct of "
                   "a.1 depend on who came first; -d 800ms would hold 20");
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("adequacy");
  tcase_add_checked_fixture(tests, NULL, forget);
  tcase_add_test(tests, rounds_are_counted);
  tcase_add_test(tests, without_a_queue_there_are_no_rounds);
  tcase_add_test(tests, the_fullest_pcpu_counts);
  tcase_add_test(tests, sleepers_do_not_queue);
  tcase_add_test(tests, who_has_turns_enough_is_left_in_peace);
  tcase_add_test(tests, independent_batches_are_seldom_accused);
  tcase_add_test(tests, phases_as_long_as_the_window_are_seen);
  tcase_add_test(tests, a_transient_is_seen);
  tcase_add_test(tests, the_worst_cell_is_named);
  return suite_run(tests, "study/adequacy");
}
