/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <check.h>
#include <math.h>

#include "sim/decay.h"
#include "support/suite.h"

/* libm's are right to the last bit or nearly so. */
static void expect_near(double is, double should) {
  double error = fabs(is - should), allowed = 8 * 0x1p-53 * fabs(should);
  ck_assert_msg(error <= allowed, "%a is not %a", is, should);
}

START_TEST(exp_agrees_with_libm) {
  for (double x = 1e-9; x < 690; x *= 1.0137) expect_near(decay_exp(x), exp(-x));
}
END_TEST

START_TEST(exp_at_its_edges) {
  ck_assert_double_eq(decay_exp(0), 1);
  ck_assert_double_eq(decay_exp(1e300), 0);
  ck_assert_double_eq(decay_exp(700), 0);
  ck_assert_double_gt(decay_exp(693), 0);
  for (int n = 1; n < 900; n++) { /* where a halving more begins */
    double x = n * 0.69314718055994530942;
    expect_near(decay_exp(x), exp(-x));
  }
}
END_TEST

START_TEST(log_agrees_with_libm) {
  for (double u = 1e-300; u < 1e300; u *= 1.37) expect_near(decay_log(u), log(u));
  for (double away = 1e-15; away < 0.5; away *= 1.1) {
    expect_near(decay_log(1 + away), log(1 + away));
    expect_near(decay_log(1 - away), log(1 - away));
  }
  ck_assert_double_eq(decay_log(1), 0);
}
END_TEST

/* The same on every machine: bits, worked out with 60 decimal digits and rounded. */
START_TEST(bits_are_known) {
  ck_assert_double_eq(decay_exp(0.025), 0x1.f35bd21f40adcp-1);
  ck_assert_double_eq(decay_log(2), 0x1.62e42fefa39efp-1);
  ck_assert_double_eq(decay_log(0.5), -0x1.62e42fefa39efp-1);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("decay");
  tcase_add_test(tests, exp_agrees_with_libm);
  tcase_add_test(tests, exp_at_its_edges);
  tcase_add_test(tests, log_agrees_with_libm);
  tcase_add_test(tests, bits_are_known);
  return suite_run(tests, "sim/decay");
}
