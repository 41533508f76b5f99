/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Durations as people write them: "1.5us", "10 ms", "0"; units ns us ms s min h. */
#ifndef COSTOP_SIM_DURATION_H
#define COSTOP_SIM_DURATION_H

#include <stddef.h>
#include <stdint.h>

enum duration_error {
  DURATION_OK,
  DURATION_NO_NUMBER,
  DURATION_NO_UNIT, /* a number, but nothing behind it: only "0" may drop the unit */
  DURATION_BAD_UNIT,
  DURATION_NEGATIVE,
  DURATION_TOO_LONG, /* beyond TIME_MAX_NS */
  DURATION_TOO_FINE  /* not a whole number of nanoseconds */
};

/* Exact decimal arithmetic, no floating point. Blanks around and between number and unit are
   allowed, exponents are not. */
enum duration_error duration_parse(const char *text, int64_t *result_ns);

/* What is wrong, as a clause: "has no unit". */
const char *duration_error_text(enum duration_error error);

enum { DURATION_TEXT_MAX = 32 };
/* The shortest exact form that is at least 1 of its unit: 1500 -> "1.5us", 0 -> "0". Returns
   buffer. */
const char *duration_format(int64_t value_ns, char buffer[DURATION_TEXT_MAX]);

/* Up to two significant digits: 1234 -> 1300. For recommendations; not beyond 2^62. */
int64_t duration_round_up(int64_t value_ns);

#endif
