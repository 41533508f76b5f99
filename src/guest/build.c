/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Life of the guests: built in one arena, started, settled, reset after the warm-up, checked. */
#include <assert.h>
#include <string.h>

#include "guest/call.h"
#include "guest/gsched.h"
#include "guest/guest.h"
#include "guest/interrupt.h"
#include "guest/lock.h"
#include "guest/rw.h"
#include "sim/time.h"

static bool draws(const struct program *program, enum rng_purpose purpose) {
  for (uint32_t i = 0; i < program->n_ops; i++) {
    const struct op *op = &program->ops[i];
    bool has_dist = op->code == OP_COMPUTE || op->code == OP_SLEEP || op->code == OP_SHOOTDOWN;
    if (has_dist && op->purpose == purpose && !dist_is_constant(&op->dist)) return true;
  }
  return false;
}

static void create_lock(struct guest_vm *vm, struct lock *lock, const struct lock_spec *spec,
                        const struct guest_config *config, struct arena *arena) {
  *lock = (struct lock){
      .ops = (const struct lock_ops *)(const void *)spec->choice.kind, .spec = spec, .vm = vm};
  memcpy(&lock->cost, spec->choice.params.bytes, sizeof lock->cost);
  if (lock->ops->at_limit == LIMIT_YIELD && lock->cost.on_limit == ON_LIMIT_SPIN)
    lock->cost.spin_limit_ns = TIME_NEVER_NS;
  lock->whole = lock;
  lock->masks_interrupts = lock->cost.interrupts == LOCK_INTERRUPTS_DISABLED;
  lock->is_classed = lock->cost.order != LOCK_CLASS_NONE;
  lock->executing = ARENA_ARRAY(arena, vm->n_words, uint64_t);
  lock->race = ARENA_NEW(arena, struct rng_stream);
  rng_stream_init(lock->race, config->seed, config->replication, RNG_LOCK_RACE,
                  config->vms[vm->id].name, spec->name);
  struct hist_bank bank = hist_bank_create(arena, 2, 1, config->horizon_ns);
  hist_init(&lock->wait, &bank, vm->guest->sim->tally);
  hist_init(&lock->hold, &bank, vm->guest->sim->tally);
}

static void create_locks(struct guest_vm *vm, const struct guest_config *config, lock_id_t *next_id,
                         struct arena *arena) {
  vm->locks = ARENA_ARRAY(arena, config->n_locks, struct lock);
  vm->lock_of = ARENA_ARRAY(arena, config->n_locks, struct lock *);
  for (uint32_t i = 0; i < config->n_locks; i++) {
    if (!guest_uses(vm->spec, OP_LOCK, i)) continue;
    struct lock *lock = &vm->locks[vm->n_locks++];
    create_lock(vm, lock, &config->locks[i], config, arena);
    lock->id = (*next_id)++;
    if (lock->ops->is_shared) rw_create(lock, arena);
    vm->lock_of[i] = lock;
  }
}

static void create_barriers(struct guest_vm *vm, const struct guest_config *config,
                            struct arena *arena) {
  vm->barriers = ARENA_ARRAY(arena, config->n_barriers, struct barrier);
  vm->barrier_of = ARENA_ARRAY(arena, config->n_barriers, struct barrier *);
  for (uint32_t i = 0; i < config->n_barriers; i++) {
    if (!guest_uses(vm->spec, OP_BARRIER, i)) continue;
    const struct barrier_spec *spec = &config->barriers[i];
    struct barrier *barrier = &vm->barriers[vm->n_barriers++];
    *barrier = (struct barrier){.spec = spec, .vm = vm};
    barrier->parties = spec->parties > 0 ? spec->parties : vm->spec->n_threads;
    barrier->arrived = ARENA_ARRAY(arena, vm->spec->n_threads, struct thread *);
    barrier->n_here = ARENA_ARRAY(arena, vm->spec->n_vcpus, uint32_t);
    if (spec->wait == BARRIER_SPIN) vm->has_spinning_barrier = true;
    vm->barrier_of[i] = barrier;
  }
}

static void create_threads(struct guest_vm *vm, const struct guest_config *config,
                           struct thread *threads, thread_id_t first, struct arena *arena) {
  const struct guest_spec *spec = vm->spec;
  assert(spec->n_vcpus > 0);
  vm->threads = threads;
  for (uint32_t i = 0; i < spec->n_threads; i++) {
    struct thread *t = &threads[i];
    *t = (struct thread){.ops = spec->program->ops,
                         .id = first + i,
                         .streams = &vm->guest->streams[vm->guest->n_streams * (first + i)],
                         .phase = PHASE_NEXT,
                         .at = &vm->vcpus[i % spec->n_vcpus],
                         .is_solo = solo_is(vm->guest, spec),
                         .index = i,
                         .vm = vm};
    vm->guest->wake_hint[t->id].vm = vm->id;
    t->iterations_left = spec->iterations > 0 ? spec->iterations : UINT64_MAX;
    const char *index = arena_printf(arena, "%u", i);
    for (enum rng_purpose purpose = RNG_COMPUTE; purpose < vm->guest->n_streams; purpose++)
      if (draws(spec->program, purpose))
        rng_stream_init(&t->streams[purpose], config->seed, config->replication, purpose,
                        config->vms[vm->id].name, index);
  }
}

static void create_vcpus(struct guest_vm *vm, struct guest_vcpu *vcpus, struct vcpu *hv_vcpus,
                         struct arena *arena) {
  uint32_t n = vm->spec->n_vcpus;
  vm->vcpus = vcpus;
  vm->n_words = (n + 63) / 64;
  vm->idle = ARENA_ARRAY(arena, vm->n_words, uint64_t);
  vm->n_idle = n;
  wtree_init(&vm->stealable, arena, n);
  bool may_steal = n > 1 && vm->gsched->steals && vm->spec->balance == BALANCE_STEAL &&
                   vm->spec->placement != PLACEMENT_PINNED;
  for (uint32_t i = 0; i < n; i++) {
    vm->idle[i / 64] |= UINT64_C(1) << i % 64;
    vcpus[i] = (struct guest_vcpu){.v = &hv_vcpus[i],
                                   .guest = vm->guest,
                                   .vm = vm,
                                   .work_end_ns = TIME_NEVER_NS,
                                   .boundary_ns = TIME_NEVER_NS,
                                   .is_idle = true,
                                   .may_steal = may_steal,
                                   .is_alone = n == 1};
  }
}

struct guest *guest_create(const struct guest_config *config, struct hv *hv, struct vcpu *vcpus,
                           struct sim *sim, struct arena *arena) {
  struct guest *guest = ARENA_NEW(arena, struct guest);
  *guest = (struct guest){.sim = sim,
                          .hv = hv,
                          .hv_vcpus = vcpus,
                          .n_vms = config->n_vms,
                          .lock_specs = config->locks,
                          .barrier_specs = config->barriers};
  uint32_t n_lines = 0;
  for (uint32_t i = 0; i < config->n_vms; i++) {
    guest->n_vcpus += config->vms[i].spec->n_vcpus;
    guest->n_threads += guest_n_contexts(config->vms[i].spec);
    n_lines += guest_n_lines(config->vms[i].spec);
  }
  guest->vms = ARENA_ARRAY(arena, config->n_vms, struct guest_vm);
  guest->vcpus = ARENA_ARRAY(arena, guest->n_vcpus, struct guest_vcpu);
  guest->threads = ARENA_ARRAY(arena, guest->n_threads, struct thread);
  guest->wake_hint = arena_alloc(arena, guest->n_threads, sizeof *guest->wake_hint);
  guest->current_id = ARENA_ARRAY(arena, guest->n_vcpus, thread_id_t);
  guest->notes = ARENA_ARRAY(arena, GUEST_NOTES, struct guest_note);
  /* Together, for they are small and used all the time; what is big and rarely touched comes
   * behind. */
  guest->n_streams = RNG_SLEEP + 1;
  guest->is_all_solo = true;
  for (uint32_t i = 0; i < config->n_vms; i++) {
    if (draws(config->vms[i].spec->program, RNG_HOLD)) guest->n_streams = RNG_HOLD + 1;
    guest->is_all_solo &= solo_is(guest, config->vms[i].spec);
  }
  guest->streams =
      ARENA_ARRAY(arena, guest->n_streams * (size_t)guest->n_threads, struct rng_stream);
  uint32_t vcpu = 0, thread = 0;
  struct interrupt_line *lines = guest->lines = ARENA_ARRAY(arena, n_lines, struct interrupt_line);
  lock_id_t lock = 0;
  struct hist_bank bank = hist_bank_create(arena, config->n_vms, 1, config->horizon_ns);
  for (uint32_t i = 0; i < config->n_vms; i++) {
    struct guest_vm *vm = &guest->vms[i];
    *vm = (struct guest_vm){
        .id = i,
        .spec = config->vms[i].spec,
        .gsched = (const struct gsched_ops *)(const void *)config->vms[i].spec->scheduler.kind,
        .guest = guest,
        .ipi_latency_ns = config->vms[i].spec->ipi_latency_ns};
    create_vcpus(vm, &guest->vcpus[vcpu], &vcpus[vcpu], arena);
    create_locks(vm, config, &lock, arena);
    create_barriers(vm, config, arena);
    for (uint32_t k = 0; k < vm->spec->n_vcpus; k++) {
      guest->current_id[vcpu + k] = thread; /* some thread of its VM, until it has had one */
      guest_update_watch(&vm->vcpus[k]);
    }
    create_threads(vm, config, &guest->threads[thread], thread, arena);
    if (vm->gsched->hooks)
      vm->gsched_state = vm->gsched->hooks->create(vm, &vm->spec->scheduler.params, arena);
    hist_init(&vm->latency, &bank, guest->sim->tally);
    vcpu += vm->spec->n_vcpus;
    if (vm->spec->n_interrupts > 0) {
      interrupts_create(vm, config, &guest->threads[thread + vm->spec->n_threads], lines, arena);
      lines += guest_n_lines(vm->spec);
    }
    thread += guest_n_contexts(vm->spec);
  }
  return guest;
}

void guest_start_vm(struct guest *guest, vm_id_t id) {
  struct guest_vm *vm = &guest->vms[id];
  interrupts_start(vm);
  for (uint32_t i = 0; i < vm->spec->n_threads; i++) {
    struct thread *t = &vm->threads[i];
    t->iteration_since_ns = guest->sim->now_ns;
    guest_put(&vm->vcpus[i % vm->spec->n_vcpus], t);
  }
  for (uint32_t i = 0; i < vm->spec->n_vcpus; i++) {
    if (!vm->vcpus[i].current) continue;
    guest_set_idle(&vm->vcpus[i], false);
    hv_wake(guest->hv, vm->vcpus[i].v);
  }
}

static bool pays_spinning_handoff(const struct guest_vcpu *g) {
  const struct thread *t = g->current;
  return t->phase == PHASE_HANDOFF && !g->is_kicked && !g->owes_switch && t->held->ops->is_spinlock;
}

/* Ends and begins anew the spin, or spinning hand-off, of an executing vCPU. */
static void settle_vcpu(struct guest_vcpu *g) {
  struct thread *t = g->current;
  if (!t || !g->v->is_executing) return;
  if (g->spin) {
    struct spin_clock *clock = g->spin;
    int64_t since_ns = g->phase_since_ns;
    spin_end(g, t->waits_for ? t->waits_for->spin_ns : NULL);
    spin_begin(g, clock, clock->cause);
    g->phase_since_ns = since_ns; /* the spin limit counts from there */
  } else if (pays_spinning_handoff(g)) {
    int64_t now = guest_now(g->guest);
    spin_book_contended(g, t->held->whole->spin_ns, now - g->phase_since_ns);
    g->phase_since_ns = now;
  }
}

void guest_settle(struct guest *guest) {
  for (uint32_t i = 0; i < guest->n_vcpus; i++) settle_vcpu(&guest->vcpus[i]);
}

void guest_reset(struct guest *guest) {
  guest_settle(guest);
  /* The ledgers restart, and with them the clocks that are read from them. */
  for (uint32_t i = 0; i < guest->n_vcpus; i++) {
    struct guest_vcpu *g = &guest->vcpus[i];
    g->clock_ns -= vcpu_guest_ns(g->v, guest_now(guest));
  }
  for (uint32_t i = 0; i < guest->n_vms; i++) {
    struct guest_vm *vm = &guest->vms[i];
    vm->n_deadlocks = 0;
    hist_reset(&vm->latency);
    interrupts_reset(vm);
    for (uint32_t k = 0; k < vm->n_locks; k++) {
      struct lock *lock = &vm->locks[k];
      lock->n_acquisitions = lock->n_contended = 0;
      memset(lock->spin_ns, 0, sizeof lock->spin_ns);
      hist_reset(&lock->wait);
      hist_reset(&lock->hold);
    }
  }
}

static void check_lock(const struct lock *lock) {
  uint32_t n_running = 0, n_spinning = 0;
  for (uint32_t i = 0; i < guest_n_contexts(lock->vm->spec); i++) {
    const struct thread *t = &lock->vm->threads[i];
    if (t->waits_for != lock || !guest_is_current(t)) continue;
    const struct guest_vcpu *g = guest_vcpu_of(t);
    if (g->v->runstate == RS_RUNNING) n_running++;
    bool is_spinning = g->spin == &lock->clock && g->current == t;
    n_spinning += is_spinning;
    /* Nobody spins, executing, for a lock that is free; but the first in line may be on its way. */
    assert(!is_spinning || lock->owner || lock->readers || g->is_kicked ||
           lock->first_waiter->is_woken || lock->ops->spin_left_ns);
  }
  assert(n_running == lock->n_running_waiters);
  assert(n_spinning == lock->clock.n_spinners);
  assert(!lock->is_entered || lock->owner);
  assert(!lock->readers || !lock->owner);
}

static void check_vcpu(const struct guest_vcpu *g) {
  assert(g->is_alone || g->is_idle == (g->vm->idle[g->v->index / 64] >> g->v->index % 64 & 1));
  assert((g->current == NULL) == (g->is_idle || g->is_polling));
  assert(!g->is_polling || (!g->is_idle && g->v->runstate != RS_IDLE));
  assert(!g->is_idle || g->v->runstate == RS_IDLE);
  assert(g->current || g->n_ready == 0);
  assert(!g->spin || g->v->is_executing);
  assert(!g->spin || g->v->activity == ACT_SPIN);
  const struct thread *t = g->current;
  bool is_steady = g->v->is_steady, is_asleep = t && t->phase == PHASE_ASLEEP;
  assert(!is_asleep || g->is_kicked || (t->is_solo && is_steady));
  assert(!is_steady || g->boundary_ns == TIME_NEVER_NS);
  assert(!is_steady || is_asleep || (t && t->phase == PHASE_WORK));
  if (g->handler) interrupt_check(g);
  if (g->handler && g->handler->call) call_check(g);
}

void guest_check(const struct guest *guest) {
  for (uint32_t i = 0; i < guest->n_vcpus; i++) check_vcpu(&guest->vcpus[i]);
  for (uint32_t i = 0; i < guest->n_threads; i++) {
    const struct thread *t = &guest->threads[i];
    uint32_t n_held = 0;
    for (const struct lock *lock = t->held; lock; lock = lock->next_held) {
      assert(lock->owner == t); /* mutual exclusion: a lock, or part, is on one list only */
      n_held++;
    }
    assert(t->n_entered <= n_held && n_held <= t->n_entered + 1);
  }
  for (uint32_t i = 0; i < guest->n_vms; i++)
    for (uint32_t k = 0; k < guest->vms[i].n_locks; k++) check_lock(&guest->vms[i].locks[k]);
}
