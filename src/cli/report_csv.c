/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "cli/number.h"
#include "cli/report.h"

/* Rows are the most of what is written, by far: the stream is ours alone, so it need not be locked
   for each field. */
static void csv_text(const char *text, FILE *to) {
  if (!strpbrk(text, ",\"\r\n")) {
    (void)fputs_unlocked(text, to);
    return;
  }
  (void)putc_unlocked('"', to);
  for (; *text; text++) {
    if (*text == '"') (void)putc_unlocked('"', to);
    (void)putc_unlocked(*text, to);
  }
  (void)putc_unlocked('"', to);
}

static void csv_cell(const struct cell *cell, FILE *to) {
  char buffer[NUMBER_TEXT_MAX];
  if (cell->kind == CELL_TEXT)
    csv_text(cell->text, to);
  else if (cell->kind != CELL_NONE)
    (void)fputs_unlocked(number_cell(cell, buffer), to);
}

void report_csv_header(const struct table *table, FILE *to) {
  for (uint32_t i = 0; i < table->n_columns; i++) {
    if (i > 0) (void)putc_unlocked(',', to);
    csv_text(table->columns[i].name, to);
  }
  (void)fputs_unlocked("\r\n", to);
}

void report_csv_rows(const struct table *table, FILE *to) {
  for (uint32_t row = 0; row < table->n_rows; row++) {
    for (uint32_t i = 0; i < table->n_columns; i++) {
      if (i > 0) (void)putc_unlocked(',', to);
      csv_cell(&table_row(table, row)[i], to);
    }
    (void)fputs_unlocked("\r\n", to);
  }
}

void report_csv(const struct table *table, FILE *to) {
  report_csv_header(table, to);
  report_csv_rows(table, to);
}
