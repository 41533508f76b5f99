/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hand-off mutex.

   Idea: as the mutex of OSv: a release passes ownership on, so nobody can barge in.
   Rule: first in, first out; the first in line owns it from the release on and is woken.
   Invariants: never spins; no waiter is overtaken.
   Cost: O(1).
   Source: Kivity et al., "OSv: Optimizing the operating system for virtual machines" (2014). */
#include "guest/guest.h"
#include "guest/lock.h"
#include "guest/lock_rows.h"

static const struct param handoff_params[] = {LOCK_ROW_ACQUIRE, LOCK_ROW_BASE, LOCK_ROW_BLOCK,
                                              LOCK_ROW_WAKE};

static enum lock_answer handoff_request(const struct lock *lock, const struct thread *t) {
  (void)t;
  return lock->owner ? LOCK_BLOCK : LOCK_OWN;
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
