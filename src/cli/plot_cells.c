/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The figures over the cells of a study, from vm.csv. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/plot_grid.h"
#include "study/sizing.h"

static const char throughput[] = "throughput_per_s";

/* The throughput in a cell. */
static struct sizing_series cell_series(const struct plot_grid *grid, int cell) {
  struct sizing_series series = {0};
  series.values = plot_grid_values(grid, cell, 0, &series.n);
  for (uint32_t i = 0; i < series.n; i++)
    if (!isnan(series.values[i])) stat_add(&series.stat, series.values[i]);
  return series;
}

static struct paired compare_cells(const struct plot_grid *grid, int base, int other) {
  struct sizing_series from = cell_series(grid, base), to = cell_series(grid, other);
  return sizing_compare(&from, &to, grid->source->arena);
}

/* --- sizing: throughput against vCPUs --- */

/* Along a series, what costop size would say: its best and its chosen count are cells here. */
struct sizes {
  int best, chosen;
};

static struct sizes sizes_conclude(const struct plot_grid *grid, uint32_t series,
                                   const struct metric *metric) {
  struct arena *arena = grid->source->arena;
  const struct plot_view *view = &grid->view;
  const struct sizing_question question = {.vm = grid->vm, .metric = metric};
  struct sizing_count *counts = ARENA_ARRAY(arena, view->n_x, struct sizing_count);
  uint32_t n = 0;
  for (uint32_t x = 0; x < view->n_x; x++) {
    int cell = plot_view_cell(view, series, x);
    /* Its place stands for the count: what is swept need not be vCPUs. */
    if (cell != PLOT_NONE)
      counts[n++] = (struct sizing_count){.n_vcpus = x, .goal = cell_series(grid, cell)};
  }
  struct sizing sizing = sizing_conclude(&question, counts, n, arena);
  if (sizing.best == SIZING_NONE) return (struct sizes){PLOT_NONE, PLOT_NONE};
  return (struct sizes){plot_view_cell(view, series, sizing.counts[sizing.best].n_vcpus),
                        plot_view_cell(view, series, sizing.counts[sizing.chosen].n_vcpus)};
}

static void put_sizes(struct plot_grid *grid, uint32_t series, const struct metric *metric,
                      bool may_choose) {
  const struct plot_view *view = &grid->view;
  struct sizes sizes = sizes_conclude(grid, series, metric);
  for (uint32_t x = 0; x < view->n_x; x++) {
    int cell = plot_view_cell(view, series, x);
    if (cell == PLOT_NONE) continue;
    uint32_t n;
    const double *values = plot_grid_values(grid, cell, 0, &n);
    plot_grid_put_labels(grid, series, x, n);
    plot_grid_put_mean(grid, values, n);
    plot_grid_put(grid, cell_count(may_choose && cell == sizes.chosen));
  }
}

static int sizing_make(const struct plot_source *source, struct picture *picture) {
  static const char *const columns[] = {"value", "value_low", "value_high", "is_chosen", NULL};
  struct plot_grid grid;
  const struct metric *metric = plot_metric(source, SCOPE_VM, throughput);
  if (!metric) return EX_USAGE;
  int code = plot_grid_read(&grid, source);
  if (code != EX_OK) return code;
  int x = plot_grid_x(&grid);
  if (x == PLOT_NONE) {
    picture->missing = "there is no sweep in it";
    picture->arguments = arena_printf(source->arena, "-S vms.%s.vcpus=1..8", grid.vm);
    return EX_OK;
  }
  const char *const metrics[] = {metric->name, NULL};
  code = plot_grid_show(&grid, x, plot_grid_series(&grid, x), metrics);
  if (code != EX_OK) return code;
  bool is_size =
      x == plot_axis_like(&grid.study, "vms.", ".vcpus", PLOT_NONE) && sizing_may_ask(metric);
  plot_grid_begin(&grid, picture, grid.view.n_x * grid.view.n_series, columns);
  for (uint32_t i = 0; i < grid.view.n_series; i++) put_sizes(&grid, i, metric, is_size);
  plot_grid_end(&grid, picture);
  bool is_work = strcmp(metric->name, throughput) == 0;
  plot_grid_say(
      &grid, picture,
      arena_printf(source->arena, "%s of %s", is_work ? "throughput" : metric->name, grid.vm));
  if (!is_work) plot_say(source, picture, "y_title", metric->name);
  return EX_OK;
}

const struct plot_figure plot_sizing = {
    .name = "sizing",
    .help = "throughput against vCPUs: a band for each rule, the smallest sufficient count marked",
    .file = "vm.csv",
    .command = "sweep",
    .arguments = "",
    .takes_metric = true,
    .make = sizing_make,
};

/* --- costop-cost: lost throughput against %CSTP --- */

/* The place on the axis of rules of the one that never co-stops, or n_series. */
static uint32_t series_without_costop(const struct plot_grid *grid) {
  const struct plot_view *view = &grid->view;
  if (view->series == PLOT_NONE) return view->n_series;
  const struct plot_axis *axis = &grid->study.axes[view->series];
  uint32_t i = 0;
  while (i < view->n_series && strcmp(axis->values[view->series_values[i]], "none") != 0) i++;
  return i;
}

/* The throughput of a cell in % of another one's, or what it lacks to that; and the ends of its
   interval, which there is not with noise beyond all measure. */
static void put_ratio(struct plot_grid *grid, const struct paired *paired, bool is_loss) {
  double none = (double)NAN, sign = is_loss ? -100 : 100, from = is_loss ? 100 : 0;
  double low = paired->has_ratio ? paired->of_ratio.low : none;
  double high = paired->has_ratio ? paired->of_ratio.high : none;
  if (isfinite(high)) grid->widest = fmax(grid->widest, 100 * paired->of_ratio.half_width);
  plot_grid_put_real(grid, from + sign * paired->ratio);
  plot_grid_put_real(grid, from + sign * (is_loss ? high : low));
  plot_grid_put_real(grid, from + sign * (is_loss ? low : high));
}

static bool has_mean(const struct paired *paired) { return paired->n_base > 0 && paired->base > 0; }

/* Against the same cell without co-scheduling; where there is none, against the best of its
   series. */
static void put_losses(struct plot_grid *grid, uint32_t series, uint32_t without) {
  const struct plot_view *view = &grid->view;
  bool is_ambiguous;
  const struct metric *metric = metric_find(SCOPE_VM, throughput, &is_ambiguous);
  int best = sizes_conclude(grid, series, metric).best;
  for (uint32_t x = 0; x < view->n_x && series != without; x++) {
    int cell = plot_view_cell(view, series, x);
    int base = without == view->n_series ? best : plot_view_cell(view, without, x);
    if (cell == PLOT_NONE || base == PLOT_NONE) continue;
    struct paired paired = compare_cells(grid, base, cell);
    if (!has_mean(&paired)) continue;
    uint32_t n;
    const double *costop = plot_grid_values(grid, cell, 1, &n);
    plot_grid_put_labels(grid, series, x, n);
    plot_grid_put_mean(grid, costop, n);
    put_ratio(grid, &paired, true);
  }
}

static int costop_cost_make(const struct plot_source *source, struct picture *picture) {
  static const char *const metrics[] = {throughput, "costop_pct", NULL};
  static const char *const columns[] = {"costop_pct", "costop_pct_low", "costop_pct_high",
                                        "loss_pct",   "loss_pct_low",   "loss_pct_high",
                                        NULL};
  struct plot_grid grid;
  int code = plot_grid_read(&grid, source);
  if (code != EX_OK) return code;
  int x = plot_grid_x(&grid);
  int series = plot_axis_like(&grid.study, "", "coscheduling.kind", PLOT_NONE);
  if (x == series) x = PLOT_NONE;
  if (series == PLOT_NONE) series = plot_grid_series(&grid, x);
  code = plot_grid_show(&grid, x, series, metrics);
  if (code != EX_OK) return code;
  const struct plot_view *view = &grid.view;
  uint32_t without = series_without_costop(&grid);
  if (grid.study.n_cells == 1) {
    picture->missing = "there is nothing to compare with";
    picture->arguments = arena_printf(
        source->arena, "-S vms.%s.vcpus=1..8 -S hypervisor.coscheduling.kind=none,relaxed,strict",
        grid.vm);
    return EX_OK;
  }
  plot_grid_begin(&grid, picture, view->n_x * view->n_series, columns);
  for (uint32_t i = 0; i < view->n_series; i++) put_losses(&grid, i, without);
  plot_grid_end(&grid, picture);
  plot_grid_say(&grid, picture, arena_printf(source->arena, "what co-stop costs %s", grid.vm));
  const char *best = view->n_series > 1 ? "the best of its series" : "the best";
  plot_say(source, picture, "base",
           without < view->n_series ? "the same without co-scheduling" : best);
  return EX_OK;
}

const struct plot_figure plot_costop_cost = {
    .name = "costop-cost",
    .help = "lost throughput against %CSTP, with the folk thresholds 3 and 5 %",
    .file = "vm.csv",
    .command = "sweep",
    .arguments = "",
    .make = costop_cost_make,
};

/* --- overcommit: throughput over ratio and load --- */

/* The axis that changes how many vCPUs share a pCPU. */
static int crowd_axis(const struct plot_grid *grid) {
  static const char *const endings[] = {".count", "host.pcpus"};
  int axis = PLOT_NONE;
  for (size_t i = 0; i < sizeof endings / sizeof *endings && axis == PLOT_NONE; i++)
    axis = plot_axis_like(&grid->study, "", endings[i], PLOT_NONE);
  return axis;
}

static double pcpus_of_cell(const struct plot_grid *grid, int cell) {
  const struct plot_study *study = &grid->study;
  for (uint32_t i = 0; i < study->n_axes; i++)
    if (strcmp(study->axes[i].path, "host.pcpus") == 0)
      return plot_value_number(study, (int)i, study->cells[cell].value_of[i]);
  const struct conf *pcpus = conf_find(conf_find(grid->source->scenario, "host"), "pcpus");
  return pcpus ? strtod(pcpus->text, NULL) : (double)NAN;
}

static double vcpus_per_pcpu(const struct plot_grid *grid, int cell) {
  return grid->samples.vcpus[grid->samples.first[cell]] / pcpus_of_cell(grid, cell);
}

/* Of a row of cells, the one where the fewest vCPUs share a pCPU: there nobody waits. */
static int roomiest_cell(const struct plot_grid *grid, uint32_t series) {
  int found = PLOT_NONE;
  for (uint32_t x = 0; x < grid->view.n_x; x++) {
    int cell = plot_view_cell(&grid->view, series, x);
    if (cell == PLOT_NONE) continue;
    if (found == PLOT_NONE || vcpus_per_pcpu(grid, cell) < vcpus_per_pcpu(grid, found))
      found = cell;
  }
  return found;
}

static int overcommit_make(const struct plot_source *source, struct picture *picture) {
  static const char *const metrics[] = {throughput, NULL};
  static const char *const columns[] = {"vcpus_per_pcpu", "kept_pct", "kept_pct_low",
                                        "kept_pct_high", NULL};
  struct plot_grid grid;
  int code = plot_grid_read(&grid, source);
  if (code != EX_OK) return code;
  int x = crowd_axis(&grid), load = plot_axis_ordered(&grid.study, x);
  if (x == PLOT_NONE) {
    picture->missing = "nothing in it changes how many vCPUs share a pCPU";
    const char *crowd = grid.study.vms[grid.study.n_vms - 1].name;
    picture->arguments = arena_printf(source->arena, "-S vms.%s.count=1..8", crowd);
    return EX_OK;
  }
  code = plot_grid_show(&grid, x, load == PLOT_NONE ? plot_grid_series(&grid, x) : load, metrics);
  if (code != EX_OK) return code;
  const struct plot_view *view = &grid.view;
  plot_grid_begin(&grid, picture, view->n_x * view->n_series, columns);
  for (uint32_t i = 0; i < view->n_series; i++)
    for (uint32_t at = 0; at < view->n_x; at++) {
      int cell = plot_view_cell(view, i, at);
      if (cell == PLOT_NONE) continue;
      struct paired paired = compare_cells(&grid, roomiest_cell(&grid, i), cell);
      if (!has_mean(&paired)) continue;
      plot_grid_put_labels(&grid, i, at, plot_samples_n(&grid.samples, (uint32_t)cell));
      plot_grid_put_real(&grid, vcpus_per_pcpu(&grid, cell));
      put_ratio(&grid, &paired, false);
    }
  plot_grid_end(&grid, picture);
  grid.hides_intervals = true;
  plot_grid_say(
      &grid, picture,
      arena_printf(source->arena, "what overcommitment leaves of the throughput of %s", grid.vm));
  return EX_OK;
}

const struct plot_figure plot_overcommit = {
    .name = "overcommit",
    .help = "heat map: the throughput that is left at a ratio of vCPUs to pCPUs, and a load",
    .file = "vm.csv",
    .command = "sweep",
    .arguments = "",
    .make = overcommit_make,
};
