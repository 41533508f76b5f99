/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/load.h"
#include "study/scenario_bind.h"

static int show_run(const struct cli *cli) {
  int code = EX_OK;
  const struct scenario *scenario = load_or_report(cli, cli->operands.items[0], &code);
  if (scenario)
    (void)fputs(conf_to_json(cli->arena, scenario_resolve(scenario, cli->arena)), stdout);
  return code;
}

const struct command cmd_show = {
    .name = "show",
    .operands = "SCENARIO",
    .help = "print the scenario with every default written out and every file read in",
    .details = "What it prints is a scenario again, and the same one.",
    .options = OPTION_BITS_SCENARIO,
    .min_operands = 1,
    .max_operands = 1,
    .run = show_run,
};
