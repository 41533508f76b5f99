/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/suggest.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

enum { WORD_MAX = 63 };

static unsigned suggest_min(unsigned a, unsigned b) { return a < b ? a : b; }

static int suggest_lower(char letter) { return tolower((unsigned char)letter); }

/* Optimal string alignment: three rows are enough, the swap looks two back. */
static unsigned suggest_distance(const char *a, size_t n_a, const char *b, size_t n_b) {
  unsigned rows[3][WORD_MAX + 1];
  for (unsigned j = 0; j <= n_b; j++) rows[0][j] = j;
  for (unsigned i = 1; i <= n_a; i++) {
    unsigned *row = rows[i % 3], *last = rows[(i - 1) % 3], *before = rows[(i + 1) % 3];
    row[0] = i;
    for (unsigned j = 1; j <= n_b; j++) {
      unsigned differs = suggest_lower(a[i - 1]) != suggest_lower(b[j - 1]);
      row[j] = suggest_min(suggest_min(last[j] + 1, row[j - 1] + 1), last[j - 1] + differs);
      if (i > 1 && j > 1 && suggest_lower(a[i - 1]) == suggest_lower(b[j - 2]) &&
          suggest_lower(a[i - 2]) == suggest_lower(b[j - 1]))
        row[j] = suggest_min(row[j], before[j - 2] + 1);
    }
  }
  return rows[n_a % 3][n_b];
}

const char *suggest_word(const char *typed, const char *const *words) {
  const char *best = NULL;
  size_t length = strlen(typed);
  if (length > WORD_MAX) return NULL;
  /* A third of the letters may be wrong, at least one. */
  unsigned best_distance = (unsigned)(length < 3 ? 1 : length / 3) + 1;
  for (; *words; words++) {
    size_t n = strlen(*words);
    if (n > WORD_MAX) continue;
    unsigned distance = suggest_distance(typed, length, *words, n);
    if (distance >= best_distance) continue;
    best = *words;
    best_distance = distance;
  }
  return best;
}
