/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/trace_log.h"

#include <stdlib.h>

#include "cli/trace_track.h"
#include "hv/runstate.h"
#include "sim/time.h"

/* The next free place of a list. NULL if the limit or memory is exhausted: the log ends here. */
static struct trace_interval *list_add(struct trace_log *log, struct trace_list *list) {
  bool is_allowed = log->intervals.n + log->skews.n < log->limit;
  if (is_allowed && list->n == list->room) {
    size_t room = list->room ? list->room * 2 : 1024;
    struct trace_interval *grown = realloc(list->items, room * sizeof *grown);
    if (grown) {
      list->items = grown;
      list->room = room;
    }
    is_allowed = grown != NULL;
  }
  if (is_allowed) return &list->items[list->n++];
  /* What began at this instant is incomplete: it gets no length and is dropped at the end. */
  log->is_full = true;
  log->is_over = 1;
  log->until_ns = log->now_ns;
  return NULL;
}

static struct trace_interval *list_add_kind(struct trace_log *log, struct trace_list *list,
                                            enum interval_kind kind, vm_id_t vm) {
  struct trace_interval *interval = list_add(log, list);
  if (interval)
    *interval = (struct trace_interval){.end_ns = TIME_NEVER_NS,
                                        .vm = vm,
                                        .vcpu = ID_NONE,
                                        .peer_vcpu = ID_NONE,
                                        .thread = ID_NONE,
                                        .peer_thread = ID_NONE,
                                        .pcpu = ID_NONE,
                                        .lock = ID_NONE,
                                        .kind = (uint8_t)kind};
  return interval;
}

struct trace_interval *trace_log_add(struct trace_log *log, enum interval_kind kind, unsigned state,
                                     vm_id_t vm) {
  if (!log->has_begun || log->is_over) return NULL;
  struct trace_interval *interval = list_add_kind(log, &log->intervals, kind, vm);
  if (!interval) return NULL;
  interval->start_ns = log->now_ns;
  interval->state = (uint8_t)state;
  return interval;
}

struct trace_interval *trace_log_add_skew(struct trace_log *log, vm_id_t vm, int64_t start_ns) {
  if (log->is_full) return NULL;
  struct trace_interval *interval = list_add_kind(log, &log->skews, INTERVAL_SKEW, vm);
  if (interval) interval->start_ns = start_ns;
  return interval;
}

size_t trace_log_slot(const struct trace_log *log, const struct trace_interval *interval) {
  return interval ? (size_t)(interval - log->intervals.items) : TRACE_SLOT_NONE;
}

void trace_log_close(struct trace_log *log, size_t *slot) {
  if (*slot == TRACE_SLOT_NONE) return;
  log->intervals.items[*slot].end_ns = log->now_ns;
  /* Most states without length are the newest interval: their place is free again at once. */
  if (log->intervals.items[*slot].start_ns == log->now_ns && *slot + 1 == log->intervals.n)
    log->intervals.n--;
  *slot = TRACE_SLOT_NONE;
}

static void span_begin(struct trace_log *log) {
  log->has_begun = true;
  log->now_ns = log->from_ns;
  trace_track_begin(log);
}

static void trace_log_emit(struct trace_sink *sink, const struct trace_record *record) {
  struct trace_log *log = (struct trace_log *)sink; /* its first member */
  if (record->what == TRACE_SKEW) {
    trace_track_take_skew(log, record);
    return;
  }
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

static void finish_intervals(struct trace_log *log) {
  size_t n_kept = 0;
  for (size_t i = 0; i < log->intervals.n; i++) {
    struct trace_interval *interval = &log->intervals.items[i];
    if (interval->end_ns == TIME_NEVER_NS) interval->end_ns = log->until_ns;
    bool is_event = interval->kind == INTERVAL_EVENT && interval->start_ns < log->until_ns;
    bool is_paid = interval->kind != INTERVAL_PAYMENT || interval->value > 0;
    if (is_event || (is_paid && interval->end_ns > interval->start_ns))
      log->intervals.items[n_kept++] = *interval;
  }
  log->intervals.n = n_kept;
}

/* Skew is booked when something changes, so the first and the last piece may leave the span. */
static void finish_skews(struct trace_log *log) {
  size_t n_kept = 0;
  for (size_t i = 0; i < log->skews.n; i++) {
    struct trace_interval skew = log->skews.items[i];
    if (skew.end_ns <= log->from_ns || skew.start_ns >= log->until_ns) continue;
    /* Clocks advance at rate 1 or not at all: it rises, falls or stays. */
    int slope = (skew.value_end > skew.value) - (skew.value_end < skew.value);
    if (skew.start_ns < log->from_ns) {
      skew.value += slope * (log->from_ns - skew.start_ns);
      skew.start_ns = log->from_ns;
    }
    if (skew.end_ns > log->until_ns) {
      skew.value_end -= slope * (skew.end_ns - log->until_ns);
      skew.end_ns = log->until_ns;
    }
    log->skews.items[n_kept++] = skew;
  }
  log->skews.n = n_kept;
}

void trace_log_finish(struct trace_log *log, int64_t end_ns) {
  if (log->until_ns > end_ns) log->until_ns = end_ns;
  if (log->until_ns < log->from_ns) log->until_ns = log->from_ns;
  if (!log->has_begun) span_begin(log);
  log->is_over = 1;
  log->now_ns = log->until_ns;
  trace_track_end(log);
  finish_intervals(log);
  finish_skews(log);
}

void trace_log_free(struct trace_log *log) {
  free(log->intervals.items);
  free(log->skews.items);
}

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
    case INTERVAL_CALL:
      return "call";
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
    case INTERVAL_CALL:
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
  if (interval->kind == INTERVAL_CALL) return "shootdown";
  if (interval->lock == ID_NONE) return "";
  if (interval->kind == INTERVAL_BARRIER)
    return log->names->scenario->barriers[interval->lock].name;
  return log->names->locks[interval->lock]->name;
}
