/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A thread that has its VM to itself, and only computes and sleeps.

   Idea: most of a big host's VMs look like this, and nobody else in the guest can notice what such
   a thread does. So its two events, the end of a computation before a sleep and the end of a sleep
   before a computation, are done here at once; whatever else comes goes the way of run.c.
   Rule: the state that both ways leave behind is the same.
   Cost: one draw and one entry of the calendar per event, in four cache lines. */
#include "guest/guest.h"
#include "sim/time.h"

bool solo_is(const struct guest *guest, const struct guest_spec *spec) {
  if (spec->n_vcpus > 1 || spec->n_threads > 1 || spec->ipi_latency_ns > 0) return false;
  for (const struct op *op = spec->program->ops; op->code != OP_END; op++)
    if (op->code != OP_COMPUTE && op->code != OP_SLEEP) return false;
  return !sim_is_traced(guest->sim);
}

void solo_work_done(struct guest *guest, struct vcpu *v, struct thread *t) {
  struct guest_vcpu *g = t->at;
  struct sim *sim = guest->sim;
  v->is_steady = false;
  guest_step_done(t);
  const struct op *op = &t->ops[t->pc];
  if (t->phase == PHASE_DONE || op->code != OP_SLEEP || t->n_instant > 0) {
    guest_run(g);
    return;
  }
  int64_t sleep_ns = dist_draw(&op->dist, &t->streams[RNG_SLEEP]);
  if (sleep_ns == 0) {
    t->n_instant++;
    guest_step_done(t);
    guest_run(g);
    return;
  }
  t->phase = PHASE_ASLEEP;
  calendar_set(&sim->calendar, EVENT_SLEEP, t->id, sim->now_ns + sleep_ns);
  g->current = NULL;
  g->is_idle = true;
  hv_halt(guest->hv, v);
}

void solo_sleep_end(struct guest *guest, struct thread *t) {
  struct guest_vcpu *g = t->at;
  struct vcpu *v = g->v;
  guest_step_done(t);
  const struct op *op = &t->ops[t->pc];
  if (t->phase == PHASE_DONE) return;
  if (op->code != OP_COMPUTE) {
    guest_wake_thread(t);
    return;
  }
  g->current = t;
  g->is_idle = false;
  t->phase = PHASE_WORK;
  v->left_ns = dist_draw(&op->dist, &t->streams[op->purpose]);
  t->n_instant = v->left_ns == 0;
  v->is_steady = true;
  v->steady_activity = ACT_USEFUL;
  hv_wake(guest->hv, v);
}
