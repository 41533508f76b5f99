/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the store share. */
#ifndef COSTOP_CLI_STORE_PARTS_H
#define COSTOP_CLI_STORE_PARTS_H

#include <sqlite3.h>

#include "cli/store.h"
#include "study/entity.h"

enum store_statement {
  STORE_BEGIN,
  STORE_BEGIN_READING,
  STORE_COMMIT,
  STORE_PUT, /* + scope: a row of that table */
  STORE_GET = STORE_PUT + SCOPES /* + scope: the words of a replication's rows */,
  STORE_PUT_NOTE = STORE_GET + SCOPES,
  STORE_GET_NOTES,
  STORE_RUNS, /* of a cell: (cell, replication, checksum) */
  STORE_ALL_RUNS,
  STORE_NTH_RUN, /* of a cell: the replication */
  STORE_HAS_RUN,
  STORE_COUNT_RUNS,
  STORE_COUNT_CELLS, /* that are finished */
  STORE_CUT_RUNS,    /* + scope: the rows of a cell from a given replication on; + SCOPES: notes */
  STORE_CUT_NOTES = STORE_CUT_RUNS + SCOPES,
  STORE_PUT_CELL,
  STORE_HAS_CELL,
  STORE_PUT_FACT,
  STORE_DROP_FACT,
  STORE_GET_FACT,
  STORE_STATEMENTS
};

struct store_note {
  int64_t at_ns;
  const char *vm, *text;
};

/* One replication, as the tables have it. */
struct store_run {
  uint32_t cell, replication;
  int64_t *words;
  size_t n_words, words_room;
  const struct store_note *notes;
  uint32_t n_notes, n_rows;
};

struct store {
  sqlite3 *db;
  const char *path; /* NULL: a temporary one */
  struct store_identity identity;
  struct arena arena, scratch;
  sqlite3_stmt *statements[STORE_STATEMENTS]; /* made when they are first needed */
  struct store_run run;                       /* the one that is on its way in or out */
  bool may_write;
};

/* Prints what SQLite refused last and returns the exit code that says so. */
int store_fail(const struct store *store);
int store_damaged(const struct store *store, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The statement, ready to be bound. NULL: SQLite refuses it. */
sqlite3_stmt *store_statement(struct store *store, enum store_statement which);
/* SQLITE_ROW, SQLITE_DONE or an error. A statement that is not in the middle of its rows is reset,
   so that its bindings may go. */
int store_step(sqlite3_stmt *statement);

/* The SQL of all tables. */
const char *store_schema(struct arena *arena);
/* The SQL of a statement. */
const char *store_sql(enum store_statement which, struct arena *arena);

/* Reads all rows and compares them with their checksums: EX_OK, or EX_DATAERR with a message. */
int store_verify(struct store *store);

#endif
