/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/trace_take.h"

#include "study/machine.h"

struct run_result *trace_take(const struct trace_wish *wish, struct trace_log **log,
                              struct arena *arena) {
  struct scenario *cut = ARENA_NEW(arena, struct scenario);
  *cut = *wish->scenario;
  cut->run.warmup_ns = 0;
  cut->run.duration_ns = wish->span.until_ns;
  *log = trace_log_new(cut, &wish->span, arena);
  (*log)->abort = wish->interrupt;
  const struct machine_options options = {.replication = wish->replication,
                                          .guard = wish->guard,
                                          .trace = &(*log)->sink,
                                          .interrupt = &(*log)->is_over};
  struct run_result *result = machine_run(cut, &options, arena);
  bool has_stopped = result->status == RUN_STUCK || result->status == RUN_LIMITED ||
                     (wish->interrupt && *wish->interrupt);
  trace_log_finish(*log, has_stopped ? (*log)->now_ns : wish->span.until_ns);
  return result;
}
