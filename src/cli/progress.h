/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How far a run has come, on standard error, for those who watch. */
#ifndef COSTOP_CLI_PROGRESS_H
#define COSTOP_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "cli/cli.h"

struct progress {
  bool is_shown;
  struct timespec start;
};

struct progress progress_start(const struct cli *cli);
/* For struct replicate_options; context is a struct progress. Rewrites one line. */
void progress_show(void *context, uint32_t n_done, uint32_t n);
void progress_end(const struct progress *progress);
/* Wall-clock time since the start. */
double progress_elapsed_s(const struct progress *progress);

#endif
