/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where spun time goes. A lock (or spinning barrier) has one cumulative clock per cause, which runs
   while someone spins; a spinner's loss is the difference of two readings, so a change of the
   owner's state costs O(1) however many spin. */
#include <string.h>

#include "guest/guest.h"
#include "guest/lock.h"
#include "sim/time.h"

static void clock_advance(struct sim *sim, struct spin_clock *clock) {
  clock->total_ns[clock->cause] += sim->now_ns - clock->since_ns;
  clock->since_ns = sim->now_ns;
}

void spin_clock_set(struct sim *sim, struct spin_clock *clock, enum spin_cause cause) {
  if (clock->n_spinners == 0) return; /* set afresh by the next spin_begin */
  clock_advance(sim, clock);
  clock->cause = cause;
}

void spin_begin(struct guest_vcpu *g, struct spin_clock *clock, enum spin_cause cause) {
  struct sim *sim = g->guest->sim;
  if (clock->n_spinners++ == 0)
    clock->since_ns = sim->now_ns;
  else
    clock_advance(sim, clock);
  clock->cause = cause;
  memcpy(g->spin_from_ns, clock->total_ns, sizeof g->spin_from_ns);
  g->spin = clock;
  g->phase_since_ns = sim->now_ns;
  hv_set_activity(g->guest->hv, g->v, ACT_SPIN);
}

void spin_end(struct guest_vcpu *g, int64_t lock_ns[SPIN_CAUSES]) {
  struct spin_clock *clock = g->spin;
  clock_advance(g->guest->sim, clock);
  clock->n_spinners--;
  for (int cause = 0; cause < SPIN_CAUSES; cause++) {
    int64_t lost_ns = clock->total_ns[cause] - g->spin_from_ns[cause];
    g->v->spin_ns[cause] += lost_ns;
    if (lock_ns) lock_ns[cause] += lost_ns;
  }
  g->spin = NULL;
}

void spin_book_contended(struct guest_vcpu *g, int64_t lock_ns[SPIN_CAUSES], int64_t elapsed_ns) {
  g->v->spin_ns[SPIN_CONTENDED] += elapsed_ns;
  lock_ns[SPIN_CONTENDED] += elapsed_ns;
}

void spin_arm(struct guest_vcpu *g, int64_t left_ns) {
  int64_t window_ns = hv_spin_window_ns(g->guest->hv, g->v);
  if (window_ns < left_ns) left_ns = window_ns;
  g->work_end_ns = left_ns == TIME_NEVER_NS ? TIME_NEVER_NS : g->phase_since_ns + left_ns;
}

void spin_look_again(struct guest_vcpu *g) {
  spin_arm(g, lock_spin_left_ns(g->current));
  guest_rearm(g);
}

bool spin_must_exit(const struct guest_vcpu *g, const struct thread *t) {
  if (t->phase == PHASE_BARRIER || t->phase == PHASE_CALL) return true;
  int64_t spun_ns = guest_now(g->guest) - g->phase_since_ns;
  return t->phase == PHASE_SPIN && spun_ns < lock_spin_left_ns(t);
}

bool spin_is_put_off(const struct guest_vcpu *g, const struct thread *t) {
  if (t->phase != PHASE_SPIN || !t->waits_for->ops->spin_left_ns) return false;
  int64_t spun_ns = guest_now(g->guest) - g->phase_since_ns;
  return spun_ns < hv_spin_window_ns(g->guest->hv, g->v) && spun_ns < lock_spin_left_ns(t);
}
