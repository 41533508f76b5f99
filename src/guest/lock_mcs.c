/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guest/lock.h"
#include "guest/lock_rows.h"

static const struct param mcs_params[] = {LOCK_ROW_ACQUIRE, LOCK_ROW_BASE};

const struct lock_ops lock_mcs = {
    .kind = {.name = "mcs",
             .help = "first-in first-out queue spinlock with a hand-off cost that does not grow",
             .params = mcs_params,
             .n_params = sizeof mcs_params / sizeof *mcs_params,
             .params_size = sizeof(struct lock_params)},
    .is_spinlock = true,
};
