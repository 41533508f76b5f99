/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A study and what has been found out about it so far. */
#ifndef COSTOP_CLI_RESULTS_H
#define COSTOP_CLI_RESULTS_H

#include "cli/store.h"
#include "cli/study_load.h"
#include "study/verdict.h"

struct results {
  const struct cli *cli;
  const struct study_plan *plan;
  struct store *store;
};

/* A cell with at least one replication; all of it lives as long as the visit. */
struct results_cell {
  uint32_t number;
  bool is_finished;
  struct replications replications;
  struct verdicts verdicts; /* on the expectations of the plan */
  struct arena *arena;
};

/* Shows all cells in order, one at a time, so that memory does not grow with their number. EX_OK,
   or an exit code with a message, then the rest is not shown. */
int results_walk(const struct results *results,
                 void (*visit)(void *context, const struct results_cell *cell), void *context);

#endif
