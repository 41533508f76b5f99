/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/duration.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "sim/rng.h"
#include "sim/time.h"
#include "support/suite.h"

struct example {
  const char *text;
  int64_t value_ns;
};

static void check_values(const struct example *examples, size_t n) {
  for (size_t i = 0; i < n; i++) {
    int64_t value_ns = -1;
    enum duration_error error = duration_parse(examples[i].text, &value_ns);
    ck_assert_msg(error == DURATION_OK, "'%s' %s", examples[i].text, duration_error_text(error));
    ck_assert_msg(value_ns == examples[i].value_ns, "'%s' is %lld, not %lld", examples[i].text,
                  (long long)examples[i].value_ns, (long long)value_ns);
  }
}

static void check_errors(enum duration_error expected, const char *const *texts, size_t n) {
  for (size_t i = 0; i < n; i++) {
    int64_t value_ns = -7;
    enum duration_error error = duration_parse(texts[i], &value_ns);
    ck_assert_msg(error == expected, "'%s' %s", texts[i], duration_error_text(error));
    ck_assert_int_eq(value_ns, -7); /* nothing is stored */
  }
}
#define COUNT(array) (sizeof(array) / sizeof *(array))

START_TEST(every_unit_is_known) {
  const struct example examples[] = {
      {"7ns", 7},         {"7us", 7000},          {"7ms", 7000000},
      {"7s", 7000000000}, {"7min", 420000000000}, {"7h", 25200000000000},
  };
  check_values(examples, COUNT(examples));
}
END_TEST

START_TEST(decimals_are_exact) {
  const struct example examples[] = {
      {"1.5us", 1500},
      {"0.001us", 1},
      {"1.000000001s", 1000000001},
      {"0.1s", 100000000}, /* no double is 0.1 */
      {"2.5min", 150000000000},
      /* 3,600 s / 10^13 * 2^13 * 5^11 …: the finest decimal of an hour that is whole, 9 ns */
      {"0.0000000000025h", 9},
      {"1.50000000000000000000000000000000000us", 1500},
      {"000000000000000000000000000000000000001.5us", 1500},
      {"4611686018.427387904s", TIME_MAX_NS},
  };
  check_values(examples, COUNT(examples));
}
END_TEST

START_TEST(zero_needs_no_unit) {
  const struct example examples[] = {{"0", 0}, {" 0 ", 0}, {"0.0", 0}, {"0ns", 0}, {"0 h", 0}};
  check_values(examples, COUNT(examples));
}
END_TEST

START_TEST(blanks_may_stand_around_and_between) {
  const struct example examples[] = {
      {" 10ms", 10000000}, {"10 ms", 10000000}, {"10ms ", 10000000}, {"\t10 \t ms\t", 10000000}};
  check_values(examples, COUNT(examples));
}
END_TEST

START_TEST(limit_is_2_to_the_62) {
  const struct example examples[] = {
      {"4611686018427387904ns", TIME_MAX_NS},
      {"4611686018427387903ns", TIME_MAX_NS - 1},
      {"4611686018427387.904us", TIME_MAX_NS},
      /* 2^62 / 3.6e12 = 1281023.894… */
      {"1281023h", INT64_C(1281023) * 3600000000000},
  };
  check_values(examples, COUNT(examples));
  const char *const texts[] = {
      "4611686018427387905ns",
      "4611686018427387.905us",
      "4611686018427387905.5ns", /* too fine as well */
      "1281024h",
      "9223372036854775808ns",  /* 2^63 */
      "18446744073709551616ns", /* 2^64: 0 if it wrapped */
      "18446744073709551617ns",
      "340282366920938463463374607431768211457ns", /* 2^128 + 1 */
      "5124095576030431h",                         /* 2^64 ns in hours, roughly */
      "99999999999999999999999999999999999999999999999999999999999999999999h",
  };
  check_errors(DURATION_TOO_LONG, texts, COUNT(texts));
}
END_TEST

START_TEST(fractions_of_a_nanosecond_are_refused) {
  const char *const texts[] = {"0.5ns", "1.0001us", "0.00000000000025h", /* 0.9 ns */
                               "0.0000000000001s",
                               "0.00000000000000000000000000000000000000000001h"};
  check_errors(DURATION_TOO_FINE, texts, COUNT(texts));
}
END_TEST

START_TEST(numbers_without_a_unit_are_refused) {
  const char *const texts[] = {"50", "1.5", " 50 ", "0.1", "99999999999999999999"};
  check_errors(DURATION_NO_UNIT, texts, COUNT(texts));
}
END_TEST

START_TEST(unknown_units_are_refused) {
  const char *const texts[] = {"5sec",
                               "5m",
                               "5US",
                               "5Ms",
                               "5 ms x",
                               "5us5",
                               "5us,",
                               "1e3us",
                               "1e3",
                               "1.5e-3s",
                               "0x10ns",
                               "5%",
                               "1.2.3s",
                               "5n",
                               "5nss",
                               "1,5us",
                               "0x0",
                               "5\nus",
                               "99999999999999999999 parsec"};
  check_errors(DURATION_BAD_UNIT, texts, COUNT(texts));
}
END_TEST

START_TEST(texts_without_a_plain_number_are_refused) {
  const char *const texts[] = {"",    " ",   "us",   "ms 5", ".5us", "5.us",  "5.",   ".",
                               "nan", "inf", "+5us", "-",    "-us",  "--5us", "none", "- 5us"};
  check_errors(DURATION_NO_NUMBER, texts, COUNT(texts));
}
END_TEST

START_TEST(negative_durations_are_refused) {
  const char *const texts[] = {"-5us", " -5us", "-0.5ns", "-5", "-0", "-99999999999999999999h"};
  check_errors(DURATION_NEGATIVE, texts, COUNT(texts));
}
END_TEST

START_TEST(every_error_has_its_own_clause) {
  for (int a = DURATION_OK; a <= DURATION_TOO_FINE; a++) {
    const char *text = duration_error_text((enum duration_error)a);
    ck_assert_uint_gt(strlen(text), 5);
    for (int b = DURATION_OK; b < a; b++)
      ck_assert_str_ne(text, duration_error_text((enum duration_error)b));
  }
  ck_assert_str_eq(duration_error_text(DURATION_NO_UNIT), "has no unit");
}
END_TEST

START_TEST(format_is_the_shortest_form_from_1_of_its_unit_on) {
  const struct example examples[] = {
      {"0", 0},
      {"1ns", 1},
      {"999ns", 999},
      {"1us", 1000},
      {"1001ns", 1001},
      {"1.5us", 1500},
      {"10ms", 10000000},
      {"200ms", 200000000}, /* not 0.2s */
      {"1.5s", 1500000000},
      {"60s", 60000000000},
      {"90s", 90000000000},     /* not 1.5min */
      {"20min", 1200000000000}, /* 1200s is as long */
      {"1h", 3600000000000},
      {"1.5h", 5400000000000},
      {"1000.000000001s", 1000000000001}, /* 1000000000001ns is as long */
      {"4611686018.427387904s", TIME_MAX_NS},
  };
  for (size_t i = 0; i < COUNT(examples); i++) {
    char buffer[DURATION_TEXT_MAX];
    ck_assert_str_eq(duration_format(examples[i].value_ns, buffer), examples[i].text);
  }
}
END_TEST

/* Random values of every magnitude, with and without zeros at their end. */
START_TEST(what_is_formatted_parses_back) {
  struct rng_stream stream;
  rng_stream_init(&stream, 1, 0, RNG_COMPUTE, "duration", "0");
  for (int i = 0; i < 100000; i++) {
    int64_t value_ns = (int64_t)(rng_u64(&stream) >> (2 + rng_u64(&stream) % 62));
    for (uint64_t zeros = rng_u64(&stream) % 15; zeros > 0; zeros--)
      if (value_ns < TIME_MAX_NS / 10) value_ns *= 10;
    if (i % 3 == 0 && value_ns < TIME_MAX_NS / 3600) value_ns *= 3600;
    char buffer[DURATION_TEXT_MAX];
    int64_t again_ns;
    ck_assert_ptr_eq(duration_format(value_ns, buffer), buffer);
    ck_assert_uint_lt(strlen(buffer), DURATION_TEXT_MAX);
    ck_assert_int_eq(duration_parse(buffer, &again_ns), DURATION_OK);
    ck_assert_int_eq(again_ns, value_ns);
    /* Never longer than plain nanoseconds. */
    char plain[DURATION_TEXT_MAX];
    (void)snprintf(plain, sizeof plain, "%lldns", (long long)value_ns);
    ck_assert_uint_le(strlen(buffer), strlen(plain));
  }
}
END_TEST

START_TEST(rounding_up_keeps_two_digits) {
  const int64_t expected[][2] = {{0, 0},       {7, 7},        {99, 99},
                                 {100, 100},   {101, 110},    {1200, 1200},
                                 {1201, 1300}, {9901, 10000}, {TIME_MAX_NS, 4700000000000000000}};
  for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
    ck_assert_int_eq(duration_round_up(expected[i][0]), expected[i][1]);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("duration");
  tcase_add_test(tests, every_unit_is_known);
  tcase_add_test(tests, decimals_are_exact);
  tcase_add_test(tests, zero_needs_no_unit);
  tcase_add_test(tests, blanks_may_stand_around_and_between);
  tcase_add_test(tests, limit_is_2_to_the_62);
  tcase_add_test(tests, fractions_of_a_nanosecond_are_refused);
  tcase_add_test(tests, numbers_without_a_unit_are_refused);
  tcase_add_test(tests, unknown_units_are_refused);
  tcase_add_test(tests, texts_without_a_plain_number_are_refused);
  tcase_add_test(tests, negative_durations_are_refused);
  tcase_add_test(tests, every_error_has_its_own_clause);
  tcase_add_test(tests, format_is_the_shortest_form_from_1_of_its_unit_on);
  tcase_add_test(tests, what_is_formatted_parses_back);
  tcase_add_test(tests, rounding_up_keeps_two_digits);
  return suite_run(tests, "sim/duration");
}
