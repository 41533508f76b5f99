/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CSV files (RFC 4180; lone newlines will do), row by row. The only user of libcsv. */
#ifndef COSTOP_CLI_CSV_READ_H
#define COSTOP_CLI_CSV_READ_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/arena.h"

struct csv_row {
  const char *const *fields; /* as many as there are columns; gone after the call */
  uint64_t number;           /* 1 is the first one below the header */
};

enum { CSV_ENOUGH = -1 };

struct csv_reader {
  /* Each returns EX_OK to go on, CSV_ENOUGH, or an exit code after it has printed a message. */
  int (*on_header)(void *context, const char *const *names, uint32_t n);
  int (*on_row)(void *context, const struct csv_row *row);
  void *context;
};

/* EX_OK; or, with a message, EX_NOINPUT if there is no such file, EX_DATAERR if it is not CSV, or
   EX_IOERR, or the exit code of reader. */
int csv_read(const char *path, const struct csv_reader *reader);

/* Which columns have the wanted names. EX_OK, or EX_DATAERR with a message if one is missing. */
int csv_find_columns(const char *path, const char *const *names, uint32_t n,
                     const char *const *wanted, uint32_t n_wanted, uint32_t *columns);
/* A number; NAN if it is empty (not applicable) or none. */
double csv_number(const char *field);

#endif
