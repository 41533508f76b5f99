/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hv/cosched.h"

const struct cosched_ops cosched_none = {
    .kind = {.name = "none", .help = "vCPUs are scheduled one by one, whatever their siblings do"},
};
