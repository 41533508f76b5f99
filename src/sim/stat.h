/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Running mean and variance (Welford 1962) and Student-t confidence intervals (t by GSL). */
#ifndef COSTOP_SIM_STAT_H
#define COSTOP_SIM_STAT_H

#include <stdint.h>

/* Not "struct stat": POSIX has that name. */
struct stat_sum {
  uint64_t n;
  double mean, m2;
};

void stat_add(struct stat_sum *stat, double value);
double stat_sd(const struct stat_sum *stat); /* sample; 0 for n < 2 */

struct stat_interval {
  double low, high, half_width;
};
/* Two-sided; confidence in (0, 1), usually 0.95. For n < 2 low = high = mean, half_width = NAN. */
struct stat_interval stat_interval(const struct stat_sum *stat, double confidence);

/* Student's t: how far it goes to both sides with this probability, and the probability of going
   farther than t. */
double stat_t_reach(double confidence, double freedom);
double stat_t_beyond(double t, double freedom);
/* What a standard normal variable exceeds with this probability. */
double stat_normal_above(double probability);

/* Product over time: an exact integral of an integer level. */
struct stat_level {
  int64_t since_ns;
  int64_t level;
  __int128 integral; /* level x ns */
};
void stat_level_set(struct stat_level *level, int64_t now_ns, int64_t value);
double stat_level_mean(const struct stat_level *level, int64_t now_ns, int64_t span_ns);

#endif
