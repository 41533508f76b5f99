/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Interrupts of devices and timers, and cross calls. A vCPU's handler is a context of its own; the
   thread below it stays the vCPU's current one, and nothing of it changes meanwhile. */
#include "naive_world.h"

static const struct interrupt_spec *spec_of(const struct naive_line *line) {
  return &line->vm->spec->guest.interrupts[line->source];
}

static struct rng_stream *streams_of(const struct naive_vcpu *vcpu, uint32_t source) {
  uint32_t n_sources = vcpu->vm->spec->guest.n_interrupts;
  return &vcpu->vm->streams[(size_t)(vcpu->index * n_sources + source) * RNG_PURPOSES];
}

static void build_streams(const struct naive_world *world, struct naive_vm *vm,
                          uint32_t replication, struct arena *arena) {
  const struct guest_spec *guest = &vm->spec->guest;
  vm->streams = ARENA_ARRAY(arena, (size_t)vm->n_vcpus * guest->n_interrupts * RNG_PURPOSES,
                            struct rng_stream);
  for (uint32_t v = 0; v < vm->n_vcpus; v++)
    for (uint32_t i = 0; i < guest->n_interrupts; i++)
      for (unsigned purpose = 0; purpose < RNG_PURPOSES; purpose++)
        rng_stream_init(&streams_of(&vm->vcpus[v], i)[purpose], world->scenario->run.seed,
                        replication, (enum rng_purpose)purpose, vm->spec->name,
                        arena_printf(arena, "%s/%u", guest->interrupts[i].name, v));
}

void naive_interrupt_build(struct naive_world *world, struct naive_vm *vm, uint32_t replication,
                           struct arena *arena) {
  const struct guest_spec *guest = &vm->spec->guest;
  if (guest->n_interrupts == 0) return;
  build_streams(world, vm, replication, arena);
  for (uint32_t v = 0; v < vm->n_vcpus; v++) {
    struct naive_thread *handler = &vm->threads[guest->n_threads + v];
    vm->vcpus[v].handler = handler;
    handler->home = handler->vcpu = &vm->vcpus[v];
    handler->mode = MODE_DONE;
  }
  vm->lines = ARENA_ARRAY(arena, guest_n_lines(guest), struct naive_line);
  for (uint32_t i = 0; i < guest->n_interrupts; i++) {
    const struct interrupt_spec *spec = &guest->interrupts[i];
    bool is_timer = spec->kind == INTERRUPT_TIMER;
    for (uint32_t v = 0; v < interrupt_n_lines(spec, vm->n_vcpus); v++) {
      struct naive_line *line = &vm->lines[vm->n_lines++];
      *line = (struct naive_line){.vm = vm, .source = i, .at_ns = TIME_NEVER_NS};
      if (is_timer) line->vcpu = &vm->vcpus[v];
      rng_stream_init(&line->stream, world->scenario->run.seed, replication, RNG_INTERRUPT,
                      vm->spec->name,
                      is_timer ? arena_printf(arena, "%s/%u", spec->name, v) : spec->name);
    }
  }
  vm->interrupts = ARENA_ARRAY(arena, guest->n_interrupts, struct interrupt_result);
  naive_interrupt_reset(vm);
}

void naive_interrupt_reset(struct naive_vm *vm) {
  const struct guest_spec *guest = &vm->spec->guest;
  for (uint32_t i = 0; i < guest->n_interrupts; i++)
    vm->interrupts[i] = (struct interrupt_result){.spec = &guest->interrupts[i]};
}

/* --- whose interrupts are off ------------------------------------------------------------------
 */

bool naive_interrupt_is_handler(const struct naive_thread *thread) {
  return thread->index >= thread->vm->spec->guest.n_threads;
}

bool naive_interrupt_is_paused(const struct naive_thread *thread) {
  return thread->vcpu->is_handling && thread->vcpu->current == thread;
}

static bool masks(const struct naive_lock *lock) {
  return naive_lock_is_spinlock(lock) && lock->params->interrupts == LOCK_INTERRUPTS_DISABLED;
}

bool naive_interrupt_are_off(const struct naive_thread *thread) {
  if (naive_interrupt_is_handler(thread)) return thread->vcpu->is_handling;
  if (thread->waits_for && masks(thread->waits_for)) return true;
  for (uint32_t i = 0; i < thread->vm->n_locks; i++)
    if (thread->vm->locks[i].owner == thread && masks(&thread->vm->locks[i])) return true;
  return false;
}

struct naive_thread *naive_interrupt_on_top(const struct naive_vcpu *vcpu) {
  return vcpu->is_handling ? vcpu->handler : vcpu->current;
}

static bool are_disabled(const struct naive_vcpu *vcpu) {
  const struct naive_thread *top = naive_interrupt_on_top(vcpu);
  return top && naive_interrupt_are_off(top);
}

/* --- arrivals ----------------------------------------------------------------------------------
 */

void naive_interrupt_start(struct naive_world *world, struct naive_vm *vm) {
  for (uint32_t i = 0; i < vm->n_lines; i++)
    vm->lines[i].at_ns =
        world->now_ns + dist_draw(&spec_of(&vm->lines[i])->every, &vm->lines[i].stream);
}

int64_t naive_interrupt_next(const struct naive_world *world) {
  int64_t at_ns = TIME_NEVER_NS;
  for (uint32_t i = 0; i < world->n_vms; i++)
    for (uint32_t k = 0; k < world->vms[i].n_lines; k++)
      if (world->vms[i].lines[k].at_ns < at_ns) at_ns = world->vms[i].lines[k].at_ns;
  return at_ns;
}

static struct naive_vcpu *whom(const struct naive_line *line) {
  const struct interrupt_spec *spec = spec_of(line);
  if (line->vcpu) return line->vcpu;
  uint32_t number =
      spec->vcpu == INTERRUPT_ROTATES ? line->n_arrivals % line->vm->n_vcpus : spec->vcpu;
  return &line->vm->vcpus[number];
}

/* Who has halted for a lock need not be kicked any more. */
static void look_anew(struct naive_vcpu *vcpu) {
  if (!vcpu->current || vcpu->current->mode != MODE_HALTED) return;
  vcpu->current->mode = MODE_RETRY;
  vcpu->current->is_woken = true;
}

static void arrive(struct naive_world *world, struct naive_line *line) {
  struct interrupt_result *result = &line->vm->interrupts[line->source];
  struct naive_vcpu *vcpu = whom(line);
  line->at_ns = world->now_ns + dist_draw(&spec_of(line)->every, &line->stream);
  line->n_arrivals++;
  bool is_idle = vcpu->runstate == RS_IDLE;
  if (line->vcpu && is_idle) return; /* a timer spares it */
  result->arrivals++;
  if (line->pending_on) {
    result->coalesced++;
    return;
  }
  line->pending_on = vcpu;
  line->pending_since_ns = world->now_ns;
  if (!is_idle || are_disabled(vcpu)) return;
  look_anew(vcpu);
  vcpu->ipi_at_ns = TIME_NEVER_NS;
  naive_host_wake(world, vcpu);
}

bool naive_interrupt_arrive(struct naive_world *world) {
  for (uint32_t i = 0; i < world->n_vms; i++)
    for (uint32_t k = 0; k < world->vms[i].n_lines; k++) {
      struct naive_line *line = &world->vms[i].lines[k];
      if (line->at_ns != world->now_ns) continue;
      arrive(world, line);
      return true;
    }
  return false;
}

/* --- handlers ----------------------------------------------------------------------------------
 */

static struct naive_line *pending_line(const struct naive_vcpu *vcpu) {
  for (uint32_t i = 0; i < vcpu->vm->n_lines; i++)
    if (vcpu->vm->lines[i].pending_on == vcpu) return &vcpu->vm->lines[i];
  return NULL;
}

/* Who calls from the lowest vCPU, and has not been answered here. */
static struct naive_thread *pending_caller(const struct naive_vcpu *vcpu) {
  for (uint32_t i = 0; i < vcpu->vm->n_vcpus; i++) {
    struct naive_thread *thread = vcpu->vm->vcpus[i].current;
    if (thread && thread->mode == MODE_CALL_SPIN && (thread->call_untaken >> vcpu->index & 1))
      return thread;
  }
  return NULL;
}

bool naive_interrupt_is_due(const struct naive_vcpu *vcpu) {
  return !are_disabled(vcpu) && (pending_caller(vcpu) || pending_line(vcpu));
}

static uint32_t call_source(const struct naive_vm *vm) {
  uint32_t i = 0;
  while (vm->spec->guest.interrupts[i].kind != INTERRUPT_CALL) i++;
  return i;
}

void naive_interrupt_take(struct naive_world *world, struct naive_vcpu *vcpu) {
  struct naive_vm *vm = vcpu->vm;
  struct naive_thread *handler = vcpu->handler, *caller = pending_caller(vcpu);
  struct naive_line *line = caller ? NULL : pending_line(vcpu);
  uint32_t source = caller ? call_source(vm) : line->source;
  int64_t since_ns = caller ? caller->call_at_ns : line->pending_since_ns;
  if (caller) caller->call_untaken &= ~(1u << vcpu->index);
  if (line) line->pending_on = NULL;
  vm->interrupts[source].taken++;
  naive_measure_latency(&vm->interrupts[source].latency, world->now_ns - since_ns);
  handler->program = &vm->spec->guest.interrupts[source].handler;
  handler->stream = streams_of(vcpu, source);
  handler->pc = 0;
  if (handler->mode == MODE_DONE) naive_world_emit(world, TRACE_CURRENT, vcpu, handler, NULL);
  handler->mode = MODE_NEXT;
  handler->answers = caller;
  handler->left_ns = caller ? caller->call_ns : vm->spec->guest.interrupts[source].entry_ns;
  vcpu->is_handling = true;
}

void naive_interrupt_return(struct naive_world *world, struct naive_thread *handler) {
  struct naive_thread *caller = handler->answers;
  struct naive_vcpu *vcpu = handler->vcpu;
  vcpu->is_handling = false;
  if (!naive_interrupt_is_due(vcpu)) {
    handler->mode = MODE_DONE;
    if (vcpu->current) naive_world_emit(world, TRACE_CURRENT, vcpu, vcpu->current, NULL);
  }
  if (caller) {
    caller->call_left &= ~(1u << vcpu->index);
    if (caller->call_left == 0) naive_guest_step_done(world, caller);
  }
}

bool naive_interrupt_call(struct naive_world *world, struct naive_thread *thread, int64_t span_ns) {
  struct naive_vm *vm = thread->vm;
  if (vm->n_vcpus == 1) {
    naive_guest_step_done(world, thread);
    return true;
  }
  thread->mode = MODE_CALL_SPIN;
  thread->call_at_ns = world->now_ns;
  thread->call_ns = span_ns;
  thread->call_left = ((1u << vm->n_vcpus) - 1) & ~(1u << thread->vcpu->index);
  thread->call_untaken = thread->call_left;
  for (uint32_t i = 0; i < vm->n_vcpus; i++) {
    struct naive_vcpu *vcpu = &vm->vcpus[i];
    if (vcpu == thread->vcpu) continue;
    vm->interrupts[call_source(vm)].arrivals++;
    if (are_disabled(vcpu)) continue;
    if (vcpu->runstate == RS_RUNNING && !vcpu->is_resuming) {
      naive_interrupt_take(world, vcpu);
      continue;
    }
    look_anew(vcpu);
    naive_guest_send_ipi(world, vcpu);
  }
  if (naive_deadlock_has(thread)) vm->result.deadlocks++;
  return false;
}
