/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pause-loop exiting: how long a vCPU may spin at a stretch, and whom it gives way to then. */
#ifndef COSTOP_HV_PLE_H
#define COSTOP_HV_PLE_H

#include <stdint.h>

enum ple_yield { PLE_OFF, PLE_DIRECTED, PLE_UNDIRECTED };

/* A standard window, in cycles of the host. */
enum { PLE_STANDARD = -1, PLE_WINDOW_CYCLES = 4096 };

struct ple_params {
  uint32_t yield;    /* enum ple_yield */
  int64_t window_ns; /* or PLE_STANDARD, as it is written */
  uint32_t max_windows;
  int64_t exit_cost_ns;
};

/* What is written in words, in ns. */
struct ple_params ple_resolve(struct ple_params written, double ghz);

#endif
