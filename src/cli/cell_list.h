/* SPDX-License-Identifier: GPL-3.0-or-later */
/* -L: the cells of a study and what it is going to cost, instead of running it. */
#ifndef COSTOP_CLI_CELL_LIST_H
#define COSTOP_CLI_CELL_LIST_H

#include "cli/cli.h"
#include "study/study.h"

/* Returns the exit code of the subcommand. */
int cell_list(const struct cli *cli, const struct study *study);

#endif
