/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/study_command.h"

#include <string.h>

#include "cli/cell_list.h"
#include "cli/conduct.h"
#include "cli/export.h"
#include "cli/report_tally.h"
#include "cli/result_dir.h"
#include "cli/study_identity.h"
#include "study/adequacy.h"

int study_check_output(const struct cli *cli) {
  if (cli->has_table && cli->has_format && cli->format != FORMAT_CSV &&
      cli->format != FORMAT_MARKDOWN) {
    cli_error("--table goes with -F csv and -F markdown");
    return EX_USAGE;
  }
  return result_dir_check_output(cli);
}

const struct report_format *study_format(const struct cli *cli) {
  switch (cli->has_table && !cli->has_format ? FORMAT_CSV : cli->format) {
    case FORMAT_TABLE:
      break;
    case FORMAT_CSV:
      return &report_csv_format;
    case FORMAT_JSON:
      return &report_json_format;
    case FORMAT_MARKDOWN:
      return &report_markdown_format;
  }
  return &report_summary_format;
}

/* --- the store --- */

/* A directory of one shard is not gone on with as another one. */
static int check_shard(const struct results *results, const char *path) {
  const struct study *study = &results->plan->study;
  struct arena *arena = results->cli->arena;
  const char *ours = arena_printf(arena, "%u/%u", study->shard + 1, study->n_shards);
  const char *theirs = store_fact(results->store, STUDY_FACT_SHARD, arena);
  if (!theirs) return store_set_fact(results->store, STUDY_FACT_SHARD, ours);
  if (strcmp(ours, theirs) == 0) return EX_OK;
  cli_error("%s is shard %s, not %s", path, theirs, ours);
  return EX_DATAERR;
}

int study_open(const struct cli *cli, const struct study_plan *plan, const char *path,
               struct results *results) {
  struct store_identity identity = study_identity(&plan->study, cli->arena);
  *results = (struct results){.cli = cli, .plan = plan};
  if (!path) return store_create(NULL, &identity, &results->store);
  int code = result_dir_open(cli, path, &identity, &results->store);
  if (code != EX_OK) return code;
  code = check_shard(results, path);
  if (code == EX_OK && plan->warmup)
    code = store_set_fact(results->store, STUDY_FACT_WARMUP, plan->warmup);
  return code == EX_OK ? EX_OK : study_close(results, path, code);
}

int study_conduct(const struct results *results) {
  const struct conduct conduct = {
      .cli = results->cli, .study = &results->plan->study, .store = results->store};
  return conduct_run(&conduct);
}

int study_close(const struct results *results, const char *path, int code) {
  int closed = path ? result_dir_close(path, results->store) : store_close(results->store);
  return code == EX_OK ? closed : code;
}

/* --- what comes of it --- */

/* One walk through the cells serves all. */
struct telling {
  const struct report *report;
  const struct report_format *format; /* NULL: no report */
  void *state;                        /* of the format */
  struct export *export;              /* NULL: no files */
  struct report_tally tally;
  struct adequacy adequacy;
};

static void tell_cell(void *context, const struct results_cell *cell) {
  struct telling *telling = context;
  const struct report *report = telling->report;
  bool is_one = report->results->plan->study.grid->n_cells == 1;
  if (telling->export) export_cell(telling->export, cell);
  if (telling->format) telling->format->cell(telling->state, cell);
  report_tally_add(&telling->tally, cell);
  adequacy_add(&telling->adequacy, cell->number, &cell->replications);
  /* The summary says this on standard output. */
  if (!is_one || !telling->format || telling->format == &report_summary_format) return;
  if (report->results->cli->verbosity >= 0) report_notes(report, cell, stderr);
  report_verdicts(report, cell, true, stderr);
}

/* What many cells have to say, behind their table or beside other formats. */
static void tell_tally(const struct telling *telling) {
  const struct cli *cli = telling->report->results->cli;
  bool is_summary = telling->format == &report_summary_format;
  FILE *to = is_summary ? stdout : stderr;
  if (telling->report->results->plan->study.grid->n_cells == 1) return;
  if (is_summary || cli->verbosity >= 0) report_tally_notes(&telling->tally, to);
  report_tally_expects(&telling->tally, !is_summary, to);
}

static int tell(struct telling *telling) {
  const struct report *report = telling->report;
  int code = telling->export ? export_begin(telling->export) : EX_OK;
  if (code != EX_OK) return code;
  if (telling->format) telling->state = telling->format->begin(report, stdout);
  code = results_walk(report->results, tell_cell, telling);
  if (code != EX_OK && telling->export) export_drop(telling->export);
  if (code != EX_OK) return code;
  if (telling->format) {
    telling->format->end(telling->state);
    tell_tally(telling);
    const char *doubt = adequacy_text(&telling->adequacy);
    if (doubt) cli_warn(report->results->cli, "%s", doubt);
  }
  code = telling->export ? export_end(telling->export) : EX_OK;
  return code == EX_OK && telling->tally.n_failed > 0 ? EXIT_NO : code;
}

int study_tell(const struct results *results, const char *path,
               const struct report_format *format) {
  const struct cli *cli = results->cli;
  struct report report;
  int code = report_init(&report, results);
  if (code != EX_OK) return code;
  struct export export = {.report = &report, .path = path, .trace_ns = cli->trace_ns};
  struct telling telling = {.report = &report, .format = format};
  if (path) telling.export = &export;
  if (report.n_replications == 0) return EX_OK;
  report_tally_init(&telling.tally, &report);
  adequacy_init(&telling.adequacy, results->plan->study.grid, report.arena);
  return tell(&telling);
}

bool study_may_tell(int code) { return code == EX_OK || code == EXIT_LIMIT || code > EXIT_SIGNAL; }

int study_command(const struct cli *cli, const struct study_plan *plan,
                  const struct report_format *format) {
  if (cli->wants_list) return cell_list(cli, &plan->study);
  struct results results;
  int code = study_open(cli, plan, cli->output, &results);
  if (code != EX_OK) return code;
  code = study_conduct(&results);
  if (study_may_tell(code)) {
    int told = study_tell(&results, cli->output, format);
    if (code == EX_OK || (told != EX_OK && told != EXIT_NO)) code = told;
  }
  return study_close(&results, cli->output, code);
}
