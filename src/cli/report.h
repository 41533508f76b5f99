/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Results for people and for programs. Writers leave errors to ferror(to). */
#ifndef COSTOP_CLI_REPORT_H
#define COSTOP_CLI_REPORT_H

#include <stdio.h>

#include "cli/cli.h"
#include "cli/results.h"
#include "study/table.h"

/* RFC 4180: a header always, CRLF, quotes where needed. */
void report_csv(const struct table *table, FILE *to);
void report_csv_header(const struct table *table, FILE *to);
void report_csv_rows(const struct table *table, FILE *to);
/* A table of GitHub-flavoured Markdown. */
void report_markdown_header(const struct table *table, FILE *to);
void report_markdown_rows(const struct table *table, FILE *to);

/* What is known of a study before its cells are walked through. */
struct report {
  const struct results *results;
  const char *scenario_json; /* that of all cells, resolved */
  uint64_t n_replications;   /* that there are */
  uint32_t n_finished;       /* cells that are complete */
  uint32_t width;            /* of a line; 0: no limit */
  struct arena *arena;       /* lives as long as the report */
};

/* EX_OK, or an exit code with a message. */
int report_init(struct report *report, const struct results *results);

/* A report is written cell by cell: memory must not grow with their number. */
struct report_format {
  void *(*begin)(const struct report *report, FILE *to); /* the state of the writing */
  void (*cell)(void *state, const struct results_cell *cell);
  void (*end)(void *state);
};
/* The summary for people: of one cell in words, of many in a table. */
extern const struct report_format report_summary_format;
/* Everything, as one JSON object: the manifest's members and "cells". */
extern const struct report_format report_json_format;
/* The table that --table names. */
extern const struct report_format report_csv_format, report_markdown_format;

/* The manifest alone. */
void report_manifest(const struct report *report, FILE *to);

/* Of one cell. */
void report_summary(const struct report *report, const struct results_cell *cell, FILE *to);
/* Deadlocks by name. */
void report_notes(const struct report *report, const struct results_cell *cell, FILE *to);
/* A line per expectation and entity: the mean, the interval, and whether it holds. */
void report_verdicts(const struct report *report, const struct results_cell *cell,
                     bool is_failed_only, FILE *to);

#endif
