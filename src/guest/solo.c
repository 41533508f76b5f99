/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A thread that has its VM to itself, and only computes and sleeps.

   Idea: most of a big host's VMs look like this, and nobody else in the guest can notice what such
   a thread does. So its two events, the end of a computation before a sleep and the end of a sleep
   before a computation, are done here at once; whatever else comes goes the way of run.c.
   Rule: its vCPU stays steady, and it the current thread, while it sleeps; the guest's side of the
   vCPU is not looked at. If it went to sleep by run.c, it is woken from there.
   Cost: one draw and one entry of the calendar per event, in two cache lines of the guest's. */
#include "guest/gsched.h"
#include "guest/guest.h"
#include "sim/time.h"

bool solo_is(const struct guest *guest, const struct guest_spec *spec) {
  if (spec->n_vcpus > 1 || spec->n_threads > 1 || spec->ipi_latency_ns > 0) return false;
  if (spec->n_interrupts > 0 || spec->scheduler.kind != &gsched_rr.kind) return false;
  for (const struct op *op = spec->program->ops; op->code != OP_END; op++)
    if (op->code != OP_COMPUTE && op->code != OP_SLEEP) return false;
  return !sim_is_traced(guest->sim);
}

/* The thread goes on by run.c. */
static void hand_over(struct guest_vcpu *g) {
  g->v->is_steady = false;
  if (g->v->runstate == RS_RUNNING) {
    guest_run(g);
    return;
  }
  g->current = NULL;
  g->is_idle = true;
}

/* What it computes when it wakes up, drawn while nobody waits for it. Streams are a thread's own:
   nobody can tell when it draws. */
static void draw_ahead(struct vcpu *v, const struct thread *t, struct rng_stream *streams) {
  const struct op *op = &t->ops[t->pc + 1];
  if (op->code == OP_END) op = t->ops;
  if (op->code == OP_COMPUTE) v->left_ns = dist_draw(&op->dist, &streams[op->purpose]);
}

void solo_work_done(struct guest *guest, struct vcpu *v, thread_id_t thread) {
  struct sim *sim = guest->sim;
  struct thread *t = &guest->threads[thread];
  struct rng_stream *streams = &guest->streams[guest->n_streams * thread]; /* t's */
  guest_next_step(sim, t);
  const struct op *op = &t->ops[t->pc];
  if (t->phase == PHASE_DONE || op->code != OP_SLEEP || t->n_instant > 0) {
    hand_over(t->at);
    return;
  }
  int64_t sleep_ns = dist_draw(&op->dist, &streams[RNG_SLEEP]);
  rng_top_up(&streams[RNG_SLEEP]); /* as the other one, in draw_ahead */
  if (sleep_ns == 0) {
    t->n_instant++;
    guest_next_step(sim, t);
    hand_over(t->at);
    return;
  }
  t->phase = PHASE_ASLEEP;
  calendar_enter(&sim->calendar, EVENT_SLEEP, t->id, sim->now_ns + sleep_ns);
  hv_halt(guest->hv, v);
  draw_ahead(v, t, streams);
}

void solo_sleep_end(struct guest *guest, thread_id_t thread) {
  struct thread *t = &guest->threads[thread];
  /* It is at no other vCPU ever, so that needs not wait for t. */
  struct vcpu *v = &guest->hv_vcpus[guest->wake_hint[thread].vcpu];
  prefetch_line(&guest->vms[guest->wake_hint[thread].vm].latency);
  guest_next_step(guest->sim, t);
  const struct op *op = &t->ops[t->pc];
  if (v->is_steady && (t->phase == PHASE_DONE || op->code != OP_COMPUTE)) hand_over(t->at);
  if (t->phase == PHASE_DONE) return;
  if (!v->is_steady) {
    guest_wake_thread(t);
    return;
  }
  t->phase = PHASE_WORK;
  t->n_instant = v->left_ns == 0;
  /* It has been that, nearly always; to write it would hold up who looks at v as a whole. */
  if (v->steady_activity != ACT_USEFUL) v->steady_activity = ACT_USEFUL;
  hv_wake(guest->hv, v);
}
