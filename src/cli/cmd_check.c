/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/study_load.h"

static uint64_t count_vcpus(const struct scenario *scenario) {
  uint64_t n = 0;
  for (uint32_t i = 0; i < scenario->n_vms; i++) n += scenario->vms[i].guest.n_vcpus;
  return n;
}

static int check_run(const struct cli *cli) {
  int worst = EX_OK;
  for (uint32_t i = 0; i < cli->operands.n; i++) {
    struct study_plan plan;
    int code = study_load(cli, cli->operands.items[i], STUDY_ALL_CELLS, &plan);
    if (worst == EX_OK) worst = code;
    if (code != EX_OK) continue;
    const struct grid *grid = plan.study.grid;
    (void)printf("%s: ok: %s, VMs %u, vCPUs %ju, pCPUs %u, sweep cells %u, memory %ju MiB\n",
                 cli->operands.items[i], grid->base->name, grid->base->n_vms,
                 (uintmax_t)count_vcpus(grid->base), grid->base->host.n_pcpus, grid->n_cells,
                 (uintmax_t)(plan.study.memory >> 20) + 1);
  }
  return worst;
}

const struct command cmd_check = {
    .name = "check",
    .operands = "SCENARIO...",
    .help = "read and validate scenarios and report all problems at once; run nothing",
    .details =
        "Every cell of a sweep is looked at. A replication of the biggest takes no more than the "
        "memory that is said.",
    .options = OPTION_BITS_SCENARIO | OPTION_BITS_SWEEP,
    .min_operands = 1,
    .max_operands = UINT32_MAX,
    .run = check_run,
};
