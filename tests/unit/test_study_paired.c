/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/paired.h"
#include "support/suite.h"

#include <check.h>
#include <math.h>

#define CONFIDENCE 0.95

/* Student, Biometrika 6 (1908) 1-25: hours of sleep gained by ten patients under two drugs. What
   is expected of it is what R's help page of t.test prints. */
static const double one[] = {0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0};
static const double two[] = {1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4};

START_TEST(students_sleep_paired) {
  struct paired paired = paired_compare(one, two, 10, CONFIDENCE);
  ck_assert(paired.is_paired);
  ck_assert_uint_eq(paired.n_base, 10);
  ck_assert_double_eq_tol(paired.base, 0.75, 1e-12);
  ck_assert_double_eq_tol(paired.other, 2.33, 1e-12);
  ck_assert_double_eq_tol(paired.difference, 1.58, 1e-12);
  ck_assert_double_eq_tol(paired.of_difference.low, 0.7001142, 1e-7);
  ck_assert_double_eq_tol(paired.of_difference.high, 2.4598858, 1e-7);
  ck_assert_double_eq_tol(paired.p, 0.002833, 1e-6);
}
END_TEST

START_TEST(students_sleep_unpaired) {
  struct paired welch = paired_welch(one, 10, two, 10, CONFIDENCE);
  ck_assert(!welch.is_paired);
  ck_assert_double_eq_tol(welch.difference, 1.58, 1e-12);
  ck_assert_double_eq_tol(welch.of_difference.low, -0.2054832, 1e-7);
  ck_assert_double_eq_tol(welch.of_difference.high, 3.3654832, 1e-7);
  ck_assert_double_eq_tol(welch.p, 0.07939, 1e-5);
}
END_TEST

/* Who gains 0.75 ± 1.28 hours has gained nothing for certain: no ratio to that. */
START_TEST(no_ratio_to_what_may_be_nothing) {
  ck_assert(!paired_compare(one, two, 10, CONFIDENCE).has_ratio);
  ck_assert(!paired_welch(one, 10, two, 10, CONFIDENCE).has_ratio);
  const double zero[] = {0, 0}, some[] = {1, 2};
  ck_assert(!paired_compare(zero, some, 2, CONFIDENCE).has_ratio);
}
END_TEST

/* Against a constant base of 10 the ratio is the difference, in tenths. */
START_TEST(ratio_to_a_constant) {
  const double base[] = {10, 10, 10}, other[] = {11, 12, 13};
  struct paired paired = paired_compare(base, other, 3, CONFIDENCE);
  ck_assert(paired.has_ratio);
  ck_assert_double_eq_tol(paired.ratio, 1.2, 1e-12);
  ck_assert_double_eq_tol(paired.of_ratio.low, 1 + paired.of_difference.low / 10, 1e-12);
  ck_assert_double_eq_tol(paired.of_ratio.high, 1 + paired.of_difference.high / 10, 1e-12);
  /* t(0.975; 2) = 4.302653, sd 1. */
  ck_assert_double_eq_tol(paired.of_difference.half_width, 4.302653 / sqrt(3), 1e-6);
}
END_TEST

/* What defines Fieller's bounds: with r at one of them the interval of other - r base ends at 0. */
START_TEST(ratio_bounds_are_where_a_t_test_stops_rejecting) {
  const double base[] = {50, 55, 43, 61, 48}, other[] = {61, 70, 49, 77, 64};
  struct paired paired = paired_compare(base, other, 5, CONFIDENCE);
  ck_assert(paired.has_ratio);
  ck_assert_double_eq_tol(paired.ratio, 321. / 257, 1e-12);
  struct stat_sum low = {0}, high = {0};
  for (int i = 0; i < 5; i++) {
    stat_add(&low, other[i] - paired.of_ratio.low * base[i]);
    stat_add(&high, other[i] - paired.of_ratio.high * base[i]);
  }
  ck_assert_double_eq_tol(stat_interval(&low, CONFIDENCE).low, 0, 1e-9);
  ck_assert_double_eq_tol(stat_interval(&high, CONFIDENCE).high, 0, 1e-9);
  double above = paired.of_ratio.high - paired.ratio, below = paired.ratio - paired.of_ratio.low;
  ck_assert_double_eq_tol(paired.of_ratio.half_width, fmax(above, below), 1e-12);
}
END_TEST

/* The same for Welch: at a bound (other - r base)^2 = t^2 (v + r^2 u), t of the difference's
   degrees of freedom: half_width / sqrt(u + v). Means 20 and 30, u = (10 / 4) / 5, v = 4 / 3. */
START_TEST(ratio_bounds_without_pairs) {
  const double base[] = {18, 19, 20, 21, 22}, other[] = {28, 30, 32};
  struct paired welch = paired_welch(base, 5, other, 3, CONFIDENCE);
  double u = 0.5, v = 4. / 3, t = welch.of_difference.half_width / sqrt(u + v);
  const double bounds[] = {welch.of_ratio.low, welch.of_ratio.high};
  ck_assert_double_eq_tol(welch.ratio, 1.5, 1e-12);
  ck_assert_double_lt(bounds[0], 1.5);
  ck_assert_double_gt(bounds[1], 1.5);
  for (int i = 0; i < 2; i++)
    ck_assert_double_eq_tol(pow(30 - bounds[i] * 20, 2), t * t * (v + bounds[i] * bounds[i] * u),
                            1e-9);
}
END_TEST

/* Differences that do not vary are certain, and none is none. */
START_TEST(certain_differences) {
  const double base[] = {1, 2, 3}, more[] = {2, 3, 4}, eight[] = {8, 8}, nine[] = {9, 9, 9};
  struct paired paired = paired_compare(base, more, 3, CONFIDENCE);
  ck_assert_double_eq(paired.p, 0);
  ck_assert_double_eq(paired.of_difference.low, 1);
  ck_assert_double_eq(paired.of_difference.high, 1);
  ck_assert_double_eq(paired_compare(base, base, 3, CONFIDENCE).p, 1);
  struct paired welch = paired_welch(eight, 2, nine, 3, CONFIDENCE);
  ck_assert_double_eq(welch.p, 0);
  ck_assert_double_eq(welch.of_ratio.low, 9. / 8);
  ck_assert_double_eq(paired_welch(eight, 2, eight, 2, CONFIDENCE).p, 1);
}
END_TEST

START_TEST(one_value_proves_nothing) {
  const double base[] = {4}, other[] = {5, 6};
  struct paired paired = paired_compare(base, other, 1, CONFIDENCE);
  ck_assert_double_eq(paired.difference, 1);
  ck_assert_double_eq(paired.ratio, 1.25);
  ck_assert(paired.has_ratio);
  ck_assert(isnan(paired.of_difference.low) && isnan(paired.of_ratio.high));
  ck_assert_double_eq(paired.p, 1);
  struct paired welch = paired_welch(base, 1, other, 2, CONFIDENCE);
  ck_assert(isnan(welch.of_difference.half_width));
  ck_assert_double_eq(welch.p, 1);
}
END_TEST

/* By hand: 0.005 * 4, 0.01 * 3, 0.03 * 2, and 0.04 * 1, which may not fall below 0.06. */
START_TEST(holm_by_hand) {
  double p[] = {0.01, 0.04, 0.03, 0.005}, single = 0.04, large[] = {0.9, 0.8};
  struct arena arena = {0};
  paired_holm(p, 4, &arena);
  ck_assert_double_eq_tol(p[0], 0.03, 1e-12);
  ck_assert_double_eq_tol(p[1], 0.06, 1e-12);
  ck_assert_double_eq_tol(p[2], 0.06, 1e-12);
  ck_assert_double_eq_tol(p[3], 0.02, 1e-12);
  paired_holm(&single, 1, &arena);
  ck_assert_double_eq(single, 0.04);
  paired_holm(large, 2, &arena);
  ck_assert_double_eq(large[0], 1);
  ck_assert_double_eq(large[1], 1);
  arena_free(&arena);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("paired");
  tcase_add_test(tests, students_sleep_paired);
  tcase_add_test(tests, students_sleep_unpaired);
  tcase_add_test(tests, no_ratio_to_what_may_be_nothing);
  tcase_add_test(tests, ratio_to_a_constant);
  tcase_add_test(tests, ratio_bounds_are_where_a_t_test_stops_rejecting);
  tcase_add_test(tests, ratio_bounds_without_pairs);
  tcase_add_test(tests, certain_differences);
  tcase_add_test(tests, one_value_proves_nothing);
  tcase_add_test(tests, holm_by_hand);
  return suite_run(tests, "study/paired");
}
