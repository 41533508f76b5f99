/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The files of a result directory besides its store, all of them made from the store: tables as
   CSV, the resolved scenario, the manifest, a timeline. Each appears under its name only when it is
   complete. */
#ifndef COSTOP_CLI_EXPORT_H
#define COSTOP_CLI_EXPORT_H

#include "cli/report.h"
#include "cli/save.h"

#define EXPORT_MANIFEST "manifest.json"

/* Of the store: trace_ns of the last export. */
#define EXPORT_FACT_TRACE "trace_ns"

/* The names of all files, NULL-terminated. */
extern const char *const export_files[];

struct export {
  const struct report *report;
  const char *path; /* of the directory */
  int64_t trace_ns; /* the timeline's length; 0: none */
  struct save tables[RESULT_TABLES];
  uint32_t n_open;
};

/* Each returns EX_OK, or an exit code with a message; then the export is over. Set the members
   before `tables`. */
int export_begin(struct export *export);
void export_cell(struct export *export, const struct results_cell *cell);
int export_end(struct export *export);
/* Instead of export_end: the walk through the cells has failed. */
void export_drop(struct export *export);

#endif
