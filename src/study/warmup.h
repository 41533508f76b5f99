/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How much warm-up a scenario needs, found on a pilot: one run from time 0 on, as long as the
   window and twice the warm-up of the file, with random numbers of its own. Its series is the
   iterations of all VMs, or where nobody finishes one the busy time of the pCPUs; MSER-5 cuts it.
   A pure function of the scenario. */
#ifndef COSTOP_STUDY_WARMUP_H
#define COSTOP_STUDY_WARMUP_H

#include <signal.h>

#include "study/result.h"
#include "study/run_guard.h"
#include "study/scenario.h"

struct warmup {
  enum run_status status; /* of the pilot; unless RUN_DONE there is nothing else but … */
  const char *message;    /* … this */
  int64_t warmup_ns;      /* the cut, rounded up to two significant digits */
  int64_t pilot_ns;
  bool is_too_short; /* no end of the transient in the first half: warmup_ns is that half */
};

struct warmup warmup_find(const struct scenario *scenario, const struct run_guard *guard,
                          const volatile sig_atomic_t *interrupt, struct arena *arena);

/* "140ms, found by MSER-5 in a pilot of 2.4s". */
const char *warmup_text(const struct warmup *warmup, struct arena *arena);

#endif
