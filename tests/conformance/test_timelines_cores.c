/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What threads of one core do to each other, drawn by hand from the model. */
#include <check.h>

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
  return world_main(tests, "cores");
}
