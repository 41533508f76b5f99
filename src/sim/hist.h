/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Log-bucket histogram of non-negative int64 values: 64 buckets per octave, so a percentile is
   within 1/128 < 1 % of a recorded value; sum, count and maximum are exact. */
#ifndef COSTOP_SIM_HIST_H
#define COSTOP_SIM_HIST_H

#include <stdint.h>

#include "sim/arena.h"
#include "sim/prefetch.h"

enum { HIST_SUB_BITS = 6, HIST_SUB = 1 << HIST_SUB_BITS };

enum { HIST_TALLY = 16 };

/* What each bucket holds is kept in two places: one byte that is touched each time, an octave of
   them in a cache line, and how often it ran over. They saturate, a histogram's count does not. */
struct hist_counters {
  uint8_t *unit;
  uint32_t *carried; /* 256 of them */
};

/* The latest buckets of histograms, still to be counted. Those of thousands do not fit into a
   cache: each is fetched when it comes in, and at hand when as many others have. */
struct hist_tally {
  uint32_t next;
  struct hist_counters bucket[HIST_TALLY]; /* a ring; NULLs: none */
};

/* The counters of n histograms alike, octave by octave: values of thousands of VMs are mostly in
   the same few, and so in few pages. */
struct hist_bank {
  struct hist_counters counters;
  uint32_t n, n_taken;
  uint16_t n_buckets;
  uint16_t shift; /* log2 of the resolution: values below 2^shift share bucket 0 */
};

struct hist {
  struct hist_counters first;
  int64_t sum, max;
  uint64_t count;
  uint32_t stride;           /* counters from one octave to the next */
  uint16_t n_buckets, shift; /* as the bank's */
  struct hist_tally *tally;
};

/* min: the smallest value worth telling from 0 (at least 1); max: the largest that can occur. */
struct hist_bank hist_bank_create(struct arena *arena, uint32_t n, int64_t min, int64_t max);
/* One of the bank. The tally, which outlives it, may be shared; NULL: values are counted at once.
 */
void hist_init(struct hist *hist, struct hist_bank *bank, struct hist_tally *tally);
void hist_reset(struct hist *hist);

/* Bucket of a value: linear below 64 units of 2^shift, then 64 per octave. */
static inline uint32_t hist_bucket_at(uint32_t shift, int64_t value) {
  uint64_t scaled = (uint64_t)value >> shift;
  if (scaled < HIST_SUB) return (uint32_t)scaled;
  uint32_t octave = 63u - (uint32_t)__builtin_clzll(scaled) - HIST_SUB_BITS;
  return (octave << HIST_SUB_BITS) + (uint32_t)(scaled >> octave);
}
static inline uint32_t hist_bucket(const struct hist *hist, int64_t value) {
  return hist_bucket_at(hist->shift, value);
}

static inline struct hist_counters hist_counters_of(const struct hist *hist, uint32_t bucket) {
  uint32_t octave = bucket >> HIST_SUB_BITS;
  size_t at = (size_t)octave * hist->stride + (bucket & (HIST_SUB - 1));
  return (struct hist_counters){hist->first.unit + at, hist->first.carried + at};
}
static inline uint64_t hist_counted(struct hist_counters bucket) {
  return (uint64_t)*bucket.carried << 8 | *bucket.unit;
}

/* The bucket's byte has run over. */
void hist_carry(struct hist_counters bucket);
static inline void hist_count(struct hist_counters bucket) {
  if (__builtin_expect(++*bucket.unit == 0, 0)) hist_carry(bucket);
}

static inline void hist_put_off(struct hist_tally *tally, struct hist_counters bucket) {
  prefetch_line(bucket.unit);
  struct hist_counters *slot = &tally->bucket[tally->next++ % HIST_TALLY];
  if (slot->unit) hist_count(*slot);
  *slot = bucket;
}

/* Counts what is in the tally; before a look at the buckets. */
void hist_flush(struct hist_tally *tally);

static inline void hist_add(struct hist *hist, int64_t value) {
  uint32_t bucket = hist_bucket(hist, value);
  if (bucket >= hist->n_buckets) bucket = hist->n_buckets - 1;
  hist->sum += value;
  if (value > hist->max) hist->max = value;
  hist->count++;
  if (hist->tally)
    hist_put_off(hist->tally, hist_counters_of(hist, bucket));
  else
    hist_count(hist_counters_of(hist, bucket));
}

/* Lowest value of a bucket, and of the one behind it. */
int64_t hist_bucket_low(const struct hist *hist, uint32_t bucket);

/* The smallest recorded-resolution value v with at least share (0..1) of the values <= v: the
   middle of its bucket, never above max. 0 if nothing was recorded. */
double hist_percentile(struct hist *hist, double share);

#endif
