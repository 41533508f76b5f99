/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Interrupts.

   Idea: each vCPU has one context for handlers. To take an interrupt is to put it in the place of
   the current thread, which is kept below it; all that concerns time, locks and spinning is that of
   any other thread (run.c, lock.c).
   Rule: a source reaches vCPUs by lines, each of which can be pending once. Taken at once by a vCPU
   that executes guest code with interrupts enabled, else when it next does. Handlers do not nest.
   Invariants: what is pending keeps no vCPU that executes from taking it but a handler or a lock
   that disables interrupts.
   Cost: one entry of the calendar per line; O(sources) to find what is pending.
   Source: docs/model.md section 5.1. */
#include "guest/interrupt.h"

#include <assert.h>

#include "guest/call.h"
#include "guest/lock.h"

enum { STREAMS = RNG_HOLD + 1 /* that a handler draws from */ };

/* --- life --- */

static void create_lines(struct guest_vm *vm, struct interrupt *source,
                         const struct guest_config *config, struct arena *arena) {
  const char *vm_name = config->vms[vm->id].name, *name = source->spec->name;
  for (uint32_t i = 0; i < source->n_lines; i++) {
    bool is_timer = source->spec->kind == INTERRUPT_TIMER;
    source->lines[i] = (struct interrupt_line){.source = source, .vm = vm};
    rng_stream_init(&source->lines[i].stream, config->seed, config->replication, RNG_INTERRUPT,
                    vm_name, is_timer ? arena_printf(arena, "%s/%u", name, i) : name);
  }
}

static void create_handler(struct guest_vcpu *g, const struct guest_config *config,
                           struct thread *context, struct arena *arena) {
  struct guest_vm *vm = g->vm;
  struct handler *handler = g->handler = ARENA_NEW(arena, struct handler);
  *handler = (struct handler){.context = context, .at = g};
  *context = (struct thread){.id = (thread_id_t)(context - vm->guest->threads),
                             .index = vm->spec->n_threads + g->v->index,
                             .phase = PHASE_DONE,
                             .at = g,
                             .vm = vm,
                             .is_handler = true};
  vm->guest->wake_hint[context->id].vcpu = g->v->id;
  vm->guest->wake_hint[context->id].vm = vm->id;
  handler->streams = ARENA_ARRAY(arena, (size_t)STREAMS * vm->n_interrupts, struct rng_stream);
  for (uint32_t i = 0; i < vm->n_interrupts; i++) {
    const char *index = arena_printf(arena, "%s/%u", vm->interrupts[i].spec->name, g->v->index);
    for (enum rng_purpose purpose = RNG_COMPUTE; purpose <= RNG_HOLD; purpose++)
      rng_stream_init(&handler->streams[i * STREAMS + purpose], config->seed, config->replication,
                      purpose, config->vms[vm->id].name, index);
  }
}

void interrupts_create(struct guest_vm *vm, const struct guest_config *config,
                       struct thread *contexts, struct interrupt_line *lines, struct arena *arena) {
  const struct guest_spec *spec = vm->spec;
  vm->n_interrupts = spec->n_interrupts;
  vm->interrupts = ARENA_ARRAY(arena, spec->n_interrupts, struct interrupt);
  struct hist_bank bank = hist_bank_create(arena, spec->n_interrupts, 1, config->horizon_ns);
  for (uint32_t i = 0; i < spec->n_interrupts; i++) {
    struct interrupt *source = &vm->interrupts[i];
    source->spec = &spec->interrupts[i];
    source->lines = lines;
    source->n_lines = interrupt_n_lines(source->spec, spec->n_vcpus);
    lines += source->n_lines;
    hist_init(&source->latency, &bank, vm->guest->sim->tally);
    if (source->spec->kind == INTERRUPT_CALL) vm->calls = source;
    create_lines(vm, source, config, arena);
  }
  for (uint32_t i = 0; i < spec->n_vcpus; i++) {
    create_handler(&vm->vcpus[i], config, &contexts[i], arena);
    if (vm->calls) call_create(&vm->vcpus[i], arena);
  }
}

void interrupts_reset(struct guest_vm *vm) {
  for (uint32_t i = 0; i < vm->n_interrupts; i++) {
    struct interrupt *source = &vm->interrupts[i];
    source->n_arrivals = source->n_coalesced = source->n_taken = 0;
    hist_reset(&source->latency);
  }
}

bool interrupt_is_masked(const struct guest_vcpu *g) {
  return g->handler->has_begun || (g->current && g->current->n_masked > 0);
}

void interrupt_check(const struct guest_vcpu *g) {
  const struct handler *handler = g->handler;
  uint32_t n_pending = call_n_pending(g);
  for (uint32_t i = 0; i < g->vm->n_interrupts; i++)
    for (uint32_t k = 0; k < g->vm->interrupts[i].n_lines; k++)
      n_pending += g->vm->interrupts[i].lines[k].pending_at == g;
  assert(n_pending == handler->n_pending);
  assert(handler->is_active == (g->current == handler->context));
  assert(handler->is_active || (!handler->below && !handler->has_begun));
  assert(n_pending == 0 || !g->v->is_executing || interrupt_is_masked(g));
}

/* --- arrivals --- */

/* The next one after now. */
static void schedule(struct interrupt_line *line) {
  struct guest *guest = line->vm->guest;
  int64_t every_ns = dist_draw(&line->source->spec->every, &line->stream);
  calendar_set(&guest->sim->calendar, EVENT_INTERRUPT, (uint32_t)(line - guest->lines),
               guest_now(guest) + every_ns);
}

void interrupts_start(struct guest_vm *vm) {
  for (uint32_t i = 0; i < vm->n_interrupts; i++)
    for (uint32_t k = 0; k < vm->interrupts[i].n_lines; k++) schedule(&vm->interrupts[i].lines[k]);
}

static struct guest_vcpu *target_of(struct interrupt_line *line) {
  const struct interrupt_spec *spec = line->source->spec;
  uint64_t n = line->n_due++;
  uint32_t index =
      spec->vcpu == INTERRUPT_ROTATES ? (uint32_t)(n % line->vm->spec->n_vcpus) : spec->vcpu;
  if (spec->kind == INTERRUPT_TIMER) index = (uint32_t)(line - line->source->lines);
  return &line->vm->vcpus[index];
}

/* The handler takes the place of g's current thread, which has been paused. */
static void mount(struct guest_vcpu *g) {
  struct handler *handler = g->handler;
  handler->below = g->current;
  handler->last = g->last;
  handler->owed_switch = g->owes_switch;
  handler->is_active = true;
  handler->has_begun = false;
  g->owes_switch = g->is_polling = false;
  g->last = g->current = handler->context;
  guest_trace_current(g);
}

/* Of several that are pending the first source in the order of the file. */
static struct interrupt_line *first_pending(const struct guest_vcpu *g) {
  for (uint32_t i = g->vm->calls != NULL;; i++) {
    const struct interrupt *source = &g->vm->interrupts[i];
    struct interrupt_line *line = &source->lines[source->n_lines > 1 ? g->v->index : 0];
    if (line->pending_at == g) return line;
  }
}

static struct arrival take_line(const struct guest_vcpu *g) {
  struct interrupt_line *line = first_pending(g);
  line->pending_at = NULL;
  return (struct arrival){line->source, line->pending_since_ns, line->source->spec->entry_ns};
}

/* The handler of what is pending starts. */
static void begin(struct guest_vcpu *g) {
  struct handler *handler = g->handler;
  struct thread *t = handler->context;
  struct arrival arrival = call_n_pending(g) > 0 ? call_take(g) : take_line(g);
  struct interrupt *source = arrival.source;
  hist_add(&source->latency, guest_now(g->guest) - arrival.since_ns);
  source->n_taken++;
  handler->n_pending--;
  handler->has_begun = true;
  handler->handles = source;
  t->ops = source->spec->handler.ops;
  t->streams = &handler->streams[STREAMS * (source - g->vm->interrupts)];
  t->pc = 0;
  t->phase = PHASE_COST;
  t->after = AFTER_STEP_DONE;
  t->rem_ns = arrival.entry_ns;
  t->n_instant = 0;
}

/* It has halted. A device has it go on at once, whether or not an IPI is on its way to it. */
static void wake(struct guest_vcpu *g, bool is_call) {
  struct guest *guest = g->guest;
  bool is_awaited = g->is_idle; /* no IPI is */
  if (g->is_idle) {
    mount(g);
    guest_set_idle(g, false);
  } else {
    struct thread *t = g->current;
    guest_cease_steady(g);
    if (t->phase == PHASE_HALTED) { /* nobody needs to kick it any more */
      is_awaited = true;
      t->is_woken = true;
      t->phase = PHASE_RETRY;
    }
  }
  if (!is_call) {
    if (g->vm->ipi_latency_ns > 0) calendar_clear(&guest->sim->calendar, EVENT_IPI, g->v->id);
    hv_wake(guest->hv, g->v);
  } else if (is_awaited) {
    guest_wake_vcpu(g);
  }
}

/* Something is pending on g from now on. */
static void arrive(struct guest_vcpu *g, bool is_call) {
  g->handler->n_pending++;
  if (interrupt_is_masked(g)) return;
  if (g->v->runstate == RS_IDLE) {
    wake(g, is_call);
  } else {
    guest_cease_steady(g);
    if (!g->v->is_executing) return;
    guest_pause(g);
    interrupt_take(g);
    guest_begin_phase(g);
  }
}

void guest_on_interrupt(struct guest *guest, uint32_t index) {
  struct interrupt_line *line = &guest->lines[index];
  guest->sim->n_events++;
  schedule(line);
  struct guest_vcpu *g = target_of(line);
  if (g->v->runstate == RS_IDLE && line->source->spec->kind == INTERRUPT_TIMER) return;
  line->source->n_arrivals++;
  if (line->pending_at) {
    line->source->n_coalesced++;
    return;
  }
  line->pending_at = g;
  line->pending_since_ns = guest_now(guest);
  arrive(g, false);
}

void interrupt_call(struct guest_vcpu *g) {
  g->vm->calls->n_arrivals++;
  arrive(g, true);
}

/* --- handlers --- */

void interrupt_take(struct guest_vcpu *g) {
  mount(g);
  begin(g);
}

void interrupt_resume(struct guest_vcpu *g) {
  struct handler *handler = g->handler;
  if (handler->is_active && !handler->has_begun)
    begin(g);
  else if (handler->n_pending > 0 && !interrupt_is_masked(g))
    interrupt_take(g);
}

void interrupt_return(struct guest_vcpu *g) {
  struct handler *handler = g->handler;
  if (handler->handles->spec->kind == INTERRUPT_CALL) call_answer(g);
  if (handler->n_pending > 0) {
    begin(g);
    return;
  }
  g->current = handler->below;
  g->last = handler->last;
  g->owes_switch = handler->owed_switch;
  handler->below = NULL;
  handler->is_active = handler->has_begun = false;
  handler->context->phase = PHASE_DONE;
  guest_trace_current(g);
  if (!g->current || !g->must_resched || guest_is_bound(g->current)) return;
  if (g->current->phase == PHASE_DONE) return; /* its last step ended meanwhile: it leaves */
  g->must_resched = false;
  if (g->n_ready > 0) guest_rotate(g);
}

/* --- locks --- */

void interrupt_owns_below(struct thread *t) {
  struct guest_vcpu *g = guest_vcpu_of(t);
  struct thread *above = g->handler->context;
  if (!above->waits_for) return;
  if (above->waits_for == t->held->whole && g->spin) {
    lock_end_spin(above);
    lock_begin_spin(above);
  }
  deadlock_look(above);
}

static bool is_noted(const struct guest_vm *vm, const struct lock *outer,
                     const struct lock *inner) {
  const struct guest *guest = vm->guest;
  for (uint32_t i = 0; i < guest->n_notes; i++) {
    const struct guest_note *note = &guest->notes[i];
    if (note->what == NOTE_ORDER && note->vm == vm->id && note->link[0].lock == inner->spec->name &&
        note->link[1].lock == outer->spec->name)
      return true;
  }
  return false;
}

void interrupt_look_at_order(const struct thread *t, const struct lock *lock) {
  const struct thread *below = guest_vcpu_of(t)->handler->below;
  for (const struct lock *outer = below ? below->held : NULL; outer; outer = outer->next_held) {
    if (outer == lock || lock_may_nest(&outer->cost, &lock->cost) || is_noted(t->vm, outer, lock))
      continue;
    struct guest_note *note = deadlock_note(t->vm);
    if (!note) return;
    note->what = NOTE_ORDER;
    note->n_links = 2;
    note->link[0] = (struct guest_link){
        .who = deadlock_who(t), .lock = lock->spec->name, .path = t->ops[t->pc].path};
    note->link[1] = (struct guest_link){.who = deadlock_who(below),
                                        .lock = outer->spec->name,
                                        .path = deadlock_taken_path(outer),
                                        .since_ns = outer->owned_since_ns};
  }
}
