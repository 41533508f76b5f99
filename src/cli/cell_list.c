/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/cell_list.h"

#include <math.h>

#include "cli/cell_cost.h"
#include "cli/conduct.h"
#include "cli/json_write.h"
#include "cli/number.h"
#include "cli/report.h"
#include "cli/text_grid.h"

enum { ROWS_SHOWN = 1000 /* in the table for people */ };

struct list {
  const struct cli *cli;
  const struct study *study;
  const struct grid *grid;
  struct cell_cost cost;
  struct arena cell; /* of one cell */
};

static double horizon_s(struct list *list, uint32_t cell) {
  struct diags diags = {.arena = &list->cell};
  const struct run_params *run = &grid_bind(list->grid, cell, &diags, &list->cell)->run;
  return (double)(run->warmup_ns + run->duration_ns) / 1e9;
}

/* "10", or "10 to 100" times `times`. */
static const char *range_text(const struct list *list, double times,
                              const char *(*format)(double value, char *buffer)) {
  char least[NUMBER_TEXT_MAX], most[NUMBER_TEXT_MAX];
  const struct study *study = list->study;
  format(study->min_reps * times, least);
  if (study->min_reps == study->max_reps) return arena_strdup(list->cli->arena, least);
  format(study->max_reps * times, most);
  return arena_printf(list->cli->arena, "%s to %s", least, most);
}

static const char *format_count(double value, char *buffer) {
  return number_grouped(value, 0, buffer);
}

static const char *total_text(const struct list *list) {
  struct arena *arena = list->cli->arena;
  const char *text =
      arena_printf(arena, "%u cell%s × %s replications: %s simulated", list->grid->n_cells,
                   list->grid->n_cells == 1 ? "" : "s", range_text(list, 1, format_count),
                   range_text(list, list->cost.simulated_ns, number_duration));
  if (list->cost.n_sampled > 0)
    text = arena_printf(arena, "%s, about %s events", text,
                        range_text(list, list->cost.events, number_power));
  if (list->study->n_shards > 1)
    text = arena_printf(arena, "%s; shard %u/%u is one part of that", text, list->study->shard + 1,
                        list->study->n_shards);
  return text;
}

/* How long it takes is no result. */
static void note_time(const struct list *list) {
  uint32_t n_cores = conduct_n_workers(list->cli, list->study);
  if (list->cost.n_sampled == 0) return;
  double time_ns = list->cost.cpu_s * 1e9 / list->study->n_shards / n_cores;
  cli_note(list->cli, "about %s on %u core%s, estimated from moments of %u cell%s",
           range_text(list, time_ns, number_duration), n_cores, n_cores == 1 ? "" : "s",
           list->cost.n_sampled, list->cost.n_sampled == 1 ? "" : "s");
}

/* --- for people --- */

static void list_texts(struct list *list) {
  const struct grid *grid = list->grid;
  struct arena *arena = list->cli->arena;
  uint32_t n_columns = grid->n_axes + 2;
  uint32_t n_rows = grid->n_cells < ROWS_SHOWN ? grid->n_cells : ROWS_SHOWN;
  struct text_column *columns = ARENA_ARRAY(arena, n_columns, struct text_column);
  const char **texts = ARENA_ARRAY(arena, (size_t)n_rows * n_columns, const char *), **text = texts;
  columns[0].title = "cell";
  for (uint32_t i = 0; i < grid->n_axes; i++) columns[1 + i].title = grid->axes[i].path;
  columns[n_columns - 1].title = "simulated";
  for (uint32_t cell = 0; cell < n_rows; cell++) {
    char buffer[NUMBER_TEXT_MAX];
    *text++ = arena_printf(arena, "%u", cell);
    for (uint32_t i = 0; i < grid->n_axes; i++)
      *text++ = conf_to_line(arena, grid_value(grid, cell, i));
    *text++ = arena_strdup(arena, number_duration(horizon_s(list, cell) * 1e9, buffer));
    arena_reset(&list->cell);
  }
  const struct text_grid rows = {columns, n_columns, n_rows, texts};
  text_grid_print(&rows, 0, stdout);
  if (n_rows < grid->n_cells)
    (void)printf("  ... and %u more cells; -F csv lists all.\n", grid->n_cells - n_rows);
  (void)printf("%s\n", total_text(list));
}

/* --- for programs --- */

static struct table list_table(struct list *list, uint32_t n_rows, struct cell *row) {
  const struct grid *grid = list->grid;
  uint32_t n = grid->n_axes + 3;
  struct table_column *columns = ARENA_ARRAY(list->cli->arena, n, struct table_column);
  columns[0] = (struct table_column){"cell", ""};
  for (uint32_t i = 0; i < grid->n_axes; i++)
    columns[1 + i] = (struct table_column){grid->axes[i].path, ""};
  columns[n - 2] = (struct table_column){"replications", ""};
  columns[n - 1] = (struct table_column){"simulated_s", "s"};
  return (struct table){columns, row, n, n_rows};
}

static void list_fill(struct list *list, uint32_t cell, struct cell *row) {
  const struct grid *grid = list->grid;
  *row++ = cell_count(cell);
  for (uint32_t i = 0; i < grid->n_axes; i++) *row++ = table_axis_value(grid, cell, i, &list->cell);
  *row++ = cell_count(list->study->max_reps);
  *row = cell_real(horizon_s(list, cell));
}

static void list_rows(struct list *list, void (*header)(const struct table *table, FILE *to),
                      void (*rows)(const struct table *table, FILE *to)) {
  struct cell *row = ARENA_ARRAY(list->cli->arena, list->grid->n_axes + 3, struct cell);
  const struct table table = list_table(list, 1, row);
  header(&table, stdout);
  for (uint32_t cell = 0; cell < list->grid->n_cells; cell++) {
    list_fill(list, cell, row);
    rows(&table, stdout);
    arena_reset(&list->cell);
  }
  cli_note(list->cli, "%s", total_text(list));
}

static void list_json(struct list *list) {
  const struct grid *grid = list->grid;
  struct json json = {.to = stdout};
  json_begin_object(&json, NULL);
  json_begin_array(&json, "cells");
  for (uint32_t cell = 0; cell < grid->n_cells; cell++) {
    json_begin_object(&json, NULL);
    json_cell(&json, "cell", cell_count(cell));
    json_begin_object(&json, "axes");
    for (uint32_t i = 0; i < grid->n_axes; i++)
      json_conf(&json, grid->axes[i].path, grid_value(grid, cell, i), &list->cell);
    json_end_object(&json);
    json_cell(&json, "simulated_s", cell_real(horizon_s(list, cell)));
    json_end_object(&json);
    arena_reset(&list->cell);
  }
  json_end_array(&json);
  json_cell(&json, "min_replications", cell_count(list->study->min_reps));
  json_cell(&json, "max_replications", cell_count(list->study->max_reps));
  /* All cells as often as that. */
  double times = list->study->max_reps;
  json_cell(&json, "simulated_s", cell_real(times * list->cost.simulated_ns / 1e9));
  bool is_estimated = list->cost.n_sampled > 0;
  json_cell(&json, "estimated_events",
            is_estimated ? cell_real(round(times * list->cost.events)) : cell_none());
  json_end_object(&json);
}

int cell_list(const struct cli *cli, const struct study *study) {
  struct list list = {.cli = cli, .study = study, .grid = study->grid};
  list.cost = cell_cost_estimate(cli, study);
  if (*cli->interrupt) return EXIT_SIGNAL + *cli->interrupt;
  switch (cli->format) {
    case FORMAT_TABLE:
      list_texts(&list);
      break;
    case FORMAT_CSV:
      list_rows(&list, report_csv_header, report_csv_rows);
      break;
    case FORMAT_MARKDOWN:
      list_rows(&list, report_markdown_header, report_markdown_rows);
      break;
    case FORMAT_JSON:
      list_json(&list);
      break;
  }
  note_time(&list);
  if (cli->has_auto_warmup)
    cli_note(cli, "the warm-up of -w auto, not looked for here, comes on top");
  arena_free(&list.cell);
  return EX_OK;
}
