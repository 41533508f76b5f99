/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A sizing as a table and as JSON. */
#include <math.h>
#include <string.h>

#include "cli/report_sizing.h"

/* Cells of a row, or columns of the header, one after the other. */
struct filler {
  struct cell *cells;
  struct table_column *columns; /* NULL: cells are wanted */
  uint32_t n;
};

static void fill(struct filler *filler, const char *name, const char *unit, struct cell cell) {
  if (filler->columns) filler->columns[filler->n] = (struct table_column){name, unit};
  if (filler->cells) filler->cells[filler->n] = cell;
  filler->n++;
}

static struct cell real_or_none(double value) {
  return isnan(value) ? cell_none() : cell_real(value);
}

static void fill_series(struct filler *filler, const char *name, const char *unit,
                        const struct sizing_series *series, struct arena *arena) {
  struct stat_interval interval = stat_interval(&series->stat, REPLICATE_CONFIDENCE);
  bool has_mean = series->stat.n > 0, has_interval = series->stat.n > 1;
  fill(filler, name, unit, has_mean ? cell_real(series->stat.mean) : cell_none());
  fill(filler, arena_printf(arena, "%s_ci_low", name), unit,
       has_interval ? cell_real(interval.low) : cell_none());
  fill(filler, arena_printf(arena, "%s_ci_high", name), unit,
       has_interval ? cell_real(interval.high) : cell_none());
}

/* "spin_lhp_pct" -> "spin_lhp_cpus". */
static const char *part_name(enum sizing_part part, struct arena *arena) {
  const char *metric = sizing_parts[part].metric;
  int length = (int)(strlen(metric) - strlen("pct"));
  return arena_printf(arena, "%.*scpus", length, metric);
}

static void fill_row(struct filler *filler, const struct sizing_report *report, uint32_t index,
                     struct arena *arena) {
  const struct sizing *sizing = report->sizing;
  const struct sizing_count *count = &sizing->counts[index];
  const struct sizing_loss *loss = &sizing->losses[index];
  const struct metric *metric = sizing->question->metric;
  for (uint32_t i = 0; i < report->n_axes; i++)
    fill(filler, report->axes[i], "", report->axis_values[i]);
  fill(filler, "vm", "", cell_text(sizing->question->vm));
  fill(filler, "vcpus", "1", cell_count(count->n_vcpus));
  fill(filler, "replications", "1", cell_count(count->goal.n));
  fill_series(filler, metric->name, metric->unit, &count->goal, arena);
  fill(filler, "loss_pct", "%", real_or_none(100 * loss->mean));
  fill(filler, "loss_ci_low_pct", "%", real_or_none(100 * loss->low));
  fill(filler, "loss_ci_high_pct", "%", real_or_none(100 * loss->high));
  fill(filler, "is_best", "", cell_count(index == sizing->best));
  fill(filler, "is_chosen", "", cell_count(index == sizing->chosen));
  fill(filler, "is_now", "", cell_count(count->n_vcpus == report->n_vcpus_now));
  fill(filler, "given_cpus", "CPUs", cell_real(sizing_given(count)));
  fill(filler, "shrunk_vcpus", "1",
       cell_count(sizing->counts[sizing_shrunk(sizing, index)].n_vcpus));
  for (enum sizing_part part = 0; part < SIZING_PARTS; part++)
    fill(filler, part_name(part, arena), "CPUs", cell_real(count->cpus[part].stat.mean));
  for (uint32_t i = 0; i < count->n_neighbours; i++) {
    const struct sizing_neighbour *neighbour = &count->neighbours[i];
    fill_series(filler, arena_printf(arena, "%s_per_s", neighbour->name), "1/s",
                &neighbour->throughput, arena);
  }
}

struct table report_sizing_table(const struct sizing_report *reports, uint32_t n,
                                 struct arena *arena) {
  struct filler counted = {0};
  fill_row(&counted, &reports[0], 0, arena);
  struct table_column *columns = ARENA_ARRAY(arena, counted.n, struct table_column);
  struct filler header = {.columns = columns};
  fill_row(&header, &reports[0], 0, arena);
  struct table table = {.columns = columns, .n_columns = counted.n};
  for (uint32_t i = 0; i < n; i++) table.n_rows += reports[i].sizing->n_counts;
  struct cell *cells = ARENA_ARRAY(arena, (size_t)table.n_rows * table.n_columns, struct cell);
  struct filler rows = {.cells = cells};
  for (uint32_t i = 0; i < n; i++)
    for (uint32_t j = 0; j < reports[i].sizing->n_counts; j++)
      fill_row(&rows, &reports[i], j, arena);
  table.cells = cells;
  return table;
}

void report_sizing_json(const struct sizing_report *reports, uint32_t n, struct json *json) {
  struct arena arena = {0};
  struct table table = report_sizing_table(reports, n, &arena);
  json_begin_array(json, "sizing");
  for (uint32_t row = 0; row < table.n_rows; row++) {
    json_begin_object(json, NULL);
    for (uint32_t i = 0; i < table.n_columns; i++)
      json_cell(json, table.columns[i].name, table_row(&table, row)[i]);
    json_end_object(json);
  }
  json_end_array(json);
  arena_free(&arena);
}
