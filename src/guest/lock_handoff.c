/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hand-off mutex.

   Idea: as the mutex of OSv: a release passes ownership on, so nobody can barge in.
   Rule: first in, first out; the first in line owns it from the release on and is woken. A release
   that finds nobody in line yet leaves it to the first who stands there: nobody waits for a locker
   that has been preempted between asking and queueing.
   Invariants: never spins; no waiter in line is overtaken; nobody is in line while it is free.
   Cost: O(1).
   Source: Kivity et al., "OSv: Optimizing the operating system for virtual machines" (2014); OSv
   core/lfmutex.cc (its counter, queue and hand-off token), after Gidenstam and Papatriantafilou,
   "LFTHREADS" (2007). */
#include "guest/guest.h"
#include "guest/lock.h"
#include "guest/lock_rows.h"

static const struct param handoff_params[] = {
    LOCK_ROW_ACQUIRE, LOCK_ROW_BASE,
    LOCK_COST_ROW("line_up", line_up_ns, "kernel time of who finds it taken before it is in line"),
    LOCK_ROW_BLOCK, LOCK_ROW_WAKE};

static enum lock_answer handoff_request(const struct lock *lock, const struct thread *t) {
  (void)t;
  return lock->owner || lock->n_late > 0 ? LOCK_BLOCK : LOCK_OWN;
}

static struct thread *handoff_next_owner(struct lock *lock) { return lock->first_waiter; }

const struct lock_ops lock_handoff = {
    .kind = {.name = "handoff",
             .help = "the thread sleeps; a release passes ownership to the first in line (OSv), "
                     "never spins",
             .params = handoff_params,
             .n_params = sizeof handoff_params / sizeof *handoff_params,
             .params_size = sizeof(struct lock_params)},
    .max_disturbers = 0,
    .request = handoff_request,
    .next_owner = handoff_next_owner,
};
