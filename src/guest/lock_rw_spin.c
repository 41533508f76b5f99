/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reader-writer queue spinlock.

   Idea: those who only read do not exclude each other.
   Rule: first in, first out, even if the next in line is not running: a reader behind a waiting
   writer waits, too, so that nobody starves; readers that stand together enter together.
   Cost: O(1) and O(readers) per release of a reader; O(readers) when one of them stops or goes on
   while somebody spins. Source: Linux's kernel/locking/qrwlock.c; Mellor-Crummey and Scott,
   "Scalable reader-writer synchronization" (1991). */
#include "guest/lock.h"
#include "guest/lock_rows.h"
#include "guest/rw.h"

static const struct param rw_spin_params[] = {LOCK_ROW_ACQUIRE, LOCK_ROW_BASE, LOCK_ROW_YIELD_LIMIT,
                                              LOCK_ROW_ON_LIMIT, LOCK_ROWS_ORDER("enabled")};

static enum lock_answer rw_spin_request(const struct lock *lock, const struct thread *t) {
  return rw_is_free(lock, t) ? LOCK_OWN : LOCK_SPIN;
}

const struct lock_ops lock_rw_spin = {
    .kind = {.name = "rw-spin",
             .help = "first-in first-out spinlock that any number of readers may own together",
             .params = rw_spin_params,
             .n_params = sizeof rw_spin_params / sizeof *rw_spin_params,
             .params_size = sizeof(struct lock_params)},
    .is_spinlock = true,
    .is_fifo = true,
    .is_shared = true,
    .max_disturbers = 0,
    .request = rw_spin_request,
    .next_owner = rw_next_owner,
};
