/* SPDX-License-Identifier: GPL-3.0-or-later */
/* results.sqlite with a few bytes changed, or cut short: it is refused, or what comes out of it is
   what went in. The input is the damage: a byte for the cut (of 256, 0: none), then an offset of
   three bytes and what is added to the byte there, again and again. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "cli/store.h"
#include "fuzz/fuzz.h"
#include "study/machine.h"
#include "study/result_words.h"
#include "study/scenario_bind.h"

enum { RUNS = 2, EDIT_BYTES = 4, EDITS_MAX = 64 };

static const char text[] =
    "{ \"host\": { \"pcpus\": 1 }, \"locks\": { \"l\": { \"kind\": \"tas\" } },"
    "  \"programs\": { \"p\": [ { \"compute\": { \"exponential\": \"10us\" } },"
    "                         { \"lock\": \"l\", \"hold\": \"1us\" } ] },"
    "  \"vms\": { \"a\": { \"vcpus\": 2, \"program\": \"p\" } },"
    "  \"run\": { \"warmup\": \"0\", \"duration\": \"1ms\" } }";
static const struct store_identity identity = {.study_json = "{}", .version = "fuzz"};

/* A store as it should be. */
static struct {
  const struct scenario *scenario;
  size_t n_words, size;
  int64_t *words[RUNS];
  uint8_t *bytes;
  char *path;
  struct arena arena;
} sound;

static void forget_files(struct arena *arena) {
  static const char *const endings[] = {"", "-wal", "-shm", "-journal"};
  for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
    (void)unlink(arena_printf(arena, "%s%s", sound.path, endings[i]));
}

static void read_bytes(void) {
  FILE *file = fopen(sound.path, "rb");
  fuzz_require(file && fseek(file, 0, SEEK_END) == 0);
  sound.size = (size_t)ftell(file);
  sound.bytes = ARENA_ARRAY(&sound.arena, sound.size, uint8_t);
  rewind(file);
  fuzz_require(fread(sound.bytes, 1, sound.size, file) == sound.size);
  (void)fclose(file);
}

static void make_sound(void) {
  sound.path = fuzz_path("results.sqlite", &sound.arena);
  sound.scenario = fuzz_bind(text, sizeof text - 1, &sound.arena);
  fuzz_require(sound.scenario != NULL);
  sound.n_words = result_words_count(sound.scenario);
  struct store *store;
  fuzz_require(store_create(sound.path, &identity, &store) == EX_OK && store_begin(store) == EX_OK);
  for (uint32_t i = 0; i < RUNS; i++) {
    const struct machine_options options = {.replication = i};
    const struct run_result *run = machine_run(sound.scenario, &options, &sound.arena);
    sound.words[i] = ARENA_ARRAY(&sound.arena, sound.n_words, int64_t);
    result_words_pack(run, sound.words[i]);
    fuzz_require(store_put(store, 0, run) == EX_OK);
  }
  fuzz_require(store_finish_cell(store, 0, RUNS) == EX_OK && store_commit(store) == EX_OK);
  fuzz_require(store_close(store) == EX_OK);
  read_bytes();
}

static void write_damaged(const uint8_t *data, size_t size, struct arena *arena) {
  uint8_t *bytes = ARENA_ARRAY(arena, sound.size, uint8_t);
  memcpy(bytes, sound.bytes, sound.size);
  size_t length = size > 0 && data[0] ? sound.size * data[0] / 256 : sound.size;
  const uint8_t *edit = data + 1;
  for (size_t n = size / EDIT_BYTES; n > 0; n--, edit += EDIT_BYTES) {
    if (edit + EDIT_BYTES > data + size) break;
    size_t at = edit[0] | (size_t)edit[1] << 8 | (size_t)edit[2] << 16;
    bytes[at % sound.size] = (uint8_t)(bytes[at % sound.size] + edit[3]);
  }
  fuzz_write(sound.path, bytes, length);
}

static void check_runs(struct store *store, struct arena *arena) {
  struct replications found;
  if (store_get(store, 0, sound.scenario, arena, &found) != EX_OK) return;
  int64_t *words = ARENA_ARRAY(arena, sound.n_words, int64_t);
  for (uint32_t i = 0; i < found.n; i++) {
    fuzz_require(found.runs[i]->replication < RUNS);
    result_words_pack(found.runs[i], words);
    fuzz_require(
        memcmp(words, sound.words[found.runs[i]->replication], sound.n_words * sizeof *words) == 0);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (!sound.scenario) make_sound();
  if (size > EDITS_MAX * EDIT_BYTES) return 0;
  struct arena arena = {0};
  forget_files(&arena);
  write_damaged(data, size, &arena);
  struct store *store;
  if (store_resume(sound.path, &identity, &store) == EX_OK) {
    check_runs(store, &arena);
    (void)store_close(store);
  }
  arena_free(&arena);
  return 0;
}
