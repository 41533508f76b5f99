/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/generate.h"

#include <string.h>

#include "guest/gsched.h"
#include "guest/lock.h"
#include "hv/cosched.h"
#include "hv/sched.h"
#include "sim/rng.h"
#include "support/draft.h"

enum { OPS_MAX = 48, DEPTH_MAX = 3, SLOWER = 100 };

struct chooser {
  struct rng_stream stream;
  struct arena *arena;
  struct scenario *scenario;
  bool is_random; /* distributions, not constants only */
  bool is_crowd;  /* many VMs of one vCPU whose one thread computes and sleeps */
  bool is_slow;   /* times are such that budgets cut slices, which last 0.1 ms at least */
};

static uint32_t below(struct chooser *chooser, uint32_t n) {
  return (uint32_t)(rng_u64(&chooser->stream) >> 33) % n;
}

static bool chance(struct chooser *chooser, uint32_t percent) {
  return below(chooser, 100) < percent;
}

#define ONE_OF(chooser, ...)               \
  (((const int64_t[]){__VA_ARGS__})[below( \
      (chooser), (uint32_t)(sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t)))])

static struct dist uniform(int64_t min_ns, int64_t max_ns) {
  struct dist dist = {.kind = &dist_kind_uniform};
  const int64_t ends_ns[2] = {min_ns, max_ns};
  for (unsigned i = 0; i < 2; i++)
    memcpy(dist.params.bytes + dist.kind->kind.params[i].offset, &ends_ns[i], sizeof ends_ns[i]);
  dist.kind->finish(&dist);
  return dist;
}

static struct dist pick_dist(struct chooser *chooser, bool is_short) {
  int64_t mean_ns = is_short ? ONE_OF(chooser, 0, 100, 200, 500, 1000, 2000)
                             : ONE_OF(chooser, 100, 500, 1000, 1000, 2000, 3000, 5000);
  if (mean_ns == 0 || !chooser->is_random || chance(chooser, 30)) return dist_constant(mean_ns);
  if (chance(chooser, 50)) return dist_exponential(mean_ns);
  return uniform(chance(chooser, 50) ? 0 : mean_ns / 2, 2 * mean_ns);
}

static int64_t pick_cost(struct chooser *chooser) {
  return ONE_OF(chooser, 0, 0, 0, 100, 200, 500);
}

/* Only what the kind has a row for: the reader of scenarios leaves the rest 0. */
static void fill_costs(struct chooser *chooser, struct lock_spec *lock) {
  const struct kind *kind = lock->choice.kind;
  for (size_t i = 0; i < kind->n_params; i++) {
    const struct param *row = &kind->params[i];
    unsigned char *to = lock->choice.params.bytes + row->offset;
    int64_t cost_ns = pick_cost(chooser);
    if (cost_ns < (int64_t)row->min) cost_ns = ONE_OF(chooser, 100, 500, 2000);
    if (row->offset == offsetof(struct lock_params, spin_limit_ns))
      cost_ns = ONE_OF(chooser, TIME_NEVER_NS, row->min > 0 ? 50 : 0, 200, 1000);
    if (row->type == PARAM_DURATION)
      memcpy(to, &cost_ns, sizeof cost_ns);
    else
      memcpy(to, &(uint32_t){below(chooser, 2)}, sizeof(uint32_t));
  }
}

static void pick_locks(struct chooser *chooser) {
  struct scenario *scenario = chooser->scenario;
  uint32_t n_kinds = 0;
  while (lock_kinds[n_kinds]) n_kinds++;
  scenario->n_locks = 1 + below(chooser, 3);
  struct lock_spec *locks = ARENA_ARRAY(chooser->arena, scenario->n_locks, struct lock_spec);
  for (uint32_t i = 0; i < scenario->n_locks; i++) {
    locks[i].name = arena_printf(chooser->arena, "l%u", i);
    locks[i].choice.kind = &lock_kinds[below(chooser, n_kinds)]->kind;
    fill_costs(chooser, &locks[i]);
  }
  scenario->locks = locks;
}

static void pick_barriers(struct chooser *chooser) {
  struct scenario *scenario = chooser->scenario;
  scenario->n_barriers = 2;
  struct barrier_spec *barriers = ARENA_ARRAY(chooser->arena, 2, struct barrier_spec);
  for (uint32_t i = 0; i < 2; i++) {
    barriers[i].name = arena_printf(chooser->arena, "b%u", i);
    barriers[i].wait = chance(chooser, 50) ? BARRIER_SPIN : BARRIER_BLOCK;
    barriers[i].parties = chance(chooser, 60) ? 0 : 1 + below(chooser, 4);
  }
  scenario->barriers = barriers;
}

struct sketch {
  struct op ops[OPS_MAX];
  uint32_t n;
  uint32_t held[DEPTH_MAX + 1], depth;
  bool in_spinlock;
};

static struct op *add_op(struct sketch *sketch, enum op_code code) {
  struct op *op = &sketch->ops[sketch->n++];
  *op = (struct op){.code = code, .dist = dist_constant(0), .path = "programs"};
  return op;
}

static void add_compute(struct chooser *chooser, struct sketch *sketch, enum rng_purpose purpose) {
  struct op *op = add_op(sketch, OP_COMPUTE);
  op->purpose = purpose;
  op->dist = pick_dist(chooser, sketch->depth > 0);
}

static void add_steps(struct chooser *chooser, struct sketch *sketch, uint32_t n);

static void add_lock(struct chooser *chooser, struct sketch *sketch) {
  uint32_t lock = below(chooser, chooser->scenario->n_locks);
  const struct lock_ops *ops = (const void *)chooser->scenario->locks[lock].choice.kind;
  if (sketch->in_spinlock && !ops->is_spinlock) return;
  bool may_read = ops->is_shared;
  for (uint32_t i = 0; i < sketch->depth; i++) {
    if (sketch->held[i] != lock) continue;
    if (!chance(chooser, 3)) return;
    may_read = false;
  }
  bool was_in_spinlock = sketch->in_spinlock;
  struct op *op = add_op(sketch, OP_LOCK);
  op->target = lock;
  op->is_read = may_read && chance(chooser, 50);
  sketch->held[sketch->depth++] = lock;
  sketch->in_spinlock |= ops->is_spinlock;
  if (chance(chooser, 65) || sketch->depth > DEPTH_MAX) {
    add_compute(chooser, sketch, RNG_HOLD);
  } else {
    add_compute(chooser, sketch, RNG_COMPUTE);
    add_steps(chooser, sketch, 1 + below(chooser, 2));
  }
  sketch->in_spinlock = was_in_spinlock;
  sketch->depth--;
  add_op(sketch, OP_UNLOCK)->target = lock;
}

static void add_steps(struct chooser *chooser, struct sketch *sketch, uint32_t n) {
  for (uint32_t i = 0; i < n && sketch->n < OPS_MAX / 2; i++) {
    uint32_t what = chooser->is_crowd ? 45 + below(chooser, 39) : below(chooser, 100);
    if (what < 45) {
      add_lock(chooser, sketch);
    } else if (what < 70 || sketch->in_spinlock) {
      add_compute(chooser, sketch, RNG_COMPUTE);
    } else if (what < 84) {
      struct op *op = add_op(sketch, OP_SLEEP);
      op->purpose = RNG_SLEEP;
      op->dist = pick_dist(chooser, chance(chooser, 50));
    } else if (what < 92) {
      add_op(sketch, OP_YIELD);
    } else if (sketch->depth == 0 || chance(chooser, 20)) {
      add_op(sketch, OP_BARRIER)->target = below(chooser, 2);
    }
  }
}

static void pick_programs(struct chooser *chooser) {
  struct scenario *scenario = chooser->scenario;
  scenario->n_programs = 2;
  struct program *programs = ARENA_ARRAY(chooser->arena, 2, struct program);
  for (uint32_t i = 0; i < 2; i++) {
    struct sketch sketch = {.n = 0};
    if (chance(chooser, 90)) add_compute(chooser, &sketch, RNG_COMPUTE);
    add_steps(chooser, &sketch, 1 + below(chooser, 4));
    add_compute(chooser, &sketch, RNG_COMPUTE);
    sketch.ops[sketch.n - 1].dist = dist_constant(ONE_OF(chooser, 100, 200, 500, 1000));
    if (chance(chooser, 50)) { /* the last step need not be a compute */
      add_steps(chooser, &sketch, 1);
    }
    add_op(&sketch, OP_END);
    struct op *ops = ARENA_ARRAY(chooser->arena, sketch.n, struct op);
    memcpy(ops, sketch.ops, sketch.n * sizeof *ops);
    programs[i] = (struct program){
        .name = arena_printf(chooser->arena, "p%u", i), .ops = ops, .n_ops = sketch.n};
  }
  scenario->programs = programs;
}

/* Round robin is the plainest, and half of all. */
static const struct kind *pick_kind(struct chooser *chooser) {
  uint32_t n_kinds = 0, what = below(chooser, 100);
  if (what < 5) return &sched_null.kind;
  if (what < 40) return &sched_rr.kind;
  while (sched_kinds[n_kinds]) n_kinds++;
  return &sched_kinds[below(chooser, n_kinds)]->kind;
}

#define STORE(choice, ...) memcpy((choice)->params.bytes, &(__VA_ARGS__), sizeof(__VA_ARGS__))

static void pick_scheduler(struct chooser *chooser) {
  struct kind_choice *choice = &chooser->scenario->hypervisor.scheduler;
  choice->kind = pick_kind(chooser);
  int64_t timeslice_ns = ONE_OF(chooser, 1000, 2000, 2000, 3000, 5000, 10000);
  int64_t ratelimit_ns = ONE_OF(chooser, 0, 0, 200, 500, 1000);
  uint32_t placement = chance(chooser, 25) ? SCHED_PLACE_BALANCE : SCHED_PLACE_ANY;
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
                                      .hrtick = below(chooser, 2),
                                      .placement = placement});
  if (choice->kind == &sched_esx.kind)
    STORE(choice, (struct sched_esx_params){.quantum_ns = timeslice_ns,
                                            .period_ns = ONE_OF(chooser, 2000, 5000, 10000),
                                            .bound_lag = (uint32_t)ONE_OF(chooser, 0, 1, 8)});
}

static void pick_rule(struct chooser *chooser) {
  struct kind_choice *rule = &chooser->scenario->hypervisor.coscheduling;
  uint32_t progress = chance(chooser, 20) ? PROGRESS_PRE4 : PROGRESS_GUEST;
  uint32_t what = below(chooser, 10);
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
                    .boost = chance(chooser, 50) ? BOOST_LAGGARD : BOOST_NONE});
  }
}

/* Help against spinning, and core scheduling. */
static void pick_extras(struct chooser *chooser) {
  struct hypervisor_spec *hypervisor = &chooser->scenario->hypervisor;
  hypervisor->ple = (struct ple_params){.window_ns = PLE_STANDARD, .max_windows = 16};
  hypervisor->halt_polling = (struct poll_params){.start_ns = 100, .grow = 2, .shrink = 2};
  if (!chance(chooser, 25)) return;
  if (chance(chooser, 50))
    hypervisor->ple = (struct ple_params){.yield = below(chooser, 3),
                                          .window_ns = ONE_OF(chooser, 100, 500, 2000),
                                          .max_windows = 1 + below(chooser, 4),
                                          .exit_cost_ns = pick_cost(chooser)};
  if (chance(chooser, 50)) hypervisor->halt_polling.max_ns = ONE_OF(chooser, 200, 1000, 5000);
  if (chance(chooser, 50)) hypervisor->delay_preemption_ns = ONE_OF(chooser, 100, 300, 400);
  hypervisor->is_core_scheduled = chance(chooser, 25);
}

static void pick_hypervisor(struct chooser *chooser) {
  pick_scheduler(chooser);
  chooser->scenario->host.context_switch_ns = pick_cost(chooser) / 2;
  chooser->scenario->host.migration_ns = pick_cost(chooser) / 2;
  pick_rule(chooser);
  pick_extras(chooser);
}

static struct kind_choice pick_guest_scheduler(struct chooser *chooser) {
  struct kind_choice choice = {.kind = &gsched_rr.kind};
  if (!chance(chooser, 10)) return choice;
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
      .n_vcpus = 1 + below(chooser, 4),
      .n_threads = 1 + below(chooser, 6),
      .program = &scenario->programs[below(chooser, 2)],
      .scheduler = pick_guest_scheduler(chooser),
      .iterations = chance(chooser, 85) ? 0 : 1 + below(chooser, 8),
      .placement = chance(chooser, 25) ? PLACEMENT_PINNED : PLACEMENT_IDLE_FIRST,
      .balance = chance(chooser, 30) ? BALANCE_NONE : BALANCE_STEAL,
      .timeslice_ns = ONE_OF(chooser, 500, 1000, 1000, 3000, 10000, 10000000),
      .switch_ns = pick_cost(chooser),
      .ipi_latency_ns = ONE_OF(chooser, 0, 0, 0, 100, 1000)};
  if (chance(chooser, 40)) vm.guest.n_threads = vm.guest.n_vcpus;
  if (chooser->is_crowd) vm.guest.n_vcpus = vm.guest.n_threads = 1;
  vm.start = dist_constant(ONE_OF(chooser, 0, 0, 0, 0, 1000, 5000));
  if (chooser->is_random && chance(chooser, 20)) vm.start = uniform(0, 5000);
  return vm;
}

static void pick_vms(struct chooser *chooser) {
  struct scenario *scenario = chooser->scenario;
  scenario->n_vms = chooser->is_crowd ? 3 + below(chooser, 7) : 1 + below(chooser, 3);
  struct vm_spec *vms = ARENA_ARRAY(chooser->arena, scenario->n_vms, struct vm_spec);
  uint32_t n_vcpus = 0;
  for (uint32_t i = 0; i < scenario->n_vms; i++) {
    vms[i] = pick_vm(chooser, i);
    vms[i].weight = (uint32_t)ONE_OF(chooser, 256, 256, 512, 100, 1000);
    if (chance(chooser, 20))
      vms[i].cap_pct = 5 + below(chooser, 100 * vms[i].guest.n_vcpus);
    else if (i < 2 && chance(chooser, 20))
      vms[i].reservation_pct = 5 + below(chooser, 45);
    n_vcpus += vms[i].guest.n_vcpus;
  }
  scenario->vms = vms;
  scenario->host.n_pcpus = 1 + below(chooser, 4);
  if (scenario->hypervisor.scheduler.kind == &sched_null.kind) {
    scenario->host.n_pcpus = n_vcpus + below(chooser, 2);
    return;
  }
  for (uint32_t i = 0; i < scenario->n_vms; i++) {
    if (!chance(chooser, 25)) continue;
    uint64_t *affinity = ARENA_NEW(chooser->arena, uint64_t);
    *affinity = 1 + below(chooser, (1u << scenario->host.n_pcpus) - 1);
    vms[i].affinity = affinity;
  }
}

/* Sockets of cores of threads, and what moving between them costs. */
static void pick_topology(struct chooser *chooser) {
  struct host_spec *host = &chooser->scenario->host;
  host->n_sockets = host->threads_per_core = host->llcs_per_socket = 1;
  host->smt_factor = 1;
  for (int d = 0; d < DISTANCE_HOST; d++) host->near_migration_ns[d] = MIGRATION_FAR;
  if (!chance(chooser, 30)) return;
  if (host->n_pcpus % 2 == 0) host->n_sockets = 1 + below(chooser, 2);
  uint32_t n_left = host->n_pcpus / host->n_sockets;
  if (n_left % 2 == 0) host->threads_per_core = 1 + below(chooser, 2);
  n_left /= host->threads_per_core;
  if (n_left % 2 == 0) host->llcs_per_socket = 1 + below(chooser, 2);
  if (host->threads_per_core == 2 && chance(chooser, 30)) host->smt_factor = 0.7;
  for (int d = 0; d < DISTANCE_HOST; d++)
    if (chance(chooser, 60)) host->near_migration_ns[d] = below(chooser, 200);
}

static const struct scenario *generate(uint64_t seed, uint32_t attempt, struct arena *arena) {
  struct scenario *scenario = ARENA_NEW(arena, struct scenario);
  struct chooser chooser = {.arena = arena, .scenario = scenario};
  rng_stream_init(&chooser.stream, seed, attempt, RNG_COMPUTE, "generate", "0");
  chooser.is_random = chance(&chooser, 50);
  chooser.is_crowd = chance(&chooser, 15);
  chooser.is_slow = chance(&chooser, 15);
  scenario->name = arena_printf(arena, "random-%llu", (unsigned long long)seed);
  scenario->description = "";
  scenario->host.ghz = 3;
  pick_hypervisor(&chooser);
  pick_locks(&chooser);
  pick_barriers(&chooser);
  pick_programs(&chooser);
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
