/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/number.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS_MIN = 15, DIGITS_MAX = 17 };

const char *number_exact(double value, char buffer[NUMBER_TEXT_MAX]) {
  for (int digits = DIGITS_MIN; digits <= DIGITS_MAX; digits++) {
    (void)snprintf(buffer, NUMBER_TEXT_MAX, "%.*g", digits, value);
    if (strtod(buffer, NULL) == value) break;
  }
  return buffer;
}

const char *number_cell(const struct cell *cell, char buffer[NUMBER_TEXT_MAX]) {
  switch (cell->kind) {
    case CELL_TEXT:
      return cell->text;
    case CELL_REAL:
      return number_exact(cell->real, buffer);
    case CELL_COUNT:
      (void)snprintf(buffer, NUMBER_TEXT_MAX, "%" PRIu64, cell->count);
      break;
    case CELL_NONE:
      buffer[0] = '\0';
      break;
  }
  return buffer;
}

const char *number_grouped(double value, int decimals, char buffer[NUMBER_TEXT_MAX]) {
  char plain[NUMBER_TEXT_MAX];
  if (fabs(value) >= 1e15) {
    (void)snprintf(buffer, NUMBER_TEXT_MAX, "%.3g", value);
    return buffer;
  }
  (void)snprintf(plain, sizeof plain, "%.*f", decimals, value);
  size_t whole = strspn(plain, "-0123456789"), sign = plain[0] == '-';
  char *to = buffer;
  for (size_t i = 0; i < whole; i++) {
    if (i > sign && (whole - i) % 3 == 0) *to++ = ' ';
    *to++ = plain[i];
  }
  strcpy(to, plain + whole);
  return buffer;
}

int number_decimals(double value) {
  double size = fabs(value);
  if (size == 0 || size >= 100) return 0;
  return size >= 10 ? 1 : size >= 1 ? 2 : 3;
}

const char *number_power(double value, char buffer[NUMBER_TEXT_MAX]) {
  char digits[NUMBER_TEXT_MAX];
  (void)snprintf(digits, sizeof digits, "%.1e", value);
  char *power = strchr(digits, 'e');
  if (!power) return strcpy(buffer, digits);
  int exponent = (int)strtol(power + 1, NULL, 10);
  *power = '\0';
  (void)snprintf(buffer, NUMBER_TEXT_MAX, "%.20se%d", digits, exponent);
  return buffer;
}

/* Rounding never turns something into nothing or into all. */
const char *number_share(double share, char buffer[NUMBER_TEXT_MAX]) {
  double pct = 100 * share;
  if (share <= 0) return strcpy(buffer, "none");
  if (share >= 1) return strcpy(buffer, "all");
  if (pct < 1 || pct > 99) {
    (void)snprintf(buffer, NUMBER_TEXT_MAX, pct < 1 ? "less than 1 %%" : "more than 99 %%");
  } else {
    (void)snprintf(buffer, NUMBER_TEXT_MAX, "%.0f %%", pct);
  }
  return buffer;
}

const char *number_duration(double value_ns, char buffer[NUMBER_TEXT_MAX]) {
  static const struct {
    double size_ns;
    const char *unit;
  } units[] = {{1e9, "s"}, {1e6, "ms"}, {1e3, "us"}, {1, "ns"}};
  uint32_t i = 0;
  if (value_ns == 0) return strcpy(buffer, "0");
  while (i < 3 && value_ns < units[i].size_ns) i++;
  char text[NUMBER_TEXT_MAX];
  double value = value_ns / units[i].size_ns;
  number_grouped(value, value < 100 && units[i].size_ns > 1 ? 1 : 0, text);
  (void)snprintf(buffer, NUMBER_TEXT_MAX, "%.32s %s", text, units[i].unit);
  return buffer;
}
