/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the hypervisor does to a vCPU, and who in the guest must know: the locks and barriers of the
   threads on it, an interrupted one included. */
#include "guest/call.h"
#include "guest/guest.h"
#include "guest/interrupt.h"
#include "guest/lock.h"
#include "sim/time.h"

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
  if (call_is_made_to(g)) call_runstate_changed(g, from);
  tell_locks(g->current, v, from);
  if (g->handler) tell_locks(g->handler->below, v, from);
}

/* Of what a vCPU runs, which may be nothing. Others wait until t runs, for a lock that it has not
   entered. */
static bool holds_up_waiters(const struct thread *t) {
  if (!t) return false;
  const struct lock *awaited = t->waits_for, *latest = t->held;
  bool is_waiter = awaited && awaited->ops->is_spinlock && awaited->ops->is_fifo;
  bool is_granted = latest && !latest->is_entered && latest->ops->is_spinlock;
  return is_waiter || is_granted;
}
static bool is_inside(const struct thread *t) { return t && t->n_spin_entered > 0; }

bool guest_is_inside(const struct guest *guest, const struct vcpu *v) {
  const struct guest_vcpu *g = &guest->vcpus[v->id];
  return is_inside(g->current) || (g->handler && is_inside(g->handler->below));
}

void guest_count_preemption(struct guest *guest, struct vcpu *v) {
  const struct guest_vcpu *g = &guest->vcpus[v->id];
  if (guest_is_inside(guest, v)) v->lhp_events++;
  if (holds_up_waiters(g->current) || (g->handler && holds_up_waiters(g->handler->below)))
    v->lwp_events++;
}

/* Ends of spins, and the guest's timeslices, are times. */
static bool is_working(const struct guest_vcpu *g) {
  if (g->is_polling) return true;
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

void guest_resume(struct guest *guest, struct vcpu *v) {
  struct guest_vcpu *g = &guest->vcpus[v->id];
  if (g->n_ready > 0) guest_set_boundary(g);
  if (g->handler) interrupt_resume(g);
  guest_begin_phase(g);
}

void guest_suspend(struct guest *guest, struct vcpu *v) {
  struct guest_vcpu *g = &guest->vcpus[v->id];
  g->boundary_ns = TIME_NEVER_NS;
  guest_pause(g);
  g->work_end_ns = TIME_NEVER_NS;
}
