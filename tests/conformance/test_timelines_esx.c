/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `esx` does, drawn by hand from the model. */
#include <check.h>

#include "support/suite.h"

#include "support/world.h"

static struct world world;
static void forget(void) { world_free(&world); }

#define ESX "'scheduler': { 'kind': 'esx', 'quantum': '10ms', 'bound_lag': 1 }"
#define HOG "'hog': [ { 'compute': '10s' } ]"

/* At 20 b has used 5 ms per share, a 10; at 30 both 10, and a comes first. */
START_TEST(least_used_per_share) {
  world_watch(&world, "{ 'host': { 'pcpus': 1 }, 'hypervisor': {" ESX "}, 'programs': {" HOG
                      "}, 'vms': { 'a': { 'vcpus': 1, 'program': 'hog', 'weight': 256 },"
                      "'b': { 'vcpus': 1, 'program': 'hog', 'weight': 512 } },"
                      "'run': { 'duration': '90ms' } }");
  world_expect(&world, 10 * MS,
               "a/v0 u rr u rr u rr\n"
               "b/v0 r uu r uu r uu\n");
}
END_TEST

/* It sleeps for ten quanta, and has one of them to its credit over hog as that was picked at 100.
 */
START_TEST(sleeping_pays_for_a_bounded_lead) {
  world_watch(&world, "{ 'host': { 'pcpus': 1 }, 'hypervisor': {" ESX "}, 'programs': {" HOG
                      ", 'rests': [ { 'sleep': '100ms' }, { 'compute': '1s' } ] },"
                      "'vms': { 'hog': { 'vcpus': 1, 'program': 'hog' },"
                      "'rests': { 'vcpus': 1, 'program': 'rests' } },"
                      "'run': { 'duration': '170ms' } }");
  world_expect(&world, 10 * MS,
               "hog/v0   u uuuuuuuuuu rr u r u r\n"
               "rests/v0 r .......... uu r u r u\n");
}
END_TEST

/* a has four times the weight. It goes on at 30 and 40, when the host's virtual time becomes 5
   and 7.5 ms: so late starts at 7.5, and at 95, when it has 17.5, a goes on with 16.25. */
START_TEST(who_goes_on_has_been_picked) {
  static const char late[] = "{ 'host': { 'pcpus': 1 }, 'hypervisor': {" ESX "}, 'programs': {" HOG
                             "}, 'vms': { 'a': { 'vcpus': 1, 'program': 'hog', 'weight': 1024 },"
                             "'b': { 'vcpus': 1, 'program': 'hog' },"
                             "'late': { 'vcpus': 1, 'program': 'hog', 'start': '45ms' } },"
                             "'run': { 'duration': '110ms' } }";
  world_watch(&world, "%s", late);
  world_expect(&world, 5 * MS,
               "a/v0    uu rr uuuuu rr uu rr uuuuuu r\n"
               "b/v0    rr uu rrrrr rr rr uu rrrrrr r\n"
               "late/v0 .. .. ..... uu rr rr rrrrrr u\n");
  forget();
  world_measure(&world, "%s", late); /* by the short way */
  ck_assert_int_eq(world_vm(&world, "late")->total.runstate_ns[RS_RUNNING], 15 * MS);
}
END_TEST

/* By its share a would get nearly nothing, but it has 3 ms reserved in each 10. */
START_TEST(reservations_come_first) {
  world_watch(&world, "{ 'host': { 'pcpus': 1 }, 'hypervisor': {" ESX "}, 'programs': {" HOG
                      "}, 'vms': { 'b': { 'vcpus': 1, 'program': 'hog', 'weight': 25600 },"
                      "'a': { 'vcpus': 1, 'program': 'hog', 'reservation': 30 } },"
                      "'run': { 'duration': '30ms' } }");
  world_expect(&world, MS,
               "a/v0 uuu rrrrrrr uuu rrrrrrr uuu rrrrrrr\n"
               "b/v0 rrr uuuuuuu rrr uuuuuuu rrr uuuuuuu\n");
}
END_TEST

START_TEST(limits_park) {
  world_watch(&world, "{ 'host': { 'pcpus': 2 }, 'hypervisor': {" ESX "}, 'programs': {" HOG
                      "}, 'vms': { 'a': { 'vcpus': 2, 'program': 'hog', 'limit': 80 } },"
                      "'run': { 'duration': '20ms' } }");
  world_expect(&world, MS,
               "a/v0 uuuu rrrrrr uuuu rrrrrr\n"
               "a/v1 uuuu rrrrrr uuuu rrrrrr\n");
}
END_TEST

/* From 4 on db/v1 and db/v2 spin for a lock whose holder waits, and both yield at 5. The lowest
   pCPU takes web, which has used as much as db/v0; the other one takes that, though both who yield
   have used less. At 8 db/v0 itself has waited for 1 ms. */
START_TEST(who_yields_comes_after_all_others) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 2 }, 'hypervisor': { 'scheduler': { 'kind': 'esx',"
              "'quantum': '4ms' } }, 'locks': { 'l': { 'kind': 'ticket', 'on_limit': 'yield',"
              "'spin_limit': '1ms' } }, 'programs': {" HOG
              ", 'p': [ { 'lock': 'l', 'hold': '6ms' } ] },"
              "'vms': { 'web': { 'vcpus': 1, 'program': 'hog' },"
              "'db': { 'vcpus': 3, 'program': 'p' } }, 'run': { 'duration': '9ms' } }");
  world_expect(&world, MS,
               "web/v0 uuuur uuuu\n"
               "db/v0  ccccr ccsr\n"
               "db/v1  rrrrs rrrc\n"
               "db/v2  rrrrs rrrr\n"
               "p0     00002 0000\n"
               "p1     11113 1112\n");
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("esx");
  tcase_add_checked_fixture(tests, NULL, forget);
  tcase_add_test(tests, least_used_per_share);
  tcase_add_test(tests, sleeping_pays_for_a_bounded_lead);
  tcase_add_test(tests, who_goes_on_has_been_picked);
  tcase_add_test(tests, reservations_come_first);
  tcase_add_test(tests, limits_park);
  tcase_add_test(tests, who_yields_comes_after_all_others);
  return suite_run(tests, "timelines of esx");
}
