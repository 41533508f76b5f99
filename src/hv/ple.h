/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pause-loop exiting: how long a vCPU may spin at a stretch, and whom it gives way to then. */
#ifndef COSTOP_HV_PLE_H
#define COSTOP_HV_PLE_H

#include <stdint.h>

enum ple_yield { PLE_OFF, PLE_DIRECTED, PLE_UNDIRECTED };

/* Standard lengths: the first window in cycles of the host, the longest one in first windows. */
enum { PLE_STANDARD = -1, PLE_WINDOW_CYCLES = 4096, PLE_MAX_WINDOWS = 16 };

struct ple_params {
  uint32_t yield;                   /* enum ple_yield */
  int64_t window_ns, window_max_ns; /* or PLE_STANDARD, as they are written */
  int64_t exit_cost_ns;
};

/* What is written in words, in ns. */
struct ple_params ple_resolve(struct ple_params written, double ghz);

#endif
