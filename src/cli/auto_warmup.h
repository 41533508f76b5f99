/* SPDX-License-Identifier: GPL-3.0-or-later */
/* -w auto */
#ifndef COSTOP_CLI_AUTO_WARMUP_H
#define COSTOP_CLI_AUTO_WARMUP_H

#include "cli/cli.h"
#include "study/grid.h"

/* The scenario with the warm-up that cell 0 of its grid needs, found by a pilot and told on
   standard error; *found gets the words. NULL: give up with *exit_code, after a message. */
const struct scenario *auto_warmup(const struct cli *cli, const struct scenario *scenario,
                                   const struct grid *grid, const char **found, int *exit_code);

#endif
