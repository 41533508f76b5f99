/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>

#include "sim/dist.h"

struct exponential_params {
  int64_t mean_ns;
};
static_assert(sizeof(struct exponential_params) <= DIST_PARAMS_MAX, "params do not fit");

static const struct param exponential_rows[] = {
    {.key = "mean",
     .type = PARAM_DURATION,
     .offset = offsetof(struct exponential_params, mean_ns),
     .min = 0,
     .max = 0x1p62,
     .help = "the mean"},
};

static void exponential_finish(struct dist *dist) {
  const struct exponential_params *params = (const void *)&dist->params;
  dist->mean_ns = dist->scale_ns = (double)params->mean_ns;
  /* A mean of 0 leaves one value, and a scale of 0 means "not exponential". */
  dist->constant_ns = params->mean_ns == 0 ? 0 : -1;
}

static double exponential_real(const struct dist *dist, struct rng_stream *stream) {
  return exponential_draw(stream) * dist->scale_ns;
}

const struct dist_kind dist_kind_exponential = {
    .kind = {.name = "exponential",
             .help = "no memory: the rest of a draw is distributed as the whole",
             .params = exponential_rows,
             .n_params = sizeof exponential_rows / sizeof *exponential_rows,
             .params_size = sizeof(struct exponential_params),
             .form = PARAM_FORM_SCALAR},
    .finish = exponential_finish,
    .draw = exponential_real,
};

struct dist dist_exponential(int64_t mean_ns) {
  assert(mean_ns >= 0 && mean_ns <= TIME_MAX_NS);
  struct dist dist = {.kind = &dist_kind_exponential};
  struct exponential_params *params = (void *)&dist.params;
  params->mean_ns = mean_ns;
  dist.kind->finish(&dist);
  return dist;
}
