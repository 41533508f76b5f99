/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Interrupts: arrivals, pending ones, and handlers on top of the current thread. Rules:
   docs/model.md section 5.1. */
#ifndef COSTOP_GUEST_INTERRUPT_H
#define COSTOP_GUEST_INTERRUPT_H

#include "guest/guest.h"

/* contexts: for each vCPU of the VM, lines: for each of its sources' lines, one. */
void interrupts_create(struct guest_vm *vm, const struct guest_config *config,
                       struct thread *contexts, struct interrupt_line *lines, struct arena *arena);
/* The VM starts: so do the intervals up to the first arrivals. */
void interrupts_start(struct guest_vm *vm);
void interrupts_reset(struct guest_vm *vm);
void interrupt_check(const struct guest_vcpu *g);

/* The line is due; index: of the event. */
void guest_on_interrupt(struct guest *guest, uint32_t index);
/* g is called: one more of its calls is pending. */
void interrupt_call(struct guest_vcpu *g);
/* Handles one, or its thread keeps them disabled. */
bool interrupt_is_masked(const struct guest_vcpu *g);

/* t, current on g, has just released a lock: is there an interrupt to be taken now? */
static inline bool interrupt_is_due(const struct guest_vcpu *g, const struct thread *t) {
  return g->handler && g->handler->n_pending > 0 && t->n_masked == 0 && !t->is_handler;
}
/* In g's own step, whose thread is at no phase's middle: the handler is current from now on. */
void interrupt_take(struct guest_vcpu *g);
/* g begins to execute: takes what has become pending meanwhile. */
void interrupt_resume(struct guest_vcpu *g);
/* The handler of g is done. */
void interrupt_return(struct guest_vcpu *g);

/* t, interrupted, has been granted a lock. */
void interrupt_owns_below(struct thread *t);
/* t, a handler, asks for a lock with a class: does what its vCPU owns already allow that? */
void interrupt_look_at_order(const struct thread *t, const struct lock *lock);

#endif
