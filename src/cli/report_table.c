/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The summary for people: one line per VM, then in words what cost most. */
#include "cli/number.h"
#include "cli/report.h"
#include "cli/report_columns.h"
#include "cli/text.h"
#include "sim/duration.h"

enum { VMS_SHOWN = 60, SENTENCES_SHOWN = 5, VERDICTS_SHOWN = 4 };

static double vm_mean(const struct results_cell *cell, uint32_t vm, const char *name) {
  return report_vm_stat(&cell->replications, vm, name).mean;
}

/* --- the line above, and a line per VM --- */

static void print_headline(const struct report *report, const struct results_cell *cell, FILE *to) {
  const struct scenario *scenario = cell->replications.scenario;
  char duration[DURATION_TEXT_MAX];
  duration_format(scenario->run.duration_ns, duration);
  bool has_color = cli_has_color(report->results->cli, to);
  uint32_t n = cell->replications.n;
  (void)fprintf(to, "%s%s%s   %s   %u × %s%s\n", has_color ? "\033[1m" : "", scenario->name,
                has_color ? "\033[0m" : "", report_host_text(scenario, NULL, cell->arena), n,
                duration, n >= 2 ? "   95 % confidence" : "");
}

static void print_vms(const struct report *report, const struct results_cell *cell, FILE *to) {
  uint32_t n_vms = cell->replications.scenario->n_vms;
  uint32_t n_shown = n_vms < VMS_SHOWN ? n_vms : VMS_SHOWN;
  const char **texts = ARENA_ARRAY(cell->arena, (size_t)n_shown * REPORT_COLUMNS, const char *);
  for (uint32_t vm = 0; vm < n_shown; vm++)
    for (uint32_t i = 0; i < REPORT_COLUMNS; i++)
      texts[vm * REPORT_COLUMNS + i] =
          report_column_text(&cell->replications, vm, 1, i, cell->arena);
  const struct text_grid grid = {report_columns, REPORT_COLUMNS, n_shown, texts};
  text_grid_print(&grid, report->width, to);
  if (n_vms > n_shown)
    (void)fprintf(to, "  ... and %u more VMs; -F csv prints all.\n", n_vms - n_shown);
}

/* --- what cost most, in words --- */

static void print_spin_loss(const struct report *report, const struct results_cell *cell,
                            uint32_t vm, FILE *to) {
  double spin_pct = vm_mean(cell, vm, "spin_pct");
  double lhp = vm_mean(cell, vm, "spin_lhp_pct") / spin_pct;
  double lwp = vm_mean(cell, vm, "spin_lwp_pct") / spin_pct;
  double per_s = vm_mean(cell, vm, "spin_cycles") /
                 ((double)cell->replications.scenario->run.duration_ns / 1e9);
  char cycles[NUMBER_TEXT_MAX], share[NUMBER_TEXT_MAX];
  struct arena *arena = cell->arena;
  const char *text = arena_printf(
      arena, "%s lost %s cycles/s to spinning; %s of it waited for a holder that was not running",
      cell->replications.scenario->vms[vm].name, number_power(per_s, cycles),
      number_share(lhp, share));
  if (lwp >= 0.005)
    text = arena_printf(arena,
                        "%s, %s for a waiter that had been granted the lock but was not "
                        "running",
                        text, number_share(lwp, share));
  text_wrap(arena_printf(arena, "%s.", text), report->width, to);
}

static void print_costop_loss(const struct report *report, const struct results_cell *cell,
                              uint32_t vm, FILE *to) {
  char share[NUMBER_TEXT_MAX];
  text_wrap(arena_printf(cell->arena,
                         "%s was held back by co-scheduling for %s of its vCPU time (co-stop).",
                         cell->replications.scenario->vms[vm].name,
                         number_share(vm_mean(cell, vm, "costop_pct") / 100, share)),
            report->width, to);
}

static void print_fragmentation(const struct report *report, const struct results_cell *cell,
                                FILE *to) {
  bool is_ambiguous;
  const struct metric *metric = metric_find(SCOPE_HOST, "fragmentation_pct", &is_ambiguous);
  struct stat_sum stat =
      replicate_stat(&cell->replications, metric, (struct entity){.scope = SCOPE_HOST});
  if (stat.mean < 0.5) return;
  char share[NUMBER_TEXT_MAX];
  text_wrap(arena_printf(cell->arena,
                         "The host left %s of its pCPU time idle although vCPUs were waiting "
                         "(fragmentation).",
                         number_share(stat.mean / 100, share)),
            report->width, to);
}

static void print_losses(const struct report *report, const struct results_cell *cell, FILE *to) {
  uint32_t n_shown = 0;
  for (uint32_t vm = 0; vm < cell->replications.scenario->n_vms && n_shown < SENTENCES_SHOWN;
       vm++) {
    double spin_pct = vm_mean(cell, vm, "spin_pct");
    double costop_pct = vm_mean(cell, vm, "costop_pct");
    bool is_spin = spin_pct >= 0.05, is_costop = costop_pct >= 0.5 && costop_pct > spin_pct;
    if (is_spin) print_spin_loss(report, cell, vm, to);
    if (is_costop) print_costop_loss(report, cell, vm, to);
    n_shown += is_spin || is_costop;
  }
  print_fragmentation(report, cell, to);
}

void report_notes(const struct report *report, const struct results_cell *cell, FILE *to) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < cell->replications.n; i++) {
    const struct run_result *run = cell->replications.runs[i];
    for (uint32_t j = 0; j < run->n_notes; j++)
      if (n++ < SENTENCES_SHOWN)
        text_wrap(
            arena_printf(cell->arena, "Replication %u: %s", run->replication, run->notes[j].text),
            report->width, to);
  }
  if (n > SENTENCES_SHOWN) (void)fprintf(to, "... and %u more of these.\n", n - SENTENCES_SHOWN);
}

static void print_verdict(const struct verdict *verdict, bool has_color, FILE *to) {
  const char *mark = verdict->holds ? "holds" : has_color ? "\033[31mFAILED\033[0m" : "FAILED";
  struct stat_interval interval = stat_interval(&verdict->stat, REPLICATE_CONFIDENCE);
  (void)fprintf(to, "expect %s: %s: %s", verdict->expect->text, mark, verdict->entity);
  if (verdict->stat.n == 0) (void)fputs(" has no value", to);
  if (verdict->stat.n > 0) (void)fprintf(to, " %.6g", verdict->stat.mean);
  if (verdict->stat.n > 1) (void)fprintf(to, " ± %.3g", interval.half_width);
  (void)fputc('\n', to);
}

/* An expectation that holds for a crowd takes one line; those who fail it are named. */
void report_verdicts(const struct report *report, const struct results_cell *cell,
                     bool is_failed_only, FILE *to) {
  const struct verdict *items = cell->verdicts.items;
  bool has_color = cli_has_color(report->results->cli, to);
  for (uint32_t start = 0, end = 0; start < cell->verdicts.n; start = end) {
    uint32_t n_holds = 0;
    for (; end < cell->verdicts.n && items[end].expect == items[start].expect; end++)
      n_holds += items[end].holds;
    bool is_crowd = n_holds > VERDICTS_SHOWN;
    for (uint32_t i = start; i < end; i++)
      if (!items[i].holds || !(is_crowd || is_failed_only)) print_verdict(&items[i], has_color, to);
    if (is_crowd && !is_failed_only)
      (void)fprintf(to, "expect %s: holds: %u of %u\n", items[start].expect->text, n_holds,
                    end - start);
  }
}

void report_summary(const struct report *report, const struct results_cell *cell, FILE *to) {
  print_headline(report, cell, to);
  print_vms(report, cell, to);
  print_losses(report, cell, to);
  report_notes(report, cell, to);
  report_verdicts(report, cell, false, to);
}
