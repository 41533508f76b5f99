/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guest/lock.h"
#include "guest/lock_rows.h"

static const struct param tas_params[] = {LOCK_ROW_ACQUIRE, LOCK_ROW_BASE, LOCK_ROW_PER_WAITER};

const struct lock_ops lock_tas = {
    .kind = {.name = "tas",
             .help = "test-and-set spinlock: whoever is executing when it is released may win it",
             .params = tas_params,
             .n_params = sizeof tas_params / sizeof *tas_params,
             .params_size = sizeof(struct lock_params)},
    .is_spinlock = true,
};
