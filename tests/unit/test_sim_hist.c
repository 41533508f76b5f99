/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/hist.h"

#include <check.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "sim/exponential.h"
#include "sim/rng.h"
#include "sim/time.h"
#include "support/suite.h"

static struct arena arena;

/* Every test is run in each way: values counted at once, put off as on big hosts, and in one of
   several histograms, of which the others stay empty. */
static struct hist_tally tally;
static bool is_put_off;
static uint32_t n_alike;

static struct hist hist_of(int64_t min, int64_t max) {
  struct hist_bank bank = hist_bank_create(&arena, n_alike, min, max);
  struct hist hist;
  for (uint32_t i = 0; i < (n_alike + 1) / 2; i++)
    hist_init(&hist, &bank, is_put_off ? &tally : NULL);
  return hist;
}

/* In a bucket, with what was put off. */
static uint64_t counted(const struct hist *hist, uint32_t bucket) {
  if (hist->tally) hist_flush(hist->tally);
  return hist_counted(hist_counters_of(hist, bucket));
}

static void set_out(bool puts_off, uint32_t n) {
  tally = (struct hist_tally){0};
  is_put_off = puts_off;
  n_alike = n;
}
static void count_at_once(void) { set_out(false, 1); }
static void put_off(void) { set_out(true, 1); }
static void one_of_several(void) { set_out(false, 5); }
static void drop(void) { arena_free(&arena); }

static struct rng_stream stream_of(const char *name) {
  struct rng_stream stream;
  rng_stream_init(&stream, 1, 0, RNG_COMPUTE, name, "0");
  return stream;
}

static const int64_t mins[] = {0, 1, 63, 64, 127, 128, 1000, 1000000, INT64_C(1) << 40};
enum { MINS = sizeof mins / sizeof *mins };

START_TEST(buckets_cover_the_range_without_gap_or_overlap) {
  for (int i = 0; i < MINS; i++) {
    struct hist hist = hist_of(mins[i], TIME_MAX_NS);
    ck_assert_int_eq(hist_bucket_low(&hist, 0), 0);
    for (uint32_t bucket = 0; bucket + 1 < hist.n_buckets; bucket++) {
      int64_t low = hist_bucket_low(&hist, bucket), next = hist_bucket_low(&hist, bucket + 1);
      ck_assert_int_lt(low, next);
      ck_assert_uint_eq(hist_bucket(&hist, low), bucket);
      ck_assert_uint_eq(hist_bucket(&hist, next - 1), bucket);
    }
    ck_assert_uint_eq(hist_bucket(&hist, TIME_MAX_NS), hist.n_buckets - 1);
  }
}
END_TEST

START_TEST(buckets_never_fall_as_values_rise) {
  struct rng_stream stream = stream_of("rise");
  struct hist hist = hist_of(1000, TIME_MAX_NS);
  for (int i = 0; i < 100000; i++) {
    int64_t a = (int64_t)(rng_u64(&stream) >> (2 + rng_u64(&stream) % 62));
    int64_t b = (int64_t)(rng_u64(&stream) >> (2 + rng_u64(&stream) % 62));
    ck_assert(a <= b ? hist_bucket(&hist, a) <= hist_bucket(&hist, b)
                     : hist_bucket(&hist, a) >= hist_bucket(&hist, b));
  }
}
END_TEST

/* 64 buckets per octave: the middle is at most 1/128 away. Below min the width is that at min. */
START_TEST(buckets_are_no_wider_than_1_in_64_from_min_on) {
  for (int i = 0; i < MINS; i++) {
    struct hist hist = hist_of(mins[i], TIME_MAX_NS);
    for (uint32_t bucket = 0; bucket + 1 < hist.n_buckets; bucket++) {
      int64_t low = hist_bucket_low(&hist, bucket);
      int64_t width = hist_bucket_low(&hist, bucket + 1) - low;
      int64_t value = low > mins[i] ? low : mins[i];
      ck_assert(width == 1 || width <= value / HIST_SUB);
    }
  }
}
END_TEST

/* min 1000 = 15.6 * 64: 15 has its highest bit at 2^3, so 8 ns is the resolution. 1e10 / 8 = 1.25e9
   lies in octave 30 - 6 = 24, and 1.25e9 / 2^24 = 74.5: bucket 24 * 64 + 74, 1611 in all. */
START_TEST(size_is_64_buckets_per_octave) {
  struct hist hist = hist_of(1000, 10000000000);
  ck_assert_uint_eq(hist.shift, 3);
  ck_assert_uint_eq(hist.n_buckets, 1611);
  ck_assert_uint_eq(hist_of(1, 0).n_buckets, 1);
  ck_assert_uint_eq(hist_of(1, 127).n_buckets, 128);
}
END_TEST

static int order_i64(const void *left, const void *right) {
  int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
  return (a > b) - (a < b);
}

/* The law of the i-th sample: log-uniform, exponential, narrow, small integers. */
static int64_t value_of(int law, struct rng_stream *stream) {
  switch (law) {
    case 0:
      return (int64_t)exp(log(1e3) + rng_uniform(stream) * log(1e9));
    case 1:
      return 1000 + (int64_t)(exponential_draw(stream) * 2e6);
    case 2:
      return 123456789 + (int64_t)(rng_uniform(stream) * 1000);
    default:
      return (int64_t)(rng_uniform(stream) * 100);
  }
}

START_TEST(percentiles_are_within_1_percent_of_the_sorted_data) {
  enum { VALUES = 20000 };
  static int64_t values[VALUES];
  struct rng_stream stream = stream_of("percentiles");
  for (int law = 0; law < 4; law++) {
    struct hist hist = hist_of(law < 3 ? 1000 : 1, TIME_MAX_NS);
    for (int i = 0; i < VALUES; i++) hist_add(&hist, values[i] = value_of(law, &stream));
    qsort(values, VALUES, sizeof *values, order_i64);
    for (int permille = 1; permille <= 1000; permille++) {
      /* The least value with at least that share at or below it. */
      double exact = (double)values[VALUES / 1000 * permille - 1];
      double got = hist_percentile(&hist, permille / 1000.0);
      ck_assert_msg(fabs(got - exact) <= exact / 128, "law %d, %d permille: %g, exactly %g", law,
                    permille, got, exact);
    }
  }
}
END_TEST

START_TEST(small_values_are_exact) {
  struct hist hist = hist_of(1, 1000);
  for (int value = 1; value <= 100; value++) hist_add(&hist, value);
  for (int percent = 1; percent <= 100; percent++)
    ck_assert_double_eq(hist_percentile(&hist, percent / 100.0), percent);
  ck_assert_double_eq(hist_percentile(&hist, 0), 1); /* the least value there is */
}
END_TEST

START_TEST(sum_count_and_max_are_exact) {
  struct rng_stream stream = stream_of("exact");
  struct hist hist = hist_of(1000, 1000000);
  int64_t sum = 0, max = 0;
  for (int i = 0; i < 10000; i++) {
    int64_t value = (int64_t)(rng_uniform(&stream) * 3e6); /* beyond the range too */
    hist_add(&hist, value);
    sum += value;
    if (value > max) max = value;
  }
  ck_assert_int_eq(hist.sum, sum);
  ck_assert_int_eq(hist.max, max);
  ck_assert_uint_eq(hist.count, 10000);
}
END_TEST

START_TEST(percentile_is_never_above_max) {
  struct hist hist = hist_of(1, TIME_MAX_NS);
  int64_t low = hist_bucket_low(&hist, 1000);
  hist_add(&hist, low); /* the middle of its bucket is higher */
  ck_assert_double_eq(hist_percentile(&hist, 0.5), (double)low);
  hist_add(&hist, TIME_MAX_NS);
  ck_assert_double_le(hist_percentile(&hist, 1), (double)TIME_MAX_NS);
  ck_assert_double_ge(hist_percentile(&hist, 1), (double)TIME_MAX_NS * (1 - 1. / 128));
}
END_TEST

START_TEST(values_beyond_the_range_stay_in_the_last_bucket) {
  struct hist hist = hist_of(1, 1000);
  hist_add(&hist, 5);
  hist_add(&hist, 1000000);
  hist_add(&hist, TIME_MAX_NS);
  ck_assert_uint_eq(counted(&hist, hist.n_buckets - 1), 2);
  ck_assert_int_eq(hist.max, TIME_MAX_NS);
  ck_assert_uint_eq(hist.count, 3);
  ck_assert_double_eq(hist_percentile(&hist, 0.3), 5);
  ck_assert_double_eq_tol(hist_percentile(&hist, 0.9), 1000, 10);
}
END_TEST

/* 3 x 256 + 10 and 256: the byte has run over three times, and just once. */
START_TEST(buckets_hold_more_than_a_byte) {
  struct hist hist = hist_of(1, 1000);
  for (int i = 0; i < 778; i++) hist_add(&hist, 7);
  for (int i = 0; i < 256; i++) hist_add(&hist, 9);
  ck_assert_uint_eq(counted(&hist, 7), 778);
  ck_assert_uint_eq(counted(&hist, 9), 256);
  ck_assert_double_eq(hist_percentile(&hist, 778.0 / 1034), 7);
  ck_assert_double_eq(hist_percentile(&hist, 779.0 / 1034), 9);
}
END_TEST

START_TEST(full_counters_stay_full) {
  static const uint64_t full = (UINT64_C(1) << 40) - 1;
  struct hist hist = hist_of(1, 1000);
  struct hist_counters bucket = hist_counters_of(&hist, 7);
  *bucket.carried = UINT32_MAX;
  *bucket.unit = UINT8_MAX - 1;
  hist.count = full - 1;
  for (int i = 0; i < 3; i++) hist_add(&hist, 7);
  ck_assert_uint_eq(counted(&hist, 7), full);
  ck_assert_uint_eq(hist.count, full + 2);
  /* Percentiles are of what the buckets hold: the last one is still found. */
  hist_add(&hist, 9);
  ck_assert_double_eq(hist_percentile(&hist, 0.5), 7);
  ck_assert_double_eq(hist_percentile(&hist, 1), 9);
}
END_TEST

START_TEST(empty_histogram_says_0) {
  struct hist hist = hist_of(1, 1000);
  ck_assert_double_eq(hist_percentile(&hist, 0), 0);
  ck_assert_double_eq(hist_percentile(&hist, 0.99), 0);
  hist_add(&hist, 0);
  ck_assert_double_eq(hist_percentile(&hist, 0.99), 0);
  ck_assert_uint_eq(hist.count, 1);
}
END_TEST

START_TEST(reset_forgets_everything_but_the_range) {
  struct hist hist = hist_of(1000, 1000000);
  uint32_t shift = hist.shift, n_buckets = hist.n_buckets;
  for (int i = 0; i < 1000; i++) hist_add(&hist, i * 1000);
  hist_reset(&hist);
  ck_assert_int_eq(hist.sum, 0);
  ck_assert_int_eq(hist.max, 0);
  ck_assert_uint_eq(hist.count, 0);
  ck_assert_uint_eq(hist.shift, shift);
  ck_assert_uint_eq(hist.n_buckets, n_buckets);
  for (uint32_t i = 0; i < n_buckets; i++) ck_assert_uint_eq(counted(&hist, i), 0);
}
END_TEST

/* Of three, each has values of its own, in every octave. */
START_TEST(histograms_of_one_bank_do_not_mix) {
  enum { ALIKE = 3 };
  struct hist_bank bank = hist_bank_create(&arena, ALIKE, 1, 1000000);
  struct hist hists[ALIKE];
  for (int i = 0; i < ALIKE; i++) hist_init(&hists[i], &bank, NULL);
  for (uint32_t b = 0; b < bank.n_buckets; b++)
    for (uint32_t k = 0; k < 1 + b % ALIKE; k++)
      hist_add(&hists[b % ALIKE], hist_bucket_low(&hists[0], b));
  for (uint32_t b = 0; b < bank.n_buckets; b++)
    for (uint32_t i = 0; i < ALIKE; i++)
      ck_assert_uint_eq(counted(&hists[i], b), i == b % ALIKE ? 1 + i : 0);
}
END_TEST

static void add_tests(Suite *suite, const char *name, void (*begin)(void)) {
  TCase *tests = tcase_create(name);
  tcase_add_checked_fixture(tests, begin, drop);
  tcase_add_test(tests, buckets_cover_the_range_without_gap_or_overlap);
  tcase_add_test(tests, buckets_never_fall_as_values_rise);
  tcase_add_test(tests, buckets_are_no_wider_than_1_in_64_from_min_on);
  tcase_add_test(tests, size_is_64_buckets_per_octave);
  tcase_add_test(tests, percentiles_are_within_1_percent_of_the_sorted_data);
  tcase_add_test(tests, small_values_are_exact);
  tcase_add_test(tests, sum_count_and_max_are_exact);
  tcase_add_test(tests, percentile_is_never_above_max);
  tcase_add_test(tests, values_beyond_the_range_stay_in_the_last_bucket);
  tcase_add_test(tests, buckets_hold_more_than_a_byte);
  tcase_add_test(tests, full_counters_stay_full);
  tcase_add_test(tests, empty_histogram_says_0);
  tcase_add_test(tests, reset_forgets_everything_but_the_range);
  tcase_add_test(tests, histograms_of_one_bank_do_not_mix);
  suite_add_tcase(suite, tests);
}

int main(void) {
  Suite *suite = suite_create("sim/hist");
  add_tests(suite, "counted at once", count_at_once);
  add_tests(suite, "put off", put_off);
  add_tests(suite, "one of several", one_of_several);
  return suite_run_all(suite);
}
