/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/number.h"
#include "cli/report.h"

static void markdown_field(const char *text, FILE *to) {
  (void)fputs("| ", to);
  for (; *text; text++) {
    if (*text == '|') (void)fputc('\\', to);
    (void)fputc(*text == '\n' ? ' ' : *text, to);
  }
  (void)fputc(' ', to);
}

/* Numbers are aligned to the right: a column is one if it has a unit. */
void report_markdown_header(const struct table *table, FILE *to) {
  for (uint32_t i = 0; i < table->n_columns; i++) markdown_field(table->columns[i].name, to);
  (void)fputs("|\n", to);
  for (uint32_t i = 0; i < table->n_columns; i++)
    (void)fputs(table->columns[i].unit[0] ? "| ---: " : "| --- ", to);
  (void)fputs("|\n", to);
}

void report_markdown_rows(const struct table *table, FILE *to) {
  char buffer[NUMBER_TEXT_MAX];
  for (uint32_t row = 0; row < table->n_rows; row++) {
    for (uint32_t i = 0; i < table->n_columns; i++)
      markdown_field(number_cell(&table_row(table, row)[i], buffer), to);
    (void)fputs("|\n", to);
  }
}
