/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A store's life and small facts; its rows are in store_rows.c, its SQL is in store_sql.c. */
#include "cli/store.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/store_parts.h"

enum {
  STORE_APPLICATION = 0x63737470, /* "cstp": what the file is, for file(1) and for us */
  STORE_FORMAT = 1,               /* of the tables */
  BUSY_MS = 1000
};

/* --- what can go wrong --- */

static const char *store_name(const struct store *store) {
  return store->path ? store->path : "the temporary database";
}

int store_damaged(const struct store *store, const char *format, ...) {
  va_list args;
  char *text = NULL;
  va_start(args, format);
  if (vasprintf(&text, format, args) < 0) text = NULL;
  va_end(args);
  cli_error("%s is damaged: %s; nothing of it is used", store_name(store), text ? text : "");
  free(text);
  return EX_DATAERR;
}

int store_fail(const struct store *store) {
  const char *name = store_name(store), *why = sqlite3_errmsg(store->db);
  int primary = sqlite3_errcode(store->db) & 0xff;
  if (primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB) return store_damaged(store, "%s", why);
  if (primary == SQLITE_BUSY || primary == SQLITE_LOCKED) {
    cli_error("%s is in use: another costop is at work there", name);
    return store->may_write ? EX_CANTCREAT : EX_NOINPUT;
  }
  if (primary == SQLITE_CANTOPEN) {
    cli_error("cannot open %s: %s", name, strerror(sqlite3_system_errno(store->db)));
    return store->may_write ? EX_CANTCREAT : EX_NOINPUT;
  }
  if (primary == SQLITE_FULL || primary == SQLITE_IOERR || primary == SQLITE_READONLY) {
    cli_error("cannot %s %s: %s", store->may_write ? "write" : "read", name, why);
    return EX_IOERR;
  }
  /* What we ask for was there when the tables were made. */
  if (primary == SQLITE_ERROR && store->path) return store_damaged(store, "%s", why);
  cli_error("%s: %s", name, why);
  return EX_SOFTWARE;
}

/* --- statements --- */

sqlite3_stmt *store_statement(struct store *store, enum store_statement which) {
  sqlite3_stmt **statement = &store->statements[which];
  if (!*statement)
    (void)sqlite3_prepare_v3(store->db, store_sql(which, &store->arena), -1,
                             SQLITE_PREPARE_PERSISTENT, statement, NULL);
  return *statement;
}

int store_step(sqlite3_stmt *statement) {
  int result = sqlite3_step(statement);
  return result == SQLITE_ROW || sqlite3_reset(statement) == SQLITE_OK ? result : SQLITE_ERROR;
}

/* A statement with up to two numbers that has at most one row; *value gets that row's number and
 *has_row whether there is one. */
static int store_ask(struct store *store, enum store_statement which, int64_t first, int64_t second,
                     int64_t *value) {
  sqlite3_stmt *statement = store_statement(store, which);
  if (!statement) return SQLITE_ERROR;
  int n = sqlite3_bind_parameter_count(statement);
  if (n > 0) sqlite3_bind_int64(statement, 1, first);
  if (n > 1) sqlite3_bind_int64(statement, 2, second);
  int result = store_step(statement);
  if (result != SQLITE_ROW) return result;
  if (value) *value = sqlite3_column_int64(statement, 0);
  sqlite3_reset(statement);
  return SQLITE_ROW;
}

static int store_do(struct store *store, enum store_statement which, int64_t first,
                    int64_t second) {
  return store_ask(store, which, first, second, NULL) == SQLITE_DONE ? EX_OK : store_fail(store);
}

static int store_exec(struct store *store, const char *sql) {
  return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK ? EX_OK : store_fail(store);
}

/* The text of a row's column in the store's arena; "": there is no such row. */
static int store_text(struct store *store, const char *sql, int column, const char **text) {
  sqlite3_stmt *statement = NULL;
  *text = "";
  int result = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);
  if (result == SQLITE_OK) result = sqlite3_step(statement);
  if (result == SQLITE_ROW)
    *text = arena_printf(&store->arena, "%s", (const char *)sqlite3_column_text(statement, column));
  sqlite3_finalize(statement);
  return result == SQLITE_ROW || result == SQLITE_DONE ? EX_OK : store_fail(store);
}

/* --- opening and closing --- */

static int store_open(const char *path, int flags, bool may_write, struct store **opened) {
  struct store *store = calloc(1, sizeof *store);
  if (!store) {
    cli_error("out of memory");
    return EX_SOFTWARE;
  }
  store->may_write = may_write;
  store->path = path ? arena_strdup(&store->arena, path) : NULL;
  *opened = store;
  /* One thread has all of SQLite to itself. Both are refused from the second store on. */
  (void)sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
  (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  if (sqlite3_open_v2(path ? path : "", &store->db,
                      flags | SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
                      NULL) != SQLITE_OK)
    return store_fail(store);
  /* Somebody who looks into the file with sqlite3 is soon gone; another costop is not. */
  (void)sqlite3_busy_timeout(store->db, BUSY_MS);
  return store_exec(store, "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON");
}

/* Frees the store and makes *store NULL, so that code can be passed on. */
static int store_give_up(struct store **store, int code) {
  for (int i = 0; i < STORE_STATEMENTS; i++) sqlite3_finalize((*store)->statements[i]);
  sqlite3_close((*store)->db);
  arena_free(&(*store)->scratch);
  arena_free(&(*store)->arena);
  free(*store);
  *store = NULL;
  return code;
}

/* Locked for as long as it is open; commits are appended to a log and synced by store_sync. */
static int store_lock(struct store *store) {
  const char *mode;
  if (!store->path)
    return store_exec(store,
                      "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; "
                      "PRAGMA cache_size = -16384");
  int code = store_exec(store, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = NORMAL");
  if (code == EX_OK) code = store_text(store, "PRAGMA journal_mode = WAL", 0, &mode);
  if (code == EX_OK) code = store_exec(store, "BEGIN IMMEDIATE; COMMIT");
  return code;
}

static int store_write_identity(struct store *store, const struct store_identity *identity) {
  sqlite3_stmt *statement = NULL;
  int result =
      sqlite3_prepare_v2(store->db, "INSERT INTO study VALUES (?, ?)", -1, &statement, NULL);
  if (result == SQLITE_OK) {
    sqlite3_bind_text(statement, 1, identity->study_json, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, identity->version, -1, SQLITE_STATIC);
    result = sqlite3_step(statement);
  }
  sqlite3_finalize(statement);
  return result == SQLITE_DONE ? EX_OK : store_fail(store);
}

static int store_read_identity(struct store *store) {
  int code = store_text(store, "SELECT study FROM study", 0, &store->identity.study_json);
  if (code == EX_OK)
    code = store_text(store, "SELECT version FROM study", 0, &store->identity.version);
  if (code != EX_OK) return code;
  if (*store->identity.study_json && *store->identity.version) return EX_OK;
  return store_damaged(store, "it does not say what it is of");
}

int store_create(const char *path, const struct store_identity *identity, struct store **store) {
  int code = store_open(path, SQLITE_OPEN_CREATE, true, store);
  if (code == EX_OK) code = store_lock(*store);
  if (code == EX_OK) code = store_exec(*store, "BEGIN");
  if (code == EX_OK)
    code = store_exec(*store, arena_printf(&(*store)->arena,
                                           "PRAGMA application_id = %d; PRAGMA user_version = %d",
                                           STORE_APPLICATION, STORE_FORMAT));
  if (code == EX_OK) code = store_exec(*store, store_schema(&(*store)->arena));
  if (code == EX_OK) code = store_write_identity(*store, identity);
  if (code == EX_OK) code = store_exec(*store, "COMMIT");
  if (code == EX_OK) code = store_read_identity(*store);
  return code == EX_OK ? EX_OK : store_give_up(store, code);
}

/* Is it a store, of our format, and whole? */
static int store_check(struct store *store) {
  const char *application, *format, *fault;
  int code = store_text(store, "PRAGMA application_id", 0, &application);
  if (code == EX_OK) code = store_text(store, "PRAGMA user_version", 0, &format);
  if (code != EX_OK) return code;
  if (strtol(application, NULL, 10) != STORE_APPLICATION) {
    cli_error("%s has no results of costop in it", store->path);
    return EX_DATAERR;
  }
  if (strtol(format, NULL, 10) != STORE_FORMAT) {
    cli_error("%s was written by another version of costop (format %s instead of %d)", store->path,
              format, STORE_FORMAT);
    return EX_DATAERR;
  }
  code = store_text(store, "PRAGMA quick_check(1)", 0, &fault);
  if (code == EX_OK && strcmp(fault, "ok") != 0) code = store_damaged(store, "%s", fault);
  if (code == EX_OK) code = store_read_identity(store);
  return code;
}

int store_resume(const char *path, const struct store_identity *identity, struct store **store) {
  int code = store_open(path, 0, true, store);
  if (code == EX_OK) code = store_lock(*store);
  if (code == EX_OK) code = store_check(*store);
  if (code == EX_OK) code = store_compare_identity(*store, identity);
  if (code == EX_OK) code = store_verify(*store);
  return code == EX_OK ? EX_OK : store_give_up(store, code);
}

int store_read(const char *path, struct store **store) {
  int code = store_open(path, 0, false, store);
  /* Brings home the log of one that was killed, as store_close does it. */
  if (code == EX_OK)
    code = store_exec(*store,
                      "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE; "
                      "PRAGMA locking_mode = NORMAL");
  if (code == EX_OK) code = store_check(*store);
  if (code == EX_OK) code = store_verify(*store);
  return code == EX_OK ? EX_OK : store_give_up(store, code);
}

/* A file without a log beside it can be copied, and read where nothing can be written. */
int store_close(struct store *store) {
  const char *mode;
  int code = EX_OK;
  for (int i = 0; i < STORE_STATEMENTS; i++) sqlite3_reset(store->statements[i]);
  if (!sqlite3_get_autocommit(store->db))
    (void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
  if (store->may_write && store->path)
    code = store_text(store, "PRAGMA journal_mode = DELETE", 0, &mode);
  return store_give_up(&store, code);
}

const struct store_identity *store_identity(const struct store *store) { return &store->identity; }

/* --- transactions --- */

int store_begin(struct store *store) { return store_do(store, STORE_BEGIN, 0, 0); }

int store_begin_reading(struct store *store) { return store_do(store, STORE_BEGIN_READING, 0, 0); }

int store_commit(struct store *store) { return store_do(store, STORE_COMMIT, 0, 0); }

int store_sync(struct store *store) {
  if (!store->path) return EX_OK;
  int result = sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
  return result == SQLITE_OK ? EX_OK : store_fail(store);
}

/* --- cells and facts --- */

int store_finish_cell(struct store *store, uint32_t cell, uint32_t n_replications) {
  int64_t last, beyond;
  int result = store_ask(store, STORE_NTH_RUN, cell, (int64_t)n_replications - 1, &last);
  if (result == SQLITE_DONE) {
    cli_error("%s: cell %u has fewer than %u replications", store_name(store), cell,
              n_replications);
    return EX_SOFTWARE;
  }
  if (result == SQLITE_ROW) result = store_ask(store, STORE_NTH_RUN, cell, n_replications, &beyond);
  for (int i = 0; i <= SCOPES && result == SQLITE_ROW; i++)
    if (store_ask(store, STORE_CUT_RUNS + (unsigned)i, cell, beyond, NULL) != SQLITE_DONE)
      result = SQLITE_ERROR;
  if (result != SQLITE_ROW && result != SQLITE_DONE) return store_fail(store);
  return store_do(store, STORE_PUT_CELL, cell, n_replications);
}

bool store_has(struct store *store, uint32_t cell, uint32_t replication) {
  return store_ask(store, STORE_HAS_RUN, cell, replication, NULL) == SQLITE_ROW;
}

bool store_has_cell(struct store *store, uint32_t cell) {
  return store_ask(store, STORE_NTH_RUN, cell, 0, NULL) == SQLITE_ROW;
}

int store_count(struct store *store, uint64_t *n_replications, uint32_t *n_finished) {
  int64_t n_runs, n_cells;
  if (store_ask(store, STORE_COUNT_RUNS, 0, 0, &n_runs) != SQLITE_ROW ||
      store_ask(store, STORE_COUNT_CELLS, 0, 0, &n_cells) != SQLITE_ROW)
    return store_fail(store);
  *n_replications = (uint64_t)n_runs;
  *n_finished = (uint32_t)n_cells;
  return EX_OK;
}

bool store_is_finished(struct store *store, uint32_t cell) {
  return store_ask(store, STORE_HAS_CELL, cell, 0, NULL) == SQLITE_ROW;
}

int store_set_fact(struct store *store, const char *name, const char *value) {
  sqlite3_stmt *statement = store_statement(store, value ? STORE_PUT_FACT : STORE_DROP_FACT);
  if (!statement) return store_fail(store);
  sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
  if (value) sqlite3_bind_text(statement, 2, value, -1, SQLITE_STATIC);
  return store_step(statement) == SQLITE_DONE ? EX_OK : store_fail(store);
}

const char *store_fact(struct store *store, const char *name, struct arena *arena) {
  sqlite3_stmt *statement = store_statement(store, STORE_GET_FACT);
  if (!statement) return NULL;
  sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
  if (store_step(statement) != SQLITE_ROW) return NULL;
  const char *value = arena_printf(arena, "%s", (const char *)sqlite3_column_text(statement, 0));
  sqlite3_reset(statement);
  return value;
}
