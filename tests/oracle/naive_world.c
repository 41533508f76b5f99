/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Building the naive world, telling a listener about it, and handing over what it measured. */
#include <stdlib.h>

#include "guest/gsched.h"
#include "guest/lock.h"
#include "hv/sched.h"
#include "naive_world.h"

static const struct {
  const struct lock_ops *ops;
  enum naive_lock_kind kind;
} kinds[] = {{&lock_tas, NAIVE_TAS},         {&lock_ttas, NAIVE_TTAS},
             {&lock_ticket, NAIVE_TICKET},   {&lock_mcs, NAIVE_MCS},
             {&lock_pv, NAIVE_PV},           {&lock_mutex, NAIVE_MUTEX},
             {&lock_handoff, NAIVE_HANDOFF}, {&lock_adaptive, NAIVE_ADAPTIVE},
             {&lock_os2, NAIVE_TAS}};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

static bool knows_lock(const struct kind *lock) {
  for (size_t i = 0; i < N_KINDS; i++)
    if (lock == &kinds[i].ops->kind) return true;
  return false;
}

static bool knows_hypervisor(const struct hypervisor_spec *hypervisor) {
  const struct kind *scheduler = hypervisor->scheduler.kind;
  if (hypervisor->ple.yield != PLE_OFF || hypervisor->halt_polling.max_ns > 0 ||
      hypervisor->delay_preemption_ns > 0 || hypervisor->is_core_scheduled)
    return false;
  return scheduler == &sched_null.kind || scheduler == &sched_rr.kind ||
         scheduler == &sched_credit.kind || scheduler == &sched_credit2.kind ||
         scheduler == &sched_eevdf.kind || scheduler == &sched_esx.kind;
}

bool naive_world_knows(const struct scenario *scenario) {
  if (!knows_hypervisor(&scenario->hypervisor) || scenario->host.smt_factor < 1) return false;
  for (uint32_t i = 0; i < scenario->n_locks; i++)
    if (!knows_lock(scenario->locks[i].choice.kind)) return false;
  for (uint32_t i = 0; i < scenario->n_vms; i++)
    if (scenario->vms[i].guest.scheduler.kind != &gsched_rr.kind) return false;
  return true;
}

static enum naive_lock_kind lock_kind(const struct lock_spec *spec) {
  for (size_t i = 0; i < N_KINDS; i++)
    if (spec->choice.kind == &kinds[i].ops->kind) return kinds[i].kind;
  abort(); /* a kind that the naive simulator does not know */
}

static uint32_t count_locks(const struct scenario *scenario, const struct vm_spec *spec) {
  uint32_t n = 0;
  for (uint32_t l = 0; l < scenario->n_locks; l++) n += guest_uses(&spec->guest, OP_LOCK, l);
  return n;
}

static void build_locks(struct naive_world *world, struct naive_vm *vm, uint32_t replication) {
  const struct scenario *scenario = world->scenario;
  vm->locks = world->locks + world->n_locks;
  for (uint32_t l = 0; l < scenario->n_locks; l++) {
    if (!guest_uses(&vm->spec->guest, OP_LOCK, l)) continue;
    struct naive_lock *lock = &vm->locks[vm->n_locks++];
    lock->vm = vm;
    lock->id = world->n_locks++;
    lock->spec_slot = l;
    lock->spec = lock->result.spec = &scenario->locks[l];
    lock->params = (const void *)&lock->spec->choice.params;
    lock->kind = lock_kind(lock->spec);
    rng_stream_init(&lock->race, scenario->run.seed, replication, RNG_LOCK_RACE, vm->spec->name,
                    lock->spec->name);
  }
}

static void build_threads(struct naive_world *world, struct naive_vm *vm, uint32_t replication,
                          struct arena *arena) {
  vm->threads = world->threads + world->n_threads;
  vm->n_threads = guest_n_contexts(&vm->spec->guest);
  for (uint32_t i = 0; i < vm->n_threads; i++) {
    struct naive_thread *thread = &vm->threads[i];
    thread->vm = vm;
    thread->index = i;
    thread->id = world->n_threads++;
    thread->home = thread->vcpu = &vm->vcpus[i % vm->n_vcpus];
    thread->spin_left_ns = TIME_NEVER_NS;
    thread->program = vm->spec->guest.program;
    if (i >= vm->spec->guest.n_threads) continue;
    thread->stream = ARENA_ARRAY(arena, RNG_PURPOSES, struct rng_stream);
    for (unsigned purpose = 0; purpose < RNG_PURPOSES; purpose++)
      rng_stream_init(&thread->stream[purpose], world->scenario->run.seed, replication,
                      (enum rng_purpose)purpose, vm->spec->name, arena_printf(arena, "%u", i));
  }
}

static void build_vm(struct naive_world *world, struct naive_vm *vm, uint32_t replication,
                     struct arena *arena) {
  const struct scenario *scenario = world->scenario;
  vm->id = world->n_vms++;
  vm->spec = vm->result.spec = &scenario->vms[vm->id];
  vm->refused_since_ns = -1;
  vm->n_vcpus = vm->spec->guest.n_vcpus;
  vm->vcpus = world->vcpus + world->n_vcpus;
  for (uint32_t i = 0; i < vm->n_vcpus; i++) {
    struct naive_vcpu *vcpu = &vm->vcpus[i];
    *vcpu = (struct naive_vcpu){.vm = vm,
                                .index = i,
                                .id = world->n_vcpus++,
                                .runstate = RS_IDLE,
                                .pcpu = ID_NONE,
                                .last_pcpu = ID_NONE,
                                .ipi_at_ns = TIME_NEVER_NS,
                                .boundary_at_ns = -1,
                                .placed_on = ID_NONE};
  }
  build_threads(world, vm, replication, arena);
  build_locks(world, vm, replication);
  naive_interrupt_build(world, vm, replication, arena);
  vm->barriers = ARENA_ARRAY(arena, scenario->n_barriers, struct naive_barrier);
  for (uint32_t b = 0; b < scenario->n_barriers; b++) {
    const struct barrier_spec *spec = &scenario->barriers[b];
    vm->barriers[b] = (struct naive_barrier){
        .spec = spec,
        .slot = b,
        .parties = spec->parties ? spec->parties : vm->spec->guest.n_threads};
  }
  struct rng_stream start;
  rng_stream_init(&start, scenario->run.seed, replication, RNG_START, vm->spec->name, "0");
  vm->start_ns = dist_draw(&vm->spec->start, &start);
}

static void build_hypervisor(struct naive_world *world) {
  const struct hypervisor_spec *hypervisor = &world->scenario->hypervisor;
  world->is_null = hypervisor->scheduler.kind == &sched_null.kind;
  world->timeslice_ns = TIME_NEVER_NS;
  const void *params = &hypervisor->scheduler.params;
  if (hypervisor->scheduler.kind == &sched_credit.kind) {
    world->sched = &naive_credit;
    world->credit = *(const struct sched_credit_params *)params;
    world->timeslice_ns = world->credit.timeslice_ns;
  } else if (hypervisor->scheduler.kind == &sched_credit2.kind) {
    world->sched = &naive_credit2;
    world->credit2 = *(const struct sched_credit2_params *)params;
    world->timeslice_ns = world->credit2.init_ns;
  } else if (hypervisor->scheduler.kind == &sched_eevdf.kind) {
    world->sched = &naive_eevdf;
    world->eevdf = *(const struct sched_eevdf_params *)params;
    world->timeslice_ns = world->eevdf.base_slice_ns;
  } else if (hypervisor->scheduler.kind == &sched_esx.kind) {
    world->sched = &naive_esx;
    world->esx = *(const struct sched_esx_params *)params;
    world->timeslice_ns = world->esx.quantum_ns;
  } else if (!world->is_null) {
    world->timeslice_ns = ((const struct sched_rr_params *)params)->timeslice_ns;
  }
  params = &hypervisor->coscheduling.params;
  if (hypervisor->coscheduling.kind == &cosched_strict.kind) {
    world->rule = NAIVE_STRICT;
    world->strict = *(const struct cosched_strict_params *)params;
    if (world->strict.patience_ns == PATIENCE_TIMESLICE)
      world->strict.patience_ns = world->timeslice_ns;
    world->counts_overhead = world->strict.progress == PROGRESS_PRE4;
  } else if (hypervisor->coscheduling.kind == &cosched_relaxed.kind) {
    world->rule = NAIVE_RELAXED;
    world->relaxed = *(const struct cosched_relaxed_params *)params;
    world->counts_overhead = world->relaxed.progress == PROGRESS_PRE4;
    if (world->relaxed.costop_threshold_ns == 0) world->rule = NAIVE_NONE;
  }
}

/* First queues are on the pCPUs of a set in turn. */
static void stand_at_first(const struct naive_world *world, struct naive_vcpu *vcpu) {
  uint32_t set[64], n = 0;
  for (uint32_t p = 0; p < world->n_pcpus; p++)
    if (naive_host_may_use(world, vcpu, p)) set[n++] = p;
  vcpu->stands = set[vcpu->id % n];
}

struct naive_world *naive_world_build(const struct scenario *scenario, uint32_t replication,
                                      struct arena *arena) {
  struct naive_world *world = ARENA_NEW(arena, struct naive_world);
  world->scenario = scenario;
  uint32_t n_vcpus = 0, n_threads = 0, n_locks = 0;
  for (uint32_t i = 0; i < scenario->n_vms; i++) {
    n_vcpus += scenario->vms[i].guest.n_vcpus;
    n_threads += guest_n_contexts(&scenario->vms[i].guest);
    n_locks += count_locks(scenario, &scenario->vms[i]);
  }
  world->n_pcpus = scenario->host.n_pcpus;
  world->pcpus = ARENA_ARRAY(arena, world->n_pcpus, struct naive_pcpu);
  world->vms = ARENA_ARRAY(arena, scenario->n_vms, struct naive_vm);
  world->vcpus = ARENA_ARRAY(arena, n_vcpus, struct naive_vcpu);
  world->threads = ARENA_ARRAY(arena, n_threads, struct naive_thread);
  world->locks = ARENA_ARRAY(arena, n_locks, struct naive_lock);
  build_hypervisor(world);
  for (uint32_t i = 0; i < scenario->n_vms; i++)
    build_vm(world, &world->vms[i], replication, arena);
  for (uint32_t i = 0; i < world->n_vcpus; i++) stand_at_first(world, &world->vcpus[i]);
  if (world->sched && world->sched->begin) world->sched->begin(world);
  return world;
}

void naive_world_emit(struct naive_world *world, enum trace_what what,
                      const struct naive_vcpu *vcpu, const struct naive_thread *thread,
                      const struct naive_lock *lock) {
  if (!world->sink) return;
  const struct naive_vm *vm = vcpu ? vcpu->vm : thread->vm;
  struct trace_record record = {.at_ns = world->now_ns,
                                .what = what,
                                .pcpu = vcpu ? vcpu->pcpu : ID_NONE,
                                .vm = vm->id,
                                .vcpu = vcpu ? vcpu->id : ID_NONE,
                                .thread = thread ? thread->id : ID_NONE,
                                .lock = lock ? lock->id : ID_NONE};
  if (what == TRACE_RUNSTATE) record.to = (uint8_t)vcpu->runstate;
  if (what == TRACE_ITERATION) record.value = world->now_ns - thread->iteration_from_ns;
  if (what == TRACE_BARRIER_WAIT || what == TRACE_BARRIER_OPEN)
    record.lock = thread->barrier ? thread->barrier->slot : ID_NONE;
  world->sink->emit(world->sink, &record);
}

static void add_ledger(struct ledger *total, const struct ledger *part) {
  for (unsigned i = 0; i < RUNSTATES; i++) total->runstate_ns[i] += part->runstate_ns[i];
  for (unsigned i = 0; i < ACTIVITIES; i++) total->activity_ns[i] += part->activity_ns[i];
  for (unsigned i = 0; i < SPIN_CAUSES; i++) total->spin_ns[i] += part->spin_ns[i];
  total->preemptions += part->preemptions;
  total->migrations += part->migrations;
  total->costops += part->costops;
  total->lhp_events += part->lhp_events;
  total->lwp_events += part->lwp_events;
}

struct run_result *naive_world_result(struct naive_world *world, uint32_t replication,
                                      struct arena *arena) {
  struct run_result *result = ARENA_NEW(arena, struct run_result);
  struct vm_result *vms = ARENA_ARRAY(arena, world->n_vms, struct vm_result);
  for (uint32_t i = 0; i < world->n_vms; i++) {
    struct naive_vm *vm = &world->vms[i];
    struct vcpu_result *vcpus = ARENA_ARRAY(arena, vm->n_vcpus, struct vcpu_result);
    struct lock_result *locks = ARENA_ARRAY(arena, vm->n_locks, struct lock_result);
    for (uint32_t v = 0; v < vm->n_vcpus; v++) {
      vcpus[v] = vm->vcpus[v].result;
      add_ledger(&vm->result.total, &vcpus[v].ledger);
    }
    for (uint32_t l = 0; l < vm->n_locks; l++) locks[l] = vm->locks[l].result;
    vms[i] = vm->result;
    vms[i].vcpus = vcpus;
    vms[i].interrupts = vm->interrupts;
    vms[i].locks = locks;
    vms[i].n_locks = vm->n_locks;
  }
  result->status = world->is_stuck ? RUN_STUCK : RUN_DONE;
  result->scenario = world->scenario;
  result->replication = replication;
  result->seed = world->scenario->run.seed;
  result->window_ns = world->scenario->run.duration_ns;
  result->host = world->host;
  result->vms = vms;
  return result;
}
