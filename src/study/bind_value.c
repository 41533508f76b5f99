/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sim/duration.h"
#include "sim/time.h"
#include "study/bind.h"

#define EXACT_MAX 0x1p53    /* integers that every JSON reader keeps */
enum { EXACT_DIGITS = 15 }; /* that a double has in any case */

static void *row_target(const struct param *row, void *params) {
  return (char *)params + row->offset;
}

const char *bind_text(const struct conf *node) {
  if (node->kind == CONF_STRING) return node->text;
  bool is_word = node->kind == CONF_NULL || node->kind == CONF_BOOL;
  return is_word && conf_is_argument(node) ? node->text : NULL;
}

static bool bind_mismatch(struct bind *bind, struct site site, const char *expected) {
  diag_error(bind->diags, site.node->place, site.path, NULL, "expected %s, found %s", expected,
             conf_describe(bind->arena, site.node));
  return false;
}

bool bind_expect(struct bind *bind, struct site site, enum conf_kind kind, const char *expected) {
  return !site.node || site.node->kind == kind || bind_mismatch(bind, site, expected);
}

const char *bind_bound(struct arena *arena, const struct param *row, double bound) {
  char text[DURATION_TEXT_MAX];
  if (row->type == PARAM_DURATION)
    return arena_strdup(arena, duration_format((int64_t)bound, text));
  return arena_printf(arena, "%.15g", bound);
}

static bool bind_in_bounds(struct bind *bind, struct site site, const struct param *row,
                           double value) {
  if (value >= row->min && value <= row->max) return true;
  bool is_low = value < row->min;
  const char *bound = bind_bound(bind->arena, row, is_low ? row->min : row->max);
  if (value == 0 && row->min > 0)
    diag_error(bind->diags, site.node->place, site.path, NULL, "must be at least %s", bound);
  else
    diag_error(bind->diags, site.node->place, site.path, NULL, "%s is %s the %s, %s",
               site.node->text, is_low ? "below" : "above", is_low ? "least" : "most", bound);
  return false;
}

/* The unit of a row's default, for "write …": the likeliest one. */
static const char *row_unit(const struct param *row) {
  const char *unit = row->fallback ? row->fallback + strspn(row->fallback, "0123456789. ") : "";
  return *unit && row->fallback != unit ? unit : "us";
}

bool bind_duration(struct bind *bind, struct site site, const char *unit, int64_t *result_ns) {
  const struct conf *node = site.node;
  if (node->kind != CONF_STRING && node->kind != CONF_NUMBER)
    return bind_mismatch(bind, site, "a duration such as \"5us\"");
  enum duration_error error = duration_parse(node->text, result_ns);
  bool is_bare_zero = error == DURATION_OK && node->kind == CONF_NUMBER;
  if (error == DURATION_OK && (!is_bare_zero || conf_is_argument(node))) return true;
  if (is_bare_zero) {
    diag_error(bind->diags, node->place, site.path, NULL,
               "a duration is a string; write \"0\" in quotes");
  } else if (error == DURATION_NO_UNIT || node->kind == CONF_NUMBER) {
    diag_error(bind->diags, node->place, site.path, NULL,
               "%s has no unit; write \"%s%s\" (ns us ms s min h)", node->text, node->text, unit);
  } else {
    diag_error(bind->diags, node->place, site.path, NULL, "\"%s\" %s%s", node->text,
               duration_error_text(error),
               error == DURATION_BAD_UNIT ? " (allowed: ns us ms s min h)" : "");
  }
  return false;
}

static bool bind_duration_row(struct bind *bind, struct site site, const struct param *row,
                              void *params) {
  int64_t value_ns = 0;
  if (!bind_duration(bind, site, row_unit(row), &value_ns)) return false;
  if (!bind_in_bounds(bind, site, row, (double)value_ns)) return false;
  memcpy(row_target(row, params), &value_ns, sizeof value_ns);
  return true;
}

/* Most numbers are short and whole: no need for the pains that strtod takes. */
static double number_of(const char *text) {
  uint64_t value = 0;
  size_t n = 0;
  for (; n < EXACT_DIGITS && text[n] >= '0' && text[n] <= '9'; n++)
    value = 10 * value + (uint64_t)(text[n] - '0');
  return n > 0 && text[n] == '\0' ? (double)value : strtod(text, NULL);
}

/* A finite number, or an error. */
static bool bind_number(struct bind *bind, struct site site, const char *expected, double *value) {
  if (site.node->kind != CONF_NUMBER) return bind_mismatch(bind, site, expected);
  *value = number_of(site.node->text);
  if (*value <= 0x1.fffffffffffffp1023 && *value >= -0x1.fffffffffffffp1023) return true;
  diag_error(bind->diags, site.node->place, site.path, NULL, "%s is beyond all bounds",
             site.node->text);
  return false;
}

static bool bind_count(struct bind *bind, struct site site, const struct param *row, void *params) {
  double real = 0;
  if (!bind_number(bind, site, "a whole number", &real)) return false;
  if (!bind_in_bounds(bind, site, row, real)) return false;
  uint32_t value = (uint32_t)real;
  if (real != (double)value) return bind_mismatch(bind, site, "a whole number");
  memcpy(row_target(row, params), &value, sizeof value);
  return true;
}

/* Digits, exactly. As a JSON number only as far as every JSON tool keeps it. */
static bool bind_integer(struct bind *bind, struct site site, const struct param *row,
                         void *params) {
  const struct conf *node = site.node;
  if (node->kind != CONF_NUMBER && node->kind != CONF_STRING)
    return bind_mismatch(bind, site, "a whole number");
  size_t n_digits = strspn(node->text, "0123456789");
  uint64_t value = 0;
  if (n_digits > 0 && !node->text[n_digits]) {
    for (const char *at = node->text; *at; at++)
      if (__builtin_mul_overflow(value, 10, &value) ||
          __builtin_add_overflow(value, (uint64_t)(*at - '0'), &value)) {
        diag_error(bind->diags, node->place, site.path, NULL, "%s is above the most, %" PRIu64,
                   node->text, UINT64_MAX);
        return false;
      }
  } else {
    double real = 0;
    if (!bind_number(bind, site, "a whole number", &real)) return false;
    if (real < 0) return bind_in_bounds(bind, site, row, real);
    if (real > EXACT_MAX || real != (double)(uint64_t)real)
      return bind_mismatch(bind, site, "a whole number");
    value = (uint64_t)real;
  }
  if (node->kind == CONF_NUMBER && (double)value > EXACT_MAX && !conf_is_argument(node)) {
    diag_error(bind->diags, node->place, site.path, NULL,
               "%s is above 2^53, where JSON numbers lose digits; write \"%s\"", node->text,
               node->text);
    return false;
  }
  if (!bind_in_bounds(bind, site, row, (double)value)) return false;
  memcpy(row_target(row, params), &value, sizeof value);
  return true;
}

static bool bind_real(struct bind *bind, struct site site, const struct param *row, void *params) {
  double value = 0;
  if (!bind_number(bind, site, "a number", &value)) return false;
  if (!bind_in_bounds(bind, site, row, value)) return false;
  memcpy(row_target(row, params), &value, sizeof value);
  return true;
}

static bool bind_word(struct bind *bind, struct site site, const struct param *row, void *params) {
  const char *text = bind_text(site.node);
  if (!text) return bind_mismatch(bind, site, "a string");
  for (uint32_t i = 0; row->choices[i]; i++) {
    if (strcmp(row->choices[i], text) != 0) continue;
    memcpy(row_target(row, params), &i, sizeof i);
    return true;
  }
  diag_error(bind->diags, site.node->place, site.path,
             bind_known(bind, text, "allowed", row->choices), "no choice '%s'", text);
  return false;
}

static bool bind_durations(struct bind *bind, struct site site, const struct param *row,
                           void *params) {
  const struct conf *node = site.node;
  if (node->kind == CONF_STRING) {
    diag_error(bind->diags, node->place, site.path, NULL, "data files are read with the scenario");
    return false;
  }
  if (!bind_expect(bind, site, CONF_ARRAY, "an array of durations or a file name")) return false;
  int64_t *values_ns = ARENA_ARRAY(bind->arena, node->n_children, int64_t);
  bool is_good = node->n_children > 0;
  if (!is_good) diag_error(bind->diags, node->place, site.path, NULL, "there are no durations");
  for (uint32_t i = 0; i < node->n_children; i++) {
    struct site element = {node->children[i], site.path, node->children[i]->place};
    is_good &= bind_duration(bind, element, "us", &values_ns[i]);
  }
  struct duration_list list = {.values_ns = values_ns, .n = node->n_children};
  bool is_from_file = node->n_children && node->children[0]->place.source != node->place.source;
  if (is_from_file && node->children[0]->place.source)
    list.file = node->children[0]->place.source->name;
  memcpy(row_target(row, params), &list, sizeof list);
  return is_good;
}

static bool bind_plain_text(struct bind *bind, struct site site, const struct param *row,
                            void *params) {
  const char *text = bind_text(site.node);
  if (!text && conf_is_argument(site.node)) text = site.node->text; /* name=4 */
  if (!text) return bind_mismatch(bind, site, "a string");
  text = arena_strdup(bind->arena, text);
  memcpy(row_target(row, params), &text, sizeof text);
  return true;
}

/* A word in place of a number. */
static bool bind_stand_in(struct site site, const struct param *row, void *params) {
  const char *text = row->word ? bind_text(site.node) : NULL;
  if (!text || strcmp(text, row->word) != 0) return false;
  if (row->type == PARAM_COUNT) {
    uint32_t value = (uint32_t)row->word_value;
    memcpy(row_target(row, params), &value, sizeof value);
  } else if (row->type == PARAM_REAL) {
    double value = (double)row->word_value;
    memcpy(row_target(row, params), &value, sizeof value);
  } else {
    memcpy(row_target(row, params), &row->word_value, sizeof row->word_value);
  }
  return true;
}

bool bind_value(struct bind *bind, struct site site, const struct param *row, void *params) {
  if (bind_stand_in(site, row, params)) return true;
  switch (row->type) {
    case PARAM_DURATION:
      return bind_duration_row(bind, site, row, params);
    case PARAM_COUNT:
      return bind_count(bind, site, row, params);
    case PARAM_REAL:
      return bind_real(bind, site, row, params);
    case PARAM_CHOICE:
      return bind_word(bind, site, row, params);
    case PARAM_DIST:
      return bind_dist(bind, site, row_target(row, params));
    case PARAM_DURATIONS:
      return bind_durations(bind, site, row, params);
    case PARAM_INTEGER:
      return bind_integer(bind, site, row, params);
    case PARAM_TEXT:
      return bind_plain_text(bind, site, row, params);
  }
  return false;
}

void bind_fallback(struct bind *bind, const struct param *row, void *params) {
  if (!row->fallback) return;
  bool is_number = row->type == PARAM_COUNT || row->type == PARAM_REAL;
  bool is_word = row->word && strcmp(row->word, row->fallback) == 0;
  struct conf node = {.kind = is_number && !is_word ? CONF_NUMBER : CONF_STRING,
                      .text = row->fallback};
  bool is_good = bind_value(bind, (struct site){&node, row->key, node.place}, row, params);
  assert(is_good);
  (void)is_good;
}
