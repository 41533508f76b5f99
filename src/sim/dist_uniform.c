/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>

#include "sim/dist.h"

struct uniform_params {
  int64_t min_ns, max_ns;
};
static_assert(sizeof(struct uniform_params) <= DIST_PARAMS_MAX, "params do not fit");

static const struct param uniform_rows[] = {
    {.key = "min",
     .type = PARAM_DURATION,
     .offset = offsetof(struct uniform_params, min_ns),
     .min = 0,
     .max = 0x1p62,
     .help = "the lower end"},
    {.key = "max",
     .type = PARAM_DURATION,
     .offset = offsetof(struct uniform_params, max_ns),
     .min = 0,
     .max = 0x1p62,
     .help = "the upper end"},
};

static const char *uniform_check(const void *raw, const char **key) {
  const struct uniform_params *params = raw;
  if (params->min_ns <= params->max_ns) return NULL;
  *key = "min";
  return "must not be above max";
}

static void uniform_finish(struct dist *dist) {
  const struct uniform_params *params = (const void *)&dist->params;
  dist->mean_ns = ((double)params->min_ns + (double)params->max_ns) / 2;
  dist->constant_ns = -1;
  dist->scale_ns = 0;
}

/* Not gsl_ran_flat: a library built with contracted multiplications would draw other bits. */
static double uniform_draw(const struct dist *dist, struct rng_stream *stream) {
  const struct uniform_params *params = (const void *)&dist->params;
  return (double)params->min_ns + rng_uniform(stream) * (double)(params->max_ns - params->min_ns);
}

const struct dist_kind dist_kind_uniform = {
    .kind = {.name = "uniform",
             .help = "every value between two ends is equally likely",
             .params = uniform_rows,
             .n_params = sizeof uniform_rows / sizeof *uniform_rows,
             .params_size = sizeof(struct uniform_params),
             .form = PARAM_FORM_PAIR,
             .check = uniform_check},
    .finish = uniform_finish,
    .draw = uniform_draw,
};
