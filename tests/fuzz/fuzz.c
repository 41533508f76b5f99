/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fuzz/fuzz.h"

#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/json_read.h"
#include "study/scenario_bind.h"

static char directory[PATH_MAX];

void fuzz_require(bool is_true) {
  if (!is_true) abort();
}

char *fuzz_text(const uint8_t *data, size_t size) {
  char *text = malloc(size + 1);
  fuzz_require(text != NULL);
  if (size) memcpy(text, data, size);
  text[size] = '\0';
  return text;
}

struct diags *fuzz_diags(struct arena *arena) {
  struct diags *diags = ARENA_NEW(arena, struct diags);
  diags->arena = arena;
  return diags;
}

const struct conf *fuzz_read(const char *text, size_t size, struct diags *diags) {
  struct source *source = ARENA_NEW(diags->arena, struct source);
  *source = (struct source){.name = "fuzz", .text = text, .length = (uint32_t)size};
  return json_read(source, diags, diags->arena);
}

const struct scenario *fuzz_bind(const char *text, size_t size, struct arena *arena) {
  struct diags *diags = fuzz_diags(arena);
  const struct conf *root = fuzz_read(text, size, diags);
  const struct scenario *scenario = root ? scenario_bind(root, diags, arena) : NULL;
  fuzz_require(scenario || diags->n_errors > 0);
  return diags->n_errors > 0 ? NULL : scenario;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *at) {
  (void)status, (void)type, (void)at;
  return remove(path);
}

static void remove_directory(void) { (void)nftw(directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS); }

static void make_directory(void) {
  const char *parent = getenv("TMPDIR");
  int length =
      snprintf(directory, sizeof directory, "%s/costop-fuzz-XXXXXX", parent ? parent : "/tmp");
  fuzz_require(length < (int)sizeof directory && mkdtemp(directory) != NULL);
  (void)atexit(remove_directory);
}

char *fuzz_path(const char *name, struct arena *arena) {
  if (!*directory) make_directory();
  return arena_printf(arena, "%s/%s", directory, name);
}

void fuzz_write(const char *path, const void *bytes, size_t size) {
  FILE *file = fopen(path, "wb");
  fuzz_require(file && fwrite(bytes, 1, size, file) == size && fclose(file) == 0);
}
