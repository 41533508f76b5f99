/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What all kinds of lock share: waiting, ownership, hand-off, and who is to blame for a spin. The
   kinds only advise (guest/lock.h); docs/model.md section 6 has the rules in words. */
#include "guest/lock.h"

#include <assert.h>

#include "guest/guest.h"
#include "guest/interrupt.h"
#include "guest/rw.h"
#include "sim/time.h"

static __attribute__((noinline, cold)) void trace_lock(const struct thread *t,
                                                       const struct lock *lock,
                                                       enum trace_what what) {
  struct sim *sim = t->vm->guest->sim;
  struct trace_record record = sim_record(sim, what);
  record.vm = t->vm->id;
  record.vcpu = guest_vcpu_of(t)->v->id;
  record.thread = t->id;
  record.lock = lock->id;
  sim->trace->emit(sim->trace, &record);
}

static void trace(const struct thread *t, const struct lock *lock, enum trace_what what) {
  if (sim_is_traced(t->vm->guest->sim)) trace_lock(t, lock, what);
}

/* --- who is to blame --- */

enum spin_cause lock_part_cause(const struct lock *lock) {
  const struct thread *owner = lock->owner;
  if (!owner) return SPIN_CONTENDED;
  unsigned state = guest_vcpu_of(owner)->v->runstate;
  if (state == RS_RUNNING || state == RS_IDLE) return SPIN_CONTENDED;
  if (!lock->is_entered) return SPIN_LWP;
  return state == RS_COSTOP ? SPIN_LHP_COSTOP : SPIN_LHP_READY;
}

static enum spin_cause lock_cause(const struct lock *lock) {
  return lock->readers ? rw_cause(lock) : lock_part_cause(lock);
}

static void update_cause(struct lock *lock) {
  if (lock->clock.n_spinners > 0)
    spin_clock_set(lock->vm->guest->sim, &lock->clock, lock_cause(lock));
}

void lock_owner_moved(struct thread *t) {
  for (struct lock *part = t->held; part; part = part->next_held) {
    update_cause(part->whole);
    if (part->ops->owner_moved) part->ops->owner_moved(part);
  }
}

/* --- the queue --- */

static bool is_queued(const struct thread *t) {
  return t->previous_waiter || t->next_waiter || t->waits_for->first_waiter == t;
}

static void queue_push(struct lock *lock, struct thread *t) {
  t->next_waiter = NULL;
  t->previous_waiter = lock->last_waiter;
  if (lock->last_waiter)
    lock->last_waiter->next_waiter = t;
  else
    lock->first_waiter = t;
  lock->last_waiter = t;
}

static void queue_remove(struct lock *lock, struct thread *t) {
  if (t->previous_waiter)
    t->previous_waiter->next_waiter = t->next_waiter;
  else
    lock->first_waiter = t->next_waiter;
  if (t->next_waiter)
    t->next_waiter->previous_waiter = t->previous_waiter;
  else
    lock->last_waiter = t->previous_waiter;
  t->next_waiter = t->previous_waiter = NULL;
}

/* The head, if it sleeps or is about to and nobody has woken it yet. */
static struct thread *first_sleeper(const struct lock *lock) {
  struct thread *t = lock->first_waiter;
  return t && !t->is_woken && t->phase != PHASE_SPIN ? t : NULL;
}

/* --- spinning --- */

/* Is its owner, or one of them, interrupted on g? Then the spinner is what interrupted it. */
static bool is_owned_below(const struct lock *lock, const struct guest_vcpu *g) {
  const struct thread *below = g->handler ? g->handler->below : NULL;
  for (const struct lock *part = below ? below->held : NULL; part; part = part->next_held)
    if (part->whole == lock) return true;
  return false;
}

void lock_begin_spin(struct thread *t) {
  struct lock *lock = t->waits_for;
  struct guest_vcpu *g = guest_vcpu_of(t);
  uint32_t index = g->v->index;
  lock->executing[index / 64] |= UINT64_C(1) << index % 64;
  if (is_owned_below(lock, g))
    spin_begin(g, &g->handler->self, SPIN_SELF);
  else
    spin_begin(g, &lock->clock, lock_cause(lock));
}

void lock_end_spin(struct thread *t) {
  struct lock *lock = t->waits_for;
  struct guest_vcpu *g = guest_vcpu_of(t);
  uint32_t index = g->v->index;
  lock->executing[index / 64] &= ~(UINT64_C(1) << index % 64);
  t->spun_ns += guest_now(t->vm->guest) - g->phase_since_ns;
  spin_end(g, lock->spin_ns);
}

struct thread *lock_race(struct lock *lock) {
  uint32_t n = 0;
  for (uint32_t w = 0; w < lock->vm->n_words; w++)
    n += (uint32_t)__builtin_popcountll(lock->executing[w]);
  if (n == 0) return NULL;
  uint32_t pick = n == 1 ? 0 : (uint32_t)(rng_uniform(lock->race) * n);
  for (uint32_t w = 0;; w++) {
    uint64_t word = lock->executing[w];
    uint32_t here = (uint32_t)__builtin_popcountll(word);
    if (pick >= here) {
      pick -= here;
      continue;
    }
    while (pick-- > 0) word &= word - 1;
    return lock->vm->vcpus[w * 64 + (uint32_t)__builtin_ctzll(word)].current;
  }
}

bool lock_is_spun_by(const struct thread *t) {
  return guest_vcpu_of(t)->current == t && guest_vcpu_of(t)->spin;
}

void lock_leave_free(struct lock *lock) {
  lock->free_since_ns = guest_now(lock->vm->guest);
  for (struct thread *t = lock->first_waiter; t; t = t->next_waiter)
    if (lock_is_spun_by(t)) spin_look_again(guest_vcpu_of(t));
}

int64_t lock_spun_before_free_ns(const struct lock *lock, const struct thread *t) {
  int64_t before_ns = lock->free_since_ns - guest_vcpu_of(t)->phase_since_ns;
  return before_ns > 0 ? before_ns : 0;
}

bool lock_owner_seems_to_run(const struct lock *lock) {
  if (!guest_is_current(lock->owner)) return false;
  return lock->cost.watches == WATCHES_THREAD ||
         guest_vcpu_of(lock->owner)->v->runstate == RS_RUNNING;
}

bool lock_must_spin(const struct thread *t) {
  const struct lock *lock = t->waits_for;
  if (lock->ops->is_fifo)
    return !lock->ops->spin_left_ns || lock->ops->request(lock, t) != LOCK_OWN;
  if (!lock->owner) return false;
  if (!lock->ops->spins_while_owner_current) return true;
  return lock_owner_seems_to_run(lock) && t->spun_ns < lock->cost.spin_limit_ns;
}

int64_t lock_spin_left_ns(const struct thread *t) {
  const struct lock *lock = t->waits_for;
  if (lock->ops->spin_left_ns) return lock->ops->spin_left_ns(lock, t);
  int64_t limit_ns = lock->cost.spin_limit_ns;
  return limit_ns == TIME_NEVER_NS ? TIME_NEVER_NS : limit_ns - t->spun_ns;
}

/* --- waiting --- */

void lock_waiter_runs(struct thread *t, int change) {
  t->waits_for->n_running_waiters += (uint32_t)change;
}

static void pay(struct thread *t, int64_t cost_ns, enum after_cost after) {
  t->phase = PHASE_COST;
  t->after = (uint8_t)after;
  t->rem_ns = cost_ns;
}

static void block(struct thread *t) {
  struct lock *lock = t->waits_for;
  if (!is_queued(t)) queue_push(lock, t);
  pay(t, lock->cost.block_ns, AFTER_BLOCK);
}

static void stop_spinning(struct thread *t) {
  lock_end_spin(t);
  block(t);
}

bool lock_falls_asleep(struct thread *t) {
  if (!t->waits_for) { /* granted meanwhile */
    t->phase = PHASE_HANDOFF;
    t->rem_ns = t->handoff_ns;
    return false;
  }
  t->phase = t->is_woken ? PHASE_RETRY : PHASE_ASLEEP;
  return !t->is_woken;
}

static void wait_by(struct thread *t, enum lock_answer answer) {
  struct lock *lock = t->waits_for;
  if (answer == LOCK_BLOCK && lock->cost.line_up_ns > 0) {
    lock->n_late++;
    pay(t, lock->cost.line_up_ns, AFTER_LINE_UP);
    return;
  }
  if (answer == LOCK_BLOCK) {
    block(t);
    return;
  }
  t->phase = PHASE_SPIN;
  if (t->waits_for->ops->is_fifo && !is_queued(t)) queue_push(t->waits_for, t);
}

void lock_owner_leaves(struct thread *t) {
  for (struct lock *lock = t->held; lock; lock = lock->next_held) {
    if (!lock->ops->spins_while_owner_current || lock->clock.n_spinners == 0) continue;
    for (uint32_t w = 0; w < lock->vm->n_words; w++)
      while (lock->executing[w]) {
        struct guest_vcpu *g =
            &lock->vm->vcpus[w * 64 + (uint32_t)__builtin_ctzll(lock->executing[w])];
        stop_spinning(g->current);
        guest_begin_phase(g);
      }
  }
}

/* --- owning --- */

/* Ownership starts. */
static void own(struct thread *t, struct lock *lock) {
  int64_t now = guest_now(t->vm->guest);
  if (t->waits_for) {
    lock->n_contended++;
    if (is_queued(t)) queue_remove(lock, t);
    if (guest_is_current(t) && guest_vcpu_of(t)->v->runstate == RS_RUNNING) lock_waiter_runs(t, -1);
    t->waits_for = NULL;
  }
  t->is_woken = false;
  lock->n_acquisitions++;
  hist_add(&lock->wait, now - t->wait_since_ns);
  struct lock *part = lock->ops->is_shared ? rw_take(lock, t) : lock;
  part->owner = t;
  part->is_entered = false;
  part->owned_since_ns = now;
  part->next_held = t->held;
  t->held = part;
  if (lock->ops->is_spinlock) t->n_spin_owned++;
  update_cause(lock);
  guest_update_watch(guest_vcpu_of(t));
  trace(t, lock, TRACE_LOCK_OWN);
}

static int64_t handoff_cost_ns(const struct lock *lock) {
  uint32_t n = lock->n_running_waiters;
  if (n > lock->ops->max_disturbers) n = lock->ops->max_disturbers;
  return lock->cost.handoff_base_ns + lock->cost.handoff_per_waiter_ns * n;
}

/* A waiter finds it free. */
static void take(struct thread *t, struct lock *lock) {
  own(t, lock);
  t->phase = PHASE_HANDOFF;
  t->rem_ns = handoff_cost_ns(lock);
}

void lock_stands_in_line(struct thread *t) {
  struct lock *lock = t->waits_for;
  lock->n_late--;
  if (lock->owner)
    block(t);
  else
    take(t, lock);
}

void lock_reach_limit(struct thread *t) {
  switch (t->waits_for->ops->at_limit) {
    case LIMIT_YIELD:
      lock_end_spin(t);
      t->spun_ns = 0;
      hv_yield(t->vm->guest->hv, guest_vcpu_of(t)->v);
      break;
    case LIMIT_BLOCK:
      stop_spinning(t);
      break;
    case LIMIT_TAKE:
      lock_end_spin(t);
      take(t, t->waits_for);
      break;
    case LIMIT_ASK:
      lock_end_spin(t);
      break;
    case LIMIT_HALT:
      lock_end_spin(t);
      t->phase = PHASE_HALTED;
      break;
  }
}

void lock_enter(struct thread *t) {
  struct lock *lock = t->held;
  lock->is_entered = true;
  t->n_entered++;
  if (lock->ops->is_spinlock) t->n_spin_entered++;
  trace(t, lock, TRACE_LOCK_ENTER);
}

void lock_request(struct thread *t, struct lock *lock) {
  t->wait_since_ns = guest_now(t->vm->guest);
  if (lock->masks_interrupts) t->n_masked++;
  if (lock->is_classed && t->is_handler) interrupt_look_at_order(t, lock);
  enum lock_answer answer = lock->ops->request(lock, t);
  if (answer == LOCK_OWN) {
    own(t, lock);
    lock_enter(t);
    pay(t, lock->cost.acquire_ns, AFTER_STEP_DONE);
    return;
  }
  t->waits_for = lock;
  t->spun_ns = 0;
  guest_vcpu_of(t)->v->has_exited = false;
  lock_waiter_runs(t, +1);
  trace(t, lock, TRACE_LOCK_WAIT);
  guest_update_watch(guest_vcpu_of(t));
  wait_by(t, answer);
  deadlock_look(t);
}

void lock_retry(struct thread *t) {
  struct lock *lock = t->waits_for;
  if (t->phase == PHASE_RETRY) t->spun_ns = 0;
  t->is_woken = false;
  enum lock_answer answer = lock->ops->request(lock, t);
  if (answer == LOCK_SPIN && t->phase == PHASE_SPIN) answer = LOCK_BLOCK; /* limit used up */
  if (answer != LOCK_OWN) {
    wait_by(t, answer);
    return;
  }
  take(t, lock);
}

/* The lock passes to a waiter, wherever it is. */
static void grant(struct lock *lock, struct thread *t) {
  struct guest_vcpu *g = guest_vcpu_of(t);
  bool is_spinning = g->current == t && g->spin != NULL;
  if (is_spinning) lock_end_spin(t);
  own(t, lock);
  t->handoff_ns = handoff_cost_ns(lock);
  if (t->phase == PHASE_COST) return; /* goes on paying `block`, then finds itself the owner */
  bool was_asleep = t->phase == PHASE_ASLEEP;
  t->phase = PHASE_HANDOFF;
  t->rem_ns = t->handoff_ns;
  if (was_asleep) guest_wake_thread(t);
  if (is_spinning) guest_begin_phase(g);
  if (guest_is_interrupted(t)) interrupt_owns_below(t);
}

/* To try for the lock; one that still pays `block` will see that it was woken. */
static void wake_sleeper(struct thread *t) {
  bool is_asleep = t->phase == PHASE_ASLEEP, is_halted = t->phase == PHASE_HALTED;
  t->is_woken = true;
  if (is_asleep || is_halted) t->phase = PHASE_RETRY;
  if (is_asleep) guest_wake_thread(t);
  if (is_halted) guest_wake_vcpu(guest_vcpu_of(t));
}

/* All those who may share it now; returns what waking them costs. */
static int64_t pass_on_to_many(struct lock *lock) {
  int64_t cost_ns = 0;
  for (struct thread *next; (next = lock->ops->next_owner(lock));) {
    if (next->phase != PHASE_SPIN) cost_ns += lock->cost.wake_ns;
    grant(lock, next);
  }
  return cost_ns;
}

int64_t lock_release(struct thread *t) {
  struct lock *part = t->held, *lock = part->whole;
  hist_add(&lock->hold, guest_now(t->vm->guest) - part->owned_since_ns);
  t->held = part->next_held;
  t->n_entered--;
  if (lock->ops->is_spinlock) {
    t->n_spin_entered--;
    t->n_spin_owned--;
  }
  if (lock->masks_interrupts) t->n_masked--;
  part->owner = NULL;
  part->is_entered = false;
  struct vcpu *v = guest_vcpu_of(t)->v;
  if (v->is_unsafe && !guest_is_inside(t->vm->guest, v)) hv_become_safe(t->vm->guest->hv, v);
  guest_update_watch(guest_vcpu_of(t));
  trace(t, lock, TRACE_LOCK_RELEASE);
  if (lock->ops->is_shared) {
    rw_return(lock, part);
    update_cause(lock);
    return pass_on_to_many(lock);
  }
  int64_t cost_ns = 0;
  struct thread *next = lock->ops->next_owner ? lock->ops->next_owner(lock) : NULL;
  if (next) {
    if (next->phase != PHASE_SPIN) cost_ns += lock->cost.wake_ns;
    grant(lock, next);
  }
  bool wakes_sleeper = lock->ops->wakes_sleeper && !(next && lock->ops->is_fifo);
  struct thread *sleeper = wakes_sleeper ? first_sleeper(lock) : NULL;
  if (sleeper) {
    cost_ns += lock->cost.wake_ns;
    wake_sleeper(sleeper);
  }
  return cost_ns;
}
