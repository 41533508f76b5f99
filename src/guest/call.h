/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cross calls: a thread has all other vCPUs of its VM interrupted, and spins until they have
   handled that. Rules: docs/model.md section 5.3. */
#ifndef COSTOP_GUEST_CALL_H
#define COSTOP_GUEST_CALL_H

#include "guest/guest.h"

/* What g takes next of what is pending: the source, since when, and how long its entry lasts. */
struct arrival {
  struct interrupt *source;
  int64_t since_ns, entry_ns;
};

/* For a vCPU of a VM that makes calls. */
void call_create(struct guest_vcpu *g, struct arena *arena);
void call_check(const struct guest_vcpu *g);

/* t, executing, does the step. True: it waits; false: there is no other vCPU. */
bool call_send(struct thread *t, const struct op *op);
/* Its thread spins from now on. */
void call_begin_spin(struct guest_vcpu *g);
/* The runstate of g, which has been called, has changed. */
void call_runstate_changed(struct guest_vcpu *g, enum runstate from);

static inline bool call_is_made_to(const struct guest_vcpu *g) {
  return g->handler && g->handler->call && g->handler->call->n_callers > 0;
}
/* Calls of g that it has not begun to handle. */
static inline uint32_t call_n_pending(const struct guest_vcpu *g) {
  const struct call *call = g->handler->call;
  return call ? call->n_callers - (call->handles != NULL) : 0;
}
/* g handles the first of them from now on. */
struct arrival call_take(struct guest_vcpu *g);
/* g has handled the call that it was at. */
void call_answer(struct guest_vcpu *g);

/* On g, which t has called: who keeps it from being handled; NULL: nobody. */
struct thread *call_blocker(const struct thread *t, const struct guest_vcpu *g);

#endif
