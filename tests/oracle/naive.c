/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "naive.h"

#include "naive_world.h"

static int64_t earlier(int64_t a_ns, int64_t b_ns) { return a_ns < b_ns ? a_ns : b_ns; }

/* When the guest of a RUNNING vCPU next has something to do. */
static int64_t step_at(const struct naive_world *world, const struct naive_vcpu *vcpu) {
  int64_t now_ns = world->now_ns;
  if (vcpu->runstate != RS_RUNNING) return TIME_NEVER_NS;
  if (vcpu->is_resuming) return now_ns + vcpu->overhead_left_ns;
  const struct naive_thread *thread = naive_interrupt_on_top(vcpu);
  int64_t at_ns = TIME_NEVER_NS;
  if (vcpu->is_switching && !vcpu->is_handling)
    at_ns = now_ns + vcpu->switch_left_ns;
  else if (thread->mode == MODE_WORK || thread->mode == MODE_PAY)
    at_ns = now_ns + thread->left_ns;
  else if (thread->mode == MODE_SPIN && thread->spin_left_ns != TIME_NEVER_NS)
    at_ns = now_ns + thread->spin_left_ns;
  if (vcpu->current && naive_guest_head(vcpu)) {
    int64_t slice_ns = vcpu->vm->spec->guest.timeslice_ns;
    at_ns = earlier(at_ns, now_ns + slice_ns - vcpu->guest_ns % slice_ns);
  }
  return at_ns;
}

static int64_t next_instant(const struct naive_world *world) {
  const struct run_params *run = &world->scenario->run;
  int64_t at_ns = run->warmup_ns + run->duration_ns;
  if (world->now_ns < run->warmup_ns) at_ns = run->warmup_ns;
  for (uint32_t i = 0; i < world->n_vcpus; i++) {
    const struct naive_vcpu *vcpu = &world->vcpus[i];
    at_ns = earlier(at_ns, step_at(world, vcpu));
    at_ns = earlier(at_ns, vcpu->ipi_at_ns);
    if (vcpu->runstate == RS_RUNNING) at_ns = earlier(at_ns, vcpu->slice_end_ns);
  }
  for (uint32_t i = 0; i < world->n_threads; i++)
    if (world->threads[i].mode == MODE_ASLEEP) at_ns = earlier(at_ns, world->threads[i].wake_at_ns);
  for (uint32_t i = 0; i < world->n_vms; i++)
    if (!world->vms[i].has_started) at_ns = earlier(at_ns, world->vms[i].start_ns);
  at_ns = earlier(at_ns, naive_interrupt_next(world));
  if (world->sched) at_ns = earlier(at_ns, naive_host_tick_ns(world));
  return earlier(at_ns, naive_cosched_next(world));
}

/* Class 0: the least vCPU with something to do. */
static bool take_step(struct naive_world *world) {
  for (uint32_t i = 0; i < world->n_vcpus; i++) {
    if (!naive_guest_is_due(world, &world->vcpus[i])) continue;
    naive_guest_step(world, &world->vcpus[i]);
    return true;
  }
  return false;
}

/* Class 1, in its order. */
static bool take_arrival(struct naive_world *world) {
  for (uint32_t i = 0; i < world->n_threads; i++) {
    struct naive_thread *thread = &world->threads[i];
    if (thread->mode != MODE_ASLEEP || thread->wake_at_ns != world->now_ns) continue;
    naive_guest_step_done(world, thread);
    if (thread->mode != MODE_DONE) naive_guest_wake(world, thread);
    return true;
  }
  for (uint32_t i = 0; i < world->n_vcpus; i++) {
    if (world->vcpus[i].ipi_at_ns != world->now_ns) continue;
    world->vcpus[i].ipi_at_ns = TIME_NEVER_NS;
    naive_host_wake(world, &world->vcpus[i]);
    return true;
  }
  if (naive_interrupt_arrive(world)) return true;
  for (uint32_t i = 0; i < world->n_vms; i++) {
    if (world->vms[i].has_started || world->vms[i].start_ns != world->now_ns) continue;
    naive_guest_start(world, &world->vms[i]);
    return true;
  }
  if (world->sched && naive_host_tick_ns(world) == world->now_ns) {
    world->n_ticks++;
    world->sched->tick(world);
    return true;
  }
  return naive_cosched_check(world);
}

/* A dispatch phase closes each pass; another pass follows if something is due behind it. */
static void live_instant(struct naive_world *world) {
  world->is_batch_done = world->is_check_done = false;
  bool is_filled = false;
  while (!world->is_stuck) {
    if (take_step(world) || take_arrival(world)) {
      is_filled = false;
    } else if (is_filled) {
      return;
    } else {
      naive_host_phase(world);
      if (world->sched && world->sched->follow) world->sched->follow(world);
      is_filled = !world->must_fill;
    }
  }
}

struct run_result *oracle_run_traced(const struct scenario *scenario, uint32_t replication,
                                     struct trace_sink *sink, struct arena *arena) {
  struct naive_world *world = naive_world_build(scenario, replication, arena);
  world->sink = sink;
  int64_t warmup_ns = scenario->run.warmup_ns;
  int64_t end_ns = warmup_ns + scenario->run.duration_ns;
  for (;;) {
    live_instant(world);
    if (world->is_stuck) break;
    if (world->now_ns == warmup_ns && warmup_ns > 0) naive_measure_reset(world);
    naive_measure_peaks(world);
    if (world->now_ns == end_ns) break;
    int64_t next_ns = next_instant(world);
    naive_measure_pass(world, next_ns - world->now_ns);
    world->now_ns = next_ns;
  }
  return naive_world_result(world, replication, arena);
}

struct run_result *oracle_run(const struct scenario *scenario, uint32_t replication,
                              struct arena *arena) {
  return oracle_run_traced(scenario, replication, NULL, arena);
}
