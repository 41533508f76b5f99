/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `credit2` does, drawn by hand from the model. All have 10 ms of credits at first. */
#include <check.h>

#include "support/suite.h"

#include "support/world.h"

static struct world world;
static void forget(void) { world_free(&world); }

#define CREDIT2 "'scheduler': { 'kind': 'credit2' }"
#define HOG "'hog': [ { 'compute': '10s' } ]"

/* a burns two credits a ns. a runs for the ratelimit, from 10 to 8; b until it has no more than a,
   and 0.5 ms longer, as it is not changed for an equal. At 15 both have none: a reset. */
START_TEST(weights_burn_credits) {
  world_watch(&world, "{ 'host': { 'pcpus': 1 }, 'hypervisor': {" CREDIT2 "}, 'programs': {" HOG
                      "}, 'vms': { 'a': { 'vcpus': 1, 'program': 'hog', 'weight': 256 },"
                      "'b': { 'vcpus': 1, 'program': 'hog', 'weight': 512 } },"
                      "'run': { 'duration': '16500us' } }");
  world_expect(&world, 500 * US,
               "a/v0 uu rrrrr uu rrrr uu rrrr uu rrrr uu rrrr uu\n"
               "b/v0 rr uuuuu rr uuuu rr uuuu rr uuuu rr uuuu rr\n");
}
END_TEST

/* io has more credits than hog whenever it wakes; the reset at 14 gives it 10.5 instead of 16. */
START_TEST(who_wakes_with_more_credits_preempts) {
  world_watch(&world, "{ 'host': { 'pcpus': 1 }, 'hypervisor': {" CREDIT2 "}, 'programs': {" HOG
                      ", 'io': [ { 'compute': '2ms' }, { 'sleep': '4ms' } ] },"
                      "'vms': { 'hog': { 'vcpus': 1, 'program': 'hog' },"
                      "'io': { 'vcpus': 1, 'program': 'io', 'start': '3ms' } },"
                      "'run': { 'duration': '23ms' } }");
  world_expect(&world, MS,
               "hog/v0 uuu rr uuuu rr uuuu rr uuuu rr\n"
               "io/v0  ... uu .... uu .... uu .... uu\n");
}
END_TEST

/* At 1 c is better than a and stood at p0. p1 goes on with b, as a has no more; at 1.5 a has 0.5 ms
   more than b, enough to change pCPUs. */
START_TEST(small_leads_do_not_migrate) {
  world_watch(&world, "{ 'host': { 'pcpus': 2 }, 'hypervisor': {" CREDIT2 "}, 'programs': {" HOG
                      "}, 'vms': { 'a': { 'vcpus': 1, 'program': 'hog' },"
                      "'b': { 'vcpus': 1, 'program': 'hog' },"
                      "'c': { 'vcpus': 1, 'program': 'hog' } }, 'run': { 'duration': '3ms' } }");
  world_expect(&world, 500 * US,
               "a/v0 uu r uu r\n"
               "b/v0 uu u rr u\n"
               "c/v0 rr u uu u\n"
               "p0   00 2 22 2\n"
               "p1   11 1 00 1\n");
}
END_TEST

/* At 0.5 both x and y halt. When a and b have been chosen nobody waits, so their slices last as
   long as their credits; at 1 both are within their ratelimit, and c preempts neither. */
START_TEST(slices_begin_when_all_have_been_chosen) {
  world_watch(&world, "{ 'host': { 'pcpus': 2 }, 'hypervisor': {" CREDIT2 "}, 'programs': {" HOG
                      ", 'short': [ { 'compute': '500us' }, { 'sleep': '1s' } ] }, 'vms': {"
                      "'x': { 'vcpus': 1, 'program': 'short' },"
                      "'y': { 'vcpus': 1, 'program': 'short' },"
                      "'a': { 'vcpus': 1, 'program': 'hog' },"
                      "'b': { 'vcpus': 1, 'program': 'hog' },"
                      "'c': { 'vcpus': 1, 'program': 'hog', 'start': '1ms' } },"
                      "'run': { 'duration': '4ms' } }");
  world_expect(&world, 500 * US,
               "x/v0 u .......\n"
               "a/v0 r uuuuuuu\n"
               "b/v0 r uuuuuuu\n"
               "c/v0 . .rrrrrr\n"
               "p0   0 2222222\n"
               "p1   1 3333333\n");
}
END_TEST

START_TEST(a_cap_is_a_budget_of_10_ms) {
  world_watch(&world, "{ 'host': { 'pcpus': 1 }, 'hypervisor': {" CREDIT2 "}, 'programs': {" HOG
                      "}, 'vms': { 'a': { 'vcpus': 1, 'program': 'hog', 'cap': 40 } },"
                      "'run': { 'duration': '30ms' } }");
  world_expect(&world, MS, "a/v0 uuuu rrrrrr uuuu rrrrrr uuuu rrrrrr\n");
}
END_TEST

/* The gang is refused at 0 and starts at 1. At 2 it has no less than hog, and goes on for min_timer
   as one; at 2.5 hog is better and p0 takes it, and the gang is refused. */
START_TEST(gangs_go_by_credits) {
  world_watch(&world, "{ 'host': { 'pcpus': 2 }, 'hypervisor': {" CREDIT2
                      ", 'coscheduling': { 'kind': 'strict' } }, 'programs': {" HOG
                      "}, 'vms': { 'hog': { 'vcpus': 1, 'program': 'hog' },"
                      "'gang': { 'vcpus': 2, 'program': 'hog' } }, 'run': { 'duration': '3ms' } }");
  world_expect(&world, 500 * US,
               "hog/v0  uu rrr u\n"
               "gang/v0 xx uuu x\n"
               "gang/v1 xx uuu x\n"
               "p1      .. 222 .\n");
}
END_TEST

/* Two sockets of one pCPU; a and c stand at p0, z, bound to p1, is there and halts at 1. At 2 c has
   no less than a and goes on for min_timer; at 4.5 a has 0 and c -0.5, a reset. Then the queue of
   p0 has a load of 2 x 0.502, that of p1 0.499, more than an eighth apart; a is about to run, z may
   not leave, so c goes to p1. */
#define SOCKETS                                                                             \
  "{ 'host': { 'pcpus': 2, 'topology': { 'sockets': 2 } }, 'hypervisor': { 'scheduler': { " \
  "'kind': 'credit2', 'init': '2ms' %s } }, 'programs': {" HOG                              \
  ", 'rest': [ { 'compute': '1ms' }, { 'sleep': '1h' } ] }, 'vms': {"                       \
  "'a': { 'vcpus': 1, 'program': 'hog' },"                                                  \
  "'z': { 'vcpus': 1, 'program': 'rest', 'affinity': '1' },"                                \
  "'c': { 'vcpus': 1, 'program': 'hog' } }, 'run': { 'duration': '6ms' } }"

START_TEST(sockets_exchange_when_credits_are_reset) {
  world_watch(&world, SOCKETS, "");
  world_expect(&world, 500 * US,
               "a/v0 uu rrr uu rr uuu\n"
               "z/v0 uu ... .. .. ...\n"
               "c/v0 rr uuu rr uu uuu\n"
               "p0   00 222 00 22 000\n"
               "p1   11 ... .. .. 222\n");
}
END_TEST

/* The same with one queue for all: at 1 p0 decides first and picks c, and p1 takes a. */
START_TEST(one_queue_keeps_no_pcpu_idle) {
  world_watch(&world, SOCKETS, ", 'runqueue': 'all'");
  world_expect(&world, 500 * US,
               "a/v0 uu uuuuuuuuuu\n"
               "c/v0 rr uuuuuuuuuu\n"
               "p0   00 2222222222\n"
               "p1   11 0000000000\n");
}
END_TEST

/* At 2 y begins on p0, which leaves x 1 ms ahead. x has more credits than a, but none: that is a
   reset, and a goes to p0's queue, as d loads that of p1. x is refused then, and a is not p1's any
   more. */
START_TEST(who_is_given_away_does_not_go_on) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 2 }, 'hypervisor': { 'scheduler': { 'kind': 'credit2',"
              "'init': '2ms', 'min_timer': '1ms', 'runqueue': 'cpu' }, 'coscheduling': {"
              "'kind': 'relaxed', 'costop_threshold': '1ms', 'costart_threshold': '500us',"
              "'poll': '1s' } }, 'programs': {" HOG
              "}, 'vms': {"
              "'h': { 'vcpus': 2, 'program': 'hog', 'weight': 512, 'affinity': '0' },"
              "'yx': { 'vcpus': 2, 'program': 'hog', 'weight': 256 },"
              "'d': { 'vcpus': 3, 'program': 'hog', 'start': '1s', 'affinity': '1' },"
              "'a': { 'vcpus': 1, 'program': 'hog', 'weight': 128 } },"
              "'run': { 'duration': '5ms' } }");
  world_expect(&world, MS,
               "h/v0  u r rur\n"
               "h/v1  r u rru\n"
               "yx/v0 r r urr\n"
               "yx/v1 u r xxx\n"
               "a/v0  r u rrr\n"
               "p0    0 1 201\n"
               "p1    3 7 ...\n");
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("credit2");
  tcase_add_checked_fixture(tests, NULL, forget);
  tcase_add_test(tests, weights_burn_credits);
  tcase_add_test(tests, who_wakes_with_more_credits_preempts);
  tcase_add_test(tests, small_leads_do_not_migrate);
  tcase_add_test(tests, slices_begin_when_all_have_been_chosen);
  tcase_add_test(tests, a_cap_is_a_budget_of_10_ms);
  tcase_add_test(tests, gangs_go_by_credits);
  tcase_add_test(tests, sockets_exchange_when_credits_are_reset);
  tcase_add_test(tests, one_queue_keeps_no_pcpu_idle);
  tcase_add_test(tests, who_is_given_away_does_not_go_on);
  return suite_run(tests, "timelines of credit2");
}
