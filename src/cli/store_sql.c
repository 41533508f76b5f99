/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tables of a store, and all that is said to SQLite about them. */
#include "cli/store_parts.h"
#include "study/result_words.h"

#define RUN_KEY "cell INTEGER NOT NULL, replication INTEGER NOT NULL, "
#define ENTITY_KEY RUN_KEY "entity INTEGER NOT NULL, "

/* entity: its number among those of its scope; the names are for people. There is a row in host for
   each replication that is complete. */
static const struct {
  const char *columns, *key;
  uint32_t n_columns;
} tables[SCOPES] = {
    [SCOPE_VM] = {ENTITY_KEY "vm TEXT NOT NULL", "cell, replication, entity", 4},
    [SCOPE_VCPU] = {ENTITY_KEY "vm TEXT NOT NULL, vcpu INTEGER NOT NULL",
                    "cell, replication, entity", 5},
    [SCOPE_LOCK] = {ENTITY_KEY "vm TEXT NOT NULL, lock TEXT NOT NULL", "cell, replication, entity",
                    5},
    [SCOPE_INTERRUPT] = {ENTITY_KEY "vm TEXT NOT NULL, interrupt TEXT NOT NULL",
                         "cell, replication, entity", 5},
    [SCOPE_STEAL] = {ENTITY_KEY "vm TEXT NOT NULL, by TEXT NOT NULL", "cell, replication, entity",
                     5},
    [SCOPE_HOST] = {RUN_KEY "checksum INTEGER NOT NULL", "cell, replication", 3},
};

/* "running_ns INTEGER NOT NULL, …", or the names alone. */
static const char *sql_words(enum scope scope, bool is_typed, struct arena *arena) {
  static const char *const types[] = {
      [WORD_INTEGER] = " INTEGER NOT NULL", [WORD_REAL] = " REAL NOT NULL"};
  uint32_t n;
  const struct result_word *words = result_words_of(scope, &n);
  const char *sql = "";
  for (uint32_t i = 0; i < n; i++)
    sql = arena_printf(arena, "%s%s%s%s", sql, i ? ", " : "", words[i].name,
                       is_typed ? types[words[i].kind] : "");
  return sql;
}

static const char *sql_put(enum scope scope, struct arena *arena) {
  uint32_t n;
  (void)result_words_of(scope, &n);
  const char *sql = arena_printf(arena, "INSERT INTO %s VALUES (?", scope_names[scope]);
  for (n += tables[scope].n_columns; n > 1; n--) sql = arena_printf(arena, "%s, ?", sql);
  return arena_printf(arena, "%s)", sql);
}

const char *store_schema(struct arena *arena) {
  const char *sql =
      "CREATE TABLE study (study TEXT NOT NULL, version TEXT NOT NULL) STRICT;"
      "CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID, STRICT;"
      "CREATE TABLE cell (cell INTEGER PRIMARY KEY, replications INTEGER NOT NULL) STRICT;"
      "CREATE TABLE note (" RUN_KEY
      "note INTEGER NOT NULL, at_ns INTEGER NOT NULL, vm TEXT NOT NULL, text TEXT NOT NULL, "
      "PRIMARY KEY (cell, replication, note)) WITHOUT ROWID, STRICT;";
  for (enum scope scope = 0; scope < SCOPES; scope++)
    sql = arena_printf(arena, "%sCREATE TABLE %s (%s, %s, PRIMARY KEY (%s)) WITHOUT ROWID, STRICT;",
                       sql, scope_names[scope], tables[scope].columns,
                       sql_words(scope, true, arena), tables[scope].key);
  return sql;
}

static const char *const plain[STORE_STATEMENTS] = {
    [STORE_BEGIN] = "BEGIN IMMEDIATE",
    [STORE_BEGIN_READING] = "BEGIN",
    [STORE_COMMIT] = "COMMIT",
    [STORE_PUT_NOTE] = "INSERT INTO note VALUES (?, ?, ?, ?, ?, ?)",
    [STORE_GET_NOTES] =
        "SELECT at_ns, vm, text FROM note WHERE cell = ? AND replication = ? ORDER BY note",
    [STORE_RUNS] =
        "SELECT cell, replication, checksum FROM host WHERE cell = ? ORDER BY replication",
    [STORE_ALL_RUNS] = "SELECT cell, replication, checksum FROM host ORDER BY cell, replication",
    [STORE_NTH_RUN] =
        "SELECT replication FROM host WHERE cell = ? ORDER BY replication LIMIT 1 OFFSET ?",
    [STORE_HAS_RUN] = "SELECT 1 FROM host WHERE cell = ? AND replication = ?",
    [STORE_COUNT_RUNS] = "SELECT count(*) FROM host",
    [STORE_COUNT_CELLS] = "SELECT count(*) FROM cell",
    [STORE_CUT_NOTES] = "DELETE FROM note WHERE cell = ? AND replication >= ?",
    [STORE_PUT_CELL] = "INSERT OR REPLACE INTO cell VALUES (?, ?)",
    [STORE_HAS_CELL] = "SELECT 1 FROM cell WHERE cell = ?",
    [STORE_PUT_FACT] = "INSERT OR REPLACE INTO fact VALUES (?, ?)",
    [STORE_DROP_FACT] = "DELETE FROM fact WHERE name = ?",
    [STORE_GET_FACT] = "SELECT value FROM fact WHERE name = ?",
};

const char *store_sql(enum store_statement which, struct arena *arena) {
  if (plain[which]) return plain[which];
  for (enum scope scope = 0; scope < SCOPES; scope++) {
    if (which == STORE_PUT + scope) return sql_put(scope, arena);
    if (which == STORE_GET + scope)
      return arena_printf(arena, "SELECT %s FROM %s WHERE cell = ? AND replication = ? ORDER BY %s",
                          sql_words(scope, false, arena), scope_names[scope], tables[scope].key);
    if (which == STORE_CUT_RUNS + scope)
      return arena_printf(arena, "DELETE FROM %s WHERE cell = ? AND replication >= ?",
                          scope_names[scope]);
  }
  return NULL;
}
