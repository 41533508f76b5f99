/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers and reports as text. */
#include "cli/report.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "cli/json_write.h"
#include "cli/number.h"
#include "cli/sha256.h"
#include "cli/text.h"
#include "support/fake_result.h"
#include "support/suite.h"

static struct arena arena;
static struct cli cli;
static struct study_plan plan;
static struct results results;
static struct results_cell cell;
static char *buffer;
static size_t size;
static FILE *to;

static void setup(void) {
  const struct scenario *scenario = fake_scenario(&arena);
  const struct run_result **runs = ARENA_NEW(&arena, const struct run_result *);
  runs[0] = fake_result(scenario, 0, &arena);
  cli = (struct cli){.arena = &arena, .color = WHEN_NEVER};
  plan = (struct study_plan){.study = {.grid = grid_of_one(scenario, &arena)}};
  results = (struct results){.cli = &cli, .plan = &plan};
  cell = (struct results_cell){.replications = {.scenario = scenario, .runs = runs, .n = 1},
                               .arena = &arena};
  to = open_memstream(&buffer, &size);
}
static void teardown(void) {
  (void)fclose(to);
  free(buffer);
  arena_free(&arena);
}

static const char *written(void) {
  ck_assert_int_eq(fflush(to), 0);
  return buffer;
}

static struct report report_of(uint32_t width) {
  return (struct report){.results = &results, .width = width, .arena = &arena};
}

START_TEST(exact_numbers_are_short_and_read_back) {
  static const struct {
    double value;
    const char *text;
  } cases[] = {{100.0 * 2 / 3, "66.66666666666667"},
               {0.1, "0.1"},
               {0, "0"},
               {50, "50"},
               {1e22, "1e+22"},
               {100.0 / 3, "33.333333333333336"},
               {0.1 + 0.2, "0.30000000000000004"},
               {5e-324, "4.94065645841247e-324"}};
  char text[NUMBER_TEXT_MAX];
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    ck_assert_str_eq(number_exact(cases[i].value, text), cases[i].text);
    ck_assert(strtod(text, NULL) == cases[i].value);
  }
}
END_TEST

START_TEST(numbers_for_people) {
  char text[NUMBER_TEXT_MAX];
  ck_assert_str_eq(number_grouped(37412.4, 0, text), "37 412");
  ck_assert_str_eq(number_grouped(-1234567.25, 1, text), "-1 234 567.2");
  ck_assert_str_eq(number_grouped(999, 0, text), "999");
  ck_assert_str_eq(number_power(2.1e9, text), "2.1e9");
  ck_assert_str_eq(number_power(0, text), "0.0e0");
  ck_assert_str_eq(number_duration(3.9e6, text), "3.9 ms");
  ck_assert_str_eq(number_duration(250e3, text), "250 us");
  ck_assert_str_eq(number_duration(0, text), "0");
  ck_assert_str_eq(number_share(0.884, text), "88 %");
  ck_assert_str_eq(number_share(0, text), "none");
  ck_assert_str_eq(number_share(1e-9, text), "less than 1 %");
  ck_assert_str_eq(number_share(0.9999, text), "more than 99 %");
  ck_assert_str_eq(number_share(1, text), "all");
}
END_TEST

START_TEST(csv_quotes_what_needs_it) {
  static const struct table_column columns[] = {{"a", ""}, {"b,c", ""}};
  const struct cell cells[] = {cell_text("x\"y"), cell_none(), cell_count(UINT64_MAX),
                               cell_real(0.5)};
  const struct table table = {columns, cells, 2, 2};
  report_csv(&table, to);
  ck_assert_str_eq(written(), "a,\"b,c\"\r\n\"x\"\"y\",\r\n18446744073709551615,0.5\r\n");
}
END_TEST

START_TEST(markdown_escapes_bars_and_aligns_numbers) {
  static const struct table_column columns[] = {{"vm", ""}, {"run_pct", "%"}};
  const struct cell cells[] = {cell_text("a|b"), cell_real(50)};
  const struct table table = {columns, cells, 2, 1};
  report_markdown_header(&table, to);
  report_markdown_rows(&table, to);
  ck_assert_str_eq(written(), "| vm | run_pct |\n| --- | ---: |\n| a\\|b | 50 |\n");
}
END_TEST

START_TEST(json_quotes_and_nests) {
  struct json json = {.to = to};
  json_begin_object(&json, NULL);
  json_text(&json, "a\n", "\"\\\x01 \xff \xc3\xa4");
  json_begin_array(&json, "b");
  json_cell(&json, NULL, cell_none());
  json_bool(&json, NULL, true);
  json_end_array(&json);
  json_begin_object(&json, "c");
  json_end_object(&json);
  json_seed(&json, "s", UINT64_MAX);
  json_end_object(&json);
  ck_assert_str_eq(written(),
                   "{\n  \"a\\u000a\": \"\\\"\\\\\\u0001 \\ufffd \xc3\xa4\",\n  \"b\": [\n"
                   "    null,\n    true\n  ],\n  \"c\": {},\n"
                   "  \"s\": \"18446744073709551615\"\n}\n");
}
END_TEST

START_TEST(summary_says_what_cost_most) {
  struct report report = report_of(0);
  report_summary(&report, &cell, to);
  const char *text = written();
  ck_assert_ptr_nonnull(strstr(text, "fake   2 pCPUs, rr 10ms, relaxed   1 × 3ms\n"));
  ck_assert_ptr_nonnull(strstr(text,
                               "\ndb lost 3.3e8 cycles/s to spinning; 60 % of it waited for "
                               "a holder that was not running, 20 % for a waiter that"));
  ck_assert_ptr_nonnull(strstr(text, "\ndb was held back by co-scheduling for 17 %"));
  ck_assert_ptr_nonnull(strstr(text, "\nThe host left 10 % of its pCPU time idle"));
  ck_assert_ptr_null(strstr(text, "noise.0 lost"));
}
END_TEST

START_TEST(summary_fits_into_narrow_terminals) {
  for (uint32_t width = 40; width <= 100; width += 5) {
    rewind(to);
    struct report report = report_of(width);
    report_summary(&report, &cell, to);
    ck_assert_int_eq(fputc('\0', to), 0);
    char *line =
        strchr(arena_strdup(&arena, written()), '\n') + 1; /* the headline stays as it is */
    for (line = strtok(line, "\n"); line; line = strtok(NULL, "\n"))
      ck_assert_msg(text_width(line) <= width, "%u: %s", width, line);
  }
}
END_TEST

START_TEST(sha256_of_a_known_text) {
  ck_assert_str_eq(sha256_hex("abc", &arena),
                   "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("report");
  tcase_add_checked_fixture(tests, setup, teardown);
  tcase_add_test(tests, exact_numbers_are_short_and_read_back);
  tcase_add_test(tests, numbers_for_people);
  tcase_add_test(tests, csv_quotes_what_needs_it);
  tcase_add_test(tests, markdown_escapes_bars_and_aligns_numbers);
  tcase_add_test(tests, json_quotes_and_nests);
  tcase_add_test(tests, summary_says_what_cost_most);
  tcase_add_test(tests, summary_fits_into_narrow_terminals);
  tcase_add_test(tests, sha256_of_a_known_text);
  return suite_run(tests, "cli/report");
}
