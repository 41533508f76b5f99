/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How many vCPUs a VM should have. */
#include "cli/report_sizing.h"
#include "cli/study_command.h"

static int size_check(const struct cli *cli) {
  if (!cli->vm) {
    cli_error("size needs --vm NAME: whose vCPUs?");
    return EX_USAGE;
  }
  int code = report_sizing_metric(cli) ? EX_OK : EX_USAGE;
  return code == EX_OK ? study_check_output(cli) : code;
}

static int size_run(const struct cli *cli) {
  struct study_plan plan;
  int code = size_check(cli);
  if (code == EX_OK) code = study_load(cli, cli->operands.items[0], STUDY_COUNTS, &plan);
  return code == EX_OK ? study_command(cli, &plan, &report_sizing_format) : code;
}

const struct command cmd_size = {
    .name = "size",
    .operands = "SCENARIO",
    .help = "find out how many vCPUs a VM should have, and why",
    .details =
        "Runs the scenario with each number of vCPUs: those of its own axis of --vm's vCPUs, or 1 "
        "up to as many as there are pCPUs; -S vms.NAME.vcpus=LIST says which. Other axes of -S "
        "have a table for each of their values. Recommended is the smallest number whose loss to "
        "the best is certainly at most 2 %: the upper end of its 95 % interval is, paired by "
        "replication. Beside it stands what shrinking would do: as many vCPUs as the host runs of "
        "those that the VM has while they want to (VCPU-Bal, vScale). -o DIR keeps all results, as "
        "for sweep.",
    .options = (OPTION_BITS_STUDY | OPTION_BITS_RESULTS | OPTION_BIT(OPTION_SWEEP) |
                OPTION_BIT(OPTION_WHERE) | OPTION_BIT(OPTION_JOBS) | OPTION_BIT(OPTION_MAX_WALL) |
                OPTION_BIT(OPTION_MAX_EVENTS) | OPTION_BIT(OPTION_LIST) | OPTION_BIT(OPTION_VM) |
                OPTION_BIT(OPTION_METRIC)) &
               ~OPTION_BIT(OPTION_TABLE),
    .min_operands = 1,
    .max_operands = 1,
    .run = size_run,
};
