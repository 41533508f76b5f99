/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON Schema (draft 2020-12) of scenario files, from the rows that read them. */
#include <string.h>

#include "study/family.h"
#include "study/preset.h"
#include "study/scenario_bind.h"
#include "study/scenario_rows.h"

#define DURATION_PATTERN "^\\s*([0-9]+\\.?[0-9]*|\\.[0-9]+)\\s*(ns|us|ms|s|min|h)\\s*$|^\\s*0\\s*$"
#define NAME_PATTERN "^[A-Za-z][A-Za-z0-9_-]*$"

static struct conf *put(struct arena *arena, struct conf *object, const char *key,
                        struct conf *value) {
  conf_add(arena, object, key, value);
  return value;
}

static void put_text(struct arena *arena, struct conf *object, const char *key, const char *text) {
  conf_add(arena, object, key, conf_string(arena, text));
}

static struct conf *typed(struct arena *arena, const char *type) {
  struct conf *schema = conf_object(arena);
  put_text(arena, schema, "type", type);
  return schema;
}

static struct conf *reference(struct arena *arena, const char *name) {
  struct conf *schema = conf_object(arena);
  put_text(arena, schema, "$ref", arena_printf(arena, "#/$defs/%s", name));
  return schema;
}

static struct conf *one_of_words(struct arena *arena, const char *const *words) {
  struct conf *schema = conf_object(arena), *list = put(arena, schema, "enum", conf_array(arena));
  for (; *words; words++) conf_add(arena, list, NULL, conf_string(arena, *words));
  return schema;
}

/* Either of two schemas; they go in as they are. */
static struct conf *either(struct arena *arena, struct conf *a, struct conf *b) {
  struct conf *schema = conf_object(arena), *list = put(arena, schema, "anyOf", conf_array(arena));
  conf_add(arena, list, NULL, a);
  conf_add(arena, list, NULL, b);
  return schema;
}

/* An object that has no keys but these; properties are to be filled. */
static struct conf *closed_object(struct arena *arena, struct conf **properties) {
  struct conf *schema = typed(arena, "object");
  *properties = put(arena, schema, "properties", conf_object(arena));
  conf_add(arena, schema, "additionalProperties", conf_literal(arena, "false"));
  return schema;
}

static struct conf *named_objects(struct arena *arena, struct conf *element) {
  struct conf *schema = typed(arena, "object");
  conf_add(arena, schema, "propertyNames", reference(arena, "name"));
  conf_add(arena, schema, "additionalProperties", element);
  return schema;
}

static void put_bounds(struct arena *arena, struct conf *schema, const struct param *row) {
  conf_add(arena, schema, "minimum", conf_literal(arena, arena_printf(arena, "%.15g", row->min)));
  if (row->max <= 0x1p53)
    conf_add(arena, schema, "maximum", conf_literal(arena, arena_printf(arena, "%.15g", row->max)));
}

static struct conf *value_schema(struct arena *arena, const struct param *row) {
  struct conf *schema = NULL;
  switch (row->type) {
    case PARAM_DURATION:
      schema = reference(arena, "duration");
      break;
    case PARAM_DIST:
      schema = reference(arena, "distribution");
      break;
    case PARAM_TEXT:
      schema = typed(arena, "string");
      break;
    case PARAM_CHOICE:
      schema = one_of_words(arena, row->choices);
      break;
    case PARAM_COUNT:
      put_bounds(arena, schema = typed(arena, "integer"), row);
      break;
    case PARAM_REAL:
      put_bounds(arena, schema = typed(arena, "number"), row);
      break;
    case PARAM_INTEGER:
      put_bounds(arena, schema = typed(arena, "integer"), row);
      struct conf *digits = typed(arena, "string");
      put_text(arena, digits, "pattern", "^[0-9]+$");
      schema = either(arena, schema, digits);
      break;
    case PARAM_DURATIONS:
      schema = typed(arena, "array");
      conf_add(arena, schema, "items", reference(arena, "duration"));
      conf_add(arena, schema, "minItems", conf_literal(arena, "1"));
      schema = either(arena, schema, typed(arena, "string"));
      break;
  }
  if (!row->word) return schema;
  struct conf *word = conf_object(arena);
  put_text(arena, word, "const", row->word);
  return either(arena, schema, word);
}

static struct conf *row_schema(struct arena *arena, const struct param *row) {
  struct conf *schema = value_schema(arena, row);
  put_text(arena, schema, "description", row->help);
  if (!row->fallback) return schema;
  bool is_number =
      (row->type == PARAM_COUNT || row->type == PARAM_REAL || row->type == PARAM_INTEGER) &&
      !(row->word && strcmp(row->word, row->fallback) == 0);
  conf_add(arena, schema, "default",
           is_number ? conf_literal(arena, row->fallback) : conf_string(arena, row->fallback));
  return schema;
}

struct properties {
  struct conf *object, *required;
  struct conf *group, *group_object; /* the group of the row before */
};

/* A row "group.key" goes into the object of its group; its siblings stand beside it. A key that is
   there already, of another kind of the family, stays. */
static void put_row(struct arena *arena, struct properties *to, const struct param *row) {
  const char *dot = strchr(row->key, '.');
  struct conf *object = to->object;
  const char *key = row->key;
  if (dot) {
    const char *name = arena_printf(arena, "%.*s", (int)(dot - row->key), row->key);
    if (!to->group || strcmp(to->group->key, name) != 0) {
      if (conf_find(object, name)) return;
      to->group = put(arena, object, name, closed_object(arena, &to->group_object));
    }
    object = to->group_object;
    key = dot + 1;
  }
  if (!conf_find(object, key)) conf_add(arena, object, key, row_schema(arena, row));
  if (!row->fallback && to->required && !dot)
    conf_add(arena, to->required, NULL, conf_string(arena, key));
}

static struct conf *rows_schema(struct arena *arena, const struct param *rows, size_t n_rows,
                                struct conf **properties) {
  struct properties to = {.required = conf_array(arena)};
  struct conf *schema = closed_object(arena, &to.object);
  for (size_t i = 0; i < n_rows; i++) put_row(arena, &to, &rows[i]);
  if (to.required->n_children) conf_add(arena, schema, "required", to.required);
  if (properties) *properties = to.object;
  return schema;
}

static struct conf *set_schema(struct arena *arena, const struct row_set *set) {
  return rows_schema(arena, set->rows, set->n, NULL);
}

/* Keys of all kinds are allowed, so that kinds can be switched. */
static struct conf *family_schema(struct arena *arena, enum family family, const char *fallback) {
  struct properties to = {0};
  struct conf *schema = closed_object(arena, &to.object);
  const char *words[FAMILY_MAX + 1];
  struct conf *kind =
      put(arena, to.object, "kind", one_of_words(arena, family_names(family, words)));
  if (fallback) put_text(arena, kind, "default", fallback);
  for (size_t i = 0; family_kind(family, i); i++) {
    to.group = NULL;
    const struct kind *each = family_kind(family, i);
    for (size_t row = 0; row < each->n_params; row++) put_row(arena, &to, &each->params[row]);
  }
  if (!fallback)
    conf_add(arena, put(arena, schema, "required", conf_array(arena)), NULL,
             conf_string(arena, "kind"));
  return schema;
}

static struct conf *dist_form_schema(struct arena *arena, const struct kind *kind) {
  struct conf *schema = NULL, *items = NULL;
  switch (kind->form) {
    case PARAM_FORM_SCALAR:
      return row_schema(arena, &kind->params[0]);
    case PARAM_FORM_OBJECT:
      return rows_schema(arena, kind->params, kind->n_params, NULL);
    case PARAM_FORM_PAIR:
      schema = typed(arena, "array");
      items = put(arena, schema, "prefixItems", conf_array(arena));
      for (size_t i = 0; i < kind->n_params; i++)
        conf_add(arena, items, NULL, row_schema(arena, &kind->params[i]));
      const char *n = arena_printf(arena, "%zu", kind->n_params);
      conf_add(arena, schema, "minItems", conf_literal(arena, n));
      conf_add(arena, schema, "maxItems", conf_literal(arena, n));
      return schema;
  }
  return schema;
}

static struct conf *dist_schema(struct arena *arena) {
  struct conf *properties, *object = closed_object(arena, &properties);
  conf_add(arena, object, "minProperties", conf_literal(arena, "1"));
  conf_add(arena, object, "maxProperties", conf_literal(arena, "1"));
  for (size_t i = 0; family_kind(FAMILY_DISTRIBUTION, i); i++) {
    const struct kind *kind = family_kind(FAMILY_DISTRIBUTION, i);
    struct conf *form = put(arena, properties, kind->name, dist_form_schema(arena, kind));
    if (!conf_find(form, "description")) put_text(arena, form, "description", kind->help);
  }
  return either(arena, reference(arena, "duration"), object);
}

static struct conf *steps_schema(struct arena *arena) {
  struct conf *steps = typed(arena, "array");
  conf_add(arena, steps, "items", reference(arena, "step"));
  return steps;
}

static struct conf *step_schema(struct arena *arena) {
  static const struct {
    const char *key, *definition;
  } verbs[] = {{"compute", "distribution"},
               {"sleep", "distribution"},
               {"barrier", "name"},
               {SHOOTDOWN, SHOOTDOWN}};
  struct conf *step = conf_object(arena), *list = put(arena, step, "oneOf", conf_array(arena));
  struct conf *properties;
  for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
    struct conf *verb = closed_object(arena, &properties);
    conf_add(arena, properties, verbs[i].key, reference(arena, verbs[i].definition));
    conf_add(arena, put(arena, verb, "required", conf_array(arena)), NULL,
             conf_string(arena, verbs[i].key));
    conf_add(arena, list, NULL, verb);
  }
  struct conf *yield = closed_object(arena, &properties);
  conf_add(arena, put(arena, properties, "yield", conf_object(arena)), "const",
           conf_literal(arena, "true"));
  conf_add(arena, put(arena, yield, "required", conf_array(arena)), NULL,
           conf_string(arena, "yield"));
  conf_add(arena, list, NULL, yield);
  for (int is_body = 0; is_body < 2; is_body++) {
    struct conf *section = closed_object(arena, &properties);
    conf_add(arena, properties, "lock", reference(arena, "name"));
    struct conf *modes =
        put(arena, put(arena, properties, "mode", conf_object(arena)), "enum", conf_array(arena));
    conf_add(arena, modes, NULL, conf_string(arena, "read"));
    conf_add(arena, modes, NULL, conf_string(arena, "write"));
    conf_add(arena, properties, is_body ? "do" : "hold",
             is_body ? steps_schema(arena) : reference(arena, "distribution"));
    struct conf *required = put(arena, section, "required", conf_array(arena));
    conf_add(arena, required, NULL, conf_string(arena, "lock"));
    conf_add(arena, required, NULL, conf_string(arena, is_body ? "do" : "hold"));
    conf_add(arena, list, NULL, section);
  }
  return step;
}

static struct conf *definitions(struct arena *arena) {
  struct conf *defs = conf_object(arena);
  struct conf *name = put(arena, defs, "name", typed(arena, "string"));
  put_text(arena, name, "pattern", NAME_PATTERN);
  struct conf *duration = put(arena, defs, "duration", typed(arena, "string"));
  put_text(arena, duration, "pattern", DURATION_PATTERN);
  put_text(arena, duration, "description", "a number with a unit: ns us ms s min h; or 0");
  conf_add(arena, defs, "distribution", dist_schema(arena));
  conf_add(arena, defs, "step", step_schema(arena));
  struct conf *properties;
  struct conf *call = put(arena, defs, SHOOTDOWN, closed_object(arena, &properties));
  conf_add(arena, properties, "handler", reference(arena, "distribution"));
  conf_add(arena, put(arena, call, "required", conf_array(arena)), NULL,
           conf_string(arena, "handler"));
  return defs;
}

static struct conf *sweep_schema(struct arena *arena) {
  struct conf *sweep = typed(arena, "object"), *list = typed(arena, "array");
  conf_add(arena, list, "minItems", conf_literal(arena, "1"));
  struct conf *properties = put(arena, sweep, "properties", conf_object(arena));
  conf_add(arena, properties, SWEEP_ZIP, typed(arena, "boolean"));
  struct conf *where = put(arena, properties, SWEEP_WHERE, typed(arena, "array"));
  conf_add(arena, where, "items", typed(arena, "string"));
  conf_add(arena, sweep, "additionalProperties", either(arena, list, typed(arena, "string")));
  return sweep;
}

/* The property may be what its row says, or a preset. */
static void allow_preset(struct arena *arena, struct conf *properties, const char *key) {
  const char *words[PRESETS_MAX + 1];
  struct conf *inner, *preset = closed_object(arena, &inner);
  conf_add(arena, inner, "preset", one_of_words(arena, preset_names(PRESET_PROGRAM, words)));
  conf_add(arena, put(arena, preset, "required", conf_array(arena)), NULL,
           conf_string(arena, "preset"));
  for (uint32_t i = 0; i < properties->n_children; i++) {
    const struct conf *row = properties->children[i];
    if (strcmp(row->key, key) != 0) continue;
    struct conf *copy = ARENA_NEW(arena, struct conf), *schema = NULL;
    *copy = *row;
    schema = either(arena, copy, preset);
    schema->key = key;
    properties->children[i] = schema;
  }
}

static struct conf *vm_schema(struct arena *arena) {
  struct conf *properties, *inner;
  struct conf *vm = rows_schema(arena, vm_rows.rows, vm_rows.n, &properties);
  allow_preset(arena, properties, "program");
  struct conf *interrupt = rows_schema(arena, interrupt_rows.rows, interrupt_rows.n, &inner);
  conf_add(arena, inner, INTERRUPT_HANDLER, steps_schema(arena));
  const char *words[FAMILY_MAX + 1];
  (void)family_names(FAMILY_GUEST_SCHEDULER, words);
  conf_add(arena, properties, VM_SCHEDULER,
           either(arena, one_of_words(arena, words),
                  family_schema(arena, FAMILY_GUEST_SCHEDULER, GUEST_SCHEDULER_FALLBACK)));
  conf_add(arena, properties, VM_INTERRUPTS, named_objects(arena, interrupt));
  return vm;
}

static void put_parts(struct arena *arena, struct conf *properties) {
  struct conf *inner;
  struct conf *hypervisor = rows_schema(arena, hypervisor_rows.rows, hypervisor_rows.n, &inner);
  const char *words[PRESETS_MAX + 1];
  struct conf *preset =
      put(arena, inner, "preset", one_of_words(arena, preset_names(PRESET_HYPERVISOR, words)));
  put_text(arena, preset, "description",
           "values of a hypervisor that people run, under other keys");
  conf_add(arena, inner, "scheduler", family_schema(arena, FAMILY_SCHEDULER, SCHEDULER_FALLBACK));
  conf_add(arena, inner, "coscheduling",
           family_schema(arena, FAMILY_COSCHEDULING, COSCHEDULING_FALLBACK));
  conf_add(arena, properties, "host", set_schema(arena, &host_rows));
  conf_add(arena, properties, "hypervisor", hypervisor);
  conf_add(arena, properties, "locks",
           named_objects(arena, family_schema(arena, FAMILY_LOCK, NULL)));
  conf_add(arena, properties, "barriers", named_objects(arena, set_schema(arena, &barrier_rows)));
  conf_add(arena, properties, "programs", named_objects(arena, steps_schema(arena)));
  conf_add(arena, properties, "vms", named_objects(arena, vm_schema(arena)));
  conf_add(arena, properties, "run", set_schema(arena, &run_rows));
  conf_add(arena, properties, "sweep", sweep_schema(arena));
  struct conf *expect = put(arena, properties, "expect", typed(arena, "array"));
  conf_add(arena, expect, "items", typed(arena, "string"));
}

const struct conf *scenario_schema(struct arena *arena) {
  struct conf *properties;
  struct conf *schema = rows_schema(arena, top_rows.rows, top_rows.n, &properties);
  put_text(arena, schema, "$schema", "https://json-schema.org/draft/2020-12/schema");
  put_text(arena, schema, "$id", SCENARIO_SCHEMA_FILE);
  put_text(arena, schema, "title", "costop scenario");
  conf_add(arena, properties, "$schema", typed(arena, "string"));
  conf_add(arena, properties, "extends", typed(arena, "string"));
  put_parts(arena, properties);
  conf_add(arena, schema, "$defs", definitions(arena));
  return schema;
}
