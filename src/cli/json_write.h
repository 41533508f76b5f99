/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes JSON to a stream, two blanks of indentation, and takes care of commas, quoting and exact
   numbers. Errors are left to ferror(to). */
#ifndef COSTOP_CLI_JSON_WRITE_H
#define COSTOP_CLI_JSON_WRITE_H

#include <stdbool.h>
#include <stdio.h>

#include "study/cell.h"
#include "study/conf.h"

struct json {
  FILE *to;
  uint32_t depth;
  bool has_members; /* the innermost object or array, so far */
};

/* key: NULL in arrays and for the outermost value. */
void json_begin_object(struct json *json, const char *key);
void json_end_object(struct json *json);
void json_begin_array(struct json *json, const char *key);
void json_end_array(struct json *json);
void json_text(struct json *json, const char *key, const char *text);
void json_bool(struct json *json, const char *key, bool value);
/* Not applicable is null. */
void json_cell(struct json *json, const char *key, struct cell cell);
/* A seed: beyond 2^53, where other readers lose digits, a string. */
void json_seed(struct json *json, const char *key, uint64_t seed);
/* A tree, on one line. */
void json_conf(struct json *json, const char *key, const struct conf *conf, struct arena *arena);

/* A string with its quotes; bytes that are no UTF-8 become U+FFFD. */
void json_quote(FILE *to, const char *text);

#endif
