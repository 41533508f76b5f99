/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What goes on inside a VM that has all the pCPUs it wants, drawn by hand from the model, one
   character per microsecond, and compared with what happened. support/world.h says what the
   characters mean. */
#include <check.h>

#include <string.h>
#include "support/suite.h"

#include "support/world.h"

static struct world world;
static void forget(void) { world_free(&world); }

/* One VM, db, on four pCPUs. */
#define ALONE(locks, program, vm, duration)                                         \
  "{ 'host': { 'pcpus': 4 }, 'locks': { " locks " }, 'programs': { 'p': [ " program \
  " ] }, 'vms': { 'db': { 'program': 'p', " vm " } }, 'run': { 'duration': '" duration "' } }"

/* The waiter pays 2 us to block; the releaser 1 us to wake it; it owns the lock at once, and pays
   3 us of hand-off before it is inside. */
START_TEST(handoff_mutex_with_all_its_costs) {
  world_watch(&world, ALONE("'m': { 'kind': 'handoff', 'acquire': '1us', 'block': '2us',"
                            "'wake': '1us', 'handoff_cost': { 'base': '3us' } }",
                            "{ 'lock': 'm', 'hold': '10us' }, { 'compute': '20us' }", "'vcpus': 2",
                            "43us"));
  world_expect(&world, US,
               "db/v0   kcccccccccc kuuuuuuuuuuuuuuuuuuuu kcccccccccc\n"
               "db/v1   kk......... kkk cccccccccc uuuuuuuuuuuuuuuuuuu\n"
               "db/t0:m ########### ..................... ###########\n"
               "db/t1:m wwwwwwwwwww ggg ########## ...................\n");
  const struct lock_result *lock = world_lock(&world, "db", "m");
  ck_assert_uint_eq(lock->acquisitions, 3);
  ck_assert_uint_eq(lock->contended, 1);
  ck_assert_int_eq(lock->wait.sum_ns, 11 * US);
  ck_assert_int_eq(lock->hold.sum_ns, (11 + 13 + 11) * US);
}
END_TEST

/* Waking takes 3 us; the releaser is back after 1 and takes the mutex again, over and over. */
START_TEST(mutex_barging) {
  world_watch(&world, ALONE("'m': { 'kind': 'mutex' }",
                            "{ 'lock': 'm', 'hold': '4us' }, { 'compute': '1us' }",
                            "'vcpus': 2, 'ipi_latency': '3us'", "19us"));
  world_expect(&world, US,
               "db/v0   cccc u cccc u cccc u cccc\n"
               "db/v1   .... . .... . .... . ....\n"
               "db/t0:m #### . #### . #### . ####\n"
               "db/t1:m wwww w wwww w wwww w wwww\n");
  ck_assert_uint_eq(world_lock(&world, "db", "m")->contended, 0);
}
END_TEST

/* Twice only. t1, woken in vain at 7, is still before t2 at 9; t1's own second turn comes before t2
   as well. */
START_TEST(who_is_woken_in_vain_keeps_its_place) {
  world_watch(&world, ALONE("'m': { 'kind': 'mutex' }",
                            "{ 'lock': 'm', 'hold': '4us' }, { 'compute': '1us' }",
                            "'vcpus': 3, 'ipi_latency': '3us', 'iterations': 2", "28us"));
  world_expect(&world, US,
               "db/v0   ccccu ccccu .. .... . .... ... ....\n"
               "db/v1   ..... ..... .. cccc u cccc u.. ....\n"
               "db/v2   ..... ..... .. .... . .... ... cccc\n"
               "db/t1:m wwwww wwwww ww #### . #### ... ....\n"
               "db/t2:m wwwww wwwww ww wwww w wwww www ####\n");
}
END_TEST

/* The same with a mutex that is handed on: it owns it during the 3 us of the IPI. */
START_TEST(handoff_mutex_knows_no_barging) {
  world_watch(&world, ALONE("'m': { 'kind': 'handoff' }",
                            "{ 'lock': 'm', 'hold': '4us' }, { 'compute': '1us' }",
                            "'vcpus': 2, 'ipi_latency': '3us'", "18us"));
  world_expect(&world, US,
               "db/v0   ccccu ...... ... cccc\n"
               "db/v1   ..... ..cccc u.. ....\n"
               "db/t0:m ####. wwwwww ggg ####\n"
               "db/t1:m wwwwg gg#### .ww wwww\n");
}
END_TEST

/* Three us of spinning, one of going to sleep. */
START_TEST(adaptive_spins_then_blocks) {
  world_watch(&world, ALONE("'m': { 'kind': 'adaptive', 'spin_limit': '3us', 'block': '1us' }",
                            "{ 'lock': 'm', 'hold': '10us' }, { 'compute': '20us' }", "'vcpus': 2",
                            "25us"));
  world_expect(&world, US,
               "db/v0   cccccccccc uuuuuuuuuuuuuuu\n"
               "db/v1   sssk...... cccccccccc uuuuu\n"
               "db/t1:m wwwwwwwwww ########## .....\n");
  ck_assert_int_eq(world_vm(&world, "db")->total.spin_ns[SPIN_CONTENDED], 3 * US);
}
END_TEST

/* The owner goes to sleep inside its section: nothing to spin for. */
START_TEST(adaptive_blocks_when_the_owner_leaves) {
  world_watch(&world, ALONE("'m': { 'kind': 'adaptive' }",
                            "{ 'lock': 'm', 'do': [ { 'compute': '2us' }, { 'sleep': '5us' },"
                            "{ 'compute': '2us' } ] }, { 'compute': '20us' }",
                            "'vcpus': 2", "18us"));
  world_expect(&world, US,
               "db/v0   cc.....cc uuuuuuuuu\n"
               "db/v1   ss....... cc.....cc\n"
               "db/t0:m ######### .........\n"
               "db/t1:m wwwwwwwww #########\n");
}
END_TEST

/* base 1 us, and 1 us for each other waiter: two at first, one at the end. */
START_TEST(ticket_handoff_costs_more_with_waiters) {
  world_watch(
      &world,
      ALONE("'l': { 'kind': 'ticket', 'handoff_cost': { 'base': '1us', 'per_waiter': '1us' } }",
            "{ 'lock': 'l', 'hold': '4us' }, { 'compute': '50us' }", "'vcpus': 4", "24us"));
  world_expect(&world, US,
               "db/v0   cccc uuu uuuu uu uuuu u uuuu uu\n"
               "db/v1   ssss sss cccc uu uuuu u uuuu uu\n"
               "db/v2   ssss sss ssss ss cccc u uuuu uu\n"
               "db/v3   ssss sss ssss ss ssss s cccc uu\n"
               "db/t1:l wwww ggg #### .. .... . .... ..\n"
               "db/t3:l wwww www wwww ww wwww g #### ..\n");
}
END_TEST

START_TEST(mcs_handoff_costs_the_same_for_all) {
  world_watch(&world,
              ALONE("'l': { 'kind': 'mcs', 'handoff_cost': { 'base': '1us' } }",
                    "{ 'lock': 'l', 'hold': '4us' }, { 'compute': '50us' }", "'vcpus': 3", "16us"));
  world_expect(&world, US,
               "db/v0 cccc u uuuu u uuuu uu\n"
               "db/v1 ssss s cccc u uuuu uu\n"
               "db/v2 ssss s ssss s cccc uu\n");
}
END_TEST

/* Two threads on one vCPU, turns of 5 us. At 5 and 12 the current thread holds a spinlock: it is
   switched out as soon as it lets go, at 7 and 14. At 29 its release comes first, then the switch.
 */
START_TEST(a_spinlock_defers_the_guest_timeslice) {
  world_watch(&world,
              ALONE("'l': { 'kind': 'tas' }",
                    "{ 'compute': '3us' }, { 'lock': 'l', 'hold': '4us' }, { 'compute': '3us' }",
                    "'vcpus': 1, 'threads': 2, 'guest_timeslice': '5us'", "34us"));
  world_expect(&world, US,
               "db/v0   uuucccc uuucccc uuuuu uuuuu ucccc ucccc\n"
               "db/t0   0000000 ....... 00000 ..... 00000 .....\n"
               "db/t1   ....... 0000000 ..... 00000 ..... 00000\n"
               "db/t0:l ...#### ....... ..... ..... .#### .....\n"
               "db/t1:l ....... ...#### ..... ..... ..... .####\n");
}
END_TEST

START_TEST(switching_threads_costs_but_the_first_time) {
  world_watch(&world, ALONE("", "{ 'compute': '4us' }, { 'yield': true }",
                            "'vcpus': 1, 'threads': 2, 'guest_switch': '1us'", "14us"));
  world_expect(&world, US,
               "db/v0 uuuu kuuuu kuuuu\n"
               "db/t0 0000 ..... 00000\n"
               "db/t1 .... 00000 .....\n");
}
END_TEST

#define THREE_THREADS(vm) \
  ALONE("", "{ 'compute': '4us' }, { 'sleep': '2us' }", "'vcpus': 2, 'threads': 3, " vm, "16us")

/* t0 and t1 wake at 6: t0's vCPU has t2, so it goes to v1, where t1 queues behind it. At 8 v0 has
   nothing left and takes t1. At 10 t2 finds v1 idle, at 12 t0 finds v0, at 14 t1 finds v1. */
START_TEST(an_idle_vcpu_steals) {
  world_watch(&world, THREE_THREADS("'balance': 'steal'"));
  world_expect(&world, US,
               "db/v0 uuuu uu uu uu uu uu uu\n"
               "db/v1 uuuu .. uu uu uu uu uu\n"
               "db/t0 0000 .. 11 11 .. 00 00\n"
               "db/t1 1111 .. .. 00 00 .. 11\n"
               "db/t2 .... 00 00 .. 11 11 ..\n");
}
END_TEST

/* v1 waits for the only pCPU with t1, t3 and t5. At 16 v0 is done with its own threads and takes
   the last of them, then the next; t1 is current and stays. */
START_TEST(a_thief_takes_the_last_one) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 1 }, 'programs': { 'p': [ { 'compute': '4us' } ] },"
              "'vms': { 'db': { 'vcpus': 2, 'threads': 7, 'iterations': 1, 'program': 'p' } },"
              "'run': { 'duration': '30us' } }");
  world_expect(&world, US,
               "db/v0 uuuu uuuu uuuu uuuu uuuu uuuu .... ..\n"
               "db/v1 rrrr rrrr rrrr rrrr rrrr rrrr uuuu ..\n"
               "db/t5 .... .... .... .... 0000 .... .... ..\n"
               "db/t3 .... .... .... .... .... 0000 .... ..\n"
               "db/t1 1111 1111 1111 1111 1111 1111 1111 ..\n");
}
END_TEST

START_TEST(without_balancing_threads_stay_where_they_woke) {
  world_watch(&world, THREE_THREADS("'balance': 'none'"));
  world_expect(&world, US,
               "db/v0 uuuu uu uu .. uu uu ..\n"
               "db/v1 uuuu .. uu uu uu uu uu\n"
               "db/t0 0000 .. 11 11 .. .. 11\n"
               "db/t1 1111 .. .. .. 11 11 ..\n"
               "db/t2 .... 00 00 .. 00 00 ..\n");
}
END_TEST

/* t0 and t2 at home on v0, t1 on v1. */
START_TEST(pinned_threads_come_home) {
  world_watch(&world, THREE_THREADS("'placement': 'pinned'"));
  world_expect(&world, US,
               "db/v0 uuuu uu uu uu uu uu uu\n"
               "db/v1 uuuu .. uu uu .. uu uu\n"
               "db/t0 0000 .. .. 00 00 .. ..\n"
               "db/t1 1111 .. 11 11 .. 11 11\n"
               "db/t2 .... 00 00 .. .. 00 00\n");
}
END_TEST

START_TEST(ipi_latency_delays_a_wake_up) {
  world_watch(&world, ALONE("", "{ 'compute': '4us' }, { 'sleep': '3us' }",
                            "'vcpus': 1, 'ipi_latency': '2us'", "18us"));
  world_expect(&world, US, "db/v0 uuuu ... .. uuuu ... ..\n");
}
END_TEST

/* Both take a, then b; then b, then a. At 5 t0 has b and wants a, t1 has a and wants b. */
START_TEST(an_ab_ba_deadlock_is_named) {
  world_watch(
      &world,
      ALONE("'a': { 'kind': 'tas' }, 'b': { 'kind': 'tas' }",
            "{ 'lock': 'a', 'do': [ { 'compute': '2us' }, { 'lock': 'b', 'hold': '1us' } ] },"
            "{ 'lock': 'b', 'do': [ { 'compute': '2us' }, { 'lock': 'a', 'hold': '1us' } ] }",
            "'vcpus': 2", "10us"));
  world_expect(&world, US,
               "db/v0   ccccc sssss\n"
               "db/v1   ssscc sssss\n"
               "db/t0:a ###.. wwwww\n"
               "db/t0:b ..### #####\n"
               "db/t1:a www## #####\n"
               "db/t1:b ..... wwwww\n");
  ck_assert_uint_eq(world_vm(&world, "db")->deadlocks, 1);
  ck_assert_uint_eq(world.result->n_notes, 1);
  ck_assert_int_eq(world.result->notes[0].at_ns, 5 * US);
  ck_assert_str_eq(world.result->notes[0].text,
                   "deadlock in db at 5us: thread 1 waits for 'b', which thread 0 owns since 3us "
                   "(programs.p.1); "
                   "thread 0 waits for 'a', which thread 1 owns since 3us (programs.p.0)");
}
END_TEST

/* Each takes a and b, then b and c, then c and a. At 8 t0 has c and wants a, which t2 owns; at 9 t1
   has b and wants c, and then t2 wants b. */
START_TEST(a_deadlock_of_three_is_named) {
  world_watch(&world, ALONE("'a': { 'kind': 'ticket' }, 'b': { 'kind': 'ticket' }, 'c': { 'kind':"
                            "'ticket' }",
                            "{ 'lock': 'a', 'do': [ { 'compute': '2us' }, { 'lock': 'b', 'hold':"
                            "'1us' } ] },"
                            "{ 'lock': 'b', 'do': [ { 'compute': '2us' }, { 'lock': 'c', 'hold':"
                            "'1us' } ] },"
                            "{ 'lock': 'c', 'do': [ { 'compute': '2us' }, { 'lock': 'a', 'hold':"
                            "'1us' } ] }",
                            "'vcpus': 3", "12us"));
  world_expect(&world, US,
               "db/v0   ccccccccssss\n"
               "db/v1   sssccscccsss\n"
               "db/v2   sssssssccsss\n");
  ck_assert_uint_eq(world_vm(&world, "db")->deadlocks, 1);
  ck_assert_uint_eq(world.result->n_notes, 1);
  ck_assert_str_eq(world.result->notes[0].text,
                   "deadlock in db at 9us: thread 2 waits for 'b', which thread 1 owns since 7us "
                   "(programs.p.1); thread 1 waits for 'c', which thread 0 owns since 6us "
                   "(programs.p.2); thread 0 waits for 'a', which thread 2 owns since 7us "
                   "(programs.p.0)");
}
END_TEST

START_TEST(a_deadlock_with_oneself_is_named) {
  world_watch(&world, ALONE("'a': { 'kind': 'mutex' }",
                            "{ 'lock': 'a', 'do': [ { 'compute': '2us' }, { 'lock': 'a', 'hold':"
                            "'1us' } ] }",
                            "'vcpus': 1", "9us"));
  world_expect(&world, US, "db/v0 cc .......\n");
  ck_assert_uint_eq(world_vm(&world, "db")->deadlocks, 1);
  ck_assert_str_eq(
      world.result->notes[0].text,
      "deadlock in db at 2us: thread 0 waits for 'a', which thread 0 owns since 0 (programs.p.0)");
}
END_TEST

/* Time passes in one of 101 rounds only, and a round has 101 steps: sooner or later 10,000 steps
   are done in one instant. */
START_TEST(a_loop_without_time_is_stopped_and_named) {
  char yields[101 * 17] = "", zeros[101 * 5] = "";
  for (int i = 0; i < 100; i++) {
    strcat(yields, "{'yield': true},");
    strcat(zeros, "'0',");
  }
  world_watch(&world,
              "{ 'host': { 'pcpus': 1 }, 'programs': { 'p': [ %s { 'compute': { 'empirical':"
              "[ %s '1ns' ] } } ] }, 'vms': { 'db': { 'vcpus': 1, 'program': 'p' } } }",
              yields, zeros);
  ck_assert_int_eq(world.result->status, RUN_STUCK);
  ck_assert_int_eq(strncmp(world.result->message, "programs.p.", strlen("programs.p.")), 0);
}
END_TEST

START_TEST(threads_end_after_their_iterations) {
  world_watch(&world, ALONE("", "{ 'compute': '3us' }, { 'sleep': '1us' }",
                            "'vcpus': 1, 'iterations': 2", "15us"));
  world_expect(&world, US, "db/v0 uuu. uuu. .......\n");
  const struct vm_result *db = world_vm(&world, "db");
  ck_assert_uint_eq(db->iterations, 2);
  ck_assert_int_eq(db->latency.sum_ns, 8 * US);
}
END_TEST

/* At 4 and 8 the last to arrive goes on within its step; who is woken comes too late for the lock.
 */
START_TEST(the_last_to_arrive_goes_on_first) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 2 }, 'locks': { 'l': { 'kind': 'ticket' } },"
              "'barriers': { 'b': {} }, 'programs': { 'p': [ { 'lock': 'l', 'hold': '2us' },"
              "{ 'barrier': 'b' } ] }, 'vms': { 'db': { 'vcpus': 2, 'program': 'p' } },"
              "'run': { 'duration': '12us' } }");
  world_expect(&world, US,
               "db/v0 cc .. ss cc cc ..\n"
               "db/v1 ss cc cc .. ss cc\n");
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("timelines");
  tcase_add_checked_fixture(tests, NULL, forget);
  tcase_add_test(tests, handoff_mutex_with_all_its_costs);
  tcase_add_test(tests, mutex_barging);
  tcase_add_test(tests, who_is_woken_in_vain_keeps_its_place);
  tcase_add_test(tests, handoff_mutex_knows_no_barging);
  tcase_add_test(tests, adaptive_spins_then_blocks);
  tcase_add_test(tests, adaptive_blocks_when_the_owner_leaves);
  tcase_add_test(tests, ticket_handoff_costs_more_with_waiters);
  tcase_add_test(tests, mcs_handoff_costs_the_same_for_all);
  tcase_add_test(tests, a_spinlock_defers_the_guest_timeslice);
  tcase_add_test(tests, switching_threads_costs_but_the_first_time);
  tcase_add_test(tests, an_idle_vcpu_steals);
  tcase_add_test(tests, a_thief_takes_the_last_one);
  tcase_add_test(tests, without_balancing_threads_stay_where_they_woke);
  tcase_add_test(tests, pinned_threads_come_home);
  tcase_add_test(tests, ipi_latency_delays_a_wake_up);
  tcase_add_test(tests, an_ab_ba_deadlock_is_named);
  tcase_add_test(tests, a_deadlock_of_three_is_named);
  tcase_add_test(tests, a_deadlock_with_oneself_is_named);
  tcase_add_test(tests, a_loop_without_time_is_stopped_and_named);
  tcase_add_test(tests, threads_end_after_their_iterations);
  tcase_add_test(tests, the_last_to_arrive_goes_on_first);
  return suite_run(tests, "timelines of guests");
}
