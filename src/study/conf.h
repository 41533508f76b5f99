/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The conf tree: what a scenario file says, with the place of every word, before it means anything.
   Trees are values: setting and merging return new trees that share what did not change. */
#ifndef COSTOP_STUDY_CONF_H
#define COSTOP_STUDY_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/arena.h"
#include "study/diag.h"

enum conf_kind { CONF_NULL, CONF_BOOL, CONF_NUMBER, CONF_STRING, CONF_ARRAY, CONF_OBJECT };

struct conf {
  enum conf_kind kind;
  uint32_t n_children;
  const char *key;  /* in an object, else NULL */
  const char *text; /* a string's characters; of numbers, booleans and null as written */
  const struct conf **children;
  struct place key_place, place; /* with the quotes of strings */
};

struct conf *conf_new(struct arena *arena, enum conf_kind kind, const char *text,
                      struct place place);
/* key: NULL in arrays. */
void conf_add(struct arena *arena, struct conf *parent, const char *key, struct conf *child);

/* Shorthands for trees that no one wrote. */
struct conf *conf_object(struct arena *arena);
struct conf *conf_array(struct arena *arena);
struct conf *conf_string(struct arena *arena, const char *text);
/* A number, true, false or null, as written. */
struct conf *conf_literal(struct arena *arena, const char *text);

/* NULL if object is NULL, no object, or has no such key. */
const struct conf *conf_find(const struct conf *object, const char *key);
/* What stands at "vms.db.vcpus" or "programs.oltp.1.hold"; NULL if nothing does. */
const struct conf *conf_find_path(const struct conf *root, const char *path);
bool conf_is_argument(const struct conf *conf);

/* A copy of the object (NULL: an empty one at child's place) or array in which child stands at key
   (at the index of an array that key spells; the caller knows that it exists). */
const struct conf *conf_with(struct arena *arena, const struct conf *parent, const char *key,
                             const struct conf *child);
/* A copy of the array with child behind its last element. */
const struct conf *conf_longer(struct arena *arena, const struct conf *array,
                               const struct conf *child);
const struct conf *conf_without(struct arena *arena, const struct conf *object, const char *key);

/* Objects merge by key, anything else in over replaces what base has. */
const struct conf *conf_merge(struct arena *arena, const struct conf *base,
                              const struct conf *over);

/* "the number 50", "the string \"fast\"", "an object": for messages. */
const char *conf_describe(struct arena *arena, const struct conf *conf);

/* JSON, two blanks of indentation, what fits on a line on one line, a newline at the end. */
const char *conf_to_json(struct arena *arena, const struct conf *conf);
/* In a sentence or a column: the characters of a string, anything else as JSON on one line. */
const char *conf_to_line(struct arena *arena, const struct conf *conf);

#endif
