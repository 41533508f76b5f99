/* SPDX-License-Identifier: GPL-3.0-or-later */
/* No co-scheduling.

   Idea: vCPUs are scheduled one by one, whatever their siblings do.
   Rule: admits everything; COSTOP is always 0.
   Cost: none.
   Source: KVM, Xen's default, Hyper-V's classic scheduler. */
#include "hv/cosched.h"

const struct cosched_ops cosched_none = {
    .kind = {.name = "none", .help = "vCPUs are scheduled one by one, whatever their siblings do"},
};
