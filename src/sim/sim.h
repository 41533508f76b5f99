/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One run: clock, calendar, listener. Passed to everybody; any number of runs live in one process.
 */
#ifndef COSTOP_SIM_SIM_H
#define COSTOP_SIM_SIM_H

#include <stdint.h>

#include "sim/calendar.h"
#include "sim/hist.h"
#include "sim/trace.h"

struct sim {
  int64_t now_ns;
  struct calendar calendar;
  uint64_t n_events;
  struct trace_sink *trace; /* NULL: nobody listens */
  const char *stuck_path;   /* not NULL: this step loops without time passing; the run stops */
  thread_id_t stuck_thread;
  struct hist_tally *tally; /* of histograms; NULL unless they are many */
  uint32_t n_unwatched;     /* events until somebody looks whether the run must end */
};

static inline bool sim_is_traced(const struct sim *sim) {
  return __builtin_expect(sim->trace != NULL, 0);
}

/* A record of now, with every id it does not concern left out. */
static inline struct trace_record sim_record(const struct sim *sim, enum trace_what what) {
  return (struct trace_record){.at_ns = sim->now_ns,
                               .what = what,
                               .pcpu = ID_NONE,
                               .vm = ID_NONE,
                               .vcpu = ID_NONE,
                               .thread = ID_NONE,
                               .lock = ID_NONE};
}

#endif
