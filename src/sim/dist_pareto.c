/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <gsl/gsl_cdf.h>
#include <math.h>

#include "sim/dist.h"

struct pareto_params {
  int64_t min_ns, max_ns; /* max_ns: TIME_NEVER_NS if there is none */
  double shape;
  double share; /* of the unbounded law below max: by finish */
};
static_assert(sizeof(struct pareto_params) <= DIST_PARAMS_MAX, "params do not fit");

static const struct param pareto_rows[] = {
    {.key = "min",
     .type = PARAM_DURATION,
     .offset = offsetof(struct pareto_params, min_ns),
     .min = 1,
     .max = 0x1p62,
     .help = "the least value"},
    {.key = "shape",
     .type = PARAM_REAL,
     .offset = offsetof(struct pareto_params, shape),
     .min = 0.001,
     .max = 1000,
     .unit = "",
     .help = "the tail falls as x^-shape; without max the mean is infinite up to 1"},
    {.key = "max",
     .type = PARAM_DURATION,
     .offset = offsetof(struct pareto_params, max_ns),
     .fallback = "none",
     .min = 1,
     .max = 0x1p62,
     .word = "none",
     .word_value = TIME_NEVER_NS,
     .help = "values above it do not occur: the law is cut off there and scaled up"},
};

static const char *pareto_check(const void *raw, const char **key) {
  const struct pareto_params *params = raw;
  if (params->min_ns < params->max_ns) return NULL;
  *key = "max";
  return "must be above min";
}

/* (1 - exp(-rate * span)) / rate: the integral of exp(-rate * t) for t from 0 to span. */
static double decay_integral(double rate, double span) {
  return rate == 0 ? span : -expm1(-rate * span) / rate;
}

/* With t = ln(x / min) a bounded Pareto is an exponential of rate shape cut off at span, and x is
   min * exp(t): the mean is a quotient of two such integrals, for shape 1 too. */
static void pareto_finish(struct dist *dist) {
  struct pareto_params *params = (void *)&dist->params;
  double min = (double)params->min_ns, shape = params->shape;
  if (params->max_ns == TIME_NEVER_NS) {
    params->share = 1;
    dist->mean_ns = shape > 1 ? min * shape / (shape - 1) : (double)INFINITY;
  } else {
    double span = log((double)params->max_ns / min);
    params->share = -expm1(-shape * span);
    dist->mean_ns = min * decay_integral(shape - 1, span) / decay_integral(shape, span);
  }
  dist->constant_ns = -1;
  dist->scale_ns = 0;
}

static double pareto_draw(const struct dist *dist, struct rng_stream *stream) {
  const struct pareto_params *params = (const void *)&dist->params;
  double below = rng_uniform(stream) * params->share;
  return gsl_cdf_pareto_Pinv(below, params->shape, (double)params->min_ns);
}

const struct dist_kind dist_kind_pareto = {
    .kind = {.name = "pareto",
             .help = "heavy tail: a small share of the draws makes most of the sum",
             .params = pareto_rows,
             .n_params = sizeof pareto_rows / sizeof *pareto_rows,
             .params_size = sizeof(struct pareto_params),
             .check = pareto_check},
    .finish = pareto_finish,
    .draw = pareto_draw,
};
