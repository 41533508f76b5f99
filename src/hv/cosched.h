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

enum cosched_progress { PROGRESS_GUEST, PROGRESS_PRE4 };
enum cosched_boost { BOOST_NONE, BOOST_LAGGARD };
enum { PATIENCE_TIMESLICE = -1 };

struct cosched_strict_params {
  int64_t skew_limit_ns;
  int64_t patience_ns; /* or PATIENCE_TIMESLICE */
  uint32_t progress;   /* enum cosched_progress */
};

struct cosched_relaxed_params {
  int64_t costop_threshold_ns, costart_threshold_ns, poll_ns;
  uint32_t progress; /* enum cosched_progress */
  uint32_t boost;    /* enum cosched_boost */
};

extern const char *const cosched_progress_words[];

/* NULL-terminated, in the order of COSCHED_KINDS. */
extern const struct cosched_ops *const cosched_kinds[];

#endif
