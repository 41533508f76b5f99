/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Skew against a naive one that is stepped nanosecond by nanosecond. */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "hv/skew.h"
#include "sim/rng.h"
#include "support/suite.h"

enum { VCPUS_MAX = 9, HORIZON_NS = 30000, GAP_MAX_NS = 40, SEEDS = 30 };

struct naive {
  int64_t p_ns[VCPUS_MAX], lead_max_ns[VCPUS_MAX];
  enum skew_where where[VCPUS_MAX];
  int64_t max_ns, now_ns;
  __int128 integral2;
  int64_t twice_ns[HORIZON_NS]; /* twice the skew in the middle of each nanosecond */
  uint32_t n_samples, n_vcpus;
};

static struct arena arena;
static struct sim sim;
static struct skew skew;
static struct naive naive;
static struct rng_stream stream;

static void begin(void) { sim = (struct sim){0}; }
static void end(void) { arena_free(&arena); }

static uint32_t below(uint32_t n) { return (uint32_t)(rng_u64(&stream) >> 33) % n; }

/* --- the naive one --- */

static uint32_t n_in(void) {
  uint32_t n = 0;
  for (uint32_t v = 0; v < naive.n_vcpus; v++) n += naive.where[v] != SKEW_OUT;
  return n;
}

/* The least, or greatest (sign -1), progress of those that are in. */
static int64_t extreme(int sign) {
  int64_t best = INT64_MAX;
  for (uint32_t v = 0; v < naive.n_vcpus; v++)
    if (naive.where[v] != SKEW_OUT && sign * naive.p_ns[v] < best) best = sign * naive.p_ns[v];
  return sign * best;
}

static int64_t spread(void) { return n_in() < 2 ? 0 : extreme(-1) - extreme(1); }

static void observe(void) {
  if (spread() > naive.max_ns) naive.max_ns = spread();
  for (uint32_t v = 0; v < naive.n_vcpus; v++)
    if (naive.where[v] != SKEW_OUT && naive.p_ns[v] - extreme(1) > naive.lead_max_ns[v])
      naive.lead_max_ns[v] = naive.p_ns[v] - extreme(1);
}

static void move_on(void) {
  for (uint32_t v = 0; v < naive.n_vcpus; v++)
    if (naive.where[v] == SKEW_ADVANCING) naive.p_ns[v]++;
  naive.now_ns++;
}

static void step(void) {
  int64_t before = spread();
  observe();
  move_on();
  observe();
  naive.twice_ns[naive.n_samples] = before + spread();
  naive.integral2 += naive.twice_ns[naive.n_samples++];
}

static void naive_wake(uint32_t woken) {
  int64_t floor_ns = 0;
  if (n_in() > 0)
    floor_ns = extreme(1);
  else
    for (uint32_t v = 0; v < naive.n_vcpus; v++)
      if (naive.p_ns[v] > floor_ns) floor_ns = naive.p_ns[v];
  if (naive.p_ns[woken] < floor_ns) naive.p_ns[woken] = floor_ns;
  naive.where[woken] = SKEW_STOPPED;
}

static void naive_reset(void) {
  naive.max_ns = spread();
  naive.integral2 = 0;
  naive.n_samples = 0;
  for (uint32_t v = 0; v < naive.n_vcpus; v++)
    naive.lead_max_ns[v] = naive.where[v] == SKEW_OUT ? 0 : naive.p_ns[v] - extreme(1);
}

/* --- both --- */

static void start_both(uint32_t n_vcpus) {
  naive = (struct naive){.n_vcpus = n_vcpus};
  sim.now_ns = 0;
  skew_init(&skew, &sim, 0, n_vcpus, HORIZON_NS, &arena);
}

static void pass(int64_t ns) {
  for (int64_t i = 0; i < ns; i++) step();
  sim.now_ns += ns;
}

static void set_both(uint32_t v, enum skew_where where) {
  skew_set(&skew, v, where);
  naive.where[v] = where;
}

static void change_stopped(uint32_t v) {
  if (below(4) == 0) {
    set_both(v, SKEW_COSTOP);
  } else if (below(4) == 0) {
    skew_idle(&skew, v);
    naive.where[v] = SKEW_OUT;
  } else {
    skew_start(&skew, v);
    naive.where[v] = SKEW_ADVANCING;
  }
}

static void change(uint32_t v) {
  skew_account(&skew);
  switch (naive.where[v]) {
    case SKEW_OUT:
      skew_wake(&skew, v);
      naive_wake(v);
      break;
    case SKEW_STOPPED:
      change_stopped(v);
      break;
    case SKEW_COSTOP:
      if (below(2) == 0) {
        set_both(v, SKEW_STOPPED);
      } else {
        skew_start(&skew, v);
        naive.where[v] = SKEW_ADVANCING;
      }
      break;
    case SKEW_ADVANCING:
      if (below(4) == 0) {
        skew_idle(&skew, v);
        naive.where[v] = SKEW_OUT;
      } else {
        naive.where[v] = below(2) ? SKEW_STOPPED : SKEW_COSTOP;
        skew_stop(&skew, v, naive.where[v]);
      }
      break;
    case SKEW_KINDS:
      break;
  }
}

/* A gang starts: nobody advances yet. */
static void level(void) {
  for (uint32_t v = 0; v < naive.n_vcpus; v++)
    if (naive.where[v] == SKEW_ADVANCING) return;
  if (n_in() == 0) return;
  skew_account(&skew);
  skew_level(&skew);
  int64_t top = extreme(-1);
  for (uint32_t v = 0; v < naive.n_vcpus; v++)
    if (naive.where[v] != SKEW_OUT) naive.p_ns[v] = top;
}

/* Any question may be the first one after a change. */
static void expect_answers(int64_t lead_ns) {
  if (below(2)) ck_assert_int_eq(skew_now(&skew), spread());
  if (n_in() == 0) return;
  ck_assert_int_eq(skew_bottom(&skew), extreme(1));
  uint32_t leaders[VCPUS_MAX], costopped[VCPUS_MAX], n_leaders = 0, n_costopped = 0;
  uint32_t found_leaders[VCPUS_MAX], found_costopped[VCPUS_MAX];
  struct skew_found found = {found_leaders, found_costopped, 0, 0};
  bool is_below = true;
  for (uint32_t v = 0; v < naive.n_vcpus; v++) {
    if (naive.where[v] == SKEW_OUT) continue;
    int64_t here_ns = naive.p_ns[v] - extreme(1);
    ck_assert_int_eq(skew_lead(&skew, v), here_ns);
    if (naive.where[v] == SKEW_STOPPED && here_ns >= lead_ns) is_below = false;
    if (naive.where[v] == SKEW_ADVANCING && here_ns >= lead_ns) leaders[n_leaders++] = v;
    if (naive.where[v] == SKEW_COSTOP && here_ns <= lead_ns) costopped[n_costopped++] = v;
  }
  skew_find(&skew, lead_ns, lead_ns, &found);
  ck_assert_uint_eq(found.n_leaders, n_leaders);
  ck_assert_mem_eq(found.leaders, leaders, n_leaders * sizeof *leaders);
  ck_assert_uint_eq(found.n_costopped, n_costopped);
  ck_assert_mem_eq(found.costopped, costopped, n_costopped * sizeof *costopped);
  if (skew_is_below(&skew, lead_ns)) ck_assert(is_below);
}

/* When is it so, if nothing changes? Looks two hundred nanoseconds ahead. */
static int64_t look_ahead(bool (*is_so)(int64_t limit_ns), int64_t limit_ns) {
  static struct naive saved;
  int64_t found_ns = TIME_NEVER_NS;
  saved = naive;
  for (int i = 0; i < 200 && found_ns == TIME_NEVER_NS; i++) {
    if (is_so(limit_ns)) found_ns = naive.now_ns;
    move_on();
  }
  naive = saved;
  return found_ns;
}

static bool is_wide(int64_t limit_ns) { return spread() >= limit_ns; }

static bool has_leader(int64_t limit_ns) {
  for (uint32_t v = 0; v < naive.n_vcpus; v++)
    if (naive.where[v] == SKEW_ADVANCING && naive.p_ns[v] - extreme(1) >= limit_ns) return true;
  return false;
}

static bool may_costart(int64_t limit_ns) {
  for (uint32_t v = 0; v < naive.n_vcpus; v++)
    if (naive.where[v] == SKEW_COSTOP && naive.p_ns[v] - extreme(1) <= limit_ns) return true;
  return false;
}

static void expect_soon(int64_t answer_ns, int64_t naive_ns) {
  if (naive_ns < TIME_NEVER_NS)
    ck_assert_int_eq(answer_ns, naive_ns);
  else
    ck_assert_int_ge(answer_ns, naive.now_ns + 200);
}

static void expect_crossings(int64_t limit_ns) {
  if (n_in() < 2) return;
  expect_soon(skew_reaches_ns(&skew, limit_ns), look_ahead(is_wide, limit_ns));
  expect_soon(skew_lead_reaches_ns(&skew, limit_ns), look_ahead(has_leader, limit_ns));
  expect_soon(skew_costop_falls_to_ns(&skew, limit_ns), look_ahead(may_costart, limit_ns));
}

static int by_value(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

static void expect_measures(void) {
  skew_account(&skew);
  skew_finish(&skew);
  observe();
  ck_assert_int_eq(skew.max_ns, naive.max_ns);
  ck_assert(skew.integral2 == naive.integral2);
  for (uint32_t v = 0; v < naive.n_vcpus; v++)
    ck_assert_int_eq(skew.clock[v].lead_max_ns, naive.lead_max_ns[v]);
  if (naive.n_samples < 1000) return;
  qsort(naive.twice_ns, naive.n_samples, sizeof naive.twice_ns[0], by_value);
  double p99_ns = (double)naive.twice_ns[naive.n_samples * 99 / 100] / 2;
  ck_assert_double_le(fabs(skew_percentile(&skew, .99) - p99_ns), .01 * p99_ns + 1.5);
}

static void try_seed(uint32_t seed) {
  rng_stream_init(&stream, seed, 0, RNG_COMPUTE, "skew", "0");
  start_both(2 + seed % (VCPUS_MAX - 1));
  while (naive.now_ns < HORIZON_NS - 2 * GAP_MAX_NS) {
    if (below(3)) pass(below(GAP_MAX_NS));
    uint32_t n_changes = below(8) ? below(3) : below(2 * naive.n_vcpus);
    for (uint32_t n = n_changes; n > 0; n--) change(below(naive.n_vcpus));
    if (below(8) == 0) level();
    if (below(2)) expect_answers(below(100));
    if (below(10) == 0) expect_crossings(below(150));
    if (below(900) > 0) continue;
    skew_account(&skew);
    skew_reset(&skew);
    naive_reset();
  }
  pass(GAP_MAX_NS);
  expect_measures();
}

START_TEST(it_is_what_stepping_finds) {
  for (uint32_t seed = 0; seed < SEEDS; seed++) {
    try_seed(seed);
    arena_free(&arena);
  }
}
END_TEST

/* v0 runs from 0 to 10 and v1 from 4 to 20: the skew rises to 4, stays, and falls to 0 at 14 before
   it rises to 6. Twice the areas: 16 + 48 + 16 + 36. */
START_TEST(it_is_what_hand_and_eye_find) {
  start_both(2);
  skew_wake(&skew, 0);
  skew_wake(&skew, 1);
  skew_start(&skew, 0);
  sim.now_ns = 4;
  skew_account(&skew);
  skew_start(&skew, 1);
  sim.now_ns = 10;
  skew_account(&skew);
  skew_stop(&skew, 0, SKEW_STOPPED);
  sim.now_ns = 20;
  skew_account(&skew);
  skew_finish(&skew);
  ck_assert_int_eq(skew.max_ns, 6);
  ck_assert(skew.integral2 == 16 + 48 + 16 + 36);
  ck_assert_int_eq(skew.clock[0].lead_max_ns, 4);
  ck_assert_int_eq(skew.clock[1].lead_max_ns, 6);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("skew");
  tcase_add_checked_fixture(tests, begin, end);
  tcase_add_test(tests, it_is_what_stepping_finds);
  tcase_add_test(tests, it_is_what_hand_and_eye_find);
  return suite_run(tests, "hv/skew");
}
