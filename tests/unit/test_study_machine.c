/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The memory of a run: what is said before it is never less than what it takes, and not twice as
   much. */
#include "study/machine.h"

#include <check.h>
#include <stdio.h>

#include "hv/sched.h"
#include "support/bound.h"
#include "support/generate.h"
#include "support/suite.h"

static struct bound bound;
static struct arena arena;

static void end(void) {
  bound_free(&bound);
  arena_free(&arena);
}

/* All is allocated before the first event and behind the last: one is enough. */
static void expect_estimate(const struct scenario *scenario, const char *what) {
  struct machine_options options = {.guard = {.max_events = 1}};
  arena_reset(&arena);
  machine_run(scenario, &options, &arena);
  uint64_t estimate = machine_memory(scenario), used = arena.total;
  ck_assert_msg(used <= estimate && estimate < 2 * used, "%s: %ju bytes are used, %ju estimated",
                what, (uintmax_t)used, (uintmax_t)estimate);
}

static void expect_estimate_of(const char *text) {
  bound_bind(&bound, text);
  ck_assert_msg(bound.scenario, "%s", text);
  expect_estimate(bound.scenario, text);
  bound_free(&bound);
}

#define HOST(pcpus, scheduler, rule)                                                          \
  "{'version': 1, 'name': 'm', 'host': {'pcpus': " pcpus                                      \
  "}, 'hypervisor': {'scheduler': {'kind': '" scheduler "'}, 'coscheduling': {'kind': '" rule \
  "'}},"                                                                                      \
  "'locks': {'l': {'kind': 'rw-spin'}, 'm': {'kind': 'ticket'}}, 'barriers': {'b': {'kind': " \
  "'spin'}},"                                                                                 \
  "'programs': {'work': [{'compute': {'exponential': '2ms'}},"                                \
  "                      {'sleep': {'exponential': '2ms'}}],"                                 \
  "             'share': [{'lock': 'l', 'mode': 'read', 'hold': '1us'},"                      \
  "                       {'lock': 'm', 'hold': '1us'}, {'barrier': 'b'}]},"
#define WORK(count, vcpus) \
  "'vms': {'w': {'count': " count ", 'vcpus': " vcpus ", 'program': 'work'}}}"

START_TEST(of_hosts_of_any_size) {
  expect_estimate_of(HOST("1", "rr", "none") WORK("1", "1"));
  expect_estimate_of(HOST("64", "rr", "none") WORK("256", "1"));
  expect_estimate_of(HOST("1024", "rr", "none") WORK("8192", "1"));
  expect_estimate_of(HOST("128", "rr", "relaxed") WORK("1", "256"));
}
END_TEST

#define SCHEDULER(kind, text)                                    \
  expect_estimate_of(HOST("65", text, "none") WORK("257", "1")); \
  expect_estimate_of(HOST("65", text, "strict") WORK("40", "9"));

START_TEST(under_each_scheduler){
#define X(kind) SCHEDULER(kind, #kind)
    X(rr) X(credit) X(credit2) X(eevdf) X(esx)
#undef X
} END_TEST

    /* Readers each have a part of a lock, barriers a place for each thread. */
    START_TEST(of_many_threads) {
  expect_estimate_of(HOST(
      "4", "rr", "none") "'vms': {'w': {'vcpus': 2, 'threads': 1000,"
                         "              'program': 'share'}}}");
}
END_TEST

START_TEST(of_a_steal_matrix) {
  expect_estimate_of(HOST("4", "rr", "none") "'run': {'steal_matrix': 'on'}," WORK("1000", "1"));
}
END_TEST

static bool is_any(const struct scenario *scenario) { return scenario->n_vms > 0; }

START_TEST(of_random_scenarios) {
  struct arena own = {0};
  for (uint64_t seed = 1; seed <= 500; seed++) {
    char what[32];
    (void)snprintf(what, sizeof what, "seed %ju", (uintmax_t)seed);
    expect_estimate(generate_scenario(seed, is_any, &own), what);
    arena_reset(&own);
  }
  arena_free(&own);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("memory");
  tcase_add_checked_fixture(tests, NULL, end);
  tcase_add_test(tests, of_hosts_of_any_size);
  tcase_add_test(tests, under_each_scheduler);
  tcase_add_test(tests, of_many_threads);
  tcase_add_test(tests, of_a_steal_matrix);
  tcase_add_test(tests, of_random_scenarios);
  return suite_run(tests, "study/machine");
}
