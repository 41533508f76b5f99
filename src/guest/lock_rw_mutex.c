/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reader-writer mutex.

   Idea: as rw-spin, but who waits sleeps.
   Rule: first in, first out; a release passes ownership on, to a writer or to all readers that
   stand first, and wakes them. Invariants: never spins; no waiter is overtaken.
   Cost: as rw-spin.
   Source: Linux's kernel/locking/rwsem.c, without its spinning and its stealing. */
#include "guest/lock.h"
#include "guest/lock_rows.h"
#include "guest/rw.h"

static const struct param rw_mutex_params[] = {LOCK_ROW_ACQUIRE, LOCK_ROW_BASE, LOCK_ROW_BLOCK,
                                               LOCK_ROW_WAKE};

static enum lock_answer rw_mutex_request(const struct lock *lock, const struct thread *t) {
  return rw_is_free(lock, t) ? LOCK_OWN : LOCK_BLOCK;
}

const struct lock_ops lock_rw_mutex = {
    .kind = {.name = "rw-mutex",
             .help = "sleeping lock, passed on in order, that any number of readers may own "
                     "together",
             .params = rw_mutex_params,
             .n_params = sizeof rw_mutex_params / sizeof *rw_mutex_params,
             .params_size = sizeof(struct lock_params)},
    .is_shared = true,
    .max_disturbers = 0,
    .request = rw_mutex_request,
    .next_owner = rw_next_owner,
};
