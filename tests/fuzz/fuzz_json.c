/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON: a refusal comes with an error that points into the text, and an accepted text, written out
   and read again, is the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/json_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int is_true) {
  if (!is_true) abort();
}

static const struct conf *read_text(const char *text, size_t size, struct diags *diags) {
  struct source *source = ARENA_NEW(diags->arena, struct source);
  *source = (struct source){.name = "fuzz", .text = text, .length = (uint32_t)size};
  const struct conf *tree = json_read(source, diags, diags->arena);
  require(tree || diags->n_errors > 0);
  for (uint32_t i = 0; i < diags->n; i++) {
    struct place place = diags->items[i].place;
    require(place.source == source && place.offset + (size_t)place.length <= size);
    require(place_line(place).line >= 1);
  }
  return tree;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct arena arena = {0};
  struct diags *first = ARENA_NEW(&arena, struct diags), *second = ARENA_NEW(&arena, struct diags);
  first->arena = second->arena = &arena;
  char *text = malloc(size + 1);
  require(text != NULL);
  if (size) memcpy(text, data, size);
  text[size] = '\0';
  const struct conf *tree = read_text(text, size, first);
  if (tree && first->n_errors == 0) {
    const char *written = conf_to_json(&arena, tree);
    const struct conf *again = read_text(written, strlen(written), second);
    require(again && second->n_errors == 0);
    require(strcmp(conf_to_json(&arena, again), written) == 0);
  }
  free(text);
  arena_free(&arena);
  return 0;
}
