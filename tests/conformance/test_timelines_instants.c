/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Several slices that end, or sleeps, at one instant, drawn by hand from the model. */
#include <check.h>

#include "support/suite.h"

#include "support/world.h"

static struct world world;
static void forget(void) { world_free(&world); }

#define RR(slice) "'scheduler': { 'kind': 'rr', 'timeslice': '" slice "' }"
#define HOG "'hog': [ { 'compute': '1s' } ]"

/* At 30 two slices end that began together, p1's first: a/v0 lines up behind b/v0, which therefore
   gets p0 when c/v0 is done. */
START_TEST(slices_that_end_together_line_up_as_they_began) {
  world_watch(
      &world,
      "{ 'host': { 'pcpus': 2 }, 'hypervisor': {" RR("10ms") "},"
      "'programs': { " HOG ", 'short': [ { 'compute': '15ms' } ],"
      "  'nap': [ { 'compute': '10ms' }, { 'sleep': '1ms' }, { 'compute': '1s' } ] },"
      "'vms': { 'a': { 'vcpus': 1, 'program': 'nap' }, 'b': { 'vcpus': 1, 'program': 'hog' },"
      "         'c': { 'vcpus': 1, 'program': 'short', 'iterations': 1 },"
      "         'd': { 'vcpus': 1, 'program': 'hog' } }, 'run': { 'duration': '49ms' } }");
  world_expect(&world, MS,
               "a/v0 uuuuuuuuuu .rrrrrrrrr uuuuuuuuuu rrrrrrrrrr uuuuuuuuu\n"
               "b/v0 uuuuuuuuuu rrrrrrrrrr uuuuuuuuuu rrrrruuuuu uuuuurrrr\n"
               "c/v0 rrrrrrrrrr uuuuuuuuuu rrrrrrrrrr uuuuu..... .........\n"
               "d/v0 rrrrrrrrrr uuuuuuuuuu rrrrrrrrrr uuuuuuuuuu rrrrruuuu\n"
               "p0   0000000000 2222222222 0000000000 2222211111 111113333\n"
               "p1   1111111111 3333333333 1111111111 3333333333 000000000\n");
}
END_TEST

/* x/v0 and y/v0 wake at 10. The former comes first, but y/v0's last pCPU is free. */
START_TEST(who_wakes_together_is_placed_together) {
  world_watch(
      &world,
      "{ 'host': { 'pcpus': 3 }, 'hypervisor': {" RR("10ms") "},"
      "'programs': { " HOG ", 'px': [ { 'compute': '1ms' }, { 'sleep': '9ms' } ],"
      "              'py': [ { 'compute': '5ms' }, { 'sleep': '5ms' } ] },"
      "'vms': { 'x': { 'vcpus': 1, 'program': 'px' }, 'y': { 'vcpus': 1, 'program': 'py' },"
      "         'z': { 'vcpus': 1, 'program': 'hog', 'start': '2ms' } },"
      "'run': { 'duration': '19ms' } }");
  world_expect(&world, MS,
               "x/v0 u......... u........\n"
               "y/v0 uuuuu..... uuuuu....\n"
               "z/v0 ..uuuuuuuu uuuuuuuuu\n"
               "p0   0.22222222 222222222\n"
               "p1   11111..... 11111....\n"
               "p2   .......... 0........\n");
}
END_TEST

/* Pairs take turns, each with one that has come later: two slices of many end together. */
START_TEST(hogs_that_start_in_pairs_stay_together) {
  world_watch(
      &world,
      "{ 'host': { 'pcpus': 8 }, 'hypervisor': {" RR("10ms") "},"
      "'programs': { " HOG " }, 'vms': {"
      "'a': { 'count': 2, 'vcpus': 1, 'program': 'hog' },"
      "'b': { 'count': 2, 'vcpus': 1, 'program': 'hog', 'start': '2ms' },"
      "'c': { 'count': 2, 'vcpus': 1, 'program': 'hog', 'start': '4ms' },"
      "'d': { 'count': 2, 'vcpus': 1, 'program': 'hog', 'start': '6ms' },"
      "'late': { 'count': 8, 'vcpus': 1, 'program': 'hog', 'start': '8ms' } },"
      "'run': { 'duration': '45ms' } }");
  world_expect(&world, MS,
               "p0   0000000000 8888888888 0000000000 8888888888 00000\n"
               "p1   1111111111 9999999999 1111111111 9999999999 11111\n"
               "p2   ..22222222 22:::::::: ::22222222 22:::::::: ::222\n"
               "p3   ..33333333 33;;;;;;;; ;;33333333 33;;;;;;;; ;;333\n"
               "p4   ....444444 4444<<<<<< <<<<444444 4444<<<<<< <<<<4\n"
               "p5   ....555555 5555====== ====555555 5555====== ====5\n"
               "p6   ......6666 666666>>>> >>>>>>6666 666666>>>> >>>>>\n"
               "p7   ......7777 777777???? ??????7777 777777???? ?????\n");
}
END_TEST

/* From 8 on both pCPUs swap what they ran last, and pay for it. */
START_TEST(switches_cost_all_that_swap_at_once) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 2, 'costs': { 'context_switch': '1ms' } },"
              "'hypervisor': {" RR(
                  "4ms") "}, 'programs': { " HOG
                         " }, 'vms': { 'x': { 'count': 4, 'vcpus': 1, 'program': 'hog' } },"
                         "'run': { 'duration': '20ms' } }");
  world_expect(&world, MS,
               "x.0/v0 uuuu rrrr ouuu rrrr ouuu\n"
               "x.1/v0 uuuu rrrr ouuu rrrr ouuu\n"
               "x.2/v0 rrrr ouuu rrrr ouuu rrrr\n"
               "x.3/v0 rrrr ouuu rrrr ouuu rrrr\n"
               "p0     0000 2222 0000 2222 0000\n"
               "p1     1111 3333 1111 3333 1111\n");
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("instants");
  tcase_add_checked_fixture(tests, NULL, forget);
  tcase_add_test(tests, slices_that_end_together_line_up_as_they_began);
  tcase_add_test(tests, who_wakes_together_is_placed_together);
  tcase_add_test(tests, hogs_that_start_in_pairs_stay_together);
  tcase_add_test(tests, switches_cost_all_that_swap_at_once);
  return suite_run(tests, "timelines of instants");
}
