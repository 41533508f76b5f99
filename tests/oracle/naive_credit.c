/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The `credit` scheduler, after section 3.4 of the model. */
#include <assert.h>

#include "naive_world.h"

enum { BOOST = -1, UNDER, OVER, NOBODY }; /* all are 0 at first */

static int64_t timeslice_ns(const struct naive_world *world) { return world->credit.timeslice_ns; }

/* Three of them are a timeslice. */
static int64_t tick_at(const struct naive_world *world, int64_t nth) {
  return (int64_t)((__int128)nth * timeslice_ns(world) / 3);
}

static void look_for_pcpu(struct naive_world *world, const struct naive_vcpu *vcpu) {
  if (naive_host_has_idle(world, vcpu)) return;
  if (vcpu->class < world->pcpus[vcpu->stands].runs->class) naive_host_ask(world, vcpu->stands);
}

static void to_the_tail(struct naive_world *world, struct naive_vcpu *vcpu) {
  vcpu->tail_place = ++world->places;
}

static bool is_balanced(const struct naive_world *world) {
  return world->credit.placement == SCHED_PLACE_BALANCE;
}

static void queue(struct naive_world *world, struct naive_vcpu *vcpu, enum naive_reason reason) {
  if (vcpu->is_parked) return;
  if (reason == REASON_WOKEN && vcpu->class == UNDER) vcpu->class = BOOST;
  if (reason != REASON_STOPPED && is_balanced(world))
    vcpu->stands = naive_spread_apart(world, vcpu, vcpu->stands);
  to_the_tail(world, vcpu);
  if (reason != REASON_STOPPED) look_for_pcpu(world, vcpu);
}

static void pay(struct naive_world *world, struct naive_vcpu *vcpu) {
  vcpu->credits -= world->now_ns - vcpu->paid_until_ns;
  vcpu->paid_until_ns = world->now_ns;
}

/* --- who runs --- */

static bool is_limited(const struct naive_world *world, const struct naive_vcpu *vcpu) {
  return world->now_ns < vcpu->started_at_ns + world->credit.ratelimit_ns;
}

/* The best in the queue of `from` that `to` may take: by class, then by place; of its own queue who
   yields comes last. */
static struct naive_vcpu *best_in(const struct naive_world *world, uint32_t from, uint32_t to) {
  struct naive_vcpu *best = NULL;
  for (uint32_t i = 0; i < world->n_vcpus; i++) {
    struct naive_vcpu *vcpu = &world->vcpus[i];
    if (vcpu->stands != from || !naive_host_may_take(world, vcpu, to)) continue;
    if (from != to && is_balanced(world) && naive_spread_has_sibling(vcpu, to, false)) continue;
    bool is_better = !best || vcpu->class < best->class ||
                     (vcpu->class == best->class && vcpu->tail_place < best->tail_place);
    if (best && from == to && vcpu->has_yielded != best->has_yielded) is_better = best->has_yielded;
    if (is_better) best = vcpu;
  }
  return best;
}

static struct naive_vcpu *pick(struct naive_world *world, uint32_t pcpu) {
  for (uint32_t i = 0; i < world->n_vcpus; i++) {
    struct naive_vcpu *vcpu = &world->vcpus[i];
    if (!vcpu->is_expired || vcpu->pcpu != pcpu || vcpu->has_yielded) continue;
    if (naive_host_may_take(world, vcpu, pcpu) && is_limited(world, vcpu)) return vcpu;
  }
  struct naive_vcpu *head = best_in(world, pcpu, pcpu);
  int class = head ? head->class : NOBODY;
  if (class < OVER) return head;
  for (int is_far = 0; is_far < 2; is_far++) {
    for (uint32_t i = 1; i < world->n_pcpus; i++) {
      uint32_t other = (pcpu + i) % world->n_pcpus;
      if (naive_host_shares_socket(world, pcpu, other) == is_far) continue;
      struct naive_vcpu *better = best_in(world, other, pcpu);
      if (better && better->class < class) return better;
    }
  }
  return head;
}

static int64_t slice_end(const struct naive_world *world, const struct naive_vcpu *vcpu,
                         bool is_picked_again) {
  if (is_picked_again && is_limited(world, vcpu))
    return vcpu->started_at_ns + world->credit.ratelimit_ns;
  return world->now_ns + timeslice_ns(world);
}

/* --- ticks and accounting --- */

static void set_class(struct naive_world *world, struct naive_vcpu *vcpu, int class) {
  if (vcpu->class != class) to_the_tail(world, vcpu);
  vcpu->class = class;
}

static void unpark(struct naive_world *world, struct naive_vcpu *vcpu) {
  if (!vcpu->is_parked) return;
  vcpu->is_parked = false;
  world->must_fill = true;
  if (vcpu->runstate == RS_READY) queue(world, vcpu, REASON_COSTARTED);
}

static uint32_t count_active(const struct naive_vm *vm) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < vm->n_vcpus; i++) n += vm->vcpus[i].is_active;
  return n;
}

static int64_t cap_ns(const struct naive_world *world, const struct naive_vm *vm) {
  double pct = vm->spec->cap_pct;
  return pct > 0 ? (int64_t)((double)timeslice_ns(world) * pct / 100) : TIME_NEVER_NS;
}

/* What each VM gets: in proportion, but for those that can have less. */
static void share(const struct naive_world *world, int64_t debt_ns, int64_t *due_ns) {
  __int128 left_ns = (__int128)timeslice_ns(world) * world->n_pcpus + debt_ns, weight = 0;
  __int128 weights[64], most_ns[64];
  for (uint32_t i = 0; i < world->n_vms; i++) {
    weights[i] = (__int128)world->vms[i].spec->weight * count_active(&world->vms[i]);
    weight += weights[i];
    due_ns[i] = -1;
  }
  for (uint32_t i = 0; i < world->n_vms; i++) {
    if (weights[i] == 0) continue;
    most_ns[i] = (__int128)timeslice_ns(world) * count_active(&world->vms[i]) +
                 debt_ns * weights[i] / weight;
    if (cap_ns(world, &world->vms[i]) < most_ns[i]) most_ns[i] = cap_ns(world, &world->vms[i]);
  }
  for (uint32_t i = 0; i < world->n_vms; i++) {
    if (weights[i] == 0 || due_ns[i] >= 0 || left_ns * weights[i] / weight < most_ns[i]) continue;
    due_ns[i] = (int64_t)most_ns[i];
    left_ns -= most_ns[i];
    weight -= weights[i];
    i = UINT32_MAX; /* there is more or less for the others now */
  }
  for (uint32_t i = 0; i < world->n_vms; i++)
    if (weights[i] > 0 && due_ns[i] < 0) due_ns[i] = (int64_t)(left_ns * weights[i] / weight);
}

static void settle(struct naive_world *world, struct naive_vcpu *vcpu, int64_t cap_part_ns) {
  if (vcpu->credits < 0) {
    set_class(world, vcpu, OVER);
    if (vcpu->credits < -cap_part_ns) naive_host_park(world, vcpu);
    if (vcpu->credits < -timeslice_ns(world)) vcpu->credits = -timeslice_ns(world);
    return;
  }
  set_class(world, vcpu, UNDER);
  if (world->rule != NAIVE_STRICT) unpark(world, vcpu);
  if (vcpu->credits <= timeslice_ns(world)) return;
  vcpu->is_active = false;
  vcpu->credits /= 2;
  if (vcpu->credits > timeslice_ns(world)) vcpu->credits = timeslice_ns(world);
}

static void unpark_gang(struct naive_world *world, struct naive_vm *vm) {
  for (uint32_t i = 0; i < vm->n_vcpus; i++)
    if (vm->vcpus[i].credits < 0) return;
  for (uint32_t i = 0; i < vm->n_vcpus; i++) unpark(world, &vm->vcpus[i]);
}

static void account(struct naive_world *world) {
  int64_t due_ns[64];
  share(world, world->credit_sum < 0 ? -world->credit_sum : 0, due_ns);
  world->credit_sum = 0;
  for (uint32_t i = 0; i < world->n_vms; i++) {
    struct naive_vm *vm = &world->vms[i];
    int64_t n = count_active(vm);
    for (uint32_t k = 0; k < vm->n_vcpus; k++) {
      struct naive_vcpu *vcpu = &vm->vcpus[k];
      if (!vcpu->is_active) continue;
      vcpu->credits += due_ns[i] / n;
      settle(world, vcpu, cap_ns(world, vm) / n);
      world->credit_sum += vcpu->credits;
    }
    if (world->rule == NAIVE_STRICT) unpark_gang(world, vm);
  }
}

static void tick(struct naive_world *world) {
  for (uint32_t p = 0; p < world->n_pcpus; p++) {
    struct naive_vcpu *vcpu = world->pcpus[p].runs;
    if (!vcpu) continue;
    pay(world, vcpu);
    if (vcpu->class == BOOST) vcpu->class = UNDER;
    vcpu->is_active = true;
  }
  if (world->n_ticks % 3 == 0) account(world);
}

const struct naive_sched naive_credit = {.queue = queue,
                                         .pay = pay,
                                         .pick = pick,
                                         .slice_end = slice_end,
                                         .tick_at = tick_at,
                                         .tick = tick};
