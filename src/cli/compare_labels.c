/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/compare_labels.h"

#include <string.h>

enum { VALUE_MAX = 40 };

/* The last n parts of a path. */
static const char *tail_of(const char *path, uint32_t n, char separator) {
  const char *at = path + strlen(path);
  while (at > path && (at[-1] != separator || --n > 0)) at--;
  return at;
}

/* --- cells --- */

static bool is_ambiguous(const struct grid *grid, uint32_t axis, const char *tail, uint32_t n) {
  for (uint32_t i = 0; i < grid->n_axes; i++)
    if (i != axis && strcmp(tail_of(grid->axes[i].path, n, '.'), tail) == 0) return true;
  return false;
}

static const char *axis_name(const struct grid *grid, uint32_t axis) {
  const char *path = grid->axes[axis].path, *tail;
  uint32_t n = 1;
  do tail = tail_of(path, n, '.');
  while (tail > path && is_ambiguous(grid, axis, tail, n++));
  return tail;
}

static uint32_t index_of(const struct conf *values, const struct conf *value) {
  uint32_t i = 0;
  while (values->children[i] != value) i++;
  return i;
}

static bool has_value(const struct axis *axis, const struct conf *sought) {
  for (uint32_t i = 0; i < axis->values->n_children; i++) {
    const struct conf *value = axis->values->children[i];
    if (value->kind == sought->kind && strcmp(value->text, sought->text) == 0) return true;
  }
  return false;
}

/* A kind speaks for itself, unless another axis says the same. */
static bool is_plain(const struct grid *grid, uint32_t axis) {
  const struct axis *me = &grid->axes[axis];
  if (strcmp(tail_of(me->path, 1, '.'), "kind") != 0) return false;
  for (uint32_t i = 0; i < grid->n_axes; i++)
    for (uint32_t k = 0; i != axis && k < me->values->n_children; k++)
      if (has_value(&grid->axes[i], me->values->children[k])) return false;
  return true;
}

static const char *axis_text(const struct grid *grid, uint32_t cell, uint32_t axis,
                             struct arena *arena) {
  const struct conf *value = grid_value(grid, cell, axis);
  const char *name = axis_name(grid, axis);
  const char *text = value->kind == CONF_STRING ? value->text : conf_to_line(arena, value);
  if (is_plain(grid, axis)) return text;
  if (strlen(text) <= VALUE_MAX) return arena_printf(arena, "%s=%s", name, text);
  return arena_printf(arena, "%s#%u", name, index_of(grid->axes[axis].values, value));
}

const char *compare_label_cell(const struct grid *grid, uint32_t cell, struct arena *arena) {
  const char *label = "";
  for (uint32_t axis = 0; axis < grid->n_axes; axis++)
    label =
        arena_printf(arena, "%s%s%s", label, *label ? "/" : "", axis_text(grid, cell, axis, arena));
  return label;
}

/* --- files --- */

/* "./out/strict/" -> "out/strict", "a.json" -> "a". */
static const char *plain_path(const char *path, struct arena *arena) {
  while (strncmp(path, "./", 2) == 0) path += 2;
  char *plain = arena_strdup(arena, path);
  size_t length = strlen(plain);
  while (length > 1 && plain[length - 1] == '/') plain[--length] = '\0';
  char *suffix = length > 5 ? plain + length - 5 : plain + length;
  if (strcmp(suffix, ".json") == 0) *suffix = '\0';
  return plain;
}

static bool is_taken(const char *const *plain, uint32_t n, uint32_t me, uint32_t parts) {
  const char *tail = tail_of(plain[me], parts, '/');
  for (uint32_t i = 0; i < n; i++)
    if (i != me && strcmp(tail_of(plain[i], parts, '/'), tail) == 0) return true;
  return false;
}

/* All labels have as many parts, so that they compare. */
void compare_label_files(const char *const *paths, uint32_t n, const char **labels,
                         struct arena *arena) {
  const char **plain = ARENA_ARRAY(arena, n, const char *);
  for (uint32_t i = 0; i < n; i++) plain[i] = plain_path(paths[i], arena);
  uint32_t parts = 1;
  for (uint32_t i = 0; i < n; i++)
    while (is_taken(plain, n, i, parts) && tail_of(plain[i], parts, '/') > plain[i]) parts++;
  for (uint32_t i = 0; i < n; i++) {
    labels[i] = tail_of(plain[i], parts, '/');
    if (is_taken(plain, n, i, parts)) labels[i] = arena_printf(arena, "%s#%u", labels[i], i + 1);
  }
}
