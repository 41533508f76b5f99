/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Informed spinlock.

   Idea: a holder is preempted because its slice ends, and the hypervisor can tell the guest when
   that will be: who has not the time to finish a section does not begin it.
   Rule: whoever asks for it, free, owns it if its slice leaves `room`. A release passes it to the
   first in line that executes and has room; if there is none it is free, for the first to ask.
   Those who spin ask anew when they go on executing, and each `room` while it is free. Invariants:
   if no section is longer than `room`, no holder is preempted by the end of its slice. Cost:
   O(waiters) per release. Source: Teabe, Nitu, Tchana and Hagimont, "The lock holder and the lock
   waiter pre-emption problems: nip them in the bud using informed spinlocks" (2017). */
#include "guest/lock.h"
#include "guest/guest.h"
#include "guest/lock_rows.h"
#include "sim/time.h"

static const struct param i_spinlock_params[] = {
    LOCK_ROW_ACQUIRE,
    LOCK_ROW_BASE,
    LOCK_ROW_PER_WAITER,
    {.key = "room",
     .type = PARAM_DURATION,
     .offset = offsetof(struct lock_params, room_ns),
     .fallback = "10us",
     .min = 1,
     .max = 0x1p40,
     .help = "what the rest of the slice must leave to a new owner; longer than most sections"},
    LOCK_ROWS_ORDER("enabled")};

static bool has_room(const struct lock *lock, const struct thread *t) {
  return hv_slice_left_ns(lock->vm->guest->hv, guest_vcpu_of(t)->v) >= lock->cost.room_ns;
}

static enum lock_answer i_spinlock_request(const struct lock *lock, const struct thread *t) {
  return !lock->owner && has_room(lock, t) ? LOCK_OWN : LOCK_SPIN;
}

static int64_t i_spinlock_spin_left_ns(const struct lock *lock, const struct thread *t) {
  return lock->owner ? TIME_NEVER_NS : lock_spun_before_free_ns(lock, t) + lock->cost.room_ns;
}

static struct thread *i_spinlock_next_owner(struct lock *lock) {
  for (struct thread *t = lock->first_waiter; t; t = t->next_waiter)
    if (lock_is_spun_by(t) && has_room(lock, t)) return t;
  lock_leave_free(lock);
  return NULL;
}

const struct lock_ops lock_i_spinlock = {
    .kind = {.name = "i-spinlock",
             .help = "spinlock that is taken only if the slice leaves room for the section",
             .params = i_spinlock_params,
             .n_params = sizeof i_spinlock_params / sizeof *i_spinlock_params,
             .params_size = sizeof(struct lock_params)},
    .is_spinlock = true,
    .is_fifo = true,
    .at_limit = LIMIT_ASK,
    .max_disturbers = DISTURBERS_ALL,
    .request = i_spinlock_request,
    .next_owner = i_spinlock_next_owner,
    .spin_left_ns = i_spinlock_spin_left_ns,
};
