/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/duration.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "sim/time.h"

struct unit {
  const char *name;
  int64_t ns;
};

/* Ascending, for duration_format. */
static const struct unit units[] = {
    {"ns", 1},
    {"us", 1000},
    {"ms", 1000 * 1000},
    {"s", 1000 * 1000 * 1000},
    {"min", INT64_C(60) * 1000 * 1000 * 1000},
    {"h", INT64_C(3600) * 1000 * 1000 * 1000},
};
enum { N_UNITS = sizeof units / sizeof *units };

/* An hour is 2^13 * 3^2 * 5^11 ns, so more decimals than this cannot be whole nanoseconds. */
enum { DECIMALS_MAX = 13 };

/* A decimal number: whole + fraction / scale. */
struct decimal {
  unsigned __int128 whole; /* just above TIME_MAX_NS if it is larger than that */
  uint64_t fraction, scale;
  bool is_too_fine; /* more than DECIMALS_MAX decimals */
};

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static bool is_blank(char c) { return c == ' ' || c == '\t'; }

static const char *skip_blanks(const char *text) {
  while (is_blank(*text)) text++;
  return text;
}

/* Reads digits, and a point with digits; returns where they end, or NULL if they are none. */
static const char *decimal_read(const char *text, struct decimal *number) {
  *number = (struct decimal){.scale = 1};
  if (!is_digit(*text)) return NULL;
  for (; is_digit(*text); text++)
    if (number->whole <= (unsigned __int128)TIME_MAX_NS)
      number->whole = number->whole * 10 + (unsigned)(*text - '0');
  if (*text != '.') return text;
  const char *first = ++text;
  while (is_digit(*text)) text++;
  if (text == first) return NULL;
  const char *last = text;
  while (last > first && last[-1] == '0') last--;
  number->is_too_fine = last - first > DECIMALS_MAX;
  for (; first < last && !number->is_too_fine; first++) {
    number->fraction = number->fraction * 10 + (unsigned)(*first - '0');
    number->scale *= 10;
  }
  return text;
}

static const struct unit *unit_find(const char *name, size_t length) {
  for (size_t i = 0; i < N_UNITS; i++)
    if (strlen(units[i].name) == length && memcmp(units[i].name, name, length) == 0)
      return &units[i];
  return NULL;
}

enum duration_error duration_parse(const char *text, int64_t *result_ns) {
  struct decimal number;
  text = skip_blanks(text);
  bool is_negative = *text == '-';
  text = decimal_read(is_negative ? text + 1 : text, &number);
  if (!text) return DURATION_NO_NUMBER;
  if (is_negative) return DURATION_NEGATIVE;
  text = skip_blanks(text);
  size_t length = 0;
  while (text[length] && !is_blank(text[length])) length++;
  bool is_zero = number.whole == 0 && number.fraction == 0 && !number.is_too_fine;
  if (length == 0 && !is_zero) return DURATION_NO_UNIT;
  const struct unit *unit = length == 0 ? &units[0] : unit_find(text, length);
  if (!unit || *skip_blanks(text + length) != '\0') return DURATION_BAD_UNIT;

  unsigned __int128 unit_ns = (unsigned __int128)unit->ns;
  unsigned __int128 total = number.whole * unit_ns, rest = 0;
  if (number.fraction > 0) {
    unsigned __int128 parts = number.fraction * unit_ns;
    total += parts / number.scale;
    rest = parts % number.scale;
  }
  if (total > (unsigned __int128)TIME_MAX_NS) return DURATION_TOO_LONG;
  if (number.is_too_fine || rest != 0) return DURATION_TOO_FINE;
  *result_ns = (int64_t)total;
  return DURATION_OK;
}

const char *duration_error_text(enum duration_error error) {
  switch (error) {
    case DURATION_OK:
      return "is a duration";
    case DURATION_NO_NUMBER:
      return "does not begin with a plain decimal number";
    case DURATION_NO_UNIT:
      return "has no unit";
    case DURATION_BAD_UNIT:
      return "has an unknown unit";
    case DURATION_NEGATIVE:
      return "is negative";
    case DURATION_TOO_LONG:
      return "is longer than 2^62 ns";
    case DURATION_TOO_FINE:
      return "is not a whole number of nanoseconds";
  }
  return "is no duration";
}

/* Writes value in the unit; returns the length, or 0 if it is no finite decimal number. */
static size_t format_in(int64_t value_ns, const struct unit *unit, char *text) {
  char digits[20];
  size_t n = 0, length = 0;
  int64_t whole = value_ns / unit->ns, rest = value_ns % unit->ns;
  do digits[n++] = (char)('0' + whole % 10);
  while ((whole /= 10) > 0);
  while (n > 0) text[length++] = digits[--n];
  if (rest > 0) text[length++] = '.';
  for (int decimals = 0; rest > 0; decimals++) {
    if (decimals == DECIMALS_MAX) return 0;
    rest *= 10;
    text[length++] = (char)('0' + rest / unit->ns);
    rest %= unit->ns;
  }
  strcpy(text + length, unit->name);
  return length + strlen(unit->name);
}

const char *duration_format(int64_t value_ns, char buffer[DURATION_TEXT_MAX]) {
  assert(value_ns >= 0 && value_ns <= TIME_MAX_NS);
  if (value_ns == 0) return strcpy(buffer, "0");
  char text[DURATION_TEXT_MAX];
  size_t shortest = SIZE_MAX;
  /* Never below 1 of its unit: nobody reads "0.2s" as fast as "200ms". Of equally long forms the
     larger unit wins. */
  for (size_t i = 0; i < N_UNITS && units[i].ns <= value_ns; i++) {
    size_t length = format_in(value_ns, &units[i], text);
    if (length == 0 || length > shortest) continue;
    shortest = length;
    strcpy(buffer, text);
  }
  return buffer;
}

int64_t duration_round_up(int64_t value_ns) {
  int64_t step_ns = 1;
  while (value_ns / step_ns >= 100) step_ns *= 10;
  return (value_ns + step_ns - 1) / step_ns * step_ns;
}
