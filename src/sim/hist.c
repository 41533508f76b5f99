/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/hist.h"

#include <assert.h>

struct hist_bank hist_bank_create(struct arena *arena, uint32_t n, int64_t min, int64_t max) {
  assert(max >= 0);
  /* The finest buckets must be as fine, relative to min, as the others are to their values. */
  uint64_t units = (uint64_t)(min < 1 ? 1 : min) >> HIST_SUB_BITS;
  uint32_t shift = units == 0 ? 0 : 63u - (uint32_t)__builtin_clzll(units);
  uint32_t n_buckets = hist_bucket_at(shift, max) + 1; /* 64 octaves at most */
  struct hist_bank bank = {.n = n, .n_buckets = (uint16_t)n_buckets, .shift = (uint16_t)shift};
  size_t n_octaves = (n_buckets + HIST_SUB - 1) / HIST_SUB;
  bank.counters.unit = ARENA_ARRAY(arena, n_octaves * HIST_SUB * n, uint8_t);
  bank.counters.carried = ARENA_ARRAY(arena, n_octaves * HIST_SUB * n, uint32_t);
  return bank;
}

void hist_init(struct hist *hist, struct hist_bank *bank, struct hist_tally *tally) {
  assert(bank->n_taken < bank->n);
  size_t at = (size_t)HIST_SUB * bank->n_taken++;
  *hist = (struct hist){.first = {bank->counters.unit + at, bank->counters.carried + at},
                        .n_buckets = bank->n_buckets,
                        .shift = bank->shift,
                        .stride = HIST_SUB * bank->n,
                        .tally = tally};
}

/* A full one stays full. */
void hist_carry(struct hist_counters bucket) {
  if (*bucket.carried < UINT32_MAX)
    ++*bucket.carried;
  else
    *bucket.unit = UINT8_MAX;
}

void hist_flush(struct hist_tally *tally) {
  for (uint32_t i = 0; i < HIST_TALLY; i++) {
    if (tally->bucket[i].unit) hist_count(tally->bucket[i]);
    tally->bucket[i] = (struct hist_counters){NULL, NULL};
  }
}

void hist_reset(struct hist *hist) {
  if (hist->tally) hist_flush(hist->tally);
  hist->sum = hist->max = 0;
  hist->count = 0;
  for (uint32_t i = 0; i < hist->n_buckets; i++) {
    struct hist_counters bucket = hist_counters_of(hist, i);
    *bucket.unit = 0;
    *bucket.carried = 0;
  }
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
  for (uint32_t i = 0; i < hist->n_buckets; i++) sum += hist_counted(hist_counters_of(hist, i));
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
    uint64_t n = hist_counted(hist_counters_of(hist, bucket));
    if (n == 0) continue;
    above += n;
    /* A quotient, because 7 / 100 is the nearest double to 0.07, but 0.07 * 100 is above 7. */
    if (above == total || (double)(total - above) / (double)total < share) break;
  }
  uint64_t low = (uint64_t)hist_bucket_low(hist, bucket);
  uint64_t high = (uint64_t)hist_bucket_low(hist, bucket + 1) - 1;
  double middle = ((double)low + (double)high) / 2;
  return middle < (double)hist->max ? middle : (double)hist->max;
}
