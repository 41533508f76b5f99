/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a sizing comes to, for people and for programs. Writers leave errors to ferror(to). */
#ifndef COSTOP_CLI_REPORT_SIZING_H
#define COSTOP_CLI_REPORT_SIZING_H

#include <stdio.h>

#include "cli/cli.h"
#include "cli/json_write.h"
#include "cli/report.h"
#include "study/sizing.h"
#include "study/table.h"

/* The counts of one combination of the other axes. */
struct sizing_report {
  const struct cli *cli;
  const struct sizing *sizing;
  const char *const *axes;        /* n_axes: paths of the axes beside the vCPUs … */
  const struct cell *axis_values; /* … and their values here */
  uint32_t n_axes;
  uint32_t n_vcpus_now; /* what the scenario says */
  uint32_t width;       /* of a line; 0: no limit */
};

/* The counts, where the time of each went, the neighbours. */
void report_sizing_tables(const struct sizing_report *report, FILE *to);
/* Which count, why, at whose expense, and what %CSTP has to do with it. */
void report_sizing_words(const struct sizing_report *report, FILE *to);

/* A row per count. All reports have the same axes and counts with the same neighbours. */
struct table report_sizing_table(const struct sizing_report *reports, uint32_t n,
                                 struct arena *arena);
void report_sizing_json(const struct sizing_report *reports, uint32_t n, struct json *json);

/* That of --metric; NULL after a message: it is none, or none to size by. */
const struct metric *report_sizing_metric(const struct cli *cli);

/* All of it, in the format of the command line. */
extern const struct report_format report_sizing_format;

#endif
