/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guest/lock.h"
#include "guest/lock_rows.h"

static const struct param ttas_params[] = {LOCK_ROW_ACQUIRE, LOCK_ROW_BASE, LOCK_ROW_PER_WAITER};

const struct lock_ops lock_ttas = {
    .kind = {.name = "ttas",
             .help = "test-and-test-and-set spinlock with back-off: as tas, but waiters do not "
                     "disturb each other",
             .params = ttas_params,
             .n_params = sizeof ttas_params / sizeof *ttas_params,
             .params_size = sizeof(struct lock_params)},
    .is_spinlock = true,
};
