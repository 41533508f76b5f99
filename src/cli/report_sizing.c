/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables of a sizing on a terminal, and the time budget of each count as a bar. */
#include <math.h>
#include <string.h>

#include "cli/number.h"
#include "cli/report_sizing.h"
#include "cli/text.h"
#include "cli/text_grid.h"

enum { BAR_WIDTH = 72 /* without a limit */, BAR_MIN = 10, NEIGHBOURS_SHOWN = 12 };

/* --- numbers --- */

/* "13 131 ± 101": both with as many decimals as the mean deserves. */
static const char *series_text(const struct sizing_series *series, struct arena *arena) {
  if (series->stat.n == 0) return "-";
  char mean[NUMBER_TEXT_MAX], half[NUMBER_TEXT_MAX];
  int decimals = number_decimals(series->stat.mean);
  number_grouped(series->stat.mean, decimals, mean);
  if (series->stat.n < 2) return arena_strdup(arena, mean);
  struct stat_interval interval = stat_interval(&series->stat, REPLICATE_CONFIDENCE);
  number_grouped(interval.half_width, decimals, half);
  return arena_printf(arena, "%s ± %s", mean, half);
}

static const char *loss_text(const struct sizing *sizing, uint32_t count, struct arena *arena) {
  const struct sizing_loss *loss = &sizing->losses[count];
  if (count == sizing->best) return "0";
  if (isnan(loss->mean)) return "-";
  if (isnan(loss->high)) return arena_printf(arena, "%.1f", 100 * loss->mean);
  return arena_printf(arena, "%.1f ± %.1f", 100 * loss->mean, 50 * (loss->high - loss->low));
}

static const char *mark_text(const struct sizing_report *report, uint32_t count,
                             struct arena *arena) {
  const struct sizing *sizing = report->sizing;
  const char *text = count == sizing->best ? "best" : count == sizing->chosen ? "enough" : "";
  if (sizing->counts[count].n_vcpus == report->n_vcpus_now)
    text = arena_printf(arena, "%s%snow", text, *text ? ", " : "");
  return text;
}

static double spin_share(const struct sizing_count *count) {
  return sizing_share(count, PART_CONTENDED) + sizing_share(count, PART_LHP) +
         sizing_share(count, PART_LWP) + sizing_share(count, PART_SELF);
}

/* --- the counts --- */

static void print_counts(const struct sizing_report *report, FILE *to) {
  struct arena arena = {0};
  const struct sizing *sizing = report->sizing;
  bool is_latency = sizing_is_lower_better(sizing->question->metric);
  const char *goal = is_latency ? sizing->question->metric->name : "iter/s";
  const struct text_column columns[] = {
      {"vCPUs", false, 0}, {goal, false, 0},    {"loss, %", false, 1}, {"%CSTP", false, 2},
      {"%RDY", false, 3},  {"spin%", false, 4}, {"%IDLE", false, 5},   {"", true, 0},
  };
  enum { COLUMNS = sizeof columns / sizeof *columns };
  const char **texts = ARENA_ARRAY(&arena, (size_t)sizing->n_counts * COLUMNS, const char *);
  for (uint32_t i = 0; i < sizing->n_counts; i++) {
    const struct sizing_count *count = &sizing->counts[i];
    const char **row = texts + (size_t)i * COLUMNS;
    row[0] = arena_printf(&arena, "%u", count->n_vcpus);
    row[1] = series_text(&count->goal, &arena);
    row[2] = loss_text(sizing, i, &arena);
    row[3] = arena_printf(&arena, "%.1f", 100 * sizing_share(count, PART_COSTOP));
    row[4] = arena_printf(&arena, "%.1f", 100 * sizing_share(count, PART_READY));
    row[5] = arena_printf(&arena, "%.1f", 100 * spin_share(count));
    row[6] = arena_printf(&arena, "%.1f", 100 * sizing_share(count, PART_IDLE));
    row[7] = mark_text(report, i, &arena);
  }
  const struct text_grid grid = {columns, COLUMNS, sizing->n_counts, texts};
  text_grid_print(&grid, report->width, to);
  arena_free(&arena);
}

/* --- where the time went --- */

/* Okabe and Ito's colours, as near as 256 of them come; the letters tell without. */
static const struct {
  char letter;
  uint32_t color;
} looks[SIZING_PARTS] = {
    [PART_USEFUL] = {'#', 36},    [PART_CRITICAL] = {'=', 29},   [PART_KERNEL] = {'k', 227},
    [PART_OVERHEAD] = {'o', 250}, [PART_CONTENDED] = {'s', 214}, [PART_LHP] = {'X', 202},
    [PART_LWP] = {'W', 175},      [PART_SELF] = {'!', 196},      [PART_READY] = {'r', 74},
    [PART_COSTOP] = {'c', 32},    [PART_IDLE] = {'.', 240},
};

static void print_cells(enum sizing_part part, uint32_t n, bool has_color, FILE *to) {
  if (n == 0) return;
  if (has_color) (void)fprintf(to, "\033[38;5;%um", looks[part].color);
  for (uint32_t i = 0; i < n; i++) (void)fputc(looks[part].letter, to);
  if (has_color) (void)fputs("\033[0m", to);
}

/* As many cells as the count deserves, shared out by the largest remainders. */
static void share_out(const struct sizing_count *count, double columns_per_cpu, uint32_t *n_cells) {
  double rests[SIZING_PARTS];
  long left = lround(count->n_vcpus * columns_per_cpu);
  for (enum sizing_part part = 0; part < SIZING_PARTS; part++) {
    double width = count->cpus[part].stat.mean * columns_per_cpu;
    n_cells[part] = (uint32_t)width;
    rests[part] = width - n_cells[part];
    left -= n_cells[part];
  }
  for (; left > 0; left--) {
    enum sizing_part most = 0;
    for (enum sizing_part part = 1; part < SIZING_PARTS; part++)
      if (rests[part] > rests[most]) most = part;
    n_cells[most]++;
    rests[most] = 0;
  }
}

static void print_bar(const struct sizing_count *count, double columns_per_cpu, bool has_color,
                      bool *is_shown, FILE *to) {
  uint32_t n_cells[SIZING_PARTS];
  share_out(count, columns_per_cpu, n_cells);
  for (enum sizing_part part = 0; part < SIZING_PARTS; part++) {
    print_cells(part, n_cells[part], has_color, to);
    is_shown[part] |= n_cells[part] > 0;
  }
  (void)fputc('\n', to);
}

static void print_legend(const struct sizing_report *report, const bool *is_shown, bool has_color,
                         FILE *to) {
  uint32_t column = 0;
  for (enum sizing_part part = 0; part < SIZING_PARTS; part++) {
    if (!is_shown[part]) continue;
    uint32_t width = 4 + text_width(sizing_parts[part].name);
    if (column > 0 && report->width > 0 && column + width > report->width) {
      (void)fputc('\n', to);
      column = 0;
    }
    (void)fputs("  ", to);
    print_cells(part, 1, has_color, to);
    (void)fprintf(to, " %s", sizing_parts[part].name);
    column += width;
  }
  (void)fputc('\n', to);
}

static void print_budget(const struct sizing_report *report, FILE *to) {
  const struct sizing *sizing = report->sizing;
  uint32_t most = sizing->counts[sizing->n_counts - 1].n_vcpus;
  char number[NUMBER_TEXT_MAX];
  uint32_t margin = 3 + (uint32_t)snprintf(number, sizeof number, "%u", most);
  uint32_t room = BAR_WIDTH;
  if (report->width > 0 && report->width < margin + room)
    room = report->width > margin + BAR_MIN ? report->width - margin : BAR_MIN;
  double columns_per_cpu = (double)room / most;
  bool has_color = cli_has_color(report->cli, to), is_shown[SIZING_PARTS] = {false};
  (void)fprintf(to, "Where its vCPUs' time goes, in CPUs:\n");
  for (uint32_t i = 0; i < sizing->n_counts; i++) {
    (void)fprintf(to, "%*u ", (int)margin - 1, sizing->counts[i].n_vcpus);
    print_bar(&sizing->counts[i], columns_per_cpu, has_color, is_shown, to);
  }
  print_legend(report, is_shown, has_color, to);
}

/* --- the neighbours --- */

static void print_neighbours(const struct sizing_report *report, FILE *to) {
  const struct sizing *sizing = report->sizing;
  uint32_t n = sizing->counts[0].n_neighbours;
  if (n == 0) return;
  struct arena arena = {0};
  uint32_t n_shown = n < NEIGHBOURS_SHOWN ? n : NEIGHBOURS_SHOWN, n_columns = n_shown + 1;
  struct text_column *columns = ARENA_ARRAY(&arena, n_columns, struct text_column);
  const char **texts = ARENA_ARRAY(&arena, (size_t)sizing->n_counts * n_columns, const char *);
  columns[0] = (struct text_column){"vCPUs", false, 0};
  for (uint32_t j = 0; j < n_shown; j++) {
    const struct sizing_neighbour *neighbour = &sizing->counts[0].neighbours[j];
    const char *title = neighbour->n_vms == 1
                            ? neighbour->name
                            : arena_printf(&arena, "%s × %u", neighbour->name, neighbour->n_vms);
    columns[j + 1] = (struct text_column){title, false, j};
  }
  for (uint32_t i = 0; i < sizing->n_counts; i++) {
    const char **row = texts + (size_t)i * n_columns;
    row[0] = arena_printf(&arena, "%u", sizing->counts[i].n_vcpus);
    for (uint32_t j = 0; j < n_shown; j++)
      row[j + 1] = series_text(&sizing->counts[i].neighbours[j].throughput, &arena);
  }
  (void)fprintf(to, "iter/s of each neighbour:\n");
  const struct text_grid grid = {columns, n_columns, sizing->n_counts, texts};
  text_grid_print(&grid, report->width, to);
  if (n > n_shown) (void)fprintf(to, "  ... and %u more; -F csv has them all.\n", n - n_shown);
  arena_free(&arena);
}

void report_sizing_tables(const struct sizing_report *report, FILE *to) {
  print_counts(report, to);
  print_budget(report, to);
  print_neighbours(report, to);
}
