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

/* hog burns two credits a ns. At 5 it has 2 and io 9; at 7 none, a reset, which leaves io
   with 10.5; at 9 it has 6. */
START_TEST(weights_count_for_who_wakes) {
  world_watch(&world, "{ 'host': { 'pcpus': 1 }, 'hypervisor': {" CREDIT2 "}, 'programs': {" HOG
                      ", 'io': [ { 'compute': '1ms' }, { 'sleep': '3ms' } ] },"
                      "'vms': { 'hog': { 'vcpus': 1, 'program': 'hog', 'weight': 256 },"
                      "'io': { 'vcpus': 1, 'program': 'io', 'weight': 512 } },"
                      "'run': { 'duration': '11ms' } }");
  world_expect(&world, MS,
               "hog/v0 u r uuu r uuu r u\n"
               "io/v0  r u ... u ... u .\n");
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

/* Each pCPU has two who take turns: at 1, as a has 1 ms more; at 2 a goes on, as x has no more;
   from 2.5 on whoever waits has 0.5 ms more after each ms. At 5 both x and y halt, and a and b, who
   have run before, take over where they did. */
START_TEST(who_waits_takes_over_where_two_halt_at_once) {
  world_watch(&world, "{ 'host': { 'pcpus': 2 }, 'hypervisor': {" CREDIT2 "}, 'programs': {" HOG
                      ", 'short': [ { 'compute': '2500us' }, { 'sleep': '1s' } ] }, 'vms': {"
                      "'x': { 'vcpus': 1, 'program': 'short' },"
                      "'y': { 'vcpus': 1, 'program': 'short' },"
                      "'a': { 'vcpus': 1, 'program': 'hog' },"
                      "'b': { 'vcpus': 1, 'program': 'hog' } }, 'run': { 'duration': '6ms' } }");
  world_expect(&world, 500 * US,
               "x/v0 uu rrr uu rr u ..\n"
               "a/v0 rr uuu rr uu r uu\n"
               "b/v0 rr uuu rr uu r uu\n"
               "p0   00 222 00 22 0 22\n"
               "p1   11 333 11 33 1 33\n");
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

/* a burns one credit a ns, the others two; who is refused waits for init and starts then. At 2 p0
   chooses a once more, for p0 and p2; p1 picks d, which has none: that is a reset. The queue of p2
   has b, c/v1 that is about to stop and a/v1 that is about to start, half a load of each: b is
   given to that of p1, though a/v1 is lower. There b has 1 ms and d none, so p1 decides anew. */
START_TEST(who_is_about_to_start_is_not_given_away) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 3 }, 'hypervisor': { 'scheduler': { 'kind': 'credit2',"
              "'init': '1ms', 'min_timer': '1ms', 'runqueue': 'cpu' }, 'coscheduling': {"
              "'kind': 'strict' } }, 'programs': {" HOG
              "}, 'vms': { 'a': { 'vcpus': 2, 'program': 'hog', 'weight': 512 },"
              "'b': { 'vcpus': 1, 'program': 'hog', 'start': '1ms' },"
              "'c': { 'vcpus': 2, 'program': 'hog' },"
              "'d': { 'vcpus': 1, 'program': 'hog', 'affinity': '1' } },"
              "'run': { 'duration': '3ms' } }");
  world_expect(&world, MS,
               "a/v0 u x u\n"
               "a/v1 u x u\n"
               "b/v0 . r u\n"
               "c/v0 x u x\n"
               "c/v1 x u x\n"
               "d/v0 u u r\n"
               "p0   0 3 0\n"
               "p1   5 5 2\n"
               "p2   1 4 1\n");
}
END_TEST

/* a burns one credit a ns, the others two. At 1 p3 goes on with b/v1 after a reset, at 2 c/v2,
   which p2 has left for b/v0, is better than b/v1 and goes to p3. At 3 p0 goes on with a/v0, a
   reset: loads of 525752 and 394313 in 2^-18 are one more apart than the 131438 that c/v0 takes
   along, so it goes to p2. Had c/v2 not counted between its pCPUs, the second one would have been
   rounded once more, to 394314, and nobody would move. */
START_TEST(who_changes_pcpus_counts_all_the_time) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 4, 'topology': { 'sockets': 2 } }, 'hypervisor': {"
              "'scheduler': { 'kind': 'credit2', 'init': '2ms', 'min_timer': '1ms',"
              "'migrate_resist': '0' } }, 'programs': {" HOG
              "}, 'vms': { 'a': { 'vcpus': 2, 'program': 'hog', 'weight': 512 },"
              "'b': { 'vcpus': 2, 'program': 'hog' },"
              "'c': { 'vcpus': 3, 'program': 'hog' } }, 'run': { 'duration': '4ms' } }");
  world_expect(&world, MS,
               "a/v0 u r uu\n"
               "a/v1 u r uu\n"
               "b/v0 u r uu\n"
               "b/v1 u u rr\n"
               "c/v0 r u ru\n"
               "c/v1 r u rr\n"
               "c/v2 r u ur\n"
               "p0   0 4 00\n"
               "p1   1 5 11\n"
               "p2   2 6 24\n"
               "p3   3 3 62\n");
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("credit2");
  tcase_add_checked_fixture(tests, NULL, forget);
  tcase_add_test(tests, weights_burn_credits);
  tcase_add_test(tests, who_wakes_with_more_credits_preempts);
  tcase_add_test(tests, weights_count_for_who_wakes);
  tcase_add_test(tests, small_leads_do_not_migrate);
  tcase_add_test(tests, who_waits_takes_over_where_two_halt_at_once);
  tcase_add_test(tests, slices_begin_when_all_have_been_chosen);
  tcase_add_test(tests, a_cap_is_a_budget_of_10_ms);
  tcase_add_test(tests, gangs_go_by_credits);
  tcase_add_test(tests, sockets_exchange_when_credits_are_reset);
  tcase_add_test(tests, one_queue_keeps_no_pcpu_idle);
  tcase_add_test(tests, who_is_given_away_does_not_go_on);
  tcase_add_test(tests, who_is_about_to_start_is_not_given_away);
  tcase_add_test(tests, who_changes_pcpus_counts_all_the_time);
  return suite_run(tests, "timelines of credit2");
}
