/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Replications into a store and out of it. A checksum over all that is kept of a replication tells
   whether it comes out as it went in: SQLite finds broken pages, not changed figures. */
#include <assert.h>
#include <inttypes.h>
#include <nettle/sha2.h>
#include <string.h>
#include <sysexits.h>

#include "cli/store_parts.h"
#include "study/result_words.h"

static int64_t run_checksum(const struct store_run *run) {
  struct sha256_ctx context;
  const int64_t key[] = {run->cell, run->replication};
  int64_t checksum;
  uint8_t digest[sizeof checksum];
  sha256_init(&context);
  sha256_update(&context, sizeof key, (const uint8_t *)key);
  sha256_update(&context, run->n_words * sizeof *run->words, (const uint8_t *)run->words);
  for (uint32_t i = 0; i < run->n_notes; i++) {
    const struct store_note *note = &run->notes[i];
    sha256_update(&context, sizeof note->at_ns, (const uint8_t *)&note->at_ns);
    sha256_update(&context, strlen(note->vm) + 1, (const uint8_t *)note->vm);
    sha256_update(&context, strlen(note->text) + 1, (const uint8_t *)note->text);
  }
  sha256_digest(&context, sizeof digest, digest);
  memcpy(&checksum, digest, sizeof checksum);
  return checksum;
}

static void run_make_room(struct store *store, size_t n_words) {
  struct store_run *run = &store->run;
  if (n_words <= run->words_room) return;
  int64_t *old = run->words;
  run->words_room = 2 * n_words;
  run->words = ARENA_ARRAY(&store->arena, run->words_room, int64_t);
  if (run->n_words > 0) memcpy(run->words, old, run->n_words * sizeof *old);
}

/* --- in --- */

static int bind_word(sqlite3_stmt *statement, int at, enum result_word_kind kind, int64_t word) {
  double real;
  switch (kind) {
    case WORD_INTEGER:
      return sqlite3_bind_int64(statement, at, word);
    case WORD_REAL:
      memcpy(&real, &word, sizeof real);
      return sqlite3_bind_double(statement, at, real);
  }
  return SQLITE_MISUSE;
}

static int bind_text(sqlite3_stmt *statement, int at, const char *text) {
  return sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC);
}

/* The columns before the words; returns the number of the next one. */
static int bind_entity(sqlite3_stmt *statement, const struct run_result *run, struct entity entity,
                       uint32_t number, int64_t checksum) {
  int at = 3;
  const struct vm_result *vm = &run->vms[entity.vm];
  if (entity.scope == SCOPE_HOST) {
    sqlite3_bind_int64(statement, at++, checksum);
    return at;
  }
  sqlite3_bind_int64(statement, at++, number);
  bind_text(statement, at++, vm->spec->name);
  if (entity.scope == SCOPE_VCPU) sqlite3_bind_int64(statement, at++, entity.member);
  if (entity.scope == SCOPE_LOCK) bind_text(statement, at++, vm->locks[entity.member].spec->name);
  if (entity.scope == SCOPE_INTERRUPT)
    bind_text(statement, at++, vm->interrupts[entity.member].spec->name);
  if (entity.scope == SCOPE_STEAL)
    bind_text(statement, at++, entity_stealer(run->scenario, entity.member));
  return at;
}

/* Takes the words of the scope's entities from *words on. */
static int put_scope(struct store *store, const struct run_result *run, enum scope scope,
                     int64_t checksum, const int64_t **words) {
  uint32_t n_words, number = 0;
  const struct result_word *rows = result_words_of(scope, &n_words);
  sqlite3_stmt *statement = store_statement(store, STORE_PUT + scope);
  int result = statement ? SQLITE_DONE : SQLITE_ERROR;
  struct entity entity;
  for (bool more = entity_first(run, scope, &entity); more && result == SQLITE_DONE;
       more = entity_next(run, &entity)) {
    sqlite3_bind_int64(statement, 1, store->run.cell);
    sqlite3_bind_int64(statement, 2, store->run.replication);
    int at = bind_entity(statement, run, entity, number++, checksum);
    for (uint32_t i = 0; i < n_words; i++) bind_word(statement, at++, rows[i].kind, *(*words)++);
    result = store_step(statement);
  }
  return result;
}

static int put_notes(struct store *store) {
  int result = SQLITE_DONE;
  for (uint32_t i = 0; i < store->run.n_notes && result == SQLITE_DONE; i++) {
    sqlite3_stmt *statement = store_statement(store, STORE_PUT_NOTE);
    if (!statement) return SQLITE_ERROR;
    sqlite3_bind_int64(statement, 1, store->run.cell);
    sqlite3_bind_int64(statement, 2, store->run.replication);
    sqlite3_bind_int64(statement, 3, i);
    sqlite3_bind_int64(statement, 4, store->run.notes[i].at_ns);
    bind_text(statement, 5, store->run.notes[i].vm);
    bind_text(statement, 6, store->run.notes[i].text);
    result = store_step(statement);
  }
  return result;
}

int store_put(struct store *store, uint32_t cell, const struct run_result *run) {
  assert(!sqlite3_get_autocommit(store->db) && run->status == RUN_DONE);
  struct store_note *notes = ARENA_ARRAY(&store->scratch, run->n_notes, struct store_note);
  for (uint32_t i = 0; i < run->n_notes; i++)
    notes[i] = (struct store_note){run->notes[i].at_ns, run->scenario->vms[run->notes[i].vm].name,
                                   run->notes[i].text};
  size_t n_words = result_words_count(run->scenario);
  run_make_room(store, n_words);
  result_words_pack(run, store->run.words);
  store->run = (struct store_run){.cell = cell,
                                  .replication = run->replication,
                                  .words = store->run.words,
                                  .n_words = n_words,
                                  .words_room = store->run.words_room,
                                  .notes = notes,
                                  .n_notes = run->n_notes};
  const int64_t *words = store->run.words, checksum = run_checksum(&store->run);
  int result = put_notes(store);
  for (enum scope scope = 0; scope < SCOPES && result == SQLITE_DONE; scope++)
    result = put_scope(store, run, scope, checksum, &words);
  arena_reset(&store->scratch);
  return result == SQLITE_DONE ? EX_OK : store_fail(store);
}

/* --- out --- */

static int64_t column_word(sqlite3_stmt *statement, int at, enum result_word_kind kind) {
  int64_t word = 0;
  double real;
  switch (kind) {
    case WORD_INTEGER:
      return sqlite3_column_int64(statement, at);
    case WORD_REAL:
      real = sqlite3_column_double(statement, at);
      memcpy(&word, &real, sizeof word);
  }
  return word;
}

static const char *column_text(sqlite3_stmt *statement, int at, struct arena *arena) {
  const unsigned char *text = sqlite3_column_text(statement, at);
  return arena_printf(arena, "%s", text ? (const char *)text : "");
}

static sqlite3_stmt *run_statement(struct store *store, enum store_statement which) {
  sqlite3_stmt *statement = store_statement(store, which);
  if (!statement) return NULL;
  sqlite3_bind_int64(statement, 1, store->run.cell);
  sqlite3_bind_int64(statement, 2, store->run.replication);
  return statement;
}

static int get_scope(struct store *store, enum scope scope) {
  uint32_t n_words;
  const struct result_word *rows = result_words_of(scope, &n_words);
  sqlite3_stmt *statement = run_statement(store, STORE_GET + scope);
  int result = statement ? SQLITE_ROW : SQLITE_ERROR;
  while (result == SQLITE_ROW && (result = store_step(statement)) == SQLITE_ROW) {
    run_make_room(store, store->run.n_words + n_words);
    store->run.n_rows++;
    for (uint32_t i = 0; i < n_words; i++)
      store->run.words[store->run.n_words++] = column_word(statement, (int)i, rows[i].kind);
  }
  return result;
}

/* items, with room for one more than n. */
static void *make_room(struct arena *arena, void *items, uint32_t n, size_t size) {
  bool is_full = (n & (n - 1)) == 0; /* at every power of two: no capacity to keep */
  if (!is_full) return items;
  void *larger = arena_alloc(arena, n ? 2 * (size_t)n : 1, size);
  return n ? memcpy(larger, items, n * size) : larger;
}

static int get_notes(struct store *store, struct arena *arena) {
  struct store_note *notes = NULL;
  uint32_t n = 0;
  sqlite3_stmt *statement = run_statement(store, STORE_GET_NOTES);
  int result = statement ? SQLITE_ROW : SQLITE_ERROR;
  while (result == SQLITE_ROW && (result = store_step(statement)) == SQLITE_ROW) {
    notes = make_room(arena, notes, n, sizeof *notes);
    notes[n++] =
        (struct store_note){sqlite3_column_int64(statement, 0), column_text(statement, 1, arena),
                            column_text(statement, 2, arena)};
  }
  store->run.notes = notes;
  store->run.n_notes = n;
  return result;
}

struct run_key {
  uint32_t cell, replication;
  int64_t checksum;
};

/* Fills store->run; its notes are in the arena. n_entities: where there are none, by scope, nobody
   looks; NULL: everywhere. */
static int get_run(struct store *store, const struct run_key *key, const uint32_t *n_entities,
                   struct arena *arena) {
  store->run.cell = key->cell;
  store->run.replication = key->replication;
  store->run.n_words = 0;
  int result = get_notes(store, arena);
  store->run.n_rows = store->run.n_notes;
  for (enum scope scope = 0; scope < SCOPES && result == SQLITE_DONE; scope++)
    if (!n_entities || n_entities[scope] > 0) result = get_scope(store, scope);
  if (result != SQLITE_DONE) return store_fail(store);
  if (run_checksum(&store->run) == key->checksum) return EX_OK;
  return store_damaged(store, "replication %u of cell %u is not what it was", key->replication,
                       key->cell);
}

static vm_id_t vm_by_name(const struct scenario *scenario, const char *name) {
  vm_id_t vm = 0;
  while (vm + 1 < scenario->n_vms && strcmp(scenario->vms[vm].name, name) != 0) vm++;
  return vm;
}

static const struct run_result *unpack_run(const struct store_run *run,
                                           const struct scenario *scenario, struct arena *arena) {
  struct run_result *unpacked = result_words_unpack(scenario, run->replication, run->words, arena);
  struct run_note *notes = ARENA_ARRAY(arena, run->n_notes, struct run_note);
  for (uint32_t i = 0; i < run->n_notes; i++)
    notes[i] = (struct run_note){run->notes[i].at_ns, vm_by_name(scenario, run->notes[i].vm),
                                 run->notes[i].text};
  unpacked->notes = notes;
  unpacked->n_notes = run->n_notes;
  return unpacked;
}

/* Of one cell, or of all. */
static int list_runs(struct store *store, const uint32_t *cell, struct arena *arena,
                     struct run_key **keys, uint32_t *n) {
  sqlite3_stmt *statement = store_statement(store, cell ? STORE_RUNS : STORE_ALL_RUNS);
  int result = statement ? SQLITE_ROW : SQLITE_ERROR;
  if (statement && cell) sqlite3_bind_int64(statement, 1, *cell);
  for (*n = 0; result == SQLITE_ROW && (result = store_step(statement)) == SQLITE_ROW; ++*n) {
    *keys = make_room(arena, *keys, *n, sizeof **keys);
    (*keys)[*n] = (struct run_key){(uint32_t)sqlite3_column_int64(statement, 0),
                                   (uint32_t)sqlite3_column_int64(statement, 1),
                                   sqlite3_column_int64(statement, 2)};
  }
  return result == SQLITE_DONE ? EX_OK : store_fail(store);
}

int store_get(struct store *store, uint32_t cell, const struct scenario *scenario,
              struct arena *arena, struct replications *replications) {
  struct run_key *keys = NULL;
  uint32_t n;
  int code = list_runs(store, &cell, arena, &keys, &n);
  size_t n_words = result_words_count(scenario);
  uint32_t n_entities[SCOPES];
  result_words_entities(scenario, n_entities);
  const struct run_result **runs = ARENA_ARRAY(arena, n, const struct run_result *);
  for (uint32_t i = 0; i < n && code == EX_OK; i++) {
    code = get_run(store, &keys[i], n_entities, arena);
    if (code != EX_OK) break;
    if (store->run.n_words == n_words)
      runs[i] = unpack_run(&store->run, scenario, arena);
    else
      code = store_damaged(store, "replication %u of cell %u has %zu figures instead of %zu",
                           keys[i].replication, cell, store->run.n_words, n_words);
  }
  *replications = (struct replications){.scenario = scenario, .runs = runs};
  if (code == EX_OK) replications->n = n;
  return code;
}

/* --- is it all there? --- */

static int count(struct store *store, const char *sql, int64_t *n) {
  sqlite3_stmt *statement = NULL;
  int result = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);
  if (result == SQLITE_OK) result = sqlite3_step(statement);
  if (result == SQLITE_ROW) *n = sqlite3_column_int64(statement, 0);
  sqlite3_finalize(statement);
  return result == SQLITE_ROW ? EX_OK : store_fail(store);
}

/* Rows that belong to no replication, and cells that lack some. */
static int verify_counts(struct store *store, int64_t n_rows) {
  int64_t n_there = 0, n_short = 0;
  const char *sql = "SELECT (SELECT count(*) FROM note)";
  for (enum scope scope = 0; scope < SCOPES; scope++)
    sql = arena_printf(&store->scratch, "%s + (SELECT count(*) FROM %s)", sql, scope_names[scope]);
  int code = count(store, sql, &n_there);
  arena_reset(&store->scratch);
  if (code == EX_OK)
    code = count(store,
                 "SELECT count(*) FROM cell WHERE replications <> "
                 "(SELECT count(*) FROM host WHERE host.cell = cell.cell)",
                 &n_short);
  if (code != EX_OK) return code;
  if (n_there != n_rows)
    return store_damaged(store, "it has %" PRId64 " rows instead of %" PRId64, n_there, n_rows);
  if (n_short > 0) return store_damaged(store, "%" PRId64 " cells lack replications", n_short);
  return EX_OK;
}

int store_verify(struct store *store) {
  struct arena arena = {0};
  struct run_key *keys = NULL;
  uint32_t n;
  int64_t n_rows = 0;
  int code = list_runs(store, NULL, &arena, &keys, &n);
  for (uint32_t i = 0; i < n && code == EX_OK; i++) {
    code = get_run(store, &keys[i], NULL, &store->scratch);
    n_rows += store->run.n_rows;
    arena_reset(&store->scratch);
  }
  if (code == EX_OK) code = verify_counts(store, n_rows);
  arena_free(&arena);
  return code;
}
