/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/adequacy.h"

#include <math.h>
#include <string.h>

#include "sim/duration.h"
#include "sim/stat.h"
#include "study/batches.h"

#define FALSE_ALARMS 0.01 /* of studies without anything to complain about */
#define WAITING 0.05      /* of a VM's vCPU time: less is no queue worth mentioning */

void adequacy_init(struct adequacy *adequacy, const struct grid *grid, struct arena *arena) {
  *adequacy = (struct adequacy){.grid = grid, .arena = arena};
}

/* Returns whether this is the worst so far. */
static bool doubt_note(struct adequacy *adequacy, struct adequacy_doubt *doubt, uint32_t cell,
                       const char *vm, double severity) {
  bool is_new_cell = doubt->n_cells == 0 || doubt->last_cell != cell;
  doubt->n_cells += is_new_cell;
  doubt->last_cell = cell;
  if (doubt->vm && severity <= doubt->severity) return false;
  doubt->cell = cell;
  doubt->vm = arena_strdup(adequacy->arena, vm);
  doubt->severity = severity;
  return true;
}

/* --- rounds --- */

/* 0 if the scheduler has none. */
static int64_t timeslice_of(const struct kind_choice *scheduler) {
  for (size_t i = 0; i < scheduler->kind->n_params; i++) {
    const struct param *param = &scheduler->kind->params[i];
    int64_t value_ns;
    if (strcmp(param->key, "timeslice") != 0) continue;
    memcpy(&value_ns, scheduler->params.bytes + param->offset, sizeof value_ns);
    return value_ns;
  }
  return 0;
}

static bool may_use(const struct vm_spec *vm, uint32_t pcpu) {
  return !vm->affinity || (vm->affinity[pcpu / 64] >> (pcpu % 64) & 1);
}

/* vCPUs per pCPU, where there are most. */
static double queue_of(const struct scenario *scenario) {
  uint32_t n_pcpus = scenario->host.n_pcpus;
  struct arena arena = {0};
  double *demand = NULL, anywhere = 0, most = 0; /* demand: where somebody is not free to choose */
  for (uint32_t i = 0; i < scenario->n_vms; i++) {
    const struct vm_spec *vm = &scenario->vms[i];
    const struct guest_spec *guest = &vm->guest;
    double n = guest->n_threads < guest->n_vcpus ? guest->n_threads : guest->n_vcpus;
    uint32_t n_usable = 0;
    if (!vm->affinity) anywhere += n / n_pcpus;
    if (vm->affinity && !demand) demand = ARENA_ARRAY(&arena, n_pcpus, double);
    for (uint32_t p = 0; vm->affinity && p < n_pcpus; p++) n_usable += may_use(vm, p);
    for (uint32_t p = 0; n_usable > 0 && p < n_pcpus; p++)
      if (may_use(vm, p)) demand[p] += n / n_usable;
  }
  for (uint32_t p = 0; demand && p < n_pcpus; p++) most = fmax(most, demand[p]);
  arena_free(&arena);
  return anywhere + most;
}

/* The share of its vCPU time that a VM waits, if its vCPUs had too few turns for that; else 0. */
static double waiting_of(const struct replications *replications, uint32_t vm) {
  double waiting_ns = 0, all_ns = 0, turns = 0;
  for (uint32_t i = 0; i < replications->n; i++) {
    const struct run_result *run = replications->runs[i];
    const struct ledger *total = &run->vms[vm].total;
    uint32_t n_vcpus = run->vms[vm].spec->guest.n_vcpus;
    waiting_ns += (double)(total->runstate_ns[RS_READY] + total->runstate_ns[RS_COSTOP]);
    all_ns += (double)run->window_ns * n_vcpus;
    turns += (double)total->dispatches / n_vcpus / replications->n;
  }
  return turns < 2 * ADEQUACY_ROUNDS ? waiting_ns / all_ns : 0;
}

static void doubt_rounds(struct adequacy *adequacy, uint32_t cell,
                         const struct replications *replications) {
  const struct scenario *scenario = replications->scenario;
  double queue = queue_of(scenario), most = 0;
  double round_ns = (double)timeslice_of(&scenario->hypervisor.scheduler) * queue;
  double rounds = (double)scenario->run.duration_ns / round_ns;
  uint32_t worst = 0;
  if (queue <= 1 || !(rounds < ADEQUACY_ROUNDS)) return;
  for (uint32_t i = 0; i < scenario->n_vms; i++) {
    double waiting = waiting_of(replications, i);
    if (waiting > most) worst = i;
    most = fmax(most, waiting);
  }
  if (most < WAITING) return;
  if (doubt_note(adequacy, &adequacy->rounds, cell, scenario->vms[worst].name, -rounds))
    adequacy->enough_ns = duration_round_up((int64_t)fmin(round_ns * ADEQUACY_ROUNDS, 0x1p62));
}

/* --- batches --- */

struct batch_evidence {
  double correlation, variation; /* mean, and root of the mean square */
  double iterations;             /* per run */
};

static struct batch_evidence evidence_of(const struct replications *replications, uint32_t vm) {
  struct batch_evidence sum = {0};
  for (uint32_t i = 0; i < replications->n; i++) {
    const struct vm_result *result = &replications->runs[i]->vms[vm];
    sum.correlation += result->batch_correlation / replications->n;
    sum.variation += result->batch_variation * result->batch_variation / replications->n;
    sum.iterations += (double)result->iterations / replications->n;
  }
  sum.variation = sqrt(sum.variation);
  return sum;
}

/* Of the throughput of one run, as a share of it. */
static double error_of(const struct batch_evidence *evidence) {
  double r = fmin(evidence->correlation, 1 - 1. / BATCHES);
  return evidence->variation / sqrt(BATCHES) * sqrt((1 + r) / (1 - r));
}

static void doubt_batches(struct adequacy *adequacy, uint32_t cell,
                          const struct replications *replications) {
  const struct scenario *scenario = replications->scenario;
  double n_tests = (double)adequacy->grid->n_cells * scenario->n_vms;
  double chance = stat_normal_above(FALSE_ALARMS / n_tests) * batches_chance(replications->n);
  for (uint32_t i = 0; i < scenario->n_vms; i++) {
    struct batch_evidence evidence = evidence_of(replications, i);
    /* With hardly anything to count chance is not normal. */
    if (evidence.iterations < BATCHES || evidence.correlation <= chance) continue;
    if (error_of(&evidence) < ADEQUACY_ERROR) continue;
    if (doubt_note(adequacy, &adequacy->batches, cell, scenario->vms[i].name, evidence.correlation))
      adequacy->chance = chance;
  }
}

void adequacy_add(struct adequacy *adequacy, uint32_t cell,
                  const struct replications *replications) {
  if (replications->n == 0) return;
  doubt_rounds(adequacy, cell, replications);
  doubt_batches(adequacy, cell, replications);
}

/* --- words --- */

/* " in cell 3 (kind=none) and 4 other cells"; "" if there is one cell only. */
static const char *where(const struct adequacy *adequacy, const struct adequacy_doubt *doubt) {
  if (adequacy->grid->n_cells < 2) return "";
  const char *others = "";
  if (doubt->n_cells > 1)
    others = arena_printf(adequacy->arena, " and %u other%s", doubt->n_cells - 1,
                          doubt->n_cells == 2 ? "" : "s");
  return arena_printf(adequacy->arena, " in cell %u (%s)%s", doubt->cell,
                      grid_cell_name(adequacy->grid, doubt->cell, adequacy->arena), others);
}

const char *adequacy_text(const struct adequacy *adequacy) {
  const struct adequacy_doubt *rounds = &adequacy->rounds, *batches = &adequacy->batches;
  char enough[DURATION_TEXT_MAX];
  if (rounds->n_cells > 0)
    return arena_printf(adequacy->arena,
                        "the window holds only %.1f rounds of timeslices%s: throughput and "
                        "run_pct of %s depend on who came first; -d %s would hold %d",
                        -rounds->severity, where(adequacy, rounds), rounds->vm,
                        duration_format(adequacy->enough_ns, enough), ADEQUACY_ROUNDS);
  if (batches->n_cells > 0)
    return arena_printf(adequacy->arena,
                        "throughput of %s%s still drifts within the window (batches correlate by "
                        "%.2f, by chance at most %.2f): try a longer window (-d) or warm-up "
                        "(-w auto)",
                        batches->vm, where(adequacy, batches), batches->severity, adequacy->chance);
  return NULL;
}
