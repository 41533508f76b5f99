/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reader-writer locks. A writer owns the lock; each reader owns a part of it, which is a lock of
   its own to whoever asks what a thread holds, and whose `whole` is the lock. */
#ifndef COSTOP_GUEST_RW_H
#define COSTOP_GUEST_RW_H

#include "guest/guest.h"

void rw_create(struct lock *lock, struct arena *arena);
/* What t, which may have the lock now, owns of it from now on; and returns. */
struct lock *rw_take(struct lock *lock, const struct thread *t);
void rw_return(struct lock *lock, struct lock *part);
/* The worst that can be said of an owner; see lock_part_cause. */
enum spin_cause rw_cause(const struct lock *lock);

/* --- for the kinds: first come first served, readers that stand together all at once --- */
bool rw_is_free(const struct lock *lock, const struct thread *t);
struct thread *rw_next_owner(struct lock *lock);

#endif
