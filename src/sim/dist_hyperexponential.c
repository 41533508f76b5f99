/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <math.h>

#include "sim/dist.h"

struct hyperexponential_params {
  int64_t mean_ns;
  double cv;
  double long_share; /* by finish, as the next two */
  double long_mean_ns, short_mean_ns;
};
static_assert(sizeof(struct hyperexponential_params) <= DIST_PARAMS_MAX, "params do not fit");

static const struct param hyperexponential_rows[] = {
    {.key = "mean",
     .type = PARAM_DURATION,
     .offset = offsetof(struct hyperexponential_params, mean_ns),
     .min = 1,
     .max = 0x1p62,
     .help = "the mean of the mixture"},
    {.key = "cv",
     .type = PARAM_REAL,
     .offset = offsetof(struct hyperexponential_params, cv),
     .min = 1,
     .max = 1000,
     .unit = "",
     .help = "coefficient of variation: standard deviation / mean"},
};

/* Balanced means: both phases contribute half of the mean. The long phase has the share
   (1 - s) / 2 with s^2 = (cv^2 - 1) / (cv^2 + 1); written without the cancelling difference. */
static void hyperexponential_finish(struct dist *dist) {
  struct hyperexponential_params *params = (void *)&dist->params;
  double square = params->cv * params->cv;
  double s = sqrt((square - 1) / (square + 1));
  dist->mean_ns = (double)params->mean_ns;
  dist->constant_ns = -1;
  dist->scale_ns = 0;
  params->long_share = 1 / ((square + 1) * (1 + s));
  params->long_mean_ns = dist->mean_ns / (2 * params->long_share);
  params->short_mean_ns = dist->mean_ns / (2 * (1 - params->long_share));
}

static double hyperexponential_draw(const struct dist *dist, struct rng_stream *stream) {
  const struct hyperexponential_params *params = (const void *)&dist->params;
  bool is_long = rng_uniform(stream) < params->long_share;
  return exponential_draw(stream) * (is_long ? params->long_mean_ns : params->short_mean_ns);
}

const struct dist_kind dist_kind_hyperexponential = {
    .kind = {.name = "hyperexponential",
             .help = "one of two exponentials, short or long, with balanced means",
             .params = hyperexponential_rows,
             .n_params = sizeof hyperexponential_rows / sizeof *hyperexponential_rows,
             .params_size = sizeof(struct hyperexponential_params)},
    .finish = hyperexponential_finish,
    .draw = hyperexponential_draw,
};
