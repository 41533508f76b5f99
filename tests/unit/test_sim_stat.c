/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/stat.h"

#include <check.h>
#include <gsl/gsl_randist.h>
#include <math.h>

#include "sim/rng.h"
#include "support/suite.h"

static struct stat_sum stat_of(const double *values, int n) {
  struct stat_sum stat = {0};
  for (int i = 0; i < n; i++) stat_add(&stat, values[i]);
  return stat;
}

/* Sum 40; squared deviations from 5: 9 + 1 + 1 + 1 + 0 + 0 + 4 + 16 = 32. */
static const double eight[] = {2, 4, 4, 4, 5, 5, 7, 9};

START_TEST(mean_and_sd_of_a_known_sample) {
  struct stat_sum stat = stat_of(eight, 8);
  ck_assert_uint_eq(stat.n, 8);
  ck_assert_double_eq_tol(stat.mean, 5, 1e-15);
  ck_assert_double_eq_tol(stat_sd(&stat), sqrt(32. / 7), 1e-15);
}
END_TEST

/* 4, 7, 13, 16 deviate from 10 by 6, 3, 3, 6: 90 / 3 = 30. Sums of squares would lose it all. */
START_TEST(variance_survives_a_large_mean) {
  const double values[] = {1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16};
  struct stat_sum stat = stat_of(values, 4);
  ck_assert_double_eq(stat.mean, 1e9 + 10);
  ck_assert_double_eq_tol(stat_sd(&stat), sqrt(30), 1e-9);
}
END_TEST

START_TEST(equal_values_do_not_deviate) {
  const double values[] = {0.1, 0.1, 0.1};
  struct stat_sum stat = stat_of(values, 3);
  ck_assert_double_eq(stat_sd(&stat), 0);
  struct stat_interval interval = stat_interval(&stat, 0.95);
  ck_assert_double_eq(interval.low, 0.1);
  ck_assert_double_eq(interval.high, 0.1);
  ck_assert_double_eq(interval.half_width, 0);
}
END_TEST

/* t(0.975; 7) = 2.364624 (any printed table); times sqrt(32 / 7) / sqrt(8) = 0.755929. */
START_TEST(interval_of_a_known_sample) {
  struct stat_sum stat = stat_of(eight, 8);
  struct stat_interval interval = stat_interval(&stat, 0.95);
  ck_assert_double_eq_tol(interval.half_width, 2.364624 * 0.755929, 2e-6);
  ck_assert_double_eq_tol(interval.low, 5 - interval.half_width, 1e-12);
  ck_assert_double_eq_tol(interval.high, 5 + interval.half_width, 1e-12);
}
END_TEST

/* Two values d apart have sd d / sqrt(2) and a half width of t * d / 2. With one degree of freedom
   t is tan(pi * (p - 1/2)): 12.7062 for 95 %, 63.6567 for 99 %, 1 for 50 %. */
START_TEST(interval_of_two_values_is_cauchy) {
  const double values[] = {1, 3};
  struct stat_sum stat = stat_of(values, 2);
  ck_assert_double_eq_tol(stat_interval(&stat, 0.95).half_width, 12.7062047, 1e-6);
  ck_assert_double_eq_tol(stat_interval(&stat, 0.99).half_width, 63.6567412, 1e-6);
  ck_assert_double_eq_tol(stat_interval(&stat, 0.5).half_width, 1, 1e-9);
}
END_TEST

/* Printed tables; with one degree of freedom P(|t| > 1) = 1/2, with infinitely many normal. */
START_TEST(tails_of_known_laws) {
  ck_assert_double_eq_tol(stat_t_reach(0.95, 9), 2.262157, 1e-6);
  ck_assert_double_eq_tol(stat_t_beyond(2.262157, 9), 0.05, 1e-7);
  ck_assert_double_eq_tol(stat_t_beyond(-1, 1), 0.5, 1e-12);
  ck_assert_double_eq_tol(stat_t_beyond(1.959964, 1e9), 0.05, 1e-7);
  ck_assert_double_eq_tol(stat_normal_above(0.025), 1.959964, 1e-6);
  ck_assert_double_eq_tol(stat_normal_above(0.01), 2.326348, 1e-6);
}
END_TEST

START_TEST(one_value_has_no_interval) {
  struct stat_sum stat = {0};
  struct stat_interval interval = stat_interval(&stat, 0.95);
  ck_assert(isnan(interval.half_width));
  stat_add(&stat, 42);
  ck_assert_double_eq(stat_sd(&stat), 0);
  interval = stat_interval(&stat, 0.95);
  ck_assert_double_eq(interval.low, 42);
  ck_assert_double_eq(interval.high, 42);
  ck_assert(isnan(interval.half_width));
}
END_TEST

/* 20,000 samples of 5 normals: the share of intervals that hold the mean has a standard deviation
   of sqrt(0.9 * 0.1 / 20000) = 0.0021. With the normal quantile it would be 0.825. */
START_TEST(interval_holds_the_mean_as_often_as_promised) {
  enum { SAMPLES = 20000 };
  struct rng_stream stream;
  rng_stream_init(&stream, 1, 0, RNG_COMPUTE, "coverage", "0");
  gsl_rng rng = rng_as_gsl(&stream);
  int held = 0;
  for (int i = 0; i < SAMPLES; i++) {
    struct stat_sum stat = {0};
    for (int k = 0; k < 5; k++) stat_add(&stat, 10 + gsl_ran_gaussian(&rng, 3));
    struct stat_interval interval = stat_interval(&stat, 0.9);
    held += interval.low <= 10 && 10 <= interval.high;
  }
  ck_assert_double_eq_tol((double)held / SAMPLES, 0.9, 4 * 0.0021);
}
END_TEST

/* 0 until 10, 3 until 20, 5 until 24: 30 + 20 = 50. */
START_TEST(level_integrates_over_time) {
  struct stat_level level = {0};
  stat_level_set(&level, 10, 3);
  ck_assert_double_eq(stat_level_mean(&level, 10, 10), 0);
  stat_level_set(&level, 20, 5);
  ck_assert_double_eq(stat_level_mean(&level, 24, 25), 2);
  ck_assert_double_eq(stat_level_mean(&level, 20, 20), 1.5);
  stat_level_set(&level, 24, 0);
  ck_assert(level.integral == 50);
  ck_assert_double_eq(stat_level_mean(&level, 100, 100), 0.5);
}
END_TEST

START_TEST(level_may_change_twice_at_one_instant) {
  struct stat_level level = {.since_ns = 5, .level = 1};
  stat_level_set(&level, 6, 1000000);
  stat_level_set(&level, 6, 2);
  stat_level_set(&level, 8, -1);
  ck_assert(level.integral == 1 + 4);
  ck_assert_double_eq(stat_level_mean(&level, 13, 8), 0); /* 5 - 5 */
}
END_TEST

/* 2^62 ns at a level of 2^40, and one nanosecond more: 2^102 + 1 needs all of the 128 bits. */
START_TEST(level_is_exact_beyond_64_bits) {
  struct stat_level level = {.level = INT64_C(1) << 40};
  stat_level_set(&level, INT64_C(1) << 62, 1);
  stat_level_set(&level, (INT64_C(1) << 62) + 1, 0);
  ck_assert(level.integral == ((__int128)1 << 102) + 1);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("stat");
  tcase_add_test(tests, mean_and_sd_of_a_known_sample);
  tcase_add_test(tests, variance_survives_a_large_mean);
  tcase_add_test(tests, equal_values_do_not_deviate);
  tcase_add_test(tests, interval_of_a_known_sample);
  tcase_add_test(tests, interval_of_two_values_is_cauchy);
  tcase_add_test(tests, tails_of_known_laws);
  tcase_add_test(tests, one_value_has_no_interval);
  tcase_add_test(tests, interval_holds_the_mean_as_often_as_promised);
  tcase_add_test(tests, level_integrates_over_time);
  tcase_add_test(tests, level_may_change_twice_at_one_instant);
  tcase_add_test(tests, level_is_exact_beyond_64_bits);
  return suite_run(tests, "sim/stat");
}
