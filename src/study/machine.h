/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Builds the simulated machine of a scenario and runs one replication of it. */
#ifndef COSTOP_STUDY_MACHINE_H
#define COSTOP_STUDY_MACHINE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "sim/arena.h"
#include "sim/trace.h"
#include "study/result.h"
#include "study/run_guard.h"
#include "study/scenario.h"

struct batch_series;

struct machine_options {
  uint32_t replication;
  struct run_guard guard;
  struct trace_sink *trace;               /* NULL: none */
  int64_t trace_from_ns, trace_until_ns;  /* records outside are not emitted; until 0: no limit */
  struct batch_series *series;            /* see batches.h; NULL: none */
  const volatile sig_atomic_t *interrupt; /* polled now and then, from whatever thread; or NULL */
};

/* Runs a whole replication. The result lives in arena and borrows the scenario. A pure function of
   (scenario, options.replication) if not interrupted. */
struct run_result *machine_run(const struct scenario *scenario,
                               const struct machine_options *options, struct arena *arena);

/* Bytes of memory that machine_run will need, and whether time and entities fit into 63 bits of
   event key; *longest_ns gets the longest warmup + duration that would. */
uint64_t machine_memory(const struct scenario *scenario);
bool machine_horizon_fits(const struct scenario *scenario, int64_t *longest_ns);

#endif
