/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The frame of the distributions: rounding, saturation, constants, registry, rows and checks. That
   each kind draws from its law is in test_sim_dist_laws.c. */
#include "sim/dist.h"

#include <check.h>
#include <math.h>
#include <string.h>

#include "support/laws.h"
#include "support/suite.h"

START_TEST(rounding_is_to_the_nearest_half_up) {
  ck_assert_int_eq(dist_round_ns(0.0), 0);
  ck_assert_int_eq(dist_round_ns(0.49), 0);
  ck_assert_int_eq(dist_round_ns(0.5), 1);
  ck_assert_int_eq(dist_round_ns(1.5), 2);
  ck_assert_int_eq(dist_round_ns(2.5), 3); /* not to even */
  ck_assert_int_eq(dist_round_ns(2.4999), 2);
}
END_TEST

START_TEST(rounding_is_never_negative) {
  ck_assert_int_eq(dist_round_ns(-0.0), 0);
  ck_assert_int_eq(dist_round_ns(-0.5), 0);
  ck_assert_int_eq(dist_round_ns(-1e300), 0);
  ck_assert_int_eq(dist_round_ns((double)-INFINITY), 0);
}
END_TEST

START_TEST(whole_numbers_stay_what_they_are) {
  /* 2^52 + 1 + 0.5 has no double of its own and would become 2^52 + 2. */
  const int64_t big = INT64_C(1) << 52;
  for (int64_t value = big - 5; value <= big + 5; value++)
    ck_assert_int_eq(dist_round_ns((double)value), value);
  ck_assert_int_eq(dist_round_ns(0x1p52 - 0.5), big);
  ck_assert_int_eq(dist_round_ns(0x1p53 - 1), 2 * big - 1);
}
END_TEST

START_TEST(rounding_saturates_at_2_to_the_62) {
  /* Doubles just below 2^62 are 2^9 apart. */
  ck_assert_int_eq(dist_round_ns(0x1p62 - 0x1p9), TIME_MAX_NS - 512);
  ck_assert_int_eq(dist_round_ns(0x1p62), TIME_MAX_NS);
  ck_assert_int_eq(dist_round_ns(0x1p63), TIME_MAX_NS);
  ck_assert_int_eq(dist_round_ns((double)INFINITY), TIME_MAX_NS);
}
END_TEST

START_TEST(constants_need_no_stream) {
  const int64_t values_ns[] = {0, 1, 5000, (INT64_C(1) << 53) + 1, TIME_MAX_NS};
  for (int i = 0; i < 5; i++) {
    struct dist dist = dist_constant(values_ns[i]);
    ck_assert(dist_is_constant(&dist));
    ck_assert_double_eq(dist.mean_ns, (double)values_ns[i]);
    ck_assert_int_eq(dist_draw(&dist, NULL), values_ns[i]);
    ck_assert_str_eq(dist.kind->kind.name, "constant");
    dist.kind->finish(&dist);
    ck_assert_int_eq(dist_draw(&dist, NULL), values_ns[i]);
    ck_assert_double_eq(dist.kind->draw(&dist, NULL), (double)values_ns[i]);
  }
}
END_TEST

START_TEST(exponential_of_mean_0_is_the_constant_0) {
  struct dist dist = dist_exponential(0);
  ck_assert(dist_is_constant(&dist));
  ck_assert_int_eq(dist_draw(&dist, NULL), 0);
  ck_assert_double_eq(dist.mean_ns, 0);
}
END_TEST

/* From a separate program in Python with 50 digits and its own Philox: the laws' quantiles of
   uniforms, the polar method for the logarithm of a lognormal, and for Erlang's stages Marsaglia
   and Tsang (2000) with a normal ziggurat of 128 layers (Voss 2005), as GSL has them. No draw is
   nearer than 0.01 ns to where it would be rounded otherwise. */
START_TEST(first_draws_have_the_same_nanoseconds_everywhere) {
  enum { DRAWS = 4 };
  static const struct {
    const char *name;
    double values[3];
    int64_t expected_ns[DRAWS];
  } known[] = {
      {"exponential", {1e6}, {7502, 791436, 118924, 1740174}},
      {"uniform", {1e6, 3e6}, {1143109, 1504913, 2252100, 1591680}},
      {"lognormal", {1e6, 1.5}, {457833, 1474179, 46630, 966133}},
      {"pareto", {1e6, 1.5, (double)NAN}, {1050741, 1214066, 1926597, 1263434}},
      {"pareto", {1e6, 0.5, 8e6}, {1099351, 1428092, 2821888, 1528854}},
      {"erlang", {1e6, 4}, {1000702, 2154834, 1369168, 908454}},
      {"hyperexponential", {1e6, 2}, {3511197, 980603, 209722, 269614}},
      {"empirical", {0}, {1000, 2000, 2000, 2000}},
  };
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    const double *values = known[i].values;
    struct dist dist = laws_bind(known[i].name, values[0], values[1], values[2]);
    struct rng_stream stream = laws_stream("db");
    for (int n = 0; n < DRAWS; n++)
      ck_assert_int_eq(dist_draw(&dist, &stream), known[i].expected_ns[n]);
  }
}
END_TEST

START_TEST(fast_path_and_kind_draw_alike) {
  struct dist dist = dist_exponential(123456);
  struct rng_stream stream = laws_stream("db"), again = stream;
  for (int i = 0; i < 10000; i++)
    ck_assert_int_eq(dist_draw(&dist, &stream), dist_round_ns(dist.kind->draw(&dist, &again)));
}
END_TEST

/* An Exp of mean 2^62 is beyond 2^62 with probability 1/e; 4 standard deviations of the share. */
START_TEST(draws_saturate) {
  enum { DRAWS = 100000 };
  struct dist dist = dist_exponential(TIME_MAX_NS);
  struct rng_stream stream = laws_stream("saturate");
  int saturated = 0;
  for (int i = 0; i < DRAWS; i++) {
    int64_t value_ns = dist_draw(&dist, &stream);
    ck_assert(value_ns >= 0 && value_ns <= TIME_MAX_NS);
    saturated += value_ns == TIME_MAX_NS;
  }
  double share = exp(-1);
  ck_assert_double_eq_tol((double)saturated / DRAWS, share, 4 * sqrt(share * (1 - share) / DRAWS));

  /* Of shape 0.001 practically all is: P(x <= 2^62) = 1 - 2^(-62 * 0.001) = 4.2 %. */
  dist = laws_bind("pareto", 1, 0.001, (double)NAN);
  saturated = 0;
  for (int i = 0; i < DRAWS; i++) saturated += dist_draw(&dist, &stream) == TIME_MAX_NS;
  share = exp2(-0.062);
  ck_assert_double_eq_tol((double)saturated / DRAWS, share, 4 * sqrt(share * (1 - share) / DRAWS));
}
END_TEST

START_TEST(draws_depend_on_the_stream_only) {
  for (size_t i = 0; i < LAWS; i++) {
    struct dist dist = laws_example(i), copy = dist;
    struct rng_stream stream = laws_stream("same"), again = stream;
    for (int n = 0; n < 1000; n++)
      ck_assert_int_eq(dist_draw(&dist, &stream), dist_draw(&copy, &again));
  }
}
END_TEST

START_TEST(registry_has_every_kind_of_the_manual_in_order) {
  const char *const names[] = {"exponential", "uniform",          "lognormal", "pareto",
                               "erlang",      "hyperexponential", "empirical"};
  for (size_t i = 0; i < LAWS; i++) ck_assert_str_eq(dist_kinds[i]->kind.name, names[i]);
  ck_assert_ptr_null(dist_kinds[LAWS]);
}
END_TEST

static size_t size_of(enum param_type type) {
  if (type == PARAM_COUNT) return sizeof(uint32_t);
  return type == PARAM_DURATIONS ? sizeof(struct duration_list) : sizeof(int64_t);
}

START_TEST(rows_fit_into_their_params) {
  for (size_t i = 0; i < LAWS; i++) {
    const struct kind *kind = &dist_kinds[i]->kind;
    ck_assert_uint_le(kind->params_size, DIST_PARAMS_MAX);
    ck_assert_uint_gt(strlen(kind->help), 0);
    size_t end = 0;
    for (size_t row = 0; row < kind->n_params; row++) {
      const struct param *param = &kind->params[row];
      ck_assert_uint_gt(strlen(param->key), 0);
      ck_assert_uint_gt(strlen(param->help), 0);
      ck_assert_double_lt(param->min, param->max);
      ck_assert_uint_eq(param->offset % _Alignof(uint32_t), 0);
      if (param->type == PARAM_REAL || param->type == PARAM_COUNT)
        ck_assert_ptr_nonnull(param->unit);
      end = param->offset + size_of(param->type) > end ? param->offset + size_of(param->type) : end;
    }
    ck_assert_uint_le(end, kind->params_size);
    if (kind->form == PARAM_FORM_SCALAR) ck_assert_uint_eq(kind->n_params, 1);
    if (kind->form == PARAM_FORM_PAIR) ck_assert_uint_eq(kind->n_params, 2);
  }
}
END_TEST

/* What is wrong with such a distribution, and which key is to blame. */
static const char *complaint(const char *name, double a, double b, double c, const char **key) {
  struct dist dist = laws_bind(name, a, b, c);
  *key = "";
  return dist.kind->kind.check ? dist.kind->kind.check(&dist.params, key) : NULL;
}

START_TEST(checks_accept_what_makes_sense) {
  const char *key;
  ck_assert_ptr_null(complaint("uniform", 1, 2, 0, &key));
  ck_assert_ptr_null(complaint("uniform", 2, 2, 0, &key));
  ck_assert_ptr_null(complaint("pareto", 1, 1.5, 2, &key));
  ck_assert_ptr_null(complaint("pareto", 0x1p62, 1.5, (double)NAN, &key));
  ck_assert_ptr_null(complaint("empirical", 0, 0, 0, &key));
}
END_TEST

START_TEST(uniform_min_above_max_is_refused) {
  const char *key, *text = complaint("uniform", 3, 2, 0, &key);
  ck_assert_str_eq(text, "must not be above max");
  ck_assert_str_eq(key, "min");
}
END_TEST

START_TEST(pareto_max_not_above_min_is_refused) {
  const char *key, *text = complaint("pareto", 3, 1.5, 3, &key);
  ck_assert_str_eq(text, "must be above min");
  ck_assert_str_eq(key, "max");
  ck_assert_ptr_nonnull(complaint("pareto", 3, 1.5, 2, &key));
}
END_TEST

START_TEST(empty_empirical_list_is_refused) {
  const struct duration_list empty = {0};
  struct dist dist = laws_bind("empirical", 0, 0, 0);
  memcpy(&dist.params, &empty, sizeof empty);
  const char *key = "", *text = dist.kind->kind.check(&dist.params, &key);
  ck_assert_str_eq(text, "must have at least one value");
  ck_assert_str_eq(key, "durations");
}
END_TEST

static const struct param *row_of(const char *name, const char *key) {
  struct dist dist = laws_bind(name, 1, 2, 3);
  const struct kind *kind = &dist.kind->kind;
  for (size_t i = 0; i < kind->n_params; i++)
    if (strcmp(kind->params[i].key, key) == 0) return &kind->params[i];
  ck_abort_msg("%s has no row %s", name, key);
  return NULL;
}

START_TEST(bounds_keep_the_laws_finite) {
  ck_assert_double_eq(row_of("hyperexponential", "cv")->min, 1);
  ck_assert_double_gt(row_of("lognormal", "cv")->min, 0);
  ck_assert_double_gt(row_of("pareto", "shape")->min, 0);
  ck_assert_double_ge(row_of("pareto", "min")->min, 1);
  ck_assert_double_eq(row_of("erlang", "k")->min, 1);
  ck_assert_str_eq(row_of("pareto", "max")->word, "none");
  ck_assert_str_eq(row_of("pareto", "max")->fallback, "none");
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("dist");
  tcase_add_test(tests, rounding_is_to_the_nearest_half_up);
  tcase_add_test(tests, rounding_is_never_negative);
  tcase_add_test(tests, whole_numbers_stay_what_they_are);
  tcase_add_test(tests, rounding_saturates_at_2_to_the_62);
  tcase_add_test(tests, constants_need_no_stream);
  tcase_add_test(tests, exponential_of_mean_0_is_the_constant_0);
  tcase_add_test(tests, first_draws_have_the_same_nanoseconds_everywhere);
  tcase_add_test(tests, fast_path_and_kind_draw_alike);
  tcase_add_test(tests, draws_saturate);
  tcase_add_test(tests, draws_depend_on_the_stream_only);
  tcase_add_test(tests, registry_has_every_kind_of_the_manual_in_order);
  tcase_add_test(tests, rows_fit_into_their_params);
  tcase_add_test(tests, checks_accept_what_makes_sense);
  tcase_add_test(tests, uniform_min_above_max_is_refused);
  tcase_add_test(tests, pareto_max_not_above_min_is_refused);
  tcase_add_test(tests, empty_empirical_list_is_refused);
  tcase_add_test(tests, bounds_keep_the_laws_finite);
  return suite_run(tests, "sim/dist");
}
