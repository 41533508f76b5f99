/* SPDX-License-Identifier: GPL-3.0-or-later */
/* --set, --sweep, --zip and --where: arguments as parts of the tree that a file makes. */
#include <ctype.h>
#include <string.h>

#include "cli/json_read.h"
#include "cli/load_parts.h"
#include "cli/utf8.h"
#include "study/preset.h"
#include "study/range.h"
#include "study/scenario_bind.h"
#include "study/scenario_rows.h"

/* An argument that begins PATH=. */
struct assignment {
  const struct source *source; /* all of it */
  const char *path;
  struct place path_place;
  uint32_t value_at; /* offset behind the = */
};

static const struct source *argument_source(struct loader *loader, const char *option,
                                            const char *text) {
  struct source *source = ARENA_NEW(loader->arena, struct source);
  *source = (struct source){
      .name = option, .text = text, .length = (uint32_t)strlen(text), .is_argument = true};
  return source;
}

/* The command line's parser has seen the = and something before it. */
static struct assignment assignment_read(struct loader *loader, const char *option,
                                         const char *text) {
  uint32_t length = (uint32_t)strcspn(text, "=");
  const struct source *source = argument_source(loader, option, text);
  return (struct assignment){.source = source,
                             .path = arena_printf(loader->arena, "%.*s", (int)length, text),
                             .path_place = {source, 0, length},
                             .value_at = length + 1};
}

static struct place place_in(struct place part, struct place place) {
  return (struct place){part.source, part.offset + place.offset, place.length};
}

/* A copy whose places are those of a part of an argument. */
static struct conf *argument_adopt(struct loader *loader, const struct conf *conf,
                                   struct place part) {
  struct conf *copy = conf_new(loader->arena, conf->kind, conf->text, place_in(part, conf->place));
  copy->key_place = place_in(part, conf->key_place);
  for (uint32_t i = 0; i < conf->n_children; i++)
    conf_add(loader->arena, copy, conf->children[i]->key,
             argument_adopt(loader, conf->children[i], part));
  return copy;
}

/* JSON if it parses, else a string. */
static const struct conf *argument_value(struct loader *loader, struct place part) {
  struct source *source = ARENA_NEW(loader->arena, struct source);
  *source = (struct source){.name = part.source->name, .length = part.length, .is_argument = true};
  source->text =
      arena_printf(loader->arena, "%.*s", (int)part.length, part.source->text + part.offset);
  struct diags *trial = ARENA_NEW(loader->arena, struct diags);
  trial->arena = loader->arena;
  const struct conf *value = json_read(source, trial, loader->arena);
  if (!value) return conf_new(loader->arena, CONF_STRING, source->text, part);
  for (uint32_t i = 0; i < trial->n; i++) /* duplicate keys */
    diag_error(loader->diags, place_in(part, trial->items[i].place), NULL, trial->items[i].hint,
               "%s", trial->items[i].message);
  return loader_inline(loader, argument_adopt(loader, value, part), "");
}

static struct place assignment_value(const struct assignment *assignment) {
  uint32_t at = assignment->value_at;
  return (struct place){assignment->source, at, assignment->source->length - at};
}

static const struct conf *loader_set(struct loader *loader, const struct conf *root,
                                     const char *option, const char *text) {
  struct assignment set = assignment_read(loader, option, text);
  const struct conf *value = argument_value(loader, assignment_value(&set));
  const struct conf *changed = scenario_set(root, set.path, value, loader->diags, loader->arena);
  return changed ? changed : root;
}

/* Up to the next comma outside of brackets and quotes. */
static uint32_t element_length(const char *text) {
  int depth = 0;
  bool is_quoted = false;
  const char *at = text;
  for (; *at && (*at != ',' || is_quoted || depth > 0); at++) {
    if (*at == '"') is_quoted = !is_quoted;
    if (is_quoted && *at == '\\' && at[1]) at++;
    if (!is_quoted) depth += (*at == '[' || *at == '{') - (*at == ']' || *at == '}');
  }
  return (uint32_t)(at - text);
}

/* An element without the blanks around it. */
static struct place element_place(const struct source *source, uint32_t from, uint32_t until) {
  while (from < until && isblank((unsigned char)source->text[from])) from++;
  while (until > from && isblank((unsigned char)source->text[until - 1])) until--;
  return (struct place){source, from, until - from};
}

/* Ranges are expanded here, so that a list may hold several. False after an error. */
static bool axis_add(struct loader *loader, const char *path, struct place element,
                     struct conf *values) {
  const char *text = arena_printf(loader->arena, "%.*s", (int)element.length,
                                  element.source->text + element.offset);
  const char *fault = *text ? NULL : "a value is missing; write \"\" for an empty string";
  if (!fault && range_is_one(text)) {
    fault = range_expand(loader->arena, text, element, values);
  } else if (!fault) {
    struct conf *value = ARENA_NEW(loader->arena, struct conf);
    *value = *argument_value(loader, element);
    conf_add(loader->arena, values, NULL, value);
  }
  if (element.length == 0) element.length = 1; /* for the caret */
  if (fault) diag_error(loader->diags, element, path, NULL, "%s", fault);
  return !fault;
}

static const struct conf *loader_sweep(struct loader *loader, const struct conf *root,
                                       const char *key, const struct conf *value) {
  const struct conf *sweep = conf_find(root, "sweep");
  if (root->kind != CONF_OBJECT || (sweep && sweep->kind != CONF_OBJECT))
    return root; /* binding says so */
  sweep = conf_with(loader->arena, sweep, key, value);
  return conf_with(loader->arena, root, "sweep", sweep);
}

/* Without the file's axes over parts of what the path stands for: they would be undone. */
static const struct conf *loader_drop_parts(struct loader *loader, const struct conf *root,
                                            const char *path) {
  const struct conf *sweep = conf_find(root, "sweep");
  size_t length = strlen(path);
  if (!sweep || sweep->kind != CONF_OBJECT) return root;
  for (uint32_t i = 0; i < sweep->n_children;) {
    const struct conf *axis = sweep->children[i];
    bool is_part = strncmp(axis->key, path, length) == 0 && axis->key[length] == '.';
    if (is_part && !conf_is_argument(axis))
      sweep = conf_without(loader->arena, sweep, axis->key);
    else
      i++;
  }
  return conf_with(loader->arena, root, "sweep", sweep);
}

static const struct conf *loader_axis(struct loader *loader, const struct conf *root,
                                      const char *text) {
  struct assignment axis = assignment_read(loader, "--sweep", text);
  struct conf *values = conf_new(loader->arena, CONF_ARRAY, NULL, assignment_value(&axis));
  values->key_place = axis.path_place;
  bool is_good = true;
  for (uint32_t at = axis.value_at, next; at <= axis.source->length; at = next + 1) {
    next = at + element_length(text + at);
    is_good &= axis_add(loader, axis.path, element_place(axis.source, at, next), values);
  }
  if (!is_good) return root;
  root = loader_drop_parts(loader, root, axis.path);
  return loader_sweep(loader, root, axis.path, values);
}

/* Those of the file, and those of the command line. */
static const struct conf *loader_wheres(struct loader *loader, const struct conf *root,
                                        const struct text_list *wheres) {
  if (wheres->n == 0) return root;
  const struct conf *old = conf_find(conf_find(root, "sweep"), SWEEP_WHERE);
  if (old && old->kind != CONF_ARRAY) return root; /* binding says so */
  const struct source *source = argument_source(loader, "--where", wheres->items[0]);
  struct place place = {source, 0, source->length};
  struct conf *all = conf_new(loader->arena, CONF_ARRAY, NULL, old ? old->place : place);
  for (uint32_t i = 0; old && i < old->n_children; i++) {
    struct conf *copy = ARENA_NEW(loader->arena, struct conf);
    *copy = *old->children[i];
    conf_add(loader->arena, all, NULL, copy);
  }
  for (uint32_t i = 0; i < wheres->n; i++) {
    source = i ? argument_source(loader, "--where", wheres->items[i]) : source;
    conf_add(loader->arena, all, NULL,
             conf_new(loader->arena, CONF_STRING, source->text,
                      (struct place){source, 0, source->length}));
  }
  return loader_sweep(loader, root, SWEEP_WHERE, all);
}

static bool sets_preset(const char *text) {
  return strncmp(text, PRESET_PATH "=", sizeof PRESET_PATH) == 0;
}

/* As in files: what a study says is written as JSON. */
static void check_texts(struct loader *loader, const char *option, const struct text_list *texts) {
  for (uint32_t i = 0; i < texts->n; i++) {
    const struct source *source = argument_source(loader, option, texts->items[i]);
    uint32_t length = 1, code;
    for (uint32_t at = 0; at < source->length && length > 0; at += length) {
      length = utf8_decode(source->text + at, source->length - at, &code);
      if (length == 0)
        diag_error(loader->diags, (struct place){source, at, 1}, NULL, NULL, "invalid UTF-8");
    }
  }
}

const struct conf *loader_arguments(struct loader *loader, const struct conf *root,
                                    const struct load_request *request) {
  check_texts(loader, "--set", &request->sets);
  check_texts(loader, "--sweep", &request->axes);
  check_texts(loader, "--where", &request->wheres);
  /* A preset goes under the other settings, wherever it stands among them. */
  for (int is_preset = 1; is_preset >= 0; is_preset--)
    for (uint32_t i = 0; i < request->sets.n; i++)
      if (sets_preset(request->sets.items[i]) == is_preset)
        root = loader_set(loader, root, request->set_options.items[i], request->sets.items[i]);
  for (uint32_t i = 0; i < request->axes.n; i++)
    root = loader_axis(loader, root, request->axes.items[i]);
  if (request->is_zipped)
    root = loader_sweep(loader, root, SWEEP_ZIP, conf_literal(loader->arena, "true"));
  return loader_wheres(loader, root, &request->wheres);
}
