/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/range.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sim/duration.h"

enum { DECIMALS_MAX = 9 };

/* In units of 10^-DECIMALS_MAX, or in nanoseconds. */
struct range {
  int64_t first, last, step; /* step > 0, or factor > 1 */
  int64_t factor;
  bool is_duration;
};

/* Digits with at most DECIMALS_MAX behind the point, in units of 10^-DECIMALS_MAX. */
static bool parse_decimal(const char *text, int64_t *value) {
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
  return true;
}

/* NULL, or what is wrong with the number. */
static const char *range_number(struct arena *arena, const struct range *range, const char *text,
                                int64_t *value) {
  if (!range->is_duration && parse_decimal(text, value)) return NULL;
  if (!range->is_duration)
    return arena_printf(arena, "'%s' is no number with %d decimals at most", text, DECIMALS_MAX);
  enum duration_error error = duration_parse(text, value);
  return error ? arena_printf(arena, "'%s' %s", text, duration_error_text(error)) : NULL;
}

static char *trimmed(struct arena *arena, const char *text, size_t length) {
  while (length > 0 && isblank((unsigned char)*text)) text++, length--;
  while (length > 0 && isblank((unsigned char)text[length - 1])) length--;
  return arena_printf(arena, "%.*s", (int)length, text);
}

static bool has_unit(const char *text) {
  return text[strcspn(text, "abcdefghijklmnopqrstuvwxyz")] != '\0';
}

static const char *range_factor(struct range *range, const char *text) {
  char *end;
  range->factor = strtol(text, &end, 10);
  if (*end || range->factor < 2 || range->factor > INT32_MAX)
    return "the factor is a whole number from 2";
  return range->first > 0 ? NULL : "a range with a factor starts above 0";
}

bool range_is_one(const char *text) {
  while (isblank((unsigned char)*text)) text++;
  return (isdigit((unsigned char)*text) || *text == '-') && strstr(text, "..");
}

static const char *range_parse(struct arena *arena, const char *text, struct range *range) {
  if (!range_is_one(text)) return "expected a list, \"A..B\", \"A..B step N\" or \"A..B*K\"";
  const char *dots = strstr(text, ".."), *rest = dots + 2;
  const char *step = strstr(rest, "step"), *star = step ? NULL : strchr(rest, '*');
  size_t length = step ? (size_t)(step - rest) : star ? (size_t)(star - rest) : strlen(rest);
  const char *first = trimmed(arena, text, (size_t)(dots - text));
  const char *last = trimmed(arena, rest, length);
  range->is_duration = has_unit(first) || has_unit(last);
  const char *fault = range_number(arena, range, last, &range->last);
  if (!fault) fault = range_number(arena, range, first, &range->first);
  if (fault) return fault;
  if (range->first > range->last) return "a range counts up";
  if (star) return range_factor(range, star + 1);
  if (!step && range->is_duration) return "a range of durations needs its step: \"A..B step N\"";
  const char *width = step ? trimmed(arena, step + 4, strlen(step + 4)) : "1";
  fault = range_number(arena, range, width, &range->step);
  return fault ? fault : range->step > 0 ? NULL : "the step must be above 0";
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

const char *range_expand(struct arena *arena, const char *text, struct place place,
                         struct conf *array) {
  struct range range = {0};
  const char *fault = range_parse(arena, text, &range);
  if (fault) return fault;
  for (int64_t value = range.first; value <= range.last;) {
    if (array->n_children >= RANGE_MAX)
      return arena_printf(arena, "more than %d values", RANGE_MAX);
    conf_add(arena, array, NULL, range_value(arena, &range, value, place));
    bool is_over = range.factor ? __builtin_mul_overflow(value, range.factor, &value)
                                : __builtin_add_overflow(value, range.step, &value);
    if (is_over) break;
  }
  return NULL;
}
