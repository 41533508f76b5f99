/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Trace records: what happened, when, to whom. Emitted only if a sink listens; a run does not
   depend on it. Ids are host-wide; ID_NONE where not applicable. */
#ifndef COSTOP_SIM_TRACE_H
#define COSTOP_SIM_TRACE_H

#include <stdint.h>

#include "sim/ids.h"

enum trace_what {
  TRACE_RUNSTATE,     /* vcpu; from, to: enum runstate; pcpu: where it runs or ran */
  TRACE_ACTIVITY,     /* vcpu; from, to: enum activity, NO_ACTIVITY when it stops running */
  TRACE_CURRENT,      /* vcpu: thread (or ID_NONE) became its current one */
  TRACE_LOCK_WAIT,    /* thread on vcpu asked for a lock that is not free */
  TRACE_LOCK_OWN,     /* thread owns the lock from now on */
  TRACE_LOCK_ENTER,   /* thread has paid the hand-off and entered its section */
  TRACE_LOCK_RELEASE, /* thread released the lock */
  TRACE_BARRIER_WAIT, /* thread waits at a barrier; lock: the barrier's number in the scenario */
  TRACE_BARRIER_OPEN, /* thread goes on from a barrier */
  TRACE_CALL_WAIT,    /* thread has called the other vCPUs of its VM */
  TRACE_CALL_DONE,    /* … and all have handled that */
  TRACE_PREEMPT,      /* vcpu was descheduled against its will (after its TRACE_RUNSTATE) */
  TRACE_SKEW,         /* vm: a corner of the graph of its skew: value in ns. Told when it is
                         booked, so at_ns may lie behind; straight from corner to corner */
  TRACE_SLICE,        /* vcpu: a fresh timeslice on pcpu; value = its end in ns */
  TRACE_ITERATION     /* thread ended an iteration; value = its latency in ns */
};

struct trace_record {
  int64_t at_ns;
  int64_t value;
  enum trace_what what;
  uint8_t from, to;
  pcpu_id_t pcpu;
  vm_id_t vm;
  vcpu_id_t vcpu;
  thread_id_t thread;
  lock_id_t lock;
};

struct trace_sink {
  void (*emit)(struct trace_sink *sink, const struct trace_record *record);
};

#endif
