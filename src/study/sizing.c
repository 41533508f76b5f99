/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/sizing.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct sizing_part_row sizing_parts[SIZING_PARTS] = {
    [PART_USEFUL] = {"useful", "computing outside of locks", "useful_pct"},
    [PART_CRITICAL] = {"critical", "computing inside of locks", "critical_pct"},
    [PART_KERNEL] = {"kernel", "guest overhead", "kernel_pct"},
    [PART_OVERHEAD] = {"overhead", "switches of the hypervisor", "overhead_pct"},
    [PART_CONTENDED] = {"contended", "spinning for a running lock holder", "spin_contended_pct"},
    [PART_LHP] = {"LHP", "spinning for a preempted lock holder", "spin_lhp_pct"},
    [PART_LWP] = {"LWP", "spinning for a preempted lock waiter", "spin_lwp_pct"},
    [PART_SELF] = {"self", "spinning for itself (deadlock)", "spin_self_pct"},
    [PART_READY] = {"ready", "waiting for a pCPU", "ready_pct"},
    [PART_COSTOP] = {"co-stop", "co-stop", "costop_pct"},
    [PART_IDLE] = {"idle", "being idle", "idle_pct"},
};

bool sizing_is_lower_better(const struct metric *metric) {
  return strncmp(metric->name, "latency_", strlen("latency_")) == 0;
}

bool sizing_may_ask(const struct metric *metric) {
  return sizing_is_lower_better(metric) || strcmp(metric->name, "throughput_per_s") == 0;
}

/* --- what is kept of a cell --- */

static const struct metric *metric_of_vms(const char *name) {
  bool is_ambiguous;
  const struct metric *metric = metric_find(SCOPE_VM, name, &is_ambiguous);
  assert(metric);
  return metric;
}

static bool vm_is_meant(const struct vm_spec *vm, const char *name) {
  return strcmp(vm->name, name) == 0 || strcmp(vm->base_name, name) == 0;
}

/* The mean over the VMs of this name, in one run. */
static double series_value(const struct run_result *run, const char *vm,
                           const struct metric *metric) {
  struct stat_sum stat = {0};
  for (uint32_t i = 0; i < run->scenario->n_vms; i++) {
    if (!vm_is_meant(&run->scenario->vms[i], vm)) continue;
    struct metric_subject subject = metric_subject(run, (struct entity){SCOPE_VM, i, 0});
    struct cell cell = metric_value(metric, &subject);
    if (cell_is_number(&cell)) stat_add(&stat, cell_number(&cell));
  }
  return stat.n > 0 ? stat.mean : (double)NAN;
}

static struct sizing_series series_take(const struct replications *replications, const char *vm,
                                        const struct metric *metric, double scale,
                                        struct arena *arena) {
  double *values = ARENA_ARRAY(arena, replications->n, double);
  struct sizing_series series = {.values = values, .n = replications->n};
  for (uint32_t i = 0; i < replications->n; i++) {
    values[i] = scale * series_value(replications->runs[i], vm, metric);
    if (!isnan(values[i])) stat_add(&series.stat, values[i]);
  }
  return series;
}

static void take_neighbours(struct sizing_count *count, const char *vm,
                            const struct replications *replications, struct arena *arena) {
  const struct scenario *scenario = replications->scenario;
  const struct metric *metric = metric_of_vms("throughput_per_s");
  struct sizing_neighbour *all = ARENA_ARRAY(arena, scenario->n_vms, struct sizing_neighbour);
  count->neighbours = all;
  for (uint32_t i = 0; i < scenario->n_vms; i++) {
    /* VMs of one base name stand side by side. */
    const char *name = scenario->vms[i].base_name;
    struct sizing_neighbour *last = count->n_neighbours > 0 ? &all[count->n_neighbours - 1] : NULL;
    if (vm_is_meant(&scenario->vms[i], vm)) continue;
    if (last && strcmp(last->name, name) == 0) {
      last->n_vms++;
      continue;
    }
    all[count->n_neighbours++] = (struct sizing_neighbour){
        .name = name,
        .n_vms = 1,
        .throughput = series_take(replications, name, metric, 1, arena),
    };
  }
}

struct sizing_count sizing_take(const struct sizing_question *question,
                                const struct replications *replications, struct arena *arena) {
  const struct scenario *scenario = replications->scenario;
  uint32_t vm = 0;
  while (!vm_is_meant(&scenario->vms[vm], question->vm)) vm++;
  struct sizing_count count = {.n_vcpus = scenario->vms[vm].guest.n_vcpus};
  count.goal = series_take(replications, question->vm, question->metric, 1, arena);
  for (uint32_t i = 0; i < SIZING_PARTS; i++)
    count.cpus[i] = series_take(replications, question->vm, metric_of_vms(sizing_parts[i].metric),
                                count.n_vcpus / 100.0, arena);
  take_neighbours(&count, question->vm, replications, arena);
  return count;
}

/* --- conclusions --- */

struct paired sizing_compare(const struct sizing_series *from, const struct sizing_series *to,
                             struct arena *arena) {
  uint32_t n_both = from->n < to->n ? from->n : to->n, n = 0;
  double *bases = ARENA_ARRAY(arena, n_both, double), *others = ARENA_ARRAY(arena, n_both, double);
  for (uint32_t i = 0; i < n_both; i++) {
    if (isnan(from->values[i]) || isnan(to->values[i])) continue;
    bases[n] = from->values[i];
    others[n++] = to->values[i];
  }
  if (n == 0) return (struct paired){0};
  return paired_compare(bases, others, n, REPLICATE_CONFIDENCE);
}

struct sizing_series sizing_sum(const struct sizing_series *one, const struct sizing_series *other,
                                struct arena *arena) {
  double *values = ARENA_ARRAY(arena, one->n, double);
  struct sizing_series sum = {.values = values, .n = one->n};
  for (uint32_t i = 0; i < one->n; i++) {
    values[i] = one->values[i] + other->values[i];
    stat_add(&sum.stat, values[i]);
  }
  return sum;
}

double sizing_share(const struct sizing_count *count, enum sizing_part part) {
  return count->cpus[part].stat.mean / count->n_vcpus;
}

double sizing_given(const struct sizing_count *count) {
  double waiting = count->cpus[PART_READY].stat.mean + count->cpus[PART_COSTOP].stat.mean;
  double wanted = count->n_vcpus - count->cpus[PART_IDLE].stat.mean;
  return wanted > 0 ? count->n_vcpus * (1 - waiting / wanted) : count->n_vcpus;
}

uint32_t sizing_shrunk(const struct sizing *sizing, uint32_t count) {
  /* Rounding makes no vCPU. */
  double given = sizing_given(&sizing->counts[count]) * (1 - 1e-9);
  uint32_t shrunk = 0;
  while (shrunk < count && sizing->counts[shrunk].n_vcpus < given) shrunk++;
  return shrunk;
}

static int by_vcpus(const void *left, const void *right) {
  uint32_t a = ((const struct sizing_count *)left)->n_vcpus;
  uint32_t b = ((const struct sizing_count *)right)->n_vcpus;
  return (a > b) - (a < b);
}

static uint32_t best_of(const struct sizing_count *counts, uint32_t n, bool is_lower_better) {
  uint32_t best = SIZING_NONE;
  for (uint32_t i = 0; i < n; i++) {
    if (counts[i].goal.stat.n == 0) continue;
    double mean = counts[i].goal.stat.mean;
    double so_far = best == SIZING_NONE ? 0 : counts[best].goal.stat.mean;
    if (best == SIZING_NONE || (is_lower_better ? mean < so_far : mean > so_far)) best = i;
  }
  return best;
}

static struct sizing_loss loss_of(const struct sizing_count *best, const struct sizing_count *count,
                                  bool is_lower_better, struct arena *arena) {
  struct sizing_loss loss = {(double)NAN, (double)NAN, (double)NAN};
  struct paired paired = sizing_compare(&best->goal, &count->goal, arena);
  if (paired.n_base == 0 || paired.base == 0) return loss;
  double sign = is_lower_better ? 1 : -1;
  loss.mean = sign * (paired.ratio - 1) + 0.0; /* no -0 */
  if (!paired.has_ratio) return loss;
  double low = sign * (paired.of_ratio.low - 1) + 0.0;
  double high = sign * (paired.of_ratio.high - 1) + 0.0;
  loss.low = is_lower_better ? low : high;
  loss.high = is_lower_better ? high : low;
  return loss;
}

static uint32_t choose(const struct sizing *sizing) {
  for (uint32_t i = 0; i < sizing->n_counts; i++) {
    const struct sizing_loss *loss = &sizing->losses[i];
    if ((sizing->has_intervals ? loss->high : loss->mean) <= SIZING_TOLERANCE) return i;
  }
  return sizing->best; /* which does nothing, or whose mean cannot be told from 0 */
}

struct sizing sizing_conclude(const struct sizing_question *question, struct sizing_count *counts,
                              uint32_t n_counts, struct arena *arena) {
  qsort(counts, n_counts, sizeof *counts, by_vcpus);
  bool is_lower_better = sizing_is_lower_better(question->metric);
  struct sizing_loss *losses = ARENA_ARRAY(arena, n_counts, struct sizing_loss);
  struct sizing sizing = {.question = question,
                          .counts = counts,
                          .losses = losses,
                          .n_counts = n_counts,
                          .best = best_of(counts, n_counts, is_lower_better)};
  sizing.chosen = sizing.best;
  if (sizing.best == SIZING_NONE) return sizing;
  for (uint32_t i = 0; i < n_counts; i++)
    losses[i] = loss_of(&counts[sizing.best], &counts[i], is_lower_better, arena);
  sizing.has_intervals = !isnan(losses[sizing.best].high);
  sizing.chosen = choose(&sizing);
  return sizing;
}

bool sizing_is_open(const struct sizing *sizing, uint32_t count) {
  const struct sizing_loss *loss = &sizing->losses[count];
  return loss->low <= SIZING_TOLERANCE && loss->high > SIZING_TOLERANCE;
}

uint32_t sizing_find(const struct sizing *sizing, uint32_t n_vcpus) {
  for (uint32_t i = 0; i < sizing->n_counts; i++)
    if (sizing->counts[i].n_vcpus == n_vcpus) return i;
  return SIZING_NONE;
}
