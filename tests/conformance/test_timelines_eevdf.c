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

/* d runs on p3 first. At 1 it sleeps and e, which waited for p0, comes there. At 5 d finds p0 and
   p2 idle, and goes to p2, which has the same cache as p3; at 10 f runs on p2, and p0 is left. */
START_TEST(who_wakes_goes_to_the_nearest_idle_pcpu) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 4, 'topology': { 'sockets': 2 } }, 'hypervisor': {" EEVDF()
              "}, 'programs': {" HOG ", 'two': [ { 'compute': '2ms' }, { 'sleep': '10s' } ],"
              "'three': [ { 'compute': '3ms' }, { 'sleep': '10s' } ],"
              "'io': [ { 'compute': '1ms' }, { 'sleep': '4ms' } ] },"
              "'vms': { 'a': { 'vcpus': 1, 'program': 'three' },"
              "'b': { 'vcpus': 1, 'program': 'hog' }, 'c': { 'vcpus': 1, 'program': 'two' },"
              "'d': { 'vcpus': 1, 'program': 'io' }, 'e': { 'vcpus': 1, 'program': 'hog' },"
              "'f': { 'vcpus': 1, 'program': 'hog', 'affinity': '2', 'start': '7ms' } },"
              "'run': { 'duration': '12ms' } }");
  world_expect(&world, MS,
               "d/v0 u....u....u.\n"
               "e/v0 ruuuuuuuuuuu\n"
               "p0   000.......3.\n"
               "p1   111111111111\n"
               "p2   22...3.55555\n"
               "p3   344444444444\n");
}
END_TEST

/* Slices are 4 long, those of h, which has half the weight, 8; the first ones half of that. At 2
   x/v0 has 2 and x/v1 the earliest deadline, 2. At 3 that has 1, less than the mean, 1.2, and
   yields: its deadline becomes 6, and h's is 4. At 5 h has 4, and the others the same deadline. */
START_TEST(who_yields_has_a_later_deadline) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 1 }, 'hypervisor': {" EEVDF(
                  ", 'base_slice': '4ms', 'tick': '1ms'") "}, 'locks': { 'l': { 'kind': 'ticket',"
              "'spin_limit': '1ms', 'on_limit': 'yield' } },"
              "'programs': {" HOG ", 'p': [ { 'lock': 'l', 'hold': '10ms' } ] },"
              "'vms': { 'x': { 'vcpus': 2, 'program': 'p' },"
              "'h': { 'vcpus': 1, 'program': 'hog', 'weight': 128 } },"
              "'run': { 'duration': '7ms' } }");
  world_expect(&world, MS,
               "x/v0 cc r rr cc\n"
               "x/v1 rr s rr rr\n"
               "h/v0 rr r uu rr\n");
}
END_TEST

/* At 8 p0 (two of weight) takes g from p2 (four), the only one there that it may have. Now it would
   have one to give to p1 (one), but has had its turn. g was 2 behind the mean of p2, and is 3
   behind that of p0, which it moves. */
START_TEST(who_takes_does_not_give) {
  world_watch(
      &world,
      "{ 'host': { 'pcpus': 3 }, 'hypervisor': {" EEVDF(
          ", 'balance_interval': '8ms'") "}, 'programs': {" HOG
                                         "}, 'vms': {"
                                         "'a': { 'vcpus': 1, 'program': 'hog', 'affinity': '0,1' },"
                                         "'c': { 'vcpus': 1, 'program': 'hog', 'affinity': '1' },"
                                         "'b': { 'vcpus': 1, 'program': 'hog', 'affinity': '0,1' },"
                                         "'d': { 'vcpus': 1, 'program': 'hog', 'affinity': '2' },"
                                         "'e': { 'vcpus': 1, 'program': 'hog', 'affinity': '2' },"
                                         "'g': { 'vcpus': 1, 'program': 'hog', 'affinity': '0,2' },"
                                         "'f': { 'vcpus': 1, 'program': 'hog', 'affinity': '2' } },"
                                         "'run': { 'duration': '16ms' } }");
  world_expect(&world, 4 * MS,
               "p0 0 2 5 0\n"
               "p1 1 1 1 1\n"
               "p2 3 4 6 3\n");
}
END_TEST

/* Two slices, or a tick, are 1. h is inside of its lock until 6, and so stays that long. */
#define LATE(h, other) \
  "{ 'host': { 'pcpus': 1 }, 'hypervisor': {" EEVDF(", 'base_slice': '500us', 'tick': '1ms'")   \
  ", 'delay_preemption': '10ms' }, 'locks': { 'l': { 'kind': 'tas' } }, 'programs': {" HOG      \
  ", 'h': [ { 'lock': 'l', 'hold': '6ms' }, " h " ], 'io': [ { 'compute': '1ms' }, { 'sleep': " \
  "'2ms' }, { 'compute': '10s' } ] }, 'vms': { 'h': { 'vcpus': 1, 'program': 'h' },"            \
  "'o': { 'vcpus': 1, 'program': '" other "' } }, 'run': { 'duration': '13ms' } }"

/* At 7 o is 2.5 behind the mean, of which 1 is kept. At 9 that puts it 2 behind h, and at 11 it is
   even with that, which has come before it. */
START_TEST(little_of_a_lag_is_kept) {
  world_watch(&world, LATE("{ 'compute': '10s' }", "io"));
  world_expect(&world, MS,
               "h/v0 cccccc r uu rr u r\n"
               "o/v0 rrrrrr u .. uu r u\n");
}
END_TEST

/* At 6 h is 3 ahead of the mean, of which 1 is kept. At 8 that puts it 2 ahead of o, and at 10 o is
   even with it. */
START_TEST(little_of_a_lead_is_kept) {
  world_watch(&world, LATE("{ 'sleep': '2ms' }, { 'compute': '10s' }", "hog"));
  world_expect(&world, MS,
               "h/v0 cccccc .. rr u r u\n"
               "o/v0 rrrrrr uu uu r u r\n");
}
END_TEST

/* Slices are 4 long, c's a 32nd part of that. At 3.5, c has the earliest deadline, 1.875, but b,
   which has 1.5 and the deadline 2, is not ahead of the mean, 1.75, and has what is left of its
   slice. */
START_TEST(a_slice_that_is_not_over_is_kept) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 1 }, 'hypervisor': {" EEVDF(
                  ", 'base_slice': '4ms', 'tick': '1ms'") "}, 'programs': {" HOG
                                                          ", 'io': ["
                                                          "{ 'sleep': '3500us' }, { 'compute': "
                                                          "'1ms' }, { 'sleep': '1h' } ] }, 'vms': {"
                                                          "'a': { 'vcpus': 1, 'program': 'hog' }, "
                                                          "'b': { 'vcpus': 1, 'program': 'hog' },"
                                                          "'c': { 'vcpus': 1, 'program': 'io', "
                                                          "'weight': 8192 } },"
                                                          "'run': { 'duration': '6ms' } }");
  world_expect(&world, 500 * US,
               "a/v0 uuuu rrrr rr uu\n"
               "b/v0 rrrr uuuu rr rr\n"
               "c/v0 .... ...r uu ..\n");
}
END_TEST

/* Each us of a counts a third. At 7, after 5 us, it has 1666 2/3 ns and its deadline, 1666; from
   there it gets a whole slice, 1000. Were thirds dropped each time, it would have 1665, and its
   next slice would begin at 8. */
START_TEST(parts_of_a_ns_are_kept) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 1 }, 'hypervisor': {" EEVDF(
                  ", 'base_slice': '3us', 'tick': '1us'") "}, 'programs': {" HOG
                                                          "}, 'vms': { 'a': { 'vcpus': 1, "
                                                          "'program': 'hog', 'weight': 768 },"
                                                          "'b': { 'vcpus': 1, 'program': 'hog' } "
                                                          "}, 'run': { 'duration': '11us' } }");
  world_expect(&world, US,
               "a/v0 uu rr uuuuuu r\n"
               "b/v0 rr uu rrrrrr u\n");
}
END_TEST

/* At 4 p1 is 768 heavier than p0. h has waited there as long as l and has more weight than that; m,
   which comes before l in the queue, came later. On p0 l is behind the mean, and a ahead of it. */
START_TEST(nobody_is_taken_that_would_be_too_much) {
  world_watch(
      &world,
      "{ 'host': { 'pcpus': 2 }, 'hypervisor': {" EEVDF(
          ", 'balance_interval': '4ms'") "}, 'programs': {" HOG
                                         "}, 'vms': {"
                                         "'a': { 'vcpus': 1, 'program': 'hog', 'weight': 5120, "
                                         "'affinity': '0' },"
                                         "'x': { 'vcpus': 2, 'threads': 1, 'program': 'hog', "
                                         "'weight': 4096,"
                                         "'affinity': '1' },"
                                         "'h': { 'vcpus': 2, 'threads': 1, 'program': 'hog', "
                                         "'weight': 1024 },"
                                         "'l': { 'vcpus': 2, 'threads': 1, 'program': 'hog' },"
                                         "'m': { 'vcpus': 1, 'program': 'hog', 'weight': 512 } },"
                                         "'run': { 'duration': '8ms' } }");
  world_expect(&world, 4 * MS,
               "a/v0 u r\n"
               "x/v0 u r\n"
               "h/v0 r u\n"
               "l/v0 r u\n"
               "m/v0 r r\n"
               "p0   0 5\n"
               "p1   1 3\n");
}
END_TEST

/* At 7 x/v1 spins, has 3 and a deadline at 3.7, x/v0 4; o has 3.5 and a deadline at 3.675. */
START_TEST(a_spinner_is_preempted) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 1 }, 'hypervisor': {" EEVDF() "}, 'locks': { 'l': { 'kind':"
              "'ticket' } }, 'programs': { 'x': [ { 'lock': 'l', 'hold': '10ms' } ], 'io': ["
              "{ 'sleep': '7ms' }, { 'compute': '1ms' }, { 'sleep': '1h' } ] }, 'vms': {"
              "'x': { 'vcpus': 2, 'program': 'x' },"
              "'o': { 'vcpus': 1, 'program': 'io', 'weight': 1024 } },"
              "'run': { 'duration': '9ms' } }");
  world_expect(&world, MS,
               "x/v0 cccc rrr r r\n"
               "x/v1 rrrr sss r s\n"
               "o/v0 .... ... u .\n");
}
END_TEST

/* A gang that starts waits for nobody: its slice does not end at 0.5. At 0.7 it is seen to be over,
   the new one ends at 1.7, and b comes with a deadline at 1.2. */
START_TEST(a_gang_that_starts_does_not_wait) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 1 }, 'hypervisor': { 'coscheduling': { 'kind': 'strict' "
              "}," EEVDF(", 'hrtick': 'on', 'base_slice': '1ms'") "}, 'programs': {" HOG
                                                                  "}, 'vms': { 'a': { 'vcpus': 1, "
                                                                  "'program': 'hog' },"
                                                                  "'b': { 'vcpus': 1, 'program': "
                                                                  "'hog', 'start': '700us' } },"
                                                                  "'run': { 'duration': '2ms' } }");
  world_expect(&world, 100 * US,
               "a/v0 uuuuuuu rrrrr uuuuuuuu\n"
               "b/v0 ....... uuuuu rrrrrrrr\n");
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
  tcase_add_test(tests, who_wakes_goes_to_the_nearest_idle_pcpu);
  tcase_add_test(tests, who_yields_has_a_later_deadline);
  tcase_add_test(tests, who_takes_does_not_give);
  tcase_add_test(tests, nobody_is_taken_that_would_be_too_much);
  tcase_add_test(tests, little_of_a_lag_is_kept);
  tcase_add_test(tests, little_of_a_lead_is_kept);
  tcase_add_test(tests, a_slice_that_is_not_over_is_kept);
  tcase_add_test(tests, parts_of_a_ns_are_kept);
  tcase_add_test(tests, a_spinner_is_preempted);
  tcase_add_test(tests, a_gang_that_starts_does_not_wait);
  return suite_run(tests, "timelines of eevdf");
}
