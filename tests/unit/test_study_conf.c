/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/conf.h"

#include <check.h>
#include <string.h>

#include "support/bound.h"
#include "support/suite.h"

static struct arena arena;

static void forget(void) { arena_free(&arena); }

/* A tree and its text, which fits on a line. */
static const struct conf *tree(const char *text) {
  struct bound bound = {.arena = arena};
  bound_read(&bound, text);
  ck_assert_ptr_nonnull(bound.root);
  arena = bound.arena;
  return bound.root;
}

static void check_text(const struct conf *conf, const char *expected) {
  char *copy = arena_strdup(&arena, expected);
  for (char *at = copy; (at = strchr(at, '\''));) *at = '"';
  ck_assert_str_eq(conf_to_json(&arena, conf), arena_printf(&arena, "%s\n", copy));
}

START_TEST(merging_goes_by_key_and_keeps_the_order_of_the_base) {
  const struct conf *base = tree("{'a':{'x':1,'y':2},'b':[1,2],'c':3}");
  const struct conf *over = tree("{'d':4,'a':{'z':5,'x':6},'b':[7]}");
  check_text(conf_merge(&arena, base, over),
             "{ 'a': { 'x': 6, 'y': 2, 'z': 5 }, 'b': [7], 'c': 3, 'd': 4 }");
  check_text(base, "{ 'a': { 'x': 1, 'y': 2 }, 'b': [1, 2], 'c': 3 }");
  check_text(over, "{ 'd': 4, 'a': { 'z': 5, 'x': 6 }, 'b': [7] }");
}
END_TEST

START_TEST(merging_replaces_what_is_no_object_on_both_sides) {
  check_text(conf_merge(&arena, tree("{'a':{'x':1},'b':2}"), tree("{'a':3,'b':{'y':4}}")),
             "{ 'a': 3, 'b': { 'y': 4 } }");
}
END_TEST

START_TEST(setting_leaves_the_original_as_it_was) {
  const struct conf *before = tree("{'a':1,'b':[1,2,3]}"), *value = tree("'new'");
  check_text(conf_with(&arena, before, "a", value), "{ 'a': 'new', 'b': [1, 2, 3] }");
  check_text(conf_with(&arena, before, "c", value), "{ 'a': 1, 'b': [1, 2, 3], 'c': 'new' }");
  check_text(conf_with(&arena, conf_find(before, "b"), "1", value), "'b': [1, 'new', 3]");
  check_text(conf_with(&arena, NULL, "c", value), "{ 'c': 'new' }");
  check_text(conf_without(&arena, before, "a"), "{ 'b': [1, 2, 3] }");
  check_text(before, "{ 'a': 1, 'b': [1, 2, 3] }");
}
END_TEST

START_TEST(text_breaks_lines_that_are_too_long) {
  struct conf *list = conf_array(&arena), *object = conf_object(&arena);
  for (int i = 0; i < 40; i++) conf_add(&arena, list, NULL, conf_literal(&arena, "1"));
  conf_add(&arena, object, "short", conf_string(&arena, "\"\\\n"));
  conf_add(&arena, object, "long", list);
  const char *text = conf_to_json(&arena, object);
  ck_assert_ptr_nonnull(
      strstr(text, "{\n  \"short\": \"\\\"\\\\\\u000a\",\n  \"long\": [\n    1,\n"));
  for (const char *line = text; *line; line = strchr(line, '\n') + 1)
    ck_assert_uint_le(strcspn(line, "\n"), 100);
}
END_TEST

START_TEST(descriptions_cut_long_strings_between_letters) {
  char text[200] = "";
  for (int i = 0; i < 50; i++) strcat(text, "ü");
  const char *shown = conf_describe(&arena, conf_string(&arena, text));
  ck_assert_uint_lt(strlen(shown), 70);
  ck_assert_str_eq(shown + strlen(shown) - 6, "ü...\"");
}
END_TEST

START_TEST(places_have_lines_and_columns) {
  const struct source source = {.name = "t", .text = "ab\r\ncd\n\nef", .length = 10};
  struct place_line line = place_line((struct place){&source, 5, 1});
  ck_assert_uint_eq(line.line, 2);
  ck_assert_uint_eq(line.column, 2);
  ck_assert_uint_eq(line.length, 2);
  line = place_line((struct place){&source, 1, 1});
  ck_assert_uint_eq(line.length, 2); /* without \r */
  line = place_line((struct place){&source, 99, 1});
  ck_assert_uint_eq(line.line, 4);
  ck_assert_uint_eq(line.column, 3);
}
END_TEST

START_TEST(problems_beyond_the_limit_are_counted) {
  struct diags *diags = ARENA_NEW(&arena, struct diags);
  diags->arena = &arena;
  for (int i = 0; i < DIAGS_MAX + 7; i++)
    diag_error(diags, (struct place){0}, "a.b", "try", "number %d", i);
  ck_assert_uint_eq(diags->n, DIAGS_MAX);
  ck_assert_uint_eq(diags->n_errors, DIAGS_MAX + 7);
  ck_assert_uint_eq(diags->n_dropped, 7);
  ck_assert_str_eq(diags->items[DIAGS_MAX - 1].message, "number 99");
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("conf");
  tcase_add_checked_fixture(tests, NULL, forget);
  tcase_add_test(tests, merging_goes_by_key_and_keeps_the_order_of_the_base);
  tcase_add_test(tests, merging_replaces_what_is_no_object_on_both_sides);
  tcase_add_test(tests, setting_leaves_the_original_as_it_was);
  tcase_add_test(tests, text_breaks_lines_that_are_too_long);
  tcase_add_test(tests, descriptions_cut_long_strings_between_letters);
  tcase_add_test(tests, places_have_lines_and_columns);
  tcase_add_test(tests, problems_beyond_the_limit_are_counted);
  return suite_run(tests, "study/conf");
}
