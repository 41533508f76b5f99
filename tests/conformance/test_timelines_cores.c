/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What threads of one core do to each other, drawn by hand from the model. */
#include <check.h>

#include "support/suite.h"

#include "support/world.h"

static struct world world;
static void forget(void) { world_free(&world); }

#define CORE(threads, factor)                                                    \
  "{ 'host': { 'pcpus': " threads ", 'topology': { 'threads_per_core': " threads \
  ", 'smt_factor': " factor " } },"
#define RR10 "'hypervisor': { 'scheduler': { 'kind': 'rr', 'timeslice': '10ms' } },"
#define ONCE(length) "[ { 'compute': '" length "' }, { 'sleep': '1h' } ]"

/* Both need twice the time while both run. At 6 a has done its 3 ms, and b 3 of 4: alone it needs
   1 ms for the rest. */
START_TEST(busy_threads_slow_each_other_down) {
  world_watch(&world, CORE("2", "0.5") RR10
              "'programs': { 'p': [ { 'compute': '3ms' }, { 'sleep': '2ms' } ],"
              "'q': " ONCE("4ms") " }, 'vms': { 'a': { 'vcpus': 1, 'program': 'p' },"
              "'b': { 'vcpus': 1, 'program': 'q' } }, 'run': { 'duration': '16ms' } }");
  world_expect(&world, MS,
               "a/v0 uuuuuu..uuu..uuu\n"
               "b/v0 uuuuuuu.........\n");
  ck_assert_int_eq(world_vm(&world, "a")->total.smt_shared_ns, 6 * MS);
  ck_assert_int_eq(world_vm(&world, "b")->total.smt_shared_ns, 6 * MS);
}
END_TEST

/* However many there are: b has one neighbour left from 4 to 6, c none from 6 on. */
START_TEST(two_are_as_bad_as_three) {
  world_watch(&world, CORE("3", "0.5") RR10
              "'programs': { 'p': " ONCE("2ms") ", 'q': " ONCE("3ms") ", 'r': " ONCE("6ms") " },"
              "'vms': { 'a': { 'vcpus': 1, 'program': 'p' }, 'b': { 'vcpus': 1, 'program': 'q' },"
              "'c': { 'vcpus': 1, 'program': 'r' } }, 'run': { 'duration': '10ms' } }");
  world_expect(&world, MS,
               "a/v0 uuuu......\n"
               "b/v0 uuuuuu....\n"
               "c/v0 uuuuuuuuu.\n");
}
END_TEST

/* Holds and the costs of locks take twice their time, too; one that spins is busy. */
START_TEST(a_spinner_slows_its_holder_down) {
  world_watch(&world, CORE("2", "0.5") RR10
              "'locks': { 'l': { 'kind': 'ticket', 'acquire': '1ms',"
              "'handoff_cost': { 'base': '1ms' } } },"
              "'programs': { 'p': [ { 'lock': 'l', 'hold': '2ms' }, { 'compute': '1ms' } ] },"
              "'vms': { 'db': { 'vcpus': 2, 'program': 'p' } }, 'run': { 'duration': '18ms' } }");
  world_expect(&world, MS,
               "db/v0   kk cccc uu ssss ss cccc\n"
               "db/v1   ss ssss ss cccc uu ssss\n"
               "db/t0:l ## #### .. wwww gg ####\n"
               "db/t1:l ww wwww gg #### .. wwww\n");
}
END_TEST

/* The window of a pause loop is a time: 2, 4, 8 ms. The exits take twice their 1 ms. */
START_TEST(limits_are_times_and_exits_are_work) {
  world_watch(&world, CORE("2", "0.5")
              "'hypervisor': { 'scheduler': { 'kind': 'rr', 'timeslice': '1s' }, 'ple': {"
              "'yield': 'undirected', 'window': '2ms', 'exit_cost': '1ms' } },"
              "'locks': { 'l': { 'kind': 'ticket' } },"
              "'programs': { 'p': [ { 'lock': 'l', 'hold': '10ms' } ] },"
              "'vms': { 'db': { 'vcpus': 2, 'program': 'p' } }, 'run': { 'duration': '19ms' } }");
  world_expect(&world, MS,
               "db/v0 cc cc cccc cc cccccccc c\n"
               "db/v1 ss oo ssss oo ssssssss o\n");
}
END_TEST

/* The slice is a time; the 1 ms of a switch is work. a keeps its pCPU at 10. */
START_TEST(slices_are_times_and_switches_are_work) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 2, 'topology': { 'threads_per_core': 2, 'smt_factor': 0.5 },"
              "'costs': { 'context_switch': '1ms' } }," RR10
              "'programs': { 'hog': [ { 'compute': '1s' } ] },"
              "'vms': { 'a': { 'vcpus': 1, 'count': 3, 'program': 'hog' } },"
              "'run': { 'duration': '20ms' } }");
  world_expect(&world, MS,
               "a.0/v0 uuuuuuuuuu uuuuuuuuuu\n"
               "a.1/v0 uuuuuuuuuu rrrrrrrrrr\n"
               "a.2/v0 rrrrrrrrrr oouuuuuuuu\n");
}
END_TEST

/* A thread whose vCPU is replaced at once was never idle: c takes over from b at 4, and nobody
   works at full speed in between. */
START_TEST(a_swap_is_no_pause) {
  world_watch(&world, CORE("2", "0.5") RR10
              "'programs': { 'p': " ONCE("5ms") ", 'q': " ONCE("2ms") " },"
              "'vms': { 'a': { 'vcpus': 1, 'program': 'p' },"
              "'b': { 'vcpus': 1, 'program': 'q', 'count': 2 } },"
              "'run': { 'duration': '11ms' } }");
  world_expect(&world, MS,
               "a/v0   uuuu uuuu u..\n"
               "b.0/v0 uuuu .... ...\n"
               "b.1/v0 rrrr uuuu ...\n");
  ck_assert_int_eq(world_vm(&world, "a")->total.smt_shared_ns, 8 * MS);
}
END_TEST

/* One character is 1 ns. 10 ns at 0.7 take 14.3, rounded up to 15; b's 5 take 8. What is left of
   a's then is 7 * 0.7 = 4.9, rounded down to 4. */
START_TEST(work_is_rounded_to_whole_nanoseconds) {
  world_watch(&world, CORE("2", "0.7") RR10
              "'programs': { 'p': " ONCE("10ns") ", 'q': " ONCE("5ns") " },"
              "'vms': { 'a': { 'vcpus': 1, 'program': 'p' },"
              "'b': { 'vcpus': 1, 'program': 'q' } }, 'run': { 'duration': '14ns' } }");
  world_expect(&world, 1,
               "a/v0 uuuuuuuu uuuu..\n"
               "b/v0 uuuuuuuu ......\n");
}
END_TEST

/* --- places --- */

static void watch_places(const char *scheduler, const char *rest) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 4, 'topology': { 'threads_per_core': 2, 'smt_factor': 0.5 } },"
              "'hypervisor': { 'scheduler': { %s } }, %s }",
              scheduler, rest);
}

/* a has p0 to itself until c comes. At 4 a goes; c stays where it is at 10, b too. */
START_TEST(idle_cores_come_first) {
  watch_places("'kind': 'rr', 'timeslice': '10ms'",
               "'programs': { 'p': " ONCE("3ms") ", 'hog': [ { 'compute': '1s' } ] }, 'vms': {"
               "'a': { 'vcpus': 1, 'program': 'p' }, 'b': { 'vcpus': 1, 'program': 'hog' },"
               "'c': { 'vcpus': 1, 'program': 'hog', 'start': '2ms' } },"
               "'run': { 'duration': '12ms' }");
  world_expect(&world, MS,
               "p0 0000........\n"
               "p1 ..2222222222\n"
               "p2 111111111111\n"
               "p3 ............\n");
  ck_assert_int_eq(world_vm(&world, "c")->total.smt_shared_ns, 2 * MS);
}
END_TEST

/* Queues are on p0, p2 and p1. At 2 d wakes on p3, whose core is idle since b halted at 1. */
START_TEST(queues_are_on_idle_cores_first) {
  watch_places("'kind': 'credit'",
               "'programs': { 'p': " ONCE("1ms") ", 'hog': [ { 'compute': '1s' } ] }, 'vms': {"
               "'a': { 'vcpus': 1, 'program': 'hog' }, 'b': { 'vcpus': 1, 'program': 'p' },"
               "'c': { 'vcpus': 1, 'program': 'hog' },"
               "'d': { 'vcpus': 1, 'program': 'hog', 'start': '2ms' } },"
               "'run': { 'duration': '6ms' }");
  world_expect(&world, MS,
               "p0 000000\n"
               "p1 222222\n"
               "p2 1.....\n"
               "p3 ..3333\n");
}
END_TEST

/* --- core scheduling --- */

#define HOGS "'programs': { 'hog': [ { 'compute': '10s' } ] },"
static void watch_cores(const char *pcpus, const char *hypervisor, const char *rest) {
  world_watch(&world,
              "{ 'host': { 'pcpus': %s, 'topology': { 'threads_per_core': 2 } },"
              "'hypervisor': { %s, 'core_scheduling': 'on' }, %s }",
              pcpus, hypervisor, rest);
}
#define RR "'scheduler': { 'kind': 'rr', 'timeslice': '10ms' }"

/* Nobody runs beside b, though a/v0 and a/v1 wait. */
START_TEST(a_core_runs_one_vm_at_a_time) {
  watch_cores("2", RR,
              HOGS
              "'vms': { 'a': { 'vcpus': 2, 'program': 'hog' },"
              "'b': { 'vcpus': 1, 'program': 'hog' } }, 'run': { 'duration': '29ms' }");
  world_expect(&world, MS,
               "a/v0 uuuuuuuuuu rrrrrrrrrr uuuuuuuuu\n"
               "a/v1 uuuuuuuuuu rrrrrrrrrr uuuuuuuuu\n"
               "b/v0 rrrrrrrrrr uuuuuuuuuu rrrrrrrrr\n"
               "p0   0000000000 2222222222 000000000\n"
               "p1   1111111111 .......... 111111111\n");
  ck_assert_int_eq(world.result->host.forced_idle_ns, 10 * MS);
  ck_assert_int_eq(world.result->host.fragmentation_ns, 10 * MS);
  ck_assert_int_eq(world_vm(&world, "a")->total.smt_shared_ns, 0);
}
END_TEST

/* db/v1 halts at once and wakes at 4: the thread beside v0 has been kept for it, and its slice ends
   with v0's. Up to 6 nobody waits, so nothing is forced. */
START_TEST(a_sibling_joins_its_core) {
  watch_cores(
      "2", RR,
      "'locks': { 'm': { 'kind': 'mutex' } }, 'programs': { 'hog': [ { 'compute': '10s' } ],"
      "'p': [ { 'lock': 'm', 'hold': '4ms' }, { 'compute': '30ms' } ] },"
      "'vms': { 'db': { 'vcpus': 2, 'program': 'p' },"
      "'late': { 'vcpus': 1, 'program': 'hog', 'start': '6ms' } },"
      "'run': { 'duration': '24ms' }");
  world_expect(&world, MS,
               "db/v0   ccccuuuuuu rrrrrrrrrr uuuu\n"
               "db/v1   ....ccccuu rrrrrrrrrr uuuu\n"
               "late/v0 ......rrrr uuuuuuuuuu rrrr\n"
               "p0      0000000000 2222222222 0000\n"
               "p1      ....111111 .......... 1111\n");
  ck_assert_int_eq(world.result->host.forced_idle_ns, 10 * MS);
}
END_TEST

/* The third of a has a core to itself. */
START_TEST(an_odd_vcpu_has_a_core_to_itself) {
  watch_cores("4", RR,
              HOGS
              "'vms': { 'a': { 'vcpus': 3, 'program': 'hog' },"
              "'b': { 'vcpus': 1, 'program': 'hog', 'count': 2 } },"
              "'run': { 'duration': '29ms' }");
  world_expect(&world, MS,
               "a/v2   uuuuuuuuuu rrrrrrrrrr uuuuuuuuu\n"
               "b.0/v0 rrrrrrrrrr uuuuuuuuuu rrrrrrrrr\n"
               "b.1/v0 rrrrrrrrrr uuuuuuuuuu rrrrrrrrr\n"
               "p0     0000000000 3333333333 000000000\n"
               "p1     1111111111 .......... 111111111\n"
               "p2     2222222222 4444444444 222222222\n"
               "p3     .......... .......... .........\n");
  ck_assert_int_eq(world.result->host.forced_idle_ns, (10 + 20 + 9) * MS);
}
END_TEST

/* Beside who leads sits who has queued longest: v0 at 10, v2 at 20, v1 at 30. */
START_TEST(siblings_sit_down_in_turn) {
  watch_cores("2", RR,
              HOGS
              "'vms': { 'a': { 'vcpus': 3, 'program': 'hog' } }, 'run': { 'duration': '34ms' }");
  world_expect(&world, MS,
               "a/v0 uuuuuuuuuu uuuuuuuuuu rrrrrrrrrr uuuu\n"
               "a/v1 uuuuuuuuuu rrrrrrrrrr uuuuuuuuuu uuuu\n"
               "a/v2 rrrrrrrrrr uuuuuuuuuu uuuuuuuuuu rrrr\n"
               "p0   0000000000 2222222222 2222222222 1111\n"
               "p1   1111111111 0000000000 1111111111 0000\n");
}
END_TEST

/* One character is 10 ms. v3 leads at 10 and gets the lowest; from then on who leads and, as far as
   they can, who sit down beside it go where they were: v1 to p2 at 40. */
START_TEST(siblings_sit_down_where_they_were) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 3, 'topology': { 'threads_per_core': 3 } },"
              "'hypervisor': {" RR ", 'core_scheduling': 'on' }," HOGS
              "'vms': { 'a': { 'vcpus': 4, 'program': 'hog' } },"
              "'run': { 'duration': '50ms' } }");
  world_expect(&world, 10 * MS,
               "p0 0 3 3 2 2\n"
               "p1 1 0 0 3 0\n"
               "p2 2 1 2 1 1\n");
}
END_TEST

/* A gang of three takes both cores, and at 10 finds one: b has the other. p1 and, before, p3 are
   kept idle beside somebody, p2 and p3 merely are idle. */
START_TEST(a_gang_takes_whole_cores) {
  watch_cores("4", RR ", 'coscheduling': { 'kind': 'strict' }",
              HOGS
              "'vms': { 'gang': { 'vcpus': 3, 'program': 'hog' },"
              "'b': { 'vcpus': 1, 'program': 'hog' } }, 'run': { 'duration': '20ms' }");
  world_expect(&world, MS,
               "gang/v0 uuuuuuuuuu xxxxxxxxxx\n"
               "gang/v2 uuuuuuuuuu xxxxxxxxxx\n"
               "b/v0    rrrrrrrrrr uuuuuuuuuu\n"
               "p0      0000000000 3333333333\n"
               "p1      1111111111 ..........\n"
               "p2      2222222222 ..........\n"
               "p3      .......... ..........\n");
  ck_assert_int_eq(world.result->host.forced_idle_ns, 20 * MS);
  ck_assert_int_eq(world.result->host.fragmentation_ns, 40 * MS);
}
END_TEST

/* One character is 2 ms. io wakes on p1, beside hog on p0, and takes the core over by its boost;
   the credits of two pCPUs keep both UNDER. */
START_TEST(a_boost_takes_the_whole_core) {
  watch_cores("2", "'scheduler': { 'kind': 'credit' }",
              "'programs': { 'hog': [ { 'compute': '10s' } ],"
              "'io': [ { 'compute': '10ms' }, { 'sleep': '4ms' } ] },"
              "'vms': { 'hog': { 'vcpus': 1, 'program': 'hog' },"
              "'io': { 'vcpus': 1, 'program': 'io', 'start': '12ms' } },"
              "'run': { 'duration': '54ms' }");
  world_expect(&world, 2 * MS,
               "hog/v0 uuuuuu rrrrr uu rrrrr uu rrrrr uu\n"
               "io/v0  ...... uuuuu .. uuuuu .. uuuuu ..\n"
               "p0     000000 ..... 00 ..... 00 ..... 00\n"
               "p1     ...... 11111 .. 11111 .. 11111 ..\n");
}
END_TEST

/* One character is 4 ms. a and b wait in the queues of two threads: at each tick it is the turn of
   the one that has queued longer. */
START_TEST(threads_of_a_core_take_turns) {
  watch_cores("2", "'scheduler': { 'kind': 'eevdf' }",
              HOGS
              "'vms': { 'a': { 'vcpus': 1, 'program': 'hog' },"
              "'b': { 'vcpus': 1, 'program': 'hog' } }, 'run': { 'duration': '20ms' }");
  world_expect(&world, 4 * MS,
               "a/v0 ururu\n"
               "b/v0 rurur\n"
               "p0   0.0.0\n"
               "p1   .1.1.\n");
}
END_TEST

/* One character is 10 ms. On one queue for the host weights hold: a third is a's. */
START_TEST(weights_hold_on_a_core) {
  watch_cores("2", "'scheduler': { 'kind': 'esx', 'quantum': '10ms' }",
              HOGS
              "'vms': { 'a': { 'vcpus': 1, 'program': 'hog', 'weight': 256 },"
              "'b': { 'vcpus': 1, 'program': 'hog', 'weight': 512 } },"
              "'run': { 'duration': '70ms' }");
  world_expect(&world, 10 * MS,
               "a/v0 u rr u rr u\n"
               "b/v0 r uu r uu r\n");
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("timelines");
  tcase_add_checked_fixture(tests, NULL, forget);
  tcase_add_test(tests, busy_threads_slow_each_other_down);
  tcase_add_test(tests, two_are_as_bad_as_three);
  tcase_add_test(tests, a_spinner_slows_its_holder_down);
  tcase_add_test(tests, limits_are_times_and_exits_are_work);
  tcase_add_test(tests, slices_are_times_and_switches_are_work);
  tcase_add_test(tests, a_swap_is_no_pause);
  tcase_add_test(tests, work_is_rounded_to_whole_nanoseconds);
  tcase_add_test(tests, idle_cores_come_first);
  tcase_add_test(tests, queues_are_on_idle_cores_first);
  tcase_add_test(tests, a_core_runs_one_vm_at_a_time);
  tcase_add_test(tests, a_sibling_joins_its_core);
  tcase_add_test(tests, an_odd_vcpu_has_a_core_to_itself);
  tcase_add_test(tests, siblings_sit_down_in_turn);
  tcase_add_test(tests, siblings_sit_down_where_they_were);
  tcase_add_test(tests, a_gang_takes_whole_cores);
  tcase_add_test(tests, a_boost_takes_the_whole_core);
  tcase_add_test(tests, threads_of_a_core_take_turns);
  tcase_add_test(tests, weights_hold_on_a_core);
  return suite_run(tests, "cores");
}
