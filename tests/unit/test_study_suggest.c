/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/suggest.h"
#include "support/suite.h"

#include <check.h>

static const char *const words[] = {"run", "check", "show", "vcpus", "costop_threshold", NULL};

START_TEST(slips_of_the_pen_are_understood) {
  ck_assert_str_eq(suggest_word("vcpu", words), "vcpus");
  ck_assert_str_eq(suggest_word("chekc", words), "check");
  ck_assert_str_eq(suggest_word("RUN", words), "run");
  ck_assert_str_eq(suggest_word("costp_treshold", words), "costop_threshold");
}
END_TEST

START_TEST(anything_else_is_not) {
  ck_assert_ptr_null(suggest_word("banana", words));
  ck_assert_ptr_null(suggest_word("", words));
  ck_assert_ptr_null(suggest_word(
      "a-word-that-is-much-longer-than-any-key-that-a-scenario-has-or-will-have", words));
}
END_TEST

START_TEST(the_nearest_wins_then_the_first) {
  static const char *const near[] = {"abcf", "abce", "abcdx", NULL};
  ck_assert_str_eq(suggest_word("abcd", near), "abcf");
  ck_assert_str_eq(suggest_word("abcdx", near), "abcdx");
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("suggest");
  tcase_add_test(tests, slips_of_the_pen_are_understood);
  tcase_add_test(tests, anything_else_is_not);
  tcase_add_test(tests, the_nearest_wins_then_the_first);
  return suite_run(tests, "study/suggest");
}
