/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the transient of a series ends, by MSER-5: the series in means of five, and of all places
   to cut it the one behind which the standard error of what is left is least (White, Simulation 69
   (1997) 323-334; White, Cobb, Spratt, WSC 2000 for the five; Franklin, White, WSC 2008). Cutting
   more drops bias, and data; the least error is where the one outweighs the other. */
#ifndef COSTOP_STUDY_MSER_H
#define COSTOP_STUDY_MSER_H

#include <stdbool.h>
#include <stdint.h>

enum { MSER_MEAN_OF = 5 };

struct mser {
  uint32_t cut;      /* so many values to drop: a multiple of five */
  bool is_too_short; /* the least error lies in the second half: still under way (cut is half) */
};

struct mser mser_cut(const double *series, uint32_t n);

#endif
