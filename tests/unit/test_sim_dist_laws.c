/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every kind of distribution against its law: goodness of fit, mean, variance; with 10^7 draws in
   test_sim_dist_laws_long.c. */
#include <check.h>

#include "support/goodness.h"
#include "support/laws.h"
#include "support/suite.h"
#include "unit/fits.h"

enum { DRAWS = 200000, SEED = 1 };

START_TEST(draws_fit_their_laws) {
  double p_value = fits_long((size_t)_i, DRAWS, SEED, 1);
  ck_assert_msg(p_value > GOODNESS_SIGNIFICANCE, "%s: p = %g", fits_name((size_t)_i), p_value);
}
END_TEST

START_TEST(three_per_cent_too_long_is_no_fit) {
  ck_assert_double_lt(fits_long((size_t)_i, DRAWS, SEED, 1.03), GOODNESS_SIGNIFICANCE);
}
END_TEST

START_TEST(rounded_draws_fit_their_laws) {
  double p_value = fits_rounded((size_t)_i, DRAWS, SEED, 0);
  ck_assert_msg(p_value > GOODNESS_SIGNIFICANCE, "%s: p = %g", fits_name((size_t)_i), p_value);
}
END_TEST

START_TEST(one_nanosecond_too_long_is_no_fit) {
  ck_assert_double_lt(fits_rounded((size_t)_i, DRAWS, SEED, 1), GOODNESS_SIGNIFICANCE);
}
END_TEST

/* Mean and squared coefficient of variation of a sample. */
static void moments_of(struct dist dist, double *mean_s, double *square_cv) {
  struct rng_stream stream = laws_stream("moments");
  double sum = 0, square = 0;
  for (int i = 0; i < DRAWS; i++) {
    double value = (double)dist_draw(&dist, &stream) / 1e9;
    sum += value;
    square += value * value;
  }
  *mean_s = sum / DRAWS;
  *square_cv = square / DRAWS / (*mean_s * *mean_s) - 1;
}

START_TEST(uniform_stays_inside_at_the_extremes) {
  struct rng_stream stream = laws_stream("small");
  struct dist dist = laws_bind("uniform", 7, 7, 0);
  for (int i = 0; i < 100; i++) ck_assert_int_eq(dist_draw(&dist, &stream), 7);
  dist = laws_bind("uniform", 0, 0x1p62, 0);
  ck_assert_double_eq(dist.mean_ns, 0x1p61);
  for (int i = 0; i < 1000; i++) ck_assert_int_le(dist_draw(&dist, &stream), TIME_MAX_NS);
}
END_TEST

START_TEST(pareto_stays_between_min_and_max) {
  struct dist dist = laws_bind("pareto", 1000, 0.1, 1001);
  struct rng_stream stream = laws_stream("bounds");
  uint64_t count[2] = {0};
  for (int i = 0; i < 10000; i++) {
    int64_t value_ns = dist_draw(&dist, &stream);
    ck_assert(value_ns == 1000 || value_ns == 1001);
    count[value_ns - 1000]++;
  }
  /* So narrow a piece of the law is flat: both halves get 1/2. */
  ck_assert_double_gt(goodness_chi_square(count, NULL, 2), GOODNESS_SIGNIFICANCE);
}
END_TEST

/* L^a / (1 - (L/H)^a) * a / (a - 1) * (L^(1-a) - H^(1-a)), by hand where it is simple. */
START_TEST(pareto_means_are_exact) {
  const double none = (double)NAN;
  ck_assert_double_eq(laws_bind("pareto", 1000, 1.5, none).mean_ns, 3000); /* L a / (a - 1) */
  ck_assert_double_eq(laws_bind("pareto", 1000, 2, none).mean_ns, 2000);
  ck_assert(isinf(laws_bind("pareto", 1000, 1, none).mean_ns));
  ck_assert(isinf(laws_bind("pareto", 1000, 0.5, none).mean_ns));
  /* a = 2: 2 L H / (L + H) */
  ck_assert_double_eq_tol(laws_bind("pareto", 1000, 2, 2000).mean_ns, 4000. / 3, 1e-9);
  /* a = 1/2: sqrt(L H) */
  ck_assert_double_eq_tol(laws_bind("pareto", 1000, 0.5, 4000).mean_ns, 2000, 1e-9);
  /* a = 1: L H / (H - L) * ln(H / L) = 1000 * (1000 / 999) * 6.907755278982137 */
  ck_assert_double_eq_tol(laws_bind("pareto", 1000, 1, 1e6).mean_ns, 6914.669948931068, 1e-8);
  /* a = 3/2, H = 1000 L: 3 L (1 - 1000^-0.5) / (1 - 1000^-1.5) */
  ck_assert_double_eq_tol(laws_bind("pareto", 1000, 1.5, 1e6).mean_ns, 2905.223541429977, 1e-8);
  /* No jump where the formula divides by a - 1. */
  double at_1 = laws_bind("pareto", 1000, 1, 1e6).mean_ns;
  ck_assert_double_eq_tol(laws_bind("pareto", 1000, 1 + 1e-12, 1e6).mean_ns, at_1, 1e-6);
  ck_assert_double_eq_tol(laws_bind("pareto", 1000, 1 - 1e-12, 1e6).mean_ns, at_1, 1e-6);
}
END_TEST

/* Laws whose fourth moments are tame; 4 standard deviations of a sample's variance. */
START_TEST(variances_are_those_asked_for) {
  static const struct {
    const char *name;
    double parameter, square_cv, tolerance;
  } cases[] = {{"lognormal", 0.1, 0.01, 0.02 * 0.01},
               /* kurtosis 3 + 6/4: a relative deviation of sqrt(3.5 / n) = 0.42 % */
               {"erlang", 4, 0.25, 4 * 0.0042 * 0.25},
               /* fourth moment 24 (p / (2p)^4 + q / (2q)^4) = 1050: 1.5 % */
               {"hyperexponential", 2, 4, 4 * 0.015 * 4}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    double mean_s, square_cv;
    moments_of(laws_bind(cases[i].name, 1e9, cases[i].parameter, 0), &mean_s, &square_cv);
    ck_assert_double_eq_tol(square_cv, cases[i].square_cv, cases[i].tolerance);
  }
}
END_TEST

START_TEST(sample_means_agree_with_the_means_that_are_promised) {
  for (size_t i = 0; i < LAWS; i++) {
    struct dist dist = laws_example(i);
    double mean_s, square_cv;
    moments_of(dist, &mean_s, &square_cv);
    double sd_s = mean_s * sqrt(square_cv / DRAWS);
    ck_assert_msg(fabs(mean_s - dist.mean_ns / 1e9) < 4 * sd_s, "%s: %g, promised %g",
                  dist.kind->kind.name, mean_s, dist.mean_ns / 1e9);
  }
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("laws");
  tcase_add_loop_test(tests, draws_fit_their_laws, 0, FITS);
  tcase_add_loop_test(tests, three_per_cent_too_long_is_no_fit, 0, FITS);
  tcase_add_loop_test(tests, rounded_draws_fit_their_laws, 0, FITS_AND_EMPIRICAL);
  tcase_add_loop_test(tests, one_nanosecond_too_long_is_no_fit, 0, FITS_AND_EMPIRICAL);
  tcase_add_test(tests, uniform_stays_inside_at_the_extremes);
  tcase_add_test(tests, pareto_stays_between_min_and_max);
  tcase_add_test(tests, pareto_means_are_exact);
  tcase_add_test(tests, variances_are_those_asked_for);
  tcase_add_test(tests, sample_means_agree_with_the_means_that_are_promised);
  return suite_run(tests, "sim/dist laws");
}
