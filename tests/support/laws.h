/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Distributions for tests, bound through their parameter rows as the scenario reader does it. */
#ifndef COSTOP_TESTS_SUPPORT_LAWS_H
#define COSTOP_TESTS_SUPPORT_LAWS_H

#include <check.h>
#include <math.h>
#include <string.h>

#include "sim/dist.h"

enum { LAWS = 7 };

/* What the empirical distribution of these tests draws from: mean 10,000 / 4. */
static const int64_t laws_measured_ns[] = {1000, 2000, 2000, 5000};

static inline void laws_store(unsigned char *params, const struct param *row, double value) {
  const struct duration_list measured = {.values_ns = laws_measured_ns, .n = 4};
  int64_t duration_ns = isnan(value) ? row->word_value : (int64_t)value;
  uint32_t count = (uint32_t)duration_ns;
  if (row->type == PARAM_DURATION)
    memcpy(params + row->offset, &duration_ns, sizeof duration_ns);
  else if (row->type == PARAM_COUNT)
    memcpy(params + row->offset, &count, sizeof count);
  else if (row->type == PARAM_REAL)
    memcpy(params + row->offset, &value, sizeof value);
  else
    memcpy(params + row->offset, &measured, sizeof measured);
}

/* The values go to the kind's rows in their order; NAN stands for a row's word. */
static inline struct dist laws_bind(const char *name, double a, double b, double c) {
  const double values[] = {a, b, c};
  for (size_t i = 0; dist_kinds[i]; i++) {
    const struct kind *kind = &dist_kinds[i]->kind;
    if (strcmp(kind->name, name) != 0) continue;
    struct dist dist = {.kind = dist_kinds[i]};
    for (size_t row = 0; row < kind->n_params; row++)
      laws_store(dist.params.bytes, &kind->params[row], values[row]);
    dist.kind->finish(&dist);
    return dist;
  }
  ck_abort_msg("no distribution %s", name);
  return dist_constant(0);
}

/* One example of each kind. */
static inline struct dist laws_example(size_t i) {
  const struct {
    const char *name;
    double values[3];
  } examples[LAWS] = {
      {"exponential", {1e9, 0, 0}}, {"uniform", {1e9, 3e9, 0}}, {"lognormal", {1e9, 1.5, 0}},
      {"pareto", {1e9, 1.5, 1e12}}, {"erlang", {1e9, 4, 0}},    {"hyperexponential", {1e9, 2, 0}},
      {"empirical", {0, 0, 0}},
  };
  return laws_bind(examples[i].name, examples[i].values[0], examples[i].values[1],
                   examples[i].values[2]);
}

static inline struct rng_stream laws_stream(const char *vm) {
  struct rng_stream stream;
  rng_stream_init(&stream, 1, 0, RNG_COMPUTE, vm, "0");
  return stream;
}

#endif
