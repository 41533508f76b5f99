/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guest/lock.h"
#include "guest/lock_rows.h"

static const struct param mutex_params[] = {LOCK_ROW_ACQUIRE, LOCK_ROW_BASE, LOCK_ROW_PER_WAITER,
                                            LOCK_ROW_BLOCK, LOCK_ROW_WAKE};

const struct lock_ops lock_mutex = {
    .kind = {.name = "mutex",
             .help = "the thread sleeps; a release wakes the first sleeper, which has to try again",
             .params = mutex_params,
             .n_params = sizeof mutex_params / sizeof *mutex_params,
             .params_size = sizeof(struct lock_params)},
    .is_spinlock = false,
};
