/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a study is going to cost, estimated from moments of a few of its cells. */
#ifndef COSTOP_CLI_CELL_COST_H
#define COSTOP_CLI_CELL_COST_H

#include "cli/cli.h"
#include "study/study.h"

/* Of all cells, in one replication of each. */
struct cell_cost {
  double simulated_ns; /* exact */
  double events;       /* estimated; depends on the study only … */
  double cpu_s;        /* … and this on the machine; on one core */
  uint32_t n_sampled;  /* cells; 0: none of them could be run, there is no estimate */
};

struct cell_cost cell_cost_estimate(const struct cli *cli, const struct study *study);

#endif
