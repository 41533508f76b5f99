/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Threads through their programs, from one instant to the next. A vCPU's own step (guest_step) may
   do anything; what happens to a vCPU from outside (it is dispatched, granted a lock, released from
   a barrier) goes on at once only if nobody else can tell, else as a step of its own at this
   instant, so that simultaneous things happen in the order of VMs and vCPUs. */
#include <assert.h>

#include "guest/call.h"
#include "guest/gsched.h"
#include "guest/guest.h"
#include "guest/interrupt.h"
#include "guest/lock.h"
#include "sim/prefetch.h"
#include "sim/time.h"

enum { STEPS_PER_INSTANT_MAX = 10000 };

/* --- arming --- */

void guest_rearm(struct guest_vcpu *g) {
  int64_t at_ns = g->work_end_ns < g->boundary_ns ? g->work_end_ns : g->boundary_ns;
  if (g->is_kicked) at_ns = guest_now(g->guest);
  hv_arm(g->guest->hv, g->v, at_ns);
}

void guest_kick(struct guest_vcpu *g) {
  g->is_kicked = true;
  g->work_end_ns = TIME_NEVER_NS;
  if (g->v->activity == NO_ACTIVITY) hv_set_activity(g->guest->hv, g->v, ACT_KERNEL);
  guest_rearm(g);
}

/* --- ends of steps --- */

static __attribute__((noinline, cold)) void trace_iteration(const struct thread *t,
                                                            int64_t latency_ns) {
  struct sim *sim = t->vm->guest->sim;
  struct trace_record record = sim_record(sim, TRACE_ITERATION);
  record.vm = t->vm->id;
  record.thread = t->id;
  record.value = latency_ns;
  sim->trace->emit(sim->trace, &record);
}

void guest_iteration_done(struct sim *sim, struct thread *t) {
  t->pc = 0;
  int64_t latency_ns = sim->now_ns - t->iteration_since_ns;
  t->iteration_since_ns = sim->now_ns;
  hist_add(&t->vm->latency, latency_ns);
  if (--t->iterations_left == 0) t->phase = PHASE_DONE;
  if (sim_is_traced(sim)) trace_iteration(t, latency_ns);
}

/* --- one step of a program --- */

static void do_unlock(struct thread *t) {
  int64_t cost_ns = lock_release(t);
  if (cost_ns == 0) {
    guest_step_done(t);
    return;
  }
  t->phase = PHASE_COST;
  t->after = AFTER_STEP_DONE;
  t->rem_ns = cost_ns;
}

static void do_sleep(struct sim *sim, struct thread *t, const struct op *op) {
  int64_t sleep_ns = dist_draw(&op->dist, &t->streams[RNG_SLEEP]);
  if (sleep_ns == 0) {
    guest_step_done(t);
    return;
  }
  t->phase = PHASE_ASLEEP;
  t->n_instant = 0;
  calendar_enter(&sim->calendar, EVENT_SLEEP, t->id, sim->now_ns + sleep_ns);
}

static bool is_stuck(struct thread *t, const struct op *op) {
  if (++t->n_instant <= STEPS_PER_INSTANT_MAX) return false;
  struct sim *sim = t->vm->guest->sim;
  sim->stuck_path = op->path;
  sim->stuck_thread = t->id;
  sim->n_unwatched = 1;
  return true;
}

/* A switch that was put off is made at the outermost release, or not at all. */
static bool takes_deferred_switch(struct guest_vcpu *g, const struct thread *t) {
  if (!g->must_resched || t->n_spin_owned > 0 || t->is_handler) return false;
  g->must_resched = false;
  return g->n_ready > 0;
}

/* Does the step at pc up to where time must pass; the new phase says how. True: the vCPU changes
   threads now. */
static bool do_op(struct guest_vcpu *g, struct thread *t) {
  const struct op *op = &t->ops[t->pc];
  switch (op->code) {
    case OP_COMPUTE:
      t->phase = PHASE_WORK;
      t->rem_ns = dist_draw(&op->dist, &t->streams[op->purpose]);
      return false;
    case OP_LOCK:
      t->is_reader = op->is_read;
      lock_request(t, g->vm->lock_of[op->target]);
      return false;
    case OP_UNLOCK:
      do_unlock(t);
      return interrupt_is_due(g, t) || takes_deferred_switch(g, t);
    case OP_SLEEP:
      do_sleep(g->guest->sim, t, op);
      return false;
    case OP_BARRIER:
      if (barrier_arrive(t, g->vm->barrier_of[op->target])) guest_step_done(t);
      return false;
    case OP_YIELD:
      guest_step_done(t);
      return g->n_ready > 0;
    case OP_SHOOTDOWN:
      if (!call_send(t, op)) guest_step_done(t);
      return false;
    case OP_RETURN:
      t->phase = PHASE_RETURN;
      return false;
    case OP_ENTRY:
    case OP_END:
      break;
  }
  assert(false && "begins a handler, or ends an iteration: no step");
  return false;
}

static void finish_cost(struct thread *t) {
  switch ((enum after_cost)t->after) {
    case AFTER_STEP_DONE:
      guest_step_done(t);
      break;
    case AFTER_LINE_UP:
      lock_stands_in_line(t);
      break;
    case AFTER_BLOCK:
      (void)lock_falls_asleep(t);
      break;
  }
}

static void set_activity(struct guest_vcpu *g, enum activity activity) {
  hv_set_activity(g->guest->hv, g->v, activity);
}

static void begin_timed(struct guest_vcpu *g, enum activity activity, int64_t length_ns) {
  set_activity(g, activity);
  g->work_end_ns = guest_now(g->guest) + hv_time_ns(g->guest->hv, g->v, length_ns);
  if (length_ns > 0) g->current->n_instant = 0;
}

/* While no timeslice of the guest's ends, the hypervisor alone may interrupt work and resume it. */
static void begin_steady(struct guest_vcpu *g, enum activity activity) {
  g->v->is_steady = g->n_ready == 0 && g->boundary_ns == TIME_NEVER_NS;
  g->v->steady_activity = (uint8_t)activity;
}

static enum activity activity_of_work(const struct thread *t) {
  return t->n_entered > 0 ? ACT_CRITICAL : ACT_USEFUL;
}

static bool is_spinlock_handoff(const struct thread *t) { return t->held->ops->is_spinlock; }

/* The current thread goes on until time must pass (true; work_end_ns says how long) or it leaves
   its vCPU or gives it up (false). */
static bool advance(struct guest_vcpu *g) {
  struct thread *t = g->current;
  for (;;) switch ((enum phase)t->phase) {
      case PHASE_NEXT:
        g->work_end_ns = TIME_NEVER_NS;
        if (is_stuck(t, &t->ops[t->pc])) return true;
        if (takes_deferred_switch(g, t)) {
          guest_rotate(g);
          return false;
        }
        if (do_op(g, t)) {
          if (interrupt_is_due(g, t)) {
            interrupt_take(g);
            return false;
          }
          if (t->phase == PHASE_DONE) break;
          guest_rotate(g);
          return false;
        }
        break;
      case PHASE_WORK:
        begin_timed(g, activity_of_work(t), t->rem_ns);
        begin_steady(g, activity_of_work(t));
        return true;
      case PHASE_COST:
        if (t->rem_ns > 0) {
          begin_timed(g, ACT_KERNEL, t->rem_ns);
          return true;
        }
        finish_cost(t);
        break;
      case PHASE_HANDOFF:
        if (t->rem_ns > 0) {
          begin_timed(g, is_spinlock_handoff(t) ? ACT_SPIN : ACT_KERNEL, t->rem_ns);
          g->phase_since_ns = guest_now(g->guest);
          return true;
        }
        lock_enter(t);
        guest_step_done(t);
        break;
      case PHASE_SPIN:
        if (lock_must_spin(t)) {
          lock_begin_spin(t);
          spin_arm(g, lock_spin_left_ns(t));
          return true;
        }
        lock_retry(t);
        break;
      case PHASE_HALTED:
      case PHASE_RETRY:
        lock_retry(t);
        break;
      case PHASE_BARRIER:
        barrier_begin_spin(g);
        return true;
      case PHASE_CALL:
        call_begin_spin(g);
        return true;
      case PHASE_RETURN:
        interrupt_return(g);
        return false;
      case PHASE_ASLEEP:
      case PHASE_DONE:
        guest_leave(g);
        return false;
    }
}

/* --- a vCPU's own step --- */

static void halt(struct guest_vcpu *g) {
  g->work_end_ns = g->boundary_ns = TIME_NEVER_NS;
  if (!g->current) guest_set_idle(g, true);
  if (g->vm->gsched->hooks) g->vm->gsched->hooks->halting(g);
  hv_halt(g->guest->hv, g->v);
}

/* True: a guest context switch is to be paid first. */
static bool must_switch(struct guest_vcpu *g) {
  if (g->last != g->current) {
    g->switch_ns = g->last ? g->vm->spec->switch_ns : 0;
    g->owes_switch = g->switch_ns > 0;
    g->last = g->current;
  }
  if (g->owes_switch) begin_timed(g, ACT_KERNEL, g->switch_ns);
  return g->owes_switch;
}

static void go_on_polling(struct guest_vcpu *g) {
  set_activity(g, ACT_KERNEL);
  g->work_end_ns = guest_now(g->guest) + hv_time_ns(g->guest->hv, g->v, g->switch_ns);
  guest_rearm(g);
}

static void begin_idling(struct guest_vcpu *g) {
  if (g->vm->poll_ns == 0) {
    halt(g);
    return;
  }
  g->is_polling = true;
  g->switch_ns = g->vm->poll_ns;
  go_on_polling(g);
}

void guest_run(struct guest_vcpu *g) {
  do {
    if (!g->current && !guest_find_thread(g)) {
      begin_idling(g);
      return;
    }
  } while (!must_switch(g) && !advance(g));
  guest_rearm(g);
}

void guest_prepare(struct guest_vcpu *g) {
  struct thread *t = g->current;
  const struct op *op = &t->ops[t->pc];
  if (t->phase != PHASE_NEXT || op->code != OP_COMPUTE) return;
  if (g->last != t || t->n_instant > 0) return;
  t->phase = PHASE_WORK;
  t->rem_ns = g->v->left_ns = dist_draw(&op->dist, &t->streams[op->purpose]);
  t->n_instant = t->rem_ns == 0;
  begin_steady(g, activity_of_work(t));
}

/* Would going on stay within this vCPU? */
static bool is_private(const struct guest_vcpu *g) {
  const struct thread *t = g->current;
  switch ((enum phase)t->phase) {
    case PHASE_WORK:
    case PHASE_BARRIER:
    case PHASE_CALL:
      return true;
    case PHASE_NEXT:
      return t->ops[t->pc].code == OP_COMPUTE && !g->must_resched;
    case PHASE_COST:
      return t->rem_ns > 0;
    case PHASE_HANDOFF:
      return t->rem_ns > 0 || t->ops[t->pc + 1].code == OP_COMPUTE;
    case PHASE_SPIN:
      return lock_must_spin(t);
    case PHASE_HALTED:
    case PHASE_RETRY:
    case PHASE_RETURN:
    case PHASE_ASLEEP:
    case PHASE_DONE:
      return false;
  }
  return false;
}

void guest_begin_phase(struct guest_vcpu *g) {
  g->is_kicked = false;
  if (g->is_polling) {
    go_on_polling(g);
  } else if (must_switch(g)) {
    guest_rearm(g);
  } else if (is_private(g)) {
    (void)advance(g);
    guest_rearm(g);
  } else {
    guest_kick(g);
  }
}

/* What is timed, or spun, stops. */
void guest_pause(struct guest_vcpu *g) {
  struct thread *t = g->current;
  int64_t left_ns = hv_work_ns(g->guest->hv, g->v, g->work_end_ns - guest_now(g->guest));
  if (g->is_kicked) {
    g->is_kicked = false;
    return;
  }
  if (g->owes_switch || g->is_polling) {
    g->switch_ns = left_ns;
    return;
  }
  switch ((enum phase)t->phase) {
    case PHASE_WORK:
    case PHASE_COST:
      t->rem_ns = left_ns;
      break;
    case PHASE_HANDOFF:
      t->rem_ns = left_ns;
      if (is_spinlock_handoff(t))
        spin_book_contended(g, t->held->whole->spin_ns, guest_now(g->guest) - g->phase_since_ns);
      break;
    case PHASE_SPIN:
      lock_end_spin(t);
      break;
    case PHASE_BARRIER:
    case PHASE_CALL:
      spin_end(g, NULL);
      break;
    case PHASE_NEXT:
    case PHASE_HALTED:
    case PHASE_RETRY:
    case PHASE_RETURN:
    case PHASE_ASLEEP:
    case PHASE_DONE:
      break;
  }
}

bool guest_is_bound(const struct thread *t) {
  return t->n_spin_owned > 0 || t->phase == PHASE_CALL ||
         (t->waits_for && t->waits_for->ops->is_spinlock);
}

static void pass_boundary(struct guest_vcpu *g) {
  const struct thread *t = g->current;
  bool is_over = g->vm->gsched->turn_is_over(g), must_defer = guest_is_bound(t) || t->is_handler;
  if (must_defer && is_over) g->must_resched = true;
  if (must_defer || !is_over) {
    guest_set_boundary(g);
    guest_rearm(g);
    return;
  }
  guest_pause(g);
  guest_rotate(g);
  guest_run(g);
}

static void finish_timed(struct guest_vcpu *g) {
  struct thread *t = g->current;
  if (g->is_polling) {
    g->is_polling = false;
    halt(g);
    return;
  }
  if (g->owes_switch) {
    g->owes_switch = false;
    guest_run(g);
    return;
  }
  if (spin_is_put_off(g, t)) {
    spin_look_again(g);
    return;
  }
  if (spin_must_exit(g, t)) {
    hv_spin_exit(g->guest->hv, g->v);
    return;
  }
  switch ((enum phase)t->phase) {
    case PHASE_WORK:
      g->v->is_steady = false;
      guest_step_done(t);
      break;
    case PHASE_HANDOFF:
      if (is_spinlock_handoff(t))
        spin_book_contended(g, t->held->whole->spin_ns, guest_now(g->guest) - g->phase_since_ns);
      t->rem_ns = 0;
      break;
    case PHASE_COST:
      t->rem_ns = 0;
      break;
    case PHASE_SPIN:
      lock_reach_limit(t);
      if (t->phase != PHASE_HALTED) break;
      if (g->boundary_ns <= guest_now(g->guest) && g->vm->gsched->turn_is_over(g))
        g->must_resched = true;
      halt(g);
      return;
    case PHASE_NEXT:
    case PHASE_HALTED:
    case PHASE_RETRY:
    case PHASE_BARRIER:
    case PHASE_CALL:
    case PHASE_RETURN:
    case PHASE_ASLEEP:
    case PHASE_DONE:
      assert(false && "nothing of this phase is timed");
      break;
  }
  guest_run(g);
}

void guest_step(struct guest *guest, struct vcpu *v) {
  vcpu_id_t id = (vcpu_id_t)(v - guest->hv_vcpus); /* v itself may not be at hand yet */
  thread_id_t thread = guest->current_id[id];
  struct guest_vcpu *g = &guest->vcpus[id];
  if (v->is_steady && guest->threads[thread].is_solo) {
    guest->sim->n_events++;
    solo_work_done(guest, v, thread);
    return;
  }
  if (g->is_kicked) {
    g->is_kicked = false;
    guest_run(g);
    return;
  }
  guest->sim->n_events++;
  if (v->is_steady || g->work_end_ns <= guest->sim->now_ns)
    finish_timed(g);
  else if (g->boundary_ns <= guest->sim->now_ns)
    pass_boundary(g);
}

/* --- what will be needed soon --- */

void guest_prefetch_step(const struct guest *guest, vcpu_id_t vcpu) {
  thread_id_t thread = guest->current_id[vcpu];
  if (!guest->is_all_solo) prefetch_line(&guest->vcpus[vcpu]);
  prefetch_line(&guest->threads[thread]);
  prefetch_line(&guest->streams[guest->n_streams * thread + RNG_COMPUTE]);
  prefetch_line(&guest->streams[guest->n_streams * thread + RNG_SLEEP]);
}

void guest_prefetch_wake(const struct guest *guest, thread_id_t thread) {
  vcpu_id_t vcpu = guest->wake_hint[thread].vcpu;
  prefetch_line(&guest->vms[guest->wake_hint[thread].vm].latency);
  prefetch_line(&guest->threads[thread]);
  if (!guest->is_all_solo) prefetch_line(&guest->vcpus[vcpu]);
  if (!guest->is_all_solo) prefetch_line(&guest->streams[guest->n_streams * thread + RNG_COMPUTE]);
  vcpu_prefetch(&guest->hv_vcpus[vcpu]);
}

/* --- what time does to a thread --- */

void guest_on_sleep_end(struct guest *guest, thread_id_t thread) {
  struct thread *t = &guest->threads[thread];
  guest->sim->n_events++;
  calendar_clear(&guest->sim->calendar, EVENT_SLEEP, thread);
  if (t->is_solo) {
    solo_sleep_end(guest, thread);
    return;
  }
  guest_step_done(t);
  if (t->phase != PHASE_DONE) guest_wake_thread(t);
}
