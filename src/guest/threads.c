/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Threads on vCPUs: each vCPU has a current thread and a queue of ready ones. The kinds of guest
   scheduler only advise (guest/gsched.h). */
#include <assert.h>

#include "guest/call.h"
#include "guest/gsched.h"
#include "guest/guest.h"
#include "guest/lock.h"
#include "sim/time.h"

static uint32_t index_of(const struct guest_vcpu *g) { return g->v->index; }

/* Of schedulers that steal: the sibling with the longest queue is found in O(log vCPUs); ties go to
   the lowest vCPU, which is the first leaf with the least key. */
static void update_stealable(struct guest_vcpu *g) {
  if (!g->may_steal) return;
  bool keeps_one = g->n_ready + (guest_thread_of(g) != NULL) >= 2;
  int64_t key = g->n_ready > 0 && keeps_one ? -(int64_t)g->n_ready : WTREE_NONE;
  wtree_set(&g->vm->stealable, index_of(g), key);
}

void guest_set_boundary(struct guest_vcpu *g) {
  g->boundary_ns = TIME_NEVER_NS;
  if (g->n_ready == 0 || !g->current || !g->v->is_executing) return;
  g->boundary_ns = g->vm->gsched->boundary_ns(g);
}

/* --- the queue --- */

/* Its work is no longer all that may happen to g. */
void guest_cease_steady(struct guest_vcpu *g) {
  if (!g->v->is_steady) return;
  assert(g->current);
  g->v->is_steady = false;
  if (g->v->is_executing)
    g->work_end_ns = hv_armed_ns(g->guest->hv, g->v);
  else
    g->current->rem_ns = g->v->left_ns;
}

static void push(struct guest_vcpu *g, struct thread *t) {
  guest_cease_steady(g);
  const struct gsched_hooks *hooks = g->vm->gsched->hooks;
  t->next = hooks ? hooks->follower(g, t) : NULL;
  t->previous = t->next ? t->next->previous : g->tail;
  if (t->previous)
    t->previous->next = t;
  else
    g->head = t;
  if (t->next)
    t->next->previous = t;
  else
    g->tail = t;
  g->n_ready++;
  g->vm->n_ready++;
  update_stealable(g);
}

static void take(struct guest_vcpu *g, struct thread *t) {
  if (t->previous)
    t->previous->next = t->next;
  else
    g->head = t->next;
  if (t->next)
    t->next->previous = t->previous;
  else
    g->tail = t->previous;
  g->n_ready--;
  g->vm->n_ready--;
  update_stealable(g);
}

/* --- the current thread --- */

static __attribute__((noinline, cold)) void trace_current(const struct guest_vcpu *g) {
  struct sim *sim = g->guest->sim;
  struct trace_record record = sim_record(sim, TRACE_CURRENT);
  record.vm = g->vm->id;
  record.vcpu = g->v->id;
  if (g->current) record.thread = g->current->id;
  sim->trace->emit(sim->trace, &record);
}

void guest_trace_current(struct guest_vcpu *g) {
  if (sim_is_traced(g->guest->sim)) trace_current(g);
}

static bool is_about_locks(const struct thread *t) { return t && (t->held || t->waits_for); }

void guest_update_watch(struct guest_vcpu *g) {
  bool must_hear = g->vm->has_spinning_barrier || is_about_locks(g->current) ||
                   (g->handler && is_about_locks(g->handler->below)) || call_is_made_to(g);
  unsigned others = g->v->listeners & ~(unsigned)LISTENER_GUEST;
  g->v->listeners = (uint8_t)(others | (must_hear ? LISTENER_GUEST : 0));
}

static void set_current(struct guest_vcpu *g, struct thread *t) {
  g->current = t;
  g->guest->current_id[g->v->id] = t->id;
  g->clock_ns = vcpu_guest_ns(g->v, guest_now(g->guest));
  g->must_resched = g->v->has_exited = false;
  if (t->held || t->waits_for) guest_update_watch(g);
  if (t->waits_for && g->v->runstate == RS_RUNNING) lock_waiter_runs(t, +1);
  if (g->n_ready > 0) update_stealable(g);
  if (g->vm->gsched->hooks) g->vm->gsched->hooks->started(g);
  guest_set_boundary(g);
  if (sim_is_traced(g->guest->sim)) trace_current(g);
}

static void unset_current(struct guest_vcpu *g) {
  struct thread *t = g->current;
  if (g->vm->gsched->hooks) g->vm->gsched->hooks->stopping(g);
  if (t->held) lock_owner_leaves(t);
  if (t->waits_for && g->v->runstate == RS_RUNNING) lock_waiter_runs(t, -1);
  g->current = NULL;
  if (g->v->listeners & LISTENER_GUEST) guest_update_watch(g);
  if (sim_is_traced(g->guest->sim)) trace_current(g);
}

void guest_put(struct guest_vcpu *g, struct thread *t) {
  t->at = g;
  g->guest->wake_hint[t->id].vcpu = g->v->id;
  if (!g->current) {
    set_current(g, t);
  } else {
    push(g, t);
    if (g->vm->gsched->hooks) {
      g->vm->gsched->hooks->came(g);
    } else if (g->n_ready == 1 && g->v->is_executing) {
      guest_set_boundary(g);
      guest_rearm(g);
    }
  }
  if (t->vm->has_spinning_barrier) barrier_present(g, t, +1);
}

void guest_leave(struct guest_vcpu *g) {
  if (g->vm->has_spinning_barrier) barrier_present(g, g->current, -1);
  unset_current(g);
}

void guest_rotate(struct guest_vcpu *g) {
  struct thread *t = g->current, *next = g->head;
  unset_current(g);
  take(g, next);
  push(g, t);
  set_current(g, next);
}

/* t leaves the queue that it is in. */
static void move(struct thread *t, struct guest_vcpu *to) {
  if (t->vm->has_spinning_barrier) barrier_present(t->at, t, -1);
  take(t->at, t);
  guest_put(to, t);
}

static bool steal(struct guest_vcpu *g) {
  if (!g->may_steal || g->vm->n_ready == 0) return false;
  struct guest_vm *vm = g->vm;
  int64_t longest = wtree_min(&vm->stealable);
  if (longest == WTREE_NONE) return false;
  move(vm->vcpus[wtree_find(&vm->stealable, 0, longest)].tail, g);
  return true;
}

bool guest_find_thread(struct guest_vcpu *g) {
  assert(!g->current);
  if (g->n_ready == 0) return steal(g);
  struct thread *t = g->head;
  take(g, t);
  set_current(g, t);
  return true;
}

/* --- waking --- */

void guest_set_idle(struct guest_vcpu *g, bool is_idle) {
  g->is_idle = is_idle;
  if (g->is_alone) return;
  struct guest_vm *vm = g->vm;
  vm->idle[g->v->index / 64] ^= UINT64_C(1) << g->v->index % 64;
  vm->n_idle += is_idle ? 1u : UINT32_MAX;
}

void guest_wake_vcpu(struct guest_vcpu *g) {
  struct guest *guest = g->guest;
  int64_t latency_ns = g->vm->ipi_latency_ns;
  if (latency_ns == 0 || hv_is_polling(guest->hv, g->v))
    hv_wake(guest->hv, g->v);
  else
    calendar_set(&guest->sim->calendar, EVENT_IPI, g->v->id, guest_now(guest) + latency_ns);
}

/* g, which may have had nothing to do, has got a thread. */
static void rouse(struct guest_vcpu *g) {
  if (g->is_polling) {
    g->is_polling = false;
    if (g->v->is_executing) guest_kick(g);
    return;
  }
  if (!g->is_idle) return;
  guest_set_idle(g, false);
  guest_prepare(g);
  guest_wake_vcpu(g);
}

void guest_wake_thread(struct thread *t) {
  struct guest_vcpu *g = t->vm->gsched->wake_place(t);
  guest_put(g, t);
  rouse(g);
}

void guest_move(struct thread *t, struct guest_vcpu *to) {
  move(t, to);
  rouse(to);
}

void guest_on_ipi(struct guest *guest, vcpu_id_t vcpu) {
  struct sim *sim = guest->sim;
  struct guest_vcpu *g = &guest->vcpus[vcpu];
  sim->n_events++;
  calendar_clear(&sim->calendar, EVENT_IPI, vcpu);
  if (g->v->runstate == RS_IDLE)
    hv_wake(guest->hv, g->v);
  else
    g->vm->gsched->hooks->notified(g);
}
