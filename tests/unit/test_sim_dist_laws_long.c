/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every kind of distribution against its law, with 10^7 draws from each of several seeds. */
#include <check.h>
#include <stdio.h>

#include "support/goodness.h"
#include "support/suite.h"
#include "unit/fits.h"

enum { DRAWS = 10000000, SEEDS = 3 };

static double least;

static void look_at(size_t fit, double p_value) {
  ck_assert_msg(p_value > GOODNESS_SIGNIFICANCE, "%s: p = %g", fits_name(fit), p_value);
  least = fmin(least, p_value);
}

static void say(int n_fits, const char *law) {
  (void)printf("%d %s laws, %d seeds, %d draws each: the least p is %.2g\n", n_fits, law, SEEDS,
               DRAWS, least);
}

START_TEST(draws_fit_their_laws) {
  least = 1;
  for (size_t fit = 0; fit < FITS; fit++)
    for (uint64_t seed = 1; seed <= SEEDS; seed++) look_at(fit, fits_long(fit, DRAWS, seed, 1));
  say(FITS, "continuous");
}
END_TEST

START_TEST(rounded_draws_fit_their_laws) {
  least = 1;
  for (size_t fit = 0; fit < FITS_AND_EMPIRICAL; fit++)
    for (uint64_t seed = 1; seed <= SEEDS; seed++) look_at(fit, fits_rounded(fit, DRAWS, seed, 0));
  say(FITS_AND_EMPIRICAL, "rounded");
}
END_TEST

START_TEST(three_per_mille_too_long_is_no_fit) {
  for (size_t fit = 0; fit < FITS; fit++)
    ck_assert_double_lt(fits_long(fit, DRAWS, 1, 1.003), GOODNESS_SIGNIFICANCE);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("laws_long");
  tcase_set_timeout(tests, 100);
  tcase_add_test(tests, draws_fit_their_laws);
  tcase_add_test(tests, rounded_draws_fit_their_laws);
  tcase_add_test(tests, three_per_mille_too_long_is_no_fit);
  return suite_run(tests, "sim/dist laws, 10^7 draws");
}
