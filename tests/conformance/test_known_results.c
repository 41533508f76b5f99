/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Results that are known without simulating: one test for each row of the table at the end of the
   model, under its number. These are about hosts and exact. */
#include <check.h>

#include <string.h>
#include "support/suite.h"

#include "support/world.h"

static struct world world;
static void forget(void) { world_free(&world); }

#define HOG "'hog': [ { 'compute': '1s' } ]"

static int64_t in_state(const char *vm, enum runstate state) {
  return world_vm(&world, vm)->total.runstate_ns[state];
}

static const char *const rules[] = {"none", "relaxed", "strict"};

/* --- 1 --- */

#define PAIR_ON_ONE_PCPU                                                                           \
  "{ 'host': { 'pcpus': 1 }, 'hypervisor': { 'scheduler': { 'kind': 'rr', 'timeslice': '200ms' }," \
  "'coscheduling': { 'kind': 'relaxed', 'costop_threshold': '%s', 'costart_threshold': '%s' } },"  \
  "'programs': { " HOG                                                                             \
  " }, 'vms': { 'db': { 'vcpus': 2, 'program': 'hog' } },"                                         \
  "'run': { 'warmup': '%s', 'duration': '%s' } }"

/* Each in turn goes from 3 ms behind to 3 ms ahead: 6 ms. The other is COSTOP until it is only 2 ms
   ahead, 1 ms of these 6, and READY for the rest. */
START_TEST(row_1_relaxed_pair_with_3_and_2_ms) {
  world_watch(&world, PAIR_ON_ONE_PCPU, "3ms", "2ms", "3ms", "120ms");
  for (uint32_t v = 0; v < 2; v++) {
    const struct ledger *ledger = &world_vm(&world, "db")->vcpus[v].ledger;
    ck_assert_int_eq(ledger->runstate_ns[RS_RUNNING], 60 * MS);
    ck_assert_int_eq(ledger->runstate_ns[RS_COSTOP], 10 * MS);
    ck_assert_int_eq(ledger->runstate_ns[RS_READY], 50 * MS);
  }
  ck_assert_int_eq(world_vm(&world, "db")->skew_max_ns, 3 * MS);
}
END_TEST

/* 10 ms each; COSTOP from 5 ms ahead to 1 ms ahead: 4 of 20 ms. */
START_TEST(row_1_relaxed_pair_with_5_and_1_ms) {
  world_watch(&world, PAIR_ON_ONE_PCPU, "5ms", "1ms", "5ms", "200ms");
  ck_assert_int_eq(in_state("db", RS_COSTOP), 2 * 40 * MS);
  ck_assert_int_eq(in_state("db", RS_RUNNING), 2 * 100 * MS);
}
END_TEST

/* --- 2 --- */

enum { CROWD_VCPUS = 4 };

#define CROWD                                                                             \
  "{ 'host': { 'pcpus': 3, 'costs': { 'context_switch': '20us', 'migration': '30us' } }," \
  "'hypervisor': { 'scheduler': { 'kind': 'rr', 'timeslice': '5ms' },"                    \
  "'coscheduling': { 'kind': '%s' %s } }, 'locks': { 'm': { 'kind': 'mutex' } },"         \
  "'programs': { " HOG                                                                    \
  ", 'p': [ { 'compute': { 'exponential': '900us' } },"                                   \
  "{ 'lock': 'm', 'hold': { 'exponential': '200us' } },"                                  \
  "{ 'sleep': { 'exponential': '400us' } } ] }, 'vms': {"                                 \
  "'db': { 'vcpus': 4, 'threads': 6, 'program': 'p' },"                                   \
  "'noise': { 'vcpus': 1, 'program': 'hog', 'count': 2 } }, 'run': { 'duration': '2s' } }"

/* Progress as the model defines it, followed record by record. */
struct progress {
  int64_t p_ns[CROWD_VCPUS];
  bool is_advancing[CROWD_VCPUS];
  unsigned runstate[CROWD_VCPUS];
  int64_t now_ns;
};

static int64_t least(const struct progress *progress, uint32_t but) {
  int64_t least_ns = INT64_MAX;
  for (uint32_t v = 0; v < CROWD_VCPUS; v++)
    if (v != but && progress->runstate[v] != RS_IDLE && progress->p_ns[v] < least_ns)
      least_ns = progress->p_ns[v];
  return least_ns;
}

static void wake(struct progress *progress, uint32_t woken) {
  int64_t floor_ns = least(progress, woken);
  if (floor_ns == INT64_MAX) {
    floor_ns = 0;
    for (uint32_t v = 0; v < CROWD_VCPUS; v++)
      if (progress->p_ns[v] > floor_ns) floor_ns = progress->p_ns[v];
  }
  if (progress->p_ns[woken] < floor_ns) progress->p_ns[woken] = floor_ns;
}

static void advance(struct progress *progress, int64_t to_ns) {
  for (uint32_t v = 0; v < CROWD_VCPUS; v++)
    if (progress->is_advancing[v]) progress->p_ns[v] += to_ns - progress->now_ns;
  progress->now_ns = to_ns;
}

static void follow(struct progress *progress, const struct trace_record *record) {
  if (record->vcpu >= CROWD_VCPUS) return;
  if (record->what == TRACE_ACTIVITY)
    progress->is_advancing[record->vcpu] = record->to != NO_ACTIVITY && record->to != ACT_OVERHEAD;
  if (record->what != TRACE_RUNSTATE) return;
  progress->runstate[record->vcpu] = record->to;
  if (record->from == RS_IDLE) wake(progress, record->vcpu);
}

static void expect_no_leader(const struct progress *progress, int64_t limit_ns) {
  int64_t least_ns = least(progress, ID_NONE);
  for (uint32_t v = 0; v < CROWD_VCPUS; v++)
    if (progress->runstate[v] == RS_RUNNING)
      ck_assert_int_lt(progress->p_ns[v] - least_ns, limit_ns);
}

START_TEST(row_2_relaxed_leaves_no_leader_running) {
  world_watch(&world, CROWD, "relaxed", "");
  struct progress progress = {.runstate = {RS_IDLE, RS_IDLE, RS_IDLE, RS_IDLE}};
  int64_t check_ns = 1 * MS;
  for (size_t i = 0; i < world.n_records; i++) {
    const struct trace_record *record = &world.records[i];
    if (record->what != TRACE_RUNSTATE && record->what != TRACE_ACTIVITY) continue;
    for (; check_ns < record->at_ns; check_ns += 1 * MS) {
      advance(&progress, check_ns);
      expect_no_leader(&progress, 3 * MS);
    }
    advance(&progress, record->at_ns);
    follow(&progress, record);
  }
  ck_assert_int_gt(check_ns, 1990 * MS);
  ck_assert_uint_gt(world_vm(&world, "db")->total.costops, 100);
  /* Between two checks a lead grows by at most 1 ms. */
  ck_assert_int_lt(world_vm(&world, "db")->skew_max_ns, 4 * MS);
}
END_TEST

static bool is_same_record(const struct trace_record *a, const struct trace_record *b) {
  return a->at_ns == b->at_ns && a->what == b->what && a->vcpu == b->vcpu && a->pcpu == b->pcpu &&
         a->thread == b->thread && a->lock == b->lock && a->from == b->from && a->to == b->to &&
         a->value == b->value;
}

START_TEST(row_2_relaxed_with_threshold_0_is_none) {
  struct world other = {0};
  world_watch(&world, CROWD, "none", "");
  world_watch(&other, CROWD, "relaxed", ", 'costop_threshold': '0'");
  ck_assert_uint_eq(world.n_records, other.n_records);
  for (size_t i = 0; i < world.n_records; i++)
    ck_assert(is_same_record(&world.records[i], &other.records[i]));
  world_free(&other);
}
END_TEST

/* --- 3 to 7: shares of computing VMs --- */

/* The VM that may go anywhere finds one pCPU free: a gang of four never fits. */
START_TEST(row_3_three_of_four_pcpus_are_held) {
  for (size_t i = 0; i < 3; i++) {
    world_watch(&world,
                "{ 'host': { 'pcpus': 4 }, 'hypervisor': { 'scheduler': { 'kind': 'rr',"
                "'timeslice': '2s' }, 'coscheduling': { 'kind': '%s' } }, 'programs': { " HOG
                " },"
                "'vms': { 'a': { 'vcpus': 1, 'program': 'hog', 'affinity': '0' },"
                "'b': { 'vcpus': 1, 'program': 'hog', 'affinity': '1' },"
                "'c': { 'vcpus': 1, 'program': 'hog', 'affinity': '2' },"
                "'db': { 'vcpus': 4, 'program': 'hog', 'affinity': '0-3' } },"
                "'run': { 'duration': '1s' } }",
                rules[i]);
    ck_assert_int_eq(in_state("db", RS_RUNNING), strcmp(rules[i], "strict") == 0 ? 0 : 1 * S);
    forget();
  }
}
END_TEST

START_TEST(row_4_idle_vcpus_hold_nobody_back) {
  for (size_t i = 0; i < 3; i++) {
    world_watch(&world,
                "{ 'host': { 'pcpus': 4 }, 'hypervisor': { 'coscheduling': { 'kind': '%s' } },"
                "'programs': { " HOG
                ", 'p': [ { 'compute': { 'exponential': '2ms' } },"
                "{ 'sleep': { 'exponential': '1ms' } } ] },"
                "'vms': { 'db': { 'vcpus': 4, 'threads': 1, 'program': 'p' },"
                "'noise': { 'vcpus': 1, 'count': 4, 'program': 'hog' } },"
                "'run': { 'duration': '2s' } }",
                rules[i]);
    ck_assert_int_eq(in_state("db", RS_COSTOP), 0);
    ck_assert_int_eq(world_vm(&world, "db")->skew_max_ns, 0);
    ck_assert_int_gt(in_state("db", RS_RUNNING), 0);
    forget();
  }
}
END_TEST

/* Slices of 10 ms; every cycle of these mixes divides 600 ms. */
#define PHAM                                                                       \
  "{ 'host': { 'pcpus': %d }, 'hypervisor': { 'coscheduling': { 'kind': '%s' } }," \
  "'programs': { " HOG                                                             \
  " }, 'vms': { 'two': { 'vcpus': 2, 'program': 'hog' },"                          \
  "'one': { 'vcpus': 1, 'count': 2, 'program': 'hog' } },"                         \
  "'run': { 'warmup': '600ms', 'duration': '600ms' } }"

/* P = 1: the two never fit. 2: the two, then the ones. 3: two + one, two + the other, ones: each is
   in two of three slices, 8 of 9 pCPU slices are used. 4: all fit. */
START_TEST(row_5_strict_two_one_one) {
  static const int64_t two_ns[] = {0, 2 * 300 * MS, 2 * 400 * MS, 2 * 600 * MS};
  static const int64_t one_ns[] = {300 * MS, 300 * MS, 400 * MS, 600 * MS};
  for (int p = 1; p <= 4; p++) {
    world_watch(&world, PHAM, p, "strict");
    ck_assert_int_eq(in_state("two", RS_RUNNING), two_ns[p - 1]);
    ck_assert_int_eq(in_state("one.0", RS_RUNNING), one_ns[p - 1]);
    ck_assert_int_eq(in_state("one.1", RS_RUNNING), one_ns[p - 1]);
    if (p == 3) ck_assert_int_eq(world.result->host.busy_ns * 9, 8 * 3 * 600 * MS);
    forget();
  }
}
END_TEST

/* 4 pCPUs. What does not fit together takes turns: (2+3)/8, (2+4)/8, (3+3)/8, (4+1)/8. */
START_TEST(row_6_strict_utilisation_of_pairs) {
  static const struct {
    int a, b, busy_of_8;
  } mixes[] = {{2, 2, 8}, {2, 3, 5}, {2, 4, 6}, {3, 3, 6}, {4, 1, 5}};
  for (size_t i = 0; i < 2 * sizeof mixes / sizeof *mixes; i++) {
    bool is_strict = i % 2;
    world_watch(&world,
                "{ 'host': { 'pcpus': 4 }, 'hypervisor': { 'coscheduling': { 'kind': '%s' } },"
                "'programs': { " HOG
                " }, 'vms': { 'a': { 'vcpus': %d, 'program': 'hog' },"
                "'b': { 'vcpus': %d, 'program': 'hog' } },"
                "'run': { 'warmup': '600ms', 'duration': '600ms' } }",
                is_strict ? "strict" : "none", mixes[i / 2].a, mixes[i / 2].b);
    int64_t expected_ns = 4 * 600 * MS * (is_strict ? mixes[i / 2].busy_of_8 : 8) / 8;
    ck_assert_int_eq(world.result->host.busy_ns, expected_ns);
    forget();
  }
}
END_TEST

START_TEST(row_7_shares_under_none) {
  for (int p = 1; p <= 5; p++) {
    world_watch(&world, PHAM, p, "none");
    int64_t share_ns = p < 4 ? p * 150 * MS : 600 * MS;
    ck_assert_int_eq(in_state("two", RS_RUNNING), 2 * share_ns);
    ck_assert_int_eq(in_state("one.0", RS_RUNNING), share_ns);
    ck_assert_int_eq(in_state("one.1", RS_RUNNING), share_ns);
    forget();
  }
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("known results");
  tcase_add_checked_fixture(tests, NULL, forget);
  tcase_add_test(tests, row_1_relaxed_pair_with_3_and_2_ms);
  tcase_add_test(tests, row_1_relaxed_pair_with_5_and_1_ms);
  tcase_add_test(tests, row_2_relaxed_leaves_no_leader_running);
  tcase_add_test(tests, row_2_relaxed_with_threshold_0_is_none);
  tcase_add_test(tests, row_3_three_of_four_pcpus_are_held);
  tcase_add_test(tests, row_4_idle_vcpus_hold_nobody_back);
  tcase_add_test(tests, row_5_strict_two_one_one);
  tcase_add_test(tests, row_6_strict_utilisation_of_pairs);
  tcase_add_test(tests, row_7_shares_under_none);
  return suite_run(tests, "known results of hosts");
}
