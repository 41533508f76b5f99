/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Adaptive mutex.

   Idea: spin while the owner seems to run, for it will be done soon; else sleep.
   Rule: an arrival spins while the owner's thread is current on its vCPU (the guest cannot see that
   the vCPU itself may be preempted), at most spin_limit, then sleeps as on a mutex. A release
   passes it to one of those who spin, executing, as tas does, and wakes the first in the queue.
   Cost: O(vCPUs / 64) per release, O(spinners) when the owner is switched out.
   Source: Solaris adaptive mutexes; Linux's mutex_spin_on_owner. */
#include "guest/guest.h"
#include "guest/lock.h"
#include "guest/lock_rows.h"

static const struct param adaptive_params[] = {LOCK_ROW_ACQUIRE,    LOCK_ROW_BASE,
                                               LOCK_ROW_PER_WAITER, LOCK_ROW_BLOCK,
                                               LOCK_ROW_WAKE,       LOCK_ROW_SPIN_LIMIT};

static enum lock_answer adaptive_request(const struct lock *lock, const struct thread *t) {
  (void)t;
  if (!lock->owner) return LOCK_OWN;
  return guest_is_current(lock->owner) && lock->cost.spin_limit_ns > 0 ? LOCK_SPIN : LOCK_BLOCK;
}

const struct lock_ops lock_adaptive = {
    .kind = {.name = "adaptive",
             .help = "spins while the owner is current on its vCPU, else sleeps as on a mutex",
             .params = adaptive_params,
             .n_params = sizeof adaptive_params / sizeof *adaptive_params,
             .params_size = sizeof(struct lock_params)},
    .spins_while_owner_current = true,
    .at_limit = LIMIT_BLOCK,
    .max_disturbers = DISTURBERS_ALL,
    .request = adaptive_request,
    .next_owner = lock_race,
    .wakes_sleeper = true,
};
