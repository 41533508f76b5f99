/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guest/lock.h"
#include "guest/lock_rows.h"

static const struct param handoff_params[] = {LOCK_ROW_ACQUIRE, LOCK_ROW_BASE, LOCK_ROW_BLOCK,
                                              LOCK_ROW_WAKE};

const struct lock_ops lock_handoff = {
    .kind = {.name = "handoff",
             .help = "the thread sleeps; a release passes ownership to the first in line (OSv), "
                     "never spins",
             .params = handoff_params,
             .n_params = sizeof handoff_params / sizeof *handoff_params,
             .params_size = sizeof(struct lock_params)},
    .is_spinlock = false,
};
