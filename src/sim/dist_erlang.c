/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <gsl/gsl_randist.h>

#include "sim/dist.h"

struct erlang_params {
  int64_t mean_ns;
  uint32_t k;
};
static_assert(sizeof(struct erlang_params) <= DIST_PARAMS_MAX, "params do not fit");

static const struct param erlang_rows[] = {
    {.key = "mean",
     .type = PARAM_DURATION,
     .offset = offsetof(struct erlang_params, mean_ns),
     .min = 1,
     .max = 0x1p62,
     .help = "the mean of the whole"},
    {.key = "k",
     .type = PARAM_COUNT,
     .offset = offsetof(struct erlang_params, k),
     .min = 1,
     .max = 1e6,
     .unit = "",
     .help = "number of exponential stages; the coefficient of variation is 1 / sqrt(k)"},
};

static void erlang_finish(struct dist *dist) {
  const struct erlang_params *params = (const void *)&dist->params;
  dist->mean_ns = (double)params->mean_ns;
  dist->constant_ns = -1;
  dist->scale_ns = 0;
}

static double erlang_draw(const struct dist *dist, struct rng_stream *stream) {
  const struct erlang_params *params = (const void *)&dist->params;
  gsl_rng rng = rng_as_gsl(stream);
  return gsl_ran_erlang(&rng, dist->mean_ns / params->k, params->k);
}

const struct dist_kind dist_kind_erlang = {
    .kind = {.name = "erlang",
             .help = "the sum of k exponential stages: steadier than exponential",
             .params = erlang_rows,
             .n_params = sizeof erlang_rows / sizeof *erlang_rows,
             .params_size = sizeof(struct erlang_params)},
    .finish = erlang_finish,
    .draw = erlang_draw,
};
