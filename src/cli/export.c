/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/export.h"

#include <dirent.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <unistd.h>

#include "cli/result_dir.h"
#include "cli/trace_take.h"
#include "cli/trace_write.h"

#define SCENARIO_FILE "scenario.resolved.json"
#define TRACE_FILE "trace.csv"

static const char *const table_files[RESULT_TABLES] = {
    [TABLE_VM] = "vm.csv",          [TABLE_VCPU] = "vcpu.csv",
    [TABLE_LOCK] = "lock.csv",      [TABLE_INTERRUPT] = "interrupt.csv",
    [TABLE_STEAL] = "steal.csv",    [TABLE_HOST] = "host.csv",
    [TABLE_SUMMARY] = "summary.csv"};
const char *const export_files[] = {"vm.csv",    "vcpu.csv",      "lock.csv",    "interrupt.csv",
                                    "steal.csv", "host.csv",      "summary.csv", SCENARIO_FILE,
                                    TRACE_FILE,  EXPORT_MANIFEST, NULL};

static const struct grid *grid_of(const struct export *export) {
  return export->report->results->plan->study.grid;
}

static int open_file(const struct export *export, const char *name, struct save *save) {
  struct arena *arena = export->report->arena;
  return save_open(save, result_dir_file(export->path, name, arena), arena);
}

void export_drop(struct export *export) {
  while (export->n_open > 0) save_drop(&export->tables[--export->n_open]);
}

/* The length of the timeline is not in the study, but who makes the files again needs it. */
static int remember_trace(const struct export *export) {
  const char *text = arena_printf(export->report->arena, "%" PRId64, export->trace_ns);
  return store_set_fact(export->report->results->store, EXPORT_FACT_TRACE, text);
}

/* What somebody who was killed while he wrote has left: the store is locked by us, so he is gone.
 */
static void remove_remains(const struct export *export) {
  struct arena *arena = export->report->arena;
  DIR *directory = opendir(export->path);
  for (struct dirent *entry; directory && (entry = readdir(directory));)
    for (size_t i = 0; export_files[i]; i++)
      if (fnmatch(arena_printf(arena, "%s.*.tmp", export_files[i]), entry->d_name, 0) == 0)
        unlink(result_dir_file(export->path, entry->d_name, arena));
  if (directory) closedir(directory);
}

int export_begin(struct export *export) {
  int remembered = remember_trace(export);
  if (remembered != EX_OK) return remembered;
  remove_remains(export);
  for (export->n_open = 0; export->n_open < RESULT_TABLES; export->n_open++) {
    struct save *save = &export->tables[export->n_open];
    int code = open_file(export, table_files[export->n_open], save);
    if (code != EX_OK) {
      export_drop(export);
      return code;
    }
    const struct table header =
        table_header(grid_of(export), (enum result_table) export->n_open, export->report->arena);
    report_csv_header(&header, save->to);
  }
  return EX_OK;
}

void export_cell(struct export *export, const struct results_cell *cell) {
  for (enum result_table which = 0; which < RESULT_TABLES; which++) {
    const struct table rows =
        table_build(grid_of(export), cell->number, &cell->replications, which, cell->arena);
    report_csv_rows(&rows, export->tables[which].to);
  }
}

static int close_tables(struct export *export) {
  int code = EX_OK;
  for (uint32_t i = 0; i < export->n_open && code == EX_OK; i++) {
    code = save_close(&export->tables[i]);
    if (code == EX_OK) continue;
    for (i++; i < export->n_open; i++) save_drop(&export->tables[i]);
  }
  export->n_open = 0;
  return code;
}

static void write_scenario(const struct export *export, FILE *to) {
  (void)fputs(export->report->scenario_json, to);
}

static void write_manifest(const struct export *export, FILE *to) {
  report_manifest(export->report, to);
}

/* Of the first replication of cell 0, which is run once more as far as it is shown: so it does not
   matter who ran it, and when. */
static void write_trace(const struct export *export, FILE *to) {
  struct arena arena = {0};
  struct diags *diags = ARENA_NEW(&arena, struct diags);
  diags->arena = &arena;
  const struct study_plan *plan = export->report->results->plan;
  const struct scenario *scenario = grid_bind(plan->study.grid, 0, diags, &arena);
  struct trace_wish wish = {.scenario = scenario,
                            .replication = plan->study.first,
                            .span = {.until_ns = export->trace_ns, .limit = TRACE_LIMIT_DEFAULT}};
  int64_t end_ns = scenario->run.warmup_ns + scenario->run.duration_ns;
  if (wish.span.until_ns > end_ns) wish.span.until_ns = end_ns;
  struct trace_log *log;
  (void)trace_take(&wish, &log, &arena);
  if (log->is_full)
    cli_warn(export->report->results->cli, TRACE_FILE " is cut at %zu intervals; see --trace-ms",
             log->limit);
  trace_csv_write(log, to);
  trace_log_free(log);
  arena_free(&arena);
}

static int write_file(const struct export *export, const char *name,
                      void (*write)(const struct export *export, FILE *to)) {
  struct save save;
  int code = open_file(export, name, &save);
  if (code != EX_OK) return code;
  write(export, save.to);
  return save_close(&save);
}

int export_end(struct export *export) {
  int code = close_tables(export);
  if (code == EX_OK) code = write_file(export, SCENARIO_FILE, write_scenario);
  if (code == EX_OK && export->trace_ns > 0) code = write_file(export, TRACE_FILE, write_trace);
  if (code == EX_OK) code = write_file(export, EXPORT_MANIFEST, write_manifest);
  return code;
}
