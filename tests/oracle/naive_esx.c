/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The `esx` scheduler, after section 3.7 of the model. */
#include "naive_world.h"

enum { STANDARD_WEIGHT = 256 };
static const int64_t unit_ns = 1000, least_slice_ns = 100000;

static int64_t virtual_time(const struct naive_vcpu *vcpu, int64_t time_ns) {
  return time_ns * STANDARD_WEIGHT / vcpu->vm->spec->weight;
}

static void pay(struct naive_world *world, struct naive_vcpu *vcpu) {
  int64_t time_ns = world->now_ns - vcpu->paid_until_ns;
  vcpu->paid_until_ns = world->now_ns;
  vcpu->virtual_ns += virtual_time(vcpu, time_ns);
  vcpu->vm->limit_drawn_ns += time_ns;
  vcpu->vm->reservation_drawn_ns += time_ns;
}

static void pay_all(struct naive_world *world, struct naive_vm *vm) {
  for (uint32_t i = 0; i < vm->n_vcpus; i++)
    if (vm->vcpus[i].runstate == RS_RUNNING) pay(world, &vm->vcpus[i]);
}

/* --- budgets: what is left of them in this period --- */

static int64_t part_of_period(const struct naive_world *world, double pct) {
  int64_t part_ns = (int64_t)((double)world->esx.period_ns * pct / 100);
  return part_ns > 0 ? part_ns : 1;
}

static int64_t limit_left(const struct naive_world *world, const struct naive_vm *vm) {
  if (vm->spec->cap_pct == 0) return TIME_NEVER_NS;
  return part_of_period(world, vm->spec->cap_pct) - vm->limit_drawn_ns;
}

static int64_t reservation_left(const struct naive_world *world, const struct naive_vm *vm) {
  if (vm->spec->reservation_pct == 0) return 0;
  return part_of_period(world, vm->spec->reservation_pct) - vm->reservation_drawn_ns;
}

static bool is_used_up(struct naive_world *world, struct naive_vm *vm) {
  if (vm->spec->cap_pct > 0) pay_all(world, vm);
  return limit_left(world, vm) <= 0;
}

/* --- the queue --- */

struct order {
  bool is_last, has_no_reservation;
  int64_t used;
  uint32_t id;
};

static bool is_less(struct order a, struct order b) {
  if (a.is_last != b.is_last) return b.is_last;
  if (a.has_no_reservation != b.has_no_reservation) return b.has_no_reservation;
  if (a.used != b.used) return a.used < b.used;
  return a.id < b.id;
}

/* As it stands in the queue. */
static struct order order_of(const struct naive_vcpu *vcpu) {
  return (struct order){vcpu->has_yielded, !vcpu->came_reserved, vcpu->virtual_ns / unit_ns,
                        vcpu->id};
}

/* Does it come before who runs where it ran? Numbers do not count here. */
static void look_for_pcpu(struct naive_world *world, const struct naive_vcpu *vcpu) {
  struct naive_vcpu *rival = world->pcpus[vcpu->stands].runs;
  if (naive_host_has_idle(world, vcpu)) return;
  pay(world, rival);
  bool is_reserved = reservation_left(world, vcpu->vm) > 0;
  bool is_rival_reserved = reservation_left(world, rival->vm) > 0;
  bool is_before = is_reserved == is_rival_reserved
                       ? vcpu->virtual_ns / unit_ns < rival->virtual_ns / unit_ns
                       : is_reserved;
  if (is_before) naive_host_ask(world, vcpu->stands);
}

static void stand(struct naive_world *world, struct naive_vcpu *vcpu, bool may_preempt) {
  vcpu->came_reserved = reservation_left(world, vcpu->vm) > 0;
  if (may_preempt) look_for_pcpu(world, vcpu);
}

static void queue(struct naive_world *world, struct naive_vcpu *vcpu, enum naive_reason reason) {
  if (vcpu->runstate == RS_RUNNING) pay(world, vcpu);
  if (reason == REASON_WOKEN) {
    int64_t lag_ns = vcpu->has_come_before ? world->esx.bound_lag * world->esx.quantum_ns : 0;
    int64_t least_ns = world->virtual_ns - virtual_time(vcpu, lag_ns);
    if (vcpu->virtual_ns < least_ns) vcpu->virtual_ns = least_ns;
    vcpu->has_come_before = true;
  }
  if (!vcpu->is_parked && is_used_up(world, vcpu->vm)) naive_host_park(world, vcpu);
  if (!vcpu->is_parked) stand(world, vcpu, reason != REASON_STOPPED);
}

static struct naive_vcpu *pick(struct naive_world *world, uint32_t pcpu) {
  struct naive_vcpu *first = NULL;
  for (uint32_t i = 0; i < world->n_vcpus; i++) {
    struct naive_vcpu *vcpu = &world->vcpus[i];
    if (!naive_host_may_take(world, vcpu, pcpu)) continue;
    if (!first || is_less(order_of(vcpu), order_of(first))) first = vcpu;
  }
  if (first && reservation_left(world, first->vm) <= 0 && first->virtual_ns > world->virtual_ns)
    world->virtual_ns = first->virtual_ns;
  return first;
}

static int64_t cut(int64_t slice_ns, int64_t left_ns, int64_t n) {
  int64_t most_ns = left_ns / n > least_slice_ns ? left_ns / n : least_slice_ns;
  return slice_ns < most_ns ? slice_ns : most_ns;
}

static int64_t slice_end(const struct naive_world *world, const struct naive_vcpu *vcpu,
                         bool is_picked_again) {
  (void)is_picked_again;
  int64_t n = 0, slice_ns = world->esx.quantum_ns, left_ns = reservation_left(world, vcpu->vm);
  for (uint32_t i = 0; i < vcpu->vm->n_vcpus; i++) n += vcpu->vm->vcpus[i].runstate != RS_IDLE;
  slice_ns = cut(slice_ns, limit_left(world, vcpu->vm), n);
  return world->now_ns + (left_ns > 0 ? cut(slice_ns, left_ns, n) : slice_ns);
}

/* --- periods --- */

static int64_t tick_at(const struct naive_world *world, int64_t nth) {
  return nth * world->esx.period_ns;
}

static void renew(struct naive_world *world, struct naive_vm *vm) {
  pay_all(world, vm);
  int64_t left_ns = limit_left(world, vm);
  vm->limit_drawn_ns = left_ns < 0 ? -left_ns : 0;
  vm->reservation_drawn_ns = 0;
  for (uint32_t i = 0; i < vm->n_vcpus; i++) {
    struct naive_vcpu *vcpu = &vm->vcpus[i];
    vcpu->is_parked &= limit_left(world, vm) <= 0;
    if (vcpu->runstate == RS_READY && !vcpu->is_parked) stand(world, vcpu, true);
  }
  world->must_fill = true;
}

static void tick(struct naive_world *world) {
  for (uint32_t i = 0; i < world->n_vms; i++) {
    const struct vm_spec *spec = world->vms[i].spec;
    if (spec->cap_pct > 0 || spec->reservation_pct > 0) renew(world, &world->vms[i]);
  }
}

const struct naive_sched naive_esx = {.queue = queue,
                                      .pay = pay,
                                      .pick = pick,
                                      .slice_end = slice_end,
                                      .tick_at = tick_at,
                                      .tick = tick};
