/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Paravirtual queue spinlock.

   Idea: spin for as long as a section should take, then halt: the hypervisor has better uses for
   the pCPU, and the releaser knows whom to kick.
   Rule: as mcs while the first in line spins, whether its vCPU runs or not. If it has halted, a
   release leaves the lock free and kicks its vCPU, once: until it comes whoever asks finds the lock
   free, and steals it. It comes back spinning, at the head of the line.
   Invariants: nobody but a newcomer overtakes; a halted waiter is kicked only when it is first.
   Cost: O(1).
   Source: Linux's kernel/locking/qspinlock_paravirt.h, without the early halt of waiters behind a
   vCPU that was preempted. The default limit is its 32,768 iterations, of 10 cycles each at 3 GHz.
 */
#include "guest/guest.h"
#include "guest/lock.h"
#include "guest/lock_rows.h"

static const struct param pv_params[] = {
    LOCK_ROW_ACQUIRE, LOCK_ROW_BASE,
    LOCK_COST_ROW("wake", wake_ns, "kernel time that a kick costs the releaser"),
    LOCK_LIMIT_ROW("110us", 0, "guest time after which a spinning waiter halts its vCPU"),
    LOCK_ROWS_ORDER("enabled")};

static enum lock_answer pv_request(const struct lock *lock, const struct thread *t) {
  bool is_in_line = t->waits_for == lock && lock->first_waiter != t; /* an interrupt woke it */
  return lock->owner || is_in_line ? LOCK_SPIN : LOCK_OWN;
}

static struct thread *pv_next_owner(struct lock *lock) {
  struct thread *first = lock->first_waiter;
  return first && first->phase == PHASE_SPIN ? first : NULL;
}

const struct lock_ops lock_pv = {
    .kind = {.name = "pv",
             .help = "queue spinlock whose waiters halt their vCPU after a while and are kicked",
             .params = pv_params,
             .n_params = sizeof pv_params / sizeof *pv_params,
             .params_size = sizeof(struct lock_params)},
    .is_spinlock = true,
    .is_fifo = true,
    .at_limit = LIMIT_HALT,
    .max_disturbers = 0,
    .request = pv_request,
    .next_owner = pv_next_owner,
    .wakes_sleeper = true,
};
