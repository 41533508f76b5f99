/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Changes to a scenario that must not change, or must change in a known way, what comes out. Each
   is tried with every kind of lock and several seeds. */
#include <check.h>
#include <stdio.h>

#include "guest/lock.h"
#include "hv/hv.h"
#include "support/figures.h"
#include "support/suite.h"
#include "support/world.h"

enum { SEEDS = 3, DRAWS_ROOM = 4096 };

static struct world one, other;

static void forget(void) {
  world_free(&one);
  world_free(&other);
}

/* --- the scenario that is changed --- */

struct mix {
  int pcpus, warmup_ms, duration_ms, seed;
  const char *ghz, *costs, *rule, *lock;
  const char *locks, *first_vm, *last_vm, *db; /* more text at these places */
};

/* Too few pCPUs for two VMs that draw random times and share locks, and a hog. */
static struct mix mix_of(const struct lock_ops *lock, int seed) {
  return (struct mix){.pcpus = 3,
                      .duration_ms = 40,
                      .seed = seed,
                      .ghz = "3",
                      .costs = "'context_switch': '2us', 'migration': '3us'",
                      .rule = "'kind': 'none'",
                      .lock = lock->kind.name,
                      .locks = "",
                      .first_vm = "",
                      .last_vm = "",
                      .db = "db"};
}

static void watch(struct world *world, const struct mix *mix) {
  world_watch(
      world,
      "{ 'host': { 'pcpus': %d, 'ghz': %s, 'costs': { %s } }, 'hypervisor': {"
      "'scheduler': { 'kind': 'rr', 'timeslice': '700us' }, 'coscheduling': { %s } },"
      "'locks': { %s 'l': { 'kind': '%s', 'handoff_cost': { 'base': '1us' } } },"
      "'programs': { 'hog': [ { 'compute': '1s' } ], 'idle': [ { 'sleep': '1h' },"
      "{ 'compute': '1us' } ], 'p': [ { 'compute': { 'exponential': '90us' } },"
      "{ 'lock': 'l', 'hold': { 'exponential': '40us' } },"
      "{ 'sleep': { 'exponential': '30us' } } ] }, 'vms': { %s"
      "'%s': { 'vcpus': 3, 'threads': 4, 'program': 'p', 'guest_timeslice': '80us' },"
      "'web': { 'vcpus': 2, 'program': 'p' }, 'noise': { 'vcpus': 1, 'program': 'hog' } %s },"
      "'run': { 'warmup': '%dms', 'duration': '%dms', 'seed': %d } }",
      mix->pcpus, mix->ghz, mix->costs, mix->rule, mix->locks, mix->lock, mix->first_vm, mix->db,
      mix->last_vm, mix->warmup_ms, mix->duration_ms, mix->seed);
}

static void for_every_lock(int seed, void (*attempt)(struct mix mix)) {
  for (size_t l = 0; lock_kinds[l]; l++) {
    printf("%s, seed %d\n", lock_kinds[l]->kind.name, seed);
    attempt(mix_of(lock_kinds[l], seed));
    forget();
  }
}

/* --- comparing --- */

/* Skew is told when it is booked, so its records come at other places. */
static bool is_happening(const struct trace_record *record) { return record->what != TRACE_SKEW; }

static bool is_same(const struct trace_record *a, const struct trace_record *b) {
  return a->at_ns == b->at_ns && a->what == b->what && a->vm == b->vm && a->vcpu == b->vcpu &&
         a->pcpu == b->pcpu && a->thread == b->thread && a->lock == b->lock && a->from == b->from &&
         a->to == b->to && a->value == b->value;
}

static size_t next(const struct world *world, size_t i) {
  while (i < world->n_records && !is_happening(&world->records[i])) i++;
  return i;
}

/* Everything up to until_ns. */
static void expect_same_trace(int64_t until_ns) {
  size_t n = 0;
  for (size_t i = next(&one, 0), k = next(&other, 0);;
       i = next(&one, i + 1), k = next(&other, k + 1), n++) {
    bool ends = i == one.n_records || one.records[i].at_ns > until_ns;
    bool other_ends = k == other.n_records || other.records[k].at_ns > until_ns;
    EXPECT(ends == other_ends);
    if (ends) break;
    EXPECT(is_same(&one.records[i], &other.records[k]));
  }
  ck_assert_uint_gt(n, 1000);
}

static void expect_same_vm(const char *name, const char *other_name) {
  static struct figures figures, changed;
  figures_read_vm(&figures, world_vm(&one, name));
  figures_read_vm(&changed, world_vm(&other, other_name));
  figures_expect_same(&figures, &changed);
}

static void expect_same_results(void) {
  expect_same_vm("db", "db");
  expect_same_vm("web", "web");
  expect_same_vm("noise", "noise");
}

/* --- time --- */

static void try_a_longer_run_begins_like_a_shorter_one(struct mix mix) {
  watch(&one, &mix);
  mix.duration_ms *= 2;
  watch(&other, &mix);
  expect_same_trace(40 * MS);
}

START_TEST(a_longer_run_begins_like_a_shorter_one) {
  for_every_lock(_i, try_a_longer_run_begins_like_a_shorter_one);
}
END_TEST

static void try_warming_up_changes_nothing_that_happens(struct mix mix) {
  watch(&one, &mix);
  mix.warmup_ms = 15;
  mix.duration_ms -= 15;
  watch(&other, &mix);
  expect_same_trace(40 * MS);
}

START_TEST(warming_up_changes_nothing_that_happens) {
  for_every_lock(_i, try_warming_up_changes_nothing_that_happens);
}
END_TEST

static void try_another_seed_is_another_run(struct mix mix) {
  watch(&one, &mix);
  mix.seed += SEEDS;
  watch(&other, &mix);
  ck_assert_int_ne(world_vm(&one, "db")->latency.sum_ns, world_vm(&other, "db")->latency.sum_ns);
}

START_TEST(another_seed_is_another_run) { for_every_lock(_i, try_another_seed_is_another_run); }
END_TEST

static void try_clock_rates_change_nothing(struct mix mix) {
  watch(&one, &mix);
  mix.ghz = "0.7";
  watch(&other, &mix);
  expect_same_trace(40 * MS);
}

START_TEST(clock_rates_change_nothing) { for_every_lock(_i, try_clock_rates_change_nothing); }
END_TEST

/* --- co-scheduling --- */

static void try_relaxed_without_a_threshold_is_none(struct mix mix) {
  watch(&one, &mix);
  mix.rule = "'kind': 'relaxed', 'costop_threshold': '0'";
  watch(&other, &mix);
  expect_same_trace(40 * MS);
  expect_same_results();
}

START_TEST(relaxed_without_a_threshold_is_none) {
  for_every_lock(_i, try_relaxed_without_a_threshold_is_none);
}
END_TEST

static void try_relaxed_with_a_threshold_never_reached_is_none(struct mix mix) {
  watch(&one, &mix);
  mix.rule = "'kind': 'relaxed', 'costop_threshold': '1h', 'poll': '100us'";
  watch(&other, &mix);
  expect_same_trace(40 * MS);
}

START_TEST(relaxed_with_a_threshold_never_reached_is_none) {
  for_every_lock(_i, try_relaxed_with_a_threshold_never_reached_is_none);
}
END_TEST

#define THRESHOLDS "'costop_threshold': '200us', 'costart_threshold': '100us'"

static void try_all_rules_agree_when_everything_fits(struct mix mix) {
  static const char *const rules[] = {"'kind': 'relaxed', 'poll': '50us', " THRESHOLDS,
                                      "'kind': 'relaxed', 'poll': '0', " THRESHOLDS,
                                      "'kind': 'strict', 'skew_limit': '200us'"};
  /* Slices of a gang end together, which one lock looks at. */
  bool minds_slices = strcmp(mix.lock, lock_i_spinlock.kind.name) == 0;
  mix.pcpus = 6;
  mix.costs = "";
  watch(&one, &mix);
  for (size_t i = 0; i < sizeof rules / sizeof *rules - minds_slices; i++) {
    mix.rule = rules[i];
    watch(&other, &mix);
    expect_same_results();
    world_free(&other);
  }
}

START_TEST(all_rules_agree_when_everything_fits) {
  for_every_lock(_i, try_all_rules_agree_when_everything_fits);
}
END_TEST

/* --- what is there, but does nothing --- */

static void try_an_idle_vm_changes_nothing_beside_spare_pcpus(struct mix mix) {
  mix.pcpus = 8;
  mix.costs = "";
  watch(&one, &mix);
  mix.last_vm = ", 'idle': { 'vcpus': 2, 'program': 'idle' }";
  watch(&other, &mix);
  expect_same_results();
  world_free(&other);
  mix.last_vm = "";
  mix.first_vm = "'idle': { 'vcpus': 2, 'program': 'idle' },";
  watch(&other, &mix);
  expect_same_results();
}

START_TEST(an_idle_vm_changes_nothing_beside_spare_pcpus) {
  for_every_lock(_i, try_an_idle_vm_changes_nothing_beside_spare_pcpus);
}
END_TEST

/* But memory is fetched ahead on so big a host. */
START_TEST(a_crowd_that_comes_later_changes_nothing) {
  struct mix mix = mix_of(&lock_ticket, _i);
  watch(&one, &mix);
  char crowd[100];
  (void)snprintf(crowd, sizeof crowd,
                 ", 'crowd': { 'vcpus': 1, 'count': %d, 'program': 'hog', "
                 "'start': '1h' }",
                 BIG_HOST);
  mix.last_vm = crowd;
  watch(&other, &mix);
  expect_same_trace(40 * MS);
  expect_same_results();
}
END_TEST

static void try_an_unused_lock_changes_nothing(struct mix mix) {
  watch(&one, &mix);
  mix.locks = "'unused': { 'kind': 'ticket' },";
  watch(&other, &mix);
  expect_same_trace(40 * MS);
  expect_same_results();
}

START_TEST(an_unused_lock_changes_nothing) {
  for_every_lock(_i, try_an_unused_lock_changes_nothing);
}
END_TEST

/* Its threads draw other times: the times of this test are constants; the lock has no races. */
START_TEST(a_name_means_nothing_to_constants) {
  static const char *const names[] = {"db", "renamed"};
  for (size_t i = 0; i < 2; i++)
    world_watch(i ? &other : &one,
                "{ 'host': { 'pcpus': 2 }, 'hypervisor': { 'scheduler': { 'kind': 'rr',"
                "'timeslice': '1ms' }, 'coscheduling': { 'kind': 'strict' } },"
                "'locks': { 'l': { 'kind': 'ticket' } }, 'programs': { 'p': ["
                "{ 'compute': '170us' }, { 'lock': 'l', 'hold': '60us' }, { 'sleep': '90us' } ] },"
                "'vms': { '%s': { 'vcpus': 2, 'threads': 3, 'program': 'p' },"
                "'web': { 'vcpus': 2, 'program': 'p' } }, 'run': { 'duration': '100ms' } }",
                names[i]);
  expect_same_trace(100 * MS);
  expect_same_vm("db", "renamed");
}
END_TEST

/* --- common random numbers --- */

/* The work of each iteration of the only thread of VM 0: what it drew. */
static size_t read_draws(const struct world *world, int64_t draws_ns[DRAWS_ROOM]) {
  int64_t since_ns = -1, work_ns = 0;
  size_t n = 0;
  for (size_t i = 0; i < world->n_records; i++) {
    const struct trace_record *record = &world->records[i];
    if (record->vm != 0) continue;
    if (record->what == TRACE_ACTIVITY) {
      if (since_ns >= 0) work_ns += record->at_ns - since_ns;
      since_ns = record->to == ACT_USEFUL ? record->at_ns : -1;
    }
    if (record->what != TRACE_ITERATION) continue;
    ck_assert_uint_lt(n, DRAWS_ROOM);
    if (since_ns >= 0) work_ns += record->at_ns - since_ns;
    if (since_ns >= 0) since_ns = record->at_ns;
    draws_ns[n++] = work_ns;
    work_ns = 0;
  }
  return n;
}

static void watch_worker(struct world *world, int pcpus, const char *hypervisor, const char *vms,
                         int seed) {
  world_watch(world,
              "{ 'host': { 'pcpus': %d }, 'hypervisor': { %s },"
              "'programs': { 'hog': [ { 'compute': '1s' } ], 'p': [ { 'compute':"
              "{ 'exponential': '90us' } }, { 'sleep': { 'exponential': '50us' } } ] },"
              "'vms': { 'db': { 'vcpus': 1, 'program': 'p' } %s },"
              "'run': { 'duration': '100ms', 'seed': %d } }",
              pcpus, hypervisor, vms, seed);
}

/* Alone on a bare machine, and in a crowd: the same work in the same order, only later. */
START_TEST(threads_draw_the_same_under_other_policies) {
  static int64_t alone_ns[DRAWS_ROOM], crowded_ns[DRAWS_ROOM];
  watch_worker(&one, 1, "'scheduler': { 'kind': 'null' }", "", _i);
  watch_worker(&other, 2,
               "'scheduler': { 'kind': 'rr', 'timeslice': '30us' }, 'coscheduling':"
               "{ 'kind': 'strict' }",
               ", 'web': { 'vcpus': 2, 'program': 'p' }, 'noise': { 'vcpus': 1, 'count': 2,"
               "'program': 'hog' }",
               _i);
  size_t n_alone = read_draws(&one, alone_ns), n_crowded = read_draws(&other, crowded_ns);
  ck_assert_uint_gt(n_crowded, 50);
  ck_assert_uint_gt(n_alone, n_crowded);
  for (size_t i = 0; i < n_crowded; i++) ck_assert_int_eq(alone_ns[i], crowded_ns[i]);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("relations");
  tcase_add_checked_fixture(tests, NULL, forget);
  tcase_add_loop_test(tests, a_longer_run_begins_like_a_shorter_one, 1, SEEDS + 1);
  tcase_add_loop_test(tests, warming_up_changes_nothing_that_happens, 1, SEEDS + 1);
  tcase_add_loop_test(tests, another_seed_is_another_run, 1, SEEDS + 1);
  tcase_add_loop_test(tests, clock_rates_change_nothing, 1, SEEDS + 1);
  tcase_add_loop_test(tests, relaxed_without_a_threshold_is_none, 1, SEEDS + 1);
  tcase_add_loop_test(tests, relaxed_with_a_threshold_never_reached_is_none, 1, SEEDS + 1);
  tcase_add_loop_test(tests, all_rules_agree_when_everything_fits, 1, SEEDS + 1);
  tcase_add_loop_test(tests, an_idle_vm_changes_nothing_beside_spare_pcpus, 1, SEEDS + 1);
  tcase_add_loop_test(tests, a_crowd_that_comes_later_changes_nothing, 1, SEEDS + 1);
  tcase_add_loop_test(tests, an_unused_lock_changes_nothing, 1, SEEDS + 1);
  tcase_add_test(tests, a_name_means_nothing_to_constants);
  tcase_add_loop_test(tests, threads_draw_the_same_under_other_policies, 1, SEEDS + 1);
  return suite_run(tests, "relations");
}
