/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Locks between guest and hypervisor, drawn by hand from the model, one character per millisecond
   or microsecond, and compared with what happened. support/world.h says what the characters mean.
 */
#include <check.h>

#include "support/suite.h"

#include "support/world.h"

static struct world world;
static void forget(void) { world_free(&world); }

#define RR "'hypervisor': { 'scheduler': { 'kind': 'rr', 'timeslice': '10ms' } }"

/* v1 spins for 2 ms and yields to the holder; at 24 v0 yields to v1, which was granted the lock
   while it did not run. Neither is a preemption. */
START_TEST(a_spinner_yields_to_the_holder) {
  world_watch(&world, "{ 'host': { 'pcpus': 1 }, " RR
                      ","
                      "'locks': { 'l': { 'kind': 'ticket', 'spin_limit': '2ms' } },"
                      "'programs': { 'p': [ { 'compute': '4ms' }, { 'lock': 'l', 'hold': '8ms' } ] "
                      "}, 'vms': { 'db': { 'vcpus': 2, 'program': 'p' } },"
                      "'run': { 'duration': '42ms' } }");
  world_expect(&world, MS,
               "db/v0   uuuucccccc rrrrrr ccuuuuss rrrrrrrrrr cccccccc\n"
               "db/v1   rrrrrrrrrr uuuuss rrrrrrrr ccccccccuu rrrrrrrr\n"
               "db/t0:l ....###### ###### ##....ww wwwwwwwwgg ########\n"
               "db/t1:l .......... ....ww wwgggggg ########.. ........\n");
  const struct vm_result *db = world_vm(&world, "db");
  ck_assert_uint_eq(db->vcpus[0].ledger.preemptions, 1);
  ck_assert_uint_eq(db->vcpus[1].ledger.preemptions, 1);
  ck_assert_uint_eq(db->total.lhp_events, 1);
  ck_assert_uint_eq(db->total.lwp_events, 0);
  ck_assert_int_eq(db->vcpus[1].ledger.spin_ns[SPIN_LHP_READY], 2 * MS);
  ck_assert_int_eq(db->vcpus[0].ledger.spin_ns[SPIN_LWP], 2 * MS);
}
END_TEST

/* The same scenario with the limit switched off: v1 spins to the end of its slice. */
START_TEST(on_limit_spin_switches_the_limit_off) {
  world_watch(&world, "{ 'host': { 'pcpus': 1 }, " RR
                      ","
                      "'locks': { 'l': { 'kind': 'ticket', 'spin_limit': '2ms',"
                      "'on_limit': 'spin' } },"
                      "'programs': { 'p': [ { 'compute': '4ms' }, { 'lock': 'l', 'hold': '8ms' } ] "
                      "}, 'vms': { 'db': { 'vcpus': 2, 'program': 'p' } },"
                      "'run': { 'duration': '30ms' } }");
  world_expect(&world, MS,
               "db/v0   uuuucccccc rrrrrrrrrr ccuuuussss\n"
               "db/v1   rrrrrrrrrr uuuussssss rrrrrrrrrr\n");
}
END_TEST

/* Nobody else wants the pCPU: who yields runs on, and spins on. */
START_TEST(who_yields_alone_runs_on) {
  world_watch(&world, "{ 'host': { 'pcpus': 2 }, " RR
                      ","
                      "'locks': { 'l': { 'kind': 'tas', 'spin_limit': '3ms' } },"
                      "'programs': { 'p': [ { 'lock': 'l', 'hold': '8ms' }, { 'compute': '9ms' } ] "
                      "}, 'vms': { 'db': { 'vcpus': 2, 'program': 'p' } },"
                      "'run': { 'duration': '16ms' } }");
  world_expect(&world, MS,
               "db/v0   ccccccccuuuuuuuu\n"
               "db/v1   sssssssscccccccc\n"
               "p0      0000000000000000\n"
               "p1      1111111111111111\n");
  ck_assert_uint_eq(world_vm(&world, "db")->total.preemptions, 0);
}
END_TEST

/* A gang yields as one: noise gets its turn, one pCPU stays idle. The gang goes on at 12, and
   yields again. */
START_TEST(a_yield_takes_the_gang) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 2 }, 'hypervisor': { 'scheduler': { 'kind': 'rr',"
              "'timeslice': '10ms' }, 'coscheduling': { 'kind': 'strict' } },"
              "'locks': { 'l': { 'kind': 'mcs', 'spin_limit': '2ms' } },"
              "'programs': { 'p': [ { 'lock': 'l', 'hold': '8ms' } ], 'hog': [ { 'compute': '1s' } "
              "] }, 'vms': { 'db': { 'vcpus': 2, 'program': 'p' },"
              "'noise': { 'vcpus': 1, 'program': 'hog' } }, 'run': { 'duration': '24ms' } }");
  world_expect(&world, MS,
               "db/v0    cc xxxxxxxxxx cc xxxxxxxxxx\n"
               "db/v1    ss xxxxxxxxxx ss xxxxxxxxxx\n"
               "noise/v0 rr uuuuuuuuuu rr uuuuuuuuuu\n"
               "p0       00 2222222222 00 2222222222\n"
               "p1       11 .......... 11 ..........\n");
}
END_TEST

/* One VM, db, on four pCPUs; one character per microsecond. */
#define ALONE(locks, program, vm, duration)                                         \
  "{ 'host': { 'pcpus': 4 }, 'locks': { " locks " }, 'programs': { 'p': [ " program \
  " ] }, 'vms': { 'db': { 'program': 'p', " vm " } }, 'run': { 'duration': '" duration "' } }"

/* Both waiters halt after 3 us. A release kicks the first of them, for 1 us of the releaser's time;
   the IPI takes 2 us. */
START_TEST(pv_waiters_halt_and_are_kicked) {
  world_watch(&world, ALONE("'l': { 'kind': 'pv', 'spin_limit': '3us', 'wake': '1us' }",
                            "{ 'lock': 'l', 'hold': '8us' }, { 'compute': '40us' }",
                            "'vcpus': 3, 'ipi_latency': '2us'", "30us"));
  world_expect(&world, US,
               "db/v0   cccccccc ku uuuuuuuu uu uuuuuuuu uu\n"
               "db/v1   sss..... .. cccccccc ku uuuuuuuu uu\n"
               "db/v2   sss..... .. ........ .. cccccccc uu\n"
               "db/t1:l wwwwwwww ww ######## .. ........ ..\n"
               "db/t2:l wwwwwwww ww wwwwwwww ww ######## ..\n"
               "p1      111..... .. 11111111 11 11111111 11\n");
  ck_assert_uint_eq(world_lock(&world, "db", "l")->contended, 2);
}
END_TEST

/* The first in line has halted: who comes before its IPI of 3 us steals the lock. Then it spins
   again, and t1 is granted the lock at 9; but t0 halts at 18, just before the release. */
START_TEST(pv_is_stolen_while_the_first_is_kicked) {
  world_watch(&world, ALONE("'l': { 'kind': 'pv', 'spin_limit': '2us' }",
                            "{ 'lock': 'l', 'hold': '4us' }, { 'compute': '1us' }",
                            "'vcpus': 2, 'ipi_latency': '3us'", "22us"));
  world_expect(&world, US,
               "db/v0   cccc u cccc u ss.... ss ...s\n"
               "db/v1   ss.. . ..ss c cccucc cc uccc\n"
               "db/t0:l #### . #### . wwwwww ww wwww\n"
               "db/t1:l wwww w wwww # ###.## ## .###\n");
  ck_assert_uint_eq(world_lock(&world, "db", "l")->acquisitions, 5);
  ck_assert_uint_eq(world_lock(&world, "db", "l")->contended, 1);
}
END_TEST

#define READ_THEN_WRITE                                                   \
  "{ 'lock': 'l', 'mode': 'read', 'hold': '4us' }, { 'compute': '1us' }," \
  "{ 'lock': 'l', 'mode': 'write', 'hold': '3us' }, { 'compute': '1us' }"

/* All read together at first. At 9 t0 wants to read, and stands behind t2, which waits to write; at
   14 it and t1 enter together, and t2 joins them at 15. */
START_TEST(readers_enter_together_and_stand_behind_writers) {
  world_watch(&world, ALONE("'l': { 'kind': 'rw-spin' }", READ_THEN_WRITE, "'vcpus': 3", "22us"));
  world_expect(&world, US,
               "db/v0   cccc u ccc u ss sss c ccc u ccc\n"
               "db/v1   cccc u sss c cc uss c ccc u sss\n"
               "db/v2   cccc u sss s ss ccc u ccc c uss\n"
               "db/t0:l #### . ### . ww www # ### . ###\n"
               "db/t1:l #### . www # ## .ww # ### . www\n"
               "db/t2:l #### . www w ww ### . ### # .ww\n");
  ck_assert_int_eq(world_vm(&world, "db")->total.activity_ns[ACT_SPIN], 21 * US);
  ck_assert_uint_eq(world_lock(&world, "db", "l")->acquisitions, 11);
  ck_assert_uint_eq(world_lock(&world, "db", "l")->contended, 6);
}
END_TEST

START_TEST(readers_of_a_mutex_sleep) {
  world_watch(&world, ALONE("'l': { 'kind': 'rw-mutex' }", READ_THEN_WRITE, "'vcpus': 3", "22us"));
  world_expect(&world, US,
               "db/v0   cccc u ccc u .. ... c ccc u ccc\n"
               "db/v1   cccc u ... c cc u.. c ccc u ...\n"
               "db/v2   cccc u ... . .. ccc u ccc c u..\n"
               "db/t0:l #### . ### . ww www # ### . ###\n");
}
END_TEST

/* A kind without readers takes them for writers. */
START_TEST(a_reader_of_a_mutex_is_alone) {
  world_watch(&world, ALONE("'l': { 'kind': 'ticket' }", READ_THEN_WRITE, "'vcpus': 2", "8us"));
  world_expect(&world, US,
               "db/v0 cccc usss\n"
               "db/v1 ssss cccc\n");
}
END_TEST

/* From 12 on v0 waits for two readers: v1, which is READY, and v2, which runs. The worst counts. At
   22 both have gone, and v0 is granted the lock while it is READY. */
START_TEST(the_worst_reader_is_blamed) {
  world_watch(&world, "{ 'host': { 'pcpus': 2 }, " RR
                      ", 'locks': { 'l': { 'kind': 'rw-spin' } },"
                      "'programs': { 'p': [ { 'lock': 'l', 'mode': 'read', 'hold': '12ms' },"
                      "{ 'lock': 'l', 'hold': '2ms' } ] },"
                      "'vms': { 'db': { 'vcpus': 3, 'program': 'p' } },"
                      "'run': { 'duration': '29ms' } }");
  world_expect(&world, MS,
               "db/v0   cccccccccc ccssssssss rrrrrrrrr\n"
               "db/v1   cccccccccc rrrrrrrrrr ccsssssss\n"
               "db/v2   rrrrrrrrrr cccccccccc ccsssssss\n"
               "db/t0:l ########## ##wwwwwwww wwggggggg\n"
               "db/t1:l ########## ########## ##wwwwwww\n"
               "db/t2:l .......... ########## ##wwwwwww\n");
  const struct ledger *db = &world_vm(&world, "db")->total;
  ck_assert_int_eq(db->spin_ns[SPIN_LHP_READY], 8 * MS);
  ck_assert_int_eq(db->spin_ns[SPIN_LWP], 14 * MS);
  ck_assert_int_eq(db->spin_ns[SPIN_CONTENDED], 0);
  ck_assert_uint_eq(db->lhp_events, 1);
  ck_assert_uint_eq(db->lwp_events, 1);
}
END_TEST

/* t0 and t1 read a together, and each wants to write it before it lets go. */
START_TEST(readers_that_both_want_to_write_are_deadlocked) {
  world_watch(&world, ALONE("'a': { 'kind': 'rw-mutex' }, 'b': { 'kind': 'mutex' }",
                            "{ 'lock': 'a', 'mode': 'read', 'do': [ { 'compute': '1us' },"
                            "{ 'lock': 'b', 'do': [ { 'compute': '1us' },"
                            "{ 'lock': 'a', 'hold': '1us' } ] } ] }",
                            "'vcpus': 2", "9us"));
  world_expect(&world, US,
               "db/v0   cc.......\n"
               "db/v1   c........\n"
               "db/t0:a ##wwwwwww\n"
               "db/t1:b .wwwwwwww\n");
  ck_assert_uint_eq(world_vm(&world, "db")->deadlocks, 1);
}
END_TEST

/* As lock_waiter_preemption in test_timelines_host.c: t1 is next in line when it loses its pCPU at
   10. At 14 the lock is free; t2, with one waiter before it, takes it after 1 ms. t1 has kept its
   place: at 27 it is passed the lock before t0. */
START_TEST(a_preempted_waiter_is_passed_over) {
  world_watch(&world, "{ 'host': { 'pcpus': 2 }, " RR
                      ","
                      "'locks': { 'l': { 'kind': 'preemptable-ticket', 'timeout': '1ms' } },"
                      "'programs': { 'p': [ { 'compute': '2ms' }, { 'lock': 'l', 'hold': '12ms' } ]"
                      " }, 'vms': { 'db': { 'vcpus': 3, 'program': 'p' } },"
                      "'run': { 'duration': '30ms' } }");
  world_expect(&world, MS,
               "db/v0   uucccccccc ccccuussss rrrrrrrrrr\n"
               "db/v1   uussssssss rrrrrrrrrr sssssssccc\n"
               "db/v2   rrrrrrrrrr uusssccccc cccccccuus\n"
               "db/t0:l ..######## ####..wwww wwwwwwwwww\n"
               "db/t1:l ..wwwwwwww wwwwwwwwww wwwwwww###\n"
               "db/t2:l .......... ..www##### #######..w\n");
  ck_assert_int_eq(world_vm(&world, "db")->total.spin_ns[SPIN_LWP], 0);
}
END_TEST

/* As lock_holder_preemption in test_timelines_host.c. t1 sees at 14 that the vCPU of the owner does
   not run, and sleeps, which lets that in; at 24 it loses sight of it while it spins. */
START_TEST(an_adaptive_waiter_that_watches_vcpus) {
  world_watch(&world, "{ 'host': { 'pcpus': 2 }, " RR
                      ","
                      "'locks': { 'l': { 'kind': 'adaptive', 'watches': 'vcpu' } },"
                      "'programs': { 'hog': [ { 'compute': '1s' } ],"
                      "'p': [ { 'compute': '4ms' }, { 'lock': 'l', 'hold': '8ms' } ] },"
                      "'vms': { 'noise': { 'vcpus': 1, 'program': 'hog' },"
                      "'db': { 'vcpus': 2, 'program': 'p' } }, 'run': { 'duration': '26ms' } }");
  world_expect(&world, MS,
               "noise/v0 uuuuuuuuuu uuuu uu uuuu rrrr uu\n"
               "db/v0    uuuucccccc rrrr cc uuuu cccc cc\n"
               "db/v1    rrrrrrrrrr uuuu .. rrrr ssss ..\n"
               "db/t0:l  ....###### #### ## .... #### ##\n"
               "db/t1:l  .......... .... ww wwww wwww ww\n"
               "p0       0000000000 0000 00 0000 2222 11\n"
               "p1       1111111111 2222 11 1111 1111 00\n");
  ck_assert_int_eq(world_spin_lhp_ns(&world_vm(&world, "db")->total), 0);
}
END_TEST

/* At 10 y, bound to p0, takes it from the owner, which runs on elsewhere at once: by the time that
   t1 looks again there is nothing to see. */
START_TEST(an_owner_that_is_only_moved_is_not_lost_sight_of) {
  world_watch(
      &world,
      "{ 'host': { 'pcpus': 3 }, " RR
      ","
      "'locks': { 'l': { 'kind': 'adaptive', 'watches': 'vcpu' } },"
      "'programs': { 'hog': [ { 'compute': '1s' } ],"
      "'p': [ { 'compute': '4ms' }, { 'lock': 'l', 'hold': '8ms' } ] },"
      "'vms': { 'db': { 'vcpus': 2, 'program': 'p' }, 'x': { 'vcpus': 1, 'program': 'hog' },"
      "'y': { 'vcpus': 1, 'program': 'hog', 'affinity': '0' } }, 'run': { 'duration': '20ms' } }");
  world_expect(&world, MS,
               "db/v0 uuuucccccc ccuuuussss\n"
               "db/v1 uuuussssss sscccccccc\n"
               "p0    0000000000 3333333333\n"
               "p1    1111111111 1111111111\n"
               "p2    2222222222 0000000000\n");
  ck_assert_uint_eq(world_vm(&world, "db")->vcpus[0].ledger.preemptions, 1);
}
END_TEST

/* The owner runs all the time; x has the pCPU that t1 gives up. */
START_TEST(a_watching_waiter_also_minds_its_limit) {
  world_watch(&world, "{ 'host': { 'pcpus': 2 }, " RR
                      ","
                      "'locks': { 'l': { 'kind': 'adaptive', 'watches': 'vcpu', 'spin_limit':"
                      "'3ms' } }, 'programs': { 'hog': [ { 'compute': '1s' } ],"
                      "'p': [ { 'compute': '4ms' }, { 'lock': 'l', 'hold': '10ms' } ] },"
                      "'vms': { 'db': { 'vcpus': 2, 'program': 'p' },"
                      "'x': { 'vcpus': 1, 'program': 'hog' } }, 'run': { 'duration': '14ms' } }");
  world_expect(&world, MS,
               "db/v0 uuuu ccc ccc cccc\n"
               "db/v1 uuuu sss ... ....\n"
               "x/v0  rrrr rrr uuu uuuu\n");
}
END_TEST

/* As lock_holder_preemption in test_timelines_host.c, but who has less than 8 left does not begin.
   At 28 nobody has: v1 would have to hold it beyond 30. */
START_TEST(no_section_is_begun_that_does_not_fit) {
  world_watch(&world, "{ 'host': { 'pcpus': 2 }, " RR
                      ","
                      "'locks': { 'l': { 'kind': 'i-spinlock', 'room': '8ms' } },"
                      "'programs': { 'hog': [ { 'compute': '1s' } ],"
                      "'p': [ { 'compute': '4ms' }, { 'lock': 'l', 'hold': '8ms' } ] },"
                      "'vms': { 'noise': { 'vcpus': 1, 'program': 'hog' },"
                      "'db': { 'vcpus': 2, 'program': 'p' } }, 'run': { 'duration': '48ms' } }");
  world_expect(&world, MS,
               "noise/v0 uuuuuuuuuu uuuuuuuuuu rrrrrrrrrr uuuuuuuuuu uuuuuuuu\n"
               "db/v0    uuuussssss rrrrrrrrrr ccccccccuu uucccccccc rrrrrrrr\n"
               "db/v1    rrrrrrrrrr uuuussssss ssssssssss rrrrrrrrrr cccccccc\n"
               "db/t0:l  ....wwwwww wwwwwwwwww ########.. ..######## ........\n"
               "db/t1:l  .......... ....wwwwww wwwwwwwwww wwwwwwwwww ########\n");
  const struct ledger *db = &world_vm(&world, "db")->total;
  ck_assert_int_eq(db->spin_ns[SPIN_CONTENDED], 22 * MS);
  ck_assert_int_eq(db->activity_ns[ACT_SPIN], 22 * MS);
  ck_assert_uint_eq(db->lhp_events, 0);
}
END_TEST

/* The slice of 7 goes on at 10; that is seen at 11. */
START_TEST(room_is_looked_for_again) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 1 }, " RR
              ","
              "'locks': { 'l': { 'kind': 'i-spinlock', 'room': '4ms' } },"
              "'programs': { 'p': [ { 'compute': '7ms' }, { 'lock': 'l', 'hold': '4ms' } ] },"
              "'vms': { 'db': { 'vcpus': 1, 'program': 'p' } }, 'run': { 'duration': '30ms' } }");
  world_expect(&world, MS, "db/v0 uuuuuuu ssss cccc uuuuuuu cccc uuuu\n");
  ck_assert_int_eq(world_vm(&world, "db")->total.spin_ns[SPIN_CONTENDED], 4 * MS);
}
END_TEST

/* At 8 v0 has 2 left, and takes the lock at 11; at 14 and 17 it passes v1 over, which does not run
   but keeps its place. */
START_TEST(who_does_not_run_or_has_no_room_is_passed_over) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 2 }, " RR
              ","
              "'locks': { 'l': { 'kind': 'i-spinlock', 'room': '3ms' } },"
              "'programs': { 'p': [ { 'compute': '2ms' }, { 'lock': 'l', 'hold': '3ms' } ] },"
              "'vms': { 'db': { 'vcpus': 3, 'program': 'p' } }, 'run': { 'duration': '26ms' } }");
  world_expect(&world, MS,
               "db/v0   uucccuusss scccuusccc rrrrrr\n"
               "db/v1   uussscccuu rrrrrrrrrr cccuus\n"
               "db/v2   rrrrrrrrrr uusscccuus sssccc\n"
               "db/t1:l ..www###.. wwwwwwwwww ###..w\n");
  ck_assert_int_eq(world_vm(&world, "db")->total.spin_ns[SPIN_LWP], 0);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("timelines of locks");
  tcase_add_checked_fixture(tests, NULL, forget);
  tcase_add_test(tests, a_spinner_yields_to_the_holder);
  tcase_add_test(tests, on_limit_spin_switches_the_limit_off);
  tcase_add_test(tests, who_yields_alone_runs_on);
  tcase_add_test(tests, a_yield_takes_the_gang);
  tcase_add_test(tests, pv_waiters_halt_and_are_kicked);
  tcase_add_test(tests, pv_is_stolen_while_the_first_is_kicked);
  tcase_add_test(tests, readers_enter_together_and_stand_behind_writers);
  tcase_add_test(tests, readers_of_a_mutex_sleep);
  tcase_add_test(tests, a_reader_of_a_mutex_is_alone);
  tcase_add_test(tests, the_worst_reader_is_blamed);
  tcase_add_test(tests, readers_that_both_want_to_write_are_deadlocked);
  tcase_add_test(tests, a_preempted_waiter_is_passed_over);
  tcase_add_test(tests, an_adaptive_waiter_that_watches_vcpus);
  tcase_add_test(tests, an_owner_that_is_only_moved_is_not_lost_sight_of);
  tcase_add_test(tests, a_watching_waiter_also_minds_its_limit);
  tcase_add_test(tests, no_section_is_begun_that_does_not_fit);
  tcase_add_test(tests, room_is_looked_for_again);
  tcase_add_test(tests, who_does_not_run_or_has_no_room_is_passed_over);
  return suite_run(tests, "timelines of locks");
}
