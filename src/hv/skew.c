/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hv/skew.h"

#include <assert.h>

#include "sim/time.h"

/* Of a VM with no more vCPUs than that, all are looked at: it takes less than a look at trees. */
enum { FEW_VCPUS = 4 };

void skew_init(struct skew *skew, struct sim *sim, vm_id_t vm, uint32_t n_vcpus, int64_t horizon_ns,
               struct arena *arena) {
  *skew = (struct skew){
      .sim = sim, .vm = vm, .n_vcpus = n_vcpus, .bottom_ns = -1, .behind_from_ns = -1};
  skew->clock = ARENA_ARRAY(arena, n_vcpus, struct skew_clock);
  skew->peak = ARENA_ARRAY(arena, n_vcpus + 2, struct skew_peak);
  skew->woken = ARENA_ARRAY(arena, n_vcpus, uint32_t);
  skew->n_few = n_vcpus <= FEW_VCPUS ? 0 : n_vcpus / 4;
  skew->changed = ARENA_ARRAY(arena, skew->n_few + 1, uint32_t);
  skew->set[SKEW_OUT].n = n_vcpus;
  for (enum skew_where kind = SKEW_STOPPED; kind < SKEW_KINDS; kind++) {
    skew->set[kind].range = SKEW_NOBODY;
    wtree_init(&skew->trees[kind].least, arena, n_vcpus);
    wtree_init(&skew->trees[kind].greatest, arena, n_vcpus);
  }
  struct hist_bank bank = hist_bank_create(arena, 1, 1, horizon_ns);
  hist_init(&skew->scale, &bank, NULL);
  uint32_t n = skew->scale.n_buckets;
  skew->flat_ns = ARENA_ARRAY(arena, n, int64_t);
  skew->part_ns = ARENA_ARRAY(arena, n, int64_t);
  skew->crossed = ARENA_ARRAY(arena, n + 1, int64_t);
}

/* --- the sets --- */

static inline int64_t lesser(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t greater(int64_t a, int64_t b) { return a > b ? a : b; }

/* Without trees. */
static void scan(struct skew *skew) {
  struct skew_range range[SKEW_KINDS] = {SKEW_NOBODY, SKEW_NOBODY, SKEW_NOBODY, SKEW_NOBODY};
  const struct skew_clock *behind = skew->clock + skew->n_vcpus;
  for (const struct skew_clock *clock = skew->clock; clock < behind; clock++)
    skew_include(&range[clock->where], clock->p_ns);
  for (enum skew_where kind = SKEW_STOPPED; kind < SKEW_KINDS; kind++)
    skew->set[kind].range = range[kind];
}

static void read_roots(struct skew *skew) {
  for (enum skew_where kind = SKEW_STOPPED; kind < SKEW_KINDS; kind++) {
    const struct skew_trees *trees = &skew->trees[kind];
    skew->set[kind].range =
        (struct skew_range){wtree_min(&trees->least), -wtree_min(&trees->greatest)};
  }
}

static void build_trees(struct skew *skew) {
  for (enum skew_where kind = SKEW_STOPPED; kind < SKEW_KINDS; kind++) {
    struct skew_trees *trees = &skew->trees[kind];
    for (uint32_t v = 0; v < skew->n_vcpus; v++) {
      const struct skew_clock *clock = &skew->clock[v];
      wtree_put(&trees->least, v, clock->where == kind ? clock->p_ns : WTREE_NONE);
      wtree_put(&trees->greatest, v, clock->where == kind ? -clock->p_ns : WTREE_NONE);
    }
    wtree_build(&trees->least);
    wtree_build(&trees->greatest);
  }
  for (uint32_t v = 0; v < skew->n_vcpus; v++) skew->clock[v].entered = skew->clock[v].where;
  skew->has_trees = true;
}

static inline void enter(struct skew *skew, uint32_t v) {
  struct skew_clock *clock = &skew->clock[v];
  struct skew_trees *from = &skew->trees[clock->entered], *to = &skew->trees[clock->where];
  if (from != to && clock->entered != SKEW_OUT) {
    wtree_set(&from->least, v, WTREE_NONE);
    wtree_set(&from->greatest, v, WTREE_NONE);
  }
  if (clock->where != SKEW_OUT) {
    wtree_set(&to->least, v, clock->p_ns);
    wtree_set(&to->greatest, v, -clock->p_ns);
  }
  clock->entered = clock->where;
}

void skew_list(struct skew *skew, uint32_t v) {
  if (skew->n_changed > skew->n_few || skew->clock[v].is_listed) return;
  skew->clock[v].is_listed = true;
  skew->changed[skew->n_changed++] = v;
}

/* The trees become what the clocks are, if that takes less than a look at all clocks: where a fair
   part of the vCPUs have changed, they are given up. */
static void update_trees(struct skew *skew) {
  bool are_many = skew->n_changed > skew->n_few;
  for (uint32_t i = 0; skew->has_trees && i < skew->n_changed; i++) {
    uint32_t v = skew->changed[i];
    if (!are_many) enter(skew, v);
    skew->clock[v].is_listed = false;
  }
  if (are_many)
    skew->has_trees = false;
  else if (!skew->has_trees)
    build_trees(skew);
  skew->n_changed = 0;
}

static __attribute__((noinline)) void tighten(struct skew *skew) {
  update_trees(skew);
  if (skew->has_trees)
    read_roots(skew);
  else
    scan(skew);
  for (enum skew_where kind = SKEW_STOPPED; kind < SKEW_KINDS; kind++)
    skew->set[kind].is_loose = false;
}

/* The range of each set is just that of its members from now on. */
static inline void refresh(struct skew *skew) {
  const struct skew_set *set = skew->set;
  if (set[SKEW_STOPPED].is_loose | set[SKEW_COSTOP].is_loose | set[SKEW_ADVANCING].is_loose)
    tighten(skew);
}

/* --- the two extremes, as functions of time; nothing overflows where there is no key --- */

struct ends {
  struct skew_range advancing, stopped; /* COSTOP or not */
};

static inline struct ends ends_of(const struct skew *skew) {
  struct ends ends = {skew->set[SKEW_ADVANCING].range, skew->set[SKEW_STOPPED].range};
  ends.stopped.least_ns = lesser(ends.stopped.least_ns, skew->set[SKEW_COSTOP].range.least_ns);
  ends.stopped.greatest_ns =
      greater(ends.stopped.greatest_ns, skew->set[SKEW_COSTOP].range.greatest_ns);
  return ends;
}

static inline int64_t top_at(const struct ends *ends, int64_t t_ns) {
  return greater(ends->advancing.greatest_ns + t_ns, ends->stopped.greatest_ns);
}

static inline int64_t bottom_at(const struct ends *ends, int64_t t_ns) {
  return lesser(ends->advancing.least_ns, ends->stopped.least_ns - t_ns) + t_ns;
}

static inline int64_t skew_at(const struct ends *ends, int64_t t_ns) {
  return top_at(ends, t_ns) - bottom_at(ends, t_ns);
}

int64_t skew_find_bottom(struct skew *skew) {
  refresh(skew);
  struct ends ends = ends_of(skew);
  return bottom_at(&ends, skew->sim->now_ns);
}

int64_t skew_now(struct skew *skew) {
  refresh(skew);
  struct ends ends = ends_of(skew);
  return skew_n_in(skew) < 2 ? 0 : skew_at(&ends, skew->sim->now_ns);
}

/* --- booking --- */

static void raise_lead(struct skew_clock *clock, int64_t lead_ns) {
  if (lead_ns > clock->lead_max_ns) clock->lead_max_ns = lead_ns;
}

void skew_find_behind(struct skew *skew, int64_t from_ns) {
  uint32_t low = 0, high = skew->n_peaks;
  while (low < high) {
    uint32_t middle = (low + high) / 2;
    if (skew->peak[middle].at_ns > from_ns)
      high = middle;
    else
      low = middle + 1;
  }
  bool has_peak = low < skew->n_peaks && skew->peak[low].value_ns > skew->gap_ns;
  skew->behind_ns = has_peak ? skew->peak[low].value_ns : skew->gap_ns;
  skew->behind_from_ns = from_ns;
}

static void fold_all(struct skew *skew) {
  for (uint32_t v = 0; v < skew->n_vcpus; v++)
    if (skew->clock[v].where == SKEW_ADVANCING) skew_fold_lead(skew, &skew->clock[v]);
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

/* Some advance, and others do not? */
static inline bool is_mixed(const struct skew *skew) {
  uint32_t n_advancing = skew->set[SKEW_ADVANCING].n;
  return n_advancing > 0 && n_advancing < skew_n_in(skew);
}

static void book_pieces(struct skew *skew, const struct ends *ends, int64_t from_ns,
                        int64_t to_ns) {
  int64_t cut[4] = {from_ns, to_ns, to_ns, to_ns};
  if (is_mixed(skew)) {
    /* Where an advancing vCPU overtakes the stopped top, or the stopped bottom. */
    int64_t top = ends->stopped.greatest_ns - ends->advancing.greatest_ns;
    int64_t bottom = ends->stopped.least_ns - ends->advancing.least_ns;
    cut[1] = top < bottom ? top : bottom;
    cut[2] = top < bottom ? bottom : top;
  }
  int64_t a = from_ns, skew_a = skew_at(ends, a);
  for (int i = 1; i < 4; i++) {
    int64_t b = cut[i] > to_ns ? to_ns : cut[i];
    if (b <= a) continue;
    int64_t skew_b = skew_at(ends, b);
    book_piece(skew, a, b, skew_a, skew_b);
    a = b;
    skew_a = skew_b;
  }
}

void skew_account(struct skew *skew) {
  int64_t now = skew->sim->now_ns, from = skew->since_ns;
  if (now == from) return;
  refresh(skew);
  skew->behind_from_ns = -1;
  if (skew_n_in(skew) == 0) {
    skew->flat_ns[0] += now - from;
    trace_piece(skew, from, now, 0, 0);
    skew->bottom_ns = -1;
    skew->since_ns = now;
    return;
  }
  struct ends ends = ends_of(skew);
  int64_t bottom = bottom_at(&ends, from);
  if (skew->bottom_ns >= 0 && bottom > skew->bottom_ns) push_peak(skew, from, skew->gap_ns);
  while (skew->n_woken > 0) {
    struct skew_clock *clock = &skew->clock[skew->woken[--skew->n_woken]];
    if (clock->where == SKEW_OUT) continue;
    raise_lead(clock, clock->p_ns + (clock->where == SKEW_ADVANCING ? from : 0) - bottom);
  }
  if (skew_n_in(skew) < 2) {
    skew->flat_ns[0] += now - from;
    trace_piece(skew, from, now, 0, 0);
  } else {
    book_pieces(skew, &ends, from, now);
  }
  skew->bottom_ns = bottom_at(&ends, now);
  skew->was_level = top_at(&ends, now) == skew->bottom_ns;
  skew->has_risen = false;
  skew->gap_ns = now - skew->bottom_ns;
  skew->since_ns = now;
}

/* --- changes --- */

void skew_wake(struct skew *skew, uint32_t v) {
  bool is_first = skew_n_in(skew) == 0;
  int64_t floor_ns = is_first ? skew->top_ns : skew_bottom(skew);
  struct skew_clock *clock = &skew->clock[v];
  if (is_first) skew->has_risen = true;
  if (clock->p_ns > floor_ns && skew->n_woken < skew->n_vcpus) skew->woken[skew->n_woken++] = v;
  if (clock->p_ns < floor_ns) clock->p_ns = floor_ns;
  if (clock->p_ns > skew->top_ns) skew->top_ns = clock->p_ns;
  skew_set(skew, v, SKEW_STOPPED);
}

void skew_idle(struct skew *skew, uint32_t v) {
  if (skew->clock[v].where == SKEW_ADVANCING)
    skew_stop(skew, v, SKEW_OUT);
  else
    skew_set(skew, v, SKEW_OUT);
  skew->has_risen = true;
}

/* Nobody's progress has changed at this instant, and all are level? */
static bool is_level(const struct skew *skew) {
  bool is_known = skew->since_ns == skew->sim->now_ns && !skew->has_risen && skew->n_woken == 0;
  return is_known && skew->was_level;
}

void skew_level(struct skew *skew) {
  if (is_level(skew) || skew_n_in(skew) == 0) return;
  refresh(skew);
  struct ends ends = ends_of(skew);
  int64_t now = skew->sim->now_ns, top = top_at(&ends, now);
  for (uint32_t v = 0; v < skew->n_vcpus; v++) {
    struct skew_clock *clock = &skew->clock[v];
    if (clock->where == SKEW_OUT || skew_progress(skew, v) == top) continue;
    if (clock->where == SKEW_ADVANCING) skew_fold_lead(skew, clock);
    clock->p_ns += top - skew_progress(skew, v);
    skew->has_risen = true;
    skew_touch(skew, v);
  }
  if (top > skew->top_ns) skew->top_ns = top;
  for (enum skew_where kind = SKEW_STOPPED; kind < SKEW_KINDS; kind++) {
    int64_t p_ns = kind == SKEW_ADVANCING ? top - now : top;
    if (skew->set[kind].n > 0) skew->set[kind].range = (struct skew_range){p_ns, p_ns};
  }
}

/* --- questions --- */

static uint32_t find_in_tree(const struct skew *skew, const struct wtree *tree, int64_t bound_ns,
                             uint32_t *found) {
  uint32_t n = 0, v = wtree_find(tree, 0, bound_ns);
  for (; v < skew->n_vcpus; v = wtree_find(tree, v + 1, bound_ns)) found[n++] = v;
  return n;
}

static void find_in_all(const struct skew *skew, int64_t leader_ns, int64_t costopped_ns,
                        struct skew_found *found) {
  const struct skew_clock *clock = skew->clock;
  uint32_t *leaders = found->leaders, *costopped = found->costopped;
  for (uint32_t v = 0, n_vcpus = skew->n_vcpus; v < n_vcpus; v++, clock++) {
    if (clock->where == SKEW_ADVANCING) {
      *leaders = v;
      leaders += clock->p_ns >= leader_ns;
    } else if (clock->where == SKEW_COSTOP) {
      *costopped = v;
      costopped += clock->p_ns <= costopped_ns;
    }
  }
  found->n_leaders = (uint32_t)(leaders - found->leaders);
  found->n_costopped = (uint32_t)(costopped - found->costopped);
}

void skew_find(struct skew *skew, int64_t stop_ns, int64_t start_ns, struct skew_found *found) {
  const struct skew_set *advancing = &skew->set[SKEW_ADVANCING], *costop = &skew->set[SKEW_COSTOP];
  found->n_leaders = found->n_costopped = 0;
  if (advancing->n == 0 && costop->n == 0) return;
  refresh(skew);
  int64_t bottom_ns = skew_bottom(skew), costopped_ns;
  int64_t leader_ns = bottom_ns - skew->sim->now_ns + stop_ns; /* p - t >= min p - t + lead */
  if (__builtin_add_overflow(bottom_ns, start_ns, &costopped_ns)) costopped_ns = INT64_MAX - 1;
  bool has_leaders = advancing->n > 0 && advancing->range.greatest_ns >= leader_ns;
  bool has_costopped = costop->n > 0 && costop->range.least_ns <= costopped_ns;
  if (!has_leaders && !has_costopped) return;
  if (skew->has_trees) update_trees(skew);
  if (!skew->has_trees) {
    find_in_all(skew, leader_ns, costopped_ns, found);
    return;
  }
  const struct skew_trees *trees = skew->trees;
  found->n_leaders =
      find_in_tree(skew, &trees[SKEW_ADVANCING].greatest, -leader_ns, found->leaders);
  found->n_costopped =
      find_in_tree(skew, &trees[SKEW_COSTOP].least, costopped_ns, found->costopped);
}

bool skew_is_below(const struct skew *skew, int64_t lead_ns) {
  bool is_known = skew->since_ns == skew->sim->now_ns && !skew->has_risen;
  return is_known && skew->set[SKEW_STOPPED].range.greatest_ns < skew->bottom_ns + lead_ns;
}

static int64_t crossing_ns(const struct skew *skew, int64_t height_ns) {
  if (!is_mixed(skew)) return TIME_NEVER_NS;
  /* The most advanced runs away from the stopped bottom: p + t - bottom = height. */
  struct ends ends = ends_of(skew);
  int64_t at, level_ns = ends.stopped.least_ns - ends.advancing.greatest_ns;
  if (__builtin_add_overflow(level_ns, height_ns, &at)) return TIME_NEVER_NS;
  return at > skew->sim->now_ns ? at : skew->sim->now_ns;
}

int64_t skew_lead_reaches_ns(struct skew *skew, int64_t lead_ns) {
  const struct skew_set *advancing = &skew->set[SKEW_ADVANCING];
  if (advancing->n == 0) return TIME_NEVER_NS;
  refresh(skew);
  int64_t now = skew->sim->now_ns;
  if (now + advancing->range.greatest_ns - skew_bottom(skew) >= lead_ns) return now;
  return crossing_ns(skew, lead_ns);
}

int64_t skew_reaches_ns(struct skew *skew, int64_t skew_ns) {
  if (skew_now(skew) >= skew_ns) return skew->sim->now_ns;
  return crossing_ns(skew, skew_ns);
}

int64_t skew_costop_falls_to_ns(struct skew *skew, int64_t lead_ns) {
  if (skew->set[SKEW_COSTOP].n == 0) return TIME_NEVER_NS;
  refresh(skew);
  struct ends ends = ends_of(skew);
  int64_t needed = skew->set[SKEW_COSTOP].range.least_ns - lead_ns; /* min p must get there */
  if (skew_bottom(skew) >= needed) return skew->sim->now_ns;
  if (ends.stopped.least_ns < needed || skew->set[SKEW_ADVANCING].n == 0) return TIME_NEVER_NS;
  return needed - ends.advancing.least_ns;
}

/* --- ends --- */

void skew_reset(struct skew *skew) {
  fold_all(skew);
  skew->behind_from_ns = -1;
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
