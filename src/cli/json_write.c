/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/json_write.h"

#include <inttypes.h>
#include <string.h>

#include "cli/number.h"
#include "cli/utf8.h"

void json_quote(FILE *to, const char *text) {
  size_t left = strlen(text);
  (void)fputc('"', to);
  while (left > 0) {
    uint32_t code, n = utf8_decode(text, left, &code);
    if (n == 0) {
      (void)fputs("\\ufffd", to);
      n = 1;
    } else if (code < ' ' || code == 0x7f) {
      (void)fprintf(to, "\\u%04" PRIx32, code);
    } else {
      if (code == '"' || code == '\\') (void)fputc('\\', to);
      (void)fwrite(text, 1, n, to);
    }
    text += n;
    left -= n;
  }
  (void)fputc('"', to);
}

static void json_indent(const struct json *json) {
  (void)fputc('\n', json->to);
  for (uint32_t i = 0; i < json->depth; i++) (void)fputs("  ", json->to);
}

/* What stands before a value. */
static void json_lead(struct json *json, const char *key) {
  if (json->has_members) (void)fputc(',', json->to);
  if (json->depth > 0) json_indent(json);
  json->has_members = true;
  if (!key) return;
  json_quote(json->to, key);
  (void)fputs(": ", json->to);
}

static void json_begin(struct json *json, const char *key, char bracket) {
  json_lead(json, key);
  (void)fputc(bracket, json->to);
  json->depth++;
  json->has_members = false;
}

static void json_end(struct json *json, char bracket) {
  json->depth--;
  if (json->has_members) json_indent(json);
  (void)fputc(bracket, json->to);
  if (json->depth == 0) (void)fputc('\n', json->to);
  json->has_members = true;
}

void json_begin_object(struct json *json, const char *key) { json_begin(json, key, '{'); }
void json_end_object(struct json *json) { json_end(json, '}'); }
void json_begin_array(struct json *json, const char *key) { json_begin(json, key, '['); }
void json_end_array(struct json *json) { json_end(json, ']'); }

void json_text(struct json *json, const char *key, const char *text) {
  json_lead(json, key);
  json_quote(json->to, text);
}

void json_bool(struct json *json, const char *key, bool value) {
  json_lead(json, key);
  (void)fputs(value ? "true" : "false", json->to);
}

void json_cell(struct json *json, const char *key, struct cell cell) {
  char buffer[NUMBER_TEXT_MAX];
  if (cell.kind == CELL_TEXT) {
    json_text(json, key, cell.text);
    return;
  }
  json_lead(json, key);
  (void)fputs(cell.kind == CELL_NONE ? "null" : number_cell(&cell, buffer), json->to);
}

void json_seed(struct json *json, const char *key, uint64_t seed) {
  char buffer[NUMBER_TEXT_MAX];
  struct cell cell = cell_count(seed);
  json_cell(json, key, seed <= UINT64_C(1) << 53 ? cell : cell_text(number_cell(&cell, buffer)));
}

void json_conf(struct json *json, const char *key, const struct conf *conf, struct arena *arena) {
  json_lead(json, key);
  const char *text = conf_to_line(arena, conf);
  if (conf->kind == CONF_STRING)
    json_quote(json->to, text);
  else
    (void)fputs(text, json->to);
}
