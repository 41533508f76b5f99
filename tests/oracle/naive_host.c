/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runstates, the host-wide queue, pCPUs and the dispatch phase. */
#include <assert.h>

#include "naive_world.h"

void naive_host_change(struct naive_world *world, struct naive_vcpu *vcpu, enum runstate to) {
  assert(vcpu->runstate != to);
  vcpu->runstate = to;
  if (to == RS_COSTOP) vcpu->result.ledger.costops++;
  naive_world_emit(world, TRACE_RUNSTATE, vcpu, NULL, NULL);
}

void naive_host_enqueue(struct naive_world *world, struct naive_vcpu *vcpu,
                        enum naive_reason reason) {
  world->must_fill = true;
  vcpu->queue_place = ++world->places;
  if (world->sched) world->sched->queue(world, vcpu, reason);
}

void naive_host_wake(struct naive_world *world, struct naive_vcpu *vcpu) {
  int64_t least_ns = INT64_MAX, most_ns = 0;
  for (uint32_t i = 0; i < vcpu->vm->n_vcpus; i++) {
    const struct naive_vcpu *sibling = &vcpu->vm->vcpus[i];
    if (sibling->progress_ns > most_ns) most_ns = sibling->progress_ns;
    if (sibling == vcpu || sibling->runstate == RS_IDLE) continue;
    if (sibling->progress_ns < least_ns) least_ns = sibling->progress_ns;
  }
  if (least_ns == INT64_MAX) least_ns = most_ns;
  if (vcpu->progress_ns < least_ns) vcpu->progress_ns = least_ns;
  naive_host_change(world, vcpu, RS_READY);
  naive_host_enqueue(world, vcpu, REASON_WOKEN);
}

static void free_pcpu(struct naive_world *world, struct naive_vcpu *vcpu) {
  if (world->sched) world->sched->pay(world, vcpu);
  world->pcpus[vcpu->pcpu].runs = NULL;
  world->must_fill = true;
  vcpu->last_pcpu = vcpu->pcpu;
  vcpu->pcpu = ID_NONE;
  vcpu->overhead_left_ns = 0;
  vcpu->is_resuming = vcpu->has_yielded = false;
}

void naive_host_halt(struct naive_world *world, struct naive_vcpu *vcpu) {
  naive_host_change(world, vcpu, RS_IDLE);
  free_pcpu(world, vcpu);
}

void naive_host_desched(struct naive_world *world, struct naive_vcpu *vcpu, enum runstate to) {
  assert(vcpu->runstate == RS_RUNNING);
  struct ledger *ledger = &vcpu->result.ledger;
  if (to == RS_COSTOP || !vcpu->has_yielded) {
    ledger->preemptions += to == RS_READY;
    const struct naive_thread *below = vcpu->current, *top = naive_interrupt_on_top(vcpu);
    ledger->lhp_events += (below && naive_lock_has_entered(below, true)) ||
                          (top && naive_lock_has_entered(top, true));
    ledger->lwp_events +=
        (below && naive_lock_is_granted(below)) || (top && naive_lock_is_granted(top));
  }
  naive_host_change(world, vcpu, to);
  free_pcpu(world, vcpu);
}

/* pCPUs of a thing that holds n of them each: 0..n-1, n..2n-1 and so on. */
static bool are_together(uint32_t a, uint32_t b, uint32_t n) {
  while (a >= n && b >= n) {
    a -= n;
    b -= n;
  }
  return a < n && b < n;
}

static int64_t migration_ns(const struct host_spec *host, uint32_t from, uint32_t to) {
  uint32_t n_in_socket = host->n_pcpus / host->n_sockets;
  const int64_t *near_ns = host->near_migration_ns;
  int64_t cost_ns = MIGRATION_FAR;
  if (are_together(from, to, host->threads_per_core))
    cost_ns = near_ns[DISTANCE_CORE];
  else if (are_together(from, to, n_in_socket / host->llcs_per_socket))
    cost_ns = near_ns[DISTANCE_LLC];
  else if (are_together(from, to, n_in_socket))
    cost_ns = near_ns[DISTANCE_SOCKET];
  return cost_ns == MIGRATION_FAR ? host->migration_ns : cost_ns;
}

bool naive_host_shares_socket(const struct naive_world *world, uint32_t a, uint32_t b) {
  const struct host_spec *host = &world->scenario->host;
  return are_together(a, b, host->n_pcpus / host->n_sockets);
}

void naive_host_dispatch(struct naive_world *world, struct naive_vcpu *vcpu, uint32_t pcpu,
                         int64_t slice_end_ns) {
  struct naive_pcpu *host = &world->pcpus[pcpu];
  const struct host_spec *spec = &world->scenario->host;
  assert(!host->runs);
  bool is_switch = host->last_ran && host->last_ran != vcpu;
  bool is_migration = vcpu->last_pcpu != ID_NONE && vcpu->last_pcpu != pcpu;
  vcpu->overhead_left_ns = (is_switch ? spec->context_switch_ns : 0) +
                           (is_migration ? migration_ns(spec, vcpu->last_pcpu, pcpu) : 0);
  world->host.context_switches += is_switch;
  vcpu->result.ledger.migrations += is_migration;
  host->runs = host->last_ran = vcpu;
  if (world->sched && world->sched->start) world->sched->start(world, vcpu, pcpu);
  vcpu->pcpu = pcpu;
  vcpu->queue_place = 0;
  vcpu->is_resuming = true;
  vcpu->slice_end_ns = slice_end_ns;
  vcpu->dispatch_place = ++world->places;
  vcpu->stands = pcpu;
  vcpu->started_at_ns = vcpu->paid_until_ns = world->now_ns;
  naive_host_change(world, vcpu, RS_RUNNING);
  if (vcpu->overhead_left_ns > 0) return;
  if (naive_interrupt_is_due(vcpu)) {
    vcpu->is_resuming = false;
    naive_interrupt_take(world, vcpu);
  } else if (vcpu->current && !vcpu->is_handling) {
    naive_guest_pays_switch(vcpu);
  }
  const struct naive_thread *top = naive_interrupt_on_top(vcpu);
  bool is_switching = vcpu->is_switching && !vcpu->is_handling;
  if (top && !is_switching && naive_lock_must_spin(top)) vcpu->is_resuming = false;
}

bool naive_host_may_use(const struct naive_world *world, const struct naive_vcpu *vcpu,
                        uint32_t pcpu) {
  if (world->is_null) return vcpu->id == pcpu;
  const uint64_t *affinity = vcpu->vm->spec->affinity;
  return !affinity || (affinity[pcpu / 64] >> pcpu % 64 & 1);
}

bool naive_host_is_waiting(const struct naive_vcpu *vcpu) {
  return vcpu->queue_place > 0 && vcpu->runstate != RS_COSTOP && !vcpu->is_parked &&
         !vcpu->is_chosen && !vcpu->is_refused;
}

bool naive_host_may_take(const struct naive_world *world, const struct naive_vcpu *vcpu,
                         uint32_t pcpu) {
  if (!naive_host_is_waiting(vcpu)) return false;
  if (vcpu->is_expired && vcpu->pcpu != pcpu && !world->pcpus[vcpu->pcpu].is_taken) return false;
  return naive_host_may_use(world, vcpu, pcpu);
}

bool naive_host_has_idle(const struct naive_world *world, const struct naive_vcpu *vcpu) {
  for (uint32_t p = 0; p < world->n_pcpus; p++)
    if (!world->pcpus[p].runs && naive_host_may_use(world, vcpu, p)) return true;
  return false;
}

void naive_host_park(struct naive_world *world, struct naive_vcpu *vcpu) {
  for (uint32_t i = 0; i < vcpu->vm->n_vcpus; i++) {
    struct naive_vcpu *sibling = &vcpu->vm->vcpus[i];
    if (sibling->is_parked || (sibling != vcpu && world->rule != NAIVE_STRICT)) continue;
    sibling->is_parked = true;
    if (sibling->runstate == RS_RUNNING && !sibling->is_expired)
      naive_host_ask(world, sibling->pcpu);
  }
}

void naive_host_ask(struct naive_world *world, uint32_t pcpu) {
  world->pcpus[pcpu].is_asked = true;
  world->must_fill = true;
}

int64_t naive_host_tick_ns(const struct naive_world *world) {
  return world->sched->tick_at(world, world->n_ticks + 1);
}

/* --- the dispatch phase ----------------------------------------------------------------------- */

static bool is_placed_when_chosen(const struct naive_world *world, const struct naive_vcpu *vcpu) {
  return world->is_null || vcpu->vm->spec->affinity;
}

static uint32_t free_in_set(const struct naive_world *world, const struct naive_vcpu *vcpu) {
  uint32_t n = 0;
  for (uint32_t p = 0; p < world->n_pcpus; p++)
    n += !world->pcpus[p].runs && !world->pcpus[p].is_taken && naive_host_may_use(world, vcpu, p);
  return n;
}

static uint32_t set_size(const struct naive_world *world, const struct naive_vcpu *vcpu) {
  uint32_t n = 0;
  for (uint32_t p = 0; p < world->n_pcpus; p++) n += naive_host_may_use(world, vcpu, p);
  return n;
}

static bool try_place(struct naive_world *world, struct naive_vcpu *vcpu, uint32_t pcpu) {
  if (vcpu->placed_on != ID_NONE || pcpu == ID_NONE) return false;
  struct naive_pcpu *host = &world->pcpus[pcpu];
  if (host->runs || host->is_taken || !naive_host_may_use(world, vcpu, pcpu)) return false;
  host->is_taken = true;
  vcpu->placed_on = pcpu;
  return true;
}

static struct naive_vcpu *nth_chosen(struct naive_world *world, uint64_t choice) {
  for (uint32_t i = 0; i < world->n_vcpus; i++)
    if (world->vcpus[i].is_chosen && world->vcpus[i].choice == choice) return &world->vcpus[i];
  return NULL;
}

/* Those of the choices from..to that have no pCPU yet: last ones first, then the lowest. */
static void place_choices(struct naive_world *world, uint64_t from, uint64_t to) {
  for (uint64_t choice = from; choice < to; choice++) {
    struct naive_vcpu *vcpu = nth_chosen(world, choice);
    try_place(world, vcpu, vcpu->last_pcpu);
  }
  for (uint64_t choice = from; choice < to; choice++)
    for (uint32_t p = 0; p < world->n_pcpus; p++) try_place(world, nth_chosen(world, choice), p);
}

struct scan {
  uint32_t n_left; /* pCPUs */
  uint64_t n_chosen;
};

/* For pcpu, if that is not ID_NONE. */
static void choose(struct naive_world *world, struct scan *scan, struct naive_vcpu *vcpu,
                   uint32_t pcpu) {
  assert(scan->n_left > 0);
  scan->n_left--;
  vcpu->is_chosen = true;
  vcpu->choice = scan->n_chosen++;
  try_place(world, vcpu, pcpu);
  if (vcpu->is_expired) try_place(world, vcpu, vcpu->last_pcpu);
  if (is_placed_when_chosen(world, vcpu)) place_choices(world, vcpu->choice, scan->n_chosen);
}

static bool is_running(const struct naive_vcpu *vcpu) {
  return vcpu->runstate == RS_RUNNING && !vcpu->is_expired;
}

static int64_t own_slice_end(const struct naive_world *world, const struct naive_vcpu *vcpu,
                             bool was_running) {
  if (world->sched) return world->sched->slice_end(world, vcpu, was_running);
  return world->timeslice_ns < TIME_NEVER_NS ? world->now_ns + world->timeslice_ns : TIME_NEVER_NS;
}

/* Offers a gang; returns false if the scan ends here. */
static bool offer_gang(struct naive_world *world, struct scan *scan, struct naive_vcpu *first) {
  struct naive_vm *vm = first->vm;
  uint32_t n_members = 0, n_room = 0;
  int64_t most_ns = 0;
  for (uint32_t i = 0; i < vm->n_vcpus; i++) {
    if (vm->vcpus[i].runstate == RS_IDLE) continue;
    n_members++;
    if (vm->vcpus[i].progress_ns > most_ns) most_ns = vm->vcpus[i].progress_ns;
  }
  n_room = world->is_null ? scan->n_left : free_in_set(world, first);
  bool fits_host = world->is_null || vm->n_vcpus <= set_size(world, first);
  if (fits_host && n_members <= n_room && n_members <= scan->n_left) {
    for (uint32_t i = 0; i < vm->n_vcpus; i++) {
      if (vm->vcpus[i].runstate == RS_IDLE) continue;
      vm->vcpus[i].progress_ns = most_ns;
      choose(world, scan, &vm->vcpus[i], ID_NONE);
    }
    vm->refused_since_ns = -1;
    vm->slice_end_ns = own_slice_end(world, &vm->vcpus[0], vm->vcpus[0].is_expired);
    return true;
  }
  for (uint32_t i = 0; i < vm->n_vcpus; i++) vm->vcpus[i].is_refused = true;
  if (vm->refused_since_ns < 0) vm->refused_since_ns = world->now_ns;
  return !fits_host || world->now_ns - vm->refused_since_ns < world->strict.patience_ns;
}

/* Offers a pCPU, this one unless it is ID_NONE, to a vCPU; returns false if the scan ends here. */
static bool offer(struct naive_world *world, struct scan *scan, struct naive_vcpu *vcpu,
                  uint32_t pcpu) {
  if (free_in_set(world, vcpu) == 0) return true;
  if (world->rule == NAIVE_STRICT) {
    bool has_running = false;
    for (uint32_t i = 0; i < vcpu->vm->n_vcpus; i++) has_running |= is_running(&vcpu->vm->vcpus[i]);
    if (!has_running) return offer_gang(world, scan, vcpu);
  }
  if (world->rule == NAIVE_RELAXED &&
      naive_cosched_lead(world, vcpu, 0) >= world->relaxed.costop_threshold_ns) {
    vcpu->is_refused = true;
    return true;
  }
  choose(world, scan, vcpu, pcpu);
  return true;
}

static struct naive_vcpu *next_queued(struct naive_world *world, uint64_t after) {
  struct naive_vcpu *next = NULL;
  for (uint32_t i = 0; i < world->n_vcpus; i++) {
    struct naive_vcpu *vcpu = &world->vcpus[i];
    if (vcpu->queue_place <= after) continue;
    if (!next || vcpu->queue_place < next->queue_place) next = vcpu;
  }
  return next;
}

/* Its slice ends now, it yields, or its pCPU was asked; a gang does as one. */
static bool is_over(const struct naive_world *world, const struct naive_vcpu *vcpu) {
  if (vcpu->runstate != RS_RUNNING) return false;
  if (vcpu->slice_end_ns == world->now_ns && !world->is_batch_done) return true;
  if (vcpu->has_yielded || world->pcpus[vcpu->pcpu].is_asked) return true;
  if (world->rule != NAIVE_STRICT) return false;
  for (uint32_t i = 0; i < vcpu->vm->n_vcpus; i++) {
    const struct naive_vcpu *sibling = &vcpu->vm->vcpus[i];
    if (sibling->runstate != RS_RUNNING) continue;
    if (sibling->has_yielded || world->pcpus[sibling->pcpu].is_asked) return true;
  }
  return false;
}

/* Slice ends: to the tail in the order of dispatch; their pCPUs count as free. */
static void expire(struct naive_world *world) {
  for (;;) {
    struct naive_vcpu *first = NULL;
    for (uint32_t i = 0; i < world->n_vcpus; i++) {
      struct naive_vcpu *vcpu = &world->vcpus[i];
      if (vcpu->is_expired || !is_over(world, vcpu)) continue;
      if (!first || vcpu->dispatch_place < first->dispatch_place) first = vcpu;
    }
    if (!first) break;
    first->is_expired = true;
    first->last_pcpu = first->pcpu;
    world->pcpus[first->pcpu].runs = NULL;
    naive_host_enqueue(world, first, REASON_STOPPED);
  }
  for (uint32_t p = 0; p < world->n_pcpus; p++) world->pcpus[p].is_asked = false;
}

static bool runs_on(const struct naive_vcpu *vcpu) {
  return vcpu->is_expired && vcpu->is_chosen && vcpu->placed_on == vcpu->pcpu;
}

/* A late joiner's slice ends with its gang's. */
static int64_t slice_end(const struct naive_world *world, const struct naive_vcpu *vcpu,
                         bool was_running) {
  if (world->rule != NAIVE_STRICT) return own_slice_end(world, vcpu, was_running);
  for (uint32_t i = 0; i < vcpu->vm->n_vcpus; i++)
    if (is_running(&vcpu->vm->vcpus[i])) return vcpu->vm->vcpus[i].slice_end_ns;
  return vcpu->vm->slice_end_ns;
}

static void start_choice(struct naive_world *world, struct naive_vcpu *vcpu, bool was_running) {
  int64_t end_ns = slice_end(world, vcpu, was_running);
  vcpu->queue_place = 0;
  if (!was_running) {
    naive_host_dispatch(world, vcpu, vcpu->placed_on, end_ns);
    return;
  }
  world->pcpus[vcpu->pcpu].runs = vcpu;
  vcpu->slice_end_ns = end_ns;
  vcpu->dispatch_place = ++world->places;
  vcpu->is_expired = vcpu->has_yielded = false;
}

static void settle(struct naive_world *world, const struct scan *scan) {
  for (uint32_t i = 0; i < world->n_vcpus; i++) {
    struct naive_vcpu *vcpu = &world->vcpus[i];
    if (!vcpu->is_expired || runs_on(vcpu)) continue;
    vcpu->is_expired = false;
    naive_host_desched(world, vcpu, vcpu->is_refused ? RS_COSTOP : RS_READY);
  }
  for (uint64_t choice = 0; choice < scan->n_chosen; choice++) {
    struct naive_vcpu *vcpu = nth_chosen(world, choice);
    start_choice(world, vcpu, runs_on(vcpu));
  }
  for (uint32_t i = 0; i < world->n_vcpus; i++) {
    struct naive_vcpu *vcpu = &world->vcpus[i];
    if (vcpu->is_refused && vcpu->runstate == RS_READY) naive_host_change(world, vcpu, RS_COSTOP);
    if (vcpu->is_refused && world->rule == NAIVE_RELAXED) vcpu->queue_place = 0;
    vcpu->is_refused = vcpu->is_chosen = false;
    vcpu->placed_on = ID_NONE;
  }
  for (uint32_t p = 0; p < world->n_pcpus; p++) world->pcpus[p].is_taken = false;
}

static bool is_free(const struct naive_world *world, uint32_t pcpu) {
  return !world->pcpus[pcpu].runs && !world->pcpus[pcpu].is_taken;
}

static bool has_queued(const struct naive_world *world, uint32_t pcpu) {
  for (uint32_t i = 0; i < world->n_vcpus; i++)
    if (naive_host_is_waiting(&world->vcpus[i]) && world->vcpus[i].stands == pcpu) return true;
  return false;
}

/* The next pCPU that finds somebody: those with a queue of their own before the others. */
static struct naive_vcpu *pick(struct naive_world *world, uint32_t *pcpu) {
  struct naive_vcpu *vcpu = NULL;
  for (*pcpu = 0; *pcpu < world->n_pcpus; ++*pcpu) {
    if (!is_free(world, *pcpu) || !has_queued(world, *pcpu)) continue;
    vcpu = world->sched->pick(world, *pcpu);
    if (vcpu) return vcpu;
  }
  for (*pcpu = 0; *pcpu < world->n_pcpus; ++*pcpu) {
    if (!is_free(world, *pcpu) || world->pcpus[*pcpu].is_done) continue;
    vcpu = world->sched->pick(world, *pcpu);
    if (vcpu) return vcpu;
    world->pcpus[*pcpu].is_done = true;
  }
  return NULL;
}

static uint64_t gang_place(const struct naive_vm *vm) {
  uint64_t place = UINT64_MAX;
  for (uint32_t i = 0; i < vm->n_vcpus; i++)
    if (vm->vcpus[i].runstate != RS_IDLE && vm->vcpus[i].queue_place < place)
      place = vm->vcpus[i].queue_place;
  return place;
}

/* Whether the offer of a gang is to be repeated: it fits now, one of it has come since, or it was
   stopped and never offered. */
static bool is_offered(const struct naive_world *world, const struct naive_vm *vm,
                       uint32_t n_left) {
  uint32_t n_members = 0, n_room = free_in_set(world, vm->vcpus);
  if (n_room > n_left) n_room = n_left;
  for (uint32_t i = 0; i < vm->n_vcpus; i++) {
    if (vm->vcpus[i].runstate == RS_READY && !vm->vcpus[i].is_refused) return true;
    n_members += vm->vcpus[i].runstate != RS_IDLE;
  }
  bool fits = vm->n_vcpus <= set_size(world, vm->vcpus) && n_members <= n_room;
  return fits || vm->refused_since_ns < 0;
}

/* Whether a gang that was queued before has lost its patience, and a pCPU for one of it is free. */
static bool is_for_another(const struct naive_world *world, uint64_t place) {
  for (uint32_t i = 0; i < world->n_vms; i++) {
    const struct naive_vm *vm = &world->vms[i];
    if (vm->refused_since_ns < 0 || vm->vcpus[0].is_parked || gang_place(vm) >= place) continue;
    if (vm->n_vcpus > set_size(world, vm->vcpus) || free_in_set(world, vm->vcpus) == 0) continue;
    if (world->now_ns - vm->refused_since_ns >= world->strict.patience_ns) return true;
  }
  return false;
}

/* The earliest member of the earliest refused gang that was queued before. */
static struct naive_vcpu *next_gang(struct naive_world *world, uint64_t before, uint32_t n_left) {
  struct naive_vcpu *next = NULL;
  for (uint32_t i = 0; i < world->n_vcpus; i++) {
    struct naive_vcpu *vcpu = &world->vcpus[i];
    if (vcpu->runstate != RS_COSTOP || vcpu->is_parked || vcpu->is_chosen || vcpu->is_refused)
      continue;
    if (vcpu->queue_place >= before || free_in_set(world, vcpu) == 0) continue;
    if (!is_offered(world, vcpu->vm, n_left)) continue;
    before = vcpu->queue_place;
    next = vcpu;
  }
  return next;
}

/* Where each pCPU decides for itself. */
static void scan_pcpus(struct naive_world *world, struct scan *scan) {
  for (uint32_t p = 0; p < world->n_pcpus; p++) world->pcpus[p].is_done = false;
  while (scan->n_left > 0) {
    uint32_t pcpu;
    struct naive_vcpu *vcpu = pick(world, &pcpu), *gang = NULL;
    if (world->rule == NAIVE_STRICT)
      gang = next_gang(world, vcpu ? vcpu->queue_place : UINT64_MAX, scan->n_left);
    if (gang) {
      vcpu = gang;
      pcpu = ID_NONE;
    }
    if (!vcpu || is_for_another(world, vcpu->queue_place)) return;
    offer(world, scan, vcpu, pcpu);
  }
}

static void scan_queue(struct naive_world *world, struct scan *scan) {
  uint64_t place = 0;
  for (struct naive_vcpu *vcpu; scan->n_left > 0 && (vcpu = next_queued(world, place));) {
    place = vcpu->queue_place;
    if (vcpu->is_chosen || vcpu->is_refused) continue;
    if (!offer(world, scan, vcpu, ID_NONE)) break;
  }
}

void naive_host_phase(struct naive_world *world) {
  expire(world);
  world->is_batch_done = true;
  if (!world->must_fill) return;
  struct scan scan = {0};
  for (uint32_t p = 0; p < world->n_pcpus; p++) scan.n_left += !world->pcpus[p].runs;
  if (world->sched)
    scan_pcpus(world, &scan);
  else
    scan_queue(world, &scan);
  place_choices(world, 0, scan.n_chosen);
  settle(world, &scan);
  world->must_fill = false; /* but for what picking has asked */
  for (uint32_t p = 0; p < world->n_pcpus; p++) world->must_fill |= world->pcpus[p].is_asked;
}
