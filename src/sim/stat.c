/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/stat.h"

#include <assert.h>
#include <gsl/gsl_cdf.h>
#include <math.h>

void stat_add(struct stat_sum *stat, double value) {
  stat->n++;
  double before = value - stat->mean;
  stat->mean += before / (double)stat->n;
  stat->m2 += before * (value - stat->mean);
}

double stat_sd(const struct stat_sum *stat) {
  return stat->n < 2 ? 0 : sqrt(stat->m2 / (double)(stat->n - 1));
}

double stat_t_reach(double confidence, double freedom) {
  assert(confidence > 0 && confidence < 1);
  return gsl_cdf_tdist_Pinv(0.5 + confidence / 2, freedom);
}

double stat_t_beyond(double t, double freedom) { return 2 * gsl_cdf_tdist_Q(fabs(t), freedom); }

double stat_normal_above(double probability) { return gsl_cdf_ugaussian_Qinv(probability); }

struct stat_interval stat_interval(const struct stat_sum *stat, double confidence) {
  if (stat->n < 2)
    return (struct stat_interval){.low = stat->mean, .high = stat->mean, .half_width = (double)NAN};
  double reach = stat_t_reach(confidence, (double)(stat->n - 1));
  double half_width = reach * stat_sd(stat) / sqrt((double)stat->n);
  return (struct stat_interval){
      .low = stat->mean - half_width, .high = stat->mean + half_width, .half_width = half_width};
}

void stat_level_set(struct stat_level *level, int64_t now_ns, int64_t value) {
  assert(now_ns >= level->since_ns);
  level->integral += (__int128)level->level * (now_ns - level->since_ns);
  level->since_ns = now_ns;
  level->level = value;
}

double stat_level_mean(const struct stat_level *level, int64_t now_ns, int64_t span_ns) {
  assert(now_ns >= level->since_ns && span_ns > 0);
  __int128 integral = level->integral + (__int128)level->level * (now_ns - level->since_ns);
  return (double)integral / (double)span_ns;
}
