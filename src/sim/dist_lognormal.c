/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <gsl/gsl_randist.h>
#include <math.h>

#include "sim/dist.h"

struct lognormal_params {
  int64_t mean_ns;
  double cv;
  double zeta, sigma; /* mean and standard deviation of the logarithm: by finish */
};
static_assert(sizeof(struct lognormal_params) <= DIST_PARAMS_MAX, "params do not fit");

static const struct param lognormal_rows[] = {
    {.key = "mean",
     .type = PARAM_DURATION,
     .offset = offsetof(struct lognormal_params, mean_ns),
     .min = 1,
     .max = 0x1p62,
     .help = "the mean"},
    {.key = "cv",
     .type = PARAM_REAL,
     .offset = offsetof(struct lognormal_params, cv),
     .min = 0.001,
     .max = 1000,
     .unit = "",
     .help = "coefficient of variation: standard deviation / mean"},
};

/* Mean exp(zeta + sigma^2 / 2) and cv^2 = exp(sigma^2) - 1, solved for zeta and sigma. */
static void lognormal_finish(struct dist *dist) {
  struct lognormal_params *params = (void *)&dist->params;
  double variance = log1p(params->cv * params->cv);
  dist->mean_ns = (double)params->mean_ns;
  dist->constant_ns = -1;
  dist->scale_ns = 0;
  params->zeta = log(dist->mean_ns) - variance / 2;
  params->sigma = sqrt(variance);
}

static double lognormal_draw(const struct dist *dist, struct rng_stream *stream) {
  const struct lognormal_params *params = (const void *)&dist->params;
  gsl_rng rng = rng_as_gsl(stream);
  return gsl_ran_lognormal(&rng, params->zeta, params->sigma);
}

const struct dist_kind dist_kind_lognormal = {
    .kind = {.name = "lognormal",
             .help = "the logarithm is normal: many short ones, a few very long ones",
             .params = lognormal_rows,
             .n_params = sizeof lognormal_rows / sizeof *lognormal_rows,
             .params_size = sizeof(struct lognormal_params)},
    .finish = lognormal_finish,
    .draw = lognormal_draw,
};
