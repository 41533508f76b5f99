/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/exponential.h"

/* exp(-d) for 0 <= d < 0.78, the widest layer: Taylor, whose first term left out is below
   0.78^17 / 17! < 5e-17. */
static double exp_minus(double d) {
  static const double term[] = {1.0,
                                -1.0,
                                1.0 / 2,
                                -1.0 / 6,
                                1.0 / 24,
                                -1.0 / 120,
                                1.0 / 720,
                                -1.0 / 5040,
                                1.0 / 40320,
                                -1.0 / 362880,
                                1.0 / 3628800,
                                -1.0 / 39916800,
                                1.0 / 479001600,
                                -1.0 / 6227020800,
                                1.0 / 87178291200,
                                -1.0 / 1307674368000,
                                1.0 / 20922789888000};
  enum { TERMS = sizeof term / sizeof *term };
  double sum = term[TERMS - 1];
  for (int i = TERMS - 2; i >= 0; i--) sum = sum * d + term[i];
  return sum;
}

double exponential_slow(struct rng_stream *stream, unsigned layer, uint64_t mantissa) {
  /* The law has no memory: what lies beyond the tail's edge is exponential again. */
  if (layer == 0) return exponential_width[1] * 0x1p56 + exponential_draw(stream);

  /* The point lies in the wedge between the box under the layer's top and the curve. */
  double x = (double)(int64_t)mantissa * exponential_width[layer];
  double left = layer + 1 < EXPONENTIAL_LAYERS ? exponential_width[layer + 1] * 0x1p56 : 0;
  double bottom = exponential_height[layer], top = exponential_height[layer + 1];
  double y = bottom + rng_uniform(stream) * (top - bottom);
  if (y < top * exp_minus(x - left)) return x;
  return exponential_draw(stream);
}
