/* SPDX-License-Identifier: GPL-3.0-or-later */
/* MCS queue spinlock.

   Idea: each waiter spins on a line of its own.
   Rule: as ticket, but a hand-off costs the same however many wait.
   Cost: O(1).
   Source: Mellor-Crummey and Scott, "Algorithms for scalable synchronization" (1991). */
#include "guest/guest.h"
#include "guest/lock.h"
#include "guest/lock_rows.h"

static const struct param mcs_params[] = {LOCK_ROW_ACQUIRE, LOCK_ROW_BASE, LOCK_ROW_YIELD_LIMIT,
                                          LOCK_ROW_ON_LIMIT, LOCK_ROWS_ORDER("enabled")};

static enum lock_answer mcs_request(const struct lock *lock, const struct thread *t) {
  (void)t;
  return lock->owner ? LOCK_SPIN : LOCK_OWN;
}

static struct thread *mcs_next_owner(struct lock *lock) { return lock->first_waiter; }

const struct lock_ops lock_mcs = {
    .kind = {.name = "mcs",
             .help = "first-in first-out queue spinlock with a hand-off cost that does not grow",
             .params = mcs_params,
             .n_params = sizeof mcs_params / sizeof *mcs_params,
             .params_size = sizeof(struct lock_params)},
    .is_spinlock = true,
    .is_fifo = true,
    .max_disturbers = 0,
    .request = mcs_request,
    .next_owner = mcs_next_owner,
};
