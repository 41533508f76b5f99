/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Progress clocks of one VM's vCPUs, and their skew.

   Idea: every advancing clock has slope 1, so the least and the greatest of p - t over advancing
   vCPUs, and of p over stopped ones, change only when a vCPU starts, stops, idles or wakes. Between
   two changes the skew max p - min p is piecewise linear with at most three pieces, booked when the
   next change comes.
   Rule: a vCPU is out (IDLE), stopped (READY, COSTOP, or in overhead) or advancing. On waking
   p := max(p, min p of the others that are in); if there is none, p := max p of all.
   The least and the greatest of each kind follow those who join it; when one who was at an end
   leaves others behind, they are worked out anew as soon as somebody asks: if few have changed, by
   winner trees, else by a look at all.
   Invariants: min p over those that are in never falls; the skew is 0 with fewer than two of them.
   Cost: O(1) for a change, also of the least or the greatest where a kind leaves as a whole, else
   O(log vCPUs), or O(1) for each of many at one instant; nothing in between. */
#ifndef COSTOP_HV_SKEW_H
#define COSTOP_HV_SKEW_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "sim/arena.h"
#include "sim/hist.h"
#include "sim/sim.h"
#include "sim/wtree.h"

enum skew_where {
  SKEW_OUT,
  SKEW_STOPPED, /* READY, or in overhead */
  SKEW_COSTOP,
  SKEW_ADVANCING,
  SKEW_KINDS
};

struct skew_clock {
  int64_t p_ns;         /* progress; less the time (p - t) while advancing */
  int64_t lead_max_ns;  /* so far, of intervals that were folded */
  int64_t lead_from_ns; /* its lead since then is still to be folded; advancing only */
  uint8_t where;        /* enum skew_where */
  uint8_t entered;      /* … as the trees have it */
  bool is_listed;       /* among those that the trees do not have as they are */
};

/* The least and the greatest of some keys. */
struct skew_range {
  int64_t least_ns, greatest_ns;
};
#define SKEW_NOBODY ((struct skew_range){WTREE_NONE, -WTREE_NONE})

/* All vCPUs of one kind. */
struct skew_set {
  struct skew_range range; /* of their p_ns … */
  bool is_loose;           /* … which may be wider than that */
  uint32_t n;
};

/* The lead of an advancing vCPU is its p - t plus (t - min p), and the latter is the VM's: it
   rises, and falls only when min p jumps. Before each fall its value is logged here, so that the
   supremum over any vCPU's running interval is a look-up. Values fall with time: a later, greater
   one makes the earlier ones irrelevant. */
struct skew_peak {
  int64_t at_ns, value_ns;
};

struct skew_trees {
  struct wtree least, greatest; /* keys of greatest are negated */
};

struct skew {
  struct sim *sim;
  vm_id_t vm;
  uint32_t n_vcpus, n_peaks, n_woken;
  uint32_t n_changed,
      n_few; /* since the sets were worked out; more than n_few: too many for trees */
  struct skew_clock *clock;
  struct skew_set set[SKEW_KINDS];
  struct skew_trees trees[SKEW_KINDS]; /* none for SKEW_OUT */
  bool has_trees;    /* they are as `entered` of each says; else nobody knows what they are … */
  uint32_t *changed; /* … and those whose clocks they do not have are listed, up to n_few */
  bool has_risen;    /* min p, at this instant: it is bottom_ns no more */
  bool was_level;    /* at since_ns, all that were in had the same progress */
  int64_t top_ns;    /* greatest p that ever stopped */
  int64_t since_ns;  /* booked up to here */
  int64_t bottom_ns; /* min p just before since_ns; -1: nobody was in */
  int64_t gap_ns;    /* t - min p just before since_ns */
  int64_t behind_from_ns, behind_ns; /* the latest answer of skew_find_behind; -1: none */
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
/* Finds behind_ns, the supremum of (t - min p) from from_ns on, up to since_ns. */
void skew_find_behind(struct skew *skew, int64_t from_ns);
/* Lists v as changed, for the trees. */
void skew_list(struct skew *skew, uint32_t v);

static inline uint32_t skew_n_in(const struct skew *skew) {
  return skew->n_vcpus - skew->set[SKEW_OUT].n;
}

/* Its lead while advancing, up to since_ns, goes into its maximum. */
static inline void skew_fold_lead(struct skew *skew, struct skew_clock *clock) {
  if (clock->lead_from_ns == skew->since_ns) return;
  if (clock->lead_from_ns != skew->behind_from_ns) skew_find_behind(skew, clock->lead_from_ns);
  int64_t lead_ns = clock->p_ns + skew->behind_ns;
  if (lead_ns > clock->lead_max_ns) clock->lead_max_ns = lead_ns;
  clock->lead_from_ns = skew->since_ns;
}

/* --- changes of kind: many at one instant are made one by one, and then counted together --- */

static inline void skew_include(struct skew_range *range, int64_t p_ns) {
  range->least_ns = p_ns < range->least_ns ? p_ns : range->least_ns;
  range->greatest_ns = p_ns > range->greatest_ns ? p_ns : range->greatest_ns;
}

/* n vCPUs with such p_ns have left a set … */
static inline void skew_leave(struct skew_set *set, uint32_t n, struct skew_range range) {
  set->n -= n;
  if (set->n == 0) {
    set->range = SKEW_NOBODY;
    set->is_loose = false;
  } else if (range.least_ns <= set->range.least_ns || range.greatest_ns >= set->range.greatest_ns) {
    set->is_loose = true;
  }
}

/* … or joined it. */
static inline void skew_join(struct skew_set *set, uint32_t n, struct skew_range range) {
  set->n += n;
  skew_include(&set->range, range.least_ns);
  skew_include(&set->range, range.greatest_ns);
}

/* n clocks have changed. Each of them is listed where there are trees. */
static inline void skew_count_changes(struct skew *skew, uint32_t n) {
  bool is_counted = !skew->has_trees && skew->n_changed <= skew->n_few;
  skew->n_changed += is_counted ? n : 0;
}
static inline void skew_touch(struct skew *skew, uint32_t v) {
  if (skew->has_trees) skew_list(skew, v);
  skew_count_changes(skew, 1);
}

/* v's p_ns changes by shift_ns as it goes to a set; the former p_ns is included in `moved`. */
static inline void skew_move(struct skew *skew, uint32_t v, enum skew_where to, int64_t shift_ns,
                             struct skew_range *moved) {
  struct skew_clock *clock = &skew->clock[v];
  skew_include(moved, clock->p_ns);
  clock->where = (uint8_t)to;
  clock->p_ns += shift_ns;
  if (skew->has_trees) skew_list(skew, v);
}
static inline void skew_count(struct skew *skew, enum skew_where from, enum skew_where to,
                              int64_t shift_ns, uint32_t n, struct skew_range moved) {
  if (n == 0) return;
  struct skew_range range = {moved.least_ns + shift_ns, moved.greatest_ns + shift_ns};
  skew_leave(&skew->set[from], n, moved);
  skew_join(&skew->set[to], n, range);
  skew_count_changes(skew, n);
}

/* stopped or COSTOP -> advancing */
static inline void skew_move_on(struct skew *skew, uint32_t v, int64_t now,
                                struct skew_range *moved) {
  skew->clock[v].lead_from_ns = now;
  skew_move(skew, v, SKEW_ADVANCING, -now, moved);
}
static inline void skew_start(struct skew *skew, uint32_t v) {
  struct skew_range moved = SKEW_NOBODY;
  enum skew_where from = skew->clock[v].where;
  int64_t now = skew->sim->now_ns;
  skew_move_on(skew, v, now, &moved);
  skew_count(skew, from, SKEW_ADVANCING, -now, 1, moved);
}

/* advancing -> any other */
static inline void skew_move_off(struct skew *skew, uint32_t v, enum skew_where to, int64_t now,
                                 struct skew_range *moved) {
  skew_fold_lead(skew, &skew->clock[v]);
  skew_move(skew, v, to, now, moved);
}
static inline void skew_count_stops(struct skew *skew, enum skew_where to, int64_t now, uint32_t n,
                                    struct skew_range moved) {
  skew_count(skew, SKEW_ADVANCING, to, now, n, moved);
  if (moved.greatest_ns > skew->top_ns - now) skew->top_ns = moved.greatest_ns + now;
}
static inline void skew_stop(struct skew *skew, uint32_t v, enum skew_where to) {
  struct skew_range moved = SKEW_NOBODY;
  int64_t now = skew->sim->now_ns;
  skew_move_off(skew, v, to, now, &moved);
  skew_count_stops(skew, to, now, 1, moved);
}

/* Any other change. */
static inline void skew_set(struct skew *skew, uint32_t v, enum skew_where to) {
  struct skew_range moved = SKEW_NOBODY;
  enum skew_where from = skew->clock[v].where;
  skew_move(skew, v, to, 0, &moved);
  skew_count(skew, from, to, 0, 1, moved);
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
/* vCPUs by index, in ascending order. */
struct skew_found {
  uint32_t *leaders, *costopped; /* room for all vCPUs */
  uint32_t n_leaders, n_costopped;
};
/* Which advancing vCPUs have a lead >= stop_ns, and which COSTOP ones a lead <= start_ns? */
void skew_find(struct skew *skew, int64_t stop_ns, int64_t start_ns, struct skew_found *found);
/* Is the lead of each stopped vCPU, but COSTOP ones, below lead_ns? False also if that is not known
   without a look at them. */
bool skew_is_below(const struct skew *skew, int64_t lead_ns);
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
