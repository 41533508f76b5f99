/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Intervals keep their promise, as far as a test that nobody minds waiting for can tell; see
   test_coverage_long.c. Seeds are fixed: what passes once passes always. */
#include <check.h>

#include "conformance/coverage.h"
#include "support/suite.h"

static double covered_pct(struct covered covered) { return 100. * covered.n_held / covered.n; }

/* 1000 studies: 95 ± 0.7 if the promise is kept. */
START_TEST(ten_replications) {
  double pct = covered_pct(coverage_count(
      &(struct coverage){.n_vcpus = 4, .window_us = 400, .min_reps = 10, .max_reps = 10}, 1000));
  ck_assert_msg(pct >= 93 && pct <= 97, "%.1f %%", pct);
}
END_TEST

/* Who stops when the interval is narrow stops too often when it is too narrow by chance: a little
   less than 95 % is what one gets. 500 studies: ± 1. */
START_TEST(until_it_is_narrow) {
  struct covered covered = coverage_count(
      &(struct coverage){
          .n_vcpus = 4, .window_us = 400, .pct = 2, .min_reps = 10, .max_reps = 1000},
      500);
  double pct = covered_pct(covered);
  ck_assert_msg(pct >= 92 && pct <= 97, "%.1f %%", pct);
  ck_assert_msg(covered.mean_reps > 30 && covered.mean_reps < 100, "%g", covered.mean_reps);
}
END_TEST

/* Windows of 280 iterations cut some at both ends; that must not move the mean. 2000 of them: 0.1
 * %. */
START_TEST(the_mean_is_the_truth) {
  struct covered covered = coverage_count(
      &(struct coverage){.n_vcpus = 8, .window_us = 400, .min_reps = 2, .max_reps = 2}, 1000);
  ck_assert_msg(covered.mean_error > -.003 && covered.mean_error < .003, "%g", covered.mean_error);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("coverage");
  tcase_add_test(tests, ten_replications);
  tcase_add_test(tests, until_it_is_narrow);
  tcase_add_test(tests, the_mean_is_the_truth);
  return suite_run(tests, "conformance/coverage");
}
