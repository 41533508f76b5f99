/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The figures that stack shares of vCPU time, from vm.csv: budget and spin-cause. */
#include "cli/plot_grid.h"

static void put_shares(struct plot_grid *grid, int cell) {
  for (uint32_t i = 0; i < grid->samples.n_metrics; i++) {
    uint32_t n;
    const double *values = plot_grid_values(grid, cell, i, &n);
    plot_grid_put_mean(grid, values, n);
  }
}

/* Each metric with the ends of its interval. */
static const char *const *share_columns(const char *const *metrics, struct arena *arena) {
  struct text_list columns = {0};
  for (uint32_t i = 0; metrics[i]; i++) {
    cli_append(arena, &columns, metrics[i]);
    cli_append(arena, &columns, arena_printf(arena, "%s_low", metrics[i]));
    cli_append(arena, &columns, arena_printf(arena, "%s_high", metrics[i]));
  }
  cli_append(arena, &columns, NULL);
  return columns.items;
}

/* A bar for each cell, beside one another in groups by series. */
static int shares_of_cells(struct plot_grid *grid, struct picture *picture, int x,
                           const char *const *metrics) {
  int code = plot_grid_show(grid, x, plot_grid_series(grid, x), metrics);
  if (code != EX_OK) return code;
  const struct plot_view *view = &grid->view;
  plot_grid_begin(grid, picture, view->n_x * view->n_series,
                  share_columns(metrics, grid->source->arena));
  for (uint32_t i = 0; i < view->n_series; i++)
    for (uint32_t at = 0; at < view->n_x; at++) {
      int cell = plot_view_cell(view, i, at);
      if (cell == PLOT_NONE) continue;
      plot_grid_put_labels(grid, i, at, plot_samples_n(&grid->samples, (uint32_t)cell));
      put_shares(grid, cell);
    }
  return EX_OK;
}

/* A bar for each VM of the only cell. */
static int shares_of_vms(struct plot_grid *grid, struct picture *picture,
                         const char *const *metrics) {
  struct arena *arena = grid->source->arena;
  plot_grid_begin(grid, picture, grid->study.n_vms, share_columns(metrics, arena));
  for (uint32_t i = 0; i < grid->study.n_vms; i++) {
    grid->vm = grid->study.vms[i].name;
    int code = plot_grid_show(grid, PLOT_NONE, PLOT_NONE, metrics);
    if (code != EX_OK) return code;
    plot_grid_put_place(grid, grid->vm, i, plot_samples_n(&grid->samples, 0));
    put_shares(grid, 0);
  }
  return EX_OK;
}

/* about: of the title; in front of the VM's name and behind it. */
static int shares_make(const struct plot_source *source, struct picture *picture, bool is_of_locks,
                       const char *const about[2], const char *const *metrics) {
  struct plot_grid grid;
  int code = plot_grid_read(&grid, source);
  if (code != EX_OK) return code;
  int x = is_of_locks ? plot_axis_like(&grid.study, "locks.", ".kind", PLOT_NONE) : PLOT_NONE;
  if (x == PLOT_NONE) x = plot_grid_x(&grid);
  bool is_of_cells = x != PLOT_NONE || source->cli->vm;
  code = is_of_cells ? shares_of_cells(&grid, picture, x, metrics)
                     : shares_of_vms(&grid, picture, metrics);
  if (code != EX_OK) return code;
  plot_grid_end(&grid, picture);
  plot_grid_say(&grid, picture,
                arena_printf(source->arena, "%s%s%s%s", about[0], is_of_cells ? " of " : "",
                             is_of_cells ? grid.vm : "", about[1]));
  return EX_OK;
}

static int budget_make(const struct plot_source *source, struct picture *picture) {
  static const char *const metrics[] = {"useful_pct",   "critical_pct",       "kernel_pct",
                                        "overhead_pct", "spin_contended_pct", "spin_lhp_pct",
                                        "spin_lwp_pct", "spin_self_pct",      "ready_pct",
                                        "costop_pct",   "idle_pct",           NULL};
  static const char *const about[] = {"where the time", " goes"};
  return shares_make(source, picture, false, about, metrics);
}

const struct plot_figure plot_budget = {
    .name = "budget",
    .help = "where the time of the vCPUs goes, stacked, against their number",
    .file = "vm.csv",
    .make = budget_make,
};

static int spin_cause_make(const struct plot_source *source, struct picture *picture) {
  static const char *const metrics[] = {"spin_contended_pct",  "spin_lhp_pct",
                                        "spin_lhp_costop_pct", "spin_lwp_pct",
                                        "spin_self_pct",       NULL};
  static const char *const about[] = {"whom the spinning", " waits for"};
  return shares_make(source, picture, true, about, metrics);
}

const struct plot_figure plot_spin_cause = {
    .name = "spin-cause",
    .help = "whom spinning waits for, stacked, for each kind of lock or cell",
    .file = "vm.csv",
    .make = spin_cause_make,
};
