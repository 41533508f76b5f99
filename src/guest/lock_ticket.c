/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ticket spinlock.

   Idea: draw a number, wait until it is called.
   Rule: first in, first out, even if the next in line is not running: all behind it wait for a
   preempted waiter (lock-waiter preemption). Each hand-off disturbs all running waiters.
   Cost: O(1).
   Source: Mellor-Crummey and Scott (1991); Boyd-Wickizer et al., "Non-scalable locks are dangerous"
   (2012). */
#include "guest/guest.h"
#include "guest/lock.h"
#include "guest/lock_rows.h"

static const struct param ticket_params[] = {LOCK_ROW_ACQUIRE,    LOCK_ROW_BASE,
                                             LOCK_ROW_PER_WAITER, LOCK_ROW_YIELD_LIMIT,
                                             LOCK_ROW_ON_LIMIT,   LOCK_ROWS_ORDER("enabled")};

static enum lock_answer ticket_request(const struct lock *lock, const struct thread *t) {
  (void)t;
  return lock->owner ? LOCK_SPIN : LOCK_OWN;
}

static struct thread *ticket_next_owner(struct lock *lock) { return lock->first_waiter; }

const struct lock_ops lock_ticket = {
    .kind = {.name = "ticket",
             .help = "first-in first-out spinlock, even if the next in line is not running",
             .params = ticket_params,
             .n_params = sizeof ticket_params / sizeof *ticket_params,
             .params_size = sizeof(struct lock_params)},
    .is_spinlock = true,
    .is_fifo = true,
    .max_disturbers = DISTURBERS_ALL,
    .request = ticket_request,
    .next_owner = ticket_next_owner,
};
