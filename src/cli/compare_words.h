/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Comparisons in words. */
#ifndef COSTOP_CLI_COMPARE_WORDS_H
#define COSTOP_CLI_COMPARE_WORDS_H

#include "study/comparison.h"

/* "db: relaxed does 12.3 ± 0.9 % more work than none"; of a row with a difference found. */
const char *compare_sentence(const struct comparison_row *row, struct arena *arena);

/* That make two significant digits of a half width that begins with a 1, else one; of value, if
   there is no half width. */
int compare_decimals(double value, double half_width);
/* "12.3 ± 0.9": with as many decimals as the half width deserves; without one if that is NAN. */
const char *compare_number(double value, double half_width, struct arena *arena);

#endif
