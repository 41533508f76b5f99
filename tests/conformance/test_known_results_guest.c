/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Results that are known without simulating, as in test_known_results.c: the rows that are about
   guests. Of what is random the tolerance is three standard deviations or more. */
#include <check.h>
#include <math.h>

#include "guest/lock.h"
#include "support/figures.h"
#include "support/suite.h"
#include "support/world.h"

static struct world world;
static void forget(void) { world_free(&world); }

#define HOG "'hog': [ { 'compute': '1s' } ]"

static const char *const rules[] = {"none", "relaxed", "strict"};

static void expect_near(double value, double expected, double tolerance, const char *what) {
  ck_assert_msg(fabs(value - expected) <= tolerance * expected, "%s: %g, not %g", what, value,
                expected);
}

/* Sections are long against slices: without gangs this is full of holders that were preempted. */
START_TEST(row_8_strict_has_no_lock_holder_preemption) {
  int64_t lhp_ns[2] = {0};
  for (size_t i = 0; lock_kinds[i]; i++) {
    if (!lock_kinds[i]->is_spinlock) continue;
    for (int is_strict = 0; is_strict < 2; is_strict++) {
      world_watch(
          &world,
          "{ 'host': { 'pcpus': 3 }, 'hypervisor': { 'scheduler': { 'kind': 'rr',"
          "'timeslice': '100us' }, 'coscheduling': { 'kind': '%s', 'skew_limit': '80us' } },"
          "'locks': { 'l': { 'kind': '%s' } }, 'programs': { " HOG
          ","
          "'p': [ { 'compute': { 'exponential': '60us' } },"
          "{ 'lock': 'l', 'hold': { 'exponential': '40us' } },"
          "{ 'sleep': { 'exponential': '5us' } } ] }, 'vms': {"
          "'db': { 'vcpus': 3, 'program': 'p' }, 'web': { 'vcpus': 2, 'program': 'p' },"
          "'noise': { 'vcpus': 1, 'program': 'hog' } }, 'run': { 'duration': '200ms' } }",
          is_strict ? "strict" : "none", lock_kinds[i]->kind.name);
      const struct ledger *db = &world_vm(&world, "db")->total;
      ck_assert_int_gt(db->activity_ns[ACT_SPIN], 0);
      if (is_strict) ck_assert_int_eq(world_spin_lhp_ns(&world_vm(&world, "web")->total), 0);
      lhp_ns[is_strict] += world_spin_lhp_ns(db);
      forget();
    }
  }
  ck_assert_int_gt(lhp_ns[0], 0);
  ck_assert_int_eq(lhp_ns[1], 0);
}
END_TEST

/* M/M/1//N: with p(n) proportional to N!/(N-n)! (S/Z)^n, U = 1 - p(0), X = U/S, R = N/X - Z. */
START_TEST(row_9_one_lock_is_a_machine_repair_queue) {
  static const struct {
    int n, duration_ms;
    double utilisation, response_us;
  } rows[] = {{4, 1500, .3862, 1.3576}, {8, 1000, .7108, 2.2543}, {16, 600, .9889, 7.1788}};
  for (size_t i = 0; i < 3; i++) {
    world_measure(&world,
                  "{ 'host': { 'pcpus': %d }, 'locks': { 'l': { 'kind': 'ticket' } },"
                  "'programs': { 'p': [ { 'compute': { 'exponential': '9us' } },"
                  "{ 'lock': 'l', 'hold': { 'exponential': '1us' } } ] },"
                  "'vms': { 'db': { 'vcpus': %d, 'program': 'p' } },"
                  "'run': { 'warmup': '1ms', 'duration': '%dms' } }",
                  rows[i].n, rows[i].n, rows[i].duration_ms);
    const struct lock_result *lock = world_lock(&world, "db", "l");
    double critical_ns = (double)world_vm(&world, "db")->total.activity_ns[ACT_CRITICAL];
    expect_near(critical_ns / (double)world.result->window_ns, rows[i].utilisation, .01, "U");
    double response_ns = (double)lock->wait.sum_ns / (double)lock->wait.n +
                         (double)lock->hold.sum_ns / (double)lock->hold.n;
    expect_near(response_ns / 1e3, rows[i].response_us, .01, "wait + hold");
    forget();
  }
}
END_TEST

/* The longest of n exponential jobs takes H_n = 1 + 1/2 + … + 1/n of their mean. */
START_TEST(row_10_barrier_of_exponential_jobs) {
  static const struct {
    int n;
    double cycle_ms;
  } rows[] = {{2, 1.5}, {4, 2.0833}, {8, 2.7179}};
  for (size_t i = 0; i < 6; i++) {
    bool spins = i % 2;
    int n = rows[i / 2].n;
    world_measure(&world,
                  "{ 'host': { 'pcpus': %d }, 'barriers': { 'b': { 'kind': '%s' } },"
                  "'programs': { 'p': [ { 'compute': { 'exponential': '1ms' } },"
                  "{ 'barrier': 'b' } ] }, 'vms': { 'db': { 'vcpus': %d, 'program': 'p' } },"
                  "'run': { 'duration': '100s' } }",
                  n, spins ? "spin" : "block", n);
    const struct vm_result *db = world_vm(&world, "db");
    double cycles = (double)db->iterations / n, cycle_ms = rows[i / 2].cycle_ms;
    expect_near(1e5 / cycles, cycle_ms, .01, "cycle");
    int64_t lost_ns = spins ? db->total.activity_ns[ACT_SPIN] : db->total.runstate_ns[RS_IDLE];
    expect_near((double)lost_ns / (n * 100e9), 1 - 1 / cycle_ms, .01, "spin or idle");
    forget();
  }
}
END_TEST

/* A preemption finds its vCPU inside with probability S / (S + Z), however long both are. */
static void expect_lhp_events(const char *think, const char *hold, const char *duration,
                              double tolerance) {
  world_measure(&world,
                "{ 'host': { 'pcpus': 16 }, 'hypervisor': { 'scheduler': { 'kind': 'rr',"
                "'timeslice': '30ms' } }, 'locks': { 'l': { 'kind': 'tas' } },"
                "'programs': { " HOG
                ", 'p': [ { 'compute': { 'exponential': '%s' } },"
                "{ 'lock': 'l', 'hold': { 'exponential': '%s' } } ] },"
                "'vms': { 'db': { 'vcpus': 1, 'count': 16, 'program': 'p' },"
                "'noise': { 'vcpus': 1, 'count': 16, 'program': 'hog' } },"
                "'run': { 'warmup': '60ms', 'duration': '%s' } }",
                think, hold, duration);
  uint64_t n = 0, inside = 0;
  for (uint32_t i = 0; i < 16; i++) {
    n += world.result->vms[i].total.preemptions;
    inside += world.result->vms[i].total.lhp_events;
  }
  expect_near((double)inside / (double)n, .10, tolerance, "lhp_events per preemption");
}

/* 5,300 preemptions: a standard deviation of 4.1 %. */
START_TEST(row_11_preemptions_inside_sections) { expect_lhp_events("45us", "5us", "20s", .13); }
END_TEST

/* 96,000 preemptions: 1 %. */
START_TEST(row_11_with_longer_sections) { expect_lhp_events("4500us", "500us", "360s", .03); }
END_TEST

/* M/M/c//N; time slicing leaves exponential service as it is. */
START_TEST(row_12_sleepers_are_a_machine_repair_queue) {
  static const struct {
    int n, c, think_ms;
    double utilisation, visit_ms;
  } rows[] = {{8, 2, 4, .7330, 1.4572}, {8, 4, 4, .3992, 1.0104}, {12, 4, 2, .8869, 1.3826}};
  for (size_t i = 0; i < 3; i++) {
    world_measure(&world,
                  "{ 'host': { 'pcpus': %d }, 'hypervisor': { 'scheduler': { 'kind': 'rr',"
                  "'timeslice': '1ms' } },"
                  "'programs': { 'p': [ { 'sleep': { 'exponential': '%dms' } },"
                  "{ 'compute': { 'exponential': '1ms' } } ] },"
                  "'vms': { 'user': { 'vcpus': 1, 'count': %d, 'program': 'p' } },"
                  "'run': { 'warmup': '1s', 'duration': '200s' } }",
                  rows[i].c, rows[i].think_ms, rows[i].n);
    double there_ns = 0, visits = 0;
    for (int v = 0; v < rows[i].n; v++) {
      const struct vm_result *vm = &world.result->vms[v];
      there_ns += (double)(vm->total.runstate_ns[RS_RUNNING] + vm->total.runstate_ns[RS_READY]);
      visits += (double)vm->iterations;
    }
    expect_near(world_utilisation(&world), rows[i].utilisation, .01, "utilisation");
    expect_near(there_ns / visits / 1e6, rows[i].visit_ms, .01, "RUNNING + READY per visit");
    forget();
  }
}
END_TEST

START_TEST(row_13_sleeping_mutexes_never_spin) {
  static const char *const kinds[] = {"mutex", "handoff"};
  for (size_t i = 0; i < 6; i++) {
    world_watch(&world,
                "{ 'host': { 'pcpus': 2 }, 'hypervisor': { 'scheduler': { 'kind': 'rr',"
                "'timeslice': '1ms' }, 'coscheduling': { 'kind': '%s' } },"
                "'locks': { 'm': { 'kind': '%s', 'acquire': '1us', 'block': '2us', 'wake': '1us',"
                "'handoff_cost': { 'base': '1us' } } }, 'programs': { " HOG
                ","
                "'p': [ { 'compute': { 'exponential': '40us' } },"
                "{ 'lock': 'm', 'hold': { 'exponential': '30us' } } ] }, 'vms': {"
                "'db': { 'vcpus': 2, 'threads': 4, 'program': 'p' },"
                "'noise': { 'vcpus': 1, 'program': 'hog' } }, 'run': { 'duration': '200ms' } }",
                rules[i / 2], kinds[i % 2]);
    ck_assert_uint_gt(world_lock(&world, "db", "m")->contended, 100);
    ck_assert_int_eq(world_vm(&world, "db")->total.activity_ns[ACT_SPIN], 0);
    forget();
  }
}
END_TEST

#define SCALED                                                                                    \
  "{ 'host': { 'pcpus': 2, 'costs': { 'context_switch': '%dns', 'migration': '%dns' } },"         \
  "'hypervisor': { 'scheduler': { 'kind': 'rr', 'timeslice': '%dus' }, 'coscheduling': {"         \
  "'kind': '%s'%s } }, 'locks': { 'l': { 'kind': 'ticket', 'acquire': '%dns',"                    \
  "'handoff_cost': { 'base': '%dns', 'per_waiter': '%dns' } },"                                   \
  "'m': { 'kind': 'adaptive', 'spin_limit': '%dus', 'block': '%dns', 'wake': '%dns' } },"         \
  "'programs': { 'p': [ { 'compute': '%dus' }, { 'lock': 'l', 'hold': '%dus' },"                  \
  "{ 'lock': 'm', 'hold': '%dus' }, { 'sleep': '%dus' } ], 'hog': [ { 'compute': '%dus' } ] },"   \
  "'vms': { 'db': { 'vcpus': 3, 'threads': 4, 'program': 'p', 'guest_timeslice': '%dus',"         \
  "'guest_switch': '%dns', 'ipi_latency': '%dns' }, 'noise': { 'vcpus': 1, 'program': 'hog' } }," \
  "'run': { 'warmup': '%dus', 'duration': '%dus' } }"

static void read_scaled(struct figures *figures, const char *rule, const char *keys, int k) {
  world_watch(&world, SCALED, 1500 * k, 700 * k, 900 * k, rule, keys, 60 * k, 90 * k, 40 * k, 6 * k,
              800 * k, 300 * k, 37 * k, 13 * k, 11 * k, 29 * k, 50 * k, 70 * k, 500 * k, 900 * k,
              1234 * k, 60000 * k);
  figures_read(figures, world.result);
  forget();
}

/* Every time is written out, those of the co-scheduling rule included. */
START_TEST(row_14_times_scale) {
  static struct figures once, sevenfold;
  read_scaled(&once, "none", "", 1);
  read_scaled(&sevenfold, "none", "", 7);
  figures_expect_scaled(&once, &sevenfold, 7);
  read_scaled(&once, "strict", ", 'skew_limit': '400us', 'patience': '800us'", 1);
  read_scaled(&sevenfold, "strict", ", 'skew_limit': '2800us', 'patience': '5600us'", 7);
  figures_expect_scaled(&once, &sevenfold, 7);
  read_scaled(&once, "relaxed",
              ", 'costop_threshold': '300us', 'costart_threshold': '200us', 'poll': '100us'", 1);
  read_scaled(&sevenfold, "relaxed",
              ", 'costop_threshold': '2100us', 'costart_threshold': '1400us', 'poll': '700us'", 7);
  figures_expect_scaled(&once, &sevenfold, 7);
}
END_TEST

START_TEST(row_15_enough_pcpus_and_no_locks) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 6 }, 'programs': { " HOG
              ","
              "'p': [ { 'compute': { 'exponential': '300us' } }, { 'sleep':"
              "{ 'exponential': '200us' } } ] }, 'vms': {"
              "'db': { 'vcpus': 3, 'threads': 5, 'program': 'p' },"
              "'web': { 'vcpus': 2, 'program': 'p' }, 'noise': { 'vcpus': 1, 'program': 'hog' } },"
              "'run': { 'duration': '500ms' } }");
  for (uint32_t i = 0; i < 3; i++) {
    const struct ledger *ledger = &world.result->vms[i].total;
    ck_assert_int_eq(ledger->activity_ns[ACT_SPIN], 0);
    ck_assert_int_eq(ledger->runstate_ns[RS_READY], 0);
    ck_assert_int_eq(ledger->runstate_ns[RS_COSTOP], 0);
    ck_assert_int_gt(ledger->runstate_ns[RS_RUNNING], 0);
  }
  ck_assert_int_eq(world.result->host.fragmentation_ns, 0);
}
END_TEST

/* One useful slice leaves a holder preempted with probability p; then the N - 1 others spin for one
   slice each. Thinking at the start of a wasted slice takes 1 % of it at most. Useful slices are
   trials: their number gives the standard deviation, of which four are allowed. */
START_TEST(row_16_slices_lost_to_a_preempted_holder) {
  static const struct { int think_us, hold_us; } rows[] = {{5, 5}, {8, 2}, {12, 4}};
  int n = 2 + _i / 3, think_us = rows[_i % 3].think_us, hold_us = rows[_i % 3].hold_us;
  world_measure(&world,
                "{ 'host': { 'pcpus': 1 }, 'hypervisor': { 'scheduler': { 'kind': 'rr',"
                "'timeslice': '1ms' } }, 'locks': { 'l': { 'kind': 'tas' } },"
                "'programs': { 'p': [ { 'compute': { 'uniform': [ '0', '%dus' ] } },"
                "{ 'lock': 'l', 'hold': '%dus' } ] },"
                "'vms': { 'db': { 'vcpus': %d, 'program': 'p' } },"
                "'run': { 'warmup': '10ms', 'duration': '10s' } }",
                2 * think_us, hold_us, n);
  double p = (double)hold_us / (think_us + hold_us), wasted = p * (n - 1);
  double n_useful = 1e4 / (1 + wasted), deviation = sqrt((1 - p) / p / n_useful) / (1 + wasted);
  double spin_ns = (double)world_vm(&world, "db")->total.activity_ns[ACT_SPIN];
  expect_near(spin_ns / 10e9, wasted / (1 + wasted), 4 * deviation + .01, "share lost to spinning");
}
END_TEST

/* --- one lock, more vCPUs than pCPUs --- */

/* n vCPUs on m pCPUs that think for 5 us on average and hold the lock for 5. Returns acquisitions
   per second. */
static double measure_crowd(int m, int n, const char *lock) {
  world_measure(&world,
                "{ 'host': { 'pcpus': %d }, 'hypervisor': { 'scheduler': { 'kind': 'rr',"
                "'timeslice': '10ms' } }, 'locks': { 'l': { %s } },"
                "'programs': { 'p': [ { 'compute': { 'uniform': [ '0', '10us' ] } },"
                "{ 'lock': 'l', 'hold': '5us' } ] },"
                "'vms': { 'db': { 'vcpus': %d, 'program': 'p' } },"
                "'run': { 'warmup': '200ms', 'duration': '2s' } }",
                m, lock, n);
  return (double)world_lock(&world, "db", "l")->acquisitions / 2;
}

/* Each slice has one, or (3 vCPUs on 2 pCPUs) each other slice: its vCPU, granted the lock while it
   did not run, enters, leaves, and stands in line again, behind waiters of which the first does not
   run. */
START_TEST(row_17_fair_queues_collapse_to_one_acquisition_per_slice) {
  static const char *const kinds[] = {"'kind': 'ticket'", "'kind': 'mcs'"};
  for (int i = 0; i < 12; i++) {
    int m = 1 + i % 2, n = (int[]){3, 4, 8}[i / 4];
    double per_slice = measure_crowd(m, n, kinds[i / 2 % 2]) / (100 * m);
    ck_assert_msg(per_slice > .5 && per_slice < 1.03, "%d on %d: %g per slice", n, m, per_slice);
    const struct ledger *db = &world_vm(&world, "db")->total;
    double spin_ns = (double)db->activity_ns[ACT_SPIN];
    ck_assert(spin_ns > .99 * (double)db->runstate_ns[RS_RUNNING]);
    ck_assert((double)db->spin_ns[SPIN_LWP] > .99 * spin_ns);
    ck_assert((double)world_spin_lhp_ns(db) < .01 * spin_ns);
    forget();
  }
}
END_TEST

/* Friebel and Biemueller's call, after 2.5 us: what as many vCPUs as pCPUs do that are never
   preempted is done by more, too. */
START_TEST(row_18_yielding_undoes_overcommitment) {
  for (int m = 1; m <= 2; m++) {
    double alone = measure_crowd(m, m, "'kind': 'tas'");
    forget();
    for (int n = m + 1; n <= 8; n++) {
      double crowd = measure_crowd(m, n, "'kind': 'tas', 'spin_limit': '2500ns'");
      ck_assert_msg(crowd >= .95 * alone, "%d on %d: %g, alone %g", n, m, crowd, alone);
      forget();
    }
  }
}
END_TEST

START_TEST(row_19_a_mutex_does_not_mind_overcommitment_on_one_pcpu) {
  for (int n = 1; n <= 8; n++) {
    expect_near(measure_crowd(1, n, "'kind': 'mutex'"), 1e5, .01, "acquisitions per second");
    ck_assert_int_eq(world_vm(&world, "db")->total.activity_ns[ACT_SPIN], 0);
    forget();
  }
}
END_TEST

/* Boyd-Wickizer et al. (2012): arrivals (n - k) / a, service 1 / (s + c k / 2) with a = 100, s = 1
   give 4.5 and 47.1 for c = 1 and 0; c / 2 is per_waiter. */
START_TEST(row_20_ticket_locks_collapse) {
  double rate[3];
  for (int i = 0; i < 3; i++) {
    world_measure(
        &world,
        "{ 'host': { 'pcpus': 48 }, 'locks': { 'l': { 'kind': 'ticket',"
        "'handoff_cost': { 'per_waiter': '%dns' } } }, 'programs': { 'p': ["
        "{ 'compute': { 'exponential': '100us' } }, { 'lock': 'l', 'hold':"
        "{ 'exponential': '1us' } } ] }, 'vms': { 'db': { 'vcpus': %d, 'program': 'p' } },"
        "'run': { 'warmup': '50ms', 'duration': '%s' } }",
        i == 2 ? 500 : 0, i == 0 ? 1 : 48, i == 0 ? "8s" : "200ms");
    rate[i] = (double)world_vm(&world, "db")->iterations / (i == 0 ? 8 : .2);
    forget();
  }
  ck_assert(rate[1] / rate[0] > 45);
  ck_assert(rate[2] / rate[0] < 6);
}
END_TEST

/* Under rr nothing but the end of a slice preempts: a section that is begun only with room for it
   is never cut off, and no next owner can be away. */
START_TEST(row_21_sections_that_fit_are_not_interrupted) {
  static const struct {
    const char *lock;
    bool is_informed;
  } rows[] = {{"'kind': 'tas'", false},
              {"'kind': 'i-spinlock', 'room': '19us'", false},
              {"'kind': 'i-spinlock', 'room': '20us'", true}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    world_watch(&world,
                "{ 'host': { 'pcpus': 2 }, 'hypervisor': { 'scheduler': { 'kind': 'rr',"
                "'timeslice': '100us' } }, 'locks': { 'l': { %s } }, 'programs': { " HOG
                ", 'p': [ { 'compute': { 'exponential': '30us' } }, { 'lock': 'l', 'hold': '20us' }"
                "] }, 'vms': { 'db': { 'vcpus': 3, 'program': 'p' },"
                "'noise': { 'vcpus': 1, 'program': 'hog' } }, 'run': { 'duration': '200ms' } }",
                rows[i].lock);
    const struct ledger *db = &world_vm(&world, "db")->total;
    ck_assert_int_gt(db->spin_ns[SPIN_CONTENDED], 0);
    ck_assert_int_eq(db->spin_ns[SPIN_LWP], 0);
    ck_assert((db->lhp_events == 0) == rows[i].is_informed);
    ck_assert((world_spin_lhp_ns(db) == 0) == rows[i].is_informed);
    forget();
  }
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("known results");
  tcase_add_checked_fixture(tests, NULL, forget);
  tcase_add_test(tests, row_8_strict_has_no_lock_holder_preemption);
  tcase_add_test(tests, row_9_one_lock_is_a_machine_repair_queue);
  tcase_add_test(tests, row_10_barrier_of_exponential_jobs);
  tcase_add_test(tests, row_11_preemptions_inside_sections);
  tcase_add_test(tests, row_11_with_longer_sections);
  tcase_add_test(tests, row_12_sleepers_are_a_machine_repair_queue);
  tcase_add_test(tests, row_13_sleeping_mutexes_never_spin);
  tcase_add_test(tests, row_14_times_scale);
  tcase_add_test(tests, row_15_enough_pcpus_and_no_locks);
  tcase_add_loop_test(tests, row_16_slices_lost_to_a_preempted_holder, 0, 21);
  tcase_add_test(tests, row_17_fair_queues_collapse_to_one_acquisition_per_slice);
  tcase_add_test(tests, row_18_yielding_undoes_overcommitment);
  tcase_add_test(tests, row_19_a_mutex_does_not_mind_overcommitment_on_one_pcpu);
  tcase_add_test(tests, row_20_ticket_locks_collapse);
  tcase_add_test(tests, row_21_sections_that_fit_are_not_interrupted);
  return suite_run(tests, "known results of guests");
}
