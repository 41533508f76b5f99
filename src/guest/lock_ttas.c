/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Test-and-test-and-set spinlock with back-off.

   Idea: wait reading, so that waiters disturb neither the owner nor, thanks to back-off, each
   other. Rule: as tas; handoff_cost.per_waiter counts at most one waiter. Cost: O(vCPUs / 64) per
   contended release. Source: Anderson (1990); Mellor-Crummey and Scott (1991). */
#include "guest/guest.h"
#include "guest/lock.h"
#include "guest/lock_rows.h"

static const struct param ttas_params[] = {LOCK_ROW_ACQUIRE,    LOCK_ROW_BASE,
                                           LOCK_ROW_PER_WAITER, LOCK_ROW_YIELD_LIMIT,
                                           LOCK_ROW_ON_LIMIT,   LOCK_ROWS_ORDER("enabled")};

static enum lock_answer ttas_request(const struct lock *lock, const struct thread *t) {
  (void)t;
  return lock->owner ? LOCK_SPIN : LOCK_OWN;
}

const struct lock_ops lock_ttas = {
    .kind = {.name = "ttas",
             .help = "test-and-test-and-set spinlock with back-off: as tas, but waiters do not "
                     "disturb each other",
             .params = ttas_params,
             .n_params = sizeof ttas_params / sizeof *ttas_params,
             .params_size = sizeof(struct lock_params)},
    .is_spinlock = true,
    .max_disturbers = 1,
    .request = ttas_request,
    .next_owner = lock_race,
};
