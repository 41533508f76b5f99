/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guest/lock.h"
#include "guest/lock_rows.h"

static const struct param ticket_params[] = {LOCK_ROW_ACQUIRE, LOCK_ROW_BASE, LOCK_ROW_PER_WAITER};

const struct lock_ops lock_ticket = {
    .kind = {.name = "ticket",
             .help = "first-in first-out spinlock, even if the next in line is not running",
             .params = ticket_params,
             .n_params = sizeof ticket_params / sizeof *ticket_params,
             .params_size = sizeof(struct lock_params)},
    .is_spinlock = true,
};
