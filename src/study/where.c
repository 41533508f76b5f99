/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/where.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "sim/duration.h"

static bool is_number(const char *text) {
  char *end;
  if (text[strspn(text, "+-.0123456789eE")] != '\0') return false;
  (void)strtod(text, &end);
  return end != text && *end == '\0';
}

/* "0" is a duration and a number. */
static struct where_value value_of(const char *text) {
  struct where_value value = {.kind = WHERE_WORD, .text = text};
  if (is_number(text)) {
    value.kind = WHERE_NUMBER;
    value.number = strtod(text, NULL);
  } else if (duration_parse(text, &value.duration_ns) == DURATION_OK) {
    value.kind = WHERE_DURATION;
  }
  return value;
}

/* The part [from, until) of a string; all of it if escapes make that hard to say. */
static struct place place_of_part(const struct conf *node, size_t from, size_t until) {
  struct place place = node->place;
  size_t quotes = place.length - strlen(node->text);
  if (quotes != 0 && quotes != 2) return place;
  place.offset += (uint32_t)(from + quotes / 2);
  place.length = (uint32_t)(until - from);
  return place;
}

static const char *where_side(const struct conf *node, size_t from, size_t until,
                              struct arena *arena, struct where_side *side) {
  const char *text = node->text;
  while (from < until && isblank((unsigned char)text[from])) from++;
  while (until > from && isblank((unsigned char)text[until - 1])) until--;
  char *word = arena_printf(arena, "%.*s", (int)(until - from), text + from);
  *side = (struct where_side){.place = place_of_part(node, from, until)};
  size_t length = until - from;
  if (length == 0) return "expected PATH OP VALUE";
  if (word[0] == '"') {
    if (length < 2 || strchr(word + 1, '"') != word + length - 1) return "expected PATH OP VALUE";
    word[length - 1] = '\0';
    side->value = (struct where_value){.kind = WHERE_WORD, .text = word + 1};
    return NULL;
  }
  side->value = value_of(word);
  if (side->value.kind != WHERE_WORD) return NULL;
  if (!isalpha((unsigned char)*word))
    return arena_printf(arena, "'%s' is neither a number nor a duration", word);
  if (strchr(word, '.')) side->path = word;
  return NULL;
}

const char *where_parse(const struct conf *node, struct arena *arena, struct where *where) {
  const char *text = node->text, *at = text;
  for (bool is_quoted = false; *at && (is_quoted || !strchr("<>=!", *at)); at++)
    if (*at == '"') is_quoted = !is_quoted;
  size_t left_end = (size_t)(at - text);
  if (!expect_op_take(&at, &where->op)) return "expected PATH OP VALUE; OP is < <= > >= == or !=";
  const char *fault = where_side(node, 0, left_end, arena, &where->left);
  if (!fault) fault = where_side(node, (size_t)(at - text), strlen(text), arena, &where->right);
  if (!fault && !where->left.path && !where->right.path)
    fault = "no side is a path such as vms.db.vcpus";
  return fault;
}

const char *where_read(const struct conf *node, struct arena *arena, struct where_side *side) {
  bool is_scalar = node->kind != CONF_ARRAY && node->kind != CONF_OBJECT;
  if (!is_scalar) return arena_printf(arena, "%s is %s", side->path, conf_describe(arena, node));
  side->value = value_of(node->text);
  return NULL;
}

static const char *describe(struct arena *arena, const struct where_side *side) {
  static const char *const kinds[] = {
      [WHERE_NUMBER] = "number", [WHERE_DURATION] = "duration", [WHERE_WORD] = "word"};
  const char *where = side->path ? arena_printf(arena, " (%s)", side->path) : "";
  return arena_printf(arena, "the %s '%s'%s", kinds[side->value.kind], side->value.text, where);
}

static bool is_zero(const struct where_value *value) {
  return value->kind == WHERE_NUMBER && value->number == 0;
}

const char *where_holds(const struct where *where, struct arena *arena, bool *holds) {
  struct where_value left = where->left.value, right = where->right.value;
  if (right.kind == WHERE_DURATION && is_zero(&left)) left.kind = WHERE_DURATION;
  if (left.kind == WHERE_DURATION && is_zero(&right)) right.kind = WHERE_DURATION;
  bool is_equality = where->op == EXPECT_EQ || where->op == EXPECT_NE;
  bool is_word = left.kind == WHERE_WORD || right.kind == WHERE_WORD;
  if (left.kind == WHERE_WORD && right.kind == WHERE_WORD && !is_equality)
    return arena_printf(arena, "words have no order: '%s', '%s'", left.text, right.text);
  /* A key may hold a word in place of a number: "none", "forever". */
  if (left.kind != right.kind && !(is_equality && is_word))
    return arena_printf(arena, "cannot compare %s with %s", describe(arena, &where->left),
                        describe(arena, &where->right));
  int order = strcmp(left.text, right.text);
  if (left.kind == WHERE_NUMBER && right.kind == WHERE_NUMBER)
    order = (left.number > right.number) - (left.number < right.number);
  if (left.kind == WHERE_DURATION && right.kind == WHERE_DURATION)
    order = (left.duration_ns > right.duration_ns) - (left.duration_ns < right.duration_ns);
  *holds = expect_op_holds(where->op, order);
  return NULL;
}
