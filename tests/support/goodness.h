/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Goodness of fit, for tests with fixed seeds: a sample that passes once passes always. */
#ifndef COSTOP_TESTS_SUPPORT_GOODNESS_H
#define COSTOP_TESTS_SUPPORT_GOODNESS_H

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Probability that a correct sampler fails one test. */
#define GOODNESS_SIGNIFICANCE 0.001

/* Kolmogorov's limit law at that significance: 2 * exp(-2 * 1.9495^2) = 0.001. */
#define GOODNESS_KS_LIMIT 1.9495

static inline int goodness_order(const void *left, const void *right) {
  double a = *(const double *)left, b = *(const double *)right;
  return (a > b) - (a < b);
}

/* Sorts the sample; returns sqrt(n) * sup |empirical - law|. */
static inline double goodness_ks(double *sample, size_t n, double (*law)(double x)) {
  qsort(sample, n, sizeof *sample, goodness_order);
  double distance = 0, size = (double)n;
  for (size_t i = 0; i < n; i++) {
    double expected = law(sample[i]);
    distance = fmax(distance, fabs(expected - (double)i / size));
    distance = fmax(distance, fabs(expected - (double)(i + 1) / size));
  }
  return distance * sqrt(size);
}

/* Pearson's test of counts against equally likely cells: the p-value. */
static inline double goodness_chi_square(const uint64_t *count, size_t cells) {
  double total = 0, sum = 0;
  for (size_t i = 0; i < cells; i++) total += (double)count[i];
  double expected = total / (double)cells;
  for (size_t i = 0; i < cells; i++) sum += pow((double)count[i] - expected, 2) / expected;
  return gsl_cdf_chisq_Q(sum, (double)(cells - 1));
}

#endif
