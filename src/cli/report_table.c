/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The summary for people: one line per VM, then in words what cost most. */
#include <math.h>
#include <string.h>

#include "cli/number.h"
#include "cli/report.h"
#include "cli/text.h"
#include "sim/duration.h"

enum {
  GAP = 2,
  VMS_SHOWN = 60,
  COLUMNS = 10,
  SENTENCES_SHOWN = 5,
  VERDICTS_SHOWN = 4,
  RANK_MAX = 5
};

enum column_form { FORM_NAME, FORM_VCPUS, FORM_RATE, FORM_PCT, FORM_TIME };

/* When the line is too long the columns with the highest rank are left out first. */
static const struct {
  const char *title, *metric;
  enum column_form form;
  uint32_t rank;
} columns[COLUMNS] = {
    {"VM", NULL, FORM_NAME, 0},
    {"vCPUs", NULL, FORM_VCPUS, 4},
    {"iter/s", "throughput_per_s", FORM_RATE, 0},
    {"%RUN", "run_pct", FORM_PCT, 1},
    {"%RDY", "ready_pct", FORM_PCT, 1},
    {"%CSTP", "costop_pct", FORM_PCT, 1},
    {"%IDLE", "idle_pct", FORM_PCT, 3},
    {"spin%", "spin_pct", FORM_PCT, 1},
    {"of which LHP", "spin_lhp_pct", FORM_PCT, 2},
    {"skew max", "skew_max_us", FORM_TIME, 5},
};

static struct stat_sum vm_stat(const struct report *report, uint32_t vm, const char *name) {
  bool is_ambiguous;
  const struct metric *metric = metric_find(SCOPE_VM, name, &is_ambiguous);
  return replicate_stat(report->replications, metric, (struct entity){SCOPE_VM, vm, 0});
}

static double vm_mean(const struct report *report, uint32_t vm, const char *name) {
  return vm_stat(report, vm, name).mean;
}

/* "37 412 ± 210": both with as many decimals as the mean deserves. */
static const char *rate_text(const struct stat_sum *stat, struct arena *arena) {
  char mean[NUMBER_TEXT_MAX], half[NUMBER_TEXT_MAX];
  int decimals = number_decimals(stat->mean);
  number_grouped(stat->mean, decimals, mean);
  if (stat->n < 2) return arena_strdup(arena, mean);
  struct stat_interval interval = stat_interval(stat, REPLICATE_CONFIDENCE);
  number_grouped(interval.half_width, decimals, half);
  return arena_printf(arena, "%s ± %s", mean, half);
}

static const char *column_text(const struct report *report, uint32_t vm, uint32_t column) {
  struct arena *arena = report->cli->arena;
  const struct vm_spec *spec = &report->scenario->vms[vm];
  if (columns[column].form == FORM_NAME) return spec->name;
  if (columns[column].form == FORM_VCPUS) return arena_printf(arena, "%u", spec->guest.n_vcpus);
  struct stat_sum stat = vm_stat(report, vm, columns[column].metric);
  char buffer[NUMBER_TEXT_MAX];
  if (columns[column].form == FORM_RATE) return rate_text(&stat, arena);
  if (columns[column].form == FORM_PCT) return arena_printf(arena, "%.1f", stat.mean);
  return arena_strdup(arena, number_duration(stat.mean * 1e3, buffer));
}

/* The texts and which of the columns are shown, for a given width. */
struct grid {
  const char **texts; /* n_rows × COLUMNS, titles first */
  uint32_t n_rows;
  uint32_t widths[COLUMNS];
  bool is_hidden[COLUMNS];
};

static uint32_t grid_width(const struct grid *grid) {
  uint32_t width = 0;
  for (uint32_t i = 0; i < COLUMNS; i++)
    if (!grid->is_hidden[i]) width += GAP + grid->widths[i];
  return width;
}

static void grid_fit(struct grid *grid, uint32_t width) {
  for (uint32_t rank = RANK_MAX; rank > 0 && width > 0; rank--)
    for (uint32_t i = COLUMNS; i-- > 0 && grid_width(grid) > width;)
      if (columns[i].rank == rank) grid->is_hidden[i] = true;
}

static struct grid grid_build(const struct report *report) {
  uint32_t n_vms = report->scenario->n_vms;
  uint32_t n_shown = n_vms < VMS_SHOWN ? n_vms : VMS_SHOWN;
  struct grid grid = {.n_rows = n_shown + 1};
  grid.texts = ARENA_ARRAY(report->cli->arena, (size_t)grid.n_rows * COLUMNS, const char *);
  for (uint32_t row = 0; row < grid.n_rows; row++)
    for (uint32_t i = 0; i < COLUMNS; i++) {
      const char *text = row == 0 ? columns[i].title : column_text(report, row - 1, i);
      uint32_t width = text_width(text);
      grid.texts[row * COLUMNS + i] = text;
      if (width > grid.widths[i]) grid.widths[i] = width;
    }
  grid_fit(&grid, report->width);
  return grid;
}

static void grid_print(const struct grid *grid, FILE *to) {
  for (uint32_t row = 0; row < grid->n_rows; row++) {
    for (uint32_t i = 0; i < COLUMNS; i++) {
      if (grid->is_hidden[i]) continue;
      const char *text = grid->texts[row * COLUMNS + i];
      int padding = (int)(grid->widths[i] - text_width(text));
      bool is_left = columns[i].form == FORM_NAME;
      (void)fprintf(to, "%*s%*s%s%*s", GAP, "", is_left ? 0 : padding, "", text,
                    is_left ? padding : 0, "");
    }
    (void)fputc('\n', to);
  }
}

/* --- the line above --- */

/* " 10ms" for a scheduler with a timeslice, else "". */
static const char *timeslice_text(const struct kind_choice *choice, struct arena *arena) {
  for (size_t i = 0; i < choice->kind->n_params; i++) {
    const struct param *param = &choice->kind->params[i];
    if (strcmp(param->key, "timeslice") != 0) continue;
    int64_t value_ns;
    char buffer[DURATION_TEXT_MAX];
    memcpy(&value_ns, choice->params.bytes + param->offset, sizeof value_ns);
    return arena_printf(arena, " %s", duration_format(value_ns, buffer));
  }
  return "";
}

static void print_headline(const struct report *report, FILE *to) {
  const struct scenario *scenario = report->scenario;
  const struct hypervisor_spec *hypervisor = &scenario->hypervisor;
  char duration[DURATION_TEXT_MAX];
  duration_format(scenario->run.duration_ns, duration);
  bool has_color = cli_has_color(report->cli, to);
  uint32_t n = report->replications->n, n_pcpus = scenario->host.n_pcpus;
  const char *name = scenario->name;
  const char *rest = arena_printf(
      report->cli->arena, "   %u pCPU%s, %s%s, %s   %u × %s%s", n_pcpus, n_pcpus == 1 ? "" : "s",
      hypervisor->scheduler.kind->name, timeslice_text(&hypervisor->scheduler, report->cli->arena),
      hypervisor->coscheduling.kind->name, n, duration, n >= 2 ? "   95 % confidence" : "");
  (void)fprintf(to, "%s%s%s", has_color ? "\033[1m" : "", name, has_color ? "\033[0m" : "");
  (void)fprintf(to, "%s\n", rest);
}

/* --- what cost most, in words --- */

static void print_spin_loss(const struct report *report, uint32_t vm, FILE *to) {
  double spin_pct = vm_mean(report, vm, "spin_pct");
  double lhp = vm_mean(report, vm, "spin_lhp_pct") / spin_pct;
  double lwp = vm_mean(report, vm, "spin_lwp_pct") / spin_pct;
  double per_s =
      vm_mean(report, vm, "spin_cycles") / ((double)report->scenario->run.duration_ns / 1e9);
  char cycles[NUMBER_TEXT_MAX], share[NUMBER_TEXT_MAX];
  struct arena *arena = report->cli->arena;
  const char *text = arena_printf(
      arena, "%s lost %s cycles/s to spinning; %s of it waited for a holder that was not running",
      report->scenario->vms[vm].name, number_power(per_s, cycles), number_share(lhp, share));
  if (lwp >= 0.005)
    text = arena_printf(arena,
                        "%s, %s for a waiter that had been granted the lock but was not "
                        "running",
                        text, number_share(lwp, share));
  text_wrap(arena_printf(arena, "%s.", text), report->width, to);
}

static void print_costop_loss(const struct report *report, uint32_t vm, FILE *to) {
  char share[NUMBER_TEXT_MAX];
  text_wrap(arena_printf(report->cli->arena,
                         "%s was held back by co-scheduling for %s of its vCPU time (co-stop).",
                         report->scenario->vms[vm].name,
                         number_share(vm_mean(report, vm, "costop_pct") / 100, share)),
            report->width, to);
}

static void print_fragmentation(const struct report *report, FILE *to) {
  bool is_ambiguous;
  const struct metric *metric = metric_find(SCOPE_HOST, "fragmentation_pct", &is_ambiguous);
  struct stat_sum stat =
      replicate_stat(report->replications, metric, (struct entity){.scope = SCOPE_HOST});
  if (stat.mean < 0.5) return;
  char share[NUMBER_TEXT_MAX];
  text_wrap(arena_printf(report->cli->arena,
                         "The host left %s of its pCPU time idle although vCPUs were waiting "
                         "(fragmentation).",
                         number_share(stat.mean / 100, share)),
            report->width, to);
}

static void print_losses(const struct report *report, FILE *to) {
  uint32_t n_shown = 0;
  for (uint32_t vm = 0; vm < report->scenario->n_vms && n_shown < SENTENCES_SHOWN; vm++) {
    double spin_pct = vm_mean(report, vm, "spin_pct");
    double costop_pct = vm_mean(report, vm, "costop_pct");
    bool is_spin = spin_pct >= 0.05, is_costop = costop_pct >= 0.5 && costop_pct > spin_pct;
    if (is_spin) print_spin_loss(report, vm, to);
    if (is_costop) print_costop_loss(report, vm, to);
    n_shown += is_spin || is_costop;
  }
  print_fragmentation(report, to);
}

void report_notes(const struct report *report, FILE *to) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < report->replications->n; i++) {
    const struct run_result *run = report->replications->runs[i];
    for (uint32_t j = 0; j < run->n_notes; j++)
      if (n++ < SENTENCES_SHOWN)
        text_wrap(arena_printf(report->cli->arena, "Replication %u: %s", run->replication,
                               run->notes[j].text),
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
void report_verdicts(const struct report *report, bool is_failed_only, FILE *to) {
  const struct verdict *items = report->verdicts->items;
  bool has_color = cli_has_color(report->cli, to);
  for (uint32_t start = 0, end = 0; start < report->verdicts->n; start = end) {
    uint32_t n_holds = 0;
    for (; end < report->verdicts->n && items[end].expect == items[start].expect; end++)
      n_holds += items[end].holds;
    bool is_crowd = n_holds > VERDICTS_SHOWN;
    for (uint32_t i = start; i < end; i++)
      if (!items[i].holds || !(is_crowd || is_failed_only)) print_verdict(&items[i], has_color, to);
    if (is_crowd && !is_failed_only)
      (void)fprintf(to, "expect %s: holds: %u of %u\n", items[start].expect->text, n_holds,
                    end - start);
  }
}

void report_summary(const struct report *report, FILE *to) {
  print_headline(report, to);
  struct grid grid = grid_build(report);
  grid_print(&grid, to);
  uint32_t n_vms = report->scenario->n_vms;
  if (n_vms >= grid.n_rows)
    (void)fprintf(to, "  ... and %u more VMs; -F csv prints all.\n", n_vms - (grid.n_rows - 1));
  print_losses(report, to);
  report_notes(report, to);
  report_verdicts(report, false, to);
}
