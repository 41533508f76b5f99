/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Locks. Who waits for a lock is found by looking at every thread of the VM. */
#include <assert.h>

#include "naive_world.h"

bool naive_lock_is_spinlock(const struct naive_lock *lock) { return lock->kind < NAIVE_MUTEX; }

static bool is_fifo_spinlock(const struct naive_lock *lock) {
  return lock->kind == NAIVE_TICKET || lock->kind == NAIVE_MCS || lock->kind == NAIVE_PV;
}

static bool is_owner_current(const struct naive_lock *lock) {
  if (!lock->owner || !naive_guest_is_current(lock->owner)) return false;
  return lock->params->watches == WATCHES_THREAD || lock->owner->vcpu->runstate == RS_RUNNING;
}

bool naive_lock_has_entered(const struct naive_thread *thread, bool only_spinlocks) {
  for (uint32_t i = 0; i < thread->vm->n_locks; i++) {
    const struct naive_lock *lock = &thread->vm->locks[i];
    if (lock->owner != thread || !lock->has_entered) continue;
    if (!only_spinlocks || naive_lock_is_spinlock(lock)) return true;
  }
  return false;
}

bool naive_lock_forbids_switch(const struct naive_thread *thread) {
  if (thread->waits_for && naive_lock_is_spinlock(thread->waits_for)) return true;
  if (thread->mode == MODE_CALL_SPIN) return true;
  for (uint32_t i = 0; i < thread->vm->n_locks; i++) {
    const struct naive_lock *lock = &thread->vm->locks[i];
    if (lock->owner == thread && naive_lock_is_spinlock(lock)) return true;
  }
  return false;
}

bool naive_lock_is_granted(const struct naive_thread *thread) {
  if (thread->waits_for && is_fifo_spinlock(thread->waits_for)) return true;
  for (uint32_t i = 0; i < thread->vm->n_locks; i++) {
    const struct naive_lock *lock = &thread->vm->locks[i];
    if (lock->owner == thread && !lock->has_entered && naive_lock_is_spinlock(lock)) return true;
  }
  return false;
}

static void pay(struct naive_thread *thread, int64_t cost_ns, enum activity as,
                enum naive_after after, struct naive_lock *lock) {
  thread->mode = MODE_PAY;
  thread->left_ns = cost_ns;
  thread->pay_as = as;
  thread->after = after;
  thread->pays_for = lock;
}

static void own(struct naive_world *world, struct naive_thread *thread, struct naive_lock *lock) {
  assert(!lock->owner);
  lock->owner = thread;
  lock->owned_at_ns = world->now_ns;
  lock->result.acquisitions++;
  naive_measure_latency(&lock->result.wait, world->now_ns - thread->asked_at_ns);
  naive_world_emit(world, TRACE_LOCK_OWN, thread->vcpu, thread, lock);
}

static int64_t handoff_cost(const struct naive_lock *lock, const struct naive_thread *owner) {
  const struct lock_params *params = lock->params;
  int64_t n_others = 0;
  for (uint32_t i = 0; i < lock->vm->n_threads; i++) {
    const struct naive_thread *thread = &lock->vm->threads[i];
    if (thread == owner || thread->waits_for != lock) continue;
    n_others += naive_guest_is_current(thread) && thread->vcpu->runstate == RS_RUNNING;
  }
  if (lock->kind == NAIVE_MCS || lock->kind == NAIVE_PV || lock->kind == NAIVE_HANDOFF)
    n_others = 0;
  if (lock->kind == NAIVE_TTAS && n_others > 1) n_others = 1;
  return params->handoff_base_ns + n_others * params->handoff_per_waiter_ns;
}

static bool executes(const struct naive_thread *thread) {
  return naive_guest_is_executing(thread->vcpu) && naive_interrupt_on_top(thread->vcpu) == thread;
}

void naive_lock_enter(struct naive_world *world, struct naive_thread *thread) {
  thread->pays_for->has_entered = true;
  naive_world_emit(world, TRACE_LOCK_ENTER, thread->vcpu, thread, thread->pays_for);
}

/* A waiter becomes the owner. One that is still paying to block finishes that first. */
static void take(struct naive_world *world, struct naive_thread *thread, struct naive_lock *lock) {
  thread->waits_for = NULL;
  thread->lock_place = 0;
  thread->is_woken = false;
  thread->spin_left_ns = TIME_NEVER_NS;
  own(world, thread, lock);
  lock->result.contended++;
  if (naive_interrupt_is_paused(thread) && naive_deadlock_has(thread)) lock->vm->result.deadlocks++;
  int64_t cost_ns = handoff_cost(lock, thread);
  thread->handoff_ns = cost_ns;
  if (thread->mode == MODE_PAY && thread->after == AFTER_BLOCKED) return;
  pay(thread, cost_ns, naive_lock_is_spinlock(lock) ? ACT_SPIN : ACT_KERNEL, AFTER_ENTER, lock);
  if (cost_ns > 0 || !executes(thread)) return;
  thread->after = AFTER_NEXT;
  naive_lock_enter(world, thread);
}

static void block(struct naive_world *world, struct naive_thread *thread) {
  struct naive_lock *lock = thread->waits_for;
  thread->spin_left_ns = TIME_NEVER_NS;
  if (!thread->lock_place) thread->lock_place = ++world->places;
  pay(thread, lock->params->block_ns, ACT_KERNEL, AFTER_BLOCKED, lock);
}

static void spin(struct naive_thread *thread) {
  thread->mode = MODE_SPIN;
  const struct lock_params *params = thread->waits_for->params;
  enum naive_lock_kind kind = thread->waits_for->kind;
  bool is_limited =
      kind == NAIVE_ADAPTIVE || kind == NAIVE_PV || params->on_limit == ON_LIMIT_YIELD;
  if (is_limited) thread->spin_left_ns = params->spin_limit_ns;
}

/* A limit of 0 is over at once. */
static bool is_worth_spinning(const struct naive_lock *lock) {
  return is_owner_current(lock) && lock->params->spin_limit_ns > 0;
}

bool naive_lock_must_spin(const struct naive_thread *thread) {
  if (thread->mode != MODE_SPIN) return false;
  const struct naive_lock *lock = thread->waits_for;
  if (is_fifo_spinlock(lock)) return true;
  if (lock->kind != NAIVE_ADAPTIVE) return lock->owner;
  return is_owner_current(lock) && thread->spin_left_ns > 0;
}

static bool is_somebody_late(const struct naive_lock *lock) {
  for (uint32_t i = 0; i < lock->vm->n_threads; i++) {
    const struct naive_thread *thread = &lock->vm->threads[i];
    if (thread->waits_for == lock && thread->mode == MODE_PAY && thread->after == AFTER_LINED_UP)
      return true;
  }
  return false;
}

bool naive_lock_request(struct naive_world *world, struct naive_thread *thread,
                        struct naive_lock *lock) {
  thread->asked_at_ns = world->now_ns;
  if (!lock->owner && !is_somebody_late(lock)) {
    own(world, thread, lock);
    lock->has_entered = true;
    naive_world_emit(world, TRACE_LOCK_ENTER, thread->vcpu, thread, lock);
    pay(thread, lock->params->acquire_ns, ACT_KERNEL, AFTER_NEXT, lock);
    return true;
  }
  naive_world_emit(world, TRACE_LOCK_WAIT, thread->vcpu, thread, lock);
  thread->waits_for = lock;
  if (naive_deadlock_has(thread)) lock->vm->result.deadlocks++;
  switch (lock->kind) {
    case NAIVE_TAS:
    case NAIVE_TTAS:
      spin(thread);
      return false;
    case NAIVE_TICKET:
    case NAIVE_MCS:
    case NAIVE_PV:
      thread->lock_place = ++world->places;
      spin(thread);
      return false;
    case NAIVE_MUTEX:
      block(world, thread);
      return true;
    case NAIVE_HANDOFF:
      pay(thread, lock->params->line_up_ns, ACT_KERNEL, AFTER_LINED_UP, lock);
      return true;
    case NAIVE_ADAPTIVE:
      if (is_worth_spinning(lock))
        spin(thread);
      else
        block(world, thread);
      return thread->mode != MODE_SPIN;
  }
  return false;
}

static struct naive_thread *first_queued(const struct naive_lock *lock) {
  struct naive_thread *first = NULL;
  for (uint32_t i = 0; i < lock->vm->n_threads; i++) {
    struct naive_thread *thread = &lock->vm->threads[i];
    if (thread->waits_for != lock || !thread->lock_place) continue;
    if (!first || thread->lock_place < first->lock_place) first = thread;
  }
  return first;
}

static bool spins_now(const struct naive_vcpu *vcpu, const struct naive_lock *lock) {
  const struct naive_thread *thread = naive_interrupt_on_top(vcpu);
  return naive_guest_is_executing(vcpu) && thread && thread->mode == MODE_SPIN &&
         thread->waits_for == lock;
}

static struct naive_thread *race(struct naive_lock *lock) {
  uint32_t n = 0, pick = 0;
  for (uint32_t i = 0; i < lock->vm->n_vcpus; i++) n += spins_now(&lock->vm->vcpus[i], lock);
  if (n == 0) return NULL;
  if (n > 1) pick = (uint32_t)(rng_uniform(&lock->race) * (double)n);
  for (uint32_t i = 0; i < lock->vm->n_vcpus; i++)
    if (spins_now(&lock->vm->vcpus[i], lock) && pick-- == 0)
      return naive_interrupt_on_top(&lock->vm->vcpus[i]);
  return NULL;
}

/* Returns what it costs the releaser: nothing if a wake is on its way already. */
static int64_t wake_first(struct naive_world *world, struct naive_lock *lock) {
  struct naive_thread *first = first_queued(lock);
  if (!first || first->is_woken || first->mode == MODE_SPIN) return 0;
  first->is_woken = true;
  if (first->mode == MODE_LOCK_ASLEEP) {
    first->mode = MODE_RETRY;
    naive_guest_wake(world, first);
  } else if (first->mode == MODE_HALTED) {
    first->mode = MODE_RETRY;
    naive_guest_send_ipi(world, first->vcpu);
  }
  return lock->params->wake_ns;
}

static int64_t hand_over(struct naive_world *world, struct naive_lock *lock) {
  struct naive_thread *first = first_queued(lock);
  if (!first) return 0;
  bool is_asleep = first->mode == MODE_LOCK_ASLEEP;
  take(world, first, lock);
  if (is_asleep) naive_guest_wake(world, first);
  return lock->params->wake_ns;
}

int64_t naive_lock_release(struct naive_world *world, struct naive_lock *lock) {
  naive_world_emit(world, TRACE_LOCK_RELEASE, lock->owner->vcpu, lock->owner, lock);
  naive_measure_latency(&lock->result.hold, world->now_ns - lock->owned_at_ns);
  lock->owner = NULL;
  lock->has_entered = false;
  struct naive_thread *next = NULL;
  switch (lock->kind) {
    case NAIVE_TAS:
    case NAIVE_TTAS:
      next = race(lock);
      break;
    case NAIVE_TICKET:
    case NAIVE_MCS:
      next = first_queued(lock);
      break;
    case NAIVE_PV:
      next = first_queued(lock);
      if (next && next->mode != MODE_SPIN) return wake_first(world, lock);
      break;
    case NAIVE_MUTEX:
      return wake_first(world, lock);
    case NAIVE_HANDOFF:
      return hand_over(world, lock);
    case NAIVE_ADAPTIVE:
      next = race(lock);
      if (next) take(world, next, lock);
      return wake_first(world, lock);
  }
  if (next) take(world, next, lock);
  return 0;
}

/* A waiter that executes looks at its lock again. */
bool naive_lock_respin(struct naive_world *world, struct naive_thread *thread) {
  struct naive_lock *lock = thread->waits_for;
  if (!is_fifo_spinlock(lock) && !lock->owner) {
    take(world, thread, lock);
    return true;
  }
  if (lock->kind != NAIVE_ADAPTIVE) {
    if (thread->spin_left_ns > 0) return false;
    if (lock->kind == NAIVE_PV) {
      thread->mode = MODE_HALTED;
      naive_host_halt(world, thread->vcpu);
    } else {
      thread->vcpu->has_yielded = true;
      spin(thread);
    }
    return false;
  }
  if (is_owner_current(lock) && thread->spin_left_ns > 0) return false;
  block(world, thread);
  return true;
}

bool naive_lock_has_lost_sight(const struct naive_thread *thread) {
  const struct naive_lock *lock = thread->waits_for;
  return lock->kind == NAIVE_ADAPTIVE && lock->owner && !is_owner_current(lock);
}

bool naive_lock_retry(struct naive_world *world, struct naive_thread *thread) {
  struct naive_lock *lock = thread->waits_for;
  thread->is_woken = false;
  bool is_passed = lock->kind == NAIVE_PV && first_queued(lock) != thread;
  if (!lock->owner && !is_passed) {
    take(world, thread, lock);
  } else if (lock->kind == NAIVE_PV || (lock->kind == NAIVE_ADAPTIVE && is_worth_spinning(lock))) {
    spin(thread);
    return false;
  } else {
    block(world, thread);
  }
  return true;
}

bool naive_lock_line_up_paid(struct naive_world *world, struct naive_thread *thread) {
  struct naive_lock *lock = thread->waits_for;
  if (lock->owner)
    block(world, thread);
  else
    take(world, thread, lock);
  return true;
}

bool naive_lock_block_paid(struct naive_world *world, struct naive_thread *thread) {
  struct naive_lock *lock = thread->pays_for;
  if (!thread->waits_for) { /* granted meanwhile */
    pay(thread, thread->handoff_ns, ACT_KERNEL, AFTER_ENTER, lock);
  } else if (thread->is_woken) {
    thread->mode = MODE_RETRY;
  } else {
    thread->mode = MODE_LOCK_ASLEEP;
    naive_guest_leave(world, thread->vcpu);
  }
  return true;
}

void naive_lock_owner_left(struct naive_world *world, struct naive_thread *owner) {
  for (uint32_t l = 0; l < owner->vm->n_locks; l++) {
    struct naive_lock *lock = &owner->vm->locks[l];
    if (lock->kind != NAIVE_ADAPTIVE || lock->owner != owner) continue;
    for (uint32_t i = 0; i < owner->vm->n_vcpus; i++)
      if (spins_now(&owner->vm->vcpus[i], lock))
        block(world, naive_interrupt_on_top(&owner->vm->vcpus[i]));
  }
}
