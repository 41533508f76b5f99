/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The `eevdf` scheduler, after section 3.6 of the model. */
#include "naive_world.h"

enum { WEIGHT_ONE = 256 };

static int64_t weight_of(const struct naive_vcpu *vcpu) { return vcpu->vm->spec->weight; }

static int64_t virtual_of(const struct naive_vcpu *vcpu, int64_t time_ns) {
  return time_ns * WEIGHT_ONE / weight_of(vcpu);
}

static int64_t slice_of(const struct naive_world *world, const struct naive_vcpu *vcpu) {
  return virtual_of(vcpu, world->eevdf.base_slice_ns);
}

/* --- queues: sums over their members, made anew whenever one is asked for --- */

struct sums {
  __int128 weight, product; /* of weights; of weights and virtual runtimes */
};

static bool is_in(const struct naive_vcpu *vcpu, uint32_t pcpu) {
  return vcpu->is_member && vcpu->stands == pcpu;
}

static struct sums sum_up(const struct naive_world *world, uint32_t pcpu) {
  struct sums sums = {0};
  for (uint32_t i = 0; i < world->n_vcpus; i++) {
    const struct naive_vcpu *vcpu = &world->vcpus[i];
    if (!is_in(vcpu, pcpu)) continue;
    sums.weight += weight_of(vcpu);
    sums.product += (__int128)weight_of(vcpu) * vcpu->virtual_ns;
  }
  return sums;
}

/* Rounded down. */
static int64_t mean_of(const struct sums *sums) {
  __int128 mean = sums->product / sums->weight;
  return (int64_t)(mean * sums->weight > sums->product ? mean - 1 : mean);
}

static bool is_eligible(const struct naive_world *world, const struct naive_vcpu *vcpu) {
  struct sums sums = sum_up(world, vcpu->stands);
  return vcpu->virtual_ns * sums.weight <= sums.product;
}

/* Who is a member of the queue and runs there. */
static struct naive_vcpu *runner_of(const struct naive_world *world, uint32_t pcpu) {
  for (uint32_t i = 0; i < world->n_vcpus; i++)
    if (is_in(&world->vcpus[i], pcpu) && world->vcpus[i].pcpu == pcpu) return &world->vcpus[i];
  return NULL;
}

/* It has run up to now, and gets a new slice if the last one is over. */
static void look_at(struct naive_world *world, struct naive_vcpu *vcpu) {
  int64_t time_ns = world->now_ns - vcpu->paid_until_ns;
  if (time_ns == 0) return;
  int64_t due = time_ns * WEIGHT_ONE + vcpu->rest;
  vcpu->paid_until_ns = world->now_ns;
  vcpu->virtual_ns += due / weight_of(vcpu);
  vcpu->rest = due % weight_of(vcpu);
  if (vcpu->virtual_ns >= vcpu->deadline_ns)
    vcpu->deadline_ns = vcpu->virtual_ns + slice_of(world, vcpu);
}

static void look_at_queue(struct naive_world *world, uint32_t pcpu) {
  struct naive_vcpu *runner = runner_of(world, pcpu);
  if (runner) look_at(world, runner);
}

static bool has_new_slice(const struct naive_vcpu *vcpu) {
  return vcpu->deadline_ns != vcpu->picked_deadline_ns;
}

static void join(struct naive_world *world, struct naive_vcpu *vcpu, uint32_t pcpu) {
  look_at_queue(world, pcpu);
  struct sums others = sum_up(world, pcpu);
  if (others.weight > 0) {
    int64_t more_ns = (int64_t)((__int128)vcpu->lag_ns * weight_of(vcpu) / others.weight);
    vcpu->virtual_ns = mean_of(&others) - vcpu->lag_ns - more_ns;
  }
  int64_t slice_ns = slice_of(world, vcpu);
  vcpu->deadline_ns = vcpu->virtual_ns + (vcpu->has_come_before ? slice_ns : slice_ns / 2);
  vcpu->has_come_before = vcpu->is_member = true;
  vcpu->stands = pcpu;
}

static void leave(struct naive_world *world, struct naive_vcpu *vcpu) {
  const struct sched_eevdf_params *params = &world->eevdf;
  int64_t most_ns = 2 * params->base_slice_ns;
  if (params->tick_ns > most_ns) most_ns = params->tick_ns;
  most_ns = virtual_of(vcpu, most_ns);
  if (vcpu->pcpu != ID_NONE) look_at(world, vcpu);
  struct sums all = sum_up(world, vcpu->stands);
  vcpu->lag_ns = mean_of(&all) - vcpu->virtual_ns;
  if (vcpu->lag_ns > most_ns) vcpu->lag_ns = most_ns;
  if (vcpu->lag_ns < -most_ns) vcpu->lag_ns = -most_ns;
  vcpu->is_member = false;
}

/* The co-scheduling rule has refused or stopped them. */
static void let_stopped_leave(struct naive_world *world) {
  for (uint32_t i = 0; i < world->n_vcpus; i++) {
    struct naive_vcpu *vcpu = &world->vcpus[i];
    bool is_stopped = vcpu->is_refused || vcpu->runstate == RS_COSTOP;
    if (vcpu->is_member && is_stopped) leave(world, vcpu);
  }
}

/* --- who runs --- */

/* Of two eligible ones. */
static bool precedes(const struct naive_vcpu *a, const struct naive_vcpu *b) {
  if (!b || a->deadline_ns != b->deadline_ns) return !b || a->deadline_ns < b->deadline_ns;
  return a->tail_place < b->tail_place;
}

static struct naive_vcpu *earliest(const struct naive_world *world, uint32_t pcpu) {
  struct naive_vcpu *first = NULL;
  for (uint32_t i = 0; i < world->n_vcpus; i++) {
    struct naive_vcpu *vcpu = &world->vcpus[i];
    if (!is_in(vcpu, pcpu) || !naive_host_is_waiting(vcpu)) continue;
    if (is_eligible(world, vcpu) && precedes(vcpu, first)) first = vcpu;
  }
  return first;
}

static bool goes_on(const struct naive_world *world, const struct naive_vcpu *vcpu) {
  return !has_new_slice(vcpu) && is_eligible(world, vcpu);
}

/* Whom `to` may take from the queue of `from`, if `load` is the sum of its own weights. */
static struct naive_vcpu *longest(const struct naive_world *world, uint32_t from, uint32_t to,
                                  int64_t load) {
  struct naive_vcpu *best = NULL;
  for (uint32_t i = 0; i < world->n_vcpus; i++) {
    struct naive_vcpu *vcpu = &world->vcpus[i];
    if (!is_in(vcpu, from) || !naive_host_may_take(world, vcpu, to)) continue;
    if (weight_of(vcpu) > sum_up(world, from).weight - load) continue;
    if (world->eevdf.placement == SCHED_PLACE_BALANCE &&
        naive_spread_has_sibling(vcpu, to, load > 0) && from != to)
      continue;
    if (!best || vcpu->tail_place < best->tail_place) best = vcpu;
  }
  return best;
}

/* Whom it takes from the nearest queue. */
static struct naive_vcpu *victim(const struct naive_world *world, uint32_t pcpu, int64_t load,
                                 const bool *is_balanced) {
  const struct host_spec *host = &world->scenario->host;
  uint32_t in_socket = host->n_pcpus / host->n_sockets;
  const uint32_t near[] = {host->threads_per_core, in_socket / host->llcs_per_socket, in_socket,
                           host->n_pcpus};
  for (uint32_t distance = 0; distance < sizeof near / sizeof *near; distance++) {
    struct naive_vcpu *best = NULL;
    __int128 most = load;
    for (uint32_t p = 0; p < world->n_pcpus; p++) {
      struct naive_vcpu *vcpu = longest(world, p, pcpu, load);
      __int128 weight = sum_up(world, p).weight;
      if (p / near[distance] != pcpu / near[distance] || p == pcpu || is_balanced[p]) continue;
      if (!vcpu || weight <= most) continue;
      best = vcpu;
      most = weight;
    }
    if (best) return best;
  }
  return NULL;
}

static struct naive_vcpu *choose(const struct naive_world *world, uint32_t pcpu) {
  static const bool nobody_is_balanced[64];
  struct naive_vcpu *runner = runner_of(world, pcpu), *next = earliest(world, pcpu);
  bool may_stay = runner && naive_host_is_waiting(runner) && !runner->has_yielded;
  if (may_stay && goes_on(world, runner)) return runner;
  if (!next) next = longest(world, pcpu, pcpu, 0);
  return next ? next : victim(world, pcpu, 0, nobody_is_balanced);
}

static struct naive_vcpu *pick(struct naive_world *world, uint32_t pcpu) {
  let_stopped_leave(world);
  struct naive_vcpu *next = choose(world, pcpu);
  if (next && next->pcpu == pcpu) next->picked_deadline_ns = next->deadline_ns;
  return next;
}

static bool is_wanted(const struct naive_world *world, uint32_t pcpu,
                      const struct naive_vcpu *except) {
  for (uint32_t i = 0; i < world->n_vcpus; i++) {
    const struct naive_vcpu *vcpu = &world->vcpus[i];
    if (vcpu == except) continue;
    if (is_in(vcpu, pcpu) && naive_host_is_waiting(vcpu)) return true;
    bool is_stopped = vcpu->runstate == RS_COSTOP && !vcpu->is_chosen;
    if (world->rule == NAIVE_STRICT && (is_stopped || vcpu->is_refused)) return true;
  }
  return false;
}

static int64_t slice_end(const struct naive_world *world, const struct naive_vcpu *vcpu,
                         bool is_picked_again) {
  (void)is_picked_again;
  if (!world->eevdf.hrtick || !is_wanted(world, vcpu->stands, vcpu)) return TIME_NEVER_NS;
  int64_t due = (vcpu->deadline_ns - vcpu->virtual_ns) * weight_of(vcpu) - vcpu->rest, n = 1;
  while (n * WEIGHT_ONE < due) n++;
  return world->now_ns + n;
}

static void start(struct naive_world *world, struct naive_vcpu *vcpu, uint32_t pcpu) {
  let_stopped_leave(world);
  if (vcpu->is_member && vcpu->stands != pcpu) leave(world, vcpu);
  if (!vcpu->is_member) join(world, vcpu, pcpu);
  vcpu->picked_deadline_ns = vcpu->deadline_ns;
}

static void stop(struct naive_world *world, struct naive_vcpu *vcpu) {
  bool stays = vcpu->runstate == RS_READY && vcpu->queue_place > 0 && !vcpu->is_chosen;
  let_stopped_leave(world);
  if (!vcpu->is_member) return;
  look_at(world, vcpu);
  if (!stays) leave(world, vcpu);
}

/* --- who comes --- */

static void come(struct naive_world *world, struct naive_vcpu *vcpu, uint32_t pcpu) {
  join(world, vcpu, pcpu);
  vcpu->tail_place = ++world->places;
  const struct naive_vcpu *runner = world->pcpus[pcpu].runs;
  if (!runner) return;
  bool is_better = is_eligible(world, runner)
                       ? has_new_slice(runner) && vcpu->deadline_ns < runner->deadline_ns
                       : true;
  bool is_timed = world->eevdf.hrtick && runner->slice_end_ns == TIME_NEVER_NS;
  if (is_timed || (is_better && earliest(world, pcpu) == vcpu)) naive_host_ask(world, pcpu);
}

/* Its last pCPU if that is idle, else the lowest idle one, under the same cache if there is one. */
static uint32_t place(const struct naive_world *world, const struct naive_vcpu *vcpu) {
  const struct host_spec *host = &world->scenario->host;
  uint32_t n = host->n_pcpus / host->n_sockets / host->llcs_per_socket, best = vcpu->stands;
  if (!world->pcpus[best].runs) return best;
  for (int is_near = 0; is_near < 2; is_near++)
    for (uint32_t p = world->n_pcpus; p-- > 0;) {
      if (world->pcpus[p].runs || !naive_host_may_use(world, vcpu, p)) continue;
      if (!is_near || p / n == vcpu->stands / n) best = p;
    }
  return best;
}

static void queue(struct naive_world *world, struct naive_vcpu *vcpu, enum naive_reason reason) {
  let_stopped_leave(world);
  if (reason == REASON_STOPPED) {
    look_at(world, vcpu);
    if (vcpu->has_yielded) vcpu->deadline_ns += slice_of(world, vcpu);
    vcpu->tail_place = ++world->places;
    return;
  }
  uint32_t pcpu = place(world, vcpu);
  if (world->eevdf.placement == SCHED_PLACE_BALANCE) pcpu = naive_spread_apart(world, vcpu, pcpu);
  come(world, vcpu, pcpu);
}

/* --- ticks --- */

static int64_t tick_at(const struct naive_world *world, int64_t nth) {
  return nth * world->eevdf.tick_ns;
}

static void balance(struct naive_world *world) {
  bool is_balanced[64] = {false};
  for (uint32_t p = 0; p < world->n_pcpus; p++) {
    if (is_balanced[p]) continue;
    struct naive_vcpu *vcpu = victim(world, p, (int64_t)sum_up(world, p).weight, is_balanced);
    if (!vcpu) continue;
    is_balanced[p] = is_balanced[vcpu->stands] = true;
    leave(world, vcpu);
    come(world, vcpu, p);
  }
}

static void tick(struct naive_world *world) {
  const struct sched_eevdf_params *params = &world->eevdf;
  let_stopped_leave(world);
  for (uint32_t p = 0; p < world->n_pcpus; p++) {
    struct naive_vcpu *runner = world->pcpus[p].runs;
    if (!runner) continue;
    look_at(world, runner);
    if (has_new_slice(runner) && is_wanted(world, p, runner)) naive_host_ask(world, p);
  }
  int64_t before_ns = world->now_ns - params->tick_ns;
  if (world->now_ns / params->balance_interval_ns != before_ns / params->balance_interval_ns)
    balance(world);
}

const struct naive_sched naive_eevdf = {.queue = queue,
                                        .pay = stop,
                                        .start = start,
                                        .pick = pick,
                                        .slice_end = slice_end,
                                        .tick_at = tick_at,
                                        .tick = tick,
                                        .follow = let_stopped_leave};
