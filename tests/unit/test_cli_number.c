/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers that read back exactly are those that printf would find by trying. */
#include "cli/number.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/rng.h"
#include "support/suite.h"

static void expect_as_printf(double value) {
  char text[NUMBER_TEXT_MAX], wanted[NUMBER_TEXT_MAX];
  for (int digits = 15; digits <= 17; digits++) {
    (void)snprintf(wanted, sizeof wanted, "%.*g", digits, value);
    if (strtod(wanted, NULL) == value) break;
  }
  const char *got = number_exact(value, text);
  ck_assert_ptr_eq(got, text);
  if (strcmp(got, wanted) != 0) ck_abort_msg("%a is '%s', not '%s'", value, got, wanted);
}

START_TEST(numbers_of_any_size) {
  struct rng_stream stream;
  rng_stream_init(&stream, 1, 0, RNG_COMPUTE, "number", "0");
  for (int i = 0; i < 20000; i++) {
    double unit = (double)(rng_u64(&stream) >> 11) * 0x1p-53;
    expect_as_printf(100 * unit);
    expect_as_printf(-1000 * unit);
    expect_as_printf(exp(unit * 90 - 30));
    expect_as_printf(floor(unit * 1e6) / 1e3);
    expect_as_printf(floor(unit * 1e16));
  }
}
END_TEST

START_TEST(edges) {
  for (int power = -20; power <= 20; power++) {
    double ten = pow(10, power), two = ldexp(1, 3 * power);
    const double values[] = {ten, two, 5 * ten, 9999999999999990 * ten, 1234567 * ten, 0.5 * ten};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
      expect_as_printf(values[i]);
      expect_as_printf(nextafter(values[i], 0));
      expect_as_printf(nextafter(values[i], INFINITY));
    }
  }
  expect_as_printf(0);
  expect_as_printf(-0.0);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("number");
  tcase_add_test(tests, numbers_of_any_size);
  tcase_add_test(tests, edges);
  return suite_run(tests, "number");
}
