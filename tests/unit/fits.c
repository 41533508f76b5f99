/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "unit/fits.h"

#include <stdlib.h>

#include "support/goodness.h"
#include "support/laws.h"

/* --- the laws, in units of their first parameter --- */

static double exponential(double x) { return gsl_cdf_exponential_P(x, 1); }
static double uniform(double x) { return gsl_cdf_flat_P(x, 1, 3); }
static double pareto(double x) { return gsl_cdf_pareto_P(x, 1.5, 1); }
static double steep_pareto(double x) { return gsl_cdf_pareto_P(x, 20, 1); }
static double bounded_pareto(double x) {
  return x < 8 ? gsl_cdf_pareto_P(x, 0.5, 1) / gsl_cdf_pareto_P(8, 0.5, 1) : 1;
}
static double erlang(double x) { return gsl_cdf_gamma_P(x, 4, 1. / 4); }
static double steady_erlang(double x) { return gsl_cdf_gamma_P(x, 100, 1. / 100); }

/* Of mean 1: the variance of the logarithm is ln(1 + cv^2), its mean minus half of that. */
static double lognormal_of(double x, double cv) {
  double variance = log1p(cv * cv);
  return gsl_cdf_lognormal_P(x, -variance / 2, sqrt(variance));
}
static double lognormal(double x) { return lognormal_of(x, 1.5); }
static double narrow_lognormal(double x) { return lognormal_of(x, 0.1); }

/* Of mean 1, half of which comes from each phase: a share p of the draws has mean 1 / (2 p), the
   others 1 / (2 (1 - p)); then cv^2 + 1 = 1 / (2 p (1 - p)). */
static double hyperexponential_of(double x, double cv) {
  double p = (1 + sqrt(1 - 2 / (cv * cv + 1))) / 2;
  return p * gsl_cdf_exponential_P(x, 1 / (2 * p)) +
         (1 - p) * gsl_cdf_exponential_P(x, 1 / (2 * (1 - p)));
}
static double hyperexponential(double x) { return hyperexponential_of(x, 2); }
static double wild_hyperexponential(double x) { return hyperexponential_of(x, 10); }

/* 1000, 2000, 2000 and 5000 in units of 10. */
static double empirical(double x) { return ((x > 100) + 2 * (x > 200) + (x > 500)) / 4.; }

static const struct fit {
  const char *name;
  double (*law)(double x);
  const char *kind;
  double units[3], numbers[3]; /* a parameter is the sum of both */
} fits[FITS_AND_EMPIRICAL] = {
    {"exponential", exponential, "exponential", {1}, {0}},
    {"uniform", uniform, "uniform", {1, 3}, {0}},
    {"lognormal", lognormal, "lognormal", {1}, {0, 1.5}},
    {"narrow lognormal", narrow_lognormal, "lognormal", {1}, {0, 0.1}},
    {"pareto", pareto, "pareto", {1, 0, (double)NAN}, {0, 1.5}},
    {"steep pareto", steep_pareto, "pareto", {1, 0, (double)NAN}, {0, 20}},
    {"bounded pareto", bounded_pareto, "pareto", {1, 0, 8}, {0, 0.5}},
    {"erlang of one stage", exponential, "erlang", {1}, {0, 1}},
    {"erlang", erlang, "erlang", {1}, {0, 4}},
    {"steady erlang", steady_erlang, "erlang", {1}, {0, 100}},
    {"hyperexponential of one phase", exponential, "hyperexponential", {1}, {0, 1}},
    {"hyperexponential", hyperexponential, "hyperexponential", {1}, {0, 2}},
    {"wild hyperexponential", wild_hyperexponential, "hyperexponential", {1}, {0, 10}},
    {"empirical", empirical, "empirical", {0}, {0}},
};

const char *fits_name(size_t fit) { return fits[fit].name; }

static struct dist bind(const struct fit *fit, double unit_ns) {
  double values[3];
  for (int i = 0; i < 3; i++) values[i] = fit->units[i] * unit_ns + fit->numbers[i];
  return laws_bind(fit->kind, values[0], values[1], values[2]);
}

static struct rng_stream stream_of(const struct fit *fit, uint64_t seed) {
  struct rng_stream stream;
  rng_stream_init(&stream, seed, 0, RNG_COMPUTE, fit->name, "0");
  return stream;
}

double fits_long(size_t fit, size_t n_draws, uint64_t seed, double stretch) {
  const double unit_ns = 1e15;
  struct dist dist = bind(&fits[fit], unit_ns);
  struct rng_stream stream = stream_of(&fits[fit], seed);
  double *sample = malloc(n_draws * sizeof *sample);
  ck_assert_ptr_nonnull(sample);
  for (size_t i = 0; i < n_draws; i++)
    sample[i] = (double)dist_draw(&dist, &stream) / unit_ns * stretch;
  double p_value = goodness_fit(sample, n_draws, fits[fit].law);
  free(sample);
  return p_value;
}

enum { UNIT_NS = 10, VALUES = 8192, EXPECTED_MIN = 16 };

double fits_rounded(size_t fit, size_t n_draws, uint64_t seed, int64_t shift_ns) {
  /* The last value stands for all that are greater, too. */
  uint64_t drawn[VALUES] = {0}, count[VALUES], n = 0;
  struct dist dist = bind(&fits[fit], UNIT_NS);
  struct rng_stream stream = stream_of(&fits[fit], seed);
  for (size_t i = 0; i < n_draws; i++) {
    int64_t value_ns = dist_draw(&dist, &stream) + shift_ns;
    drawn[value_ns < VALUES ? value_ns : VALUES - 1]++;
  }
  /* Neighbours share a cell until that may expect some draws. */
  double share[VALUES], below = 0;
  size_t cells = 0;
  for (int value = 0; value < VALUES; value++) {
    n += drawn[value];
    double upto = value < VALUES - 1 ? fits[fit].law((value + 0.5) / UNIT_NS) : 1;
    if ((upto - below) * (double)n_draws < EXPECTED_MIN) continue;
    count[cells] = n;
    share[cells++] = upto - below;
    below = upto;
    n = 0;
  }
  count[cells - 1] += n;
  share[cells - 1] += 1 - below;
  return goodness_chi_square(count, share, cells);
}
