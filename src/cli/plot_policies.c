/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The figure of a comparison, from compare.csv: policies. */
#include <math.h>
#include <string.h>

#include "cli/csv_read.h"
#include "cli/plot_figure.h"
#include "cli/plot_study.h"
#include "study/replicate.h"

enum compare_column {
  AT,
  BASE,
  OTHER,
  ENTITY,
  METRIC,
  PAIRING,
  N_BASE,
  N_OTHER,
  BASE_MEAN,
  OTHER_MEAN,
  LOW,
  HIGH,
  FOUND,
  COMPARE_COLUMNS
};
static const char *const compare_columns[COMPARE_COLUMNS] = {
    "at",      "base",      "other",      "entity",    "metric",     "pairing", "n_base",
    "n_other", "base_mean", "other_mean", "ratio_low", "ratio_high", "found"};

struct difference {
  const char *at, *base, *other, *entity, *metric, *found;
  bool is_paired;
  double n, ratio, low, high;
};

struct compare_reader {
  const struct plot_source *source;
  const char *path;
  uint32_t columns[COMPARE_COLUMNS];
  struct difference *rows;
  uint32_t n_rows;
  const char *metric; /* that is shown */
};

static int compare_on_header(void *context, const char *const *names, uint32_t n) {
  struct compare_reader *reader = context;
  return csv_find_columns(reader->path, names, n, compare_columns, COMPARE_COLUMNS,
                          reader->columns);
}

static int compare_on_row(void *context, const struct csv_row *row) {
  struct compare_reader *reader = context;
  struct arena *arena = reader->source->arena;
  const char *fields[COMPARE_COLUMNS];
  for (uint32_t i = 0; i < COMPARE_COLUMNS; i++)
    fields[i] = plot_label(row->fields[reader->columns[i]], arena);
  reader->rows = plot_room(arena, reader->rows, reader->n_rows, sizeof *reader->rows);
  reader->rows[reader->n_rows++] =
      (struct difference){.at = fields[AT],
                          .base = fields[BASE],
                          .other = fields[OTHER],
                          .entity = fields[ENTITY],
                          .metric = fields[METRIC],
                          .found = fields[FOUND],
                          .is_paired = strcmp(fields[PAIRING], "paired") == 0,
                          .n = fmin(csv_number(fields[N_BASE]), csv_number(fields[N_OTHER])),
                          .ratio = csv_number(fields[OTHER_MEAN]) / csv_number(fields[BASE_MEAN]),
                          .low = csv_number(fields[LOW]),
                          .high = csv_number(fields[HIGH])};
  return EX_OK;
}

/* --- which rows --- */

static bool is_vm_wanted(const struct compare_reader *reader, const char *entity) {
  const char *wanted = reader->source->cli->vm;
  size_t length = strcspn(entity, "/");
  return !wanted || (strlen(wanted) == length && strncmp(entity, wanted, length) == 0);
}

/* One metric; for VMs that have no value of their work the one that stands in for it. */
static bool is_shown(const struct compare_reader *reader, uint32_t at) {
  const struct difference *row = &reader->rows[at];
  if (!isfinite(row->ratio) || !is_vm_wanted(reader, row->entity)) return false;
  if (strcmp(row->metric, reader->metric) == 0) return true;
  if (strcmp(row->metric, "run_pct") != 0 || strcmp(reader->metric, "throughput_per_s") != 0)
    return false;
  for (uint32_t i = 0; i < reader->n_rows; i++)
    if (strcmp(reader->rows[i].entity, row->entity) == 0 &&
        strcmp(reader->rows[i].metric, reader->metric) == 0)
      return false;
  return true;
}

/* Leaves what is shown, entity by entity; of too much to be read only the first of them. */
static void keep_shown(struct compare_reader *reader) {
  enum { ROWS_MAX = 60 };
  struct difference *kept = ARENA_ARRAY(reader->source->arena, reader->n_rows, struct difference);
  bool *is_kept = ARENA_ARRAY(reader->source->arena, reader->n_rows, bool);
  uint32_t n = 0, n_first = 0;
  for (uint32_t i = 0; i < reader->n_rows; i++) {
    for (uint32_t k = i; k < reader->n_rows; k++) {
      bool belongs = strcmp(reader->rows[k].entity, reader->rows[i].entity) == 0;
      if (is_kept[k] || !belongs || !is_shown(reader, k)) continue;
      is_kept[k] = true;
      kept[n++] = reader->rows[k];
    }
    if (n_first == 0) n_first = n;
  }
  reader->rows = kept;
  reader->n_rows = n > ROWS_MAX ? n_first : n;
}

/* --- the table --- */

static const struct table_column difference_columns[] = {
    {"series", ""},  {"series_number", ""}, {"entity", ""},          {"entity_number", ""},
    {"n", "1"},      {"change_pct", "%"},   {"change_pct_low", "%"}, {"change_pct_high", "%"},
    {"is_found", ""}};
enum { DIFFERENCE_COLUMNS = sizeof difference_columns / sizeof *difference_columns };

static uint32_t number_of(struct text_list *list, const char *text, struct arena *arena) {
  for (uint32_t i = 0; i < list->n; i++)
    if (strcmp(list->items[i], text) == 0) return i + 1;
  cli_append(arena, list, text);
  return list->n;
}

static struct cell change(double ratio) {
  return isfinite(ratio) ? cell_real(100 * (ratio - 1)) : cell_none();
}

/* "db", "db (run_pct)" for what stands in, "db at vcpus=4" */
static const char *row_name(const struct compare_reader *reader, const struct difference *row) {
  struct arena *arena = reader->source->arena;
  const char *name = row->entity;
  if (strcmp(row->metric, reader->metric) != 0)
    name = arena_printf(arena, "%s (%s)", name, row->metric);
  return row->at[0] ? arena_printf(arena, "%s at %s", name, row->at) : name;
}

static struct table difference_table(const struct compare_reader *reader) {
  struct arena *arena = reader->source->arena;
  struct text_list others = {0}, entities = {0};
  struct cell *cells = ARENA_ARRAY(arena, (size_t)reader->n_rows * DIFFERENCE_COLUMNS, struct cell),
              *next = cells;
  for (uint32_t i = 0; i < reader->n_rows; i++) {
    const struct difference *row = &reader->rows[i];
    const char *entity = row_name(reader, row);
    *next++ = cell_text(row->other);
    *next++ = cell_count(number_of(&others, row->other, arena));
    *next++ = cell_text(entity);
    *next++ = cell_count(number_of(&entities, entity, arena));
    *next++ = cell_count((uint64_t)row->n);
    *next++ = change(row->ratio);
    *next++ = change(row->low);
    *next++ = change(row->high);
    *next++ = cell_count(strcmp(row->found, "no difference") != 0);
  }
  return (struct table){.columns = difference_columns,
                        .cells = cells,
                        .n_columns = DIFFERENCE_COLUMNS,
                        .n_rows = reader->n_rows};
}

/* --- words --- */

static const char *common_base(const struct compare_reader *reader) {
  for (uint32_t i = 1; i < reader->n_rows; i++)
    if (strcmp(reader->rows[i].base, reader->rows[0].base) != 0) return "the first";
  return reader->rows[0].base;
}

static void say_differences(const struct compare_reader *reader, uint32_t n_all,
                            struct picture *picture) {
  const struct plot_source *source = reader->source;
  double least = (double)INFINITY, most = 0;
  bool is_paired = true;
  for (uint32_t i = 0; i < reader->n_rows; i++) {
    least = fmin(least, reader->rows[i].n);
    most = fmax(most, reader->rows[i].n);
    is_paired = is_paired && reader->rows[i].is_paired;
  }
  const char *range = least < most ? arena_printf(source->arena, "%g to ", least) : "";
  const char *base = common_base(reader), *metric = reader->metric;
  plot_say(source, picture, "title",
           arena_printf(source->arena, "%s: %s against %s", source->name, metric, base));
  plot_say(source, picture, "x_title",
           arena_printf(source->arena, "change of %s against %s (%%)", metric, base));
  plot_say(source, picture, "caption",
           arena_printf(source->arena,
                        "n = %s%g %s, %g %% confidence; filled: a difference after Holm's "
                        "correction for %u comparisons",
                        range, most, is_paired ? "pairs of replications" : "replications",
                        100 * REPLICATE_CONFIDENCE, n_all));
}

/* That of --metric, or of the first row. */
static int choose_metric(struct compare_reader *reader) {
  const struct text_list *wanted = &reader->source->cli->metrics;
  reader->metric = reader->n_rows > 0 ? reader->rows[0].metric : "";
  if (wanted->n == 0) return EX_OK;
  for (enum scope scope = 0; scope < SCOPES; scope++) {
    bool is_ambiguous;
    const struct metric *metric = metric_find(scope, wanted->items[0], &is_ambiguous);
    if (!metric) continue;
    reader->metric = metric->name;
    return EX_OK;
  }
  cli_error("unknown metric '%s'", wanted->items[0]);
  return EX_USAGE;
}

static int policies_make(const struct plot_source *source, struct picture *picture) {
  struct compare_reader reader = {.source = source, .path = plot_path(source, "compare.csv")};
  int code =
      csv_read(reader.path, &(const struct csv_reader){compare_on_header, compare_on_row, &reader});
  if (code != EX_OK) return code;
  uint32_t n_all = reader.n_rows;
  code = choose_metric(&reader);
  if (code != EX_OK) return code;
  if (n_all > 0) keep_shown(&reader);
  if (reader.n_rows == 0) {
    picture->missing = arena_printf(source->arena, "its comparison has no ratios of %s",
                                    n_all > 0 ? reader.metric : "anything");
    return EX_OK;
  }
  picture->table = difference_table(&reader);
  say_differences(&reader, n_all, picture);
  return EX_OK;
}

const struct plot_figure plot_policies = {
    .name = "policies",
    .help = "paired differences with their intervals, of every VM under every rule",
    .file = "compare.csv",
    .command = "compare",
    .arguments = "-S hypervisor.coscheduling.kind=none,relaxed,strict",
    .takes_metric = true,
    .make = policies_make,
};
