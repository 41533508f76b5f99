/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cross calls.

   Idea: to those who are called it is an interrupt; to the caller, a spinning barrier at which the
   other vCPUs arrive.
   Rule: the call is pending on each other vCPU at once, and done when all of them have handled it.
   Until then its thread spins with interrupts enabled, and is not switched out.
   Invariants: a vCPU makes one call at a time, for its caller stays current; n_missing counts the
   vCPUs whose `callers` have the caller's bit.
   Cost: O(vCPUs) per call; O(callers that wait for it) when the runstate of a called vCPU changes.
   Source: Linux's kernel/smp.c (smp_call_function_many_cond), arch/x86/mm/tlb.c. */
#include "guest/call.h"

#include <assert.h>

#include "guest/interrupt.h"
#include "sim/time.h"

static bool is_caller(const struct call *called, const struct guest_vcpu *g) {
  uint32_t index = g->v->index;
  return called->callers[index / 64] >> index % 64 & 1;
}

static void flip_caller(struct call *called, const struct guest_vcpu *g) {
  uint32_t index = g->v->index;
  called->callers[index / 64] ^= UINT64_C(1) << index % 64;
}

void call_create(struct guest_vcpu *g, struct arena *arena) {
  struct call *call = g->handler->call = ARENA_NEW(arena, struct call);
  *call = (struct call){.callers = ARENA_ARRAY(arena, g->vm->n_words, uint64_t)};
}

static uint32_t count_missing(const struct call *call) {
  uint32_t n = 0;
  for (int state = 0; state < RUNSTATES; state++) n += call->n_missing[state];
  return n;
}

void call_check(const struct guest_vcpu *g) {
  const struct call *call = g->handler->call;
  const struct thread *t = guest_thread_of(g);
  uint32_t n_callers = 0, n_missing[RUNSTATES] = {0};
  for (uint32_t i = 0; i < g->vm->spec->n_vcpus; i++) {
    const struct guest_vcpu *other = &g->vm->vcpus[i];
    n_callers += is_caller(call, other);
    n_missing[other->v->runstate] += is_caller(other->handler->call, g);
  }
  assert(n_callers == call->n_callers);
  for (int state = 0; state < RUNSTATES; state++)
    assert(n_missing[state] == call->n_missing[state]);
  assert((count_missing(call) > 0) == (t && t->phase == PHASE_CALL));
}

/* --- the caller --- */

static void trace(const struct thread *t, enum trace_what what) {
  struct sim *sim = t->vm->guest->sim;
  if (!sim_is_traced(sim)) return;
  struct trace_record record = sim_record(sim, what);
  record.vm = t->vm->id;
  record.vcpu = guest_vcpu_of(t)->v->id;
  record.thread = t->id;
  sim->trace->emit(sim->trace, &record);
}

static enum spin_cause call_cause(const struct call *call) {
  if (call->n_missing[RS_COSTOP] > 0) return SPIN_LHP_COSTOP;
  return call->n_missing[RS_READY] > 0 ? SPIN_LHP_READY : SPIN_CONTENDED;
}

static void update_cause(struct guest_vcpu *caller) {
  struct call *call = caller->handler->call;
  if (call->clock.n_spinners > 0)
    spin_clock_set(caller->guest->sim, &call->clock, call_cause(call));
}

void call_begin_spin(struct guest_vcpu *g) {
  struct call *call = g->handler->call;
  spin_begin(g, &call->clock, call_cause(call));
  spin_arm(g, TIME_NEVER_NS);
}

bool call_send(struct thread *t, const struct op *op) {
  struct guest_vcpu *g = guest_vcpu_of(t);
  struct guest_vm *vm = g->vm;
  struct call *call = g->handler->call;
  call->since_ns = guest_now(vm->guest);
  call->handler_ns = dist_draw(&op->dist, &t->streams[op->purpose]);
  if (g->is_alone) return false;
  trace(t, TRACE_CALL_WAIT);
  t->phase = PHASE_CALL;
  g->v->has_exited = false;
  for (uint32_t i = 0; i < vm->spec->n_vcpus; i++) {
    struct guest_vcpu *called = &vm->vcpus[i];
    if (called == g) continue;
    flip_caller(called->handler->call, g);
    called->handler->call->n_callers++;
    call->n_missing[called->v->runstate]++;
    guest_update_watch(called);
  }
  for (uint32_t i = 0; i < vm->spec->n_vcpus; i++)
    if (&vm->vcpus[i] != g) interrupt_call(&vm->vcpus[i]);
  deadlock_look(t);
  return true;
}

/* The step is done; so are those of a caller that is interrupted, or whose vCPU does not run. */
static void end_call(struct guest_vcpu *g) {
  struct thread *t = guest_thread_of(g);
  bool executes = guest_executes(t);
  if (executes) spin_end(g, NULL);
  trace(t, TRACE_CALL_DONE);
  guest_step_done(t);
  if (executes) guest_begin_phase(g);
}

/* --- who is called --- */

void call_runstate_changed(struct guest_vcpu *g, enum runstate from) {
  const struct call *called = g->handler->call;
  for (uint32_t w = 0; w < g->vm->n_words; w++)
    for (uint64_t rest = called->callers[w]; rest; rest &= rest - 1) {
      struct guest_vcpu *caller = &g->vm->vcpus[w * 64 + (uint32_t)__builtin_ctzll(rest)];
      struct call *call = caller->handler->call;
      call->n_missing[from]--;
      call->n_missing[g->v->runstate]++;
      update_cause(caller);
    }
}

struct arrival call_take(struct guest_vcpu *g) {
  struct call *called = g->handler->call;
  uint32_t w = 0;
  while (called->callers[w] == 0) w++;
  called->handles = &g->vm->vcpus[w * 64 + (uint32_t)__builtin_ctzll(called->callers[w])];
  const struct call *call = called->handles->handler->call;
  return (struct arrival){g->vm->calls, call->since_ns, call->handler_ns};
}

void call_answer(struct guest_vcpu *g) {
  struct call *called = g->handler->call;
  struct guest_vcpu *caller = called->handles;
  struct call *call = caller->handler->call;
  called->handles = NULL;
  flip_caller(called, caller);
  called->n_callers--;
  guest_update_watch(g);
  call->n_missing[g->v->runstate]--;
  if (count_missing(call) == 0)
    end_call(caller);
  else
    update_cause(caller);
}

struct thread *call_blocker(const struct thread *t, const struct guest_vcpu *g) {
  if (t->phase != PHASE_CALL || !is_caller(g->handler->call, guest_vcpu_of(t))) return NULL;
  return interrupt_is_masked(g) ? g->current : NULL;
}
