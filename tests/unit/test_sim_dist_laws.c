/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every kind of distribution against its law: Kolmogorov-Smirnov, mean, variance. The scale of a
   second makes the rounding to nanoseconds invisible. */
#include <check.h>
#include <stdlib.h>

#include "support/goodness.h"
#include "support/laws.h"

enum { DRAWS = 200000 };

static double ks_of(struct dist dist, double (*law)(double x)) {
  double *sample = malloc(DRAWS * sizeof *sample);
  struct rng_stream stream = laws_stream("ks");
  for (int i = 0; i < DRAWS; i++) sample[i] = (double)dist_draw(&dist, &stream) / 1e9;
  double distance = goodness_ks(sample, DRAWS, law);
  free(sample);
  return distance;
}

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

static double exponential_law(double x) { return 1 - exp(-x); }
static double exponential_law_off(double x) { return 1 - exp(-1.02 * x); }

START_TEST(exponential_fits_its_law) {
  struct dist dist = laws_bind("exponential", 1e9, 0, 0);
  ck_assert_double_lt(ks_of(dist, exponential_law), GOODNESS_KS_LIMIT);
  ck_assert_double_gt(ks_of(dist, exponential_law_off), GOODNESS_KS_LIMIT); /* the test's power */
}
END_TEST

static double uniform_law(double x) { return (x - 1) / 2; }

START_TEST(uniform_fits_its_law) {
  struct dist dist = laws_bind("uniform", 1e9, 3e9, 0);
  ck_assert_double_lt(ks_of(dist, uniform_law), GOODNESS_KS_LIMIT);
  ck_assert_double_eq(dist.mean_ns, 2e9);
}
END_TEST

/* Cells of half the width at the ends: [0, 0.5) and [2.5, 3) round to 0 and 3. */
START_TEST(uniform_rounds_to_the_nearest_and_stays_inside) {
  struct dist dist = laws_bind("uniform", 0, 3, 0);
  struct rng_stream stream = laws_stream("small");
  uint64_t count[4] = {0};
  for (int i = 0; i < DRAWS; i++) count[dist_draw(&dist, &stream)]++;
  const double share[] = {1. / 6, 1. / 3, 1. / 3, 1. / 6};
  for (int i = 0; i < 4; i++)
    ck_assert_double_eq_tol((double)count[i] / DRAWS, share[i], 4 * sqrt(share[i] / DRAWS));

  dist = laws_bind("uniform", 7, 7, 0);
  for (int i = 0; i < 100; i++) ck_assert_int_eq(dist_draw(&dist, &stream), 7);
  dist = laws_bind("uniform", 0, 0x1p62, 0);
  ck_assert_double_eq(dist.mean_ns, 0x1p61);
  for (int i = 0; i < 1000; i++) ck_assert_int_le(dist_draw(&dist, &stream), TIME_MAX_NS);
}
END_TEST

/* cv = 1.5: sigma^2 = ln(1 + 2.25) = 1.1786550, and mean 1 needs zeta = -sigma^2 / 2. */
static double lognormal_law(double x) {
  const double variance = 1.1786549963416462;
  return 0.5 * erfc(-(log(x) + variance / 2) / sqrt(2 * variance));
}

START_TEST(lognormal_fits_its_law) {
  struct dist dist = laws_bind("lognormal", 1e9, 1.5, 0);
  ck_assert_double_lt(ks_of(dist, lognormal_law), GOODNESS_KS_LIMIT);
  ck_assert_double_eq(dist.mean_ns, 1e9);
  double mean_s, square_cv;
  moments_of(dist, &mean_s, &square_cv);
  ck_assert_double_eq_tol(mean_s, 1, 4 * 1.5 / sqrt(DRAWS));
  /* At cv 0.1 the fourth moment is tame: the variance is right to 1 %. */
  moments_of(laws_bind("lognormal", 1e9, 0.1, 0), &mean_s, &square_cv);
  ck_assert_double_eq_tol(square_cv, 0.01, 0.02 * 0.01);
}
END_TEST

static double pareto_law(double x) { return 1 - pow(x, -1.5); }

/* Cut off at 8: the share below it is 1 - 8^-1.5 = 1 - 1 / 22.627417. */
static double pareto_bounded_law(double x) {
  return (1 - pow(x, -1.5)) / (1 - 1 / 22.62741699796952);
}

START_TEST(pareto_fits_its_law) {
  ck_assert_double_lt(ks_of(laws_bind("pareto", 1e9, 1.5, (double)NAN), pareto_law),
                      GOODNESS_KS_LIMIT);
  struct dist dist = laws_bind("pareto", 1e9, 1.5, 8e9);
  ck_assert_double_lt(ks_of(dist, pareto_bounded_law), GOODNESS_KS_LIMIT);
  ck_assert_double_gt(ks_of(dist, pareto_law), GOODNESS_KS_LIMIT);
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
  ck_assert_double_gt(goodness_chi_square(count, 2), GOODNESS_SIGNIFICANCE);
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

/* k = 4, mean 1: y = 4 x, 1 - exp(-y) (1 + y + y^2/2 + y^3/6). */
static double erlang_law(double x) {
  double y = 4 * x;
  return 1 - exp(-y) * (1 + y + y * y / 2 + y * y * y / 6);
}

START_TEST(erlang_fits_its_law) {
  struct dist dist = laws_bind("erlang", 1e9, 4, 0);
  ck_assert_double_lt(ks_of(dist, erlang_law), GOODNESS_KS_LIMIT);
  ck_assert_double_lt(ks_of(laws_bind("erlang", 1e9, 1, 0), exponential_law), GOODNESS_KS_LIMIT);
  ck_assert_double_eq(dist.mean_ns, 1e9);
  double mean_s, square_cv;
  moments_of(dist, &mean_s, &square_cv);
  ck_assert_double_eq_tol(mean_s, 1, 4 * 0.5 / sqrt(DRAWS));
  /* Kurtosis 3 + 6/4: the sample variance has a relative deviation of sqrt(3.5 / n) = 0.4 %. */
  ck_assert_double_eq_tol(square_cv, 0.25, 0.25 * 4 * 0.0042);
}
END_TEST

/* cv = 2: p = (1 + sqrt(3/5)) / 2, rates 2 p and 2 (1 - p) for mean 1. */
static double hyperexponential_law(double x) {
  double p = (1 + sqrt(0.6)) / 2;
  return 1 - p * exp(-2 * p * x) - (1 - p) * exp(-2 * (1 - p) * x);
}

START_TEST(hyperexponential_fits_its_law) {
  struct dist dist = laws_bind("hyperexponential", 1e9, 2, 0);
  ck_assert_double_lt(ks_of(dist, hyperexponential_law), GOODNESS_KS_LIMIT);
  ck_assert_double_lt(ks_of(laws_bind("hyperexponential", 1e9, 1, 0), exponential_law),
                      GOODNESS_KS_LIMIT);
  ck_assert_double_eq(dist.mean_ns, 1e9);
  double mean_s, square_cv;
  moments_of(dist, &mean_s, &square_cv);
  ck_assert_double_eq_tol(mean_s, 1, 4 * 2 / sqrt(DRAWS));
  /* Fourth moment 24 (p / (2p)^4 + q / (2q)^4) = 1050: about 1.5 % per standard deviation. */
  ck_assert_double_eq_tol(square_cv, 4, 4 * 0.06);
}
END_TEST

START_TEST(empirical_draws_each_value_by_its_frequency) {
  struct dist dist = laws_bind("empirical", 0, 0, 0);
  struct rng_stream stream = laws_stream("empirical");
  uint64_t count[4] = {0};
  for (int i = 0; i < DRAWS; i++) {
    int64_t value_ns = dist_draw(&dist, &stream);
    ck_assert(value_ns == 1000 || value_ns == 2000 || value_ns == 5000);
    /* 2000 is there twice: deal its draws out to two cells. */
    int cell = value_ns == 1000 ? 0 : value_ns == 5000 ? 1 : 2 + i % 2;
    count[cell]++;
  }
  ck_assert_double_gt(goodness_chi_square(count, 4), GOODNESS_SIGNIFICANCE);
  ck_assert_double_eq(dist.mean_ns, 2500);
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
  tcase_add_test(tests, exponential_fits_its_law);
  tcase_add_test(tests, uniform_fits_its_law);
  tcase_add_test(tests, uniform_rounds_to_the_nearest_and_stays_inside);
  tcase_add_test(tests, lognormal_fits_its_law);
  tcase_add_test(tests, pareto_fits_its_law);
  tcase_add_test(tests, pareto_stays_between_min_and_max);
  tcase_add_test(tests, pareto_means_are_exact);
  tcase_add_test(tests, erlang_fits_its_law);
  tcase_add_test(tests, hyperexponential_fits_its_law);
  tcase_add_test(tests, empirical_draws_each_value_by_its_frequency);
  tcase_add_test(tests, sample_means_agree_with_the_means_that_are_promised);
  Suite *suite = suite_create("sim/dist laws");
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed != 0;
}
