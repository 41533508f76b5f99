/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hv/sched.h"

const struct sched_ops sched_null = {
    .kind = {.name = "null",
             .help = "bare metal: the i-th vCPU of the host is pinned to pCPU i for ever"},
};
