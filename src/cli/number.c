/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS_MIN = 15, DIGITS_MAX = 17 };
#define DIGITS_17_MIN UINT64_C(10000000000000000)

/* value with 15, 16 or 17 significant digits, whatever reads back as it first; 0: too large, too
   small, or on the edge of something. Results are full of such numbers: this is many times as fast
   as trying it with printf. *n_decimals: how many of the digits are behind the point. */
static uint64_t number_digits(double value, int *n_decimals) {
  if (!(value >= 1e-3 && value < 1e15)) return 0;
  /* value = mantissa / 2^shift; times a power of ten it has 17 digits before the point. */
  int exponent;
  uint64_t mantissa = (uint64_t)(frexp(value, &exponent) * 0x1p53), power = 100;
  int shift = 53 - exponent;
  *n_decimals = 2;
  for (; *n_decimals < 19 && value * (double)power < 1e16; ++*n_decimals) power *= 10;
  unsigned __int128 scaled = (unsigned __int128)mantissa * power;
  uint64_t whole = (uint64_t)(scaled >> shift);
  if (whole < DIGITS_17_MIN || mantissa == UINT64_C(1) << 52) return 0;
  unsigned __int128 fraction = scaled - ((unsigned __int128)whole << shift);
  for (uint64_t step = 100; step > 0; step /= 10) {
    uint64_t last = whole % step, rounded = whole - last;
    unsigned __int128 unit = (unsigned __int128)step << shift;
    unsigned __int128 rest = ((unsigned __int128)last << shift) + fraction;
    if (2 * rest > unit || (2 * rest == unit && rounded / step % 2 == 1)) {
      rounded += step;
      rest = unit - rest;
    }
    if (rounded >= 10 * DIGITS_17_MIN) return 0;
    /* It reads back if it is nearer to value than to its neighbours. */
    if (2 * rest < power || (2 * rest == power && mantissa % 2 == 0)) return rounded;
  }
  return 0;
}

const char *number_exact(double value, char buffer[NUMBER_TEXT_MAX]) {
  if (value == 0) return strcpy(buffer, signbit(value) ? "-0" : "0");
  int n_decimals;
  uint64_t digits = number_digits(fabs(value), &n_decimals);
  if (digits == 0) {
    for (int n = DIGITS_MIN; n <= DIGITS_MAX; n++) {
      (void)snprintf(buffer, NUMBER_TEXT_MAX, "%.*g", n, value);
      if (strtod(buffer, NULL) == value) break;
    }
    return buffer;
  }
  char text[NUMBER_TEXT_MAX], *to = text + sizeof text - 1;
  *to = '\0';
  for (; n_decimals > 0 && digits % 10 == 0; n_decimals--) digits /= 10;
  for (int i = 0; i <= n_decimals || digits > 0; i++, digits /= 10) {
    if (i == n_decimals && i > 0) *--to = '.';
    *--to = (char)('0' + digits % 10);
  }
  if (value < 0) *--to = '-';
  return strcpy(buffer, to);
}

static const char *number_count(uint64_t value, char buffer[NUMBER_TEXT_MAX]) {
  char text[NUMBER_TEXT_MAX], *to = text + sizeof text - 1;
  *to = '\0';
  do *--to = (char)('0' + value % 10);
  while ((value /= 10) > 0);
  return strcpy(buffer, to);
}

const char *number_cell(const struct cell *cell, char buffer[NUMBER_TEXT_MAX]) {
  switch (cell->kind) {
    case CELL_TEXT:
      return cell->text;
    case CELL_REAL:
      return number_exact(cell->real, buffer);
    case CELL_COUNT:
      return number_count(cell->count, buffer);
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
