/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Progress clocks of one VM's vCPUs, and their skew.

   Idea: every advancing clock has slope 1, so the least and the greatest of p - t over advancing
   vCPUs, and of p over stopped ones, change only when a vCPU starts, stops, idles or wakes. Between
   two changes the skew max p - min p is piecewise linear with at most three pieces, booked when the
   next change comes.
   Rule: a vCPU is out (IDLE), stopped (READY, COSTOP, or in overhead) or advancing. On waking
   p := max(p, min p of the others that are in); if there is none, p := max p of all.
   The least and the greatest are worked out when somebody asks, and before time is booked: if few
   have changed since, by winner trees, else by a look at all.
   Invariants: min p over those that are in never falls; the skew is 0 with fewer than two of them.
   Cost: O(log vCPUs) for a change, O(1) for each of many at one instant; nothing in between. */
#ifndef COSTOP_HV_SKEW_H
#define COSTOP_HV_SKEW_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "sim/arena.h"
#include "sim/hist.h"
#include "sim/sim.h"
#include "sim/wtree.h"

enum skew_where { SKEW_OUT = 0, SKEW_STOPPED = 1, SKEW_ADVANCING = 2 };
enum { SKEW_COSTOP = 4 }; /* of a stopped one */

struct skew_clock {
  int64_t p_ns;         /* progress; less the time (p - t) while advancing */
  int64_t lead_max_ns;  /* so far, of intervals that were folded */
  int64_t lead_from_ns; /* its lead since then is still to be folded; advancing only */
  uint8_t where;        /* enum skew_where, with SKEW_COSTOP or-ed in */
  uint8_t entered;      /* … as the trees have it */
  bool is_changed;      /* the trees do not have it as it is */
};

/* The lead of an advancing vCPU is its p - t plus (t - min p), and the latter is the VM's: it
   rises, and falls only when min p jumps. Before each fall its value is logged here, so that the
   supremum over any vCPU's running interval is a look-up. Values fall with time: a later, greater
   one makes the earlier ones irrelevant. */
struct skew_peak {
  int64_t at_ns, value_ns;
};

/* The least key of each kind, WTREE_NONE if there is none; greatest ones are negated. */
struct skew_ends {
  int64_t advancing_min, advancing_max; /* p - t */
  int64_t stopped_min, stopped_max;     /* p */
  int64_t costop_min;                   /* p of the COSTOP ones */
};

struct skew_trees {
  struct wtree advancing_min, advancing_max, stopped_min, stopped_max, costop_min;
};

struct skew {
  struct sim *sim;
  vm_id_t vm;
  uint32_t n_vcpus, n_in, n_advancing, n_costop, n_peaks, n_woken;
  uint32_t n_changed, n_few; /* up to n_few of them are listed; more are too many for trees */
  struct skew_clock *clock;
  uint32_t *changed; /* those whose clocks are up to date, but not what follows */
  struct skew_ends ends;
  struct skew_trees trees;
  bool has_trees;    /* they are as `entered` of each says; else nobody knows what they are */
  bool has_risen;    /* min p, at this instant: it is bottom_ns no more */
  int64_t top_ns;    /* greatest p that ever stopped */
  int64_t since_ns;  /* booked up to here */
  int64_t bottom_ns; /* min p just before since_ns; -1: nobody was in */
  int64_t gap_ns;    /* t - min p just before since_ns */
  struct skew_peak *peak;
  uint32_t *woken; /* vCPUs that woke since the last booking: their first lead is to be folded */
  int64_t max_ns;
  __int128 integral2; /* twice the integral of the skew */
  struct hist scale;  /* bucket bounds only */
  int64_t *flat_ns;   /* per bucket: time spent at constant skew … */
  int64_t *part_ns;   /* … and at the two ends of sloping pieces, … */
  int64_t *crossed;   /* … which cross the buckets between: +1 where they begin, -1 behind */
};

void skew_init(struct skew *skew, struct sim *sim, vm_id_t vm, uint32_t n_vcpus, int64_t horizon_ns,
               struct arena *arena);

/* Books everything up to sim->now_ns. Call before each change; cheap if done already. */
void skew_account(struct skew *skew);

void skew_wake(struct skew *skew, uint32_t v); /* out -> stopped */
void skew_idle(struct skew *skew, uint32_t v); /* stopped or advancing -> out */
/* Its lead while advancing, up to since_ns, goes into its maximum. */
void skew_fold_lead(struct skew *skew, struct skew_clock *clock);

static inline void skew_touch(struct skew *skew, uint32_t v) {
  if (skew->n_changed > skew->n_few || skew->clock[v].is_changed) return;
  skew->clock[v].is_changed = true;
  skew->changed[skew->n_changed++] = v;
}

/* stopped -> advancing */
static inline void skew_start(struct skew *skew, uint32_t v) {
  struct skew_clock *clock = &skew->clock[v];
  int64_t now = skew->sim->now_ns;
  skew->n_advancing++;
  clock->where = SKEW_ADVANCING;
  clock->p_ns -= now;
  clock->lead_from_ns = now;
  skew_touch(skew, v);
}

/* advancing -> stopped */
static inline void skew_stop(struct skew *skew, uint32_t v) {
  struct skew_clock *clock = &skew->clock[v];
  if (clock->lead_from_ns != skew->since_ns) skew_fold_lead(skew, clock);
  skew->n_advancing--;
  clock->where = SKEW_STOPPED;
  clock->p_ns += skew->sim->now_ns;
  if (clock->p_ns > skew->top_ns) skew->top_ns = clock->p_ns;
  skew_touch(skew, v);
}

/* Of a stopped one. */
static inline void skew_set_costop(struct skew *skew, uint32_t v, bool is_costop) {
  skew->clock[v].where = is_costop ? SKEW_STOPPED | SKEW_COSTOP : SKEW_STOPPED;
  skew->n_costop += is_costop ? 1u : UINT32_MAX;
  skew_touch(skew, v);
}

/* A gang starts: the progress of all that are in becomes that of the most advanced. */
void skew_level(struct skew *skew);

int64_t skew_now(struct skew *skew);
/* Least p of those that are in; n_in > 0. Who starts, stops or wakes leaves it where it was. */
int64_t skew_find_bottom(struct skew *skew);
static inline int64_t skew_bottom(struct skew *skew) {
  bool is_known = skew->since_ns == skew->sim->now_ns && !skew->has_risen;
  return is_known ? skew->bottom_ns : skew_find_bottom(skew);
}
static inline int64_t skew_progress(const struct skew *skew, uint32_t v) {
  const struct skew_clock *clock = &skew->clock[v];
  return clock->p_ns + (clock->where == SKEW_ADVANCING ? skew->sim->now_ns : 0);
}
/* Lead of a vCPU that is in. */
static inline int64_t skew_lead(struct skew *skew, uint32_t v) {
  assert(skew->clock[v].where != SKEW_OUT);
  return skew_progress(skew, v) - skew_bottom(skew);
}
/* For the following two. */
void skew_look(struct skew *skew);
/* Next advancing vCPU at or behind `from` with a lead >= lead_ns, next COSTOP one with a lead <=
   lead_ns; n_vcpus or more if none. As things were at the latest skew_look, which is of this
   instant; who has been moved since, is not met again. */
uint32_t skew_next_leader(struct skew *skew, uint32_t from, int64_t lead_ns);
uint32_t skew_next_costopped(struct skew *skew, uint32_t from, int64_t lead_ns);
/* When, if nothing changes, an advancing vCPU's lead reaches lead_ns (now, if one has), or
   TIME_NEVER_NS; and when a COSTOP one's falls to lead_ns. */
int64_t skew_lead_reaches_ns(struct skew *skew, int64_t lead_ns);
int64_t skew_costop_falls_to_ns(struct skew *skew, int64_t lead_ns);
/* When the skew, over all that are in, reaches skew_ns. */
int64_t skew_reaches_ns(struct skew *skew, int64_t skew_ns);

/* At the end of the warm-up, after skew_account. */
void skew_reset(struct skew *skew);
/* Folds what is open; after it lead_max_ns of every clock is final. After skew_account. */
void skew_finish(struct skew *skew);
/* 99th percentile of the skew over time, in ns. */
double skew_percentile(const struct skew *skew, double share);

#endif
