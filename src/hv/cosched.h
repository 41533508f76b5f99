/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef COSTOP_HV_COSCHED_H
#define COSTOP_HV_COSCHED_H

#include "sim/param.h"

#define COSCHED_KINDS(X) \
  X(none)                \
  X(strict)              \
  X(relaxed)

struct cosched_ops {
  struct kind kind;
};
#define X(name) extern const struct cosched_ops cosched_##name;
COSCHED_KINDS(X)
#undef X

/* NULL-terminated, in the order of COSCHED_KINDS. */
extern const struct cosched_ops *const cosched_kinds[];

#endif
