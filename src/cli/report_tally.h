/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the cells of a study have to say besides their figures: expectations that failed, and
   deadlocks. A few of them in full, all of them counted. */
#ifndef COSTOP_CLI_REPORT_TALLY_H
#define COSTOP_CLI_REPORT_TALLY_H

#include "cli/report.h"

struct tally_list {
  struct text_list lines;
  uint32_t n; /* with those that are not kept */
};

struct tally_expect {
  uint32_t n_cells, n_failed;
  struct tally_list failures;
};

struct report_tally {
  const struct report *report;
  struct tally_expect *expects; /* of the plan */
  struct tally_list notes;
  uint32_t n_failed; /* expectations, over all cells */
};

void report_tally_init(struct report_tally *tally, const struct report *report);
void report_tally_add(struct report_tally *tally, const struct results_cell *cell);
void report_tally_notes(const struct report_tally *tally, FILE *to);
void report_tally_expects(const struct report_tally *tally, bool is_failed_only, FILE *to);

#endif
