/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Halt polling: how long a pCPU waits for a vCPU that has halted on it. */
#ifndef COSTOP_HV_POLL_H
#define COSTOP_HV_POLL_H

#include <stdint.h>

struct poll_params {
  int64_t max_ns; /* longest window; 0: off */
  int64_t start_ns;
  uint32_t grow, shrink; /* factors; shrink 0: to nothing */
};

#endif
