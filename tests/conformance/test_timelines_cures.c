/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Help against spinning, drawn by hand from the model; support/world.h says what the characters
   mean. */
#include <check.h>

#include "support/suite.h"

#include "support/world.h"

static struct world world;
static void forget(void) { world_free(&world); }

/* --- pause-loop exits --- */

static void watch_three_on_one(const char *yield) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 1 }, 'hypervisor': { 'scheduler': { 'kind': 'rr',"
              "'timeslice': '10ms' }, 'ple': { 'yield': '%s', 'window': '2ms', 'exit_cost':"
              "'1ms' } }, 'locks': { 'l': { 'kind': 'ticket' } },"
              "'programs': { 'hog': [ { 'compute': '1s' } ],"
              "'p': [ { 'compute': '4ms' }, { 'lock': 'l', 'hold': '8ms' } ] },"
              "'vms': { 'db': { 'vcpus': 2, 'program': 'p' },"
              "'noise': { 'vcpus': 1, 'program': 'hog' } }, 'run': { 'duration': '45ms' } }",
              yield);
}

/* v1 spins for v0, which is READY, for one window; it pays for the exit and goes to the tail,
   behind noise and v0. At 33 it is v0 that wants the lock, granted to v1 at 29. */
START_TEST(undirected_goes_to_the_tail) {
  watch_three_on_one("undirected");
  world_expect(&world, MS,
               "db/v0    uuuucccccc rrrrrrr rrrrrrrrrr ccuuuusso rrrrrrrrr\n"
               "db/v1    rrrrrrrrrr uuuusso rrrrrrrrrr rrrrrrrrr ccccccccu\n"
               "noise/v0 rrrrrrrrrr rrrrrrr uuuuuuuuuu rrrrrrrrr rrrrrrrrr\n");
  const struct vm_result *db = world_vm(&world, "db");
  ck_assert_uint_eq(db->vcpus[0].ledger.ple_exits, 1);
  ck_assert_uint_eq(db->vcpus[1].ledger.ple_exits, 1);
  ck_assert_uint_eq(db->total.preemptions, 1); /* of v0 at 10: a yield is none */
  ck_assert_int_eq(db->total.activity_ns[ACT_OVERHEAD], 2 * MS);
  ck_assert_int_eq(db->total.spin_ns[SPIN_LHP_READY], 2 * MS);
  ck_assert_int_eq(db->total.spin_ns[SPIN_LWP], 2 * MS);
}
END_TEST

/* v0 takes over what is left of v1's slice, up to 20, and releases in it; v1 owns
   the lock then. */
START_TEST(directed_goes_to_a_sibling) {
  watch_three_on_one("directed");
  world_expect(&world, MS,
               "db/v0    uuuucccccc rrrrrrr ccu rrrrrrrrrr rrrrrrrrrr uuucc\n"
               "db/v1    rrrrrrrrrr uuuusso rrr rrrrrrrrrr ccccccccuu rrrrr\n"
               "noise/v0 rrrrrrrrrr rrrrrrr rrr uuuuuuuuuu rrrrrrrrrr rrrrr\n");
}
END_TEST

/* The windows of one wait, in cycles: 4096, then twice as long after each exit, up to 65536. */
static void expect_doubling(const char *yield) {
  static const int64_t exits_ns[] = {4096, 12288, 28672, 61440, 126976, 192512};
  world_watch(&world,
              "{ 'host': { 'pcpus': 2, 'ghz': 1 }, 'hypervisor': { 'ple': { 'yield': '%s' } },"
              "'locks': { 'l': { 'kind': 'ticket' } }, 'programs': { 'p': [ { 'lock': 'l',"
              "'hold': '1s' } ] }, 'vms': { 'db': { 'vcpus': 2, 'program': 'p' } },"
              "'run': { 'duration': '200us' } }",
              yield);
  size_t n = 0;
  for (size_t i = 0; i < world.n_records; i++) {
    const struct trace_record *record = &world.records[i];
    if (record->what != TRACE_ACTIVITY || record->to != ACT_OVERHEAD) continue;
    ck_assert_uint_lt(n, sizeof exits_ns / sizeof *exits_ns);
    ck_assert_uint_eq(record->vcpu, 1);
    ck_assert_int_eq(record->at_ns, exits_ns[n++]);
  }
  ck_assert_uint_eq(n, 6);
  ck_assert_uint_eq(world_vm(&world, "db")->total.ple_exits, 6);
  ck_assert_int_eq(world_vm(&world, "db")->total.runstate_ns[RS_RUNNING], 2 * 200 * US);
  forget();
}

START_TEST(windows_double) {
  expect_doubling("directed");
  expect_doubling("undirected");
}
END_TEST

/* v1's windows are 3 and 6 ms up to its yield at 9, and 3 ms again when it is dispatched at 10,
   where v0 has lost its pCPU; at 13 v0 gets that of v1. */
START_TEST(windows_start_anew_with_a_dispatch) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 2 }, 'hypervisor': { 'scheduler': { 'kind': 'rr',"
              "'timeslice': '10ms' }, 'ple': { 'yield': 'undirected', 'window': '3ms' } },"
              "'locks': { 'l': { 'kind': 'ticket' } }, 'programs': { 'hog': [ { 'compute': '1s' }"
              "], 'p': [ { 'lock': 'l', 'hold': '1s' } ] }, 'vms': {"
              "'db': { 'vcpus': 2, 'program': 'p' },"
              "'late': { 'vcpus': 1, 'program': 'hog', 'start': '5ms' } },"
              "'run': { 'duration': '24ms' } }");
  world_expect(&world, MS,
               "db/v0   cccccccccc rrr cccccccccc r\n"
               "db/v1   sssssssssr sss rrrrrrsssr s\n"
               "late/v0 .....rrrru uuu uuuuuurrru u\n");
}
END_TEST

/* Each gives way to the sibling behind the one that was boosted last, until v0 is. */
START_TEST(siblings_are_boosted_in_turn) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 1 }, 'hypervisor': { 'scheduler': { 'kind': 'rr',"
              "'timeslice': '10ms' }, 'ple': { 'yield': 'directed', 'window': '1ms' } },"
              "'locks': { 'l': { 'kind': 'ticket' } }, 'programs': { 'p': [ { 'lock': 'l',"
              "'hold': '1s' } ] }, 'vms': { 'db': { 'vcpus': 4, 'program': 'p' } },"
              "'run': { 'duration': '16ms' } }");
  world_expect(&world, MS,
               "db/v0 cccccccccc rrr ccc\n"
               "db/v1 rrrrrrrrrr srr rrr\n"
               "db/v2 rrrrrrrrrr rsr rrr\n"
               "db/v3 rrrrrrrrrr rrs rrr\n");
}
END_TEST

/* v1's window and its slice end together: nothing is left for v0, which keeps its place. */
START_TEST(nothing_of_a_slice_is_handed_on) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 1 }, 'hypervisor': { 'scheduler': { 'kind': 'rr',"
              "'timeslice': '10ms' }, 'ple': { 'yield': 'directed', 'window': '10ms' } },"
              "'locks': { 'l': { 'kind': 'ticket' } }, 'programs': { 'hog': [ { 'compute': '1s' }"
              "], 'p': [ { 'lock': 'l', 'hold': '1s' } ] }, 'vms': {"
              "'db': { 'vcpus': 2, 'program': 'p' }, 'noise': { 'vcpus': 1, 'program': 'hog' } },"
              "'run': { 'duration': '35ms' } }");
  world_expect(&world, 5 * MS,
               "db/v0    cc rr rr c\n"
               "db/v1    rr ss rr r\n"
               "noise/v0 rr rr uu r\n");
}
END_TEST

/* --- delayed preemption --- */

/* v0 is inside at 10 and gives its pCPU back at 12, for 8 ms from 22 on; v1 likewise at 20, 22 and
   30. Nobody ever spins for a vCPU that does not run: at 30 v1 is not inside. */
START_TEST(a_slice_ends_at_the_release) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 2 }, 'hypervisor': { 'scheduler': { 'kind': 'rr',"
              "'timeslice': '10ms' }, 'delay_preemption': '5ms' },"
              "'locks': { 'l': { 'kind': 'ticket' } },"
              "'programs': { 'hog': [ { 'compute': '1s' } ],"
              "'p': [ { 'compute': '4ms' }, { 'lock': 'l', 'hold': '8ms' } ] },"
              "'vms': { 'noise': { 'vcpus': 1, 'program': 'hog' },"
              "'db': { 'vcpus': 2, 'program': 'p' } }, 'run': { 'duration': '42ms' } }");
  world_expect(&world, MS,
               "noise/v0 uuuuuuuuuu rr uuuuuuuuuu rrrrrrrr uuuuuuuuuu rr\n"
               "db/v0    uuuucccccc cc rrrrrrrrrr uuuucccc ccccrrrrrr uu\n"
               "db/v1    rrrrrrrrrr uu uucccccccc uuuussss rrrrcccccc cc\n"
               "db/t1:l  .......... .. ..######## ....wwww wwww###### ##\n");
  const struct vm_result *db = world_vm(&world, "db");
  ck_assert_uint_eq(db->vcpus[0].ledger.delays, 2);
  ck_assert_uint_eq(db->vcpus[1].ledger.delays, 1);
  ck_assert_uint_eq(db->total.delay_timeouts, 0);
  ck_assert_uint_eq(db->total.lhp_events, 0);
  ck_assert_uint_eq(db->total.preemptions, 3);
  ck_assert_int_eq(world_spin_lhp_ns(&db->total), 0);
}
END_TEST

/* The section is longer than db may stay: at 13 it is stopped inside, and has 7 ms at 23. */
START_TEST(a_delay_is_bounded) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 1 }, 'hypervisor': { 'scheduler': { 'kind': 'rr',"
              "'timeslice': '10ms' }, 'delay_preemption': '3ms' },"
              "'locks': { 'l': { 'kind': 'tas' } }, 'programs': { 'hog': [ { 'compute': '1s' } ],"
              "'p': [ { 'compute': '4ms' }, { 'lock': 'l', 'hold': '14ms' } ] },"
              "'vms': { 'db': { 'vcpus': 1, 'program': 'p' },"
              "'noise': { 'vcpus': 1, 'program': 'hog' } }, 'run': { 'duration': '54ms' } }");
  world_expect(&world, MS,
               "db/v0    uuuucccccc ccc rrrrrrrrrr cccccuu rrrrrrrrrr uucccccccc ccc r\n"
               "noise/v0 rrrrrrrrrr rrr uuuuuuuuuu rrrrrrr uuuuuuuuuu rrrrrrrrrr rrr u\n");
  ck_assert_uint_eq(world_vm(&world, "db")->total.delays, 2);
  ck_assert_uint_eq(world_vm(&world, "db")->total.delay_timeouts, 2);
  ck_assert_uint_eq(world_vm(&world, "db")->total.lhp_events, 2);
}
END_TEST

/* At 8 db leaves b, but it is still inside of a. */
START_TEST(the_outermost_release_counts) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 1 }, 'hypervisor': { 'scheduler': { 'kind': 'rr',"
              "'timeslice': '6ms' }, 'delay_preemption': '5ms' },"
              "'locks': { 'a': { 'kind': 'mcs' }, 'b': { 'kind': 'tas' } },"
              "'programs': { 'hog': [ { 'compute': '1s' } ], 'p': [ { 'lock': 'a', 'do':"
              "[ { 'compute': '4ms' }, { 'lock': 'b', 'hold': '4ms' }, { 'compute': '2ms' } ] },"
              "{ 'compute': '1s' } ] }, 'vms': { 'db': { 'vcpus': 1, 'program': 'p' },"
              "'noise': { 'vcpus': 1, 'program': 'hog' } }, 'run': { 'duration': '30ms' } }");
  world_expect(&world, MS,
               "db/v0    cccccc cccc rrrrrr uu rrrrrr uuuuuu\n"
               "noise/v0 rrrrrr rrrr uuuuuu rr uuuuuu rrrrrr\n");
}
END_TEST

/* io wakes at 12, better than db, and waits for the release at 14. The same without the delay. */
START_TEST(a_wakeup_waits_for_the_release) {
  static const struct {
    const char *delay, *drawing;
  } cases[] = {{"5ms",
                "db/v0 uuuuuuuuuuu c cc rrrrrrrrrr uu\n"
                "io/v0 ........... . rr uuuuuuuuuu ..\n"},
               {"0",
                "db/v0 uuuuuuuuuuu c rrrrrrrrrr ccuu\n"
                "io/v0 ........... . uuuuuuuuuu ....\n"}};
  for (size_t i = 0; i < 2; i++) {
    world_watch(&world,
                "{ 'host': { 'pcpus': 1 }, 'hypervisor': { 'scheduler': { 'kind': 'credit' },"
                "'delay_preemption': '%s' }, 'locks': { 'l': { 'kind': 'tas' } },"
                "'programs': { 'p': [ { 'compute': '11ms' }, { 'lock': 'l', 'hold': '3ms' },"
                "{ 'compute': '1s' } ], 'io': [ { 'compute': '10ms' }, { 'sleep': '4ms' } ] },"
                "'vms': { 'db': { 'vcpus': 1, 'program': 'p' },"
                "'io': { 'vcpus': 1, 'program': 'io', 'start': '12ms' } },"
                "'run': { 'duration': '26ms' } }",
                cases[i].delay);
    world_expect(&world, MS, cases[i].drawing);
    ck_assert_uint_eq(world_vm(&world, "db")->total.delays, i == 0);
    ck_assert_uint_eq(world_vm(&world, "db")->total.lhp_events, i == 1);
    forget();
  }
}
END_TEST

/* The gang goes on while v0, inside at 10, is: v1, which owns the lock at 12, is stopped with it.
   Its next slice is 2 ms shorter for all. At 30 v0 is inside again, and at 35 it still is. */
START_TEST(a_gang_waits_for_its_members) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 2 }, 'hypervisor': { 'scheduler': { 'kind': 'rr',"
              "'timeslice': '10ms' }, 'coscheduling': { 'kind': 'strict' },"
              "'delay_preemption': '5ms' }, 'locks': { 'l': { 'kind': 'ticket' } },"
              "'programs': { 'hog': [ { 'compute': '1s' } ],"
              "'p': [ { 'compute': '4ms' }, { 'lock': 'l', 'hold': '8ms' } ] },"
              "'vms': { 'db': { 'vcpus': 2, 'program': 'p' },"
              "'noise': { 'vcpus': 1, 'program': 'hog' } }, 'run': { 'duration': '37ms' } }");
  world_expect(&world, MS,
               "db/v0    uuuucccccc cc xxxxxxxxxx uuuussss ccccc xx\n"
               "db/v1    uuuussssss ss xxxxxxxxxx cccccccc uuuus xx\n"
               "noise/v0 rrrrrrrrrr rr uuuuuuuuuu rrrrrrrr rrrrr uu\n");
  const struct vm_result *db = world_vm(&world, "db");
  ck_assert_uint_eq(db->vcpus[0].ledger.delays, 2);
  ck_assert_uint_eq(db->vcpus[0].ledger.delay_timeouts, 1);
  ck_assert_uint_eq(db->vcpus[1].ledger.delays, 0);
  ck_assert_uint_eq(db->total.lhp_events, 2);
}
END_TEST

/* v0 leads by 3 ms at 3: the check stops it inside. */
START_TEST(a_costop_is_not_delayed) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 1 }, 'hypervisor': { 'scheduler': { 'kind': 'rr',"
              "'timeslice': '200ms' }, 'coscheduling': { 'kind': 'relaxed' },"
              "'delay_preemption': '5ms' }, 'locks': { 'l': { 'kind': 'ticket' } },"
              "'programs': { 'p': [ { 'lock': 'l', 'hold': '1s' } ] },"
              "'vms': { 'db': { 'vcpus': 2, 'program': 'p' } }, 'run': { 'duration': '14ms' } }");
  world_expect(&world, MS,
               "db/v0 ccc x rrrrr c cccc\n"
               "db/v1 rrr s sssss x rrrr\n");
  ck_assert_uint_eq(world_vm(&world, "db")->total.delays, 0);
  ck_assert_uint_eq(world_vm(&world, "db")->vcpus[0].ledger.lhp_events, 1);
}
END_TEST

/* --- halt polling --- */

#define SLEEPER(polling, sleep, others)                                        \
  "{ 'host': { 'pcpus': 1 }, 'hypervisor': { 'halt_polling': { " polling       \
  " } },"                                                                      \
  "'programs': { 'p': [ { 'compute': '5us' }, { 'sleep': '" sleep              \
  "us' } ],"                                                                   \
  "'q': [ { 'compute': '3us' }, { 'sleep': '1s' } ] },"                        \
  "'vms': { 'db': { 'vcpus': 1, 'program': 'p', 'ipi_latency': '3us' }" others \
  " },"                                                                        \
  "'run': { 'duration': '%dus' } }"

/* At first there is no window; the first halt takes 11 us, so it is 10 us from 21 on, and the
   wake-ups at 29 and 42 find the pCPU polling. */
START_TEST(a_polled_wakeup_needs_no_interrupt) {
  world_watch(&world, SLEEPER("'max': '200us'", "8", ""), 46);
  world_expect(&world, US, "db/v0 uuuuu ........... uuuuu ........ uuuuu ........ uuuu\n");
  const struct ledger *db = &world_vm(&world, "db")->total;
  ck_assert_uint_eq(db->poll_hits, 2);
  ck_assert_int_eq(db->polled_ns, 16 * US);
  ck_assert_int_eq(db->runstate_ns[RS_IDLE], 27 * US);
  ck_assert_int_eq(world.result->host.busy_ns, 19 * US);
}
END_TEST

/* The halts at 5 and 28 take 18 us each. The window is 10 us at 28, over at 38, and 20 us at 51. */
START_TEST(a_window_grows) {
  world_watch(&world, SLEEPER("'max': '200us'", "15", ""), 70);
  world_expect(
      &world, US,
      "db/v0 uuuuu .................. uuuuu .................. uuuuu ............... uuuu\n");
  ck_assert_uint_eq(world_vm(&world, "db")->total.poll_hits, 1);
  ck_assert_int_eq(world_vm(&world, "db")->total.polled_ns, 25 * US);
}
END_TEST

/* late takes the pCPU at 24, after 3 us of polling, so db's wake-up at 29 needs an interrupt. */
START_TEST(polling_ends_when_the_pcpu_is_wanted) {
  world_watch(
      &world,
      SLEEPER("'max': '200us'", "8", ", 'late': { 'vcpus': 1, 'program': 'q', 'start': '24us' }"),
      36);
  world_expect(&world, US,
               "db/v0   uuuuu ........... uuuuu ... ... ..... uuuu\n"
               "late/v0 ..... ........... ..... ... uuu ..... ....\n");
  ck_assert_uint_eq(world_vm(&world, "db")->total.poll_hits, 0);
  ck_assert_int_eq(world_vm(&world, "db")->total.polled_ns, 3 * US);
}
END_TEST

/* Halts of 8 us and of 43 us with an interrupt, 40 us without, in turns; windows up to 40 us. The
   short ones are caught once the window has grown to 10 us. Before the long ones it is 10 us, which
   are polled in vain; then it is halved, which is less than `start`: nothing. With shrink 1 it
   stays. */
static void expect_hits(const char *shrink, uint64_t n, int64_t polled_ns) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 1 }, 'hypervisor': { 'halt_polling': { 'max': '40us',"
              "'shrink': %s } }, 'programs': { 'p': [ { 'compute': '5us' }, { 'sleep': '8us' },"
              "{ 'compute': '5us' }, { 'sleep': '40us' } ] }, 'vms': { 'db': { 'vcpus': 1,"
              "'program': 'p', 'ipi_latency': '3us' } }, 'run': { 'duration': '%dus' } }",
              shrink, 64 + (n > 0 ? 61 : 64));
  ck_assert_uint_eq(world_vm(&world, "db")->total.poll_hits, n);
  ck_assert_int_eq(world_vm(&world, "db")->total.polled_ns, polled_ns);
  forget();
}

START_TEST(a_window_shrinks) {
  expect_hits("2", 0, 20 * US);
  expect_hits("0", 0, 20 * US);
  expect_hits("1", 1, 28 * US);
}
END_TEST

/* v0 is inside when its slice ends at 10, and is delayed until 14. v1 is interrupted at 11 and
   joins it: they have used 15 ms when v2 comes, and may have 14. Parked they are all, but those who
   run go on while v0 does. */
START_TEST(who_joins_a_delayed_gang_stays_with_it) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 3 }, 'hypervisor': { 'scheduler': { 'kind': 'esx',"
              "'quantum': '10ms', 'period': '100ms' }, 'coscheduling': { 'kind': 'strict' },"
              "'delay_preemption': '4ms' }, 'locks': { 'l': { 'kind': 'ticket' } },"
              "'programs': { 'p': [ { 'compute': '9ms' }, { 'lock': 'l', 'hold': '20ms' } ] },"
              "'vms': { 'gang': { 'vcpus': 3, 'threads': 1, 'program': 'p', 'limit': 14,"
              "'interrupts': { 'one': { 'every': '11ms', 'entry': '5ms', 'vcpu': 1 },"
              "'two': { 'every': '13ms', 'entry': '5ms', 'vcpu': 2 } } } },"
              "'run': { 'duration': '16ms' } }");
  world_expect(&world, MS,
               "gang/v0 uuuuuuuuuc ccccrr\n"
               "gang/v1 .......... .kkkrr\n"
               "gang/v2 .......... ...rrr\n");
  ck_assert_uint_eq(world_vm(&world, "gang")->total.delay_timeouts, 1);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("timelines_cures");
  tcase_add_checked_fixture(tests, NULL, forget);
  tcase_add_test(tests, undirected_goes_to_the_tail);
  tcase_add_test(tests, directed_goes_to_a_sibling);
  tcase_add_test(tests, windows_double);
  tcase_add_test(tests, windows_start_anew_with_a_dispatch);
  tcase_add_test(tests, siblings_are_boosted_in_turn);
  tcase_add_test(tests, nothing_of_a_slice_is_handed_on);
  tcase_add_test(tests, a_slice_ends_at_the_release);
  tcase_add_test(tests, a_delay_is_bounded);
  tcase_add_test(tests, the_outermost_release_counts);
  tcase_add_test(tests, a_wakeup_waits_for_the_release);
  tcase_add_test(tests, a_gang_waits_for_its_members);
  tcase_add_test(tests, a_costop_is_not_delayed);
  tcase_add_test(tests, a_polled_wakeup_needs_no_interrupt);
  tcase_add_test(tests, a_window_grows);
  tcase_add_test(tests, polling_ends_when_the_pcpu_is_wanted);
  tcase_add_test(tests, a_window_shrinks);
  tcase_add_test(tests, who_joins_a_delayed_gang_stays_with_it);
  return suite_run(tests, "timelines of cures");
}
