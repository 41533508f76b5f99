/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hv/cosched.h"
#include "sim/time.h"

const char *const cosched_progress_words[] = {"guest", "pre4", NULL};

static const struct param strict_params[] = {
    {.key = "skew_limit",
     .type = PARAM_DURATION,
     .offset = offsetof(struct cosched_strict_params, skew_limit_ns),
     .fallback = "3ms",
     .min = 1,
     .max = 0x1p62,
     .help = "the skew at which a VM with a member left behind is co-stopped as a whole"},
    {.key = "patience",
     .type = PARAM_DURATION,
     .offset = offsetof(struct cosched_strict_params, patience_ns),
     .fallback = "timeslice",
     .min = 0,
     .max = 0x1p62,
     .word = "timeslice",
     .word_value = PATIENCE_TIMESLICE,
     .help =
         "how long narrower VMs may overtake a refused gang before freed pCPUs are kept for it"},
    {.key = "progress",
     .type = PARAM_CHOICE,
     .offset = offsetof(struct cosched_strict_params, progress),
     .fallback = "guest",
     .choices = cosched_progress_words,
     .help = "what counts as progress: guest execution, or (pre4) hypervisor overhead too"},
};

const struct cosched_ops cosched_strict = {
    .kind = {.name = "strict",
             .help = "a gang: all non-idle vCPUs of a VM start and stop together (ESX 2)",
             .params = strict_params,
             .n_params = sizeof strict_params / sizeof *strict_params,
             .params_size = sizeof(struct cosched_strict_params)},
};
