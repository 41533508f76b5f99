/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "unit/pairs.h"

#include <stdio.h>

#include "support/goodness.h"

void pairs_add(struct pairs *pairs, double u, double v) {
  pairs->count[(int)(u * PAIRS_SIDE) * PAIRS_SIDE + (int)(v * PAIRS_SIDE)]++;
  pairs->products += (u - 0.5) * (v - 0.5);
  pairs->n++;
}

/* A product has the standard deviation 1/12. */
double pairs_p_value(const struct pairs *pairs) {
  double deviations = pairs->products * 12 / sqrt((double)pairs->n);
  return fmin(2 * gsl_cdf_ugaussian_Q(fabs(deviations)),
              goodness_chi_square(pairs->count, NULL, PAIRS_SIDE * PAIRS_SIDE));
}

static struct rng_stream stream_of(enum pairs_axis axis, uint64_t seed, uint64_t number) {
  struct rng_stream stream;
  char vm[32], index[32];
  (void)snprintf(vm, sizeof vm, "noise.%llu", axis == PAIRS_VM ? (unsigned long long)number : 1);
  (void)snprintf(index, sizeof index, "%llu", axis == PAIRS_INDEX ? (unsigned long long)number : 1);
  rng_stream_init(&stream, axis == PAIRS_SEED ? seed + number : seed,
                  axis == PAIRS_REPLICATION ? (uint32_t)number : 0,
                  axis == PAIRS_PURPOSE ? (enum rng_purpose)number : RNG_COMPUTE, vm, index);
  return stream;
}

static double draw_by_draw(struct rng_stream left, struct rng_stream right, uint64_t n) {
  struct pairs pairs = {0};
  for (uint64_t i = 0; i < n; i++) {
    double u = rng_uniform(&left);
    pairs_add(&pairs, u, rng_uniform(&right));
  }
  return pairs_p_value(&pairs);
}

double pairs_of_neighbours(enum pairs_axis axis, uint64_t n, uint64_t seed) {
  return draw_by_draw(stream_of(axis, seed, 0), stream_of(axis, seed, 1), n);
}

double pairs_of_first_draws(enum pairs_axis axis, uint64_t n, uint64_t seed) {
  struct pairs pairs = {0};
  for (uint64_t i = 0; i < n; i++) {
    struct rng_stream left = stream_of(axis, seed, 2 * i);
    struct rng_stream right = stream_of(axis, seed, 2 * i + 1);
    pairs_add(&pairs, rng_uniform(&left), rng_uniform(&right));
  }
  return pairs_p_value(&pairs);
}

double pairs_of_lag(uint32_t lag, uint64_t n, uint64_t seed) {
  struct rng_stream stream = stream_of(PAIRS_SEED, seed, 0), later = stream;
  for (uint32_t i = 0; i < lag; i++) (void)rng_u64(&later);
  return draw_by_draw(stream, later, n);
}
