/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Preemptable ticket spinlock.

   Idea: keep the order of tickets, but do not wait for a waiter that has been preempted.
   Rule: a release passes it to the first in line if that executes guest code. Else it is free: the
   first in line takes it as soon as it executes again; a waiter with d others before it after it
   has spun for d times `timeout` without a pause while the lock was free.
   Invariants: without preemptions it is a ticket lock.
   Cost: O(1) per release; O(waiters squared) if the first in line does not execute.
   Source: Ouyang and Lange, "Preemptable ticket spinlocks" (2013). */
#include "guest/guest.h"
#include "guest/lock.h"
#include "guest/lock_rows.h"
#include "sim/time.h"

static const struct param preemptable_ticket_params[] = {
    LOCK_ROW_ACQUIRE,
    LOCK_ROW_BASE,
    LOCK_ROW_PER_WAITER,
    {.key = "timeout",
     .type = PARAM_DURATION,
     .offset = offsetof(struct lock_params, timeout_ns),
     .fallback = "2us",
     .min = 1,
     .max = 0x1p40,
     .help = "how long a free lock is left to each waiter that stands before one's own"},
    LOCK_ROWS_ORDER("enabled")};

static enum lock_answer preemptable_ticket_request(const struct lock *lock,
                                                   const struct thread *t) {
  bool is_first = !lock->first_waiter || lock->first_waiter == t;
  return !lock->owner && is_first ? LOCK_OWN : LOCK_SPIN;
}

static int64_t preemptable_ticket_spin_left_ns(const struct lock *lock, const struct thread *t) {
  if (lock->owner) return TIME_NEVER_NS;
  int64_t left_ns = lock_spun_before_free_ns(lock, t);
  for (const struct thread *u = t->previous_waiter; u; u = u->previous_waiter)
    left_ns += lock->cost.timeout_ns;
  return left_ns;
}

static struct thread *preemptable_ticket_next_owner(struct lock *lock) {
  struct thread *first = lock->first_waiter;
  if (!first || lock_is_spun_by(first)) return first;
  lock_leave_free(lock);
  return NULL;
}

const struct lock_ops lock_preemptable_ticket = {
    .kind = {.name = "preemptable-ticket",
             .help = "ticket spinlock that others take in time if the next in line does not run",
             .params = preemptable_ticket_params,
             .n_params = sizeof preemptable_ticket_params / sizeof *preemptable_ticket_params,
             .params_size = sizeof(struct lock_params)},
    .is_spinlock = true,
    .is_fifo = true,
    .at_limit = LIMIT_TAKE,
    .max_disturbers = DISTURBERS_ALL,
    .request = preemptable_ticket_request,
    .next_owner = preemptable_ticket_next_owner,
    .spin_left_ns = preemptable_ticket_spin_left_ns,
};
