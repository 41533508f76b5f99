/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What one replication measured, in integer nanoseconds. Const once finished; lives in its arena.
   Everything is about the window (warmup, warmup + duration]. */
#ifndef COSTOP_STUDY_RESULT_H
#define COSTOP_STUDY_RESULT_H

#include <stdbool.h>
#include <stdint.h>

#include "hv/runstate.h"
#include "sim/arena.h"
#include "sim/ids.h"
#include "study/scenario.h"

/* Where time went, of a vCPU or summed over a VM's. */
struct ledger {
  int64_t runstate_ns[RUNSTATES];
  int64_t activity_ns[ACTIVITIES]; /* sums to runstate_ns[RS_RUNNING] */
  int64_t spin_ns[SPIN_CAUSES];    /* sums to activity_ns[ACT_SPIN] */
  uint64_t dispatches, preemptions, migrations, costops, lhp_events, lwp_events;
  uint64_t ple_exits, delays, delay_timeouts;
  int64_t smt_shared_ns; /* RUNNING while another thread of the core was busy */
  int64_t polled_ns;     /* IDLE while its pCPU polled for it */
  uint64_t poll_hits;
};

/* From a histogram; n = 0: not applicable. mean is sum_ns / n. */
struct latency_result {
  uint64_t n;
  int64_t sum_ns, max_ns;
  double p50_ns, p99_ns;
};

struct vcpu_result {
  struct ledger ledger;
  int64_t lead_max_ns;
};

struct lock_result {
  const struct lock_spec *spec;
  uint64_t acquisitions, contended;
  struct latency_result wait, hold;
  int64_t spin_ns[SPIN_CAUSES]; /* of those who spun for this lock */
};

struct interrupt_result {
  const struct interrupt_spec *spec;
  uint64_t arrivals, coalesced, taken;
  struct latency_result latency; /* from arrival to the handler's start, of those taken */
};

/* What a VM waited while another one, or nobody, had the pCPUs that it may use. */
struct steal_result {
  int64_t ready_ns;
};

struct vm_result {
  const struct vm_spec *spec;
  const struct interrupt_result *interrupts; /* spec->guest.n_interrupts */
  const struct steal_result *steal;          /* by VM, and by idle pCPUs; NULL: not measured */
  struct ledger total;
  uint64_t iterations;
  struct latency_result latency; /* of iterations that ended in the window */
  int64_t skew_max_ns;
  __int128 skew_integral2; /* twice the integral of the skew over the window, ns^2 */
  double skew_p99_ns;      /* of time */
  int64_t hazard_ns;       /* a vCPU RUNNING while another is READY or COSTOP */
  uint64_t deadlocks;
  /* Of the iterations per batch (batches.h): the lag-1 autocorrelation, standard deviation / mean.
     0 if they do not vary. */
  double batch_correlation, batch_variation;
  const struct vcpu_result *vcpus; /* spec->guest.n_vcpus */
  const struct lock_result *locks; /* those its program uses, in scenario order */
  uint32_t n_locks;
};

struct host_result {
  int64_t busy_ns;          /* summed over pCPUs */
  int64_t fragmentation_ns; /* idle pCPU time while any vCPU is READY or COSTOP */
  int64_t forced_idle_ns;   /* the part of it beside a vCPU of another VM, by core scheduling */
  int64_t overhead_ns;
  uint64_t context_switches;
  uint64_t events;
};

/* A deadlock, worded for people: "deadlock in db at 1.5ms: thread 0 waits for 'a', which thread 1
   owns since …; …"; or locks taken against their order. */
struct run_note {
  int64_t at_ns;
  vm_id_t vm;
  const char *text;
};

enum run_status {
  RUN_DONE,
  RUN_STUCK,      /* a program runs in circles without time passing; message names the step */
  RUN_LIMITED,    /* more than max_events */
  RUN_INTERRUPTED /* *interrupt became true */
};

struct run_result {
  enum run_status status;
  const char *message; /* NULL if RUN_DONE */
  const struct scenario *scenario;
  uint32_t replication;
  uint64_t seed;     /* base seed */
  int64_t window_ns; /* the duration */
  struct host_result host;
  const struct vm_result *vms; /* scenario->n_vms */
  const struct run_note *notes;
  uint32_t n_notes;
};

#endif
