/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "property/relations.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest/lock.h"
#include "hv/cosched.h"
#include "hv/sched.h"
#include "study/machine.h"
#include "support/figures.h"
#include "support/generate.h"
#include "support/print_scenario.h"
#include "support/shrink.h"

/* --- what several of them need --- */

void relations_use_one_queue(struct draft *draft) {
  struct kind_choice *scheduler = &draft->scenario.hypervisor.scheduler;
  if (scheduler->kind != &sched_credit2.kind) return;
  ((struct sched_credit2_params *)(void *)&scheduler->params)->runqueue = RUNQUEUE_ALL;
}

void relations_forbid_yields(struct draft *draft) {
  draft->scenario.hypervisor.ple.yield = PLE_OFF;
  for (uint32_t i = 0; i < draft->scenario.n_locks; i++) {
    struct kind_choice *choice = &draft->locks[i].choice;
    const struct lock_ops *ops = (const void *)choice->kind;
    struct lock_params *params = (void *)&choice->params;
    if (ops->at_limit == LIMIT_YIELD) params->spin_limit_ns = TIME_NEVER_NS;
  }
}

void relations_make_room(struct draft *draft) {
  struct host_spec *host = &draft->scenario.host;
  *host = (struct host_spec){.ghz = host->ghz,
                             .n_pcpus = 1,
                             .n_sockets = 1,
                             .threads_per_core = 1,
                             .llcs_per_socket = 1,
                             .smt_factor = 1};
  for (int d = 0; d < DISTANCE_HOST; d++) host->near_migration_ns[d] = MIGRATION_FAR;
  relations_use_one_queue(draft);
  relations_forbid_yields(draft);
  draft->scenario.hypervisor.delay_preemption_ns = 0;
  draft->scenario.hypervisor.halt_polling.max_ns = 0; /* the pCPU may be another one's next time */
  for (uint32_t i = 0; i < draft->scenario.n_vms; i++) {
    struct vm_spec *vm = &draft->vms[i];
    host->n_pcpus += vm->guest.n_vcpus;
    vm->affinity = NULL;
    vm->cap_pct = vm->reservation_pct = 0;
  }
}

void relations_use_none(struct draft *draft) {
  draft->scenario.hypervisor.coscheduling = (struct kind_choice){.kind = &cosched_none.kind};
}

static const char *name_of(const struct figure *figure) { return figure ? figure->name : NULL; }

const char *relations_all_same(const struct run_result *one, const struct run_result *other) {
  static struct figures left, right;
  figures_read(&left, one);
  figures_read(&right, other);
  return name_of(figures_missing(&left, &right, 1));
}

/* A vCPU that goes to another pCPU at once counts as preempted, if only for that instant. */
static void forget_moves(struct figures *figures) {
  static const char *const counts[] = {"migrations", "preemptions", "lhp_events", "lwp_events"};
  for (size_t i = 0; i < figures->n; i++)
    for (size_t k = 0; k < sizeof counts / sizeof *counts; k++)
      if (strstr(figures->list[i].name, counts[k])) figures->list[i].value = 0;
}

static const char *other_figure(const struct vm_result *one, const struct vm_result *other,
                                bool minds_moves) {
  static struct figures left, right;
  figures_read_vm(&left, one);
  figures_read_vm(&right, other);
  if (!minds_moves) {
    forget_moves(&left);
    forget_moves(&right);
  }
  return name_of(figures_missing(&left, &right, 1));
}

static const char *compare_vms(const struct run_result *one, const struct run_result *other,
                               bool minds_moves) {
  for (uint32_t i = 0; i < one->scenario->n_vms; i++) {
    uint32_t k = 0;
    while (strcmp(one->vms[i].spec->name, other->vms[k].spec->name) != 0) k++;
    const char *what = other_figure(&one->vms[i], &other->vms[k], minds_moves);
    if (what) return what;
  }
  return NULL;
}

const char *relations_vms_same(const struct run_result *one, const struct run_result *other) {
  return compare_vms(one, other, true);
}

const char *relations_vms_same_elsewhere(const struct run_result *one,
                                         const struct run_result *other) {
  return compare_vms(one, other, false);
}

/* --- looking at many scenarios --- */

/* Shrinking asks about scenarios only. */
static const struct relation *relation;

static bool suits(const struct scenario *scenario) {
  return !relation->suits || relation->suits(scenario);
}

static void ignore(struct trace_sink *sink, const struct trace_record *record) {
  (void)sink;
  (void)record;
}

/* What breaks the relation, or NULL. What the runs say dies with them. */
static const char *what_breaks(const struct scenario *scenario, struct arena *arena) {
  struct draft *draft = draft_of(scenario, arena);
  if (relation->prepare) relation->prepare(draft);
  struct draft *changed = draft_of(&draft->scenario, arena);
  if (relation->change) relation->change(changed);
  const struct machine_options paranoid = {.guard.paranoid = true};
  const struct run_result *one = machine_run(&draft->scenario, &paranoid, arena);
  struct trace_sink deaf = {.emit = ignore};
  struct machine_options options = paranoid;
  if (!relation->change) options.trace = &deaf;
  const struct run_result *other = machine_run(&changed->scenario, &options, arena);
  if (one->status != other->status) return "status";
  return one->status == RUN_DONE ? relation->broken(one, other) : NULL;
}

static bool is_broken(const struct scenario *scenario) {
  struct arena arena = {0};
  bool is_so = suits(scenario) && what_breaks(scenario, &arena);
  arena_free(&arena);
  return is_so;
}

static void report(uint64_t seed, const struct scenario *scenario, struct arena *arena) {
  printf("seed %" PRIu64 ": not the same: %s\nshrunk:\n", seed, what_breaks(scenario, arena));
  scenario = shrink_scenario(scenario, is_broken, arena);
  print_scenario(stdout, scenario);
  struct draft *draft = draft_of(scenario, arena);
  if (relation->prepare) relation->prepare(draft);
  puts("made such as the relation is about:");
  print_scenario(stdout, &draft->scenario);
  if (relation->change) relation->change(draft);
  puts("changed:");
  print_scenario(stdout, &draft->scenario);
  printf("not the same: %s\n", what_breaks(scenario, arena));
}

/* Returns how many break it. */
static uint64_t look_at(uint64_t n, uint64_t first) {
  uint64_t n_of_kind[16] = {0}, n_broken = 0;
  for (uint64_t seed = first; seed < first + n; seed++) {
    struct arena arena = {0};
    const struct scenario *scenario = generate_scenario(seed, suits, &arena);
    for (size_t k = 0; sched_kinds[k]; k++)
      n_of_kind[k] += scenario->hypervisor.scheduler.kind == &sched_kinds[k]->kind;
    if (is_broken(scenario) && n_broken++ == 0) report(seed, scenario, &arena);
    arena_free(&arena);
  }
  printf("%s: %" PRIu64 " scenarios (", relation->name, n);
  for (size_t k = 0; sched_kinds[k]; k++)
    if (n_of_kind[k] > 0) printf(" %s %" PRIu64, sched_kinds[k]->kind.name, n_of_kind[k]);
  printf(" ), %" PRIu64 " different\n", n_broken);
  return n_broken;
}

int relations_main(int argc, char **argv, uint64_t n) {
  const struct relation *const lists[] = {relations_of_texts, relations_of_rules};
  uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 10) : 1, n_broken = 0;
  uint32_t n_relations = 0;
  if (argc > 1) n = strtoull(argv[1], NULL, 10);
  for (int i = 0; i < 2; i++)
    for (relation = lists[i]; relation->name; relation++) {
      if (argc > 3 && !strstr(relation->name, argv[3])) continue;
      n_broken += look_at(n, first);
      n_relations++;
    }
  printf("%" PRIu32 " relations, %" PRIu64 " scenarios each, %" PRIu64 " different\n", n_relations,
         n, n_broken);
  return n_broken > 0 || n_relations == 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
