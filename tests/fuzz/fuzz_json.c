/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON: a refusal comes with an error that points into the text, and an accepted text, written out
   and read again, is the same. */
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"

static const struct conf *read_text(const char *text, size_t size, struct diags *diags) {
  const struct conf *tree = fuzz_read(text, size, diags);
  fuzz_require(tree || diags->n_errors > 0);
  for (uint32_t i = 0; i < diags->n; i++) {
    struct place place = diags->items[i].place;
    fuzz_require(place.source && place.source->text == text &&
                 place.offset + (size_t)place.length <= size);
    fuzz_require(place_line(place).line >= 1);
  }
  return tree;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct arena arena = {0};
  struct diags *first = fuzz_diags(&arena), *second = fuzz_diags(&arena);
  char *text = fuzz_text(data, size);
  const struct conf *tree = read_text(text, size, first);
  if (tree && first->n_errors == 0) {
    const char *written = conf_to_json(&arena, tree);
    const struct conf *again = read_text(written, strlen(written), second);
    fuzz_require(again && second->n_errors == 0);
    fuzz_require(strcmp(conf_to_json(&arena, again), written) == 0);
  }
  free(text);
  arena_free(&arena);
  return 0;
}
