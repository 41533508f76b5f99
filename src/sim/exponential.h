/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Exp(1) by a 256-layer ziggurat (Marsaglia and Tsang 2000) with 56-bit mantissas. Uses no libm:
   additions and multiplications only, so it draws the same bits on every IEEE machine. */
#ifndef COSTOP_SIM_EXPONENTIAL_H
#define COSTOP_SIM_EXPONENTIAL_H

#include "sim/inline.h"
#include "sim/rng.h"

enum { EXPONENTIAL_LAYERS = 256 };
extern const double exponential_width[EXPONENTIAL_LAYERS];      /* layer width * 2^-56 */
extern const uint64_t exponential_inside[EXPONENTIAL_LAYERS];   /* mantissas below are accepted */
extern const double exponential_height[EXPONENTIAL_LAYERS + 1]; /* exp(-edge of the layer) */

/* The rare wedge and tail (about 1 % of draws). */
double exponential_slow(struct rng_stream *stream, unsigned layer, uint64_t mantissa);

ALWAYS_INLINE double exponential_draw(struct rng_stream *stream) {
  uint64_t bits = rng_u64(stream);
  unsigned layer = (unsigned)(bits & (EXPONENTIAL_LAYERS - 1));
  uint64_t mantissa = bits >> 8;
  if (__builtin_expect(mantissa < exponential_inside[layer], 1))
    return (double)(int64_t)mantissa * exponential_width[layer];
  return exponential_slow(stream, layer, mantissa);
}

#endif
