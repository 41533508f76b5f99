/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Simulated time: integer nanoseconds in an int64_t; every name of a time ends in _ns. */
#ifndef COSTOP_SIM_TIME_H
#define COSTOP_SIM_TIME_H

#include <stdint.h>

#define TIME_NEVER_NS INT64_MAX
/* The longest duration that can be written or drawn; sums of two still fit into an int64_t. */
#define TIME_MAX_NS (INT64_C(1) << 62)

#endif
