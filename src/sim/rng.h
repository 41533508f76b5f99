/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Random streams: Philox4x64-10 (Salmon et al. 2011, Random123) as a counter-based generator, one
   stream per (seed, replication, purpose, VM name, index). A draw depends on nothing but the
   stream's key and its place in the stream, so another policy, VM or vCPU leaves it as it was. */
#ifndef COSTOP_SIM_RNG_H
#define COSTOP_SIM_RNG_H

#include <gsl/gsl_rng.h>
#include <stdint.h>

enum rng_purpose {
  RNG_COMPUTE,
  RNG_SLEEP,
  RNG_HOLD,
  RNG_START,
  RNG_LOCK_RACE,
  RNG_INTERRUPT,
  RNG_PURPOSES
};

/* One cache line. key = (seed, hash of purpose, name and index); counter = (block, 0, 0,
   replication). */
struct rng_stream {
  uint64_t seed;
  uint64_t hash;
  uint64_t block; /* the next block of four words to generate */
  uint64_t word[4];
  uint32_t replication;
  uint32_t n_left; /* words left in word[], taken from the highest index down */
};

/* purpose's name, vm and index (a thread's index in its VM, or for RNG_LOCK_RACE the lock's name)
   go into the hash. */
void rng_stream_init(struct rng_stream *stream, uint64_t seed, uint32_t replication,
                     enum rng_purpose purpose, const char *vm, const char *index);

/* Out of line: fills word[] with the next block. */
void rng_refill(struct rng_stream *stream);

/* Makes the next block if it will be needed: where nobody waits for it, or where another stream of
   which as much is drawn is about to need one, so that one branch tells the other. */
static inline void rng_top_up(struct rng_stream *stream) {
  if (__builtin_expect(stream->n_left == 0, 0)) rng_refill(stream);
}

static inline uint64_t rng_u64(struct rng_stream *stream) {
  rng_top_up(stream);
  return stream->word[--stream->n_left];
}

/* Uniform in [0, 1), 53 bits. */
static inline double rng_uniform(struct rng_stream *stream) {
  return (double)(int64_t)(rng_u64(stream) >> 11) * 0x1p-53;
}

/* The stream as a GSL generator, so that every gsl_ran_* works on it: the returned gsl_rng borrows
   the stream and must not be freed with gsl_rng_free. */
gsl_rng rng_as_gsl(struct rng_stream *stream);

#endif
