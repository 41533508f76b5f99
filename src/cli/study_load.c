/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/study_load.h"

#include <string.h>

#include "cli/auto_warmup.h"
#include "cli/diag_print.h"
#include "cli/limits.h"
#include "cli/load.h"
#include "study/machine.h"
#include "study/precision.h"
#include "study/sizing_axes.h"

/* Every cell is looked at before anything runs. */
static const struct grid *load_cells(const struct scenario *scenario, struct diags *diags,
                                     struct arena *arena, uint64_t *memory) {
  const struct grid *grid = grid_of_sweep(scenario, diags, arena);
  if (!grid || grid->n_axes == 0) return grid;
  diags->n = 0; /* warnings about what the scenario is before its axes have set anything */
  *memory = grid_check(grid, diags);
  return diags->n_errors > 0 ? NULL : grid;
}

/* NULL after a message: there is no such VM. */
static const struct scenario *load_counts(const struct cli *cli, const char *path,
                                          const struct scenario *scenario) {
  const char *vm = sizing_vm(scenario, cli->vm);
  if (!vm) {
    struct text_list names = {0};
    for (uint32_t i = 0; i < scenario->n_vms; i++) {
      const char *name = scenario->vms[i].base_name;
      if (names.n == 0 || strcmp(names.items[names.n - 1], name) != 0)
        cli_append(cli->arena, &names, name);
    }
    cli_append(cli->arena, &names, NULL);
    (void)cli_unknown_word("VM", cli->vm, names.items);
    return NULL;
  }
  const struct scenario *sized = sizing_scenario(scenario, vm, cli->arena);
  uint32_t n_own = conf_find(scenario->sweep, sizing_path(vm, cli->arena)) ? 0 : 1;
  if (scenario->n_sweep_axes + n_own > sized->n_sweep_axes)
    cli_note(cli, "other axes of %s are left aside; -S takes them in", path);
  return sized;
}

static const struct grid *warm_grid(const struct cli *cli, const struct scenario *scenario,
                                    const struct grid *cold, struct study_plan *plan,
                                    int *exit_code) {
  const struct scenario *warm = auto_warmup(cli, scenario, cold, &plan->warmup, exit_code);
  if (!warm) return NULL;
  struct diags *diags = ARENA_NEW(cli->arena, struct diags);
  diags->arena = cli->arena;
  return cold->n_axes > 0 ? grid_of_sweep(warm, diags, cli->arena) : grid_of_one(warm, cli->arena);
}

static const struct grid *load_grid(const struct cli *cli, const char *path, enum study_cells cells,
                                    struct study_plan *plan, int *exit_code) {
  struct diags *diags = ARENA_NEW(cli->arena, struct diags);
  diags->arena = cli->arena;
  const struct load_request request = load_request_of(cli, path);
  const struct scenario *scenario = load_scenario(&request, diags, cli->arena);
  if (scenario && cells == STUDY_COUNTS && !(scenario = load_counts(cli, path, scenario))) {
    *exit_code = EX_USAGE;
    return NULL;
  }
  const struct grid *grid = NULL;
  uint64_t *memory = &plan->study.memory;
  if (scenario) *memory = machine_memory(scenario);
  if (scenario && cells == STUDY_ONE_CELL) grid = grid_of_one(scenario, cli->arena);
  if (scenario && cells != STUDY_ONE_CELL) grid = load_cells(scenario, diags, cli->arena, memory);
  diags_print(diags, (struct diag_style){cli_has_color(cli, stderr), cli->verbosity < 0}, stderr);
  *exit_code = grid ? limits_check_memory(path, *memory) : load_exit_code(diags);
  if (*exit_code != EX_OK) return NULL;
  if (grid && cells == STUDY_ONE_CELL && scenario->n_sweep_axes > 0)
    cli_note(cli, "the sweep of %s is left aside: this is its base cell", path);
  if (!grid || !cli->has_auto_warmup || cli->wants_list) return grid;
  return warm_grid(cli, scenario, grid, plan, exit_code);
}

/* Those of the file, which are known to be good, then those of the command line. */
static int load_expects(const struct cli *cli, const struct scenario *base,
                        struct study_plan *plan) {
  uint32_t n_file = base->n_expects, n = n_file + cli->expects.n;
  struct expect *expects = ARENA_ARRAY(cli->arena, n, struct expect);
  for (uint32_t i = 0; i < n; i++) {
    const char *text = i < n_file ? base->expects[i] : cli->expects.items[i - n_file];
    const char *fault = expect_parse(base, text, cli->arena, &expects[i]);
    if (!fault) continue;
    cli_error("--expect '%s': %s", text, fault);
    return EX_USAGE;
  }
  plan->expects = expects;
  plan->n_expects = n;
  return EX_OK;
}

static int load_precisions(const struct cli *cli, struct study *study) {
  uint32_t n = cli->precisions.n;
  struct precision *precisions = ARENA_ARRAY(cli->arena, n, struct precision);
  for (uint32_t i = 0; i < n; i++) {
    const char *text = cli->precisions.items[i];
    const char *fault = precision_parse(study->grid->base, text, cli->arena, &precisions[i]);
    if (!fault) continue;
    cli_error("-p '%s': %s", text, fault);
    return EX_USAGE;
  }
  if (n == 0) return EX_OK;
  study->precisions = precisions;
  study->n_precisions = n;
  study->min_reps = cli->min_reps;
  study->max_reps = cli->max_reps;
  return EX_OK;
}

int study_load(const struct cli *cli, const char *path, enum study_cells cells,
               struct study_plan *plan) {
  int code = EX_OK;
  plan->warmup = NULL;
  const struct grid *grid = load_grid(cli, path, cells, plan, &code);
  if (!grid) return code;
  uint32_t reps = cli->has_replication ? 1 : grid->base->run.replications;
  plan->study = (struct study){.grid = grid,
                               .first = cli->has_replication ? cli->replication : 0,
                               .min_reps = reps,
                               .max_reps = reps,
                               .shard = cli->shard,
                               .n_shards = cli->n_shards,
                               .guard = cli->guard,
                               .memory = plan->study.memory};
  code = load_precisions(cli, &plan->study);
  return code == EX_OK ? load_expects(cli, grid->base, plan) : code;
}
