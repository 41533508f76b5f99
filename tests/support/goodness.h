/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Goodness of fit, for tests with fixed seeds: a sample that passes once passes always. */
#ifndef COSTOP_TESTS_SUPPORT_GOODNESS_H
#define COSTOP_TESTS_SUPPORT_GOODNESS_H

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Probability that a correct sampler fails one test: small, as there are many. */
#define GOODNESS_SIGNIFICANCE 1e-6

static inline int goodness_order(const void *left, const void *right) {
  double a = *(const double *)left, b = *(const double *)right;
  return (a > b) - (a < b);
}

/* Sorts the sample; the p-value of Anderson and Darling's test that it is drawn from the law. For
   large samples A^2 is the sum over j of chi-square / (j (j + 1)). Where that matters its tail is
   the first summand's, times the product over j >= 2 of (1 - 2 / (j (j + 1)))^-1/2, which is
   sqrt(3). */
static inline double goodness_fit(double *sample, size_t n, double (*law)(double x)) {
  qsort(sample, n, sizeof *sample, goodness_order);
  double sum = 0, size = (double)n;
  for (size_t i = 0; i < n; i++) {
    double share = law(sample[i]), rank = (double)i + 0.5;
    sum += rank * log(share) + (size - rank) * log1p(-share);
  }
  return fmin(1, sqrt(3) * erfc(sqrt(-size - 2 * sum / size)));
}

/* Pearson's test of counts against the cells' shares, or equal ones: the p-value. Cells without a
   share must stay empty. */
static inline double goodness_chi_square(const uint64_t *count, const double *share, size_t cells) {
  double total = 0, sum = 0, freedom = -1;
  for (size_t i = 0; i < cells; i++) total += (double)count[i];
  for (size_t i = 0; i < cells; i++) {
    double expected = total * (share ? share[i] : 1 / (double)cells);
    if (expected == 0 && count[i] == 0) continue;
    sum += pow((double)count[i] - expected, 2) / expected;
    freedom++;
  }
  return gsl_cdf_chisq_Q(sum, freedom);
}

#endif
