/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/trace_log.h"

#include <stdlib.h>

#include "cli/trace_track.h"
#include "hv/runstate.h"
#include "sim/time.h"

static bool has_room(struct trace_log *log) {
  if (log->n_intervals < log->room) return true;
  size_t room = log->room ? log->room * 2 : 4096;
  if (room > log->limit) room = log->limit;
  if (room == log->room) return false;
  struct trace_interval *grown = realloc(log->intervals, room * sizeof *grown);
  if (!grown) return false;
  log->intervals = grown;
  log->room = room;
  return true;
}

/* All ids of the returned interval are ID_NONE but vm. NULL outside of the span. */
struct trace_interval *trace_log_add(struct trace_log *log, enum interval_kind kind, unsigned state,
                                     vm_id_t vm) {
  if (!log->has_begun || log->is_over) return NULL;
  if (!has_room(log)) {
    /* What began at this instant is incomplete: it gets no length and is dropped at the end. */
    log->is_full = true;
    log->is_over = 1;
    log->until_ns = log->now_ns;
    return NULL;
  }
  struct trace_interval *interval = &log->intervals[log->n_intervals++];
  *interval = (struct trace_interval){.start_ns = log->now_ns,
                                      .end_ns = TIME_NEVER_NS,
                                      .vm = vm,
                                      .vcpu = ID_NONE,
                                      .peer_vcpu = ID_NONE,
                                      .thread = ID_NONE,
                                      .peer_thread = ID_NONE,
                                      .pcpu = ID_NONE,
                                      .lock = ID_NONE,
                                      .kind = (uint8_t)kind,
                                      .state = (uint8_t)state};
  return interval;
}

size_t trace_log_slot(const struct trace_log *log, const struct trace_interval *interval) {
  return interval ? (size_t)(interval - log->intervals) : TRACE_SLOT_NONE;
}

void trace_log_close(struct trace_log *log, size_t *slot) {
  if (*slot == TRACE_SLOT_NONE) return;
  log->intervals[*slot].end_ns = log->now_ns;
  /* Most states without length are the newest interval: their place is free again at once. */
  if (log->intervals[*slot].start_ns == log->now_ns && *slot + 1 == log->n_intervals)
    log->n_intervals--;
  *slot = TRACE_SLOT_NONE;
}

static void span_begin(struct trace_log *log) {
  log->has_begun = true;
  log->now_ns = log->from_ns;
  trace_track_begin(log);
}

static void trace_log_emit(struct trace_sink *sink, const struct trace_record *record) {
  struct trace_log *log = (struct trace_log *)sink; /* its first member */
  if (log->abort && *log->abort) log->is_over = 1;
  if (!log->has_begun && record->at_ns >= log->from_ns) span_begin(log);
  if (record->at_ns >= log->until_ns) log->is_over = 1;
  if (log->is_over) return;
  log->now_ns = record->at_ns;
  trace_track_take(log, record);
}

struct trace_log *trace_log_new(const struct scenario *scenario, const struct trace_span *span,
                                struct arena *arena) {
  struct trace_log *log = ARENA_NEW(arena, struct trace_log);
  log->sink.emit = trace_log_emit;
  log->names = trace_names_build(scenario, arena);
  log->tracker = trace_track_new(log->names, arena);
  log->from_ns = span->from_ns;
  log->until_ns = span->until_ns;
  log->limit = span->limit;
  return log;
}

void trace_log_finish(struct trace_log *log, int64_t end_ns) {
  if (log->until_ns > end_ns) log->until_ns = end_ns;
  if (log->until_ns < log->from_ns) log->until_ns = log->from_ns;
  if (!log->has_begun) span_begin(log);
  log->is_over = 1;
  log->now_ns = log->until_ns;
  trace_track_end(log);
  size_t n_kept = 0;
  for (size_t i = 0; i < log->n_intervals; i++) {
    struct trace_interval *interval = &log->intervals[i];
    if (interval->end_ns == TIME_NEVER_NS) interval->end_ns = log->until_ns;
    bool is_event = interval->kind == INTERVAL_EVENT && interval->start_ns < log->until_ns;
    bool is_paid = interval->kind != INTERVAL_PAYMENT || interval->value > 0;
    if (is_event || (is_paid && interval->end_ns > interval->start_ns))
      log->intervals[n_kept++] = *interval;
  }
  log->n_intervals = n_kept;
}

void trace_log_free(struct trace_log *log) { free(log->intervals); }

/* ---- words ---- */

const char *trace_log_kind(const struct trace_interval *interval) {
  switch ((enum interval_kind)interval->kind) {
    case INTERVAL_VCPU:
      return "vcpu";
    case INTERVAL_ACTIVITY:
      return "activity";
    case INTERVAL_LOCK:
      return "lock";
    case INTERVAL_BARRIER:
      return "barrier";
    case INTERVAL_SKEW:
      return "skew";
    case INTERVAL_PAYMENT:
      return "payment";
    case INTERVAL_EVENT:
      return "event";
  }
  return "";
}

const char *trace_log_state(const struct trace_interval *interval) {
  static const char *const runstates[] = {
      [RS_RUNNING] = "running", [RS_READY] = "ready", [RS_COSTOP] = "costop", [RS_IDLE] = "idle"};
  static const char *const activities[] = {[ACT_OVERHEAD] = "overhead",
                                           [ACT_USEFUL] = "useful",
                                           [ACT_CRITICAL] = "critical",
                                           [ACT_SPIN] = "spin",
                                           [ACT_KERNEL] = "kernel"};
  static const char *const phases[] = {[PHASE_NONE] = "",
                                       [PHASE_WAIT] = "wait",
                                       [PHASE_SPIN] = "spin",
                                       [PHASE_HANDOFF] = "handoff",
                                       [PHASE_HOLD] = "hold"};
  static const char *const payments[] = {
      [PAYMENT_NONE] = "", [PAYMENT_LHP] = "lhp", [PAYMENT_LWP] = "lwp"};
  static const char *const events[] = {[EVENT_PREEMPT] = "preempt", [EVENT_COSTOP] = "costop"};
  switch ((enum interval_kind)interval->kind) {
    case INTERVAL_VCPU:
      return runstates[interval->state];
    case INTERVAL_ACTIVITY:
      return activities[interval->state];
    case INTERVAL_LOCK:
    case INTERVAL_BARRIER:
      return phases[interval->state];
    case INTERVAL_SKEW:
      return "";
    case INTERVAL_PAYMENT:
      return payments[interval->state];
    case INTERVAL_EVENT:
      return events[interval->state];
  }
  return "";
}

const char *trace_log_object(const struct trace_log *log, const struct trace_interval *interval) {
  if (interval->lock == ID_NONE) return "";
  if (interval->kind == INTERVAL_BARRIER)
    return log->names->scenario->barriers[interval->lock].name;
  return log->names->locks[interval->lock]->name;
}
