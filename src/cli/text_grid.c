/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/text_grid.h"

#include "cli/text.h"

enum { GAP = 2 };

/* How wide each column is; 0: it is left out. */
static uint32_t *grid_measure(const struct text_grid *grid, struct arena *arena) {
  uint32_t *widths = ARENA_ARRAY(arena, grid->n_columns, uint32_t);
  for (uint32_t i = 0; i < grid->n_columns; i++) {
    widths[i] = text_width(grid->columns[i].title);
    for (uint32_t row = 0; row < grid->n_rows; row++) {
      uint32_t width = text_width(grid->texts[row * grid->n_columns + i]);
      if (width > widths[i]) widths[i] = width;
    }
  }
  return widths;
}

static uint32_t grid_width(const struct text_grid *grid, const uint32_t *widths) {
  uint32_t width = 0;
  for (uint32_t i = 0; i < grid->n_columns; i++)
    if (widths[i] > 0) width += GAP + widths[i];
  return width;
}

static void grid_fit(const struct text_grid *grid, uint32_t *widths, uint32_t width) {
  uint32_t rank = 0;
  for (uint32_t i = 0; i < grid->n_columns; i++)
    if (grid->columns[i].rank > rank) rank = grid->columns[i].rank;
  for (; rank > 0; rank--)
    for (uint32_t i = grid->n_columns; i-- > 0 && grid_width(grid, widths) > width;)
      if (grid->columns[i].rank == rank) widths[i] = 0;
}

/* Blanks are kept back until something follows them: no line ends in blanks. */
static uint32_t print_text(const char *text, uint32_t width, bool is_left, uint32_t n_blanks,
                           FILE *to) {
  uint32_t padding = width - text_width(text);
  n_blanks += GAP + (is_left ? 0 : padding);
  if (!*text) return n_blanks + (is_left ? padding : 0);
  (void)fprintf(to, "%*s%s", (int)n_blanks, "", text);
  return is_left ? padding : 0;
}

void text_grid_print(const struct text_grid *grid, uint32_t width, FILE *to) {
  struct arena arena = {0};
  uint32_t *widths = grid_measure(grid, &arena);
  if (width > 0) grid_fit(grid, widths, width);
  for (uint32_t row = 0; row <= grid->n_rows; row++) {
    uint32_t n_blanks = 0;
    for (uint32_t i = 0; i < grid->n_columns; i++) {
      if (widths[i] == 0) continue;
      const char *text =
          row == 0 ? grid->columns[i].title : grid->texts[(row - 1) * grid->n_columns + i];
      n_blanks = print_text(text, widths[i], grid->columns[i].is_left, n_blanks, to);
    }
    (void)fputc('\n', to);
  }
  arena_free(&arena);
}
