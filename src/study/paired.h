/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two configurations compared: difference and ratio of their means, each with an interval, and the
   probability of such a difference if there were none.

   Paired (common random numbers: replication i of both drew the same): Student's t on the
   differences (Law, Simulation Modeling and Analysis, 5th ed. 2015, 10.2.1).
   Unpaired: Welch's t, with Satterthwaite's degrees of freedom (Law 10.2.2).
   Ratio: of the means, with Fieller's interval (Fieller, J. R. Statist. Soc. B 16 (1954) 175-185;
   recommended for speed-ups by Kalibera and Jones, ISMM 2013): all r for which a t test does not
   reject mean(other) = r mean(base). So it holds 1 exactly if that of the difference holds 0, zeros
   among the values do no harm, and there is none where the mean of the base cannot be told from 0.
   Many comparisons at once: Holm, Scand. J. Statist. 6 (1979) 65-70. */
#ifndef COSTOP_STUDY_PAIRED_H
#define COSTOP_STUDY_PAIRED_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/arena.h"
#include "sim/stat.h"

struct paired {
  bool is_paired;
  uint32_t n_base, n_other;
  double base, other; /* means */
  double difference;  /* other - base */
  struct stat_interval of_difference;
  bool has_ratio;
  double ratio;                  /* other / base */
  struct stat_interval of_ratio; /* not symmetric; half_width is that of its longer side */
  double p;                      /* two-sided; with too few values 1 and no bounds (NAN) */
};

/* Value i of both belongs together; n >= 1. */
struct paired paired_compare(const double *base, const double *other, uint32_t n,
                             double confidence);
/* They have nothing in common; n >= 1 each. */
struct paired paired_welch(const double *base, uint32_t n_base, const double *other,
                           uint32_t n_other, double confidence);

/* Turns the p-values of a family of comparisons into those that may be held against one level for
   all of them. */
void paired_holm(double *p, uint32_t n, struct arena *arena);

#endif
