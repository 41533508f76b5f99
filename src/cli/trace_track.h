/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between trace_log.c, which keeps intervals, and trace_track.c, which knows what goes on. */
#ifndef COSTOP_CLI_TRACE_TRACK_H
#define COSTOP_CLI_TRACE_TRACK_H

#include "cli/trace_log.h"

#define TRACE_SLOT_NONE SIZE_MAX /* no open interval */

/* An interval that starts now; all its ids but vm are ID_NONE. NULL outside of the span. */
struct trace_interval *trace_log_add(struct trace_log *log, enum interval_kind kind, unsigned state,
                                     vm_id_t vm);
/* The place of an interval, which may move; of NULL: TRACE_SLOT_NONE. */
size_t trace_log_slot(const struct trace_log *log, const struct trace_interval *interval);
/* An interval of skew, wherever it lies. */
struct trace_interval *trace_log_add_skew(struct trace_log *log, vm_id_t vm, int64_t start_ns);
/* Ends an interval now and forgets its place. */
void trace_log_close(struct trace_log *log, size_t *slot);

/* Before the first record every vCPU is IDLE. */
struct trace_tracker *trace_track_new(const struct trace_names *names, struct arena *arena);
void trace_track_take(struct trace_log *log, const struct trace_record *record);
/* TRACE_SKEW, which may lie behind other records. */
void trace_track_take_skew(struct trace_log *log, const struct trace_record *record);
/* Opens intervals for all that goes on when the span starts, and settles them when it ends. */
void trace_track_begin(struct trace_log *log);
void trace_track_end(struct trace_log *log);

#endif
