/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table that --table names, cell by cell, as CSV or Markdown. */
#include "cli/report.h"

struct rows_state {
  const struct report *report;
  FILE *to;
};

static const struct grid *rows_grid(const struct rows_state *state) {
  return state->report->results->plan->study.grid;
}

static struct rows_state *rows_begin(const struct report *report, FILE *to) {
  struct rows_state *state = ARENA_NEW(report->arena, struct rows_state);
  *state = (struct rows_state){report, to};
  return state;
}

static struct table rows_header(const struct rows_state *state) {
  return table_header(rows_grid(state), state->report->results->cli->table, state->report->arena);
}

static struct table rows_of(const struct rows_state *state, const struct results_cell *cell) {
  return table_build(rows_grid(state), cell->number, &cell->replications,
                     state->report->results->cli->table, cell->arena);
}

static void *csv_begin(const struct report *report, FILE *to) {
  struct rows_state *state = rows_begin(report, to);
  const struct table header = rows_header(state);
  report_csv_header(&header, to);
  return state;
}

static void csv_cell(void *state, const struct results_cell *cell) {
  const struct table rows = rows_of(state, cell);
  report_csv_rows(&rows, ((const struct rows_state *)state)->to);
}

static void *markdown_begin(const struct report *report, FILE *to) {
  struct rows_state *state = rows_begin(report, to);
  const struct table header = rows_header(state);
  report_markdown_header(&header, to);
  return state;
}

static void markdown_cell(void *state, const struct results_cell *cell) {
  const struct table rows = rows_of(state, cell);
  report_markdown_rows(&rows, ((const struct rows_state *)state)->to);
}

static void rows_end(void *state) { (void)state; }

const struct report_format report_csv_format = {csv_begin, csv_cell, rows_end};
const struct report_format report_markdown_format = {markdown_begin, markdown_cell, rows_end};
