/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Threads, the guest's scheduler, and programs. A class-0 step of a vCPU goes on, through other
   threads if need be, until something takes time, waits, or a compute (even of 0) begins. */
#include <assert.h>

#include "naive_world.h"

bool naive_guest_is_executing(const struct naive_vcpu *vcpu) {
  return vcpu->runstate == RS_RUNNING && !vcpu->is_resuming &&
         (vcpu->is_handling || !vcpu->is_switching);
}

bool naive_guest_is_current(const struct naive_thread *thread) {
  if (naive_interrupt_is_handler(thread)) return thread->vcpu->is_handling;
  return thread->vcpu->current == thread;
}

static const struct naive_thread *fifo_end(const struct naive_vcpu *vcpu, bool is_tail) {
  const struct naive_thread *end = NULL;
  const struct naive_vm *vm = vcpu->vm;
  for (uint32_t i = 0; i < vm->n_threads; i++) {
    const struct naive_thread *thread = &vm->threads[i];
    if (!thread->fifo_place || thread->vcpu != vcpu) continue;
    if (!end || (thread->fifo_place > end->fifo_place) == is_tail) end = thread;
  }
  return end;
}

const struct naive_thread *naive_guest_head(const struct naive_vcpu *vcpu) {
  return fifo_end(vcpu, false);
}

static uint32_t fifo_length(const struct naive_vcpu *vcpu) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < vcpu->vm->n_threads; i++)
    n += vcpu->vm->threads[i].fifo_place && vcpu->vm->threads[i].vcpu == vcpu;
  return n;
}

static void fifo_add(struct naive_world *world, struct naive_vcpu *vcpu,
                     struct naive_thread *thread) {
  thread->vcpu = vcpu;
  thread->fifo_place = ++world->places;
  thread->queued_at_ns = world->now_ns;
}

static void make_current(struct naive_world *world, struct naive_vcpu *vcpu,
                         const struct naive_thread *chosen) {
  struct naive_thread *thread = &vcpu->vm->threads[chosen->index];
  assert(!vcpu->current);
  thread->fifo_place = 0;
  thread->vcpu = vcpu;
  vcpu->current = thread;
  vcpu->is_fresh = true;
  vcpu->guest_ns = 0;
  vcpu->boundary_at_ns = -1;
  if (!vcpu->is_handling) naive_world_emit(world, TRACE_CURRENT, vcpu, thread, NULL);
}

void naive_guest_leave(struct naive_world *world, struct naive_vcpu *vcpu) {
  struct naive_thread *thread = vcpu->current;
  vcpu->current = NULL;
  vcpu->is_switching = vcpu->has_deferred = false;
  vcpu->switch_left_ns = 0;
  naive_lock_owner_left(world, thread);
}

static void switch_out(struct naive_world *world, struct naive_vcpu *vcpu) {
  struct naive_thread *thread = vcpu->current;
  const struct naive_thread *next = naive_guest_head(vcpu);
  naive_guest_leave(world, vcpu);
  fifo_add(world, vcpu, thread);
  make_current(world, vcpu, next);
}

/* The thread that a vCPU about to halt takes from a sibling, or NULL. */
static const struct naive_thread *stealable(const struct naive_vcpu *thief) {
  const struct guest_spec *guest = &thief->vm->spec->guest;
  if (guest->placement == PLACEMENT_PINNED || guest->balance == BALANCE_NONE) return NULL;
  const struct naive_vcpu *victim = NULL;
  uint32_t longest = 0;
  for (uint32_t i = 0; i < thief->vm->n_vcpus; i++) {
    const struct naive_vcpu *sibling = &thief->vm->vcpus[i];
    uint32_t length = fifo_length(sibling);
    if (length + (sibling->current != NULL) < 2 || length <= longest) continue;
    longest = length;
    victim = sibling;
  }
  return victim ? fifo_end(victim, true) : NULL;
}

static bool pick_next(struct naive_world *world, struct naive_vcpu *vcpu) {
  const struct naive_thread *next = naive_guest_head(vcpu);
  if (!next) next = stealable(vcpu);
  if (next) make_current(world, vcpu, next);
  return next != NULL;
}

static bool is_idle(const struct naive_vcpu *vcpu) {
  return vcpu->runstate == RS_IDLE && vcpu->ipi_at_ns == TIME_NEVER_NS && !vcpu->current &&
         !vcpu->is_handling;
}

static struct naive_vcpu *place(const struct naive_thread *thread) {
  const struct naive_vm *vm = thread->vm;
  if (vm->spec->guest.placement == PLACEMENT_PINNED) return thread->home;
  if (is_idle(thread->vcpu)) return thread->vcpu;
  for (uint32_t i = 0; i < vm->n_vcpus; i++)
    if (is_idle(&vm->vcpus[i])) return &vm->vcpus[i];
  return thread->vcpu;
}

void naive_guest_send_ipi(struct naive_world *world, struct naive_vcpu *vcpu) {
  int64_t latency_ns = vcpu->vm->spec->guest.ipi_latency_ns;
  if (vcpu->runstate != RS_IDLE || vcpu->ipi_at_ns != TIME_NEVER_NS) return;
  if (latency_ns > 0)
    vcpu->ipi_at_ns = world->now_ns + latency_ns;
  else
    naive_host_wake(world, vcpu);
}

void naive_guest_wake(struct naive_world *world, struct naive_thread *thread) {
  struct naive_vcpu *vcpu = place(thread);
  if (vcpu->current || vcpu->is_handling || naive_interrupt_is_due(vcpu)) {
    fifo_add(world, vcpu, thread);
    return;
  }
  make_current(world, vcpu, thread);
  naive_guest_send_ipi(world, vcpu);
}

void naive_guest_start(struct naive_world *world, struct naive_vm *vm) {
  vm->has_started = true;
  naive_interrupt_start(world, vm);
  for (uint32_t i = 0; i < vm->spec->guest.n_threads; i++) {
    struct naive_thread *thread = &vm->threads[i];
    thread->iteration_from_ns = world->now_ns;
    if (thread->home->current)
      fifo_add(world, thread->home, thread);
    else
      make_current(world, thread->home, thread);
  }
  for (uint32_t i = 0; i < vm->n_vcpus; i++)
    if (vm->vcpus[i].current) naive_host_wake(world, &vm->vcpus[i]);
}

static bool is_step_due(const struct naive_vcpu *vcpu) {
  if (vcpu->is_resuming) return vcpu->overhead_left_ns == 0;
  if (vcpu->is_switching && !vcpu->is_handling) return vcpu->switch_left_ns == 0;
  const struct naive_thread *thread = naive_interrupt_on_top(vcpu);
  switch (thread->mode) {
    case MODE_NEXT:
    case MODE_RETRY:
    case MODE_DONE:
      return true;
    case MODE_WORK:
    case MODE_PAY:
      return thread->left_ns == 0;
    case MODE_SPIN:
      return thread->spin_left_ns == 0 || naive_lock_has_lost_sight(thread);
    case MODE_HALTED:
    case MODE_BARRIER_SPIN:
    case MODE_CALL_SPIN:
    case MODE_ASLEEP:
    case MODE_LOCK_ASLEEP:
    case MODE_BARRIER_ASLEEP:
      break;
  }
  return false;
}

static bool is_boundary_due(const struct naive_world *world, const struct naive_vcpu *vcpu) {
  if (vcpu->is_resuming || !vcpu->current || vcpu->boundary_at_ns != world->now_ns) return false;
  const struct naive_thread *head = naive_guest_head(vcpu);
  return head && head->queued_at_ns < world->now_ns;
}

bool naive_guest_is_due(const struct naive_world *world, const struct naive_vcpu *vcpu) {
  if (vcpu->runstate != RS_RUNNING) return false;
  if (!vcpu->is_resuming && naive_interrupt_is_due(vcpu)) return true;
  return is_step_due(vcpu) || is_boundary_due(world, vcpu);
}

static int64_t draw(struct naive_thread *thread, const struct op *op) {
  return dist_draw(&op->dist, &thread->stream[op->purpose]);
}

static struct naive_lock *lock_of(const struct naive_thread *thread, const struct op *op) {
  struct naive_lock *lock = thread->vm->locks;
  while (lock->spec_slot != op->target) lock++;
  return lock;
}

/* The step before pc is over; perhaps it was the last one of an iteration. */
void naive_guest_step_done(struct naive_world *world, struct naive_thread *thread) {
  thread->mode = MODE_NEXT;
  if (thread->program->ops[thread->pc].code != OP_END) return;
  struct vm_result *result = &thread->vm->result;
  naive_world_emit(world, TRACE_ITERATION, thread->vcpu, thread, NULL);
  result->iterations++;
  naive_measure_latency(&result->latency, world->now_ns - thread->iteration_from_ns);
  thread->iteration_from_ns = world->now_ns;
  thread->pc = 0;
  if (++thread->iterations == thread->vm->spec->guest.iterations) thread->mode = MODE_DONE;
}

static bool do_unlock(struct naive_world *world, struct naive_thread *thread, const struct op *op) {
  int64_t wake_ns = naive_lock_release(world, lock_of(thread, op));
  if (wake_ns > 0) {
    thread->mode = MODE_PAY;
    thread->after = AFTER_NEXT;
    thread->pay_as = ACT_KERNEL;
    thread->left_ns = wake_ns;
  } else {
    naive_guest_step_done(world, thread);
  }
  return true;
}

static void open_barrier(struct naive_world *world, struct naive_vm *vm,
                         struct naive_barrier *barrier) {
  for (;;) {
    struct naive_thread *first = NULL;
    for (uint32_t i = 0; i < vm->n_threads; i++) {
      struct naive_thread *thread = &vm->threads[i];
      if (thread->barrier != barrier) continue;
      if (!first || thread->barrier_place < first->barrier_place) first = thread;
    }
    if (!first) return;
    naive_world_emit(world, TRACE_BARRIER_OPEN, NULL, first, NULL);
    bool is_asleep = first->mode == MODE_BARRIER_ASLEEP;
    first->barrier = NULL;
    naive_guest_step_done(world, first);
    if (is_asleep && first->mode != MODE_DONE) naive_guest_wake(world, first);
  }
}

static bool do_barrier(struct naive_world *world, struct naive_thread *thread,
                       const struct op *op) {
  struct naive_barrier *barrier = &thread->vm->barriers[op->target];
  uint32_t n_there = 1;
  for (uint32_t i = 0; i < thread->vm->n_threads; i++)
    n_there += thread->vm->threads[i].barrier == barrier;
  if (n_there >= barrier->parties) {
    open_barrier(world, thread->vm, barrier);
    naive_guest_step_done(world, thread);
    return true;
  }
  thread->barrier = barrier;
  thread->barrier_place = ++world->places;
  naive_world_emit(world, TRACE_BARRIER_WAIT, thread->vcpu, thread, NULL);
  if (barrier->spec->wait == BARRIER_SPIN) {
    thread->mode = MODE_BARRIER_SPIN;
    return false;
  }
  thread->mode = MODE_BARRIER_ASLEEP;
  naive_guest_leave(world, thread->vcpu);
  return true;
}

static bool do_sleep(struct naive_world *world, struct naive_thread *thread, const struct op *op) {
  int64_t span_ns = draw(thread, op);
  if (span_ns == 0) {
    naive_guest_step_done(world, thread);
    return true;
  }
  thread->mode = MODE_ASLEEP;
  thread->wake_at_ns = world->now_ns + span_ns;
  naive_guest_leave(world, thread->vcpu);
  return true;
}

static bool do_op(struct naive_world *world, struct naive_thread *thread) {
  if (thread->steps_at_ns != world->now_ns) thread->steps = 0;
  thread->steps_at_ns = world->now_ns;
  if (++thread->steps > NAIVE_STEPS_MAX) {
    world->is_stuck = true;
    return false;
  }
  const struct op *op = &thread->program->ops[thread->pc++];
  switch (op->code) {
    case OP_COMPUTE:
      thread->left_ns = draw(thread, op);
      thread->mode = MODE_WORK;
      return false;
    case OP_LOCK:
      return naive_lock_request(world, thread, lock_of(thread, op));
    case OP_UNLOCK:
      return do_unlock(world, thread, op);
    case OP_SLEEP:
      return do_sleep(world, thread, op);
    case OP_BARRIER:
      return do_barrier(world, thread, op);
    case OP_YIELD:
      naive_guest_step_done(world, thread);
      if (naive_guest_head(thread->vcpu) && thread->mode != MODE_DONE)
        switch_out(world, thread->vcpu);
      return true;
    case OP_SHOOTDOWN:
      return naive_interrupt_call(world, thread, draw(thread, op));
    case OP_ENTRY:
      thread->mode = MODE_PAY;
      thread->after = AFTER_NEXT;
      thread->pay_as = ACT_KERNEL; /* left_ns, since it was taken */
      return true;
    case OP_RETURN:
      naive_interrupt_return(world, thread);
      return true;
    case OP_END:
      assert(false); /* no step: it is passed by the end of the last one */
  }
  return false;
}

/* One stretch of a thread that executes; false: the vCPU's step is over. */
static bool do_thread(struct naive_world *world, struct naive_thread *thread) {
  switch (thread->mode) {
    case MODE_NEXT:
      return do_op(world, thread);
    case MODE_WORK:
      if (thread->left_ns > 0) return false;
      naive_guest_step_done(world, thread);
      return true;
    case MODE_PAY:
      if (thread->left_ns > 0) return false;
      if (thread->after == AFTER_LINED_UP) return naive_lock_line_up_paid(world, thread);
      if (thread->after == AFTER_BLOCKED) return naive_lock_block_paid(world, thread);
      if (thread->after == AFTER_ENTER) naive_lock_enter(world, thread);
      naive_guest_step_done(world, thread);
      return true;
    case MODE_SPIN:
      return naive_lock_respin(world, thread);
    case MODE_RETRY:
      return naive_lock_retry(world, thread);
    case MODE_BARRIER_SPIN:
    case MODE_CALL_SPIN:
      return false;
    case MODE_DONE:
      naive_guest_leave(world, thread->vcpu);
      return true;
    case MODE_HALTED:
    case MODE_ASLEEP:
    case MODE_LOCK_ASLEEP:
    case MODE_BARRIER_ASLEEP:
      assert(false); /* such a thread is nobody's current one */
  }
  return false;
}

bool naive_guest_pays_switch(struct naive_vcpu *vcpu) {
  if (vcpu->is_fresh) {
    vcpu->is_fresh = false;
    if (vcpu->last_ran && vcpu->last_ran != vcpu->current)
      vcpu->switch_left_ns = vcpu->vm->spec->guest.switch_ns;
    vcpu->last_ran = vcpu->current;
  }
  vcpu->is_switching = vcpu->switch_left_ns > 0;
  return vcpu->is_switching;
}

static bool may_switch(const struct naive_vcpu *vcpu) {
  return !vcpu->is_handling && !naive_lock_forbids_switch(vcpu->current);
}

/* The end of a timeslice that had to wait; whether threads have taken turns. */
static bool catch_up(struct naive_world *world, struct naive_vcpu *vcpu) {
  if (!vcpu->has_deferred || !may_switch(vcpu)) return false;
  vcpu->has_deferred = false;
  if (!naive_guest_head(vcpu) || vcpu->current->mode == MODE_DONE) return false;
  switch_out(world, vcpu);
  return true;
}

/* A thread that goes on anew: with a computation that was just over when an interrupt came? That
   ends in a step of its own. */
static bool ends_now(const struct naive_thread *thread) {
  return thread->mode == MODE_WORK && thread->left_ns == 0;
}

/* Goes on for as long as no time passes. */
static void go_on(struct naive_world *world, struct naive_vcpu *vcpu, bool goes_on_anew) {
  while (!world->is_stuck) {
    if (naive_interrupt_is_due(vcpu)) naive_interrupt_take(world, vcpu);
    if (vcpu->is_handling) {
      if (!do_thread(world, vcpu->handler)) return;
      goes_on_anew = true;
      continue;
    }
    if (vcpu->current && catch_up(world, vcpu)) goes_on_anew = true;
    if (!vcpu->current) {
      goes_on_anew = true;
      if (!pick_next(world, vcpu)) {
        naive_host_halt(world, vcpu);
        return;
      }
    }
    if (goes_on_anew && vcpu->is_switching && vcpu->switch_left_ns == 0) return;
    if (naive_guest_pays_switch(vcpu) || (goes_on_anew && ends_now(vcpu->current))) return;
    goes_on_anew = false;
    if (!do_thread(world, vcpu->current)) return;
  }
}

void naive_guest_step(struct naive_world *world, struct naive_vcpu *vcpu) {
  bool is_at_boundary = is_boundary_due(world, vcpu), goes_on_anew = vcpu->is_resuming;
  if (!vcpu->is_resuming && naive_interrupt_is_due(vcpu)) {
    naive_interrupt_take(world, vcpu);
  } else if (is_step_due(vcpu)) {
    if (!vcpu->is_resuming && !vcpu->is_handling && vcpu->is_switching) {
      vcpu->is_switching = false;
      goes_on_anew = true;
    }
    vcpu->is_resuming = false;
  } else {
    vcpu->boundary_at_ns = -1;
    vcpu->has_deferred = true;
    if (!may_switch(vcpu)) return;
  }
  go_on(world, vcpu, goes_on_anew);
  if (vcpu->runstate == RS_IDLE && vcpu->current && is_at_boundary) { /* it may not be switched */
    vcpu->boundary_at_ns = -1;
    vcpu->has_deferred = true;
  }
}
