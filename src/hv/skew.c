/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hv/skew.h"

#include <assert.h>

#include "sim/time.h"

/* Of a VM with no more vCPUs than that, all are looked at: it takes less than a look at trees. */
enum { FEW_VCPUS = 4 };

static const struct skew_ends nobody = {WTREE_NONE, WTREE_NONE, WTREE_NONE, WTREE_NONE, WTREE_NONE};

void skew_init(struct skew *skew, struct sim *sim, vm_id_t vm, uint32_t n_vcpus, int64_t horizon_ns,
               struct arena *arena) {
  *skew = (struct skew){.sim = sim, .vm = vm, .n_vcpus = n_vcpus, .ends = nobody, .bottom_ns = -1};
  skew->clock = ARENA_ARRAY(arena, n_vcpus, struct skew_clock);
  skew->peak = ARENA_ARRAY(arena, n_vcpus + 2, struct skew_peak);
  skew->woken = ARENA_ARRAY(arena, n_vcpus, uint32_t);
  skew->n_few = n_vcpus <= FEW_VCPUS ? 0 : n_vcpus / 4;
  skew->changed = ARENA_ARRAY(arena, skew->n_few + 1, uint32_t);
  wtree_init(&skew->trees.advancing_min, arena, n_vcpus);
  wtree_init(&skew->trees.advancing_max, arena, n_vcpus);
  wtree_init(&skew->trees.stopped_min, arena, n_vcpus);
  wtree_init(&skew->trees.stopped_max, arena, n_vcpus);
  wtree_init(&skew->trees.costop_min, arena, n_vcpus);
  hist_init(&skew->scale, NULL, arena, 1, horizon_ns);
  uint32_t n = skew->scale.n_buckets;
  skew->flat_ns = ARENA_ARRAY(arena, n, int64_t);
  skew->part_ns = ARENA_ARRAY(arena, n, int64_t);
  skew->crossed = ARENA_ARRAY(arena, n + 1, int64_t);
}

/* --- the ends: least and greatest of all keys --- */

static inline int64_t key_of(const struct skew_clock *clock, unsigned where, int64_t sign) {
  return clock->where & where ? sign * clock->p_ns : WTREE_NONE;
}

static inline int64_t lesser(int64_t a, int64_t b) { return a < b ? a : b; }

/* Without trees. */
static struct skew_ends scan(const struct skew *skew) {
  struct skew_ends ends = nobody;
  const struct skew_clock *behind = skew->clock + skew->n_vcpus;
  for (const struct skew_clock *clock = skew->clock; clock < behind; clock++) {
    int64_t p = clock->p_ns;
    if (clock->where == SKEW_ADVANCING) {
      ends.advancing_min = lesser(ends.advancing_min, p);
      ends.advancing_max = lesser(ends.advancing_max, -p);
    } else if (clock->where != SKEW_OUT) {
      ends.stopped_min = lesser(ends.stopped_min, p);
      ends.stopped_max = lesser(ends.stopped_max, -p);
      if (clock->where & SKEW_COSTOP) ends.costop_min = lesser(ends.costop_min, p);
    }
  }
  return ends;
}

static struct skew_ends roots(const struct skew_trees *trees) {
  return (struct skew_ends){wtree_min(&trees->advancing_min), wtree_min(&trees->advancing_max),
                            wtree_min(&trees->stopped_min), wtree_min(&trees->stopped_max),
                            wtree_min(&trees->costop_min)};
}

static void build_trees(struct skew *skew) {
  struct skew_trees *trees = &skew->trees;
  for (uint32_t v = 0; v < skew->n_vcpus; v++) {
    struct skew_clock *clock = &skew->clock[v];
    wtree_put(&trees->advancing_min, v, key_of(clock, SKEW_ADVANCING, 1));
    wtree_put(&trees->advancing_max, v, key_of(clock, SKEW_ADVANCING, -1));
    wtree_put(&trees->stopped_min, v, key_of(clock, SKEW_STOPPED, 1));
    wtree_put(&trees->stopped_max, v, key_of(clock, SKEW_STOPPED, -1));
    wtree_put(&trees->costop_min, v, key_of(clock, SKEW_COSTOP, 1));
    clock->entered = clock->where;
  }
  wtree_build(&trees->advancing_min);
  wtree_build(&trees->advancing_max);
  wtree_build(&trees->stopped_min);
  wtree_build(&trees->stopped_max);
  wtree_build(&trees->costop_min);
  skew->has_trees = true;
}

static inline void enter(struct skew *skew, uint32_t v) {
  struct skew_clock *clock = &skew->clock[v];
  struct skew_trees *trees = &skew->trees;
  unsigned either = clock->entered | clock->where;
  if (either & SKEW_ADVANCING) {
    wtree_set(&trees->advancing_min, v, key_of(clock, SKEW_ADVANCING, 1));
    wtree_set(&trees->advancing_max, v, key_of(clock, SKEW_ADVANCING, -1));
  }
  if (either & SKEW_STOPPED) {
    wtree_set(&trees->stopped_min, v, key_of(clock, SKEW_STOPPED, 1));
    wtree_set(&trees->stopped_max, v, key_of(clock, SKEW_STOPPED, -1));
  }
  if (either & SKEW_COSTOP) wtree_set(&trees->costop_min, v, key_of(clock, SKEW_COSTOP, 1));
  clock->entered = clock->where;
}

/* A fair part of the vCPUs that change are not worth trees, which would change as a whole. */
static __attribute__((noinline)) void take_changes(struct skew *skew) {
  bool are_many = skew->n_changed > skew->n_few;
  if (are_many)
    skew->has_trees = false;
  else if (!skew->has_trees)
    build_trees(skew);
  while (skew->n_changed > 0) {
    uint32_t v = skew->changed[--skew->n_changed];
    if (!are_many) enter(skew, v);
    skew->clock[v].is_changed = false;
  }
  skew->ends = are_many ? scan(skew) : roots(&skew->trees);
}

/* Brings the ends up to date. */
static inline void refresh(struct skew *skew) {
  if (skew->n_changed > 0) take_changes(skew);
}

/* --- the two extremes, as functions of time; nothing overflows where there is no key --- */

static inline int64_t top_at(const struct skew *skew, int64_t t_ns) {
  int64_t advancing = t_ns - skew->ends.advancing_max;
  int64_t stopped = -skew->ends.stopped_max;
  return advancing > stopped ? advancing : stopped;
}

static inline int64_t bottom_at(const struct skew *skew, int64_t t_ns) {
  int64_t advancing = skew->ends.advancing_min;
  int64_t stopped = skew->ends.stopped_min - t_ns;
  return (advancing < stopped ? advancing : stopped) + t_ns;
}

int64_t skew_find_bottom(struct skew *skew) {
  refresh(skew);
  return bottom_at(skew, skew->sim->now_ns);
}

void skew_look(struct skew *skew) { refresh(skew); }

int64_t skew_now(struct skew *skew) {
  refresh(skew);
  if (skew->n_in < 2) return 0;
  return top_at(skew, skew->sim->now_ns) - bottom_at(skew, skew->sim->now_ns);
}

/* --- booking --- */

static void raise_lead(struct skew_clock *clock, int64_t lead_ns) {
  if (lead_ns > clock->lead_max_ns) clock->lead_max_ns = lead_ns;
}

/* Supremum of (t - min p) over (from, since]. */
static int64_t peak_behind(const struct skew *skew, int64_t from_ns) {
  uint32_t low = 0, high = skew->n_peaks;
  while (low < high) {
    uint32_t middle = (low + high) / 2;
    if (skew->peak[middle].at_ns > from_ns)
      high = middle;
    else
      low = middle + 1;
  }
  if (low < skew->n_peaks && skew->peak[low].value_ns > skew->gap_ns)
    return skew->peak[low].value_ns;
  return skew->gap_ns;
}

void skew_fold_lead(struct skew *skew, struct skew_clock *clock) {
  raise_lead(clock, clock->p_ns + peak_behind(skew, clock->lead_from_ns));
  clock->lead_from_ns = skew->since_ns;
}

static void fold_lead(struct skew *skew, struct skew_clock *clock) {
  if (clock->lead_from_ns != skew->since_ns) skew_fold_lead(skew, clock);
}

static void fold_all(struct skew *skew) {
  for (uint32_t v = 0; v < skew->n_vcpus; v++)
    if (skew->clock[v].where == SKEW_ADVANCING) fold_lead(skew, &skew->clock[v]);
  skew->n_peaks = 0;
}

static void push_peak(struct skew *skew, int64_t at_ns, int64_t value_ns) {
  while (skew->n_peaks > 0 && skew->peak[skew->n_peaks - 1].value_ns <= value_ns) skew->n_peaks--;
  skew->peak[skew->n_peaks++] = (struct skew_peak){at_ns, value_ns};
  /* Amortised: one pass over the vCPUs after as many jumps of the minimum. */
  if (skew->n_peaks > skew->n_vcpus) fold_all(skew);
}

static void trace_corner(struct skew *skew, int64_t at_ns, int64_t value_ns) {
  struct trace_record record = sim_record(skew->sim, TRACE_SKEW);
  record.at_ns = at_ns;
  record.vm = skew->vm;
  record.value = value_ns;
  skew->sim->trace->emit(skew->sim->trace, &record);
}

static void trace_piece(struct skew *skew, int64_t a_ns, int64_t b_ns, int64_t skew_a,
                        int64_t skew_b) {
  if (!sim_is_traced(skew->sim)) return;
  trace_corner(skew, a_ns, skew_a);
  trace_corner(skew, b_ns, skew_b);
}

/* One piece of the skew's graph: from a_ns at skew_a to b_ns at skew_b, straight. */
static void book_piece(struct skew *skew, int64_t a_ns, int64_t b_ns, int64_t skew_a,
                       int64_t skew_b) {
  skew->integral2 += (__int128)(skew_a + skew_b) * (b_ns - a_ns);
  int64_t low = skew_a < skew_b ? skew_a : skew_b, high = skew_a < skew_b ? skew_b : skew_a;
  if (high > skew->max_ns) skew->max_ns = high;
  trace_piece(skew, a_ns, b_ns, skew_a, skew_b);
  uint32_t first = hist_bucket(&skew->scale, low), last = hist_bucket(&skew->scale, high);
  if (low == high) {
    skew->flat_ns[first] += b_ns - a_ns;
  } else if (first == last) {
    skew->part_ns[first] += high - low;
  } else {
    skew->part_ns[first] += hist_bucket_low(&skew->scale, first + 1) - low;
    skew->part_ns[last] += high - hist_bucket_low(&skew->scale, last);
    skew->crossed[first + 1]++;
    skew->crossed[last]--;
  }
}

static void book_pieces(struct skew *skew, int64_t from_ns, int64_t to_ns) {
  int64_t cut[4] = {from_ns, to_ns, to_ns, to_ns};
  if (skew->n_advancing > 0 && skew->n_advancing < skew->n_in) {
    /* Where an advancing vCPU overtakes the stopped top, or the stopped bottom. */
    int64_t top = skew->ends.advancing_max - skew->ends.stopped_max;
    int64_t bottom = skew->ends.stopped_min - skew->ends.advancing_min;
    cut[1] = top < bottom ? top : bottom;
    cut[2] = top < bottom ? bottom : top;
  }
  int64_t a = from_ns, skew_a = top_at(skew, a) - bottom_at(skew, a);
  for (int i = 1; i < 4; i++) {
    int64_t b = cut[i] > to_ns ? to_ns : cut[i];
    if (b <= a) continue;
    int64_t skew_b = top_at(skew, b) - bottom_at(skew, b);
    book_piece(skew, a, b, skew_a, skew_b);
    a = b;
    skew_a = skew_b;
  }
}

void skew_account(struct skew *skew) {
  int64_t now = skew->sim->now_ns, from = skew->since_ns;
  if (now == from) return;
  refresh(skew);
  if (skew->n_in == 0) {
    skew->flat_ns[0] += now - from;
    trace_piece(skew, from, now, 0, 0);
    skew->bottom_ns = -1;
    skew->since_ns = now;
    return;
  }
  int64_t bottom = bottom_at(skew, from);
  if (skew->bottom_ns >= 0 && bottom > skew->bottom_ns) push_peak(skew, from, skew->gap_ns);
  while (skew->n_woken > 0) {
    struct skew_clock *clock = &skew->clock[skew->woken[--skew->n_woken]];
    if (clock->where == SKEW_OUT) continue;
    raise_lead(clock, clock->p_ns + (clock->where == SKEW_ADVANCING ? from : 0) - bottom);
  }
  if (skew->n_in < 2) {
    skew->flat_ns[0] += now - from;
    trace_piece(skew, from, now, 0, 0);
  } else {
    book_pieces(skew, from, now);
  }
  skew->bottom_ns = bottom_at(skew, now);
  skew->has_risen = false;
  skew->gap_ns = now - skew->bottom_ns;
  skew->since_ns = now;
}

/* --- changes --- */

void skew_wake(struct skew *skew, uint32_t v) {
  int64_t floor_ns = skew->n_in > 0 ? skew_bottom(skew) : skew->top_ns;
  struct skew_clock *clock = &skew->clock[v];
  if (skew->n_in++ == 0) skew->has_risen = true;
  if (clock->p_ns > floor_ns && skew->n_woken < skew->n_vcpus) skew->woken[skew->n_woken++] = v;
  clock->where = SKEW_STOPPED;
  if (clock->p_ns < floor_ns) clock->p_ns = floor_ns;
  if (clock->p_ns > skew->top_ns) skew->top_ns = clock->p_ns;
  skew_touch(skew, v);
}

void skew_idle(struct skew *skew, uint32_t v) {
  if (skew->clock[v].where == SKEW_ADVANCING) skew_stop(skew, v);
  skew->n_in--;
  skew->has_risen = true;
  skew->clock[v].where = SKEW_OUT;
  skew_touch(skew, v);
}

/* Nobody's progress has changed at this instant, and all are level? */
static bool is_level(const struct skew *skew) {
  int64_t now = skew->sim->now_ns;
  bool is_known = skew->since_ns == now && !skew->has_risen && skew->n_woken == 0;
  return is_known && top_at(skew, now) == bottom_at(skew, now);
}

void skew_level(struct skew *skew) {
  if (is_level(skew)) return;
  int64_t top = INT64_MIN;
  for (uint32_t v = 0; v < skew->n_vcpus; v++)
    if (skew->clock[v].where != SKEW_OUT && skew_progress(skew, v) > top)
      top = skew_progress(skew, v);
  for (uint32_t v = 0; v < skew->n_vcpus; v++) {
    struct skew_clock *clock = &skew->clock[v];
    if (clock->where == SKEW_OUT || skew_progress(skew, v) == top) continue;
    if (clock->where == SKEW_ADVANCING) fold_lead(skew, clock);
    clock->p_ns += top - skew_progress(skew, v);
    skew->has_risen = true;
    if (top > skew->top_ns) skew->top_ns = top;
    skew_touch(skew, v);
  }
}

/* --- questions --- */

/* The first at or behind `from` with a key <= bound, of those of which `end` is the least. */
static inline uint32_t find(const struct skew *skew, const struct wtree *tree, int64_t end,
                            unsigned where, int64_t sign, uint32_t from, int64_t bound) {
  uint32_t v = from;
  if (end > bound) return skew->n_vcpus;
  if (skew->has_trees)
    v = wtree_find(tree, from, bound);
  else
    while (v < skew->n_vcpus && key_of(&skew->clock[v], where, sign) > bound) v++;
  return v < skew->n_vcpus ? v : skew->n_vcpus;
}

uint32_t skew_next_leader(struct skew *skew, uint32_t from, int64_t lead_ns) {
  if (skew->n_advancing == 0) return skew->n_vcpus;
  /* p - t >= lead + min p - t, on negated keys. */
  int64_t bound = skew->sim->now_ns - skew_bottom(skew) - lead_ns;
  return find(skew, &skew->trees.advancing_max, skew->ends.advancing_max, SKEW_ADVANCING, -1, from,
              bound);
}

uint32_t skew_next_costopped(struct skew *skew, uint32_t from, int64_t lead_ns) {
  if (skew->n_costop == 0) return skew->n_vcpus;
  int64_t bound;
  if (__builtin_add_overflow(skew_bottom(skew), lead_ns, &bound)) bound = INT64_MAX - 1;
  return find(skew, &skew->trees.costop_min, skew->ends.costop_min, SKEW_COSTOP, 1, from, bound);
}

static int64_t crossing_ns(const struct skew *skew, int64_t height_ns) {
  if (skew->n_advancing == 0 || skew->n_advancing == skew->n_in) return TIME_NEVER_NS;
  /* The most advanced runs away from the stopped bottom: p + t - bottom = height. */
  int64_t at;
  if (__builtin_add_overflow(skew->ends.stopped_min + skew->ends.advancing_max, height_ns, &at))
    return TIME_NEVER_NS;
  return at > skew->sim->now_ns ? at : skew->sim->now_ns;
}

int64_t skew_lead_reaches_ns(struct skew *skew, int64_t lead_ns) {
  if (skew->n_advancing == 0) return TIME_NEVER_NS;
  refresh(skew);
  int64_t now = skew->sim->now_ns;
  if (now - skew->ends.advancing_max - skew_bottom(skew) >= lead_ns) return now;
  return crossing_ns(skew, lead_ns);
}

int64_t skew_reaches_ns(struct skew *skew, int64_t skew_ns) {
  if (skew_now(skew) >= skew_ns) return skew->sim->now_ns;
  return crossing_ns(skew, skew_ns);
}

int64_t skew_costop_falls_to_ns(struct skew *skew, int64_t lead_ns) {
  if (skew->n_costop == 0) return TIME_NEVER_NS;
  refresh(skew);
  int64_t needed = skew->ends.costop_min - lead_ns; /* min p must get there */
  if (skew_bottom(skew) >= needed) return skew->sim->now_ns;
  if (skew->ends.stopped_min < needed || skew->n_advancing == 0) return TIME_NEVER_NS;
  return needed - skew->ends.advancing_min;
}

/* --- ends --- */

void skew_reset(struct skew *skew) {
  fold_all(skew);
  skew->n_woken = 0;
  skew->max_ns = skew_now(skew);
  skew->integral2 = 0;
  for (uint32_t b = 0; b < skew->scale.n_buckets; b++)
    skew->flat_ns[b] = skew->part_ns[b] = skew->crossed[b] = 0;
  for (uint32_t v = 0; v < skew->n_vcpus; v++)
    skew->clock[v].lead_max_ns = skew->clock[v].where == SKEW_OUT ? 0 : skew_lead(skew, v);
}

void skew_finish(struct skew *skew) { fold_all(skew); }

double skew_percentile(const struct skew *skew, double share) {
  const struct hist *scale = &skew->scale;
  double total = 0, below = 0;
  for (int pass = 0; pass < 2; pass++) {
    int64_t crossings = 0;
    for (uint32_t b = 0; b < scale->n_buckets; b++) {
      crossings += skew->crossed[b];
      int64_t low = hist_bucket_low(scale, b), high = hist_bucket_low(scale, b + 1);
      double here =
          (double)(skew->flat_ns[b] + skew->part_ns[b]) + (double)crossings * (double)(high - low);
      if (pass == 0) {
        total += here;
        continue;
      }
      below += here;
      if (below < share * total || here <= 0) continue;
      double middle = (double)low + (double)(high - 1 - low) / 2;
      return middle < (double)skew->max_ns ? middle : (double)skew->max_ns;
    }
  }
  return 0;
}
