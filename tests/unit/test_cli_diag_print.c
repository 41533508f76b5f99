/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/diag_print.h"
#include "support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct arena arena;
static struct diags diags;

static void setup(void) { diags = (struct diags){.arena = &arena}; }
static void forget(void) { arena_free(&arena); }

static const struct source *source_of(const char *text) {
  struct source *source = ARENA_NEW(&arena, struct source);
  *source = (struct source){.name = "f.json", .text = text, .length = (uint32_t)strlen(text)};
  return source;
}

static void check_print(struct diag_style style, const char *expected) {
  char *text = NULL;
  size_t size = 0;
  FILE *to = open_memstream(&text, &size);
  ck_assert_ptr_nonnull(to);
  diags_print(&diags, style, to);
  ck_assert_int_eq(fclose(to), 0);
  ck_assert_str_eq(text, expected);
  free(text);
}

START_TEST(carets_stand_under_their_words) {
  const struct source *source = source_of("a\n\t{ \"ü\":\t12 }\n");
  diag_error(&diags, (struct place){source, 11, 2}, "p.q", "try this", "wrong");
  check_print((struct diag_style){0},
              "f.json:2:10: error: p.q: wrong\n"
              "    2 |         { \"ü\":  12 }\n"
              "      |                 ^~\n"
              "      = try this\n");
}
END_TEST

START_TEST(control_characters_do_no_harm) {
  const struct source *source = source_of("a\33[2J\x7f\xff\xe2\x80\xae!\n");
  diag_warning(&diags, (struct place){source, 10, 1}, "\33x", NULL, "y\nz");
  check_print((struct diag_style){0},
              "f.json:1:11: warning: ?x: y?z\n"
              "    1 | a?[2J??"
              "?!\n"
              "      |         ^\n");
}
END_TEST

START_TEST(diagnostics_come_in_the_order_of_the_text) {
  const struct source *source = source_of("abc");
  diag_error(&diags, (struct place){source, 2, 1}, "", NULL, "third");
  diag_error(&diags, (struct place){source, 0, 0}, "", NULL, "first");
  diag_error(&diags, (struct place){source, 0, 0}, "", NULL, "second");
  check_print((struct diag_style){0},
              "f.json: error: first\nf.json: error: second\n"
              "f.json:1:3: error: third\n    1 | abc\n      |   ^\n");
}
END_TEST

START_TEST(quiet_means_errors_only_and_colour_is_asked_for) {
  diag_warning(&diags, (struct place){0}, "", NULL, "hm");
  check_print((struct diag_style){.is_quiet = true}, "");
  check_print((struct diag_style){.has_color = true}, "\33[1;35mwarning: \33[mhm\n");
}
END_TEST

START_TEST(arguments_have_no_line_number) {
  struct source argument = {.name = "--set", .text = "a=bc", .length = 4, .is_argument = true};
  diag_error(&diags, (struct place){&argument, 2, 2}, "a", NULL, "wrong");
  diags.items[0].cells = "cell 3";
  check_print((struct diag_style){0},
              "--set: error: a: wrong\n"
              "      | a=bc\n"
              "      |   ^~\n"
              "      = in cell 3\n");
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("diag_print");
  tcase_add_checked_fixture(tests, setup, forget);
  tcase_add_test(tests, carets_stand_under_their_words);
  tcase_add_test(tests, control_characters_do_no_harm);
  tcase_add_test(tests, diagnostics_come_in_the_order_of_the_text);
  tcase_add_test(tests, quiet_means_errors_only_and_colour_is_asked_for);
  tcase_add_test(tests, arguments_have_no_line_number);
  return suite_run(tests, "cli/diag_print");
}
