/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "cli/number.h"
#include "cli/report.h"

static void csv_text(const char *text, FILE *to) {
  if (!strpbrk(text, ",\"\r\n")) {
    (void)fputs(text, to);
    return;
  }
  (void)fputc('"', to);
  for (; *text; text++) {
    if (*text == '"') (void)fputc('"', to);
    (void)fputc(*text, to);
  }
  (void)fputc('"', to);
}

void report_csv_header(const struct table *table, FILE *to) {
  for (uint32_t i = 0; i < table->n_columns; i++) {
    if (i > 0) (void)fputc(',', to);
    csv_text(table->columns[i].name, to);
  }
  (void)fputs("\r\n", to);
}

void report_csv_rows(const struct table *table, FILE *to) {
  char buffer[NUMBER_TEXT_MAX];
  for (uint32_t row = 0; row < table->n_rows; row++) {
    for (uint32_t i = 0; i < table->n_columns; i++) {
      if (i > 0) (void)fputc(',', to);
      csv_text(number_cell(&table_row(table, row)[i], buffer), to);
    }
    (void)fputs("\r\n", to);
  }
}

void report_csv(const struct table *table, FILE *to) {
  report_csv_header(table, to);
  report_csv_rows(table, to);
}
