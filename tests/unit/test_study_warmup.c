/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/warmup.h"

#include <check.h>

#include "support/bound.h"
#include "support/suite.h"

#define MS INT64_C(1000000)

static const struct run_guard guard = {.paranoid = true};

/* Both VMs compute, an iteration after the other; "late" joins at start,
   200 ms + 2 * 5 ms being the pilot. */
static struct warmup find(const char *compute, const char *start) {
  struct bound bound = {0};
  struct arena arena = {0};
  bound_bind(&bound,
             arena_printf(&arena,
                          "{ 'host': { 'pcpus': 2 }, 'programs': { 'p': [ { 'compute': %s } ] },"
                          "'vms': { 'early': { 'vcpus': 1, 'program': 'p' },"
                          "'late': { 'vcpus': 1, 'program': 'p', 'start': '%s' } },"
                          "'run': { 'warmup': '5ms', 'duration': '200ms' } }",
                          compute, start));
  ck_assert_ptr_nonnull(bound.scenario);
  struct warmup warmup = warmup_find(bound.scenario, &guard, NULL, &arena);
  ck_assert_int_eq(warmup.status, RUN_DONE);
  ck_assert_int_eq(warmup.pilot_ns, 210 * MS);
  bound_free(&bound);
  arena_free(&arena);
  return warmup;
}

#define JITTERED "{ 'exponential': '100us' }"

/* A cut is a multiple of 210 ms / 200 = 1.05 ms, then rounded up to two digits: the step at 20 ms
   lies in the 20th, which ends at 21 ms; a few means more or less by chance. */
START_TEST(a_step_is_cut_off) {
  struct warmup warmup = find(JITTERED, "20ms");
  ck_assert(!warmup.is_too_short);
  ck_assert_int_ge(warmup.warmup_ns, 20 * MS);
  ck_assert_int_le(warmup.warmup_ns, 30 * MS);
}
END_TEST

START_TEST(a_late_step_is_beyond_the_pilot) {
  struct warmup warmup = find("'100us'", "150ms");
  ck_assert(warmup.is_too_short);
  ck_assert_int_eq(warmup.warmup_ns, 110 * MS);
}
END_TEST

/* Nobody finishes anything: the busy pCPUs tell, and they do not jitter. */
START_TEST(without_iterations_use_counts) {
  struct warmup warmup = find("'10s'", "20ms");
  ck_assert(!warmup.is_too_short);
  ck_assert_int_eq(warmup.warmup_ns, 21 * MS);
}
END_TEST

START_TEST(nothing_to_cut) {
  ck_assert_int_eq(find("'10s'", "0").warmup_ns, 0);
  ck_assert_int_eq(find("'1.05ms'", "0").warmup_ns, 0);
}
END_TEST

START_TEST(the_same_every_time) {
  struct warmup first = find(JITTERED, "33ms"), again = find(JITTERED, "33ms");
  ck_assert_int_eq(first.warmup_ns, again.warmup_ns);
}
END_TEST

START_TEST(a_pilot_that_cannot_be) {
  struct bound bound = {0};
  struct arena arena = {0};
  const volatile sig_atomic_t interrupt = 2;
  bound_bind(&bound,
             "{ 'host': { 'pcpus': 1 }, 'programs': { 'p': [ { 'compute': '1us' } ] },"
             "'vms': { 'a': { 'vcpus': 1, 'program': 'p' } }, 'run': { 'duration': '1s' } }");
  struct warmup warmup = warmup_find(bound.scenario, &guard, &interrupt, &arena);
  ck_assert_int_eq(warmup.status, RUN_INTERRUPTED);
  ck_assert_ptr_nonnull(warmup.message);
  bound_free(&bound);
  arena_free(&arena);
}
END_TEST

START_TEST(wording) {
  struct arena arena = {0};
  const struct warmup warmup = {.warmup_ns = 140 * MS, .pilot_ns = 2400 * MS};
  ck_assert_str_eq(warmup_text(&warmup, &arena), "140ms, found by MSER-5 in a pilot of 2.4s");
  arena_free(&arena);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("warmup");
  tcase_add_test(tests, a_step_is_cut_off);
  tcase_add_test(tests, a_late_step_is_beyond_the_pilot);
  tcase_add_test(tests, without_iterations_use_counts);
  tcase_add_test(tests, nothing_to_cut);
  tcase_add_test(tests, the_same_every_time);
  tcase_add_test(tests, a_pilot_that_cannot_be);
  tcase_add_test(tests, wording);
  return suite_run(tests, "study/warmup");
}
