/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Progress clocks, leads, and what the co-scheduling rules do outside of the dispatch phase. */
#include "naive_world.h"

bool naive_cosched_advances(const struct naive_world *world, const struct naive_vcpu *vcpu) {
  if (vcpu->runstate != RS_RUNNING) return false;
  return !vcpu->is_resuming || world->counts_overhead;
}

static int64_t progress_at(const struct naive_world *world, const struct naive_vcpu *vcpu,
                           int64_t after_ns) {
  return vcpu->progress_ns + (naive_cosched_advances(world, vcpu) ? after_ns : 0);
}

int64_t naive_cosched_lead(const struct naive_world *world, const struct naive_vcpu *vcpu,
                           int64_t after_ns) {
  if (vcpu->runstate == RS_IDLE) return 0;
  int64_t own_ns = progress_at(world, vcpu, after_ns), least_ns = own_ns;
  for (uint32_t i = 0; i < vcpu->vm->n_vcpus; i++) {
    const struct naive_vcpu *sibling = &vcpu->vm->vcpus[i];
    if (sibling->runstate == RS_IDLE) continue;
    int64_t progress_ns = progress_at(world, sibling, after_ns);
    if (progress_ns < least_ns) least_ns = progress_ns;
  }
  return own_ns - least_ns;
}

int64_t naive_cosched_skew(const struct naive_world *world, const struct naive_vm *vm,
                           int64_t after_ns) {
  int64_t skew_ns = 0;
  for (uint32_t i = 0; i < vm->n_vcpus; i++) {
    int64_t lead_ns = naive_cosched_lead(world, &vm->vcpus[i], after_ns);
    if (lead_ns > skew_ns) skew_ns = lead_ns;
  }
  return skew_ns;
}

static bool has_member(const struct naive_vm *vm, enum runstate runstate) {
  for (uint32_t i = 0; i < vm->n_vcpus; i++)
    if (vm->vcpus[i].runstate == runstate) return true;
  return false;
}

static bool strict_stops(const struct naive_world *world, const struct naive_vm *vm,
                         int64_t after_ns) {
  return has_member(vm, RS_READY) && has_member(vm, RS_RUNNING) &&
         naive_cosched_skew(world, vm, after_ns) >= world->strict.skew_limit_ns;
}

static void strict_stop(struct naive_world *world, struct naive_vm *vm) {
  for (uint32_t i = 0; i < vm->n_vcpus; i++) {
    struct naive_vcpu *vcpu = &vm->vcpus[i];
    if (vcpu->runstate == RS_RUNNING) {
      naive_host_desched(world, vcpu, RS_COSTOP);
      vcpu->queue_place = ++world->places;
      world->must_fill = true;
    } else if (vcpu->runstate == RS_READY) {
      naive_host_change(world, vcpu, RS_COSTOP);
    }
  }
}

static bool must_stop(const struct naive_world *world, const struct naive_vcpu *vcpu,
                      int64_t after_ns) {
  return vcpu->runstate == RS_RUNNING &&
         naive_cosched_lead(world, vcpu, after_ns) >= world->relaxed.costop_threshold_ns;
}

static bool may_start(const struct naive_world *world, const struct naive_vcpu *vcpu,
                      int64_t after_ns) {
  return vcpu->runstate == RS_COSTOP &&
         naive_cosched_lead(world, vcpu, after_ns) <= world->relaxed.costart_threshold_ns;
}

/* The pCPU and the rest of the slice of a vCPU that was just co-stopped. */
static void boost_laggard(struct naive_world *world, struct naive_vm *vm, uint32_t pcpu,
                          int64_t slice_end_ns) {
  if (world->relaxed.boost != BOOST_LAGGARD || slice_end_ns == world->now_ns || world->is_null)
    return;
  struct naive_vcpu *laggard = NULL;
  for (uint32_t i = 0; i < vm->n_vcpus; i++) {
    struct naive_vcpu *vcpu = &vm->vcpus[i];
    if (vcpu->runstate != RS_READY || vcpu->is_parked) continue;
    if (naive_cosched_lead(world, vcpu, 0) >= world->relaxed.costop_threshold_ns) continue;
    if (!laggard || vcpu->progress_ns < laggard->progress_ns) laggard = vcpu;
  }
  if (laggard) naive_host_dispatch(world, laggard, pcpu, slice_end_ns);
}

/* A sibling that may start again at this check is as good a laggard as any. */
static bool relaxed_check(struct naive_world *world, struct naive_vm *vm) {
  bool has_changed = false;
  for (uint32_t i = 0; i < vm->n_vcpus; i++) {
    struct naive_vcpu *vcpu = &vm->vcpus[i];
    if (!may_start(world, vcpu, 0)) continue;
    naive_host_change(world, vcpu, RS_READY);
    naive_host_enqueue(world, vcpu, REASON_COSTARTED);
    has_changed = true;
  }
  for (uint32_t i = 0; i < vm->n_vcpus; i++) {
    struct naive_vcpu *vcpu = &vm->vcpus[i];
    if (!must_stop(world, vcpu, 0)) continue;
    uint32_t pcpu = vcpu->pcpu;
    naive_host_desched(world, vcpu, RS_COSTOP);
    boost_laggard(world, vm, pcpu, vcpu->slice_end_ns);
    has_changed = true;
  }
  return has_changed;
}

static bool has_polls(const struct naive_world *world) {
  return world->rule == NAIVE_RELAXED && world->relaxed.poll_ns > 0;
}

bool naive_cosched_check(struct naive_world *world) {
  if (has_polls(world)) {
    if (world->is_check_done || world->now_ns == 0) return false;
    if (world->now_ns % world->relaxed.poll_ns != 0) return false;
    world->is_check_done = true;
    bool has_changed = false;
    for (uint32_t i = 0; i < world->n_vms; i++) has_changed |= relaxed_check(world, &world->vms[i]);
    return has_changed;
  }
  for (uint32_t i = 0; i < world->n_vms; i++) {
    struct naive_vm *vm = &world->vms[i];
    if (world->rule == NAIVE_RELAXED && relaxed_check(world, vm)) return true;
    if (world->rule == NAIVE_STRICT && strict_stops(world, vm, 0)) {
      strict_stop(world, vm);
      return true;
    }
  }
  return false;
}

static bool is_due_after(const struct naive_world *world, const struct naive_vm *vm,
                         int64_t after_ns) {
  if (world->rule == NAIVE_STRICT) return strict_stops(world, vm, after_ns);
  for (uint32_t i = 0; i < vm->n_vcpus; i++)
    if (must_stop(world, &vm->vcpus[i], after_ns) || may_start(world, &vm->vcpus[i], after_ns))
      return true;
  return false;
}

/* A lead reaches a bound where a running clock is that far from a standing one: try them all. */
static int64_t crossing_after(const struct naive_world *world, const struct naive_vm *vm,
                              int64_t bound_ns) {
  int64_t first_ns = TIME_NEVER_NS;
  for (uint32_t i = 0; i < vm->n_vcpus; i++) {
    for (uint32_t j = 0; j < vm->n_vcpus; j++) {
      const struct naive_vcpu *runs = &vm->vcpus[i], *stands = &vm->vcpus[j];
      if (!naive_cosched_advances(world, runs) || naive_cosched_advances(world, stands)) continue;
      int64_t ahead_ns = runs->progress_ns - stands->progress_ns;
      for (int sign = -1; sign <= 1; sign += 2) {
        int64_t after_ns = sign * bound_ns - ahead_ns;
        if (after_ns <= 0 || after_ns >= first_ns) continue;
        if (is_due_after(world, vm, after_ns)) first_ns = after_ns;
      }
    }
  }
  return first_ns;
}

int64_t naive_cosched_next(const struct naive_world *world) {
  if (world->rule == NAIVE_NONE) return TIME_NEVER_NS;
  if (has_polls(world))
    return (world->now_ns / world->relaxed.poll_ns + 1) * world->relaxed.poll_ns;
  int64_t first_ns = TIME_NEVER_NS;
  for (uint32_t i = 0; i < world->n_vms; i++) {
    const struct naive_vm *vm = &world->vms[i];
    int64_t bound_ns[2] = {world->strict.skew_limit_ns, world->strict.skew_limit_ns};
    if (world->rule == NAIVE_RELAXED) {
      bound_ns[0] = world->relaxed.costop_threshold_ns;
      bound_ns[1] = world->relaxed.costart_threshold_ns;
    }
    for (unsigned b = 0; b < 2; b++) {
      int64_t after_ns = crossing_after(world, vm, bound_ns[b]);
      if (after_ns < first_ns - world->now_ns) first_ns = world->now_ns + after_ns;
    }
  }
  return first_ns;
}
