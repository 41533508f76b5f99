/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Gathers the trace records of a run into intervals: what each vCPU, thread and lock did from when
   to when, within a span of time and a bound on memory. The intervals of one row (a vCPU's states,
   its activities, a thread's holds and waits) nest; the states of a vCPU tile the span. */
#ifndef COSTOP_CLI_TRACE_LOG_H
#define COSTOP_CLI_TRACE_LOG_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/trace_names.h"
#include "sim/arena.h"
#include "sim/trace.h"

enum interval_kind {
  INTERVAL_VCPU,     /* runstate of a vCPU; pcpu if it runs */
  INTERVAL_ACTIVITY, /* what a running vCPU does, for its current thread */
  INTERVAL_LOCK,     /* a thread waits for a lock or owns it */
  INTERVAL_BARRIER,  /* a thread waits at a barrier */
  INTERVAL_CALL,     /* a thread waits for other vCPUs to handle its call */
  INTERVAL_SKEW,     /* of a VM, in ns: value at the start, value_end at the end, straight */
  INTERVAL_PAYMENT,  /* a thread spins for an owner (the peer) that is not running; value: ns spent
                        so from start to end, gaps left out */
  INTERVAL_EVENT     /* of no length */
};

/* States: of INTERVAL_VCPU enum runstate, of INTERVAL_ACTIVITY enum activity, and: */
enum lock_phase { PHASE_NONE, PHASE_WAIT, PHASE_SPIN, PHASE_HANDOFF, PHASE_HOLD };
enum payment { PAYMENT_NONE, PAYMENT_LHP, PAYMENT_LWP };
enum trace_event { EVENT_PREEMPT, EVENT_COSTOP }; /* lock: the innermost one it is inside of */

struct trace_interval {
  int64_t start_ns, end_ns;
  int64_t value;
  union {
    int64_t cause_ns; /* of a payment: since when the owner owns but does not run */
    int64_t value_end;
  };
  vm_id_t vm;
  vcpu_id_t vcpu, peer_vcpu;
  thread_id_t thread, peer_thread;
  pcpu_id_t pcpu;
  lock_id_t lock; /* of INTERVAL_BARRIER: the barrier */
  uint8_t kind, state;
};

struct trace_span {
  int64_t from_ns, until_ns; /* half open; until TIME_NEVER_NS: to the end of the run */
  size_t limit;              /* the most intervals that are kept */
};

struct trace_list {
  struct trace_interval *items;
  size_t n, room;
};

enum { TRACE_LIMIT_DEFAULT = 1000000 };

struct trace_log {
  struct trace_sink sink; /* give &log->sink to the run */
  const struct trace_names *names;
  /* By start; on one row the outer ones first. The first states keep the order of the vCPUs. */
  struct trace_list intervals;
  struct trace_list skews;            /* INTERVAL_SKEW; by start within a VM */
  int64_t from_ns, until_ns;          /* until: after trace_log_finish the end of what is there */
  bool is_full;                       /* the limit was met: the log ends earlier than asked for */
  volatile sig_atomic_t is_over;      /* nothing more will be kept: the run may stop */
  const volatile sig_atomic_t *abort; /* looked at while records come in; may be NULL */
  struct trace_tracker *tracker;
  size_t limit;   /* of all lists together */
  bool has_begun; /* the span */
  int64_t now_ns;
};

/* The log lives in arena, its intervals do not: free them with trace_log_free. */
struct trace_log *trace_log_new(const struct scenario *scenario, const struct trace_span *span,
                                struct arena *arena);
/* Closes what is open: at end_ns, or earlier if the span or the limit ended before. */
void trace_log_finish(struct trace_log *log, int64_t end_ns);
void trace_log_free(struct trace_log *log);

/* "lock", "spin": as the CSV calls them. */
const char *trace_log_kind(const struct trace_interval *interval);
const char *trace_log_state(const struct trace_interval *interval);
/* Of the lock or barrier, "" if there is none. */
const char *trace_log_object(const struct trace_log *log, const struct trace_interval *interval);

#endif
