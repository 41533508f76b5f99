/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Test-and-set spinlock.

   Idea: whoever's atomic exchange comes first has it.
   Rule: a release passes it to a uniformly random waiter among those executing guest code; if there
   is none it is free for the first arrival or resumed waiter. Invariants: never waits for a waiter
   that is not running. Cost: O(vCPUs / 64) per contended release. Source: Anderson, "The
   performance of spin lock alternatives" (1990). */
#include "guest/guest.h"
#include "guest/lock.h"
#include "guest/lock_rows.h"

static const struct param tas_params[] = {LOCK_ROW_ACQUIRE,    LOCK_ROW_BASE,
                                          LOCK_ROW_PER_WAITER, LOCK_ROW_YIELD_LIMIT,
                                          LOCK_ROW_ON_LIMIT,   LOCK_ROWS_ORDER("enabled")};

static enum lock_answer tas_request(const struct lock *lock, const struct thread *t) {
  (void)t;
  return lock->owner ? LOCK_SPIN : LOCK_OWN;
}

const struct lock_ops lock_tas = {
    .kind = {.name = "tas",
             .help = "test-and-set spinlock: whoever is executing when it is released may win it",
             .params = tas_params,
             .n_params = sizeof tas_params / sizeof *tas_params,
             .params_size = sizeof(struct lock_params)},
    .is_spinlock = true,
    .max_disturbers = DISTURBERS_ALL,
    .request = tas_request,
    .next_owner = lock_race,
};
