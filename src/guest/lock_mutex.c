/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sleeping mutex.

   Idea: who finds it taken sleeps, and its vCPU runs another thread or halts.
   Rule: a release frees it and wakes the first in the queue, unless that one is awake already; the
   woken one tries again, may find it taken by another (barging), and keeps its place until it owns
   it. Invariants: never spins. Cost: O(1). Source: the sleeping path of Linux's
   kernel/locking/mutex.c. */
#include "guest/guest.h"
#include "guest/lock.h"
#include "guest/lock_rows.h"

static const struct param mutex_params[] = {LOCK_ROW_ACQUIRE, LOCK_ROW_BASE, LOCK_ROW_PER_WAITER,
                                            LOCK_ROW_BLOCK, LOCK_ROW_WAKE};

static enum lock_answer mutex_request(const struct lock *lock, const struct thread *t) {
  (void)t;
  return lock->owner ? LOCK_BLOCK : LOCK_OWN;
}

const struct lock_ops lock_mutex = {
    .kind = {.name = "mutex",
             .help = "the thread sleeps; a release wakes the first sleeper, which has to try again",
             .params = mutex_params,
             .n_params = sizeof mutex_params / sizeof *mutex_params,
             .params_size = sizeof(struct lock_params)},
    .max_disturbers = DISTURBERS_ALL,
    .request = mutex_request,
    .wakes_sleeper = true,
};
