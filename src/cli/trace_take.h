/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A replication that is run for its timeline only. */
#ifndef COSTOP_CLI_TRACE_TAKE_H
#define COSTOP_CLI_TRACE_TAKE_H

#include "cli/trace_log.h"
#include "study/result.h"
#include "study/run_guard.h"

struct trace_wish {
  const struct scenario *scenario;
  uint32_t replication;
  struct run_guard guard;
  struct trace_span span;                 /* its end is known */
  const volatile sig_atomic_t *interrupt; /* may be NULL */
};

/* Runs as far as the span goes: what comes later does not change what was before. *log is to be
   freed with trace_log_free. */
struct run_result *trace_take(const struct trace_wish *wish, struct trace_log **log,
                              struct arena *arena);

#endif
