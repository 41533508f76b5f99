/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A study of all cells. */
#include "cli/study_command.h"

static int sweep_run(const struct cli *cli) {
  const char *path = cli->operands.items[0];
  struct study_plan plan;
  int code = study_check_output(cli);
  if (code == EX_OK) code = study_load(cli, path, STUDY_ALL_CELLS, &plan);
  if (code != EX_OK) return code;
  if (plan.study.grid->n_axes == 0)
    cli_note(cli, "%s has no axes: it is one cell; -S PATH=LIST gives it some", path);
  /* Files hold the rows already: then a summary says more. */
  struct cli rows = *cli;
  if (!cli->has_format && !cli->output && !cli->wants_list) rows.format = FORMAT_CSV;
  return study_command(&rows, &plan, study_format(&rows));
}

const struct command cmd_sweep = {
    .name = "sweep",
    .operands = "SCENARIO",
    .help = "run every cell of the scenario's axes and of those given by -S",
    .details =
        "Cells count from 0, the last axis is the fastest. A list is a,b,c or a range A..B, "
        "A..B step N, A..B*K, or several of them: 1..4,6,8..64*2. It splits at commas outside of "
        "brackets and quotes; a value is JSON if it parses, else a string. Random numbers are "
        "common to all cells. Without -F and -o the rows of vm.csv are printed; -o DIR writes them "
        "and all the rest into files, and a summary is printed. -L lists the cells with an "
        "estimate of what they cost and runs nothing.",
    .options = OPTION_BITS_STUDY | OPTION_BITS_SWEEP | OPTION_BITS_RESULTS |
               OPTION_BIT(OPTION_JOBS) | OPTION_BIT(OPTION_SHARD) | OPTION_BIT(OPTION_MAX_WALL) |
               OPTION_BIT(OPTION_MAX_EVENTS) | OPTION_BIT(OPTION_LIST),
    .min_operands = 1,
    .max_operands = 1,
    .run = sweep_run,
};
