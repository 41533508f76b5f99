/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/cli.h"
#include "study/scenario_bind.h"

static int schema_run(const struct cli *cli) {
  (void)fputs(conf_to_json(cli->arena, scenario_schema(cli->arena)), stdout);
  return EX_OK;
}

const struct command cmd_schema = {
    .name = "schema",
    .operands = "",
    .help = "print the JSON Schema of scenario files, for editors",
    .run = schema_run,
};
