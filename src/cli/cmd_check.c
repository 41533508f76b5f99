/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/load.h"

static uint64_t count_vcpus(const struct scenario *scenario) {
  uint64_t n = 0;
  for (uint32_t i = 0; i < scenario->n_vms; i++) n += scenario->vms[i].guest.n_vcpus;
  return n;
}

static uint64_t count_cells(const struct scenario *scenario) {
  uint64_t n = 1;
  for (uint32_t i = 0; i < scenario->n_sweep_axes; i++)
    if (__builtin_mul_overflow(n, scenario->sweep->children[i]->n_children, &n)) return UINT64_MAX;
  return n;
}

static int check_run(const struct cli *cli) {
  int worst = EX_OK;
  for (uint32_t i = 0; i < cli->operands.n; i++) {
    int code = EX_OK;
    const struct scenario *scenario = load_or_report(cli, cli->operands.items[i], &code);
    if (worst == EX_OK) worst = code;
    if (!scenario) continue;
    (void)printf("%s: ok: %s, VMs %u, vCPUs %ju, pCPUs %u, sweep cells %ju\n",
                 cli->operands.items[i], scenario->name, scenario->n_vms,
                 (uintmax_t)count_vcpus(scenario), scenario->host.n_pcpus,
                 (uintmax_t)count_cells(scenario));
  }
  return worst;
}

const struct command cmd_check = {
    .name = "check",
    .operands = "SCENARIO...",
    .help = "read and validate scenarios and report all problems at once; run nothing",
    .options = OPTION_BITS_SCENARIO,
    .min_operands = 1,
    .max_operands = UINT32_MAX,
    .run = check_run,
};
