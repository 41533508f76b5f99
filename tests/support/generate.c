/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/generate.h"

#include <string.h>

#include "guest/gsched.h"
#include "hv/cosched.h"
#include "hv/sched.h"
#include "sim/rng.h"
#include "support/chooser.h"
#include "support/draft.h"

enum { SLOWER = 100 };

/* Round robin is the plainest, and half of all. */
static const struct kind *pick_kind(struct chooser *chooser) {
  uint32_t n_kinds = 0, what = chooser_below(chooser, 100);
  if (what < 5) return &sched_null.kind;
  if (what < 40) return &sched_rr.kind;
  while (sched_kinds[n_kinds]) n_kinds++;
  return &sched_kinds[chooser_below(chooser, n_kinds)]->kind;
}

#define STORE(choice, ...) memcpy((choice)->params.bytes, &(__VA_ARGS__), sizeof(__VA_ARGS__))

static void pick_scheduler(struct chooser *chooser) {
  struct kind_choice *choice = &chooser->scenario->hypervisor.scheduler;
  choice->kind = pick_kind(chooser);
  int64_t timeslice_ns = ONE_OF(chooser, 1000, 2000, 2000, 3000, 5000, 10000);
  int64_t ratelimit_ns = ONE_OF(chooser, 0, 0, 200, 500, 1000);
  uint32_t placement = chooser_chance(chooser, 25) ? SCHED_PLACE_BALANCE : SCHED_PLACE_ANY;
  if (choice->kind == &sched_rr.kind)
    STORE(choice, (struct sched_rr_params){.timeslice_ns = timeslice_ns});
  if (choice->kind == &sched_credit.kind)
    STORE(choice,
          (struct sched_credit_params){
              .timeslice_ns = timeslice_ns, .ratelimit_ns = ratelimit_ns, .placement = placement});
  if (choice->kind == &sched_credit2.kind)
    STORE(choice, (struct sched_credit2_params){
                      .init_ns = timeslice_ns,
                      .min_timer_ns = ONE_OF(chooser, 200, 500, 1000),
                      .ratelimit_ns = ratelimit_ns,
                      .migrate_resist_ns = ONE_OF(chooser, 0, 500, 500),
                      .runqueue = (uint32_t)ONE_OF(chooser, RUNQUEUE_CPU, RUNQUEUE_CORE,
                                                   RUNQUEUE_SOCKET, RUNQUEUE_ALL)});
  if (choice->kind == &sched_eevdf.kind)
    STORE(choice,
          (struct sched_eevdf_params){.base_slice_ns = ONE_OF(chooser, 700, 1000, 3000),
                                      .tick_ns = timeslice_ns,
                                      .balance_interval_ns = ONE_OF(chooser, 1000, 4000, 16000),
                                      .hrtick = chooser_below(chooser, 2),
                                      .placement = placement});
  if (choice->kind == &sched_esx.kind)
    STORE(choice, (struct sched_esx_params){.quantum_ns = timeslice_ns,
                                            .period_ns = ONE_OF(chooser, 2000, 5000, 10000),
                                            .bound_lag = (uint32_t)ONE_OF(chooser, 0, 1, 8)});
}

static void pick_rule(struct chooser *chooser) {
  struct kind_choice *rule = &chooser->scenario->hypervisor.coscheduling;
  uint32_t progress = chooser_chance(chooser, 20) ? PROGRESS_PRE4 : PROGRESS_GUEST;
  uint32_t what = chooser_below(chooser, 10);
  if (what < 2) {
    rule->kind = &cosched_none.kind;
  } else if (what < 6) {
    rule->kind = &cosched_strict.kind;
    STORE(rule,
          (struct cosched_strict_params){
              .skew_limit_ns = ONE_OF(chooser, 500, 1000, 1500, 3000),
              .patience_ns = ONE_OF(chooser, PATIENCE_TIMESLICE, PATIENCE_TIMESLICE, 0, 1000, 5000),
              .progress = progress});
  } else {
    rule->kind = &cosched_relaxed.kind;
    int64_t costop_ns = ONE_OF(chooser, 0, 500, 1000, 1000, 2000, 3000, 3000);
    STORE(rule, (struct cosched_relaxed_params){
                    .costop_threshold_ns = costop_ns,
                    .costart_threshold_ns = costop_ns * ONE_OF(chooser, 0, 1, 1, 2, 3) / 4,
                    .poll_ns = ONE_OF(chooser, 0, 0, 500, 1000, 1000, 1500),
                    .progress = progress,
                    .boost = chooser_chance(chooser, 50) ? BOOST_LAGGARD : BOOST_NONE});
  }
}

/* Help against spinning, and core scheduling. */
static void pick_extras(struct chooser *chooser) {
  struct hypervisor_spec *hypervisor = &chooser->scenario->hypervisor;
  hypervisor->ple = (struct ple_params){.window_ns = PLE_STANDARD, .max_windows = 16};
  hypervisor->halt_polling = (struct poll_params){.start_ns = 100, .grow = 2, .shrink = 2};
  if (!chooser_chance(chooser, 25)) return;
  if (chooser_chance(chooser, 50))
    hypervisor->ple = (struct ple_params){.yield = chooser_below(chooser, 3),
                                          .window_ns = ONE_OF(chooser, 100, 500, 2000),
                                          .max_windows = 1 + chooser_below(chooser, 4),
                                          .exit_cost_ns = chooser_cost(chooser)};
  if (chooser_chance(chooser, 50))
    hypervisor->halt_polling.max_ns = ONE_OF(chooser, 200, 1000, 5000);
  if (chooser_chance(chooser, 50)) hypervisor->delay_preemption_ns = ONE_OF(chooser, 100, 300, 400);
  hypervisor->is_core_scheduled = chooser_chance(chooser, 25);
}

static void pick_hypervisor(struct chooser *chooser) {
  pick_scheduler(chooser);
  chooser->scenario->host.context_switch_ns = chooser_cost(chooser) / 2;
  chooser->scenario->host.migration_ns = chooser_cost(chooser) / 2;
  pick_rule(chooser);
  pick_extras(chooser);
}

static struct kind_choice pick_guest_scheduler(struct chooser *chooser) {
  struct kind_choice choice = {.kind = &gsched_rr.kind};
  if (!chooser_chance(chooser, 10)) return choice;
  choice.kind = &gsched_osv.kind;
  STORE(&choice, (struct gsched_osv_params){.decay_ns = ONE_OF(chooser, 5000, 20000),
                                            .hysteresis_ns = ONE_OF(chooser, 500, 1000, 2000),
                                            .balance_interval_ns = ONE_OF(chooser, 2000, 10000),
                                            .idle_poll_ns = ONE_OF(chooser, 0, 500)});
  return choice;
}

static struct vm_spec pick_vm(struct chooser *chooser, uint32_t index) {
  const struct scenario *scenario = chooser->scenario;
  struct vm_spec vm = {.name = arena_printf(chooser->arena, "v%u", index)};
  vm.base_name = vm.name;
  vm.guest = (struct guest_spec){
      .n_vcpus = 1 + chooser_below(chooser, 4),
      .n_threads = 1 + chooser_below(chooser, 6),
      .program = &scenario->programs[chooser_below(chooser, 2)],
      .scheduler = pick_guest_scheduler(chooser),
      .iterations = chooser_chance(chooser, 85) ? 0 : 1 + chooser_below(chooser, 8),
      .placement = chooser_chance(chooser, 25) ? PLACEMENT_PINNED : PLACEMENT_IDLE_FIRST,
      .balance = chooser_chance(chooser, 30) ? BALANCE_NONE : BALANCE_STEAL,
      .timeslice_ns = ONE_OF(chooser, 500, 1000, 1000, 3000, 10000, 10000000),
      .switch_ns = chooser_cost(chooser),
      .ipi_latency_ns = ONE_OF(chooser, 0, 0, 0, 100, 1000)};
  if (chooser_chance(chooser, 40)) vm.guest.n_threads = vm.guest.n_vcpus;
  if (chooser->is_crowd) vm.guest.n_vcpus = vm.guest.n_threads = 1;
  chooser_pick_interrupts(chooser, &vm.guest);
  vm.start = dist_constant(ONE_OF(chooser, 0, 0, 0, 0, 1000, 5000));
  if (chooser->is_random && chooser_chance(chooser, 20)) vm.start = chooser_uniform(0, 5000);
  return vm;
}

static void pick_vms(struct chooser *chooser) {
  struct scenario *scenario = chooser->scenario;
  scenario->n_vms =
      chooser->is_crowd ? 3 + chooser_below(chooser, 7) : 1 + chooser_below(chooser, 3);
  struct vm_spec *vms = ARENA_ARRAY(chooser->arena, scenario->n_vms, struct vm_spec);
  uint32_t n_vcpus = 0;
  for (uint32_t i = 0; i < scenario->n_vms; i++) {
    vms[i] = pick_vm(chooser, i);
    vms[i].weight = (uint32_t)ONE_OF(chooser, 256, 256, 512, 100, 1000);
    if (chooser_chance(chooser, 20))
      vms[i].cap_pct = 5 + chooser_below(chooser, 100 * vms[i].guest.n_vcpus);
    else if (i < 2 && chooser_chance(chooser, 20))
      vms[i].reservation_pct = 5 + chooser_below(chooser, 45);
    n_vcpus += vms[i].guest.n_vcpus;
  }
  scenario->vms = vms;
  scenario->host.n_pcpus = 1 + chooser_below(chooser, 4);
  if (scenario->hypervisor.scheduler.kind == &sched_null.kind) {
    scenario->host.n_pcpus = n_vcpus + chooser_below(chooser, 2);
    return;
  }
  for (uint32_t i = 0; i < scenario->n_vms; i++) {
    if (!chooser_chance(chooser, 25)) continue;
    uint64_t *affinity = ARENA_NEW(chooser->arena, uint64_t);
    *affinity = 1 + chooser_below(chooser, (1u << scenario->host.n_pcpus) - 1);
    vms[i].affinity = affinity;
  }
}

/* Sockets of cores of threads, and what moving between them costs. */
static void pick_topology(struct chooser *chooser) {
  struct host_spec *host = &chooser->scenario->host;
  host->n_sockets = host->threads_per_core = host->llcs_per_socket = 1;
  host->smt_factor = 1;
  for (int d = 0; d < DISTANCE_HOST; d++) host->near_migration_ns[d] = MIGRATION_FAR;
  if (!chooser_chance(chooser, 30)) return;
  if (host->n_pcpus % 2 == 0) host->n_sockets = 1 + chooser_below(chooser, 2);
  uint32_t n_left = host->n_pcpus / host->n_sockets;
  if (n_left % 2 == 0) host->threads_per_core = 1 + chooser_below(chooser, 2);
  n_left /= host->threads_per_core;
  if (n_left % 2 == 0) host->llcs_per_socket = 1 + chooser_below(chooser, 2);
  if (host->threads_per_core == 2 && chooser_chance(chooser, 30)) host->smt_factor = 0.7;
  for (int d = 0; d < DISTANCE_HOST; d++)
    if (chooser_chance(chooser, 60)) host->near_migration_ns[d] = chooser_below(chooser, 200);
}

static const struct scenario *generate(uint64_t seed, uint32_t attempt, struct arena *arena) {
  struct scenario *scenario = ARENA_NEW(arena, struct scenario);
  struct chooser chooser = {.arena = arena, .scenario = scenario};
  rng_stream_init(&chooser.stream, seed, attempt, RNG_COMPUTE, "generate", "0");
  chooser.is_random = chooser_chance(&chooser, 50);
  chooser.is_crowd = chooser_chance(&chooser, 15);
  chooser.is_slow = chooser_chance(&chooser, 15);
  chooser.has_interrupts = chooser_chance(&chooser, 25);
  scenario->name = arena_printf(arena, "random-%llu", (unsigned long long)seed);
  scenario->description = "";
  scenario->host.ghz = 3;
  pick_hypervisor(&chooser);
  chooser_pick_programs(&chooser);
  pick_vms(&chooser);
  scenario->run = (struct run_params){.duration_ns = ONE_OF(&chooser, 20000, 50000, 100000),
                                      .warmup_ns = ONE_OF(&chooser, 0, 0, 10000, 25000),
                                      .replications = 1,
                                      .seed = seed};
  pick_topology(&chooser);
  if (!chooser.is_slow) return scenario;
  struct draft *draft = draft_of(scenario, arena);
  draft_scale(draft, SLOWER);
  return &draft->scenario;
}

const struct scenario *generate_scenario(uint64_t seed,
                                         bool (*suits)(const struct scenario *scenario),
                                         struct arena *arena) {
  for (uint32_t attempt = 0;; attempt++) {
    const struct scenario *scenario = generate(seed, attempt, arena);
    if (suits(scenario)) return scenario;
  }
}

static bool is_valid_program(const struct program *program) {
  bool takes_time = false;
  for (uint32_t i = 0; i + 1 < program->n_ops; i++) {
    const struct op *op = &program->ops[i];
    takes_time |= (op->code == OP_COMPUTE || op->code == OP_SLEEP) && op->dist.mean_ns > 0;
    if (op->code == OP_LOCK && op[1].code == OP_UNLOCK) return false;
  }
  return takes_time;
}

static bool is_valid_vm(const struct scenario *scenario, const struct vm_spec *vm) {
  uint64_t all = (UINT64_C(1) << scenario->host.n_pcpus) - 1;
  if (vm->guest.n_vcpus == 0 || vm->guest.n_threads == 0) return false;
  for (uint32_t i = 0; i < vm->guest.n_interrupts; i++)
    if (vm->guest.interrupts[i].vcpu != INTERRUPT_ROTATES &&
        vm->guest.interrupts[i].vcpu >= vm->guest.n_vcpus)
      return false;
  if (vm->affinity && (*vm->affinity == 0 || *vm->affinity & ~all)) return false;
  return is_valid_program(vm->guest.program);
}

bool generate_is_valid(const struct scenario *scenario) {
  const struct host_spec *host = &scenario->host;
  uint32_t n_vcpus = 0;
  if (scenario->n_vms == 0 || host->n_pcpus == 0 || scenario->run.duration_ns == 0) return false;
  if (host->n_pcpus % (host->n_sockets * host->threads_per_core * host->llcs_per_socket) != 0)
    return false;
  for (uint32_t i = 0; i < scenario->n_vms; i++) {
    if (!is_valid_vm(scenario, &scenario->vms[i])) return false;
    n_vcpus += scenario->vms[i].guest.n_vcpus;
  }
  const struct kind_choice *rule = &scenario->hypervisor.coscheduling;
  const char *key;
  if (rule->kind->check && rule->kind->check(&rule->params, &key)) return false;
  if (scenario->hypervisor.scheduler.kind == &sched_null.kind) return n_vcpus <= host->n_pcpus;
  if (scenario->hypervisor.scheduler.kind != &sched_rr.kind) return true;
  const struct sched_rr_params *rr = (const void *)&scenario->hypervisor.scheduler.params;
  int64_t longest_ns = 0;
  for (enum distance d = 0; d < DISTANCES; d++)
    if (host_migration_ns(host, d) > longest_ns) longest_ns = host_migration_ns(host, d);
  return rr->timeslice_ns > host->context_switch_ns + longest_ns;
}
