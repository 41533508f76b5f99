/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A study of one cell: the scenario as it is. */
#include "cli/study_command.h"

static int run_run(const struct cli *cli) {
  struct study_plan plan;
  int code = study_check_output(cli);
  if (code == EX_OK) code = study_load(cli, cli->operands.items[0], STUDY_ONE_CELL, &plan);
  return code == EX_OK ? study_command(cli, &plan, study_format(cli)) : code;
}

const struct command cmd_run = {
    .name = "run",
    .operands = "SCENARIO",
    .help = "run the replications of a scenario and sum them up",
    .details =
        "Without -F a summary for people is printed; --table alone means -F csv. -o DIR "
        "keeps every finished replication in DIR/results.sqlite and writes manifest.json, "
        "scenario.resolved.json, vm.csv, vcpu.csv, lock.csv, interrupt.csv, steal.csv, host.csv, "
        "summary.csv and trace.csv.",
    .options = OPTION_BITS_STUDY | OPTION_BITS_RESULTS | OPTION_BIT(OPTION_JOBS) |
               OPTION_BIT(OPTION_SHARD) | OPTION_BIT(OPTION_MAX_WALL) |
               OPTION_BIT(OPTION_MAX_EVENTS) | OPTION_BIT(OPTION_LIST),
    .min_operands = 1,
    .max_operands = 1,
    .run = run_run,
};
