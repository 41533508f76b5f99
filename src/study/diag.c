/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct place_line place_line(struct place place) {
  struct place_line found = {.line = 1};
  if (!place.source) return found;
  const char *text = place.source->text, *end = text + place.source->length;
  const char *at = text + (place.offset < place.source->length ? place.offset : end - text);
  found.text = text;
  for (const char *newline; (newline = memchr(found.text, '\n', (size_t)(at - found.text)));) {
    found.text = newline + 1;
    found.line++;
  }
  found.column = (uint32_t)(at - found.text) + 1;
  const char *newline = memchr(at, '\n', (size_t)(end - at));
  found.length = (uint32_t)((newline ? newline : end) - found.text);
  if (found.length > 0 && found.text[found.length - 1] == '\r') found.length--;
  return found;
}

/* Copies of the texts outlive whatever scratch memory they were worded in. */
static void diag_add(struct diags *diags, struct diag diag, const char *format, va_list args) {
  if (diag.severity == DIAG_ERROR) diags->n_errors++;
  if (diags->n == DIAGS_MAX) {
    diags->n_dropped++;
    return;
  }
  va_list again;
  va_copy(again, args);
  int length = vsnprintf(NULL, 0, format, args);
  size_t size = (size_t)(length < 0 ? 0 : length) + 1;
  char *message = arena_alloc(diags->arena, size, 1);
  (void)vsnprintf(message, size, format, again);
  va_end(again);
  diag.message = message;
  diag.path = diag.path ? arena_strdup(diags->arena, diag.path) : "";
  if (diag.hint) diag.hint = arena_strdup(diags->arena, diag.hint);
  diags->items[diags->n++] = diag;
}

void diag_error(struct diags *diags, struct place place, const char *path, const char *hint,
                const char *format, ...) {
  va_list args;
  va_start(args, format);
  struct diag diag = {.severity = DIAG_ERROR, .place = place, .path = path, .hint = hint};
  diag_add(diags, diag, format, args);
  va_end(args);
}

void diag_warning(struct diags *diags, struct place place, const char *path, const char *hint,
                  const char *format, ...) {
  va_list args;
  va_start(args, format);
  struct diag diag = {.severity = DIAG_WARNING, .place = place, .path = path, .hint = hint};
  diag_add(diags, diag, format, args);
  va_end(args);
}
