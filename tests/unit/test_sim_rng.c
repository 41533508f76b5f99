/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <check.h>
#include <gsl/gsl_randist.h>
#include <stdlib.h>
#include <string.h>

#include "sim/rng.h"
#include "support/goodness.h"
#include "support/suite.h"
#include "unit/pairs.h"

struct block {
  uint64_t word[4];
};

/* Philox4x64-10 as Salmon et al. (2011) print it, round by round: the yardstick. */
static struct block philox(struct block counter, uint64_t key0, uint64_t key1) {
  for (int round = 0; round < 10; round++) {
    const uint64_t *c = counter.word;
    unsigned __int128 a = (unsigned __int128)c[0] * UINT64_C(0xd2e7470ee14c6c93);
    unsigned __int128 b = (unsigned __int128)c[2] * UINT64_C(0xca5a826395121157);
    counter = (struct block){{(uint64_t)(b >> 64) ^ c[1] ^ key0, (uint64_t)b,
                              (uint64_t)(a >> 64) ^ c[3] ^ key1, (uint64_t)a}};
    key0 += UINT64_C(0x9e3779b97f4a7c15);
    key1 += UINT64_C(0xbb67ae8584caa73b);
  }
  return counter;
}

static struct rng_stream stream_of(const char *vm, const char *index) {
  struct rng_stream stream;
  rng_stream_init(&stream, 1, 0, RNG_COMPUTE, vm, index);
  return stream;
}

/* The three vectors "philox4x64 10" of kat_vectors in Random123 1.14. */
START_TEST(yardstick_gives_the_known_answers_of_random123) {
  const uint64_t ones = UINT64_MAX;
  const struct {
    struct block counter;
    uint64_t key[2];
    struct block expected;
  } known[] = {
      {{{0, 0, 0, 0}},
       {0, 0},
       {{UINT64_C(0x16554d9eca36314c), UINT64_C(0xdb20fe9d672d0fdc), UINT64_C(0xd7e772cee186176b),
         UINT64_C(0x7e68b68aec7ba23b)}}},
      {{{ones, ones, ones, ones}},
       {ones, ones},
       {{UINT64_C(0x87b092c3013fe90b), UINT64_C(0x438c3c67be8d0224), UINT64_C(0x9cc7d7c69cd777b6),
         UINT64_C(0xa09caebf594f0ba0)}}},
      /* counter and key: the digits of pi */
      {{{UINT64_C(0x243f6a8885a308d3), UINT64_C(0x13198a2e03707344), UINT64_C(0xa4093822299f31d0),
         UINT64_C(0x082efa98ec4e6c89)}},
       {UINT64_C(0x452821e638d01377), UINT64_C(0xbe5466cf34e90c6c)},
       {{UINT64_C(0xa528f45403e61d95), UINT64_C(0x38c72dbd566e9788), UINT64_C(0xa5a1610e72fd18b5),
         UINT64_C(0x57bd43b5e52b7fe6)}}},
  };
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    struct block got = philox(known[i].counter, known[i].key[0], known[i].key[1]);
    ck_assert_mem_eq(&got, &known[i].expected, sizeof got);
  }
}
END_TEST

START_TEST(block_of_key_0_and_counter_0_is_the_known_answer) {
  struct rng_stream stream = {0};
  rng_refill(&stream);
  /* Taken from the highest index down. */
  ck_assert_uint_eq(rng_u64(&stream), UINT64_C(0x7e68b68aec7ba23b));
  ck_assert_uint_eq(rng_u64(&stream), UINT64_C(0xd7e772cee186176b));
  ck_assert_uint_eq(rng_u64(&stream), UINT64_C(0xdb20fe9d672d0fdc));
  ck_assert_uint_eq(rng_u64(&stream), UINT64_C(0x16554d9eca36314c));
}
END_TEST

START_TEST(refill_is_philox_of_seed_hash_block_and_replication) {
  struct rng_stream source = stream_of("source", "0");
  for (int i = 0; i < 10000; i++) {
    struct rng_stream stream = {.seed = rng_u64(&source),
                                .hash = rng_u64(&source),
                                .block = rng_u64(&source),
                                .replication = (uint32_t)rng_u64(&source)};
    struct block counter = {{stream.block, 0, 0, stream.replication}};
    struct block expected = philox(counter, stream.seed, stream.hash);
    uint64_t next = stream.block + 1;
    rng_refill(&stream);
    ck_assert_mem_eq(stream.word, &expected, sizeof expected);
    ck_assert_uint_eq(stream.n_left, 4);
    ck_assert_uint_eq(stream.block, next);
  }
}
END_TEST

/* From a separate program in Python: FNV-1a 64 over "compute\0db\0" "0\0", then the finalizer of
   SplitMix64; its FNV gives the published 85944171f73967e8 for "foobar". The words then follow from
   Philox4x64-10, which gives the three known answers above there too. */
START_TEST(first_words_of_named_streams_never_change) {
  struct rng_stream stream = stream_of("db", "0");
  ck_assert_uint_eq(stream.hash, UINT64_C(0x990ace129ecfc6a9));
  const uint64_t expected[] = {UINT64_C(0x125163150cab00fe), UINT64_C(0x40a0fc6bcee8152e),
                               UINT64_C(0xa044d067a2b7f1fb), UINT64_C(0x4bbc2e108ebf6705),
                               UINT64_C(0x654677f28a7c33be)};
  for (int i = 0; i < 5; i++) ck_assert_uint_eq(rng_u64(&stream), expected[i]);

  rng_stream_init(&stream, UINT64_C(0x123456789abcdef0), 7, RNG_LOCK_RACE, "db", "runq");
  ck_assert_uint_eq(stream.hash, UINT64_C(0x88726b8af74563e1));
  const uint64_t race[] = {UINT64_C(0x72e1b50f2247d6a0), UINT64_C(0x9ee40722e0173099),
                           UINT64_C(0x2a6fe3047a123418), UINT64_C(0x156248cd755a4a12),
                           UINT64_C(0x28efb64ddfa05945)};
  for (int i = 0; i < 5; i++) ck_assert_uint_eq(rng_u64(&stream), race[i]);
}
END_TEST

START_TEST(equal_arguments_give_equal_streams) {
  struct rng_stream a = stream_of("db", "3"), b;
  memset(&b, 0xff, sizeof b); /* init must not leave anything of what was there */
  rng_stream_init(&b, 1, 0, RNG_COMPUTE, "db", "3");
  for (int i = 0; i < 1000; i++) ck_assert_uint_eq(rng_u64(&a), rng_u64(&b));
}
END_TEST

START_TEST(every_argument_changes_the_stream) {
  struct rng_stream streams[8];
  rng_stream_init(&streams[0], 1, 0, RNG_COMPUTE, "db", "0");
  rng_stream_init(&streams[1], 2, 0, RNG_COMPUTE, "db", "0");
  rng_stream_init(&streams[2], 1 + (UINT64_C(1) << 32), 0, RNG_COMPUTE, "db", "0");
  rng_stream_init(&streams[3], 1 + (UINT64_C(1) << 63), 0, RNG_COMPUTE, "db", "0");
  rng_stream_init(&streams[4], 1, 1, RNG_COMPUTE, "db", "0");
  rng_stream_init(&streams[5], 1, 0, RNG_HOLD, "db", "0");
  rng_stream_init(&streams[6], 1, 0, RNG_COMPUTE, "dc", "0");
  rng_stream_init(&streams[7], 1, 0, RNG_COMPUTE, "db", "1");
  uint64_t first[8];
  for (int i = 0; i < 8; i++) first[i] = rng_u64(&streams[i]);
  for (int i = 0; i < 8; i++)
    for (int j = 0; j < i; j++) ck_assert_uint_ne(first[i], first[j]);
}
END_TEST

START_TEST(names_are_not_glued_together) {
  ck_assert_uint_ne(stream_of("ab", "c").hash, stream_of("a", "bc").hash);
  ck_assert_uint_ne(stream_of("", "ab").hash, stream_of("ab", "").hash);
  ck_assert_uint_ne(stream_of("a", "").hash, stream_of("", "a").hash);
  ck_assert_uint_ne(stream_of("noise.1", "1").hash, stream_of("noise.11", "").hash);
}
END_TEST

static int order_u64(const void *left, const void *right) {
  uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
  return (a > b) - (a < b);
}

/* 240,000 hashes of 64 bits: a good hash has a collision with probability 1.6e-9. */
START_TEST(hashes_of_many_names_are_distinct) {
  enum { VMS = 1000, THREADS = 40, ALL = RNG_PURPOSES * VMS * THREADS };
  uint64_t *hash = malloc(ALL * sizeof *hash);
  size_t n = 0;
  for (int vm = 0; vm < VMS; vm++)
    for (int thread = 0; thread < THREADS; thread++)
      for (int purpose = 0; purpose < RNG_PURPOSES; purpose++) {
        char name[24], index[24];
        (void)snprintf(name, sizeof name, "noise.%d", vm);
        (void)snprintf(index, sizeof index, "%d", thread);
        struct rng_stream stream;
        rng_stream_init(&stream, 1, 0, (enum rng_purpose)purpose, name, index);
        hash[n++] = stream.hash;
      }
  qsort(hash, n, sizeof *hash, order_u64);
  for (size_t i = 1; i < n; i++) ck_assert_uint_ne(hash[i - 1], hash[i]);
  free(hash);
}
END_TEST

enum { PAIRS = 400000 };

/* 10^7 of each in test_sim_rng_long.c. */
START_TEST(neighbouring_streams_are_independent) {
  for (int axis = 0; axis < PAIRS_AXES; axis++)
    ck_assert_double_gt(pairs_of_neighbours((enum pairs_axis)axis, PAIRS, 1),
                        GOODNESS_SIGNIFICANCE);
  for (int axis = 0; axis < PAIRS_PURPOSE; axis++)
    ck_assert_double_gt(pairs_of_first_draws((enum pairs_axis)axis, PAIRS, 1),
                        GOODNESS_SIGNIFICANCE);
}
END_TEST

START_TEST(draws_are_independent_of_those_before) {
  for (uint32_t lag = 1; lag <= 4; lag++)
    ck_assert_double_gt(pairs_of_lag(lag, PAIRS, 1), GOODNESS_SIGNIFICANCE);
}
END_TEST

START_TEST(one_equal_pair_in_fifty_is_no_independence) {
  struct rng_stream left = stream_of("db", "0"), right = stream_of("db", "1");
  struct pairs pairs = {0};
  for (int i = 0; i < PAIRS; i++) {
    double u = rng_uniform(&left), v = rng_uniform(&right);
    pairs_add(&pairs, u, i % 50 == 0 ? u : v);
  }
  ck_assert_double_lt(pairs_p_value(&pairs), GOODNESS_SIGNIFICANCE);
}
END_TEST

static double uniform_law(double x) { return x; }

START_TEST(uniform_fits_its_law) {
  enum { DRAWS = 500000 };
  double *sample = malloc(DRAWS * sizeof *sample);
  struct rng_stream stream = stream_of("db", "0");
  for (int i = 0; i < DRAWS; i++) {
    sample[i] = rng_uniform(&stream);
    ck_assert(sample[i] >= 0 && sample[i] < 1);
  }
  ck_assert_double_gt(goodness_fit(sample, DRAWS, uniform_law), GOODNESS_SIGNIFICANCE);
  free(sample);
}
END_TEST

START_TEST(uniform_has_53_bits_of_a_word) {
  struct rng_stream stream = stream_of("db", "0"), words = stream;
  uint64_t odd = 0;
  for (int i = 0; i < 1000; i++) {
    uint64_t top = rng_u64(&words) >> 11;
    ck_assert_double_eq(rng_uniform(&stream) * 0x1p53, (double)top);
    odd += top & 1;
  }
  ck_assert_uint_gt(odd, 400);
  /* The largest word: 1 - 2^-53, not 1. */
  struct rng_stream last = {.word = {UINT64_MAX}, .n_left = 1};
  ck_assert_double_eq(rng_uniform(&last), 1 - 0x1p-53);
}
END_TEST

START_TEST(gsl_draws_the_same_words_of_the_same_stream) {
  struct rng_stream stream = stream_of("db", "0"), words = stream;
  gsl_rng rng = rng_as_gsl(&stream);
  for (int i = 0; i < 100; i++) {
    ck_assert_uint_eq(gsl_rng_get(&rng), rng_u64(&words));
    ck_assert_double_eq(gsl_rng_uniform(&rng), rng_uniform(&words));
  }
  /* The generator only borrows the stream: what it took is gone from there. */
  ck_assert_uint_eq(rng_u64(&stream), rng_u64(&words));
  ck_assert_uint_eq(gsl_rng_min(&rng), 0);
  ck_assert_uint_eq(gsl_rng_max(&rng), UINT64_MAX);
  ck_assert_uint_eq(gsl_rng_size(&rng), sizeof stream);
}
END_TEST

START_TEST(gsl_seeds_with_all_64_bits) {
  struct rng_stream stream = stream_of("db", "0"), again;
  gsl_rng rng = rng_as_gsl(&stream);
  gsl_rng_set(&rng, 5);
  uint64_t first = gsl_rng_get(&rng);
  gsl_rng_set(&rng, 5 + (1ul << 32));
  ck_assert_uint_ne(gsl_rng_get(&rng), first);
  rng_stream_init(&again, 5, 0, RNG_COMPUTE, "db", "0");
  ck_assert_uint_eq(rng_u64(&again), first);
}
END_TEST

START_TEST(gsl_dice_are_fair) {
  struct rng_stream stream = stream_of("dice", "0");
  gsl_rng rng = rng_as_gsl(&stream);
  uint64_t count[6] = {0};
  for (int i = 0; i < 100000; i++) count[gsl_rng_uniform_int(&rng, 6)]++;
  ck_assert_double_gt(goodness_chi_square(count, NULL, 6), GOODNESS_SIGNIFICANCE);
}
END_TEST

static double normal_law(double x) { return gsl_cdf_ugaussian_P(x); }

START_TEST(gsl_normal_draws_fit_their_law) {
  enum { DRAWS = 200000 };
  double *sample = malloc(DRAWS * sizeof *sample);
  struct rng_stream stream = stream_of("normal", "0");
  gsl_rng rng = rng_as_gsl(&stream);
  for (int i = 0; i < DRAWS; i++) sample[i] = gsl_ran_gaussian_ziggurat(&rng, 1);
  ck_assert_double_gt(goodness_fit(sample, DRAWS, normal_law), GOODNESS_SIGNIFICANCE);
  free(sample);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("rng");
  tcase_add_test(tests, yardstick_gives_the_known_answers_of_random123);
  tcase_add_test(tests, block_of_key_0_and_counter_0_is_the_known_answer);
  tcase_add_test(tests, refill_is_philox_of_seed_hash_block_and_replication);
  tcase_add_test(tests, first_words_of_named_streams_never_change);
  tcase_add_test(tests, equal_arguments_give_equal_streams);
  tcase_add_test(tests, every_argument_changes_the_stream);
  tcase_add_test(tests, names_are_not_glued_together);
  tcase_add_test(tests, hashes_of_many_names_are_distinct);
  tcase_add_test(tests, neighbouring_streams_are_independent);
  tcase_add_test(tests, draws_are_independent_of_those_before);
  tcase_add_test(tests, one_equal_pair_in_fifty_is_no_independence);
  tcase_add_test(tests, uniform_fits_its_law);
  tcase_add_test(tests, uniform_has_53_bits_of_a_word);
  tcase_add_test(tests, gsl_draws_the_same_words_of_the_same_stream);
  tcase_add_test(tests, gsl_seeds_with_all_64_bits);
  tcase_add_test(tests, gsl_dice_are_fair);
  tcase_add_test(tests, gsl_normal_draws_fit_their_law);
  return suite_run(tests, "sim/rng");
}
