/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/mser.h"

#include <check.h>
#include <math.h>

#include "sim/rng.h"
#include "support/suite.h"

enum { MEANS_MAX = 400 };

/* A series whose means of five are these, of values that are not. */
static struct mser cut_of(const double *means, uint32_t n) {
  static const double around[MSER_MEAN_OF] = {-2, 2, 0, 1, -1};
  double series[MEANS_MAX * MSER_MEAN_OF];
  for (uint32_t i = 0; i < n * MSER_MEAN_OF; i++)
    series[i] = means[i / MSER_MEAN_OF] + around[i % MSER_MEAN_OF];
  return mser_cut(series, n * MSER_MEAN_OF);
}

/* Squared deviations of what is left / number^2: nothing cut 67.6 / 100, one 16.22 / 81, two
   2 / 64 = 0.031, three 2 / 49, four 2 / 36, five 2 / 25: two means, which are ten values. */
START_TEST(by_hand) {
  const double means[] = {9, 5, 1, 1, 1, 2, 0, 1, 1, 1};
  struct mser mser = cut_of(means, 10);
  ck_assert_uint_eq(mser.cut, 10);
  ck_assert(!mser.is_too_short);
}
END_TEST

/* Nothing cut 2.5 / 100 = 0.025; one 20 / 9 / 81 = 0.027, and so on up: a swing is no transient. */
START_TEST(a_steady_series_is_kept) {
  const double means[] = {1, 2, 1, 2, 1, 2, 1, 2, 1, 2}, same[] = {3, 3, 3, 3, 3, 3, 3, 3};
  ck_assert_uint_eq(cut_of(means, 10).cut, 0);
  ck_assert(!cut_of(means, 10).is_too_short);
  ck_assert_uint_eq(cut_of(same, 8).cut, 0);
  ck_assert(!cut_of(same, 8).is_too_short);
}
END_TEST

/* A step at 7 of 12 leaves nothing to vary behind it; that is beyond the half. */
START_TEST(a_late_end_means_too_short) {
  const double means[] = {5, 5, 5, 5, 5, 5, 5, 1, 1, 1, 1, 1};
  struct mser mser = cut_of(means, 12);
  ck_assert(mser.is_too_short);
  ck_assert_uint_eq(mser.cut, 30);
  const double at_half[] = {5, 5, 5, 5, 5, 5, 1, 1, 1, 1, 1, 1};
  mser = cut_of(at_half, 12);
  ck_assert(!mser.is_too_short);
  ck_assert_uint_eq(mser.cut, 30);
}
END_TEST

/* The last five means are never judged alone; values that do not make five are left out. */
START_TEST(few_values) {
  const double means[] = {5, 1, 2, 1, 2, 1};
  ck_assert_uint_eq(cut_of(means, 6).cut, 5);
  ck_assert(cut_of(means, 4).is_too_short);
  ck_assert_uint_eq(cut_of(means, 4).cut, 10);
  ck_assert_uint_eq(mser_cut(means, 6).cut, 0);
  ck_assert(mser_cut(means, 0).is_too_short);
}
END_TEST

/* 1 + 10 exp(-t / 20) and noise of sd 0.2 (of the means), 400 means: the transient falls to the
   noise at 20 ln(10 / 0.2) = 78. Found is something of that order, in nearly all of 100 series. */
START_TEST(finds_a_known_transient) {
  struct rng_stream stream;
  rng_stream_init(&stream, 1, 0, RNG_COMPUTE, "mser", "0");
  uint32_t n_good = 0;
  for (int run = 0; run < 100; run++) {
    double means[MEANS_MAX];
    for (int i = 0; i < MEANS_MAX; i++)
      means[i] = 1 + 10 * exp(-i / 20.) + 0.2 * sqrt(12) * (rng_uniform(&stream) - 0.5);
    struct mser mser = cut_of(means, MEANS_MAX);
    uint32_t cut = mser.cut / MSER_MEAN_OF;
    n_good += !mser.is_too_short && cut > 40 && cut < 130;
  }
  ck_assert_uint_ge(n_good, 95);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("mser");
  tcase_add_test(tests, by_hand);
  tcase_add_test(tests, a_steady_series_is_kept);
  tcase_add_test(tests, a_late_end_means_too_short);
  tcase_add_test(tests, few_values);
  tcase_add_test(tests, finds_a_known_transient);
  return suite_run(tests, "study/mser");
}
