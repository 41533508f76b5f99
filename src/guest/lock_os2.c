/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Spinlock of OS/2 for SMP.

   Idea: interrupts of the own processor are kept out with the flag, those of others with the lock.
   Rule: asking for it saves the interrupt flag and clears it, then spins as on tas; the release
   restores the flag that was saved. With "interrupts": "enabled" it is what a driver makes of it
   that sets the flag inside. Invariants: those of tas; no handler runs on the owner's vCPU while
   interrupts are disabled. Cost: as tas.
   Source: OS/2 for SMP 2.11, "Spinlocks" (device driver reference). */
#include "guest/guest.h"
#include "guest/lock.h"
#include "guest/lock_rows.h"

static const struct param os2_params[] = {LOCK_ROW_ACQUIRE,    LOCK_ROW_BASE,
                                          LOCK_ROW_PER_WAITER, LOCK_ROW_YIELD_LIMIT,
                                          LOCK_ROW_ON_LIMIT,   LOCK_ROWS_ORDER("disabled")};

static enum lock_answer os2_request(const struct lock *lock, const struct thread *t) {
  (void)t;
  return lock->owner ? LOCK_SPIN : LOCK_OWN;
}

const struct lock_ops lock_os2 = {
    .kind = {.name = "os2",
             .help = "test-and-set spinlock that keeps interrupts disabled, from the request to "
                     "the release (OS/2)",
             .params = os2_params,
             .n_params = sizeof os2_params / sizeof *os2_params,
             .params_size = sizeof(struct lock_params)},
    .is_spinlock = true,
    .max_disturbers = DISTURBERS_ALL,
    .request = os2_request,
    .next_owner = lock_race,
};
