/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The guest scheduler: each vCPU has a current thread and a FIFO of ready ones; a woken thread goes
   to its last vCPU if that is idle, else to the lowest idle one, else to its last; a vCPU about to
   halt takes the last ready thread of the sibling with the longest FIFO. */
#include <assert.h>

#include "guest/guest.h"
#include "guest/lock.h"
#include "sim/time.h"

static bool may_steal(const struct guest_vm *vm) {
  return vm->spec->balance == BALANCE_STEAL && vm->spec->placement != PLACEMENT_PINNED &&
         vm->spec->n_vcpus > 1;
}

static uint32_t index_of(const struct guest_vcpu *g) { return g->v->index; }

/* The sibling with the longest FIFO is found in O(log vCPUs); ties go to the lowest vCPU, which is
   the first leaf with the least key. */
static void update_stealable(struct guest_vcpu *g) {
  if (!may_steal(g->vm)) return;
  bool keeps_one = g->n_ready + (g->current != NULL) >= 2;
  int64_t key = g->n_ready > 0 && keeps_one ? -(int64_t)g->n_ready : WTREE_NONE;
  wtree_set(&g->vm->stealable, index_of(g), key);
}

void guest_set_boundary(struct guest_vcpu *g) {
  g->boundary_ns = TIME_NEVER_NS;
  if (g->n_ready == 0 || !g->current || !g->v->is_executing) return;
  int64_t timeslice_ns = g->vm->spec->timeslice_ns;
  int64_t used_ns = guest_time(g) - g->current_guest_ns;
  g->boundary_ns = guest_now(g->vm) + timeslice_ns - used_ns % timeslice_ns;
}

/* --- the FIFO --- */

static void push(struct guest_vcpu *g, struct thread *t) {
  t->next = NULL;
  t->previous = g->tail;
  if (g->tail)
    g->tail->next = t;
  else
    g->head = t;
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
  struct sim *sim = g->vm->guest->sim;
  struct trace_record record = sim_record(sim, TRACE_CURRENT);
  record.vm = g->vm->id;
  record.vcpu = g->v->id;
  if (g->current) record.thread = g->current->id;
  sim->trace->emit(sim->trace, &record);
}

static void set_current(struct guest_vcpu *g, struct thread *t) {
  g->current = t;
  g->current_guest_ns = guest_time(g);
  g->must_resched = false;
  if (t->waits_for && g->v->runstate == RS_RUNNING) lock_waiter_runs(t, +1);
  if (g->n_ready > 0) update_stealable(g);
  guest_set_boundary(g);
  if (sim_is_traced(g->vm->guest->sim)) trace_current(g);
}

static void unset_current(struct guest_vcpu *g) {
  struct thread *t = g->current;
  if (t->held) lock_owner_leaves(t);
  if (t->waits_for && g->v->runstate == RS_RUNNING) lock_waiter_runs(t, -1);
  g->current = NULL;
  if (sim_is_traced(g->vm->guest->sim)) trace_current(g);
}

void guest_put(struct guest_vcpu *g, struct thread *t) {
  t->vcpu = index_of(g);
  if (!g->current) {
    set_current(g, t);
  } else {
    push(g, t);
    if (g->n_ready == 1 && g->v->is_executing) {
      guest_set_boundary(g);
      guest_rearm(g);
    }
  }
  if (g->vm->has_spinning_barrier) barrier_present(g, t, +1);
}

void guest_leave(struct guest_vcpu *g) {
  struct thread *t = g->current;
  if (g->vm->has_spinning_barrier) barrier_present(g, t, -1);
  unset_current(g);
}

void guest_rotate(struct guest_vcpu *g) {
  struct thread *t = g->current, *next = g->head;
  unset_current(g);
  take(g, next);
  push(g, t);
  set_current(g, next);
}

static bool steal(struct guest_vcpu *g) {
  struct guest_vm *vm = g->vm;
  if (vm->n_ready == 0 || !may_steal(vm)) return false;
  int64_t longest = wtree_min(&vm->stealable);
  if (longest == WTREE_NONE) return false;
  struct guest_vcpu *victim = &vm->vcpus[wtree_find(&vm->stealable, 0, longest)];
  struct thread *t = victim->tail;
  if (vm->has_spinning_barrier) barrier_present(victim, t, -1);
  take(victim, t);
  guest_put(g, t);
  return true;
}

bool guest_find_thread(struct guest_vcpu *g) {
  assert(!g->current);
  if (!g->head) return steal(g);
  struct thread *t = g->head;
  take(g, t);
  set_current(g, t);
  return true;
}

/* --- waking --- */

static bool is_idle(const struct guest_vm *vm, uint32_t i) {
  return vm->idle[i / 64] >> i % 64 & 1;
}

static uint32_t lowest_idle(const struct guest_vm *vm) {
  uint32_t w = 0;
  while (vm->idle[w] == 0) w++;
  return w * 64 + (uint32_t)__builtin_ctzll(vm->idle[w]);
}

static uint32_t wake_place(const struct thread *t) {
  const struct guest_vm *vm = t->vm;
  if (vm->spec->placement == PLACEMENT_PINNED) return t->index % vm->spec->n_vcpus;
  if (vm->n_idle == 0 || is_idle(vm, t->vcpu)) return t->vcpu;
  return lowest_idle(vm);
}

void guest_wake_thread(struct thread *t) {
  struct guest_vm *vm = t->vm;
  uint32_t i = wake_place(t);
  struct guest_vcpu *g = &vm->vcpus[i];
  guest_put(g, t);
  if (!is_idle(vm, i)) return;
  vm->idle[i / 64] &= ~(UINT64_C(1) << i % 64);
  vm->n_idle--;
  if (vm->spec->ipi_latency_ns == 0) {
    hv_wake(vm->guest->hv, g->v);
    return;
  }
  struct sim *sim = vm->guest->sim;
  calendar_set(&sim->calendar, EVENT_IPI, g->v->id, sim->now_ns + vm->spec->ipi_latency_ns);
}

void guest_on_ipi(struct guest *guest, vcpu_id_t vcpu) {
  struct sim *sim = guest->sim;
  sim->n_events++;
  calendar_clear(&sim->calendar, EVENT_IPI, vcpu);
  hv_wake(guest->hv, guest->vcpus[vcpu].v);
}
