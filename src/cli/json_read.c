/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/json_read.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "cli/json_lex.h"

struct json_reader {
  const struct source *source;
  const struct json_token *token; /* the next one */
  struct diags *diags;
  struct arena *arena;
};

static struct place reader_take(struct json_reader *reader) {
  struct place place = {reader->source, reader->token->offset, reader->token->length};
  reader->token++;
  return place;
}

static int by_key(const void *a, const void *b) {
  const struct conf *const *left = a, *const *right = b;
  int order = strcmp((*left)->key, (*right)->key);
  if (order) return order;
  return (*left)->key_place.offset < (*right)->key_place.offset ? -1 : 1;
}

/* Reports keys that occur again and drops them. */
static void reader_drop_duplicates(struct json_reader *reader, struct conf *object) {
  if (object->n_children < 2) return;
  struct arena scratch = {0};
  const struct conf **sorted = ARENA_ARRAY(&scratch, object->n_children, const struct conf *);
  memcpy(sorted, object->children, object->n_children * sizeof *sorted);
  qsort(sorted, object->n_children, sizeof *sorted, by_key);
  bool has_any = false;
  for (uint32_t i = 1; i < object->n_children; i++) {
    if (strcmp(sorted[i - 1]->key, sorted[i]->key) != 0) continue;
    diag_error(reader->diags, sorted[i]->key_place, NULL,
               arena_printf(&scratch, "it is on line %u already",
                            place_line(sorted[i - 1]->key_place).line),
               "duplicate key '%s'", sorted[i]->key);
    has_any = true;
  }
  uint32_t n = 0;
  for (uint32_t i = 0; has_any && i < object->n_children; i++) {
    const struct conf *child = object->children[i];
    const struct conf **found = bsearch(&child, sorted, object->n_children, sizeof *sorted, by_key);
    bool is_again = found && found > sorted && strcmp(found[-1]->key, child->key) == 0;
    if (!is_again) object->children[n++] = child;
  }
  if (has_any) object->n_children = n;
  arena_free(&scratch);
}

static enum conf_kind kind_of(const cJSON *item) {
  if (cJSON_IsObject(item)) return CONF_OBJECT;
  if (cJSON_IsArray(item)) return CONF_ARRAY;
  if (cJSON_IsString(item)) return CONF_STRING;
  if (cJSON_IsNumber(item)) return CONF_NUMBER;
  return cJSON_IsBool(item) ? CONF_BOOL : CONF_NULL;
}

/* Walks cJSON's tree and the tokens side by side: both are in document order. The depth is bounded
   by JSON_DEPTH_MAX. */
static struct conf *reader_build(struct json_reader *reader, const cJSON *item) {
  struct place place = reader_take(reader);
  enum conf_kind kind = kind_of(item);
  struct conf *conf = conf_new(reader->arena, kind, NULL, place);
  if (kind == CONF_STRING) conf->text = arena_strdup(reader->arena, cJSON_GetStringValue(item));
  if (kind != CONF_ARRAY && kind != CONF_OBJECT) {
    if (kind != CONF_STRING)
      conf->text = arena_printf(reader->arena, "%.*s", (int)place.length,
                                reader->source->text + place.offset);
    return conf;
  }
  const cJSON *child;
  cJSON_ArrayForEach(child, item) {
    struct place key_place = {0};
    const char *key = NULL;
    if (reader->token->kind == JSON_COMMA) reader_take(reader);
    if (kind == CONF_OBJECT) {
      key_place = reader_take(reader);
      key = arena_strdup(reader->arena, child->string);
      reader_take(reader); /* the colon */
    }
    struct conf *built = reader_build(reader, child);
    conf_add(reader->arena, conf, key, built);
    built->key_place = key ? key_place : built->place;
  }
  reader_take(reader); /* the closing bracket */
  if (kind == CONF_OBJECT) reader_drop_duplicates(reader, conf);
  return conf;
}

const struct conf *json_read(const struct source *source, struct diags *diags,
                             struct arena *arena) {
  struct arena scratch = {0};
  struct conf *conf = NULL;
  struct json_reader reader = {.source = source, .diags = diags, .arena = arena};
  reader.token = json_lex(source, diags, &scratch);
  if (reader.token) {
    const char *end = source->text;
    cJSON *root = cJSON_ParseWithLengthOpts(source->text, source->length + (size_t)1, &end, true);
    struct place place = {source, (uint32_t)(end - source->text), 1};
    if (root)
      conf = reader_build(&reader, root);
    else
      diag_error(diags, place, NULL, "half of a \\u surrogate pair?", "invalid JSON");
    cJSON_Delete(root);
  }
  arena_free(&scratch);
  return conf;
}
