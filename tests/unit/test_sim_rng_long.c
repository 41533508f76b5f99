/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Streams are independent of their neighbours and draws of those before them: 10^7 pairs each. */
#include <check.h>
#include <stdio.h>

#include "support/goodness.h"
#include "support/suite.h"
#include "unit/pairs.h"

enum { PAIRS = 10000000, SEEDS = 3 };

static double least;
static int n_tests;

static void look_at(const char *what, int number, double p_value) {
  ck_assert_msg(p_value > GOODNESS_SIGNIFICANCE, "%s %d: p = %g", what, number, p_value);
  least = fmin(least, p_value);
  n_tests++;
}

START_TEST(neighbours_are_independent) {
  static const uint32_t lags[] = {1, 2, 3, 4, 8};
  least = 1;
  for (uint64_t seed = 1; seed <= SEEDS; seed++) {
    for (int axis = 0; axis < PAIRS_AXES; axis++)
      look_at("neighbours", axis, pairs_of_neighbours((enum pairs_axis)axis, PAIRS, seed));
    for (int axis = 0; axis < PAIRS_PURPOSE; axis++)
      look_at("first draws", axis, pairs_of_first_draws((enum pairs_axis)axis, PAIRS, seed));
    for (int i = 0; i < 5; i++) look_at("lag", i, pairs_of_lag(lags[i], PAIRS, seed));
  }
  (void)printf("%d kinds of neighbours, %d pairs each: the least p is %.2g\n", n_tests, PAIRS,
               least);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("rng_long");
  tcase_set_timeout(tests, 100);
  tcase_add_test(tests, neighbours_are_independent);
  return suite_run(tests, "sim/rng, 10^7 pairs");
}
