/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guest/lock.h"
#include "guest/lock_rows.h"

static const struct param adaptive_params[] = {LOCK_ROW_ACQUIRE,    LOCK_ROW_BASE,
                                               LOCK_ROW_PER_WAITER, LOCK_ROW_BLOCK,
                                               LOCK_ROW_WAKE,       LOCK_ROW_SPIN_LIMIT};

const struct lock_ops lock_adaptive = {
    .kind = {.name = "adaptive",
             .help = "spins while the owner is current on its vCPU, else sleeps as on a mutex",
             .params = adaptive_params,
             .n_params = sizeof adaptive_params / sizeof *adaptive_params,
             .params_size = sizeof(struct lock_params)},
    .is_spinlock = false,
};
