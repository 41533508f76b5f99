/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What became of expectations: the mean over the replications is judged. */
#ifndef COSTOP_STUDY_VERDICT_H
#define COSTOP_STUDY_VERDICT_H

#include "study/expect.h"
#include "study/replicate.h"

struct verdict {
  const struct expect *expect;
  const char *entity;
  struct stat_sum stat; /* n = 0: there is no value, which never holds */
  bool holds;
};

struct verdicts {
  const struct verdict *items; /* in the order of the expectations, then of the entities */
  uint32_t n, n_failed;
};

struct verdicts verdict_reach(const struct replications *replications, const struct expect *expects,
                              uint32_t n_expects, struct arena *arena);

#endif
