/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/rng.h"

#include <Random123/philox.h>

static const char *const purpose_names[RNG_PURPOSES] = {
    [RNG_COMPUTE] = "compute", [RNG_HOLD] = "hold",           [RNG_SLEEP] = "sleep",
    [RNG_START] = "start",     [RNG_LOCK_RACE] = "lock race", [RNG_INTERRUPT] = "interrupt",
};

/* FNV-1a over the text and its closing NUL, which keeps ("ab", "c") and ("a", "bc") apart. */
static uint64_t hash_text(uint64_t hash, const char *text) {
  const unsigned char *byte = (const unsigned char *)text;
  do {
    hash = (hash ^ *byte) * UINT64_C(0x100000001b3);
  } while (*byte++ != 0);
  return hash;
}

/* The finalizer of SplitMix64 (Stafford's variant 13), a bijection: FNV's upper bits alone are weak
   for names that differ in the last byte only. */
static uint64_t hash_finish(uint64_t hash) {
  hash = (hash ^ (hash >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  hash = (hash ^ (hash >> 27)) * UINT64_C(0x94d049bb133111eb);
  return hash ^ (hash >> 31);
}

void rng_stream_init(struct rng_stream *stream, uint64_t seed, uint32_t replication,
                     enum rng_purpose purpose, const char *vm, const char *index) {
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  hash = hash_text(hash, purpose_names[purpose]);
  hash = hash_text(hash, vm);
  hash = hash_text(hash, index);
  *stream =
      (struct rng_stream){.seed = seed, .hash = hash_finish(hash), .replication = replication};
  rng_refill(stream);
}

void rng_refill(struct rng_stream *stream) {
  philox4x64_ctr_t counter = {{stream->block, 0, 0, stream->replication}};
  philox4x64_key_t key = {{stream->seed, stream->hash}};
  counter = philox4x64_R(10, counter, key);
  for (unsigned i = 0; i < 4; i++) stream->word[i] = counter.v[i];
  stream->block++;
  stream->n_left = 4;
}

static void gsl_set(void *state, unsigned long seed) {
  struct rng_stream *stream = state;
  stream->seed = seed;
  stream->block = 0;
  rng_refill(stream);
}

static unsigned long gsl_get(void *state) { return rng_u64(state); }

static double gsl_get_double(void *state) { return rng_uniform(state); }

static const gsl_rng_type gsl_type = {.name = "philox4x64",
                                      .max = UINT64_MAX,
                                      .min = 0,
                                      .size = sizeof(struct rng_stream),
                                      .set = gsl_set,
                                      .get = gsl_get,
                                      .get_double = gsl_get_double};

gsl_rng rng_as_gsl(struct rng_stream *stream) {
  return (gsl_rng){.type = &gsl_type, .state = stream};
}
