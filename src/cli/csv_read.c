/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/csv_read.h"

#include <csv.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

enum { CHUNK = 1 << 16 };

/* The row being read. Its texts lie one behind the other, so that a field costs no allocation. */
struct row_reader {
  const struct csv_reader *reader;
  const char *path;
  struct arena arena;
  char *text;
  size_t text_used, text_room;
  size_t *starts; /* of the fields in text */
  const char **fields;
  uint32_t n_fields, fields_room, n_columns;
  uint64_t number;
  int code; /* what the last call of reader returned */
};

/* Twice the room, with what was there. */
static void *grown(struct arena *arena, const void *old, size_t used, size_t *room, size_t size) {
  *room = *room ? 2 * *room : 256;
  void *fresh = arena_alloc(arena, *room, size);
  if (used > 0) memcpy(fresh, old, used * size);
  return fresh;
}

static void row_on_field(void *text, size_t length, void *context) {
  struct row_reader *row = context;
  if (row->n_fields == row->fields_room) {
    size_t room = row->fields_room;
    row->starts = grown(&row->arena, row->starts, row->n_fields, &room, sizeof *row->starts);
    row->fields = ARENA_ARRAY(&row->arena, room, const char *);
    row->fields_room = (uint32_t)room;
  }
  while (row->text_room - row->text_used <= length)
    row->text = grown(&row->arena, row->text, row->text_used, &row->text_room, 1);
  row->starts[row->n_fields++] = row->text_used;
  memcpy(row->text + row->text_used, text, length);
  row->text_used += length;
  row->text[row->text_used++] = '\0';
}

static int row_check(const struct row_reader *row) {
  if (row->n_fields == row->n_columns) return EX_OK;
  cli_error("%s: row %" PRIu64 " has %u fields, the header has %u", row->path, row->number,
            row->n_fields, row->n_columns);
  return EX_DATAERR;
}

static void row_on_end(int character, void *context) {
  (void)character;
  struct row_reader *row = context;
  if (row->code != EX_OK) return;
  for (uint32_t i = 0; i < row->n_fields; i++) row->fields[i] = row->text + row->starts[i];
  const struct csv_reader *reader = row->reader;
  if (row->n_columns == 0) {
    row->n_columns = row->n_fields;
    row->code = reader->on_header(reader->context, row->fields, row->n_fields);
  } else {
    const struct csv_row whole = {.fields = row->fields, .number = ++row->number};
    row->code = row_check(row);
    if (row->code == EX_OK) row->code = reader->on_row(reader->context, &whole);
  }
  row->n_fields = 0;
  row->text_used = 0;
}

static int csv_refuse(struct row_reader *row, const char *why, int code) {
  cli_error("%s: %s", row->path, why);
  return code;
}

static int csv_read_all(struct row_reader *row, struct csv_parser *parser, FILE *file) {
  char *chunk = ARENA_ARRAY(&row->arena, CHUNK, char);
  size_t n;
  while (row->code == EX_OK && (n = fread(chunk, 1, CHUNK, file)) > 0)
    if (csv_parse(parser, chunk, n, row_on_field, row_on_end, row) != n)
      return csv_refuse(row, csv_strerror(csv_error(parser)), EX_DATAERR);
  if (ferror(file)) return csv_refuse(row, strerror(errno), EX_IOERR);
  if (row->code == EX_OK && csv_fini(parser, row_on_field, row_on_end, row) != 0)
    return csv_refuse(row, "ends inside of quotes", EX_DATAERR);
  if (row->n_columns == 0) return csv_refuse(row, "is empty", EX_DATAERR);
  return row->code == CSV_ENOUGH ? EX_OK : row->code;
}

int csv_read(const char *path, const struct csv_reader *reader) {
  struct row_reader row = {.reader = reader, .path = path};
  FILE *file = fopen(path, "re");
  if (!file) return csv_refuse(&row, strerror(errno), EX_NOINPUT);
  struct csv_parser parser;
  csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI);
  int code = csv_read_all(&row, &parser, file);
  csv_free(&parser);
  (void)fclose(file);
  arena_free(&row.arena);
  return code;
}

int csv_find_columns(const char *path, const char *const *names, uint32_t n,
                     const char *const *wanted, uint32_t n_wanted, uint32_t *columns) {
  for (uint32_t i = 0; i < n_wanted; i++) {
    columns[i] = 0;
    while (columns[i] < n && strcmp(names[columns[i]], wanted[i]) != 0) columns[i]++;
    if (columns[i] < n) continue;
    cli_error("%s has no column '%s'", path, wanted[i]);
    return EX_DATAERR;
  }
  return EX_OK;
}

double csv_number(const char *field) {
  char *end;
  double value = strtod(field, &end);
  return end == field || *end != '\0' ? (double)NAN : value;
}
