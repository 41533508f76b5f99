/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/paired.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

/* What both kinds of comparison boil down to. Variances are those of the means. */
struct moments {
  double base, other;
  double base_variance;
  double difference_variance; /* of other - base */
  double rest_variance;       /* of other - ratio * base … */
  double rest_covariance;     /* … and its covariance with base */
  double freedom;             /* degrees of; 0: no variance can be told */
};

static double ratio_of(double other, double base) { return base == 0 ? 0 : other / base; }

static double mean_of(const double *values, uint32_t n) {
  struct stat_sum stat = {0};
  for (uint32_t i = 0; i < n; i++) stat_add(&stat, values[i]);
  return stat.mean;
}

static double variance_of_mean(const struct stat_sum *stat) {
  return stat->n < 2 ? 0 : stat->m2 / (double)(stat->n - 1) / (double)stat->n;
}

/* All r with (other - r base)^2 <= t^2 variance(other - r base), written as r = ratio + s: what
   is left of other - ratio * base has the mean 0, so nothing cancels. */
static void paired_fieller(struct paired *paired, const struct moments *moments, double t) {
  double a = moments->base * moments->base - t * t * moments->base_variance;
  paired->has_ratio = a > 0;
  if (!paired->has_ratio) return;
  double b = -t * t * moments->rest_covariance;
  double root = sqrt(b * b + a * t * t * moments->rest_variance);
  double below = (root - b) / a, above = (root + b) / a;
  paired->of_ratio = (struct stat_interval){.low = paired->ratio - below,
                                            .high = paired->ratio + above,
                                            .half_width = fmax(below, above)};
}

static struct paired paired_judge(const struct moments *moments, double confidence) {
  struct paired paired = {.base = moments->base,
                          .other = moments->other,
                          .difference = moments->other - moments->base,
                          .ratio = ratio_of(moments->other, moments->base)};
  if (moments->freedom <= 0) {
    paired.of_difference = (struct stat_interval){(double)NAN, (double)NAN, (double)NAN};
    paired.of_ratio = paired.of_difference;
    paired.has_ratio = moments->base != 0;
    paired.p = 1;
    return paired;
  }
  double t = stat_t_reach(confidence, moments->freedom);
  double error = sqrt(moments->difference_variance);
  paired.of_difference = (struct stat_interval){.low = paired.difference - t * error,
                                                .high = paired.difference + t * error,
                                                .half_width = t * error};
  paired_fieller(&paired, moments, t);
  if (paired.difference == 0)
    paired.p = 1;
  else if (error > 0)
    paired.p = stat_t_beyond(paired.difference / error, moments->freedom);
  return paired;
}

struct paired paired_compare(const double *base, const double *other, uint32_t n,
                             double confidence) {
  assert(n > 0);
  double base_mean = mean_of(base, n), other_mean = mean_of(other, n);
  double ratio = ratio_of(other_mean, base_mean), products = 0;
  struct stat_sum bases = {0}, differences = {0}, rests = {0};
  for (uint32_t i = 0; i < n; i++) {
    double rest = other[i] - ratio * base[i];
    stat_add(&bases, base[i]);
    stat_add(&differences, other[i] - base[i]);
    stat_add(&rests, rest);
    products += (base[i] - base_mean) * rest;
  }
  struct moments moments = {
      .base = base_mean,
      .other = other_mean,
      .base_variance = variance_of_mean(&bases),
      .difference_variance = variance_of_mean(&differences),
      .rest_variance = variance_of_mean(&rests),
      .rest_covariance = n < 2 ? 0 : products / (n - 1.) / n,
      .freedom = n - 1.,
  };
  struct paired paired = paired_judge(&moments, confidence);
  paired.is_paired = true;
  paired.n_base = paired.n_other = n;
  return paired;
}

/* Satterthwaite; two constants have variances that are known. */
static double welch_freedom(double u, uint32_t n, double v, uint32_t m) {
  if (n < 2 || m < 2) return 0;
  if (u + v == 0) return n + m - 2.;
  return (u + v) * (u + v) / (u * u / (n - 1.) + v * v / (m - 1.));
}

struct paired paired_welch(const double *base, uint32_t n_base, const double *other,
                           uint32_t n_other, double confidence) {
  assert(n_base > 0 && n_other > 0);
  struct stat_sum bases = {0}, others = {0};
  for (uint32_t i = 0; i < n_base; i++) stat_add(&bases, base[i]);
  for (uint32_t i = 0; i < n_other; i++) stat_add(&others, other[i]);
  double u = variance_of_mean(&bases), v = variance_of_mean(&others);
  double ratio = ratio_of(others.mean, bases.mean);
  struct moments moments = {
      .base = bases.mean,
      .other = others.mean,
      .base_variance = u,
      .difference_variance = u + v,
      .rest_variance = v + ratio * ratio * u,
      .rest_covariance = -ratio * u,
      .freedom = welch_freedom(u, n_base, v, n_other),
  };
  struct paired paired = paired_judge(&moments, confidence);
  paired.n_base = n_base;
  paired.n_other = n_other;
  return paired;
}

static int by_value(const void *left, const void *right) {
  double a = **(double *const *)left, b = **(double *const *)right;
  return (a > b) - (a < b);
}

void paired_holm(double *p, uint32_t n, struct arena *arena) {
  double **order = ARENA_ARRAY(arena, n, double *);
  for (uint32_t i = 0; i < n; i++) order[i] = &p[i];
  qsort(order, n, sizeof *order, by_value);
  double least = 0;
  for (uint32_t i = 0; i < n; i++) {
    least = fmax(least, fmin(1, *order[i] * (n - i)));
    *order[i] = least;
  }
}
