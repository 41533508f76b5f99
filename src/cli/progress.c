/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/progress.h"

#include <unistd.h>

enum { BAR_WIDTH = 30 };

struct progress progress_start(const struct cli *cli) {
  struct progress progress = {.is_shown = cli->progress == WHEN_ALWAYS};
  if (cli->progress == WHEN_AUTO)
    progress.is_shown = cli->verbosity >= 0 && isatty(STDERR_FILENO) == 1;
  clock_gettime(CLOCK_MONOTONIC, &progress.start);
  return progress;
}

double progress_elapsed_s(const struct progress *progress) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)(now.tv_sec - progress->start.tv_sec) +
         (double)(now.tv_nsec - progress->start.tv_nsec) / 1e9;
}

void progress_show(void *context, uint32_t n_done, uint32_t n) {
  const struct progress *progress = context;
  if (!progress->is_shown) return;
  int filled = (int)((uint64_t)BAR_WIDTH * n_done / n);
  (void)fprintf(stderr, "\r\033[K[%.*s%*s] %u of %u replications", filled,
                "##############################", BAR_WIDTH - filled, "", n_done, n);
  if (n_done > 0)
    (void)fprintf(stderr, ", %.0f s left",
                  progress_elapsed_s(progress) / n_done * (double)(n - n_done));
  (void)fflush(stderr);
}

void progress_end(const struct progress *progress) {
  if (progress->is_shown) (void)fputs("\r\033[K", stderr);
}
