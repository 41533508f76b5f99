/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Results for people and for programs. Writers leave errors to ferror(to). */
#ifndef COSTOP_CLI_REPORT_H
#define COSTOP_CLI_REPORT_H

#include <stdio.h>

#include "cli/cli.h"
#include "study/replicate.h"
#include "study/table.h"
#include "study/verdict.h"

/* RFC 4180: a header always, CRLF, quotes where needed. */
void report_csv(const struct table *table, FILE *to);
/* A table of GitHub-flavoured Markdown. */
void report_markdown(const struct table *table, FILE *to);

struct report {
  const struct cli *cli;
  const struct scenario *scenario;
  const char *scenario_sha256;
  const struct replications *replications;
  const struct verdicts *verdicts;
  uint32_t width; /* of a line; 0: no limit */
};

/* Everything, as one JSON object: the manifest's members and "cells". */
void report_json(const struct report *report, FILE *to);
/* The manifest alone. */
void report_manifest(const struct report *report, FILE *to);
/* The summary for people. */
void report_summary(const struct report *report, FILE *to);
/* Deadlocks by name. */
void report_notes(const struct report *report, FILE *to);
/* A line per expectation and entity: the mean, the interval, and whether it holds. */
void report_verdicts(const struct report *report, bool is_failed_only, FILE *to);

#endif
