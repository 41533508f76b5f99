/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hv/shares.h"

#include <assert.h>

int64_t shares_part_ns(int64_t total_ns, uint64_t weight, uint64_t of) {
  int64_t product;
  assert(of > 0);
  if (!__builtin_mul_overflow(total_ns, (int64_t)weight, &product)) return product / (int64_t)of;
  return (int64_t)((__int128)total_ns * (int64_t)weight / (int64_t)of);
}

/* Returns what is left for those who can have more, and in *weight their weight. */
static int64_t settle_round(struct share *shares, uint32_t n, int64_t total_ns, uint64_t *weight) {
  int64_t left_ns = total_ns, part_ns = 0;
  uint64_t of = *weight, last = 0;
  for (struct share *share = shares; share < shares + n; share++) {
    if (share->has_most || share->weight == 0) continue;
    if (share->weight != last) part_ns = shares_part_ns(total_ns, share->weight, of);
    last = share->weight;
    share->has_most = part_ns >= share->most_ns;
    share->due_ns = share->has_most ? share->most_ns : part_ns;
    if (!share->has_most) continue;
    left_ns -= share->most_ns;
    *weight -= share->weight;
  }
  return left_ns;
}

void shares_settle(struct share *shares, uint32_t n, int64_t total_ns) {
  uint64_t weight = 0, former = 0;
  for (struct share *share = shares; share < shares + n; share++) {
    weight += share->weight;
    share->has_most = false;
    share->due_ns = 0;
  }
  while (weight > 0 && weight != former) {
    former = weight;
    total_ns = settle_round(shares, n, total_ns, &weight);
  }
}
