/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/report_tally.h"

#include "cli/text.h"

enum { LINES_KEPT = 5 };

void report_tally_init(struct report_tally *tally, const struct report *report) {
  uint32_t n_expects = report->results->plan->n_expects;
  *tally = (struct report_tally){
      .report = report, .expects = ARENA_ARRAY(report->arena, n_expects, struct tally_expect)};
}

static void list_add(struct report_tally *tally, struct tally_list *list, const char *line) {
  struct arena *arena = tally->report->arena;
  if (list->n++ < LINES_KEPT) cli_append(arena, &list->lines, arena_strdup(arena, line));
}

static void list_print(const struct report_tally *tally, const struct tally_list *list, FILE *to) {
  for (uint32_t i = 0; i < list->lines.n; i++)
    text_wrap(list->lines.items[i], tally->report->width, to);
  if (list->n > list->lines.n)
    (void)fprintf(to, "... and %u more of these.\n", list->n - list->lines.n);
}

/* "cell 3 (vms.db.vcpus=8)" */
static const char *cell_text_of(const struct report_tally *tally, const struct results_cell *cell) {
  const struct grid *grid = tally->report->results->plan->study.grid;
  return arena_printf(cell->arena, "cell %u (%s)", cell->number,
                      grid_cell_name(grid, cell->number, cell->arena));
}

static void add_verdict(struct report_tally *tally, struct tally_expect *expect,
                        const struct verdict *verdict, const struct results_cell *cell) {
  tally->n_failed++;
  const char *line = arena_printf(cell->arena, "expect %s: FAILED: %s: %s", verdict->expect->text,
                                  cell_text_of(tally, cell), verdict->entity);
  struct stat_interval interval = stat_interval(&verdict->stat, REPLICATE_CONFIDENCE);
  if (verdict->stat.n == 0)
    line = arena_printf(cell->arena, "%s has no value", line);
  else
    line = arena_printf(cell->arena, "%s %.6g", line, verdict->stat.mean);
  if (verdict->stat.n > 1) line = arena_printf(cell->arena, "%s ± %.3g", line, interval.half_width);
  list_add(tally, &expect->failures, line);
}

void report_tally_add(struct report_tally *tally, const struct results_cell *cell) {
  const struct verdicts *verdicts = &cell->verdicts;
  for (uint32_t i = 0, end; i < verdicts->n; i = end) {
    const struct expect *expect = verdicts->items[i].expect;
    struct tally_expect *counts = &tally->expects[expect - tally->report->results->plan->expects];
    uint32_t n_before = tally->n_failed;
    for (end = i; end < verdicts->n && verdicts->items[end].expect == expect; end++)
      if (!verdicts->items[end].holds) add_verdict(tally, counts, &verdicts->items[end], cell);
    counts->n_cells++;
    counts->n_failed += tally->n_failed > n_before;
  }
  for (uint32_t i = 0; i < cell->replications.n; i++) {
    const struct run_result *run = cell->replications.runs[i];
    for (uint32_t j = 0; j < run->n_notes; j++)
      list_add(tally, &tally->notes,
               arena_printf(cell->arena, "In %s, replication %u: %s", cell_text_of(tally, cell),
                            run->replication, run->notes[j].text));
  }
}

void report_tally_notes(const struct report_tally *tally, FILE *to) {
  list_print(tally, &tally->notes, to);
}

void report_tally_expects(const struct report_tally *tally, bool is_failed_only, FILE *to) {
  const struct study_plan *plan = tally->report->results->plan;
  for (uint32_t i = 0; i < plan->n_expects; i++) {
    const struct tally_expect *expect = &tally->expects[i];
    list_print(tally, &expect->failures, to);
    if (expect->n_cells > 0 && (expect->n_failed > 0 || !is_failed_only))
      (void)fprintf(to, "expect %s: holds in %u of %u cells\n", plan->expects[i].text,
                    expect->n_cells - expect->n_failed, expect->n_cells);
  }
}
