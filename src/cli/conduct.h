/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs what a study lacks and puts it into its store: on threads of this machine, or, started by
   mpirun, on other machines. Shows progress, heeds signals and --max-wall. The order in which
   replications finish decides nothing. */
#ifndef COSTOP_CLI_CONDUCT_H
#define COSTOP_CLI_CONDUCT_H

#include "cli/cli.h"
#include "cli/store.h"
#include "sim/trace.h"
#include "study/study.h"

struct conduct {
  const struct cli *cli; /* -j, --max-wall, --progress, interrupt */
  const struct study *study;
  struct store *store;
  struct trace_sink
      *trace; /* of cell 0, its first replication, if that is still to be run; or NULL */
};

/* EX_OK if every cell is complete; EX_DATAERR if a program runs in circles (with the cell named),
   EXIT_LIMIT if --max-wall came first, EXIT_SIGNAL + number. What is finished is in the store in
   any case. */
int conduct_run(const struct conduct *conduct);

/* How many replications run at a time. */
uint32_t conduct_n_workers(const struct cli *cli, const struct study *study);

#endif
