/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/compare_source.h"

#include <stddef.h>
#include <sys/stat.h>

#include "cli/compare_labels.h"
#include "cli/result_dir.h"
#include "cli/study_command.h"
#include "cli/study_identity.h"

static bool is_directory(const char *path) {
  struct stat status;
  return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

int compare_source_load(const struct cli *cli, enum study_cells cells,
                        struct compare_source *source) {
  source->is_stored = is_directory(source->operand);
  if (!source->is_stored) return study_load(cli, source->operand, cells, &source->plan);
  source->results = (struct results){.cli = cli, .plan = &source->plan};
  int code = result_dir_read(source->operand, cli->arena, &source->results.store);
  if (code != EX_OK) return code;
  code = study_of_store(cli, source->results.store, &source->plan);
  if (code != EX_OK) compare_source_close(source);
  return code;
}

static void read_cell(void *context, const struct results_cell *cell) {
  struct compare_source *source = context;
  struct arena *arena = source->results.cli->arena;
  struct comparison_side *side = &source->sides[source->n_sides++];
  *side = comparison_read(source->items, &cell->replications, arena);
  const char *name = compare_label_cell(source->plan.study.grid, cell->number, arena);
  side->cell = cell->number;
  side->label = source->label ? source->label : name;
  side->at = source->label ? name : "";
}

/* As a format of reports, so that cells are walked through once only: it keeps and prints nothing.
 */
static void *read_begin(const struct report *report, FILE *to) {
  (void)to;
  const char *at = (const char *)report->results - offsetof(struct compare_source, results);
  return ((const struct compare_source *)(const void *)at)->self;
}
static void read_end(void *state) { (void)state; }
static const struct report_format reading = {read_begin, read_cell, read_end};

int compare_source_read(const struct cli *cli, const struct comparison_items *items,
                        struct compare_source *source) {
  uint32_t n_cells = source->plan.study.grid->n_cells;
  source->self = source;
  source->items = items;
  source->sides = ARENA_ARRAY(cli->arena, n_cells, struct comparison_side);
  if (source->is_stored) return results_walk(&source->results, read_cell, source);
  int code = study_open(cli, &source->plan, source->path, &source->results);
  if (code != EX_OK) return code;
  code = study_conduct(&source->results);
  if (study_may_tell(code)) {
    int told = study_tell(&source->results, source->path, &reading);
    if (code == EX_OK || (told != EX_OK && told != EXIT_NO)) code = told;
  }
  return study_close(&source->results, source->path, code);
}

void compare_source_close(struct compare_source *source) {
  if (source->is_stored) (void)store_close(source->results.store);
}
