/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The figures that stack shares of vCPU time, from vm.csv: budget and spin-cause. */
#include <string.h>
#include <unistd.h>

#include "cli/csv_read.h"
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

/* --- which kinds of locks a VM has, from lock.csv --- */

enum lock_column { VM, KIND, LOCK_COLUMNS };
static const char *const lock_columns[LOCK_COLUMNS] = {"vm", "kind"};

struct lock_reader {
  const char *path, *vm;
  uint32_t columns[LOCK_COLUMNS];
  struct text_list kinds;
  struct arena *arena;
};

static int lock_on_header(void *context, const char *const *names, uint32_t n) {
  struct lock_reader *reader = context;
  return csv_find_columns(reader->path, names, n, lock_columns, LOCK_COLUMNS, reader->columns);
}

static int lock_on_row(void *context, const struct csv_row *row) {
  struct lock_reader *reader = context;
  const char *vm = row->fields[reader->columns[VM]], *kind = row->fields[reader->columns[KIND]];
  if (!plot_is_instance(vm, reader->vm)) return EX_OK;
  for (uint32_t i = 0; i < reader->kinds.n; i++)
    if (strcmp(reader->kinds.items[i], kind) == 0) return EX_OK;
  cli_append(reader->arena, &reader->kinds, arena_strdup(reader->arena, kind));
  return EX_OK;
}

/* "db (ticket, mcs)" */
static int name_with_locks(const struct plot_source *source, const char *vm, const char **name) {
  struct lock_reader reader = {
      .path = plot_path(source, "lock.csv"), .vm = vm, .arena = source->arena};
  *name = vm;
  if (access(reader.path, F_OK) != 0) return EX_OK;
  int code =
      csv_read(reader.path, &(const struct csv_reader){lock_on_header, lock_on_row, &reader});
  for (uint32_t i = 0; i < reader.kinds.n; i++)
    *name = arena_printf(source->arena, "%s%s%s", *name, i ? ", " : " (", reader.kinds.items[i]);
  if (reader.kinds.n > 0) *name = arena_printf(source->arena, "%s)", *name);
  return code;
}

/* --- bars for VMs --- */

/* A bar for each VM of the only cell. */
static int shares_of_vms(struct plot_grid *grid, struct picture *picture, bool is_of_locks,
                         const char *const *metrics) {
  const struct plot_source *source = grid->source;
  plot_grid_begin(grid, picture, grid->study.n_vms, share_columns(metrics, source->arena));
  for (uint32_t i = 0; i < grid->study.n_vms; i++) {
    const char *name = grid->vm = grid->study.vms[i].name;
    int code = plot_grid_show(grid, PLOT_NONE, PLOT_NONE, metrics);
    if (code == EX_OK && is_of_locks) code = name_with_locks(source, grid->vm, &name);
    if (code != EX_OK) return code;
    plot_grid_put_place(grid, name, i, plot_samples_n(&grid->samples, 0));
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
                     : shares_of_vms(&grid, picture, is_of_locks, metrics);
  if (code != EX_OK) return code;
  plot_grid_end(&grid, picture);
  grid.hides_intervals = true;
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
    .command = "sweep",
    .arguments = "",
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
    .command = "sweep",
    .arguments = "",
    .make = spin_cause_make,
};
