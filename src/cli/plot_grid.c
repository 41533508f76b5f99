/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/plot_grid.h"

#include <math.h>
#include <string.h>

#include "sim/stat.h"
#include "study/replicate.h"

int plot_grid_read(struct plot_grid *grid, const struct plot_source *source) {
  *grid = (struct plot_grid){.source = source};
  int code = plot_study_read(plot_path(source, "vm.csv"), &grid->study, source->arena);
  if (code != EX_OK) return code;
  grid->vm = plot_choose_vm(&grid->study, source->cli->vm);
  return grid->vm ? EX_OK : EX_USAGE;
}

int plot_grid_x(const struct plot_grid *grid) {
  int x = plot_axis_like(&grid->study, "vms.", ".vcpus", PLOT_NONE);
  if (x == PLOT_NONE) x = plot_axis_ordered(&grid->study, PLOT_NONE);
  if (x == PLOT_NONE) x = plot_axis_like(&grid->study, "", "", PLOT_NONE);
  return x == PLOT_NONE && grid->study.n_axes > 0 ? 0 : x;
}

int plot_grid_series(const struct plot_grid *grid, int x) {
  enum { SERIES_MAX = 16 };
  static const char *const endings[] = {"coscheduling.kind", ".kind", ""};
  for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
    int series = plot_axis_like(&grid->study, "", endings[i], x);
    if (series != PLOT_NONE && grid->study.axes[series].n_values <= SERIES_MAX) return series;
  }
  return PLOT_NONE;
}

int plot_grid_show(struct plot_grid *grid, int x, int series, const char *const *metrics) {
  struct arena *arena = grid->source->arena;
  bool *wanted;
  int code = plot_cells_where(&grid->study, &grid->source->cli->wheres, &wanted, arena);
  if (code != EX_OK) return code;
  grid->view = plot_view_make(&grid->study, x, series, wanted, arena);
  return plot_samples_read(&grid->study, grid->vm, metrics, &grid->samples, arena);
}

const double *plot_grid_values(const struct plot_grid *grid, int cell, uint32_t metric,
                               uint32_t *n) {
  *n = plot_samples_n(&grid->samples, (uint32_t)cell);
  return plot_samples_of(&grid->samples, (uint32_t)cell, metric, grid->source->arena);
}

/* --- the table --- */

static const char *const label_columns[PLOT_GRID_LABELS] = {"series",   "series_number", "x",
                                                            "x_number", "position",      "n"};

void plot_grid_begin(struct plot_grid *grid, struct picture *picture, uint32_t n_rows,
                     const char *const *columns) {
  struct arena *arena = grid->source->arena;
  uint32_t n_columns = PLOT_GRID_LABELS;
  while (columns[n_columns - PLOT_GRID_LABELS]) n_columns++;
  struct table_column *named = ARENA_ARRAY(arena, n_columns, struct table_column);
  for (uint32_t i = 0; i < n_columns; i++)
    named[i] = (struct table_column){
        i < PLOT_GRID_LABELS ? label_columns[i] : columns[i - PLOT_GRID_LABELS], ""};
  grid->next = ARENA_ARRAY(arena, (size_t)n_rows * n_columns, struct cell);
  picture->table = (struct table){.columns = named, .cells = grid->next, .n_columns = n_columns};
}

void plot_grid_put(struct plot_grid *grid, struct cell cell) { *grid->next++ = cell; }

void plot_grid_put_real(struct plot_grid *grid, double value) {
  plot_grid_put(grid, isfinite(value) ? cell_real(value) : cell_none());
}

static const char *value_name(const struct plot_grid *grid, int axis, uint32_t value) {
  return axis == PLOT_NONE ? "" : plot_value_name(&grid->study, axis, value, grid->source->arena);
}

void plot_grid_put_labels(struct plot_grid *grid, uint32_t series, uint32_t x, uint32_t n) {
  const struct plot_view *view = &grid->view;
  uint32_t value = view->x_values[x];
  double number =
      view->x == PLOT_NONE ? (double)NAN : plot_value_number(&grid->study, view->x, value);
  plot_grid_put(grid, cell_text(value_name(grid, view->series, view->series_values[series])));
  plot_grid_put(grid, cell_count(series + 1));
  plot_grid_put(grid, cell_text(value_name(grid, view->x, value)));
  plot_grid_put(grid, cell_count(x + 1));
  plot_grid_put_real(grid, isnan(number) ? x + 1 : number);
  plot_grid_put(grid, cell_count(n));
}

void plot_grid_put_place(struct plot_grid *grid, const char *name, uint32_t x, uint32_t n) {
  plot_grid_put(grid, cell_text(""));
  plot_grid_put(grid, cell_count(1));
  plot_grid_put(grid, cell_text(name));
  plot_grid_put(grid, cell_count(x + 1));
  plot_grid_put(grid, cell_count(x + 1));
  plot_grid_put(grid, cell_count(n));
}

void plot_grid_put_mean(struct plot_grid *grid, const double *values, uint32_t n) {
  struct stat_sum sum = {0};
  for (uint32_t i = 0; i < n; i++)
    if (!isnan(values[i])) stat_add(&sum, values[i]);
  struct stat_interval interval = stat_interval(&sum, REPLICATE_CONFIDENCE);
  plot_grid_put_real(grid, sum.n > 0 ? sum.mean : (double)NAN);
  plot_grid_put_real(grid, sum.n > 1 ? interval.low : (double)NAN);
  plot_grid_put_real(grid, sum.n > 1 ? interval.high : (double)NAN);
  if (sum.n > 1) grid->widest = fmax(grid->widest, interval.half_width);
}

void plot_grid_end(const struct plot_grid *grid, struct picture *picture) {
  struct table *table = &picture->table;
  table->n_rows = (uint32_t)((size_t)(grid->next - table->cells) / table->n_columns);
  if (table->n_rows > 0) return;
  picture->missing = arena_printf(grid->source->arena, "%s finishes no iteration", grid->vm);
  picture->arguments = "-d 100s";
}

/* --- words --- */

/* "n = 10 replications", "n = 10 to 40 replications" */
static const char *replications_text(const struct plot_grid *grid) {
  const struct plot_view *view = &grid->view;
  uint32_t least = UINT32_MAX, most = 0;
  for (uint32_t i = 0; i < view->n_x * view->n_series; i++) {
    if (view->cells[i] == PLOT_NONE) continue;
    uint32_t n = plot_samples_n(&grid->samples, (uint32_t)view->cells[i]);
    least = n < least ? n : least;
    most = n > most ? n : most;
  }
  if (most <= 1) return "1 replication, so no confidence intervals";
  struct arena *arena = grid->source->arena;
  const char *range = least == most ? "" : arena_printf(arena, "%u to ", least);
  const char *within = grid->hides_intervals
                           ? arena_printf(arena, " intervals within ± %.3g points", grid->widest)
                           : "";
  return arena_printf(arena, "n = %s%u replications, %g %% confidence%s", range, most,
                      100 * REPLICATE_CONFIDENCE, within);
}

void plot_grid_say(const struct plot_grid *grid, struct picture *picture, const char *about) {
  const struct plot_source *source = grid->source;
  const struct plot_view *view = &grid->view;
  struct arena *arena = source->arena;
  plot_say(source, picture, "title", arena_printf(arena, "%s: %s", source->name, about));
  plot_say(source, picture, "x_title",
           view->x == PLOT_NONE ? "" : plot_axis_name(&grid->study, view->x, arena));
  plot_say(source, picture, "series_title",
           view->series == PLOT_NONE ? "" : plot_axis_name(&grid->study, view->series, arena));
  plot_say(source, picture, "caption",
           arena_printf(arena, "%s%s%s", replications_text(grid), view->held[0] ? "; " : "",
                        view->held));
}
