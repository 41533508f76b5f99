/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/dist.h"

#include <assert.h>

static void constant_finish(struct dist *dist) { dist->mean_ns = (double)dist->constant_ns; }

static double constant_draw(const struct dist *dist, struct rng_stream *stream) {
  (void)stream;
  return dist->mean_ns;
}

static const struct dist_kind constant = {
    .kind = {.name = "constant", .help = "always the same", .form = PARAM_FORM_SCALAR},
    .finish = constant_finish,
    .draw = constant_draw,
};

struct dist dist_constant(int64_t value_ns) {
  assert(value_ns >= 0 && value_ns <= TIME_MAX_NS);
  struct dist dist = {.kind = &constant, .constant_ns = value_ns};
  constant.finish(&dist);
  return dist;
}

const struct dist_kind *const dist_kinds[] = {
#define X(name) &dist_kind_##name,
    DIST_KINDS(X)
#undef X
        NULL};
