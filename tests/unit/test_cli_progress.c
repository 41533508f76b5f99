/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The line that says how far a study has come. */
#include "cli/progress.h"

#include <check.h>
#include <string.h>

#include "cli/text.h"
#include "support/suite.h"

static const char *const axes = "vms.db.vcpus=4, name=\"größer\"";
static char line[PROGRESS_LINE_MAX];

static const char *draw(uint64_t n_done, uint64_t n_total, uint64_t n_now, uint32_t width,
                        const char *detail) {
  const struct progress_state state = {n_done, n_total, n_now, "replications", detail};
  return progress_line(&state, 50, width, line);
}

/* 100 in 50 s are 2 a second; 300 are left: 150 s. */
START_TEST(everything_is_said_if_there_is_room) {
  ck_assert_str_eq(draw(100, 400, 100, 120, axes),
                   "[#######-----------------------] 100/400 replications, 2/s, 2:30 left  "
                   "vms.db.vcpus=4, name=\"größer\"");
}
END_TEST

START_TEST(what_was_there_before_has_no_rate) {
  ck_assert_str_eq(draw(200, 400, 0, 70, ""),
                   "[###############---------------] 200/400 replications");
  ck_assert_str_eq(draw(300, 400, 1, 60, ""),
                   "[###########----] 300/400 replications, 0.02/s, 1:23:20 left");
}
END_TEST

START_TEST(narrow_terminals_get_the_numbers_that_matter) {
  ck_assert_str_eq(draw(100, 400, 100, 38, axes), "100/400 replications, 2/s, 2:30 left");
  ck_assert_str_eq(draw(100, 400, 100, 34, axes), "[###----------] 100/400, 2:30 left");
  ck_assert_str_eq(draw(100, 400, 100, 20, axes), "100/400, 2:30 left");
  ck_assert_str_eq(draw(100, 400, 100, 10, axes), "100/400");
  ck_assert_str_eq(draw(100, 400, 100, 6, axes), "");
  ck_assert_str_eq(draw(100, 400, 100, 0, axes), "");
}
END_TEST

START_TEST(no_line_is_too_long_and_no_character_cut) {
  for (uint32_t width = 0; width < 300; width++) {
    ck_assert_uint_le(text_width(draw(UINT64_MAX / 2, UINT64_MAX, 1000000, width, axes)), width);
    ck_assert_uint_le(text_width(draw(0, 7, 0, width, axes)), width);
    ck_assert_uint_le(text_width(draw(7, 7, 7, width, axes)), width);
    size_t length = strlen(draw(7, 9, 7, width, axes));
    ck_assert(length == 0 || ((unsigned char)line[length - 1] & 0xc0) != 0xc0);
  }
}
END_TEST

START_TEST(a_bar_begins_empty_and_ends_full) {
  ck_assert_str_eq(draw(0, 7, 0, 53, ""), "[------------------------------] 0/7 replications");
  ck_assert_ptr_nonnull(strstr(draw(7, 7, 7, 80, ""), "[##############################]"));
  ck_assert_ptr_nonnull(strstr(draw(0, 0, 0, 80, ""), "[------------------------------] 0/0"));
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("progress");
  tcase_add_test(tests, everything_is_said_if_there_is_room);
  tcase_add_test(tests, what_was_there_before_has_no_rate);
  tcase_add_test(tests, narrow_terminals_get_the_numbers_that_matter);
  tcase_add_test(tests, no_line_is_too_long_and_no_character_cut);
  tcase_add_test(tests, a_bar_begins_empty_and_ends_full);
  return suite_run(tests, "progress");
}
