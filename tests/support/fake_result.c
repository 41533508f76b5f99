/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/fake_result.h"
#include "study/entity.h"

#include <string.h>

#include "guest/lock.h"
#include "hv/cosched.h"
#include "hv/sched.h"
#include "study/conf.h"

static const struct op fake_ops[] = {
    {.code = OP_COMPUTE}, {.code = OP_LOCK}, {.code = OP_UNLOCK}, {.code = OP_END}};
static const struct program programs[] = {{.name = "oltp", .ops = fake_ops, .n_ops = 4},
                                          {.name = "hog", .ops = &fake_ops[3], .n_ops = 1}};

static void fake_vm(struct vm_spec *vm, const char *name, const char *base, uint32_t n_vcpus,
                    const struct program *program) {
  vm->name = name;
  vm->base_name = base;
  vm->guest.n_vcpus = vm->guest.n_threads = n_vcpus;
  vm->guest.program = program;
}

const struct scenario *fake_scenario(struct arena *arena) {
  struct scenario *scenario = ARENA_NEW(arena, struct scenario);
  struct vm_spec *vms = ARENA_ARRAY(arena, 2, struct vm_spec);
  struct lock_spec *lock = ARENA_NEW(arena, struct lock_spec);
  fake_vm(&vms[0], "db", "db", FAKE_VCPUS, &programs[0]);
  fake_vm(&vms[1], "noise.0", "noise", 1, &programs[1]);
  lock->name = "runq";
  lock->choice.kind = &lock_ticket.kind;
  scenario->name = "fake";
  scenario->description = "nothing, with \"quotes\"";
  scenario->host = (struct host_spec){.n_pcpus = 2, .ghz = 2};
  scenario->hypervisor.scheduler.kind = &sched_rr.kind;
  struct sched_rr_params rr = {.timeslice_ns = 10000000};
  memcpy(scenario->hypervisor.scheduler.params.bytes, &rr, sizeof rr);
  scenario->hypervisor.coscheduling.kind = &cosched_relaxed.kind;
  scenario->locks = lock;
  scenario->n_locks = 1;
  scenario->vms = vms;
  scenario->n_vms = 2;
  scenario->written = conf_object(arena);
  scenario->run = (struct run_params){.duration_ns = FAKE_WINDOW_NS, .replications = 3, .seed = 7};
  return scenario;
}

/* One vCPU of db. */
static struct ledger fake_ledger(void) {
  return (struct ledger){
      .runstate_ns =
          {[RS_RUNNING] = 1000000, [RS_READY] = 1000000, [RS_COSTOP] = 500000, [RS_IDLE] = 500000},
      .activity_ns = {[ACT_OVERHEAD] = 62500,
                      [ACT_USEFUL] = 500000,
                      [ACT_CRITICAL] = 125000,
                      [ACT_SPIN] = 250000,
                      [ACT_KERNEL] = 62500},
      .spin_ns = {[SPIN_CONTENDED] = 50000,
                  [SPIN_LHP_READY] = 100000,
                  [SPIN_LHP_COSTOP] = 50000,
                  [SPIN_LWP] = 50000},
      .dispatches = 12,
      .preemptions = 9,
      .migrations = 2,
      .costops = 3,
      .lhp_events = 4,
      .lwp_events = 1,
      .ple_exits = 5,
      .smt_shared_ns = 25000};
}

static void fake_db(struct vm_result *vm, const struct scenario *scenario, uint32_t replication,
                    struct arena *arena) {
  struct vcpu_result *vcpus = ARENA_ARRAY(arena, FAKE_VCPUS, struct vcpu_result);
  struct ledger one = fake_ledger(), *total = &vm->total;
  for (uint32_t i = 0; i < FAKE_VCPUS; i++)
    vcpus[i] = (struct vcpu_result){.ledger = one, .lead_max_ns = i ? 0 : 3900000};
  for (uint32_t i = 0; i < RUNSTATES; i++) total->runstate_ns[i] = 2 * one.runstate_ns[i];
  for (uint32_t i = 0; i < ACTIVITIES; i++) total->activity_ns[i] = 2 * one.activity_ns[i];
  for (uint32_t i = 0; i < SPIN_CAUSES; i++) total->spin_ns[i] = 2 * one.spin_ns[i];
  total->dispatches = 24;
  total->preemptions = 18;
  total->migrations = 4;
  total->costops = 6;
  total->lhp_events = 8;
  total->lwp_events = 2;
  total->ple_exits = 10;
  total->smt_shared_ns = 50000;
  vm->iterations = 300 + 10 * replication;
  vm->latency = (struct latency_result){.n = vm->iterations,
                                        .sum_ns = 4000 * (int64_t)vm->iterations,
                                        .max_ns = 9500,
                                        .p50_ns = 3500,
                                        .p99_ns = 9000.5};
  vm->skew_max_ns = 3900000;
  vm->skew_integral2 = (__int128)2 * 1000500 * FAKE_WINDOW_NS;
  vm->skew_p99_ns = 3800000;
  vm->hazard_ns = 1500000;
  struct lock_result *lock = ARENA_NEW(arena, struct lock_result);
  *lock = (struct lock_result){.spec = &scenario->locks[0], .acquisitions = 600, .contended = 150};
  lock->wait = (struct latency_result){
      .n = 600, .sum_ns = 600000, .max_ns = 50000, .p50_ns = 100, .p99_ns = 40000};
  lock->hold = (struct latency_result){
      .n = 600, .sum_ns = 1200000, .max_ns = 30000, .p50_ns = 1800, .p99_ns = 9000};
  memcpy(lock->spin_ns, total->spin_ns, sizeof lock->spin_ns);
  vm->vcpus = vcpus;
  vm->locks = lock;
  vm->n_locks = 1;
}

static const struct steal_result *fake_steal(const struct scenario *scenario, uint32_t vm,
                                             uint32_t replication, struct arena *arena) {
  uint32_t n = entity_n_stealers(scenario);
  struct steal_result *steal = ARENA_ARRAY(arena, n, struct steal_result);
  for (uint32_t i = 0; i < n; i++) steal[i].ready_ns = 100 * replication + 10 * vm + i;
  return steal;
}

struct run_result *fake_result(const struct scenario *scenario, uint32_t replication,
                               struct arena *arena) {
  struct run_result *run = ARENA_NEW(arena, struct run_result);
  struct vm_result *vms = ARENA_ARRAY(arena, 2, struct vm_result);
  struct vcpu_result *noise = ARENA_NEW(arena, struct vcpu_result);
  fake_db(&vms[0], scenario, replication, arena);
  noise->ledger.runstate_ns[RS_RUNNING] = 2000000;
  noise->ledger.runstate_ns[RS_READY] = 1000000;
  noise->ledger.activity_ns[ACT_USEFUL] = 2000000;
  vms[1].vcpus = noise;
  vms[1].total = noise->ledger;
  for (uint32_t i = 0; i < 2; i++) {
    vms[i].spec = &scenario->vms[i];
    vms[i].steal = fake_steal(scenario, i, replication, arena);
  }
  *run = (struct run_result){.scenario = scenario,
                             .replication = replication,
                             .seed = scenario->run.seed,
                             .window_ns = FAKE_WINDOW_NS,
                             .vms = vms};
  run->host = (struct host_result){.busy_ns = 4000000,
                                   .fragmentation_ns = 600000,
                                   .overhead_ns = 125000,
                                   .context_switches = 21,
                                   .events = 1234};
  return run;
}
