/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "conformance/coverage.h"

#include <check.h>

#include "study/grid.h"
#include "study/precision.h"
#include "study/replicate.h"
#include "support/bound.h"

#define THINK_US 9.0
#define HOLD_US 1.0

/* p(n) is proportional to N! / (N - n)! (S / Z)^n; X = (1 - p(0)) / S. */
static double true_throughput_per_s(uint32_t n_vcpus) {
  double weight = 1, sum = 1;
  for (uint32_t n = 0; n < n_vcpus; n++) {
    weight *= (n_vcpus - n) * HOLD_US / THINK_US;
    sum += weight;
  }
  return (1 - 1 / sum) / (HOLD_US * 1e-6);
}

static void bind(struct bound *bound, const struct coverage *coverage) {
  bound_bind(bound,
             arena_printf(&bound->arena,
                          "{ 'host': { 'pcpus': %u }, 'locks': { 'l': { 'kind': 'ticket' } },"
                          "'programs': { 'p': [ { 'compute': { 'exponential': '9us' } },"
                          "{ 'lock': 'l', 'hold': { 'exponential': '1us' } } ] },"
                          "'vms': { 'db': { 'vcpus': %u, 'program': 'p' } },"
                          "'run': { 'warmup': '200us', 'duration': '%uus' } }",
                          coverage->n_vcpus, coverage->n_vcpus, coverage->window_us));
  ck_assert_ptr_nonnull(bound->scenario);
}

/* Replications one by one, until the study has enough. */
static struct stat_sum run_study(const struct study *study, const struct scenario *scenario,
                                 const struct metric *metric, struct arena *arena) {
  const struct run_result **runs = ARENA_ARRAY(arena, study->max_reps, const struct run_result *);
  struct replications done = {.scenario = scenario, .runs = runs};
  while (!study_is_enough(study, &done)) {
    const struct replicate_options next = {.first = done.n, .n = 1};
    runs[done.n++] = replicate_run(scenario, &next, arena).runs[0];
  }
  return replicate_stat(&done, metric, (struct entity){.scope = SCOPE_VM});
}

struct covered coverage_count(const struct coverage *coverage, uint32_t n_studies) {
  struct bound bound = {0};
  bind(&bound, coverage);
  struct scenario scenario = *bound.scenario;
  bool is_ambiguous;
  struct precision precision = {.scope = SCOPE_VM,
                                .metric = metric_find(SCOPE_VM, "throughput", &is_ambiguous),
                                .pct = coverage->pct};
  const struct study study = {.min_reps = coverage->min_reps,
                              .max_reps = coverage->max_reps,
                              .precisions = &precision,
                              .n_precisions = coverage->pct > 0,
                              .n_shards = 1};
  double truth = true_throughput_per_s(coverage->n_vcpus);
  struct covered covered = {.n = n_studies};
  for (uint32_t seed = 1; seed <= n_studies; seed++) {
    struct arena arena = {0};
    scenario.run.seed = seed;
    struct stat_sum stat = run_study(&study, &scenario, precision.metric, &arena);
    struct stat_interval interval = stat_interval(&stat, REPLICATE_CONFIDENCE);
    covered.n_held += interval.low <= truth && truth <= interval.high;
    covered.mean_reps += (double)stat.n / n_studies;
    covered.mean_error += (stat.mean / truth - 1) / n_studies;
    arena_free(&arena);
  }
  bound_free(&bound);
  return covered;
}
