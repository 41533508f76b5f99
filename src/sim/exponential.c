/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/exponential.h"

#include "sim/decay.h"

double exponential_slow(struct rng_stream *stream, unsigned layer, uint64_t mantissa) {
  /* The law has no memory: what lies beyond the tail's edge is exponential again. */
  if (layer == 0) return exponential_width[1] * 0x1p56 + exponential_draw(stream);

  /* The point lies in the wedge between the box under the layer's top and the curve. */
  double x = (double)(int64_t)mantissa * exponential_width[layer];
  double left = layer + 1 < EXPONENTIAL_LAYERS ? exponential_width[layer + 1] * 0x1p56 : 0;
  double bottom = exponential_height[layer], top = exponential_height[layer + 1];
  double y = bottom + rng_uniform(stream) * (top - bottom);
  if (y < top * decay_exp(x - left)) return x;
  return exponential_draw(stream);
}
