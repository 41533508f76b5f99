/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The end of every test program. */
#ifndef COSTOP_TESTS_SUITE_H
#define COSTOP_TESTS_SUITE_H

#include <check.h>

/* Runs the tests, as CK_VERBOSITY and CK_RUN_CASE say; returns what main returns. */
static inline int suite_run_all(Suite *suite) {
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int n_failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return n_failed != 0;
}

/* … of a program that has one case. */
static inline int suite_run(TCase *tests, const char *name) {
  Suite *suite = suite_create(name);
  suite_add_tcase(suite, tests);
  return suite_run_all(suite);
}

#endif
