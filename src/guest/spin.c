/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where spun time goes. A lock (or spinning barrier) has one cumulative clock per cause, which runs
   while someone spins; a spinner's loss is the difference of two readings, so a change of the
   owner's state costs O(1) however many spin. */
#include <string.h>

#include "guest/guest.h"

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
