/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hv/cosched.h"
#include "sim/time.h"

static const char *const boost_words[] = {"none", "laggard", NULL};

static const struct param relaxed_params[] = {
    {.key = "costop_threshold",
     .type = PARAM_DURATION,
     .offset = offsetof(struct cosched_relaxed_params, costop_threshold_ns),
     .fallback = "3ms",
     .min = 0,
     .max = 0x1p62,
     .help =
         "lead over the slowest sibling at which a vCPU is co-stopped; 0 switches the rule off"},
    {.key = "costart_threshold",
     .type = PARAM_DURATION,
     .offset = offsetof(struct cosched_relaxed_params, costart_threshold_ns),
     .fallback = "2ms",
     .min = 0,
     .max = 0x1p62,
     .help = "lead at which a co-stopped vCPU may run again; below costop_threshold"},
    {.key = "poll",
     .type = PARAM_DURATION,
     .offset = offsetof(struct cosched_relaxed_params, poll_ns),
     .fallback = "1ms",
     .min = 0,
     .max = 0x1p62,
     .help = "interval between skew checks; 0 checks at the exact crossing"},
    {.key = "boost",
     .type = PARAM_CHOICE,
     .offset = offsetof(struct cosched_relaxed_params, boost),
     .fallback = "none",
     .choices = boost_words,
     .help = "who gets the pCPU of a co-stopped vCPU: the queue's head, or the laggard sibling"},
    {.key = "progress",
     .type = PARAM_CHOICE,
     .offset = offsetof(struct cosched_relaxed_params, progress),
     .fallback = "guest",
     .choices = cosched_progress_words,
     .help = "what counts as progress: guest execution, or (pre4) hypervisor overhead too"},
};

static const char *relaxed_check(const void *params, const char **key) {
  const struct cosched_relaxed_params *relaxed = params;
  if (relaxed->costop_threshold_ns == 0) return NULL;
  if (relaxed->costart_threshold_ns < relaxed->costop_threshold_ns) return NULL;
  *key = "costart_threshold";
  return "must be below costop_threshold";
}

const struct cosched_ops cosched_relaxed = {
    .kind = {.name = "relaxed",
             .help =
                 "a vCPU that is ahead of its slowest sibling is stopped alone (ESX 4 and later)",
             .params = relaxed_params,
             .n_params = sizeof relaxed_params / sizeof *relaxed_params,
             .params_size = sizeof(struct cosched_relaxed_params),
             .check = relaxed_check},
};
