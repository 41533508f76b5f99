/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/report.h"

int report_init(struct report *report, const struct results *results) {
  struct arena *arena = results->cli->arena;
  *report = (struct report){.results = results, .width = cli_width(), .arena = arena};
  report->scenario_json = conf_to_json(arena, grid_to_conf(results->plan->study.grid, arena));
  return store_count(results->store, &report->n_replications, &report->n_finished);
}
