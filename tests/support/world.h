/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs of scenarios given as texts, what they did, and pictures of it. */
#ifndef COSTOP_TESTS_SUPPORT_WORLD_H
#define COSTOP_TESTS_SUPPORT_WORLD_H

#include <check.h>

#include "sim/trace.h"
#include "study/machine.h"
#include "support/bound.h"

#define US INT64_C(1000)
#define MS INT64_C(1000000)
#define S INT64_C(1000000000)

/* For each of many records: ck_assert makes a note in a file of all that holds, which takes longer
   than the run. */
#define EXPECT(condition)                             \
  do {                                                \
    if (!(condition)) ck_abort_msg("%s", #condition); \
  } while (0)

/* Zero at first; world_free in the end. */
struct world {
  struct bound bound;
  struct arena arena;
  const struct run_result *result;
  struct trace_sink sink;
  struct trace_record *records; /* everything that happened */
  size_t n_records, room;
};

/* The text (printf, and ' for ") must be a good scenario. To watch is to record every event and to
   check all invariants after each; to measure is to do neither, for long runs. */
void world_watch(struct world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void world_measure(struct world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void world_free(struct world *world);

/* By name; they fail the test if there is no such thing. */
const struct vm_result *world_vm(const struct world *world, const char *vm);
const struct lock_result *world_lock(const struct world *world, const char *vm, const char *lock);

static inline int64_t world_spin_lhp_ns(const struct ledger *ledger) {
  return ledger->spin_ns[SPIN_LHP_READY] + ledger->spin_ns[SPIN_LHP_COSTOP];
}
/* Share of vCPU time, in percent. */
double world_share(const struct world *world, const char *vm, enum runstate state);
double world_utilisation(const struct world *world);

/* Compares what happened with a drawing of it: lines of a name and one character per unit of time
   from 0 on (blanks between them do not count), in which every change must fall between two units.
     vm/v0    a vCPU: u useful, c critical, s spin, k kernel, o overhead; r READY, x COSTOP, . IDLE
     vm/t0:l  a thread and a lock: w waits, g was granted it but has not entered, # is inside
     vm/t0    a thread: the host-wide number of the vCPU on which it is current, . if it is not
     p0       a pCPU: the host-wide number of its vCPU, . if it has none
   And the results with those of a run that nobody watches. */
void world_expect(const struct world *world, int64_t unit_ns, const char *drawing);

#endif
