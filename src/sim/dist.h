/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Distributions of durations. Draws are rounded to the nearest ns, never negative, saturating at
   2^62 ns. Constant, uniform and exponential draws use no libm. */
#ifndef COSTOP_SIM_DIST_H
#define COSTOP_SIM_DIST_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/exponential.h"
#include "sim/inline.h"
#include "sim/param.h"
#include "sim/rng.h"
#include "sim/time.h"

struct duration_list {
  const int64_t *values_ns;
  uint32_t n;
  const char *file; /* where they came from, or NULL: for messages only */
};

struct dist_kind;

#define DIST_PARAMS_MAX 40

/* A bound distribution; plain data, freely copied. params is the kind's parameter struct. */
struct dist {
  const struct dist_kind *kind; /* never NULL once bound */
  double mean_ns;               /* of the law (the untruncated real-valued one); 0 for constant 0 */
  int64_t constant_ns;          /* the value of a constant, else -1 */
  double scale_ns;              /* exponential: the mean; else 0 */
  union {
    unsigned char bytes[DIST_PARAMS_MAX];
    int64_t align_int;
    double align_real;
    const void *align_pointer;
  } params;
};

struct dist_kind {
  struct kind kind;
  /* Completes mean_ns, constant_ns, scale_ns from params. */
  void (*finish)(struct dist *dist);
  /* One draw in ns as a real number, before rounding. */
  double (*draw)(const struct dist *dist, struct rng_stream *stream);
};

/* To add one: a file dist_<kind>.c and a line here. The params struct of a kind may end in members
   that no row binds: finish keeps there what draw would otherwise compute again. */
#define DIST_KINDS(X) \
  X(exponential)      \
  X(uniform)          \
  X(lognormal)        \
  X(pareto)           \
  X(erlang)           \
  X(hyperexponential) \
  X(empirical)

#define X(name) extern const struct dist_kind dist_kind_##name;
DIST_KINDS(X)
#undef X

/* NULL-terminated, in the order of DIST_KINDS. A constant is no kind of this list: people write it
   as a plain duration, dist_constant makes it. */
extern const struct dist_kind *const dist_kinds[];

struct dist dist_constant(int64_t value_ns);
struct dist dist_exponential(int64_t mean_ns);

static inline bool dist_is_constant(const struct dist *dist) { return dist->constant_ns >= 0; }

/* Rounds half up; never negative; saturates at TIME_MAX_NS (NaN cannot occur). */
static inline int64_t dist_round_ns(double real_ns) {
  if (!(real_ns > 0)) return 0;
  /* From 2^52 on every double is whole, and adding 0.5 would round the odd ones up. */
  if (__builtin_expect(real_ns >= 0x1p52, 0))
    return real_ns >= 0x1p62 ? TIME_MAX_NS : (int64_t)real_ns;
  return (int64_t)(real_ns + 0.5);
}

/* stream may be NULL for constants. Constants draw nothing. */
ALWAYS_INLINE int64_t dist_draw(const struct dist *dist, struct rng_stream *stream) {
  if (__builtin_expect(dist->scale_ns > 0, 1)) {
    double real_ns = exponential_draw(stream) * dist->scale_ns; /* not negative */
    if (__builtin_expect(real_ns < 0x1p52, 1)) return (int64_t)(real_ns + 0.5);
    return dist_round_ns(real_ns);
  }
  if (dist->constant_ns >= 0) return dist->constant_ns;
  return dist_round_ns(dist->kind->draw(dist, stream));
}

#endif
