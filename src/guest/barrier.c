/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Barriers. For a spinning one it is known at any time how many of the threads that it still waits
   for are current or queued on vCPUs in each runstate: the blame for its spinners' time. */
#include "guest/guest.h"
#include "sim/time.h"

static __attribute__((noinline, cold)) void trace_barrier(const struct thread *t,
                                                          const struct barrier *barrier,
                                                          enum trace_what what) {
  struct sim *sim = t->vm->guest->sim;
  struct trace_record record = sim_record(sim, what);
  record.vm = t->vm->id;
  record.vcpu = guest_vcpu_of(t)->v->id;
  record.thread = t->id;
  record.lock = (lock_id_t)(barrier->spec - t->vm->guest->barrier_specs);
  sim->trace->emit(sim->trace, &record);
}

static enum spin_cause barrier_cause(const struct barrier *barrier) {
  if (barrier->n_missing[RS_COSTOP] > 0) return SPIN_LHP_COSTOP;
  return barrier->n_missing[RS_READY] > 0 ? SPIN_LHP_READY : SPIN_CONTENDED;
}

void barrier_begin_spin(struct guest_vcpu *g) {
  struct barrier *barrier = g->current->barrier;
  spin_begin(g, &barrier->clock, barrier_cause(barrier));
  spin_arm(g, TIME_NEVER_NS);
}

static void update_cause(struct guest_vm *vm, struct barrier *barrier) {
  if (barrier->clock.n_spinners > 0)
    spin_clock_set(vm->guest->sim, &barrier->clock, barrier_cause(barrier));
}

void barrier_present(struct guest_vcpu *g, const struct thread *t, int change) {
  for (uint32_t i = 0; i < g->vm->n_barriers; i++) {
    struct barrier *barrier = &g->vm->barriers[i];
    if (barrier->spec->wait != BARRIER_SPIN) continue;
    if (t->barrier == barrier)
      barrier->n_here[g->v->index] += (uint32_t)change;
    else
      barrier->n_missing[g->v->runstate] += (uint32_t)change;
    update_cause(g->vm, barrier);
  }
}

void barrier_runstate_changed(struct guest_vcpu *g, enum runstate from) {
  for (uint32_t i = 0; i < g->vm->n_barriers; i++) {
    struct barrier *barrier = &g->vm->barriers[i];
    if (barrier->spec->wait != BARRIER_SPIN) continue;
    uint32_t missing = (guest_thread_of(g) != NULL) + g->n_ready - barrier->n_here[g->v->index];
    barrier->n_missing[from] -= missing;
    barrier->n_missing[g->v->runstate] += missing;
    update_cause(g->vm, barrier);
  }
}

/* t, on a vCPU, is waited for no longer (or again, change -1). */
static void move_here(struct barrier *barrier, const struct thread *t, int change) {
  const struct guest_vcpu *g = guest_vcpu_of(t);
  barrier->n_here[t->at->v->index] += (uint32_t)change;
  barrier->n_missing[g->v->runstate] -= (uint32_t)change;
}

static void release_spinner(struct barrier *barrier, struct thread *t) {
  struct guest_vcpu *g = guest_vcpu_of(t);
  bool executes = guest_executes(t);
  move_here(barrier, t, -1);
  t->barrier = NULL;
  if (executes && g->spin) spin_end(g, NULL);
  guest_step_done(t);
  if (executes && !g->owes_switch) guest_begin_phase(g);
}

static void open_barrier(struct barrier *barrier) {
  uint32_t n = barrier->n_arrived;
  barrier->n_arrived = 0;
  for (uint32_t i = 0; i < n; i++) {
    struct thread *t = barrier->arrived[i];
    if (sim_is_traced(t->vm->guest->sim)) trace_barrier(t, barrier, TRACE_BARRIER_OPEN);
    if (barrier->spec->wait == BARRIER_SPIN) {
      release_spinner(barrier, t);
      continue;
    }
    t->barrier = NULL;
    guest_step_done(t);
    if (t->phase != PHASE_DONE) guest_wake_thread(t);
  }
}

bool barrier_arrive(struct thread *t, struct barrier *barrier) {
  if (barrier->n_arrived + 1 >= barrier->parties) {
    open_barrier(barrier);
    return true;
  }
  if (sim_is_traced(t->vm->guest->sim)) trace_barrier(t, barrier, TRACE_BARRIER_WAIT);
  barrier->arrived[barrier->n_arrived++] = t;
  t->barrier = barrier;
  t->phase = PHASE_ASLEEP;
  if (barrier->spec->wait == BARRIER_SPIN) {
    t->phase = PHASE_BARRIER;
    guest_vcpu_of(t)->v->has_exited = false;
    move_here(barrier, t, +1);
    update_cause(t->vm, barrier);
  }
  return false;
}
