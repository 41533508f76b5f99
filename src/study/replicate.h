/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs the replications of one configuration and sums them up. */
#ifndef COSTOP_STUDY_REPLICATE_H
#define COSTOP_STUDY_REPLICATE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "sim/arena.h"
#include "sim/stat.h"
#include "sim/trace.h"
#include "study/cell.h"
#include "study/entity.h"
#include "study/metrics.h"
#include "study/result.h"
#include "study/run_guard.h"

struct replicate_options {
  uint32_t first, n;                      /* replications first … first + n - 1 */
  struct run_guard guard;                 /* of each */
  const volatile sig_atomic_t *interrupt; /* may be NULL */
  struct trace_sink *trace;               /* of the first of them; NULL: none */
  struct arena *scratch;                  /* of the machines, left dirty; NULL: one of their own */
};

/* The finished replications, in order. Const once it is returned. */
struct replications {
  const struct scenario *scenario;
  const struct run_result *const *runs;
  uint32_t n;
  enum run_status status; /* of the last one: unfinished runs are not among runs */
  const char *message;    /* what stopped it, NULL if RUN_DONE */
};

/* Results live in arena; each machine is taken down before the next is built. */
struct replications replicate_run(const struct scenario *scenario,
                                  const struct replicate_options *options, struct arena *arena);

/* The metric's values of one entity over the replications in which it has one. */
struct stat_sum replicate_stat(const struct replications *replications, const struct metric *metric,
                               struct entity entity);

#define REPLICATE_CONFIDENCE 0.95

#endif
