/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How far a study has come, on standard error, for those who watch: one line that is rewritten. */
#ifndef COSTOP_CLI_PROGRESS_H
#define COSTOP_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "cli/cli.h"

struct progress {
  bool is_shown;
  struct timespec start, drawn;
};

struct progress_state {
  uint64_t n_done, n_total;
  uint64_t n_now;     /* of n_done: since the start, for rate and remaining time */
  const char *what;   /* "replications" */
  const char *detail; /* what is at work; "" if there is nothing to say */
};

struct progress progress_start(const struct cli *cli);
/* Ten times a second at most: would it be time to draw? */
bool progress_is_due(const struct progress *progress);
void progress_draw(struct progress *progress, const struct progress_state *state);
void progress_end(const struct progress *progress);
/* Wall-clock time since the start. */
double progress_elapsed_s(const struct progress *progress);

enum { PROGRESS_LINE_MAX = 512 };
/* The line, at most width columns of it; detail is cut first. Returns line. */
const char *progress_line(const struct progress_state *state, double elapsed_s, uint32_t width,
                          char line[PROGRESS_LINE_MAX]);

#endif
