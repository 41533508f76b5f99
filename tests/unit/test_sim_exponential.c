/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/exponential.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "support/goodness.h"
#include "support/suite.h"

static struct rng_stream stream_of(const char *vm) {
  struct rng_stream stream;
  rng_stream_init(&stream, 1, 0, RNG_COMPUTE, vm, "0");
  return stream;
}

/* Right edge of a layer; behind the last one the curve's top at 0. */
static double edge(int layer) {
  return layer < EXPONENTIAL_LAYERS ? exponential_width[layer] * 0x1p56 : 0;
}

/* Marsaglia and Tsang (2000) give r = 7.69711747013104972 and v = 0.0039496598225815571993 for 256
   layers; the tail's area is exp(-r), so v = r * exp(-r) + exp(-r). */
static const double tail_begin = 7.69711747013104972, area = 0.0039496598225815571993;

START_TEST(layers_have_equal_areas) {
  ck_assert_double_eq_tol(edge(1), tail_begin, 1e-15);
  ck_assert_double_eq_tol(edge(0) * exponential_height[1], area, 1e-17);
  for (int i = 1; i < EXPONENTIAL_LAYERS; i++) {
    ck_assert_double_lt(edge(i + 1), edge(i));
    double height = exponential_height[i + 1] - exponential_height[i];
    ck_assert_double_eq_tol(edge(i) * height, area, 4e-15);
  }
}
END_TEST

START_TEST(heights_are_on_the_curve) {
  for (int i = 0; i <= EXPONENTIAL_LAYERS; i++)
    ck_assert_double_eq_tol(exponential_height[i] / exp(-edge(i)), 1, 1e-14);
  ck_assert_double_eq(exponential_height[EXPONENTIAL_LAYERS], 1);
}
END_TEST

/* A mantissa below inside[i] lies left of the next edge: inside = 2^56 * edge[i + 1] / edge[i]. The
   quotient of two rounded edges is right to 3 * 2^-53, 24 units of the 56-bit mantissa. */
START_TEST(inside_is_the_part_under_the_next_layer) {
  for (int i = 0; i < EXPONENTIAL_LAYERS; i++)
    ck_assert_double_le(fabs((double)exponential_inside[i] - edge(i + 1) / edge(i) * 0x1p56), 24);
}
END_TEST

/* From a separate program in Python: its own Philox, the tables with 60 decimal digits, exp(-x) of
   the wedge test with 60 digits too. Of the 20,000 draws 427 took the slow path. */
START_TEST(first_draws_have_the_same_bits_everywhere) {
  struct rng_stream stream = stream_of("db");
  ck_assert_double_eq(exponential_draw(&stream), 0x1.eba0dacd844c9p-8);
  ck_assert_double_eq(exponential_draw(&stream), 0x1.95370a06790d6p-1);
  ck_assert_double_eq(exponential_draw(&stream), 0x1.e71c79e542f20p-4);
  ck_assert_double_eq(exponential_draw(&stream), 0x1.bd7c128aadb2dp+0);

  stream = stream_of("db");
  uint64_t hash = UINT64_C(0xcbf29ce484222325), bits;
  for (int i = 0; i < 20000; i++) {
    double x = exponential_draw(&stream);
    memcpy(&bits, &x, sizeof bits);
    hash = (hash ^ bits) * UINT64_C(0x100000001b3);
  }
  ck_assert_uint_eq(hash, UINT64_C(0xbf380ae395c2837e));
}
END_TEST

static double law(double x) { return -expm1(-x); }

static double law_two_percent_off(double x) { return -expm1(-x * 1.02); }

START_TEST(draws_fit_the_law) {
  enum { DRAWS = 1000000 };
  double *sample = malloc(DRAWS * sizeof *sample);
  struct rng_stream stream = stream_of("fit");
  for (int i = 0; i < DRAWS; i++) sample[i] = exponential_draw(&stream);
  ck_assert_double_gt(goodness_fit(sample, DRAWS, law), GOODNESS_SIGNIFICANCE);
  ck_assert_double_lt(goodness_fit(sample, DRAWS, law_two_percent_off), GOODNESS_SIGNIFICANCE);
  free(sample);
}
END_TEST

/* As many cells as 8 per layer, so that a fault in the wedges cannot average out. */
START_TEST(draws_fill_equally_likely_cells_equally) {
  enum { DRAWS = 8000000, CELLS = 2048 };
  uint64_t count[CELLS] = {0};
  struct rng_stream stream = stream_of("cells");
  for (int i = 0; i < DRAWS; i++) {
    int cell = (int)(-expm1(-exponential_draw(&stream)) * CELLS);
    count[cell < CELLS ? cell : CELLS - 1]++;
  }
  ck_assert_double_gt(goodness_chi_square(count, NULL, CELLS), GOODNESS_SIGNIFICANCE);
}
END_TEST

/* Moments k! of Exp(1), k = 1 … 4; the k-th sample moment has variance ((2k)! - k!^2) / n. */
START_TEST(moments_are_those_of_the_law) {
  enum { DRAWS = 4000000 };
  struct rng_stream stream = stream_of("moments");
  double sum[5] = {0};
  for (int i = 0; i < DRAWS; i++) {
    double x = exponential_draw(&stream), power = 1;
    for (int k = 1; k <= 4; k++) sum[k] += power *= x;
  }
  const double moment[] = {1, 1, 2, 6, 24}, second[] = {1, 2, 24, 720, 40320};
  for (int k = 1; k <= 4; k++) {
    double sd = sqrt((second[k] - moment[k] * moment[k]) / DRAWS);
    ck_assert_double_lt(fabs(sum[k] / DRAWS - moment[k]), 3.29 * sd);
  }
}
END_TEST

/* Beyond r lies the share exp(-r) = 4.54e-4, and there x - r is Exp(1) again. */
START_TEST(tail_has_its_share_and_no_memory) {
  enum { DRAWS = 8000000, ROOM = 8000 };
  double beyond[ROOM];
  size_t n = 0;
  struct rng_stream stream = stream_of("tail");
  for (int i = 0; i < DRAWS; i++) {
    double x = exponential_draw(&stream) - tail_begin;
    if (x > 0 && n < ROOM) beyond[n++] = x;
  }
  double expected = DRAWS * exp(-tail_begin);
  ck_assert_double_lt(fabs((double)n - expected), 3.29 * sqrt(expected));
  ck_assert_double_gt(goodness_fit(beyond, n, law), GOODNESS_SIGNIFICANCE);
}
END_TEST

/* The wedge test by libm: with the next uniform u, height[i] + u * (height[i + 1] - height[i]) must
   be below exp(-x). Both draw the same u, so they can differ only where rounding decides. */
START_TEST(wedge_accepts_what_is_under_the_curve) {
  struct rng_stream stream = stream_of("wedge");
  int accepted = 0;
  for (int i = 0; i < 200000; i++) {
    int layer = 1 + i % (EXPONENTIAL_LAYERS - 1);
    uint64_t room = (UINT64_C(1) << 56) - exponential_inside[layer];
    uint64_t mantissa = exponential_inside[layer] + rng_u64(&stream) % room;
    double x = (double)mantissa * exponential_width[layer];
    struct rng_stream peek = stream;
    double bottom = exponential_height[layer], top = exponential_height[layer + 1];
    double y = bottom + rng_uniform(&peek) * (top - bottom);
    if (fabs(y - exp(-x)) < 1e-14) continue;
    double redrawn = exponential_draw(&peek);
    double got = exponential_slow(&stream, (unsigned)layer, mantissa);
    ck_assert_double_eq(got, y < exp(-x) ? x : redrawn);
    accepted += y < exp(-x);
  }
  /* The curve is convex, so it leaves less than half of each wedge under it. */
  ck_assert_int_gt(accepted, 80000);
  ck_assert_int_lt(accepted, 100000);
}
END_TEST

START_TEST(draws_are_never_negative_and_reach_down_to_0) {
  for (uint64_t layer = 0; layer < EXPONENTIAL_LAYERS - 1; layer++) {
    struct rng_stream stream = {.word = {layer}, .n_left = 1};
    ck_assert_double_eq(exponential_draw(&stream), 0);
  }
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("exponential");
  tcase_add_test(tests, layers_have_equal_areas);
  tcase_add_test(tests, heights_are_on_the_curve);
  tcase_add_test(tests, inside_is_the_part_under_the_next_layer);
  tcase_add_test(tests, first_draws_have_the_same_bits_everywhere);
  tcase_add_test(tests, draws_fit_the_law);
  tcase_add_test(tests, draws_fill_equally_likely_cells_equally);
  tcase_add_test(tests, moments_are_those_of_the_law);
  tcase_add_test(tests, tail_has_its_share_and_no_memory);
  tcase_add_test(tests, wedge_accepts_what_is_under_the_curve);
  tcase_add_test(tests, draws_are_never_negative_and_reach_down_to_0);
  return suite_run(tests, "sim/exponential");
}
