/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The summary of a study for people: a row for each cell and VM. VMs of one `count` share a row. */
#include <string.h>

#include "cli/number.h"
#include "cli/report.h"
#include "cli/report_columns.h"
#include "sim/duration.h"

/* More rows than that nobody reads; memory must not grow with the number of cells. */
enum { ROWS_SHOWN = 200 };

struct cells_state {
  const struct report *report;
  FILE *to;
  struct text_column *columns; /* cell, axes, VM … */
  uint32_t n_columns;
  const char **texts; /* ROWS_SHOWN times n_columns */
  uint32_t n_rows, n_left_out;
};

/* From the last but n-th component on: "db.vcpus". */
static const char *path_end(const char *path, int n) {
  const char *end = path + strlen(path);
  while (end > path && (end[-1] != '.' || --n > 0)) end--;
  return end;
}

/* The last components of the path, as many as tell it from other axes, two at least. */
static const char *axis_title(const struct grid *grid, uint32_t axis) {
  const char *path = grid->axes[axis].path;
  for (int n = 2;; n++) {
    const char *end = path_end(path, n);
    bool is_unique = true;
    for (uint32_t i = 0; i < grid->n_axes; i++)
      is_unique = is_unique && (i == axis || strcmp(path_end(grid->axes[i].path, n), end) != 0);
    if (is_unique || end == path) return end;
  }
}

static void *cells_begin(const struct report *report, FILE *to) {
  const struct grid *grid = report->results->plan->study.grid;
  struct cells_state *state = ARENA_NEW(report->arena, struct cells_state);
  uint32_t n_place = 1 + grid->n_axes;
  *state = (struct cells_state){.report = report, .to = to, .n_columns = n_place + REPORT_COLUMNS};
  state->columns = ARENA_ARRAY(report->arena, state->n_columns, struct text_column);
  state->columns[0] = (struct text_column){"cell", false, 0};
  for (uint32_t i = 0; i < grid->n_axes; i++)
    state->columns[1 + i] = (struct text_column){axis_title(grid, i), false, 0};
  memcpy(state->columns + n_place, report_columns, sizeof report_columns);
  state->texts = ARENA_ARRAY(report->arena, (size_t)ROWS_SHOWN * state->n_columns, const char *);
  return state;
}

/* VMs from this one on that one entry of the file made. */
static uint32_t count_alike(const struct scenario *scenario, uint32_t vm) {
  uint32_t n = 1;
  while (vm + n < scenario->n_vms &&
         strcmp(scenario->vms[vm + n].base_name, scenario->vms[vm].base_name) == 0)
    n++;
  return n;
}

/* The place is told in the first row of a cell. */
static void fill_row(struct cells_state *state, const struct results_cell *cell, bool is_first,
                     uint32_t vm, uint32_t n) {
  const struct grid *grid = state->report->results->plan->study.grid;
  struct arena *arena = state->report->arena;
  const char **text = state->texts + state->n_rows++ * state->n_columns;
  *text++ = is_first ? arena_printf(arena, "%u", cell->number) : "";
  for (uint32_t i = 0; i < grid->n_axes; i++)
    *text++ = is_first ? conf_to_line(arena, grid_value(grid, cell->number, i)) : "";
  for (uint32_t i = 0; i < REPORT_COLUMNS; i++)
    *text++ = report_column_text(&cell->replications, vm, n, i, arena);
}

static void cells_cell(void *context, const struct results_cell *cell) {
  struct cells_state *state = context;
  const struct scenario *scenario = cell->replications.scenario;
  uint32_t n_rows = 0;
  for (uint32_t vm = 0; vm < scenario->n_vms; vm += count_alike(scenario, vm)) n_rows++;
  if (state->n_left_out > 0 || state->n_rows + n_rows > ROWS_SHOWN) {
    state->n_left_out++;
    return;
  }
  for (uint32_t vm = 0, n; vm < scenario->n_vms; vm += n) {
    n = count_alike(scenario, vm);
    fill_row(state, cell, vm == 0, vm, n);
  }
}

static const char *reps_text(const struct study *study, struct arena *arena) {
  if (study->min_reps == study->max_reps) return arena_printf(arena, "%u", study->max_reps);
  return arena_printf(arena, "%u to %u", study->min_reps, study->max_reps);
}

static void cells_end(void *context) {
  struct cells_state *state = context;
  const struct report *report = state->report;
  const struct study *study = &report->results->plan->study;
  const struct scenario *base = study->grid->base;
  bool has_color = cli_has_color(report->results->cli, state->to);
  char duration[DURATION_TEXT_MAX];
  duration_format(base->run.duration_ns, duration);
  (void)fprintf(state->to, "%s%s%s   %s   %u cells, %s × %s each%s\n", has_color ? "\033[1m" : "",
                base->name, has_color ? "\033[0m" : "",
                report_host_text(base, study->grid, report->arena), study->grid->n_cells,
                reps_text(study, report->arena), duration,
                study->max_reps >= 2 ? "   95 % confidence" : "");
  const struct text_grid grid = {state->columns, state->n_columns, state->n_rows, state->texts};
  text_grid_print(&grid, report->width, state->to);
  if (state->n_left_out > 0)
    (void)fprintf(state->to, "  ... and %u more cells; -F csv prints all.\n", state->n_left_out);
  if (report->n_finished < study->grid->n_cells)
    (void)fprintf(state->to, "Not finished: %u of %u cells are complete.\n", report->n_finished,
                  study->grid->n_cells);
}

/* --- one cell has a summary in words --- */

static bool is_one_cell(const struct cells_state *state) {
  return state->report->results->plan->study.grid->n_cells == 1;
}

static void summary_cell(void *context, const struct results_cell *cell) {
  struct cells_state *state = context;
  if (is_one_cell(state))
    report_summary(state->report, cell, state->to);
  else
    cells_cell(state, cell);
}

static void summary_end(void *context) {
  if (!is_one_cell(context)) cells_end(context);
}

const struct report_format report_summary_format = {cells_begin, summary_cell, summary_end};
