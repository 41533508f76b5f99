/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `credit` does, drawn by hand from the model. One pCPU earns 30 ms of credits in 30 ms. */
#include <check.h>

#include "support/suite.h"

#include "support/world.h"

static struct world world;
static void forget(void) { world_free(&world); }

#define CREDIT "'scheduler': { 'kind': 'credit' }"
#define HOG "'hog': [ { 'compute': '10s' } ]"

/* a earns 10 ms in each period, b 20. At 60 a has 10 left and b owes 10: a runs. From 120 on the
   same comes back every 90 ms. */
START_TEST(weights_share_a_pcpu) {
  world_watch(&world, "{ 'host': { 'pcpus': 1 }, 'hypervisor': {" CREDIT "}, 'programs': {" HOG
                      "}, 'vms': { 'a': { 'vcpus': 1, 'program': 'hog', 'weight': 256 },"
                      "'b': { 'vcpus': 1, 'program': 'hog', 'weight': 512 } },"
                      "'run': { 'duration': '270ms' } }");
  world_expect(&world, 10 * MS,
               "a/v0 uuu rrr uuu rrr uuu rrr rrr uuu rrr\n"
               "b/v0 rrr uuu rrr uuu rrr uuu uuu rrr uuu\n");
}
END_TEST

/* io is boosted at 12, 26, 40 and 54, for it has credits; ticks that find it running end its boost.
   The accountings at 30 and 60 leave it with 3 ms, then with -4: when it wakes at 68 it is OVER
   and waits for the end of the slice that began at 64. */
START_TEST(who_wakes_with_credits_goes_first) {
  world_watch(&world, "{ 'host': { 'pcpus': 1 }, 'hypervisor': {" CREDIT "}, 'programs': {" HOG
                      ", 'io': [ { 'compute': '10ms' }, { 'sleep': '4ms' } ] },"
                      "'vms': { 'hog': { 'vcpus': 1, 'program': 'hog' },"
                      "'io': { 'vcpus': 1, 'program': 'io', 'start': '12ms' } },"
                      "'run': { 'duration': '100ms' } }");
  world_expect(&world, 2 * MS,
               "hog/v0 uuuuuu rrrrr uu rrrrr uu rrrrr uu rrrrr uu uuuuuuuuuuuuu rrr\n"
               "io/v0  ...... uuuuu .. uuuuu .. uuuuu .. uuuuu .. rrrrrrrrrrrrr uuu\n");
}
END_TEST

/* Both are boosted at first, so io waits at 2; from 31 on it is above hog, but waits until hog has
   run for 2 ms. */
START_TEST(nobody_is_preempted_before_the_ratelimit) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 1 }, 'hypervisor': { 'scheduler': { 'kind': 'credit',"
              "'ratelimit': '2ms' } }, 'programs': {" HOG
              ", 'io': [ { 'compute': '1ms' }, { 'sleep': '1ms' } ] },"
              "'vms': { 'io': { 'vcpus': 1, 'program': 'io' },"
              "'hog': { 'vcpus': 1, 'program': 'hog' } }, 'run': { 'duration': '38ms' } }");
  world_expect(&world, MS,
               "io/v0  u . rrrrrrrrrrrrrrrrrrrrrrrrrrrrr u . r u . r u\n"
               "hog/v0 r u uuuuuuuuuuuuuuuuuuuuuuuuuuuuu r u u r u u r\n");
}
END_TEST

/* It earns 12 ms in 30 and is parked when it owes more than 12, until it owes nothing. */
START_TEST(a_cap_parks) {
  world_watch(&world, "{ 'host': { 'pcpus': 1 }, 'hypervisor': {" CREDIT "}, 'programs': {" HOG
                      "}, 'vms': { 'a': { 'vcpus': 1, 'program': 'hog', 'cap': 40 } },"
                      "'run': { 'duration': '390ms' } }");
  world_expect(&world, 30 * MS, "a/v0 u rr uu rrr uu rrr u\n");
  ck_assert_uint_eq(world_vm(&world, "a")->total.migrations, 0);
}
END_TEST

/* At 90 p0 has c before a, both UNDER; p1 would go on with b, which is OVER, and takes a. At 150 p0
   takes a from the queue of p1. */
START_TEST(better_work_is_stolen) {
  world_watch(&world, "{ 'host': { 'pcpus': 2 }, 'hypervisor': {" CREDIT "}, 'programs': {" HOG
                      "}, 'vms': { 'a': { 'vcpus': 1, 'program': 'hog' },"
                      "'b': { 'vcpus': 1, 'program': 'hog' },"
                      "'c': { 'vcpus': 1, 'program': 'hog' } }, 'run': { 'duration': '210ms' } }");
  world_expect(&world, 10 * MS,
               "a/v0 uuu rrr uuu uuu rrr uuu uuu\n"
               "b/v0 uuu uuu uuu rrr uuu uuu rrr\n"
               "c/v0 rrr uuu rrr uuu uuu rrr uuu\n"
               "p0   000 222 000 222 222 000 222\n"
               "p1   111 111 111 000 111 111 000\n");
}
END_TEST

/* The same with a and b as siblings: at 90 p1 has v1, so v0 stays where it waits. At 120 p1 takes c
   instead, and keeps it. */
START_TEST(siblings_are_kept_apart) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 2 }, 'hypervisor': { 'scheduler': {"
              "'kind': 'credit', 'placement': 'balance' } }, 'programs': {" HOG
              "}, 'vms': { 'db': { 'vcpus': 2, 'program': 'hog' },"
              "'c': { 'vcpus': 1, 'program': 'hog' } }, 'run': { 'duration': '210ms' } }");
  world_expect(&world, 10 * MS,
               "db/v0 uuu rrr uuu rrr uuu uuu uuu\n"
               "db/v1 uuu uuu uuu uuu rrr uuu rrr\n"
               "c/v0  rrr uuu rrr uuu uuu rrr uuu\n"
               "p0    000 222 000 222 000 000 000\n"
               "p1    111 111 111 111 222 111 222\n");
}
END_TEST

/* p1 stays idle while the gang finds one pCPU only. */
START_TEST(gangs_wait_for_room) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 2 }, 'hypervisor': {" CREDIT
              ", 'coscheduling': { 'kind': 'strict' } }, 'programs': {" HOG
              "}, 'vms': { 'gang': { 'vcpus': 2, 'program': 'hog' },"
              "'hog': { 'vcpus': 1, 'program': 'hog' } }, 'run': { 'duration': '120ms' } }");
  world_expect(&world, 10 * MS,
               "gang/v0 uuu xxx uuu xxx\n"
               "gang/v1 uuu xxx uuu xxx\n"
               "hog/v0  rrr uuu rrr uuu\n"
               "p0      000 222 000 222\n"
               "p1      111 ... 111 ...\n");
}
END_TEST

/* Who wakes asks p0 only, but a gang stops as one. It has run for 12 ms, is refused, and comes back
   when io sleeps. */
START_TEST(a_preempted_member_stops_its_gang) {
  world_watch(&world, "{ 'host': { 'pcpus': 2 }, 'hypervisor': {" CREDIT
                      ", 'coscheduling': { 'kind': 'strict' } }, 'programs': {" HOG
                      ", 'io': [ { 'compute': '2ms' }, { 'sleep': '1s' } ] },"
                      "'vms': { 'gang': { 'vcpus': 2, 'program': 'hog' },"
                      "'io': { 'vcpus': 1, 'program': 'io', 'start': '12ms' } },"
                      "'run': { 'duration': '18ms' } }");
  world_expect(&world, 2 * MS,
               "gang/v0 uuuuuu x uu\n"
               "gang/v1 uuuuuu x uu\n"
               "io/v0   ...... u ..\n"
               "p1      111111 . 11\n");
  ck_assert_uint_eq(world_vm(&world, "gang")->total.costops, 2);
}
END_TEST

/* When p3 has nobody left, at 3, it takes y.1 from p2 beside it; by numbers p0 would come first. */
START_TEST(the_own_socket_is_robbed_first) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 4, 'topology': { 'sockets': 2 } }, 'hypervisor': {"
              "'scheduler': { 'kind': 'credit' } }, 'programs': {"
              "'hog': [ { 'compute': '10s' } ],"
              "'short': [ { 'compute': '3ms' }, { 'sleep': '10s' } ] },"
              "'vms': { 'x': { 'vcpus': 1, 'count': 3, 'program': 'hog' },"
              "'z': { 'vcpus': 1, 'program': 'short' },"
              "'heavy': { 'vcpus': 1, 'program': 'hog', 'weight': 1024 },"
              "'y': { 'vcpus': 1, 'count': 2, 'program': 'hog' } },"
              "'run': { 'duration': '4ms' } }");
  world_expect(&world, MS,
               "z/v0     uuu .\n"
               "heavy/v0 rrr r\n"
               "y.1/v0   rrr u\n"
               "p2       222 2\n"
               "p3       333 6\n");
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("credit");
  tcase_add_checked_fixture(tests, NULL, forget);
  tcase_add_test(tests, weights_share_a_pcpu);
  tcase_add_test(tests, who_wakes_with_credits_goes_first);
  tcase_add_test(tests, nobody_is_preempted_before_the_ratelimit);
  tcase_add_test(tests, a_cap_parks);
  tcase_add_test(tests, better_work_is_stolen);
  tcase_add_test(tests, siblings_are_kept_apart);
  tcase_add_test(tests, gangs_wait_for_room);
  tcase_add_test(tests, a_preempted_member_stops_its_gang);
  tcase_add_test(tests, the_own_socket_is_robbed_first);
  return suite_run(tests, "timelines of credit");
}
