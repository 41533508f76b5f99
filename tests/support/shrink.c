/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/shrink.h"

#include <string.h>

#include "guest/gsched.h"
#include "hv/cosched.h"
#include "hv/sched.h"
#include "support/draft.h"
#include "support/generate.h"

enum { STANDARD_WEIGHT = 256 };
static const int64_t long_slice_ns = 10000000;

/* A way to make a draft smaller at place `at`; false: there is no such place. What it leaves as it
   was, or makes invalid, is not tried. */
typedef bool (*shrinker)(struct draft *draft, uint32_t at);

static bool drop_vm(struct draft *draft, uint32_t at) {
  if (at >= draft->scenario.n_vms) return false;
  draft->scenario.n_vms--;
  memmove(&draft->vms[at], &draft->vms[at + 1], (draft->scenario.n_vms - at) * sizeof *draft->vms);
  return true;
}

static bool shorten(struct draft *draft, uint32_t at) {
  static const int64_t eighths[] = {1, 4, 6, 7};
  if (at >= sizeof eighths / sizeof *eighths) return false;
  draft->scenario.run.duration_ns = draft->scenario.run.duration_ns * eighths[at] / 8;
  return true;
}

static bool drop_vcpu(struct draft *draft, uint32_t at) {
  if (at >= draft->scenario.n_vms) return false;
  draft->vms[at].guest.n_vcpus--;
  return true;
}

static bool drop_thread(struct draft *draft, uint32_t at) {
  if (at >= draft->scenario.n_vms) return false;
  draft->vms[at].guest.n_threads--;
  return true;
}

static bool drop_pcpu(struct draft *draft, uint32_t at) {
  draft->scenario.host.n_pcpus--;
  return at == 0;
}

static bool drop_rule(struct draft *draft, uint32_t at) {
  draft->scenario.hypervisor.coscheduling = (struct kind_choice){.kind = &cosched_none.kind};
  return at == 0;
}

static bool drop_extra(struct draft *draft, uint32_t at) {
  struct hypervisor_spec *hypervisor = &draft->scenario.hypervisor;
  if (at == 0) hypervisor->ple.yield = PLE_OFF;
  if (at == 1) hypervisor->halt_polling.max_ns = 0;
  if (at == 2) hypervisor->delay_preemption_ns = 0;
  if (at == 3) hypervisor->is_core_scheduled = 0;
  if (at == 4) draft->scenario.host.smt_factor = 1;
  return at < 5;
}

static bool drop_slices(struct draft *draft, uint32_t at) {
  struct kind_choice *choice = &draft->scenario.hypervisor.scheduler;
  if (choice->kind == &sched_rr.kind)
    memcpy(choice->params.bytes + offsetof(struct sched_rr_params, timeslice_ns), &long_slice_ns,
           sizeof long_slice_ns);
  return at == 0;
}

static bool drop_feature(struct draft *draft, uint32_t at) {
  enum { FEATURES = 10 };
  if (at >= draft->scenario.n_vms * FEATURES) return false;
  struct vm_spec *vm = &draft->vms[at / FEATURES];
  at %= FEATURES;
  if (at == 0) vm->affinity = NULL;
  if (at == 1) vm->guest.iterations = 0;
  if (at == 2) vm->guest.placement = PLACEMENT_IDLE_FIRST;
  if (at == 3) vm->guest.balance = BALANCE_STEAL;
  if (at == 4) vm->guest.timeslice_ns = long_slice_ns;
  if (at == 5) vm->guest.scheduler.kind = &gsched_rr.kind;
  if (at == 6) vm->weight = STANDARD_WEIGHT;
  if (at == 7) vm->cap_pct = 0;
  if (at == 8) vm->reservation_pct = 0;
  if (at == 9) vm->guest.n_interrupts = program_uses(vm->guest.program, OP_SHOOTDOWN, 0);
  return true;
}

static bool drop_cost(struct draft *draft, uint32_t at) {
  int64_t *costs[64];
  uint32_t n = 0;
  costs[n++] = &draft->scenario.host.context_switch_ns;
  costs[n++] = &draft->scenario.host.migration_ns;
  costs[n++] = &draft->scenario.run.warmup_ns;
  for (uint32_t i = 0; i < draft->scenario.n_vms; i++) {
    costs[n++] = &draft->vms[i].guest.switch_ns;
    costs[n++] = &draft->vms[i].guest.ipi_latency_ns;
  }
  if (at < n) {
    *costs[at] = 0;
    return true;
  }
  at -= n;
  if (at < draft->scenario.n_vms) {
    draft->vms[at].start = dist_constant(0);
    return true;
  }
  at -= draft->scenario.n_vms;
  for (uint32_t i = 0; i < draft->scenario.n_locks; i++) {
    struct kind_choice *choice = &draft->locks[i].choice;
    for (size_t row = 0; row < choice->kind->n_params; row++) {
      if (at-- != 0) continue;
      const struct param *param = &choice->kind->params[row];
      int64_t plain_ns = param->word ? param->word_value : 0;
      memcpy(choice->params.bytes + param->offset, &plain_ns, sizeof plain_ns);
      return true;
    }
  }
  return false;
}

/* The op at place `at` of all programs together. */
static struct op *find_op(struct draft *draft, uint32_t at, struct program **program) {
  for (uint32_t i = 0; i < draft->scenario.n_programs; i++) {
    *program = &draft->programs[i];
    if (at < (*program)->n_ops) return &draft->ops[i][at];
    at -= (*program)->n_ops;
  }
  return NULL;
}

static void remove_op(struct program *program, struct op *op) {
  size_t n_behind = (size_t)(program->ops + program->n_ops - op) - 1;
  memmove(op, op + 1, n_behind * sizeof *op);
  program->n_ops--;
}

static struct op *unlock_of(struct op *op) {
  for (uint32_t depth = 0;; op++) {
    depth += op->code == OP_LOCK;
    depth -= op->code == OP_UNLOCK;
    if (depth == 0) return op;
  }
}

static bool drop_step(struct draft *draft, uint32_t at) {
  struct program *program;
  struct op *op = find_op(draft, at, &program);
  if (!op) return false;
  if (op->code == OP_END || op->code == OP_UNLOCK) return true;
  size_t n = 1;
  if (op->code == OP_LOCK) n += (size_t)(unlock_of(op) - op);
  while (n-- > 0) remove_op(program, op);
  return true;
}

static bool unwrap_lock(struct draft *draft, uint32_t at) {
  struct program *program;
  struct op *op = find_op(draft, at, &program);
  if (!op) return false;
  if (op->code != OP_LOCK) return true;
  if (op[1].purpose == RNG_HOLD) op[1].purpose = RNG_COMPUTE;
  remove_op(program, unlock_of(op));
  remove_op(program, op);
  return true;
}

static bool simplify_dist(struct draft *draft, uint32_t at) {
  struct program *program;
  struct op *op = find_op(draft, at, &program);
  if (!op) return false;
  if (op->code == OP_COMPUTE || op->code == OP_SLEEP)
    op->dist = dist_constant(dist_round_ns(op->dist.mean_ns));
  return true;
}

/* Every shrinker that does something makes this less, so shrinking ends. */
static int64_t weight(const struct scenario *scenario) {
  const struct host_spec *host = &scenario->host;
  int64_t sum = scenario->run.duration_ns + (scenario->run.warmup_ns > 0) + host->n_pcpus +
                (host->context_switch_ns > 0) + (host->migration_ns > 0) +
                (scenario->hypervisor.coscheduling.kind != &cosched_none.kind);
  const struct hypervisor_spec *hypervisor = &scenario->hypervisor;
  sum += (hypervisor->ple.yield != PLE_OFF) + (hypervisor->halt_polling.max_ns > 0) +
         (hypervisor->delay_preemption_ns > 0) + (hypervisor->is_core_scheduled != 0) +
         (host->smt_factor < 1);
  if (scenario->hypervisor.scheduler.kind == &sched_rr.kind)
    sum += memcmp(scenario->hypervisor.scheduler.params.bytes +
                      offsetof(struct sched_rr_params, timeslice_ns),
                  &long_slice_ns, sizeof long_slice_ns) != 0;
  for (uint32_t i = 0; i < scenario->n_vms; i++) {
    const struct vm_spec *vm = &scenario->vms[i];
    const struct guest_spec *guest = &vm->guest;
    sum += 1 + guest->n_vcpus + guest->n_threads + (vm->affinity != NULL) +
           (guest->iterations > 0) + guest->n_interrupts +
           (guest->placement != PLACEMENT_IDLE_FIRST) + (guest->balance != BALANCE_STEAL) +
           (guest->timeslice_ns != long_slice_ns) + (guest->switch_ns > 0) +
           (guest->ipi_latency_ns > 0) + (vm->start.constant_ns != 0) +
           (guest->scheduler.kind != &gsched_rr.kind) + (vm->weight != STANDARD_WEIGHT) +
           (vm->cap_pct > 0) + (vm->reservation_pct > 0);
  }
  for (uint32_t i = 0; i < scenario->n_locks; i++) {
    const struct kind_choice *choice = &scenario->locks[i].choice;
    for (size_t row = 0; row < choice->kind->n_params; row++) {
      const struct param *param = &choice->kind->params[row];
      int64_t value_ns;
      memcpy(&value_ns, choice->params.bytes + param->offset, sizeof value_ns);
      sum += value_ns != (param->word ? param->word_value : 0);
    }
  }
  for (uint32_t i = 0; i < scenario->n_programs; i++) {
    sum += scenario->programs[i].n_ops;
    for (uint32_t o = 0; o < scenario->programs[i].n_ops; o++)
      sum += !dist_is_constant(&scenario->programs[i].ops[o].dist);
  }
  return sum;
}

const struct scenario *shrink_scenario(const struct scenario *scenario,
                                       bool (*fails)(const struct scenario *scenario),
                                       struct arena *arena) {
  static const shrinker shrinkers[] = {
      drop_vm,     shorten,      drop_vcpu, drop_thread, drop_pcpu,   drop_rule,    drop_extra,
      drop_slices, drop_feature, drop_cost, drop_step,   unwrap_lock, simplify_dist};
  bool has_shrunk = true;
  while (has_shrunk) {
    has_shrunk = false;
    for (size_t s = 0; s < sizeof shrinkers / sizeof *shrinkers; s++) {
      for (uint32_t at = 0;; at++) {
        struct draft *draft = draft_of(scenario, arena);
        if (!shrinkers[s](draft, at)) break;
        if (weight(&draft->scenario) >= weight(scenario)) continue;
        if (!generate_is_valid(&draft->scenario)) continue;
        if (!fails(&draft->scenario)) continue;
        scenario = &draft->scenario;
        has_shrunk = true;
        at--; /* what is behind has moved here */
      }
    }
  }
  return scenario;
}
