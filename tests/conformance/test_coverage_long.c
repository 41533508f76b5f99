/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Intervals keep their promise: many studies, several loads, fixed and sequential numbers of
   replications. Prints what it finds; docs/statistics.md quotes it. */
#include <check.h>
#include <stdio.h>

#include "conformance/coverage.h"
#include "support/suite.h"

/* Of 4000 studies 95 ± 0.34 % should hold; the bounds are three times that. Stopping rules may
   cost what they were found to cost: the more the fewer replications they begin with. */
enum { STUDIES = 4000 };

static void expect(const struct coverage *coverage, double low_pct, double high_pct) {
  struct covered covered = coverage_count(coverage, STUDIES);
  double pct = 100. * covered.n_held / covered.n;
  (void)printf("%2u vCPUs, %u us, -p %g, at least %2u: %.2f %% of %u studies, %.1f replications\n",
               coverage->n_vcpus, coverage->window_us, coverage->pct, coverage->min_reps, pct,
               covered.n, covered.mean_reps);
  ck_assert_msg(pct >= low_pct && pct <= high_pct, "%.2f %%", pct);
}

START_TEST(fixed_numbers) {
  static const uint32_t loads[] = {4, 8, 16}, numbers[] = {3, 5, 10};
  for (int i = 0; i < 9; i++)
    expect(&(struct coverage){.n_vcpus = loads[i / 3],
                              .window_us = 400,
                              .min_reps = numbers[i % 3],
                              .max_reps = numbers[i % 3]},
           93.9, 96.1);
}
END_TEST

START_TEST(stopping_rules) {
  static const double wanted_pct[] = {5, 2, 1};
  static const uint32_t least[] = {3, 5, 10};
  static const double low_pct[] = {90, 91.5, 92.7};
  for (int i = 0; i < 9; i++)
    expect(&(struct coverage){.n_vcpus = 4,
                              .window_us = 1000,
                              .pct = wanted_pct[i / 3],
                              .min_reps = least[i % 3],
                              .max_reps = 1000},
           low_pct[i % 3], 96.1);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("coverage_long");
  tcase_set_timeout(tests, 1800);
  tcase_add_test(tests, fixed_numbers);
  tcase_add_test(tests, stopping_rules);
  return suite_run(tests, "conformance/coverage_long");
}
