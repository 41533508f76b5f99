/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writers of a finished trace log. They leave errors to ferror(to). */
#ifndef COSTOP_CLI_TRACE_WRITE_H
#define COSTOP_CLI_TRACE_WRITE_H

#include <stdio.h>

#include "cli/trace_log.h"

/* vCPUs and threads are numbered within their VM; empty: not applicable. By start, skew last. */
void trace_csv_write(const struct trace_log *log, FILE *to);

/* Chrome Trace Event JSON, as Perfetto and chrome://tracing read it: one process for the host with
   a row per pCPU, one per VM with a row per vCPU and a row of holds and waits per thread. */
void trace_json_write(const struct trace_log *log, uint32_t replication, FILE *to);

#endif
