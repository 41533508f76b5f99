/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/batches.h"

#include <math.h>

void batches_init(struct batches *batches, uint32_t n_vms, struct batch_series *series,
                  struct arena *arena) {
  *batches = (struct batches){.n = series ? series->n : BATCHES,
                              .n_vms = n_vms,
                              .vms = ARENA_ARRAY(arena, n_vms, struct batch_sum),
                              .series = series};
}

int64_t batches_end_ns(const struct batches *batches, int64_t duration_ns) {
  return (int64_t)((__int128)duration_ns * (batches->n_done + 1) / batches->n);
}

static void batch_add(struct batch_sum *sum, uint64_t iterations) {
  double n = (double)(iterations - sum->iterations);
  if (sum->stat.n > 0) sum->steps2 += (n - sum->last) * (n - sum->last);
  stat_add(&sum->stat, n);
  sum->last = n;
  sum->iterations = iterations;
}

static void series_add(struct batches *batches, const struct hv *hv, uint64_t iterations) {
  int64_t busy_ns = 0;
  for (pcpu_id_t p = 0; p < hv->n_pcpus; p++) {
    const struct pcpu *pcpu = &hv->pcpus[p];
    busy_ns += pcpu->busy_ns;
    if (pcpu->current) busy_ns += hv->sim->now_ns - pcpu->busy_since_ns;
  }
  batches->series->iterations[batches->n_done] = (double)(iterations - batches->iterations);
  batches->series->busy_ns[batches->n_done] = (double)(busy_ns - batches->busy_ns);
  batches->iterations = iterations;
  batches->busy_ns = busy_ns;
}

void batches_take(struct batches *batches, const struct hv *hv, const struct guest *guest) {
  uint64_t iterations = 0;
  for (vm_id_t i = 0; i < batches->n_vms; i++) {
    batch_add(&batches->vms[i], guest->vms[i].latency.count);
    iterations += guest->vms[i].latency.count;
  }
  if (batches->series) series_add(batches, hv, iterations);
  batches->n_done++;
}

/* Von Neumann's ratio, as Fishman writes it (Management Science 24 (1978) 510-521): the lag-1
   autocorrelation, corrected at both ends so that its expectation is 0 if there is none. */
void batches_read(const struct batches *batches, vm_id_t vm, struct vm_result *result) {
  const struct batch_sum *sum = &batches->vms[vm];
  if (sum->stat.m2 <= 0) return;
  result->batch_correlation = 1 - sum->steps2 / (2 * sum->stat.m2);
  result->batch_variation = stat_sd(&sum->stat) / sum->stat.mean;
}

double batches_chance(uint32_t n) { return sqrt((BATCHES - 2.) / (BATCHES * BATCHES - 1.) / n); }
