/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Comparisons, for people and for programs. Writers leave errors to ferror(to). */
#ifndef COSTOP_CLI_REPORT_COMPARE_H
#define COSTOP_CLI_REPORT_COMPARE_H

#include <stdio.h>

#include "study/comparison.h"
#include "study/table.h"

/* Which rows a report is about: judged ones. */
struct compare_report {
  const char *title;
  const struct comparison *comparison;
  uint32_t width; /* of a line; 0: no limit */
  struct arena *arena;
};

/* Pair by pair: what was found in sentences, what was not, and the numbers. */
void report_compare_words(const struct compare_report *report, FILE *to);
void report_compare_json(const struct compare_report *report, FILE *to);
/* A row for each of the comparison. */
struct table report_compare_table(const struct comparison *comparison, struct arena *arena);

#endif
