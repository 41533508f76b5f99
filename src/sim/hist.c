/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/hist.h"

#include <assert.h>
#include <string.h>

void hist_init(struct hist *hist, struct hist_tally *tally, struct arena *arena, int64_t min,
               int64_t max) {
  assert(max >= 0);
  /* The finest buckets must be as fine, relative to min, as the others are to their values. */
  uint64_t units = (uint64_t)(min < 1 ? 1 : min) >> HIST_SUB_BITS;
  *hist = (struct hist){.shift = units == 0 ? 0 : 63u - (uint32_t)__builtin_clzll(units),
                        .tally = tally};
  hist->n_buckets = hist_bucket(hist, max) + 1;
  hist->bucket = ARENA_ARRAY(arena, hist->n_buckets, uint32_t);
}

void hist_flush(struct hist_tally *tally) {
  for (uint32_t i = 0; i < HIST_TALLY; i++) {
    if (tally->bucket[i]) hist_count(tally->bucket[i]);
    tally->bucket[i] = NULL;
  }
}

void hist_reset(struct hist *hist) {
  if (hist->tally) hist_flush(hist->tally);
  hist->sum = hist->max = 0;
  hist->count = 0;
  memset(hist->bucket, 0, hist->n_buckets * sizeof *hist->bucket);
}

int64_t hist_bucket_low(const struct hist *hist, uint32_t bucket) {
  if (bucket < HIST_SUB) return (int64_t)bucket << hist->shift;
  uint32_t octave = (bucket >> HIST_SUB_BITS) - 1;
  uint64_t scaled = (bucket & (HIST_SUB - 1)) + HIST_SUB;
  return (int64_t)(scaled << octave << hist->shift);
}

/* How many values the buckets hold: less than count if one of them is saturated. */
static uint64_t held(const struct hist *hist) {
  if (hist->count < UINT32_MAX) return hist->count;
  uint64_t sum = 0;
  for (uint32_t i = 0; i < hist->n_buckets; i++) sum += hist->bucket[i];
  return sum;
}

double hist_percentile(struct hist *hist, double share) {
  assert(share >= 0 && share <= 1);
  if (hist->tally) hist_flush(hist->tally);
  if (hist->count == 0) return 0;
  uint64_t total = held(hist), above = 0;
  /* From the top, because most buckets lie below what people ask for and were never touched. */
  uint32_t bucket = hist_bucket(hist, hist->max);
  if (bucket >= hist->n_buckets) bucket = hist->n_buckets - 1;
  assert(bucket < hist->n_buckets);
  for (; bucket > 0; bucket--) {
    if (hist->bucket[bucket] == 0) continue;
    above += hist->bucket[bucket];
    /* A quotient, because 7 / 100 is the nearest double to 0.07, but 0.07 * 100 is above 7. */
    if (above == total || (double)(total - above) / (double)total < share) break;
  }
  uint64_t low = (uint64_t)hist_bucket_low(hist, bucket);
  uint64_t high = (uint64_t)hist_bucket_low(hist, bucket + 1) - 1;
  double middle = ((double)low + (double)high) / 2;
  return middle < (double)hist->max ? middle : (double)hist->max;
}
