/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/mser.h"

#include "sim/stat.h"

/* The error of very few values is small by chance (Hoad, Robinson, Davies, J. Oper. Res. Soc. 61
   (2010) 1417-1430): so many means are left in any case. */
enum { MEANS_LEFT = 5 };

static double mean_at(const double *series, uint32_t group) {
  double sum = 0;
  for (uint32_t i = 0; i < MSER_MEAN_OF; i++) sum += series[group * MSER_MEAN_OF + i];
  return sum / MSER_MEAN_OF;
}

struct mser mser_cut(const double *series, uint32_t n) {
  uint32_t n_means = n / MSER_MEAN_OF, best = 0;
  double least = 0;
  struct stat_sum rest = {0};
  for (uint32_t cut = n_means; cut-- > 0;) {
    stat_add(&rest, mean_at(series, cut));
    if (rest.n < MEANS_LEFT) continue;
    double error2 = rest.m2 / (double)rest.n / (double)rest.n;
    if (rest.n > MEANS_LEFT && error2 > least) continue;
    least = error2;
    best = cut;
  }
  bool is_too_short = n_means < MEANS_LEFT || 2 * best > n_means;
  return (struct mser){.cut = (is_too_short ? n_means / 2 : best) * MSER_MEAN_OF,
                       .is_too_short = is_too_short};
}
