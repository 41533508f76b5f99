/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What watches over a replication while it runs. It decides whether there is a result, never which.
 */
#ifndef COSTOP_STUDY_RUN_GUARD_H
#define COSTOP_STUDY_RUN_GUARD_H

#include <stdbool.h>
#include <stdint.h>

struct run_guard {
  bool paranoid;       /* check every invariant after every event */
  uint64_t max_events; /* warm-up included; 0: no limit */
};

#endif
