/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The cells of a sizing, one after the other, and what they come to in the end. */
#include <string.h>

#include "cli/number.h"
#include "cli/report_columns.h"
#include "cli/report_sizing.h"
#include "cli/text.h"
#include "sim/duration.h"
#include "study/sizing_axes.h"

struct sizing_format {
  const struct report *report;
  FILE *to;
  struct sizing_question question;
  struct sizing_count *counts; /* by cell */
  uint32_t *cells;             /* their numbers */
  uint32_t n_counts;
  const char **axes; /* paths of the axes before the last, which is that of the vCPUs */
  uint32_t n_axes;
};

const struct metric *report_sizing_metric(const struct cli *cli) {
  bool is_ambiguous;
  if (cli->metrics.n > 1) {
    cli_error("size asks for one metric");
    return NULL;
  }
  const char *name = cli->metrics.n > 0 ? cli->metrics.items[0] : "throughput_per_s";
  const struct metric *metric = metric_find(SCOPE_VM, name, &is_ambiguous);
  if (metric && sizing_may_ask(metric)) return metric;
  const char *known = "";
  for (const struct metric *const *row = metrics_of[SCOPE_VM]; *row; row++)
    if (sizing_may_ask(*row)) known = arena_printf(cli->arena, "%s %s", known, (*row)->name);
  cli_error("--metric %s: expected one of%s", name, known);
  return NULL;
}

static const struct grid *grid_of(const struct sizing_format *format) {
  return format->report->results->plan->study.grid;
}

static void *sizing_begin(const struct report *report, FILE *to) {
  struct arena *arena = report->arena;
  struct sizing_format *format = ARENA_NEW(arena, struct sizing_format);
  *format = (struct sizing_format){.report = report, .to = to};
  const struct grid *grid = grid_of(format);
  const struct cli *cli = report->results->cli;
  format->question =
      (struct sizing_question){sizing_vm(grid->base, cli->vm), report_sizing_metric(cli)};
  format->counts = ARENA_ARRAY(arena, grid->n_cells, struct sizing_count);
  format->cells = ARENA_ARRAY(arena, grid->n_cells, uint32_t);
  format->n_axes = grid->n_axes - 1;
  format->axes = ARENA_ARRAY(arena, grid->n_axes, const char *);
  for (uint32_t i = 0; i < format->n_axes; i++) format->axes[i] = grid->axes[i].path;
  return format;
}

static void sizing_cell(void *state, const struct results_cell *cell) {
  struct sizing_format *format = state;
  format->cells[format->n_counts] = cell->number;
  format->counts[format->n_counts++] =
      sizing_take(&format->question, &cell->replications, format->report->arena);
}

static bool is_same_group(const struct sizing_format *format, uint32_t one, uint32_t other) {
  for (uint32_t i = 0; i < format->n_axes; i++)
    if (grid_value(grid_of(format), format->cells[one], i) !=
        grid_value(grid_of(format), format->cells[other], i))
      return false;
  return true;
}

/* One report for each combination of the other axes: their cells stand side by side. */
static struct sizing_report *conclude_all(struct sizing_format *format, uint32_t *n) {
  struct arena *arena = format->report->arena;
  const struct grid *grid = grid_of(format);
  struct sizing_report *reports = ARENA_ARRAY(arena, format->n_counts, struct sizing_report);
  *n = 0;
  for (uint32_t first = 0, next; first < format->n_counts; first = next) {
    for (next = first + 1; next < format->n_counts && is_same_group(format, first, next);) next++;
    struct cell *values = ARENA_ARRAY(arena, grid->n_axes, struct cell);
    for (uint32_t i = 0; i < format->n_axes; i++)
      values[i] = table_axis_value(grid, format->cells[first], i, arena);
    struct sizing *sizing = ARENA_NEW(arena, struct sizing);
    *sizing = sizing_conclude(&format->question, format->counts + first, next - first, arena);
    reports[(*n)++] = (struct sizing_report){
        .cli = format->report->results->cli,
        .sizing = sizing,
        .axes = format->axes,
        .axis_values = values,
        .n_axes = format->n_axes,
        .n_vcpus_now = sizing_n_vcpus(grid->base, format->question.vm),
        .width = format->report->width,
    };
  }
  return reports;
}

/* --- printing --- */

static void print_headline(const struct sizing_format *format) {
  const struct scenario *base = grid_of(format)->base;
  const struct study *study = &format->report->results->plan->study;
  struct arena *arena = format->report->arena;
  char duration[DURATION_TEXT_MAX];
  duration_format(base->run.duration_ns, duration);
  bool has_color = cli_has_color(format->report->results->cli, format->to);
  const char *reps = arena_printf(arena, "%u", study->max_reps);
  if (study->min_reps < study->max_reps)
    reps = arena_printf(arena, "%u to %u", study->min_reps, study->max_reps);
  const char *rest = arena_printf(
      arena, "   %s   vCPUs of %s   %s × %s%s", report_host_text(base, grid_of(format), arena),
      format->question.vm, reps, duration, study->max_reps >= 2 ? "   95 % confidence" : "");
  (void)fprintf(format->to, "%s%s%s", has_color ? "\033[1m" : "", base->name,
                has_color ? "\033[0m" : "");
  uint32_t width = format->report->width;
  if (width == 0 || text_width(base->name) + text_width(rest) <= width) {
    (void)fprintf(format->to, "%s\n", rest);
  } else {
    (void)fputc('\n', format->to);
    text_wrap(rest + strspn(rest, " "), width, format->to);
  }
}

/* "hypervisor.coscheduling.kind=none, host.pcpus=8" */
static void print_group(const struct sizing_report *report, FILE *to) {
  char buffer[NUMBER_TEXT_MAX];
  if (report->n_axes > 0) (void)fputc('\n', to);
  for (uint32_t i = 0; i < report->n_axes; i++)
    (void)fprintf(to, "%s%s=%s%s", i ? ", " : "", report->axes[i],
                  number_cell(&report->axis_values[i], buffer), i + 1 < report->n_axes ? "" : "\n");
}

static void print_unfinished(const struct sizing_format *format) {
  uint32_t n_cells = grid_of(format)->n_cells, n_finished = format->report->n_finished;
  if (n_finished < n_cells)
    (void)fprintf(format->to, "Not finished: %u of %u cells are complete.\n", n_finished, n_cells);
}

static void print_text(const struct sizing_format *format, const struct sizing_report *reports,
                       uint32_t n) {
  print_headline(format);
  for (uint32_t i = 0; i < n; i++) {
    print_group(&reports[i], format->to);
    report_sizing_tables(&reports[i], format->to);
    report_sizing_words(&reports[i], format->to);
  }
  print_unfinished(format);
}

static void print_json(const struct sizing_format *format, const struct sizing_report *reports,
                       uint32_t n) {
  struct json json = {.to = format->to};
  json_begin_object(&json, NULL);
  json_text(&json, "name", grid_of(format)->base->name);
  json_text(&json, "metric", format->question.metric->name);
  json_cell(&json, "confidence", cell_real(REPLICATE_CONFIDENCE));
  json_cell(&json, "tolerance_pct", cell_real(100 * SIZING_TOLERANCE));
  report_sizing_json(reports, n, &json);
  json_end_object(&json);
  (void)fputc('\n', format->to);
}

static void sizing_end(void *state) {
  struct sizing_format *format = state;
  if (format->n_counts == 0) return;
  uint32_t n;
  const struct sizing_report *reports = conclude_all(format, &n);
  struct table table;
  switch (format->report->results->cli->format) {
    case FORMAT_TABLE:
      print_text(format, reports, n);
      break;
    case FORMAT_JSON:
      print_json(format, reports, n);
      break;
    case FORMAT_CSV:
      table = report_sizing_table(reports, n, format->report->arena);
      report_csv(&table, format->to);
      break;
    case FORMAT_MARKDOWN:
      table = report_sizing_table(reports, n, format->report->arena);
      report_markdown_header(&table, format->to);
      report_markdown_rows(&table, format->to);
      break;
  }
}

const struct report_format report_sizing_format = {sizing_begin, sizing_cell, sizing_end};
