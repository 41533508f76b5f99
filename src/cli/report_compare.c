/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/report_compare.h"

#include <math.h>
#include <string.h>

#include "cli/compare_words.h"
#include "cli/json_write.h"
#include "cli/number.h"
#include "cli/text.h"
#include "cli/text_grid.h"

/* --- a table for programs --- */

static const struct table_column columns[] = {
    {"at", ""},
    {"base_cell", ""},
    {"base", ""},
    {"other_cell", ""},
    {"other", ""},
    {"scope", ""},
    {"entity", ""},
    {"metric", ""},
    {"unit", ""},
    {"pairing", ""},
    {"n_base", "1"},
    {"n_other", "1"},
    {"base_mean", ""},
    {"other_mean", ""},
    {"difference", ""},
    {"difference_low", ""},
    {"difference_high", ""},
    {"ratio", "1"},
    {"ratio_low", "1"},
    {"ratio_high", "1"},
    {"p", "1"},
    {"p_holm", "1"},
    {"found", ""},
};
enum { COLUMNS = sizeof columns / sizeof *columns };

static struct cell real_or_none(bool is_there, double value) {
  return is_there && isfinite(value) ? cell_real(value) : cell_none();
}

static const char *found_word(const struct comparison_row *row) {
  return row->found > 0 ? "more" : row->found < 0 ? "less" : "no difference";
}

static void fill_row(struct cell *cells, const struct comparison_row *row) {
  const struct paired *paired = &row->paired;
  const struct metric *metric = row->item->subject.metric;
  bool has_p = isfinite(paired->of_difference.low);
  const struct cell values[COLUMNS] = {
      cell_text(row->base->at),
      cell_count(row->base->cell),
      cell_text(row->base->label),
      cell_count(row->other->cell),
      cell_text(row->other->label),
      cell_text(scope_names[row->item->subject.scope]),
      cell_text(row->item->entity),
      cell_text(metric->name),
      cell_text(metric->unit),
      cell_text(paired->is_paired ? "paired" : "unpaired"),
      cell_count(paired->n_base),
      cell_count(paired->n_other),
      cell_real(paired->base),
      cell_real(paired->other),
      cell_real(paired->difference),
      real_or_none(true, paired->of_difference.low),
      real_or_none(true, paired->of_difference.high),
      real_or_none(paired->has_ratio, paired->ratio),
      real_or_none(paired->has_ratio, paired->of_ratio.low),
      real_or_none(paired->has_ratio, paired->of_ratio.high),
      real_or_none(has_p, paired->p),
      real_or_none(has_p, row->p_holm),
      cell_text(found_word(row)),
  };
  memcpy(cells, values, sizeof values);
}

struct table report_compare_table(const struct comparison *comparison, struct arena *arena) {
  struct cell *cells = ARENA_ARRAY(arena, (size_t)comparison->n * COLUMNS, struct cell);
  for (uint32_t i = 0; i < comparison->n; i++)
    fill_row(cells + (size_t)i * COLUMNS, &comparison->rows[i]);
  return (struct table){
      .columns = columns, .cells = cells, .n_columns = COLUMNS, .n_rows = comparison->n};
}

void report_compare_json(const struct compare_report *report, FILE *to) {
  struct json json = {.to = to};
  struct table table = report_compare_table(report->comparison, report->arena);
  json_begin_object(&json, NULL);
  json_text(&json, "title", report->title);
  json_cell(&json, "confidence", cell_real(REPLICATE_CONFIDENCE));
  json_text(&json, "correction", "holm");
  json_cell(&json, "tests", cell_count(table.n_rows));
  json_begin_array(&json, "comparisons");
  for (uint32_t row = 0; row < table.n_rows; row++) {
    json_begin_object(&json, NULL);
    for (uint32_t i = 0; i < COLUMNS; i++)
      json_cell(&json, columns[i].name, table_row(&table, row)[i]);
    json_end_object(&json);
  }
  json_end_array(&json);
  json_end_object(&json);
}

/* --- for people --- */

static const struct text_column shown[] = {
    {"", true, 0},       {"metric", true, 0},         {"base", false, 2},
    {"other", false, 1}, {"difference", false, 0},    {"95 % interval", false, 3},
    {"ratio", false, 0}, {"95 % interval", false, 4}, {"p", false, 0},
};
enum { SHOWN = sizeof shown / sizeof *shown };

/* Of one pair of configurations: rows first … end - 1. */
struct pair {
  const struct comparison_row *rows;
  uint32_t n;
};

static const char *number_text(double value, int decimals, struct arena *arena) {
  char buffer[NUMBER_TEXT_MAX];
  return arena_strdup(arena, number_grouped(value, decimals, buffer));
}

static const char *interval_text(const struct stat_interval *interval, int decimals,
                                 struct arena *arena) {
  if (!isfinite(interval->low)) return "";
  return arena_printf(arena, "%s … %s", number_text(interval->low, decimals, arena),
                      number_text(interval->high, decimals, arena));
}

static const char *p_text(const struct comparison_row *row, struct arena *arena) {
  if (!isfinite(row->paired.of_difference.low)) return "";
  if (row->p_holm < 0.001) return "< 0.001";
  return arena_printf(arena, "%.3f", row->p_holm);
}

/* Three digits of the means, or as many as the difference deserves. */
static int decimals_of(const struct paired *paired) {
  int means = number_decimals(fmax(fabs(paired->base), fabs(paired->other)));
  int difference = compare_decimals(paired->difference, paired->of_difference.half_width);
  return difference > means ? difference : means;
}

static void row_texts(const struct comparison_row *row, const char **texts, struct arena *arena) {
  enum { RATIO_DECIMALS = 3 };
  const struct paired *paired = &row->paired;
  int decimals = decimals_of(paired);
  const char *const values[SHOWN] = {
      row->item->entity,
      row->item->subject.metric->name,
      number_text(paired->base, decimals, arena),
      number_text(paired->other, decimals, arena),
      number_text(paired->difference, decimals, arena),
      interval_text(&paired->of_difference, decimals, arena),
      paired->has_ratio ? number_text(paired->ratio, RATIO_DECIMALS, arena) : "",
      paired->has_ratio ? interval_text(&paired->of_ratio, RATIO_DECIMALS, arena) : "",
      p_text(row, arena),
  };
  memcpy(texts, values, sizeof values);
}

static void print_numbers(const struct compare_report *report, const struct pair *pair, FILE *to) {
  const char **texts = ARENA_ARRAY(report->arena, (size_t)pair->n * SHOWN, const char *);
  struct text_column titled[SHOWN];
  memcpy(titled, shown, sizeof shown);
  titled[2].title = pair->rows[0].base->label;
  titled[3].title = pair->rows[0].other->label;
  for (uint32_t i = 0; i < pair->n; i++)
    row_texts(&pair->rows[i], texts + (size_t)i * SHOWN, report->arena);
  const struct text_grid grid = {titled, SHOWN, pair->n, texts};
  text_grid_print(&grid, report->width, to);
}

/* "5 replications, paired"; "5 and 10 replications, not paired". */
static const char *evidence_text(const struct pair *pair, struct arena *arena) {
  uint32_t n_base = 0, n_other = 0;
  bool is_paired = true;
  for (uint32_t i = 0; i < pair->n; i++) {
    const struct paired *paired = &pair->rows[i].paired;
    if (paired->n_base > n_base) n_base = paired->n_base;
    if (paired->n_other > n_other) n_other = paired->n_other;
    is_paired &= paired->is_paired;
  }
  if (is_paired)
    return arena_printf(arena, "%u replication%s, paired", n_base, n_base == 1 ? "" : "s");
  return arena_printf(arena, "%u and %u replications, not paired: no random numbers in common",
                      n_base, n_other);
}

/* " db (spin_pct, ready_pct), host (utilisation_pct)": of what no difference was found. */
static const char *rest_text(const struct pair *pair, struct arena *arena) {
  const char *rest = "", *entity = NULL;
  for (uint32_t i = 0; i < pair->n; i++) {
    const struct comparison_item *item = pair->rows[i].item;
    const char *metric = item->subject.metric->name;
    if (pair->rows[i].found != 0) continue;
    if (entity && strcmp(entity, item->entity) == 0)
      rest = arena_printf(arena, "%s, %s", rest, metric);
    else
      rest = arena_printf(arena, "%s%s %s (%s", rest, entity ? ")," : "", item->entity, metric);
    entity = item->entity;
  }
  return entity ? arena_printf(arena, "%s)", rest) : NULL;
}

static bool is_same(const struct paired *paired) {
  return paired->difference == 0 && paired->of_difference.half_width == 0;
}

static void print_sentences(const struct compare_report *report, const struct pair *pair,
                            FILE *to) {
  uint32_t n_found = 0, n_same = 0, n_open = 0;
  for (uint32_t i = 0; i < pair->n; i++) {
    const struct comparison_row *row = &pair->rows[i];
    n_same += is_same(&row->paired);
    n_open += isnan(row->paired.of_difference.half_width) != 0;
    n_found += row->found != 0;
    if (row->found == 0) continue;
    text_wrap(arena_printf(report->arena, "%s.", compare_sentence(row, report->arena)),
              report->width, to);
  }
  const char *rest = rest_text(pair, report->arena);
  if (n_same == pair->n)
    (void)fputs("The same results.\n", to);
  else if (n_open == pair->n)
    (void)fputs("One replication proves nothing; -r N runs more.\n", to);
  else if (n_found == 0)
    (void)fputs("No difference found.\n", to);
  else if (rest)
    text_wrap(arena_printf(report->arena, "No difference found:%s.", rest), report->width, to);
}

void report_compare_words(const struct compare_report *report, FILE *to) {
  enum { PAIRS_SHOWN = 20 };
  const struct comparison *comparison = report->comparison;
  uint32_t n_pairs = 0;
  if (comparison->n == 0) {
    (void)fprintf(to, "%s: they have nothing in common to compare\n", report->title);
    return;
  }
  (void)fprintf(to, "%s   95 %% confidence, p corrected for %u comparison%s (Holm)\n",
                report->title, comparison->n, comparison->n == 1 ? "" : "s");
  for (uint32_t first = 0, end = 0; first < comparison->n; first = end) {
    const struct comparison_row *row = &comparison->rows[first];
    while (end < comparison->n && comparison->rows[end].base == row->base &&
           comparison->rows[end].other == row->other)
      end++;
    const struct pair pair = {row, end - first};
    if (n_pairs++ >= PAIRS_SHOWN) continue;
    (void)fprintf(to, "\n%s against %s%s%s   %s\n", row->other->label, row->base->label,
                  *row->base->at ? " at " : "", row->base->at, evidence_text(&pair, report->arena));
    print_sentences(report, &pair, to);
    print_numbers(report, &pair, to);
  }
  if (n_pairs > PAIRS_SHOWN)
    (void)fprintf(to, "\n... and %u more of these; -F csv prints all.\n", n_pairs - PAIRS_SHOWN);
}
