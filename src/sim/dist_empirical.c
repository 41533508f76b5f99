/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>

#include "sim/dist.h"

struct empirical_params {
  struct duration_list list;
};
static_assert(sizeof(struct empirical_params) <= DIST_PARAMS_MAX, "params do not fit");

static const struct param empirical_rows[] = {
    {.key = "durations",
     .type = PARAM_DURATIONS,
     .offset = offsetof(struct empirical_params, list),
     .min = 0,
     .max = 0x1p62,
     .help = "the values, or the name of a file with one duration a line"},
};

static const char *empirical_check(const void *raw, const char **key) {
  const struct empirical_params *params = raw;
  if (params->list.n > 0) return NULL;
  *key = "durations";
  return "must have at least one value";
}

static void empirical_finish(struct dist *dist) {
  const struct empirical_params *params = (const void *)&dist->params;
  __int128 sum = 0;
  for (uint32_t i = 0; i < params->list.n; i++) sum += params->list.values_ns[i];
  dist->mean_ns = (double)sum / params->list.n;
  dist->constant_ns = -1;
  dist->scale_ns = 0;
}

static double empirical_draw(const struct dist *dist, struct rng_stream *stream) {
  const struct empirical_params *params = (const void *)&dist->params;
  uint32_t i = (uint32_t)(rng_uniform(stream) * params->list.n);
  return (double)params->list.values_ns[i];
}

const struct dist_kind dist_kind_empirical = {
    .kind = {.name = "empirical",
             .help = "measured values, drawn with replacement",
             .params = empirical_rows,
             .n_params = sizeof empirical_rows / sizeof *empirical_rows,
             .params_size = sizeof(struct empirical_params),
             .form = PARAM_FORM_SCALAR,
             .check = empirical_check},
    .finish = empirical_finish,
    .draw = empirical_draw,
};
