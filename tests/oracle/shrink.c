/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shrink.h"

#include <string.h>

#include "generate.h"
#include "hv/cosched.h"
#include "hv/sched.h"

enum { PROGRAMS_MAX = 8 };

static const int64_t long_slice_ns = 10000000;

/* A copy of a scenario that may be written to. */
struct draft {
  struct scenario scenario;
  struct vm_spec *vms;
  struct lock_spec *locks;
  struct program *programs;
  struct op *ops[PROGRAMS_MAX];
};

static struct draft *copy(const struct scenario *from, struct arena *arena) {
  struct draft *draft = ARENA_NEW(arena, struct draft);
  draft->scenario = *from;
  draft->vms = ARENA_ARRAY(arena, from->n_vms, struct vm_spec);
  draft->locks = ARENA_ARRAY(arena, from->n_locks, struct lock_spec);
  draft->programs = ARENA_ARRAY(arena, from->n_programs, struct program);
  memcpy(draft->locks, from->locks, from->n_locks * sizeof *from->locks);
  memcpy(draft->vms, from->vms, from->n_vms * sizeof *from->vms);
  for (uint32_t i = 0; i < from->n_programs; i++) {
    const struct program *program = &from->programs[i];
    draft->programs[i] = *program;
    draft->ops[i] = ARENA_ARRAY(arena, program->n_ops, struct op);
    memcpy(draft->ops[i], program->ops, program->n_ops * sizeof *program->ops);
    draft->programs[i].ops = draft->ops[i];
  }
  for (uint32_t i = 0; i < from->n_vms; i++)
    draft->vms[i].guest.program = &draft->programs[from->vms[i].guest.program - from->programs];
  draft->scenario.vms = draft->vms;
  draft->scenario.locks = draft->locks;
  draft->scenario.programs = draft->programs;
  return draft;
}

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

static bool drop_slices(struct draft *draft, uint32_t at) {
  struct kind_choice *choice = &draft->scenario.hypervisor.scheduler;
  if (choice->kind == &sched_rr.kind)
    memcpy(choice->params.bytes + offsetof(struct sched_rr_params, timeslice_ns), &long_slice_ns,
           sizeof long_slice_ns);
  return at == 0;
}

static bool drop_feature(struct draft *draft, uint32_t at) {
  if (at >= draft->scenario.n_vms * 5) return false;
  struct vm_spec *vm = &draft->vms[at / 5];
  if (at % 5 == 0) vm->affinity = NULL;
  if (at % 5 == 1) vm->guest.iterations = 0;
  if (at % 5 == 2) vm->guest.placement = PLACEMENT_IDLE_FIRST;
  if (at % 5 == 3) vm->guest.balance = BALANCE_STEAL;
  if (at % 5 == 4) vm->guest.timeslice_ns = long_slice_ns;
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
  if (scenario->hypervisor.scheduler.kind == &sched_rr.kind)
    sum += memcmp(scenario->hypervisor.scheduler.params.bytes +
                      offsetof(struct sched_rr_params, timeslice_ns),
                  &long_slice_ns, sizeof long_slice_ns) != 0;
  for (uint32_t i = 0; i < scenario->n_vms; i++) {
    const struct vm_spec *vm = &scenario->vms[i];
    const struct guest_spec *guest = &vm->guest;
    sum += 1 + guest->n_vcpus + guest->n_threads + (vm->affinity != NULL) +
           (guest->iterations > 0) + (guest->placement != PLACEMENT_IDLE_FIRST) +
           (guest->balance != BALANCE_STEAL) + (guest->timeslice_ns != long_slice_ns) +
           (guest->switch_ns > 0) + (guest->ipi_latency_ns > 0) + (vm->start.constant_ns != 0);
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
  static const shrinker shrinkers[] = {drop_vm,   shorten,   drop_vcpu,   drop_thread,
                                       drop_pcpu, drop_rule, drop_slices, drop_feature,
                                       drop_cost, drop_step, unwrap_lock, simplify_dist};
  bool has_shrunk = true;
  while (has_shrunk) {
    has_shrunk = false;
    for (size_t s = 0; s < sizeof shrinkers / sizeof *shrinkers; s++) {
      for (uint32_t at = 0;; at++) {
        struct draft *draft = copy(scenario, arena);
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
