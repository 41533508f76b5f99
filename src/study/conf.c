/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/conf.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct conf *conf_new(struct arena *arena, enum conf_kind kind, const char *text,
                      struct place place) {
  struct conf *conf = ARENA_NEW(arena, struct conf);
  *conf = (struct conf){.kind = kind, .text = text, .key_place = place, .place = place};
  return conf;
}

/* Room doubles whenever the count has reached a power of two. */
static void conf_append(struct arena *arena, struct conf *parent, const struct conf *child) {
  uint32_t n = parent->n_children;
  if ((n & (n - 1)) == 0) {
    const struct conf **room = ARENA_ARRAY(arena, n ? 2 * (size_t)n : 1, const struct conf *);
    if (n) memcpy(room, parent->children, n * sizeof *room);
    parent->children = room;
  }
  parent->children[parent->n_children++] = child;
}

void conf_add(struct arena *arena, struct conf *parent, const char *key, struct conf *child) {
  child->key = key;
  conf_append(arena, parent, child);
}

struct conf *conf_object(struct arena *arena) {
  return conf_new(arena, CONF_OBJECT, NULL, (struct place){0});
}

struct conf *conf_array(struct arena *arena) {
  return conf_new(arena, CONF_ARRAY, NULL, (struct place){0});
}

struct conf *conf_string(struct arena *arena, const char *text) {
  return conf_new(arena, CONF_STRING, text, (struct place){0});
}

struct conf *conf_literal(struct arena *arena, const char *text) {
  enum conf_kind kind = CONF_NUMBER;
  if (*text == 't' || *text == 'f') kind = CONF_BOOL;
  if (*text == 'n') kind = CONF_NULL;
  return conf_new(arena, kind, text, (struct place){0});
}

const struct conf *conf_find(const struct conf *object, const char *key) {
  if (!object || object->kind != CONF_OBJECT) return NULL;
  for (uint32_t i = 0; i < object->n_children; i++) {
    const char *other = object->children[i]->key;
    if (*other == *key && strcmp(other, key) == 0) return object->children[i];
  }
  return NULL;
}

static const struct conf *conf_child(const struct conf *parent, const char *key, size_t length) {
  bool is_index = parent->kind == CONF_ARRAY && length > 0 && length < 10 &&
                  strspn(key, "0123456789") == length;
  uint32_t index = is_index ? (uint32_t)strtoul(key, NULL, 10) : 0;
  if (parent->kind == CONF_ARRAY)
    return is_index && index < parent->n_children ? parent->children[index] : NULL;
  for (uint32_t i = 0; parent->kind == CONF_OBJECT && i < parent->n_children; i++) {
    const struct conf *child = parent->children[i];
    if (*child->key == *key && strncmp(child->key, key, length) == 0 && child->key[length] == '\0')
      return child;
  }
  return NULL;
}

const struct conf *conf_find_path(const struct conf *root, const char *path) {
  const struct conf *node = root;
  for (const char *dot; node && (dot = strchr(path, '.')); path = dot + 1)
    node = conf_child(node, path, (size_t)(dot - path));
  if (!node) return NULL;
  return node->kind == CONF_OBJECT ? conf_find(node, path) : conf_child(node, path, strlen(path));
}

bool conf_is_argument(const struct conf *conf) {
  return conf->place.source && conf->place.source->is_argument;
}

/* A copy that may get further children without touching the original's. */
static struct conf *conf_copy(struct arena *arena, const struct conf *conf) {
  struct conf *copy = ARENA_NEW(arena, struct conf);
  *copy = *conf;
  copy->n_children = 0;
  copy->children = NULL;
  for (uint32_t i = 0; i < conf->n_children; i++) conf_append(arena, copy, conf->children[i]);
  return copy;
}

static const struct conf *conf_keyed(struct arena *arena, const struct conf *child,
                                     const char *key) {
  struct conf *copy = ARENA_NEW(arena, struct conf);
  *copy = *child;
  copy->key = key;
  return copy;
}

const struct conf *conf_with(struct arena *arena, const struct conf *parent, const char *key,
                             const struct conf *child) {
  struct conf *copy =
      parent ? conf_copy(arena, parent) : conf_new(arena, CONF_OBJECT, NULL, child->place);
  if (copy->kind == CONF_ARRAY) {
    size_t index = strtoul(key, NULL, 10);
    assert(copy->children && index < copy->n_children);
    copy->children[index] = conf_keyed(arena, child, NULL);
    return copy;
  }
  child = conf_keyed(arena, child, key);
  for (uint32_t i = 0; i < copy->n_children; i++) {
    if (strcmp(copy->children[i]->key, key) != 0) continue;
    copy->children[i] = child;
    return copy;
  }
  conf_append(arena, copy, child);
  return copy;
}

const struct conf *conf_longer(struct arena *arena, const struct conf *array,
                               const struct conf *child) {
  struct conf *copy = conf_copy(arena, array);
  conf_append(arena, copy, conf_keyed(arena, child, NULL));
  return copy;
}

const struct conf *conf_without(struct arena *arena, const struct conf *object, const char *key) {
  struct conf *copy = ARENA_NEW(arena, struct conf);
  *copy = *object;
  copy->n_children = 0;
  copy->children = NULL;
  for (uint32_t i = 0; i < object->n_children; i++)
    if (strcmp(object->children[i]->key, key) != 0) conf_append(arena, copy, object->children[i]);
  return copy;
}

const struct conf *conf_merge(struct arena *arena, const struct conf *base,
                              const struct conf *over) {
  if (base->kind != CONF_OBJECT || over->kind != CONF_OBJECT) return over;
  struct conf *merged = ARENA_NEW(arena, struct conf);
  *merged = *over;
  merged->n_children = 0;
  merged->children = NULL;
  for (uint32_t i = 0; i < base->n_children; i++) {
    const struct conf *child = base->children[i], *other = conf_find(over, child->key);
    conf_append(arena, merged, other ? conf_merge(arena, child, other) : child);
  }
  for (uint32_t i = 0; i < over->n_children; i++)
    if (!conf_find(base, over->children[i]->key)) conf_append(arena, merged, over->children[i]);
  return merged;
}

enum { DESCRIBE_MAX = 40 };

const char *conf_describe(struct arena *arena, const struct conf *conf) {
  switch (conf->kind) {
    case CONF_NULL:
    case CONF_BOOL:
      return conf->text;
    case CONF_NUMBER:
      return arena_printf(arena, "the number %.*s", DESCRIBE_MAX, conf->text);
    case CONF_STRING:
      break;
    case CONF_ARRAY:
      return "an array";
    case CONF_OBJECT:
      return "an object";
  }
  size_t length = strlen(conf->text);
  if (length <= DESCRIBE_MAX) return arena_printf(arena, "the string \"%s\"", conf->text);
  int cut = DESCRIBE_MAX;
  while (cut > 0 && ((unsigned char)conf->text[cut] & 0xc0) == 0x80) cut--;
  return arena_printf(arena, "the string \"%.*s...\"", cut, conf->text);
}
