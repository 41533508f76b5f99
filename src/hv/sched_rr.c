/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hv/sched.h"
#include "sim/time.h"

static const struct param rr_params[] = {
    {.key = "timeslice",
     .type = PARAM_DURATION,
     .offset = offsetof(struct sched_rr_params, timeslice_ns),
     .fallback = "10ms",
     .min = 1,
     .max = 0x1p62,
     .help = "how long a vCPU may run before the next one in the queue gets its pCPU"},
};

const struct sched_ops sched_rr = {
    .kind = {.name = "rr",
             .help = "one host-wide first-in first-out queue; a woken vCPU never preempts",
             .params = rr_params,
             .n_params = sizeof rr_params / sizeof *rr_params,
             .params_size = sizeof(struct sched_rr_params)},
};
