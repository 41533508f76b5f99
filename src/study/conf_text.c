/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Conf trees as JSON text. */
#include <stdio.h>
#include <string.h>

#include "study/conf.h"

enum { LINE_MAX_BYTES = 100, INDENT = 2 };

struct text {
  struct arena *arena;
  char *data;
  size_t n, room;
};

static void text_put(struct text *text, const char *bytes, size_t n) {
  if (text->room - text->n < n + 1) {
    text->room = 2 * (text->room + n) + 256;
    char *data = arena_alloc(text->arena, text->room, 1);
    if (text->n) memcpy(data, text->data, text->n);
    text->data = data;
  }
  memcpy(text->data + text->n, bytes, n);
  text->n += n;
  text->data[text->n] = '\0';
}

static void text_puts(struct text *text, const char *string) {
  text_put(text, string, strlen(string));
}

static void text_put_quoted(struct text *text, const char *string) {
  text_puts(text, "\"");
  for (const char *at = string; *at; at++) {
    unsigned char letter = (unsigned char)*at;
    char escape[8] = {'\\', *at, '\0'};
    if (letter < 0x20) (void)snprintf(escape, sizeof escape, "\\u%04x", letter);
    if (letter < 0x20 || letter == '"' || letter == '\\')
      text_puts(text, escape);
    else
      text_put(text, at, 1);
  }
  text_puts(text, "\"");
}

static bool conf_has_children(const struct conf *conf) {
  return conf->kind == CONF_ARRAY || conf->kind == CONF_OBJECT;
}

/* On one line, up to the given length of text; false: it did not fit, text is to be cut back. */
static bool text_put_line(struct text *text, const struct conf *conf, size_t limit) {
  if (text->n > limit) return false;
  if (conf->key) {
    text_put_quoted(text, conf->key);
    text_puts(text, ": ");
  }
  if (conf->kind == CONF_STRING) text_put_quoted(text, conf->text);
  if (conf->kind != CONF_STRING && !conf_has_children(conf)) text_puts(text, conf->text);
  if (!conf_has_children(conf)) return text->n <= limit;
  bool is_object = conf->kind == CONF_OBJECT;
  text_puts(text, is_object ? "{" : "[");
  for (uint32_t i = 0; i < conf->n_children; i++) {
    text_puts(text, i ? ", " : is_object ? " " : "");
    if (!text_put_line(text, conf->children[i], limit)) return false;
  }
  text_puts(text, is_object ? (conf->n_children ? " }" : "}") : "]");
  return text->n <= limit;
}

static void text_put_conf(struct text *text, const struct conf *conf, uint32_t depth) {
  size_t start = text->n, indent = (size_t)depth * INDENT;
  bool has_children = conf_has_children(conf);
  if (text_put_line(text, conf, has_children ? start + LINE_MAX_BYTES - indent : SIZE_MAX)) return;
  text->n = start;
  if (conf->key) {
    text_put_quoted(text, conf->key);
    text_puts(text, ": ");
  }
  text_puts(text, conf->kind == CONF_OBJECT ? "{" : "[");
  for (uint32_t i = 0; i < conf->n_children; i++) {
    text_puts(text, i ? ",\n" : "\n");
    for (size_t blank = 0; blank < indent + INDENT; blank++) text_puts(text, " ");
    text_put_conf(text, conf->children[i], depth + 1);
  }
  text_puts(text, "\n");
  for (size_t blank = 0; blank < indent; blank++) text_puts(text, " ");
  text_puts(text, conf->kind == CONF_OBJECT ? "}" : "]");
}

const char *conf_to_json(struct arena *arena, const struct conf *conf) {
  struct text text = {.arena = arena};
  text_put_conf(&text, conf, 0);
  text_puts(&text, "\n");
  return text.data;
}

const char *conf_to_line(struct arena *arena, const struct conf *conf) {
  if (!conf_has_children(conf)) return conf->text;
  struct conf nameless = *conf;
  nameless.key = NULL;
  struct text text = {.arena = arena};
  (void)text_put_line(&text, &nameless, SIZE_MAX);
  return text.data;
}
