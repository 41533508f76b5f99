/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What differs between configurations: the cells of one study, or several scenarios and result
   directories cell by cell. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/compare_labels.h"
#include "cli/compare_source.h"
#include "cli/report_compare.h"
#include "cli/result_dir.h"
#include "cli/save.h"
#include "cli/study_command.h"

enum { OPERANDS_MAX = 64 };

struct compare {
  const struct cli *cli;
  struct compare_source *sources;
  uint32_t n_sources;
  uint32_t n_loaded; /* of them those that are to be closed */
  struct comparison_items items;
  uint32_t base; /* the source, or if there is one only the cell */
};

/* --- what is compared --- */

/* Where the runs of the sources go. */
static const char *run_path(const struct cli *cli, const struct compare_source *source) {
  if (!cli->output || !source->label) return cli->output;
  char *name = arena_strdup(cli->arena, source->label);
  for (char *at = name; (at = strchr(at, '/'));) *at = '-';
  return result_dir_file(cli->output, name, cli->arena);
}

static int load_sources(struct compare *compare) {
  const struct cli *cli = compare->cli;
  uint32_t n = compare->n_sources, n_stored = 0;
  const char **labels = ARENA_ARRAY(cli->arena, n, const char *);
  if (n > 1) compare_label_files(cli->operands.items, n, labels, cli->arena);
  for (uint32_t i = 0; i < n; i++) {
    struct compare_source *source = &compare->sources[i];
    *source = (struct compare_source){.operand = cli->operands.items[i], .label = labels[i]};
    source->path = run_path(cli, source);
    int code = compare_source_load(cli, n > 1 ? STUDY_ONE_CELL : STUDY_ALL_CELLS, source);
    if (code != EX_OK) return code;
    compare->n_loaded++;
    n_stored += source->is_stored;
  }
  uint32_t n_options = cli->sets.n + cli->axes.n + cli->precisions.n + cli->expects.n;
  if (n_stored < n || n_options == 0) return EX_OK;
  cli_error("options about runs go with scenarios, not with result directories");
  return EX_USAGE;
}

/* Several sources have the same cells; one source has several. */
static int check_cells(const struct compare *compare) {
  struct arena *arena = compare->cli->arena;
  const struct compare_source *first = &compare->sources[0];
  const struct grid *grid = first->plan.study.grid;
  if (compare->n_sources == 1 && grid->n_cells < 2) {
    cli_error("%s is one configuration: compare it with another one, or give an axis, -S PATH=LIST",
              first->operand);
    return EX_USAGE;
  }
  for (uint32_t i = 1; i < compare->n_sources; i++) {
    const struct grid *other = compare->sources[i].plan.study.grid;
    bool is_same = other->n_cells == grid->n_cells;
    for (uint32_t cell = 0; is_same && cell < grid->n_cells; cell++)
      is_same = strcmp(grid_cell_name(grid, cell, arena), grid_cell_name(other, cell, arena)) == 0;
    if (is_same) continue;
    cli_error("%s and %s do not have the same cells", first->operand, compare->sources[i].operand);
    return EX_DATAERR;
  }
  return EX_OK;
}

static int choose_items(struct compare *compare) {
  const struct cli *cli = compare->cli;
  const struct scenario *scenario = compare->sources[0].plan.study.grid->base;
  uint32_t at;
  if (cli->metrics.n == 0) {
    compare->items = comparison_items_default(scenario, cli->arena);
    return EX_OK;
  }
  const char *fault = comparison_items_parse(scenario, cli->metrics.items, cli->metrics.n,
                                             cli->arena, &compare->items, &at);
  if (!fault) return EX_OK;
  cli_error("--metric '%s': %s", cli->metrics.items[at], fault);
  return EX_USAGE;
}

static const char *candidate_label(const struct compare *compare, uint32_t index) {
  if (compare->n_sources > 1) return compare->sources[index].label;
  return compare_label_cell(compare->sources[0].plan.study.grid, index, compare->cli->arena);
}

/* --base: a name, or else a number. */
static int choose_base(struct compare *compare) {
  const struct cli *cli = compare->cli;
  uint32_t n =
      compare->n_sources > 1 ? compare->n_sources : compare->sources[0].plan.study.grid->n_cells;
  if (!cli->base) return EX_OK;
  struct text_list names = {0};
  for (uint32_t i = 0; i < n; i++) {
    compare->base = i;
    cli_append(cli->arena, &names, candidate_label(compare, i));
    if (strcmp(names.items[i], cli->base) == 0) return EX_OK;
  }
  char *end;
  unsigned long number = strtoul(cli->base, &end, 10);
  compare->base = (uint32_t)number;
  if (*cli->base >= '0' && *cli->base <= '9' && *end == '\0' && number < n) return EX_OK;
  cli_append(cli->arena, &names, NULL);
  return cli_unknown_word("base", cli->base, names.items);
}

/* --- what comes of it --- */

static const struct comparison_side *side_of_cell(const struct compare_source *source,
                                                  uint32_t cell) {
  for (uint32_t i = 0; i < source->n_sides; i++)
    if (source->sides[i].cell == cell) return &source->sides[i];
  return NULL;
}

static void add_pair(const struct compare *compare, const struct comparison_side *base,
                     const struct comparison_side *other, struct comparison *comparison) {
  if (base && other && base != other) comparison_add(comparison, &compare->items, base, other);
}

static struct comparison make_comparison(const struct compare *compare) {
  struct comparison comparison = {.arena = compare->cli->arena};
  const struct compare_source *sources = compare->sources;
  if (compare->n_sources == 1) {
    const struct comparison_side *base = side_of_cell(sources, compare->base);
    for (uint32_t i = 0; i < sources->n_sides; i++)
      add_pair(compare, base, &sources->sides[i], &comparison);
  }
  const struct compare_source *base = &sources[compare->n_sources > 1 ? compare->base : 0];
  for (uint32_t i = 0; compare->n_sources > 1 && i < base->n_sides; i++)
    for (uint32_t k = 0; k < compare->n_sources; k++)
      add_pair(compare, &base->sides[i], side_of_cell(&sources[k], base->sides[i].cell),
               &comparison);
  comparison_judge(&comparison);
  return comparison;
}

static const char *title_of(const struct compare *compare) {
  const struct compare_source *sources = compare->sources;
  const char *title = sources[0].plan.study.grid->base->name;
  for (uint32_t i = 0; compare->n_sources > 1 && i < compare->n_sources; i++)
    title = i == 0 ? sources[i].label
                   : arena_printf(compare->cli->arena, "%s, %s", title, sources[i].label);
  return title;
}

static int save_comparison(const struct compare *compare, const struct comparison *comparison) {
  const struct cli *cli = compare->cli;
  if (!cli->output) return EX_OK;
  struct save save;
  int code = save_open(&save, result_dir_file(cli->output, "compare.csv", cli->arena), cli->arena);
  if (code != EX_OK) return code;
  struct table table = report_compare_table(comparison, cli->arena);
  report_csv(&table, save.to);
  return save_close(&save);
}

static void print_comparison(const struct compare *compare, const struct comparison *comparison) {
  const struct cli *cli = compare->cli;
  const struct compare_report report = {title_of(compare), comparison, cli_width(), cli->arena};
  struct table table = report_compare_table(comparison, cli->arena);
  switch (cli->format) {
    case FORMAT_TABLE:
      report_compare_words(&report, stdout);
      break;
    case FORMAT_CSV:
      report_csv(&table, stdout);
      break;
    case FORMAT_JSON:
      report_compare_json(&report, stdout);
      break;
    case FORMAT_MARKDOWN:
      report_markdown_header(&table, stdout);
      report_markdown_rows(&table, stdout);
      break;
  }
}

/* Where runs are lacking there may be nothing to tell. */
static int tell_comparison(const struct compare *compare, bool is_cut_short) {
  struct comparison comparison = make_comparison(compare);
  if (comparison.n == 0 && is_cut_short) return EX_OK;
  print_comparison(compare, &comparison);
  return save_comparison(compare, &comparison);
}

/* --- one after the other --- */

/* A directory around those of the sources; the only scenario's is made with its store. */
static int make_output(const struct compare *compare) {
  const struct cli *cli = compare->cli;
  bool is_made = compare->n_sources == 1 && !compare->sources[0].is_stored;
  if (!cli->output || is_made || mkdir(cli->output, 0777) == 0) return EX_OK;
  if (errno == EEXIST && cli->is_resumed) return EX_OK;
  cli_error("cannot create %s: %s", cli->output, strerror(errno));
  return EX_CANTCREAT;
}

static int check_output(const struct cli *cli) {
  if (cli->operands.n == 1) return study_check_output(cli);
  if (!cli->output || cli->is_resumed) return EX_OK;
  return result_dir_check(cli->output);
}

static int prepare(struct compare *compare) {
  int code = check_output(compare->cli);
  if (code == EX_OK) code = load_sources(compare);
  if (code == EX_OK) code = check_cells(compare);
  if (code == EX_OK) code = choose_items(compare);
  if (code == EX_OK) code = choose_base(compare);
  return code == EX_OK ? make_output(compare) : code;
}

/* The worst of the codes that leave something to tell. */
static int read_sources(struct compare *compare) {
  int worst = EX_OK;
  for (uint32_t i = 0; i < compare->n_sources; i++) {
    int code = compare_source_read(compare->cli, &compare->items, &compare->sources[i]);
    if (code != EX_OK) worst = code;
    if (code != EX_OK && code != EXIT_NO) break;
  }
  return worst;
}

static int run_compare(const struct cli *cli) {
  struct compare compare = {.cli = cli, .n_sources = cli->operands.n};
  compare.sources = ARENA_ARRAY(cli->arena, compare.n_sources, struct compare_source);
  int code = prepare(&compare);
  if (code == EX_OK) {
    code = read_sources(&compare);
    if (code == EXIT_NO || study_may_tell(code)) {
      int told = tell_comparison(&compare, code != EX_OK && code != EXIT_NO);
      if (told != EX_OK) code = told;
    }
  }
  for (uint32_t i = 0; i < compare.n_loaded; i++) compare_source_close(&compare.sources[i]);
  return code;
}

const struct command cmd_compare = {
    .name = "compare",
    .operands = "SCENARIO|DIR...",
    .help = "say what differs between configurations, and how sure that is",
    .details =
        "One operand: the cells of its sweep and of -S are compared with the first one, or with "
        "that of --base. Several: scenarios as they are, and result directories, are compared "
        "with the first one. Replications with the same seed are compared pair by pair. Without "
        "--metric (METRIC[@SCOPE], repeatable) throughput, spinning, waiting and co-stop of each "
        "VM and the host's "
        "utilisation are compared; p-values are corrected for the number of comparisons. -o DIR "
        "keeps compare.csv and the runs that were made.",
    .options = OPTION_BITS_STUDY | OPTION_BITS_SWEEP | OPTION_BIT(OPTION_METRIC) |
               OPTION_BIT(OPTION_BASE) | OPTION_BIT(OPTION_OUTPUT) | OPTION_BIT(OPTION_RESUME) |
               OPTION_BIT(OPTION_FORMAT) | OPTION_BIT(OPTION_TRACE_MS) | OPTION_BIT(OPTION_JOBS) |
               OPTION_BIT(OPTION_MAX_WALL) | OPTION_BIT(OPTION_MAX_EVENTS),
    .min_operands = 1,
    .max_operands = OPERANDS_MAX,
    .run = run_compare,
};
