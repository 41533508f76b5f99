/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Texts in columns, for people. Where a line is too long columns are left out. */
#ifndef COSTOP_CLI_TEXT_GRID_H
#define COSTOP_CLI_TEXT_GRID_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "sim/arena.h"

struct text_column {
  const char *title;
  bool is_left; /* text; numbers are aligned to the right */
  uint32_t
      rank; /* the highest are left out first, the last ones of a rank before others; 0 never */
};

struct text_grid {
  const struct text_column *columns;
  uint32_t n_columns, n_rows;
  const char *const *texts; /* row by row */
};

/* width: of a line; 0: no limit. */
void text_grid_print(const struct text_grid *grid, uint32_t width, FILE *to);

#endif
