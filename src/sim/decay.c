/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/decay.h"

#include <stdint.h>
#include <string.h>

/* ln 2 in two parts, the first of which has zeros at its end: multiples of it are exact. */
#define LN2 0.69314718055994530942
#define LN2_HIGH 0x1.62e42fee00000p-1
#define LN2_LOW 0x1.a39ef35793c76p-33

enum { MANTISSA_BITS = 52, BIAS = 1023, HALVINGS_MAX = 1000 };
#define MANTISSA ((UINT64_C(1) << MANTISSA_BITS) - 1)

/* mantissa · 2^exponent */
static double compose(uint64_t mantissa, int exponent) {
  uint64_t bits = (uint64_t)(BIAS + exponent) << MANTISSA_BITS | mantissa;
  double number;
  memcpy(&number, &bits, sizeof number);
  return number;
}

/* e^-d for d up to 0.78, from 0 or hardly below it: Taylor, whose first term left out is below
   0.78^17 / 17! < 5e-17. */
static double exp_near_0(double d) {
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

double decay_exp(double x) {
  if (x < 0.78) return exp_near_0(x);
  if (x > HALVINGS_MAX * LN2) return 0;
  int halvings = (int)(x / LN2);
  double rest = x - halvings * LN2_HIGH - halvings * LN2_LOW;
  return exp_near_0(rest) * compose(0, -halvings);
}

/* ln m = 2 artanh((m-1) / (m+1)), by its series for m from sqrt 1/2 to sqrt 2; the first term left
   out is below 0.172^25 / 25 < 4e-21. */
static double log_near_1(double m) {
  enum { LAST = 23 };
  double z = (m - 1) / (m + 1), square = z * z, sum = 1.0 / LAST;
  for (int i = LAST - 2; i >= 1; i -= 2) sum = sum * square + 1.0 / i;
  return 2 * z * sum;
}

double decay_log(double u) {
  uint64_t bits;
  memcpy(&bits, &u, sizeof bits);
  int exponent = (int)(bits >> MANTISSA_BITS) - BIAS;
  double m = compose(bits & MANTISSA, 0);
  if (m > 1.4142135623730951) {
    m *= 0.5;
    exponent++;
  }
  return exponent * LN2_HIGH + (exponent * LN2_LOW + log_near_1(m));
}
