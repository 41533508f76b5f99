/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the hypervisor does to a vCPU, and who in the guest must know: the locks and barriers of the
   threads on it, an interrupted one included. */
#include "guest/guest.h"
#include "guest/lock.h"

/* The runstate of the vCPU that t is on has changed. */
static void tell_locks(struct thread *t, const struct vcpu *v, enum runstate from) {
  if (!t) return;
  if (t->held) lock_owner_moved(t);
  if (!t->waits_for) return;
  if (v->runstate == RS_RUNNING)
    lock_waiter_runs(t, +1);
  else if (from == RS_RUNNING)
    lock_waiter_runs(t, -1);
}

void guest_runstate_changed(struct guest *guest, struct vcpu *v, enum runstate from) {
  struct guest_vcpu *g = &guest->vcpus[v->id];
  if (g->vm->has_spinning_barrier) barrier_runstate_changed(g, from);
  tell_locks(g->current, v, from);
  if (g->handler) tell_locks(g->handler->below, v, from);
}

/* Others wait until it runs, for a lock that it has not entered. */
static bool holds_up_waiters(const struct thread *t) {
  const struct lock *awaited = t->waits_for, *latest = t->held;
  bool is_waiter = awaited && awaited->ops->is_spinlock && awaited->ops->is_fifo;
  bool is_granted = latest && !latest->is_entered && latest->ops->is_spinlock;
  return is_waiter || is_granted;
}

bool guest_is_inside(const struct guest *guest, const struct vcpu *v) {
  const struct guest_vcpu *g = &guest->vcpus[v->id];
  const struct thread *below = g->handler ? g->handler->below : NULL;
  return g->current->n_spin_entered > 0 || (below && below->n_spin_entered > 0);
}

void guest_count_preemption(struct guest *guest, struct vcpu *v) {
  const struct guest_vcpu *g = &guest->vcpus[v->id];
  const struct thread *t = g->current, *below = g->handler ? g->handler->below : NULL;
  if (guest_is_inside(guest, v)) v->lhp_events++;
  if (holds_up_waiters(t) || (below && holds_up_waiters(below))) v->lwp_events++;
}

/* Ends of spins, and the guest's timeslices, are times. */
static bool is_working(const struct guest_vcpu *g) {
  unsigned phase = g->current->phase;
  return g->owes_switch || phase == PHASE_WORK || phase == PHASE_COST || phase == PHASE_HANDOFF;
}

void guest_speed_changed(struct guest *guest, struct vcpu *v) {
  struct guest_vcpu *g = &guest->vcpus[v->id];
  int64_t now = guest_now(guest);
  if (!is_working(g)) return;
  g->work_end_ns = now + hv_retimed_ns(guest->hv, v, g->work_end_ns - now);
  guest_rearm(g);
}
