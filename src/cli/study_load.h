/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The only place where options become a study. */
#ifndef COSTOP_CLI_STUDY_LOAD_H
#define COSTOP_CLI_STUDY_LOAD_H

#include "cli/cli.h"
#include "study/expect.h"
#include "study/study.h"

/* All that study_load looks at. */
#define OPTION_BITS_STUDY                                                                   \
  (OPTION_BITS_SCENARIO | OPTION_BIT(OPTION_REPLICATION) | OPTION_BIT(OPTION_PARANOID) |    \
   OPTION_BIT(OPTION_EXPECT) | OPTION_BIT(OPTION_PRECISION) | OPTION_BIT(OPTION_MIN_REPS) | \
   OPTION_BIT(OPTION_MAX_REPS))

enum study_cells {
  STUDY_ONE_CELL, /* the scenario as it is: a note says that axes are left aside */
  STUDY_ALL_CELLS,
  STUDY_COUNTS /* numbers of vCPUs of the VM of --vm, for each combination of -S */
};

struct study_plan {
  struct study study;
  const struct expect *expects; /* of the scenario, then of the command line */
  uint32_t n_expects;
  const char *warmup; /* what -w auto found, in words; NULL: it was not asked for */
};

/* Reads the scenario at path with the options of the command line. Everything in plan lives in
   cli->arena. Returns EX_OK, or an exit code after it has printed what is wrong. */
int study_load(const struct cli *cli, const char *path, enum study_cells cells,
               struct study_plan *plan);

#endif
