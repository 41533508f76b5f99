/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `eevdf` does, drawn by hand from the model. The base slice is 0.7 ms on one pCPU and 1.4 on
   two; the first one of a vCPU is half as long; ticks come every 4 ms. */
#include <check.h>

#include "support/suite.h"

#include "support/world.h"

static struct world world;
static void forget(void) { world_free(&world); }

#define EEVDF(more) "'scheduler': { 'kind': 'eevdf'" more " }"
#define HOG "'hog': [ { 'compute': '10s' } ]"

/* In units of virtual ms: at 4 b has 2 and a 0, mean 4/3; at 8 a has 4, mean 8/3; at 12 both have
   4, and b's deadline is 4.35, a's 4.7: b goes on. */
START_TEST(weights_at_ticks) {
  world_watch(
      &world,
      "{ 'host': { 'pcpus': 1 }, 'hypervisor': {" EEVDF() "}, 'programs': {" HOG
                                                          "}, 'vms': { 'a': { 'vcpus': 1, "
                                                          "'program': 'hog', 'weight': 256 },"
                                                          "'b': { 'vcpus': 1, 'program': 'hog', "
                                                          "'weight': 512 } },"
                                                          "'run': { 'duration': '32ms' } }");
  world_expect(&world, 4 * MS,
               "a/v0 r u r r u r r u\n"
               "b/v0 u r u u r u u r\n");
}
END_TEST

START_TEST(slices_without_ticks) {
  world_watch(&world, "{ 'host': { 'pcpus': 1 }, 'hypervisor': {" EEVDF(
                          ", 'hrtick': 'on'") "}, 'programs': {" HOG
                                              "}, 'vms': { 'a': { 'vcpus': 1, 'program': 'hog' },"
                                              "'b': { 'vcpus': 1, 'program': 'hog' } }, 'run': { "
                                              "'duration': '3500us' } }");
  world_expect(&world, 350 * US,
               "a/v0 u r uu rr uu rr\n"
               "b/v0 r u rr uu rr uu\n");
}
END_TEST

/* At 3 io starts at the mean, with an earlier deadline than hog. At 4 it has run for 1 and leaves
   with a lag of -0.5; at 9 that puts it 1 behind hog, and it waits for the tick at 12. It leaves at
   13 with +0.5 and is ahead at 18: hog is not eligible. At 24 it is even with hog, and first in the
   queue at the tick. */
START_TEST(lag_is_kept_asleep) {
  world_watch(
      &world,
      "{ 'host': { 'pcpus': 1 }, 'hypervisor': {" EEVDF() "}, 'programs': {" HOG
                                                          ", 'io': [ { 'compute': '1ms' }, { "
                                                          "'sleep': '5ms' } ] },"
                                                          "'vms': { 'hog': { 'vcpus': 1, "
                                                          "'program': 'hog' },"
                                                          "'io': { 'vcpus': 1, 'program': 'io', "
                                                          "'start': '3ms' } },"
                                                          "'run': { 'duration': '25ms' } }");
  world_expect(&world, MS,
               "hog/v0 uuu r uuuuuuuu r uuuuu r uuuuu r\n"
               "io/v0  ... u ..... rrr u ..... u ..... u\n");
}
END_TEST

/* p0 has two, p1 one. At 16 p1 takes a, at 32 p0 takes b; nobody is preempted by an equal. */
START_TEST(queues_are_balanced) {
  world_watch(
      &world,
      "{ 'host': { 'pcpus': 2 }, 'hypervisor': {" EEVDF(
          ", 'balance_interval': '16ms'") "}, 'programs': {" HOG
                                          "}, 'vms': { 'a': { 'vcpus': 1, 'program': 'hog' },"
                                          "'b': { 'vcpus': 1, 'program': 'hog' },"
                                          "'c': { 'vcpus': 1, 'program': 'hog' } },"
                                          "'run': { 'duration': '40ms' } }");
  world_expect(&world, 4 * MS,
               "a/v0 u r u r r u r u u u\n"
               "b/v0 u u u u u r u r r u\n"
               "c/v0 r u r u u u u u u r\n"
               "p0   0 2 0 2 2 2 2 2 2 1\n"
               "p1   1 1 1 1 1 0 1 0 0 0\n");
}
END_TEST

/* When p3 has nobody left, at 3, it takes y.1 from p2 beside it, though p0 has the greater load. */
START_TEST(the_nearest_queue_is_robbed_first) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 4, 'topology': { 'sockets': 2 } }, 'hypervisor': {"
              "'scheduler': { 'kind': 'eevdf' } }, 'programs': {"
              "'hog': [ { 'compute': '10s' } ],"
              "'short': [ { 'compute': '3ms' }, { 'sleep': '10s' } ] },"
              "'vms': { 'x': { 'vcpus': 1, 'count': 3, 'program': 'hog' },"
              "'z': { 'vcpus': 1, 'program': 'short' },"
              "'heavy': { 'vcpus': 1, 'program': 'hog', 'weight': 1024 },"
              "'y': { 'vcpus': 1, 'count': 2, 'program': 'hog' } },"
              "'run': { 'duration': '4ms' } }");
  world_expect(&world, MS,
               "z/v0   uuu .\n"
               "x.0/v0 rrr r\n"
               "y.1/v0 rrr u\n"
               "p2     222 2\n"
               "p3     333 6\n");
}
END_TEST

/* b has twice the weight of a, so its v advances half as fast. At 2 and at 4 ticks find slices
   over; c wants b's lock at 2 and halts with v 0, 0.4 behind the mean. At 5 b releases the lock and
   takes it again, while c is kicked: back 0.667 behind a (2) and b (1.5), it is eligible alone,
   finds the lock taken and halts. Without it b is eligible. So it is at 6, when b is even with a,
   and has the earlier deadline; at 7 b is at 2.5, and a is next. */
START_TEST(who_has_halted_does_not_count) {
  world_watch(&world, "{ 'host': { 'pcpus': 1 }, 'hypervisor': {" EEVDF(
                          ", 'base_slice': '3us', 'tick': '2us'") "}, 'locks': { 'l': { 'kind':"
                      "'pv', 'spin_limit': '0' } }, 'programs': { 'p': [ { 'lock': 'l', 'hold':"
                      "'1us' } ] }, 'vms': { 'a': { 'vcpus': 1, 'program': 'p' },"
                      "'bc': { 'vcpus': 2, 'program': 'p', 'weight': 512 } },"
                      "'run': { 'duration': '8us' } }");
  world_expect(&world, US,
               "a/v0  rr cc rrr c\n"
               "bc/v0 cc rr ccc r\n"
               "bc/v1 rr .. ... .\n");
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("eevdf");
  tcase_add_checked_fixture(tests, NULL, forget);
  tcase_add_test(tests, weights_at_ticks);
  tcase_add_test(tests, slices_without_ticks);
  tcase_add_test(tests, lag_is_kept_asleep);
  tcase_add_test(tests, who_has_halted_does_not_count);
  tcase_add_test(tests, queues_are_balanced);
  tcase_add_test(tests, the_nearest_queue_is_robbed_first);
  return suite_run(tests, "timelines of eevdf");
}
