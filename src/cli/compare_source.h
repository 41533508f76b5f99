/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An operand of `compare`: a scenario, which is run, or a result directory, which is read. */
#ifndef COSTOP_CLI_COMPARE_SOURCE_H
#define COSTOP_CLI_COMPARE_SOURCE_H

#include "cli/results.h"
#include "study/comparison.h"

struct compare_source {
  const char *operand;
  const char *label;
  const char *path; /* of the directory that its runs go into; NULL: none */
  bool is_stored;   /* a result directory: open as long as the source */
  struct results results;
  struct compare_source *self; /* for those who come by results, which is const */
  struct study_plan plan;
  const struct comparison_items *items;
  struct comparison_side *sides; /* of the cells that have results */
  uint32_t n_sides;
};

/* Each returns EX_OK, or an exit code with a message. */
/* Sets plan. Nothing runs yet. */
int compare_source_load(const struct cli *cli, enum study_cells cells,
                        struct compare_source *source);
/* Runs what is lacking and sets sides, which live in cli->arena; labelled by cell, or if there are
   several sources by source. EXIT_NO, EXIT_LIMIT or a signal's code: sides are valid all the same.
 */
int compare_source_read(const struct cli *cli, const struct comparison_items *items,
                        struct compare_source *source);
/* After a load that went well. */
void compare_source_close(struct compare_source *source);

#endif
