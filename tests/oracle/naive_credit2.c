/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The `credit2` scheduler, after section 3.5 of the model. */
#include "naive_world.h"

static const int64_t period_ns = 10000000, least_slice_ns = 100000, yield_ns = 1000000;

static uint32_t pcpus_per_queue(const struct naive_world *world) {
  const struct host_spec *host = &world->scenario->host;
  switch ((enum sched_runqueue)world->credit2.runqueue) {
    case RUNQUEUE_CPU:
      return 1;
    case RUNQUEUE_CORE:
      return host->threads_per_core;
    case RUNQUEUE_SOCKET:
      return host->n_pcpus / host->n_sockets;
    case RUNQUEUE_ALL:
      break;
  }
  return host->n_pcpus;
}

static uint32_t queue_at(const struct naive_world *world, uint32_t pcpu) {
  return pcpu / pcpus_per_queue(world);
}

static int64_t highest_weight(const struct naive_world *world) {
  int64_t highest = 0;
  for (uint32_t i = 0; i < world->n_vms; i++)
    if (world->vms[i].spec->weight > highest) highest = world->vms[i].spec->weight;
  return highest;
}

static void pay(struct naive_world *world, struct naive_vcpu *vcpu) {
  int64_t time_ns = world->now_ns - vcpu->paid_until_ns;
  vcpu->paid_until_ns = world->now_ns;
  vcpu->vm->limit_drawn_ns += time_ns;
  vcpu->credits -= (int64_t)((__int128)time_ns * highest_weight(world) / vcpu->vm->spec->weight);
  if (vcpu->credits < -world->credit2.init_ns) vcpu->credits = -world->credit2.init_ns;
}

/* --- loads --- */

enum { LOAD_SHIFT = 18, LOAD_UNIT_NS = 1024, LOAD_WINDOW_SHIFT = 20 };

static void pass_time(const struct naive_world *world, struct naive_load *load) {
  int64_t now = world->now_ns / LOAD_UNIT_NS, passed = now - load->since;
  int64_t aim = (int64_t)load->n << LOAD_SHIFT;
  load->since = now;
  load->average +=
      (passed * aim >> LOAD_WINDOW_SHIFT) - (passed * load->average >> LOAD_WINDOW_SHIFT);
  if (passed > 1 << LOAD_WINDOW_SHIFT) load->average = aim;
}

/* Loads follow what has happened to a vCPU. */
static void follow(struct naive_world *world, struct naive_vcpu *vcpu) {
  bool is_standing = vcpu->runstate == RS_READY && vcpu->queue_place > 0 && !vcpu->is_parked;
  uint32_t n = vcpu->runstate == RS_RUNNING || is_standing;
  struct naive_load *own = &vcpu->load, *from = &world->loads[vcpu->queue];
  struct naive_load *to = &world->loads[queue_at(world, vcpu->stands)];
  if (n == own->n && from == to) return;
  pass_time(world, own);
  pass_time(world, from);
  pass_time(world, to);
  if (from != to) {
    from->average = from->average > own->average ? from->average - own->average : 0;
    to->average += own->average;
    vcpu->queue = queue_at(world, vcpu->stands);
  }
  from->n -= own->n;
  own->n = n;
  to->n += n;
}

static void follow_all(struct naive_world *world) {
  for (uint32_t i = 0; i < world->n_vcpus; i++) follow(world, &world->vcpus[i]);
}

static void begin(struct naive_world *world) {
  for (uint32_t p = 0; p < world->n_pcpus; p++)
    world->turns[queue_at(world, p)] = queue_at(world, p) * pcpus_per_queue(world);
  for (uint32_t i = 0; i < world->n_vcpus; i++) {
    struct naive_vcpu *vcpu = &world->vcpus[i];
    vcpu->credits = world->credit2.init_ns;
    vcpu->queue = queue_at(world, vcpu->stands);
    vcpu->load.average = 1 << (LOAD_SHIFT - 1);
    world->loads[vcpu->queue].average += vcpu->load.average;
  }
}

/* --- who comes --- */

static bool is_limited(const struct naive_world *world, const struct naive_vcpu *vcpu) {
  return world->now_ns < vcpu->started_at_ns + world->credit2.ratelimit_ns;
}

/* The lowest idle pCPU but this one of its queue that it may use. */
static uint32_t idle_beside(const struct naive_world *world, const struct naive_vcpu *vcpu,
                            uint32_t pcpu) {
  for (uint32_t p = 0; p < world->n_pcpus; p++) {
    if (queue_at(world, p) != queue_at(world, vcpu->stands) || p == pcpu) continue;
    bool is_idle = !world->pcpus[p].runs && !world->pcpus[p].is_taken;
    if (is_idle && naive_host_may_use(world, vcpu, p)) return p;
  }
  return ID_NONE;
}

/* Also one whose slice has just ended. */
static struct naive_vcpu *who_runs(const struct naive_world *world, uint32_t pcpu) {
  for (uint32_t i = 0; i < world->n_vcpus; i++) {
    struct naive_vcpu *vcpu = &world->vcpus[i];
    if (vcpu->runstate == RS_RUNNING && vcpu->pcpu == pcpu && !vcpu->is_refused) return vcpu;
  }
  return NULL;
}

/* Its lead over who runs there; 0 if that one stays. */
static int64_t lead_over(struct naive_world *world, const struct naive_vcpu *vcpu, uint32_t pcpu) {
  struct naive_vcpu *rival = who_runs(world, pcpu);
  if (!rival || is_limited(world, rival) || !naive_host_may_use(world, vcpu, pcpu)) return 0;
  pay(world, rival);
  int64_t lead_ns = vcpu->credits - rival->credits;
  return vcpu->stands == pcpu ? lead_ns : lead_ns - world->credit2.migrate_resist_ns;
}

static void preempt(struct naive_world *world, const struct naive_vcpu *vcpu) {
  int64_t most_ns = lead_over(world, vcpu, vcpu->stands);
  uint32_t best = vcpu->stands;
  for (uint32_t p = 0; p < world->n_pcpus; p++) {
    if (queue_at(world, p) != queue_at(world, vcpu->stands)) continue;
    int64_t lead_ns = lead_over(world, vcpu, p);
    if (lead_ns <= most_ns) continue;
    most_ns = lead_ns;
    best = p;
  }
  if (most_ns > 0) naive_host_ask(world, best);
}

/* --- budgets --- */

static int64_t budget_left(const struct naive_vm *vm) {
  if (vm->spec->cap_pct == 0) return TIME_NEVER_NS;
  int64_t part_ns = (int64_t)((double)period_ns * vm->spec->cap_pct / 100);
  return (part_ns > 0 ? part_ns : 1) - vm->limit_drawn_ns;
}

static void pay_all(struct naive_world *world, struct naive_vm *vm) {
  for (uint32_t i = 0; i < vm->n_vcpus; i++)
    if (vm->vcpus[i].runstate == RS_RUNNING) pay(world, &vm->vcpus[i]);
}

static bool is_used_up(struct naive_world *world, struct naive_vm *vm) {
  if (vm->spec->cap_pct > 0) pay_all(world, vm);
  return budget_left(vm) <= 0;
}

static void queue(struct naive_world *world, struct naive_vcpu *vcpu, enum naive_reason reason) {
  if (vcpu->runstate == RS_RUNNING) pay(world, vcpu);
  if (!vcpu->is_parked && is_used_up(world, vcpu->vm)) naive_host_park(world, vcpu);
  follow_all(world);
  if (vcpu->is_parked || reason == REASON_STOPPED) return;
  if (idle_beside(world, vcpu, ID_NONE) == ID_NONE) preempt(world, vcpu);
}

static void stop(struct naive_world *world, struct naive_vcpu *vcpu) {
  pay(world, vcpu);
  follow_all(world);
}

static int64_t tick_at(const struct naive_world *world, int64_t nth) {
  (void)world;
  return nth * period_ns;
}

static void renew(struct naive_world *world, struct naive_vm *vm) {
  pay_all(world, vm);
  int64_t left_ns = budget_left(vm);
  vm->limit_drawn_ns = left_ns < 0 ? -left_ns : 0;
  if (budget_left(vm) <= 0) return;
  world->must_fill = true;
  for (uint32_t i = 0; i < vm->n_vcpus; i++) {
    struct naive_vcpu *vcpu = &vm->vcpus[i];
    bool was_parked = vcpu->is_parked;
    vcpu->is_parked = false;
    if (was_parked && vcpu->runstate == RS_READY) queue(world, vcpu, REASON_COSTARTED);
  }
}

static void tick(struct naive_world *world) {
  for (uint32_t i = 0; i < world->n_vms; i++)
    if (world->vms[i].spec->cap_pct > 0) renew(world, &world->vms[i]);
}

/* --- resets, and balancing behind them --- */

static void reset(struct naive_world *world, uint32_t pcpu) {
  int64_t init_ns = world->credit2.init_ns, most_ns = init_ns + world->credit2.min_timer_ns;
  for (uint32_t i = 0; i < world->n_vcpus; i++) {
    struct naive_vcpu *vcpu = &world->vcpus[i];
    if (queue_at(world, vcpu->stands) != queue_at(world, pcpu)) continue;
    if (vcpu->runstate == RS_RUNNING) pay(world, vcpu);
    vcpu->credits += init_ns;
    if (vcpu->credits > most_ns) vcpu->credits = most_ns;
  }
}

/* The pCPU decides, and has picked `next`. */
struct decision {
  uint32_t pcpu;
  const struct naive_vcpu *next;
};

static bool may_move(struct naive_world *world, struct naive_vcpu *vcpu, uint32_t from, uint32_t to,
                     const struct decision *decision) {
  bool is_leaving = vcpu->is_refused || (vcpu->is_expired && vcpu->pcpu == decision->pcpu);
  if (queue_at(world, vcpu->stands) != from || vcpu == decision->next || vcpu->is_chosen)
    return false;
  if (vcpu->runstate == RS_RUNNING && !is_leaving) return false;
  for (uint32_t p = 0; p < world->n_pcpus; p++)
    if (queue_at(world, p) == to && naive_host_may_use(world, vcpu, p)) return true;
  return false;
}

static void move(struct naive_world *world, struct naive_vcpu *vcpu, uint32_t to,
                 const struct decision *decision) {
  uint32_t n = pcpus_per_queue(world);
  do world->turns[to] = to * n + (world->turns[to] + 1) % n;
  while (!naive_host_may_use(world, vcpu, world->turns[to]));
  vcpu->stands = world->turns[to];
  follow(world, vcpu);
  if (!naive_host_is_waiting(vcpu)) return;
  uint32_t idle = idle_beside(world, vcpu, decision->pcpu);
  if (idle != ID_NONE)
    naive_host_ask(world, idle);
  else
    preempt(world, vcpu);
}

static int64_t distance(int64_t a, int64_t b) { return a > b ? a - b : b - a; }

/* The average of the vCPU with that number, n_vcpus for nobody; -1 if it may not move. */
static int64_t average_of_mover(struct naive_world *world, uint32_t id, uint32_t from, uint32_t to,
                                const struct decision *decision) {
  if (id == world->n_vcpus) return 0;
  struct naive_vcpu *vcpu = &world->vcpus[id];
  if (!may_move(world, vcpu, from, to, decision)) return -1;
  pass_time(world, &vcpu->load);
  return vcpu->load.average;
}

static uint32_t most_different(struct naive_world *world, uint32_t own) {
  uint32_t n_queues = world->n_pcpus / pcpus_per_queue(world), other = own;
  const struct naive_load *loads = world->loads;
  for (uint32_t q = 0; q < n_queues; q++) pass_time(world, &world->loads[q]);
  for (uint32_t q = 0; q < n_queues; q++)
    if (distance(loads[q].average, loads[own].average) >
        distance(loads[other].average, loads[own].average))
      other = q;
  return other;
}

static void balance(struct naive_world *world, const struct decision *decision) {
  uint32_t own = queue_at(world, decision->pcpu), nobody = world->n_vcpus;
  if (pcpus_per_queue(world) == world->n_pcpus) return;
  follow_all(world);
  uint32_t other = most_different(world, own), sent = nobody, fetched = nobody;
  int64_t mine = world->loads[own].average, its = world->loads[other].average;
  int64_t least = distance(mine, its), one = 1 << LOAD_SHIFT;
  bool is_full = (mine > its ? mine : its) >= one * pcpus_per_queue(world);
  if (least < (is_full ? one / 8 : one)) return;
  for (uint32_t push = 0; push <= nobody; push++) {
    int64_t pushed = average_of_mover(world, push, own, other, decision);
    for (uint32_t pull = 0; pushed >= 0 && pull <= nobody; pull++) {
      int64_t pulled = average_of_mover(world, pull, other, own, decision);
      int64_t left = distance(mine - pushed + pulled, its + pushed - pulled);
      if (pulled < 0 || left >= least) continue;
      least = left;
      sent = push;
      fetched = pull;
    }
  }
  if (sent != nobody) move(world, &world->vcpus[sent], other, decision);
  if (fetched != nobody) move(world, &world->vcpus[fetched], own, decision);
}

/* --- who runs --- */

static bool has_more(const struct naive_vcpu *a, const struct naive_vcpu *b) {
  return !b || a->credits > b->credits;
}

static struct naive_vcpu *choose(struct naive_world *world, uint32_t pcpu) {
  struct naive_vcpu *current = NULL, *first = NULL, *local = NULL;
  for (uint32_t i = 0; i < world->n_vcpus; i++) {
    struct naive_vcpu *vcpu = &world->vcpus[i];
    if (queue_at(world, vcpu->stands) != queue_at(world, pcpu)) continue;
    if (!naive_host_may_take(world, vcpu, pcpu)) continue;
    if (vcpu->is_expired && vcpu->pcpu == pcpu) {
      current = vcpu;
      continue;
    }
    if (has_more(vcpu, first)) first = vcpu;
    if (vcpu->stands == pcpu && has_more(vcpu, local)) local = vcpu;
  }
  if (!current) return first;
  if (is_limited(world, current) && !current->has_yielded) return current;
  int64_t own_ns = current->credits - (current->has_yielded ? yield_ns : 0);
  int64_t resist_ns = first && first->stands != pcpu ? world->credit2.migrate_resist_ns : 0;
  if (first && first->credits > own_ns && first->credits >= own_ns + resist_ns) return first;
  return local && local->credits > own_ns ? local : current;
}

static struct naive_vcpu *pick(struct naive_world *world, uint32_t pcpu) {
  struct naive_vcpu *next = choose(world, pcpu);
  if (!next || next->credits > 0) return next;
  reset(world, pcpu);
  balance(world, &(struct decision){pcpu, next});
  return next;
}

static int64_t slice_end(const struct naive_world *world, const struct naive_vcpu *vcpu,
                         bool is_picked_again) {
  const struct sched_credit2_params *params = &world->credit2;
  int64_t next_ns = 0, least_ns = params->min_timer_ns, n = 0;
  for (uint32_t i = 0; i < world->n_vcpus; i++) {
    const struct naive_vcpu *other = &world->vcpus[i];
    if (queue_at(world, other->stands) != queue_at(world, vcpu->stands)) continue;
    if (naive_host_is_waiting(other) && other->credits > next_ns) next_ns = other->credits;
  }
  int64_t slice_ns = (int64_t)((__int128)(vcpu->credits - next_ns) * vcpu->vm->spec->weight /
                               highest_weight(world));
  int64_t limit_ns = params->ratelimit_ns;
  if (is_picked_again) limit_ns += vcpu->started_at_ns - world->now_ns;
  if (least_ns < limit_ns) least_ns = limit_ns;
  if (slice_ns < least_ns) slice_ns = least_ns;
  if (slice_ns > params->init_ns) slice_ns = params->init_ns;
  for (uint32_t i = 0; i < vcpu->vm->n_vcpus; i++) n += vcpu->vm->vcpus[i].runstate != RS_IDLE;
  int64_t most_ns = budget_left(vcpu->vm) / n;
  if (most_ns < least_slice_ns) most_ns = least_slice_ns;
  return world->now_ns + (slice_ns < most_ns ? slice_ns : most_ns);
}

const struct naive_sched naive_credit2 = {.queue = queue,
                                          .pay = stop,
                                          .pick = pick,
                                          .slice_end = slice_end,
                                          .tick_at = tick_at,
                                          .tick = tick,
                                          .begin = begin,
                                          .follow = follow_all};
