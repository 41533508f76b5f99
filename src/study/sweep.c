/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sweep axes: lists, and ranges in exact decimals: "1..8", "1ms..5ms step 500us", "1..64*2". */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sim/duration.h"
#include "sim/time.h"
#include "study/scenario_parts.h"

enum { AXIS_MAX = 1000, AXES_MAX = 16, DECIMALS_MAX = 9 };

/* A range in whole steps of its finest decimal, or in nanoseconds. */
struct range {
  int64_t first, last, step; /* step > 0, or factor > 1 */
  int64_t factor;
  uint32_t decimals;
  bool is_duration;
};

/* Digits with at most DECIMALS_MAX behind the point, in units of 10^-DECIMALS_MAX. */
static bool parse_decimal(const char *text, int64_t *value, uint32_t *decimals) {
  int64_t mantissa = 0;
  uint32_t n_digits = 0, n_decimals = 0;
  bool has_point = false;
  const char *at = text + (*text == '-');
  for (; isdigit((unsigned char)*at) || (*at == '.' && !has_point); at++) {
    if (*at == '.') {
      has_point = true;
      continue;
    }
    n_digits++;
    n_decimals += has_point;
    if (__builtin_mul_overflow(mantissa, 10, &mantissa) ||
        __builtin_add_overflow(mantissa, *at - '0', &mantissa))
      return false;
  }
  if (*at || n_digits == 0 || n_decimals > DECIMALS_MAX) return false;
  for (uint32_t i = n_decimals; i < DECIMALS_MAX; i++)
    if (__builtin_mul_overflow(mantissa, 10, &mantissa)) return false;
  *value = *text == '-' ? -mantissa : mantissa;
  if (n_decimals > *decimals) *decimals = n_decimals;
  return true;
}

static bool parse_bound(struct range *range, const char *text, int64_t *value) {
  if (range->is_duration) return duration_parse(text, value) == DURATION_OK;
  return parse_decimal(text, value, &range->decimals);
}

static char *trimmed(struct arena *arena, const char *text, size_t length) {
  while (length > 0 && isblank((unsigned char)*text)) text++, length--;
  while (length > 0 && isblank((unsigned char)text[length - 1])) length--;
  return arena_printf(arena, "%.*s", (int)length, text);
}

static const char *range_parse(struct arena *arena, const char *text, struct range *range) {
  static const char *const grammar = "expected a list, \"A..B\", \"A..B step N\" or \"A..B*K\"";
  const char *dots = strstr(text, "..");
  if (!dots) return grammar;
  const char *first = trimmed(arena, text, (size_t)(dots - text)), *rest = dots + 2;
  const char *step = strstr(rest, "step"), *star = strchr(rest, '*');
  size_t length = step ? (size_t)(step - rest) : star ? (size_t)(star - rest) : strlen(rest);
  const char *last = trimmed(arena, rest, length);
  size_t unit = strcspn(last, "abcdefghijklmnopqrstuvwxyz");
  range->is_duration = last[unit] != '\0';
  if (!parse_bound(range, first, &range->first) || !parse_bound(range, last, &range->last))
    return grammar;
  if (range->first > range->last) return "a range counts up";
  if (star && !step) {
    char *end;
    range->factor = strtol(star + 1, &end, 10);
    if (*end || range->factor < 2 || range->factor > INT32_MAX)
      return "the factor is a whole number from 2";
    return range->first > 0 ? NULL : "a range with a factor starts above 0";
  }
  if (!step && range->is_duration) return "a range of durations needs its step: \"A..B step N\"";
  const char *width = step ? trimmed(arena, step + 4, strlen(step + 4)) : "1";
  if (!parse_bound(range, width, &range->step)) return grammar;
  return range->step > 0 ? NULL : "the step must be above 0";
}

static struct conf *range_value(struct arena *arena, const struct range *range, int64_t value,
                                struct place place) {
  if (range->is_duration) {
    char text[DURATION_TEXT_MAX];
    return conf_new(arena, CONF_STRING, arena_strdup(arena, duration_format(value, text)), place);
  }
  const int64_t scale = INT64_C(1000000000);
  _Static_assert(DECIMALS_MAX == 9, "scale is 10^DECIMALS_MAX");
  int64_t magnitude = value < 0 ? -value : value;
  char *text = arena_printf(arena, "%s%" PRId64 ".%09" PRId64, value < 0 ? "-" : "",
                            magnitude / scale, magnitude % scale);
  size_t length = strlen(text);
  while (text[length - 1] == '0') length--;
  if (text[length - 1] == '.') length--;
  text[length] = '\0';
  return conf_new(arena, CONF_NUMBER, text, place);
}

const char *sweep_range(struct arena *arena, const struct conf *node, struct conf *array) {
  struct range range = {0};
  const char *fault = range_parse(arena, node->text, &range);
  if (fault) return fault;
  for (int64_t value = range.first; value <= range.last;) {
    if (array->n_children == AXIS_MAX) return arena_printf(arena, "more than %d values", AXIS_MAX);
    conf_add(arena, array, NULL, range_value(arena, &range, value, node->place));
    bool is_over = range.factor ? __builtin_mul_overflow(value, range.factor, &value)
                                : __builtin_add_overflow(value, range.step, &value);
    if (is_over) break;
  }
  return NULL;
}

/* What a run can vary. */
static bool may_sweep(const char *path) {
  static const char *const roots[] = {"host.",     "hypervisor.", "locks.", "barriers.",
                                      "programs.", "vms.",        "run."};
  for (size_t i = 0; i < sizeof roots / sizeof *roots; i++)
    if (strncmp(path, roots[i], strlen(roots[i])) == 0) return true;
  return false;
}

static struct conf *sweep_axis(struct bind *bind, struct site axis) {
  struct conf *array = conf_new(bind->arena, CONF_ARRAY, NULL, axis.node->place);
  const char *fault = NULL;
  if (axis.node->kind == CONF_STRING) {
    fault = sweep_range(bind->arena, axis.node, array);
  } else if (bind_expect(bind, axis, CONF_ARRAY, "a list of values or a range")) {
    if (axis.node->n_children == 0) fault = "there are no values";
    if (axis.node->n_children > AXIS_MAX)
      fault = arena_printf(bind->arena, "more than %d values", AXIS_MAX);
    for (uint32_t i = 0; !fault && i < axis.node->n_children; i++) {
      struct conf *value = ARENA_NEW(bind->arena, struct conf);
      *value = *axis.node->children[i];
      conf_add(bind->arena, array, NULL, value);
    }
  }
  if (fault) diag_error(bind->diags, axis.place, axis.path, NULL, "%s", fault);
  return array;
}

const struct conf *sweep_expand(struct bind *bind, struct site sweep) {
  if (!bind_expect(bind, sweep, CONF_OBJECT, "an object of axes")) return NULL;
  if (!sweep.node || sweep.node->n_children == 0) return NULL;
  if (sweep.node->n_children > AXES_MAX) {
    diag_error(bind->diags, sweep.place, sweep.path, NULL, "more than %d axes", AXES_MAX);
    return NULL;
  }
  struct conf *axes = conf_new(bind->arena, CONF_OBJECT, NULL, sweep.place);
  for (uint32_t i = 0; i < sweep.node->n_children; i++) {
    const struct conf *child = sweep.node->children[i];
    struct site site = site_child(bind, sweep, child->key);
    if (!may_sweep(child->key))
      diag_error(bind->diags, child->key_place, sweep.path,
                 "an axis is a path such as \"vms.db.vcpus\"", "cannot sweep '%s'", child->key);
    struct conf *axis = sweep_axis(bind, site);
    conf_add(bind->arena, axes, child->key, axis);
    axis->key_place = child->key_place;
  }
  return axes;
}
