/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sets of pCPUs: one bit each, and one summary bit per word where there are several, so that the
   lowest member of a thousand is found in two steps. */
#ifndef COSTOP_HV_PCPUSET_H
#define COSTOP_HV_PCPUSET_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/arena.h"
#include "sim/ids.h"

struct pcpuset {
  uint64_t *word;
  uint64_t *summary; /* bit w of summary[w / 64]: word[w] != 0 */
  uint32_t n_words, n_summaries, n_members;
};

static inline void pcpuset_init(struct pcpuset *set, struct arena *arena, uint32_t n_pcpus) {
  set->n_words = (n_pcpus + 63) / 64;
  set->n_summaries = (set->n_words + 63) / 64;
  set->word = ARENA_ARRAY(arena, set->n_words, uint64_t);
  set->summary = ARENA_ARRAY(arena, set->n_summaries, uint64_t);
}

/* Word w has changed; is_empty: it has no members now. */
static inline void pcpuset_sum_up(struct pcpuset *set, uint32_t w, bool is_empty) {
  if (set->n_words == 1) return;
  uint64_t bit = UINT64_C(1) << w % 64;
  set->summary[w / 64] = (set->summary[w / 64] & ~bit) | (is_empty ? 0 : bit);
}

static inline bool pcpuset_has(const struct pcpuset *set, pcpu_id_t p) {
  return set->word[p / 64] >> (p % 64) & 1;
}

static inline void pcpuset_add(struct pcpuset *set, pcpu_id_t p) {
  uint32_t w = p / 64;
  set->word[w] |= UINT64_C(1) << (p % 64);
  pcpuset_sum_up(set, w, false);
  set->n_members++;
}

static inline void pcpuset_remove(struct pcpuset *set, pcpu_id_t p) {
  uint32_t w = p / 64;
  set->word[w] &= ~(UINT64_C(1) << (p % 64));
  pcpuset_sum_up(set, w, set->word[w] == 0);
  set->n_members--;
}

/* For sets of which only words and single members are looked at, so that they are neither counted
   nor summed up: p is a member from now on, if it was none; it is none any more, if is_gone.
   Without a branch, for where that is a toss-up. */
static inline void pcpuset_put(struct pcpuset *set, pcpu_id_t p) {
  set->word[p / 64] |= UINT64_C(1) << (p % 64);
}
static inline void pcpuset_drop(struct pcpuset *set, pcpu_id_t p, bool is_gone) {
  set->word[p / 64] &= ~((uint64_t)is_gone << (p % 64));
}

/* The lowest member, or ID_NONE. */
static inline pcpu_id_t pcpuset_first(const struct pcpuset *set) {
  if (set->n_words == 1)
    return set->n_members > 0 ? (pcpu_id_t)__builtin_ctzll(*set->word) : ID_NONE;
  for (uint32_t s = 0; s < set->n_summaries; s++) {
    if (set->summary[s] == 0) continue;
    uint32_t w = s * 64 + (uint32_t)__builtin_ctzll(set->summary[s]);
    return w * 64 + (uint32_t)__builtin_ctzll(set->word[w]);
  }
  return ID_NONE;
}

/* The lowest member >= from, or ID_NONE. */
static inline pcpu_id_t pcpuset_next(const struct pcpuset *set, pcpu_id_t from) {
  uint32_t w = from / 64;
  if (w >= set->n_words) return ID_NONE;
  uint64_t rest = set->word[w] & ~UINT64_C(0) << from % 64;
  while (!rest && ++w < set->n_words) rest = set->word[w];
  return rest ? w * 64 + (uint32_t)__builtin_ctzll(rest) : ID_NONE;
}

/* The lowest member that is also in mask (n_words words), or ID_NONE. */
static inline pcpu_id_t pcpuset_first_of(const struct pcpuset *set, const uint64_t *mask) {
  for (uint32_t w = 0; w < set->n_words; w++) {
    uint64_t both = set->word[w] & mask[w];
    if (both) return w * 64 + (uint32_t)__builtin_ctzll(both);
  }
  return ID_NONE;
}

static inline uint32_t pcpuset_count_of(const struct pcpuset *set, const uint64_t *mask) {
  uint32_t n = 0;
  for (uint32_t w = 0; w < set->n_words; w++)
    n += (uint32_t)__builtin_popcountll(set->word[w] & mask[w]);
  return n;
}

#endif
