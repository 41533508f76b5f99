/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cross calls, drawn by hand from the model, one character per microsecond. k: handles a call.
   support/world.h says what the other characters mean. */
#include <check.h>

#include <string.h>
#include "support/suite.h"

#include "support/world.h"

static struct world world;
static void forget(void) { world_free(&world); }

#define HOST(pcpus, hypervisor)                                   \
  "{ 'host': { 'pcpus': " pcpus                                   \
  " }, 'hypervisor': { 'scheduler': { 'kind': 'rr', 'timeslice':" \
  "'10us' }" hypervisor " }, "
#define PROGRAM(steps) "'programs': { 'p': [ " steps " ] }, "
#define DB(vm) "'db': { 'program': 'p', " vm " }"
#define RUN(vms, duration) "'vms': { " vms " }, 'run': { 'duration': '" duration "' } }"

static void expect_calls(uint64_t taken, int64_t latency_us) {
  const struct vm_result *vm = world_vm(&world, "db");
  ck_assert_str_eq(vm->interrupts[0].spec->name, "shootdown");
  ck_assert_uint_eq(vm->interrupts[0].arrivals, taken);
  ck_assert_uint_eq(vm->interrupts[0].taken, taken);
  ck_assert_int_eq(vm->interrupts[0].latency.sum_ns, latency_us * US);
}

static const int64_t *spin_of(uint32_t vcpu) {
  return world_vm(&world, "db")->vcpus[vcpu].ledger.spin_ns;
}

/* At 12 v0 releases the lock before v1 calls. */
START_TEST(the_caller_spins_until_the_others_have_handled_it) {
  world_watch(&world, HOST("2", "") "'locks': { 'l': { 'kind': 'tas' } }," PROGRAM(
                          "{ 'lock': 'l', 'hold': '3us' }, { 'compute': '4us' },"
                          "{ 'shootdown': { 'handler': '2us' } }") RUN(DB("'vcpus': 2"), "21us"));
  world_expect(&world, US,
               "db/v0   ccc uuuu ss ccc kk uuuu ss c\n"
               "db/v1   sss cccu kk uuu ss cccu kk u\n"
               "db/t1   111 1111 .. 111 11 1111 .. 1\n"
               "db/t0:l ### .... .. ### .. .... .. #\n");
  expect_calls(3, 0);
  ck_assert_int_eq(spin_of(0)[SPIN_CONTENDED], 4 * US);
  ck_assert_int_eq(spin_of(1)[SPIN_CONTENDED], (3 + 2) * US);
  ck_assert_uint_eq(world_vm(&world, "db")->iterations, 3);
}
END_TEST

/* The IPI takes 1. */
START_TEST(who_is_idle_is_woken) {
  world_watch(&world,
              HOST("2", "") PROGRAM("{ 'compute': '4us' }, { 'shootdown': { 'handler': '2us' } }")
                  RUN(DB("'vcpus': 2, 'threads': 1, 'ipi_latency': '1us'"), "14us"));
  world_expect(&world, US,
               "db/v0 uuuu sss uuuu sss\n"
               "db/v1 .... .kk .... .kk\n");
  expect_calls(2, 2);
  ck_assert_int_eq(spin_of(0)[SPIN_CONTENDED], 6 * US);
}
END_TEST

/* At 33 v1 has handled the call of v0, which does not run; at 43 v0 that of v1. */
START_TEST(who_is_preempted_is_waited_for) {
  world_watch(&world,
              HOST("1", "") PROGRAM("{ 'compute': '12us' }, { 'shootdown': { 'handler': '3us' } }")
                  RUN(DB("'vcpus': 2"), "50us"));
  world_expect(&world, US,
               "db/v0 uuuuuuuuuu rrrrrrrrrr uussssssss rrrrrrrrrr kkkuuuuuuu\n"
               "db/v1 rrrrrrrrrr uuuuuuuuuu rrrrrrrrrr kkkuusssss rrrrrrrrrr\n");
  expect_calls(2, 8 + 5);
  ck_assert_int_eq(spin_of(0)[SPIN_LHP_READY], 8 * US);
  ck_assert_int_eq(spin_of(1)[SPIN_LHP_READY], 5 * US);
  ck_assert_uint_eq(world_vm(&world, "db")->total.lhp_events, 0);
  ck_assert_uint_eq(world_vm(&world, "db")->total.lwp_events, 0);
  ck_assert_uint_eq(world_vm(&world, "db")->iterations, 2);
}
END_TEST

/* Thresholds 3 and 0. v1 calls at 5, while v0 is co-stopped; at 6 v0 leads no more, and is READY.
 */
START_TEST(the_blame_of_who_is_costopped) {
  world_watch(&world, HOST("1",
                           ", 'coscheduling': { 'kind': 'relaxed', 'costop_threshold': '3us',"
                           "'costart_threshold': '0', 'poll': '1us' }")
                          PROGRAM("{ 'compute': '1us' }, { 'shootdown': { 'handler': '1us' } }")
                              RUN(DB("'vcpus': 2"), "10us"));
  world_expect(&world, US,
               "db/v0 u ss xxx rrr k\n"
               "db/v1 r rr kus sss x\n");
  ck_assert_int_eq(spin_of(0)[SPIN_LHP_READY], 2 * US);
  ck_assert_int_eq(spin_of(1)[SPIN_LHP_COSTOP], 1 * US);
  ck_assert_int_eq(spin_of(1)[SPIN_LHP_READY], 3 * US);
}
END_TEST

/* From asking for an os2 lock to its release. */
START_TEST(who_disables_interrupts_is_waited_for) {
  world_watch(&world, HOST("2", "") "'locks': { 'l': { 'kind': 'os2' } }," PROGRAM(
                          "{ 'lock': 'l', 'hold': '6us' }, { 'compute': '2us' },"
                          "{ 'shootdown': { 'handler': '1us' } }") RUN(DB("'vcpus': 2"), "20us"));
  world_expect(&world, US,
               "db/v0 cccccc uu ssss s cc cccc k\n"
               "db/v1 ssssss cc cccc k uu ssss s\n");
  expect_calls(2, 4 + 4);
}
END_TEST

/* At 4 all three have computed, but v0 comes first: the others are interrupted before they call. At
   6 v1 calls before v2 has handled the call of v0, which is done while v0 handles that of v1. */
START_TEST(callers_handle_each_other_s_calls) {
  world_watch(&world,
              HOST("3", "") PROGRAM("{ 'compute': '4us' }, { 'shootdown': { 'handler': '2us' } }")
                  RUN(DB("'vcpus': 3"), "13us"));
  world_expect(&world, US,
               "db/v0 uuuu ss kk kk uuu\n"
               "db/v1 uuuu kk ss kk uuu\n"
               "db/v2 uuuu kk kk ss uuu\n");
  expect_calls(6, 0);
  ck_assert_uint_eq(world_vm(&world, "db")->iterations, 3);
}
END_TEST

/* The timeslice of t0 ends at 5, but it waits for its call until 6. */
START_TEST(a_caller_is_switched_out_afterwards) {
  world_watch(
      &world,
      HOST("2", "") PROGRAM("{ 'compute': '4us' }, { 'shootdown': { 'handler': '2us' } }")
          RUN(DB("'vcpus': 2, 'threads': 3, 'balance': 'none', 'guest_timeslice': '5us'"), "12us"));
  world_expect(&world, US,
               "db/v0 uuuu ss kk uuu u\n"
               "db/v1 uuuu kk ss uuu u\n"
               "db/t0 0000 00 .. ... 0\n"
               "db/t2 .... .. .. 000 .\n");
}
END_TEST

/* The call of t0, its last step, ends at 6 while v0 handles the one of v1, and its timeslice at 7.
   At 8 it leaves and does not queue, so nobody switches to it again. */
START_TEST(a_caller_whose_last_step_ends_in_a_handler_leaves) {
  world_watch(&world,
              HOST("3", "") PROGRAM("{ 'compute': '4us' }, { 'shootdown': { 'handler': '2us' } }")
                  RUN(DB("'vcpus': 3, 'threads': 4, 'iterations': 1, 'guest_timeslice': '7us',"
                         "'guest_switch': '1us'"),
                      "20us"));
  world_expect(&world, US,
               "db/v0 uuuu ss kk kk k uuuu ss ...\n"
               "db/v1 uuuu kk ss kk . .... kk ...\n"
               "db/v2 uuuu kk kk ss . .... kk ...\n"
               "db/t0 0000 00 .. .. . .... .. ...\n"
               "db/t3 .... .. .. .. 0 0000 00 ...\n");
}
END_TEST

/* Each exits after 2 and lets the other go first. */
START_TEST(a_caller_exits_from_its_pause_loop) {
  world_watch(&world,
              HOST("1", ", 'ple': { 'yield': 'undirected', 'window': '2us', 'exit_cost': '1us' }")
                  PROGRAM("{ 'compute': '12us' }, { 'shootdown': { 'handler': '3us' } }")
                      RUN(DB("'vcpus': 2"), "38us"));
  world_expect(&world, US,
               "db/v0 uuuuuuuuuu rrrrrrrrrr uusso rrr rr rrr kkkuu\n"
               "db/v1 rrrrrrrrrr uuuuuuuuuu rrrrr kkk uu sso rrrrr\n");
  ck_assert_uint_eq(world_vm(&world, "db")->total.ple_exits, 2);
  ck_assert_int_eq(spin_of(0)[SPIN_LHP_READY], 2 * US);
  ck_assert_int_eq(spin_of(1)[SPIN_LHP_READY], 2 * US);
}
END_TEST

/* v1 has halted at 2 for the lock; the call wakes it, and it spins anew. */
START_TEST(who_has_halted_for_a_lock_is_woken) {
  world_watch(&world,
              HOST("2", "") "'locks': { 'l': { 'kind': 'pv', 'spin_limit': '2us' } }," PROGRAM(
                  "{ 'lock': 'l', 'do': [ { 'compute': '6us' }, { 'shootdown': { 'handler': '1us' }"
                  "} ] }, { 'compute': '20us' }") RUN(DB("'vcpus': 2"), "14us"));
  world_expect(&world, US,
               "db/v0 cc cccc s uuuuuu k\n"
               "db/v1 ss .... k cccccc s\n");
}
END_TEST

/* --- deadlocks --- */

/* v1 handles an interrupt that wants what the caller owns. */
START_TEST(a_call_of_a_handler_that_waits_for_the_caller) {
  world_watch(&world,
              HOST("2", "") "'locks': { 'l': { 'kind': 'ticket' } }," PROGRAM(
                  "{ 'lock': 'l', 'do': [ { 'compute': '4us' }, { 'shootdown': { 'handler': '1us' }"
                  "} ] }") RUN(DB("'vcpus': 2, 'threads': 1, 'interrupts': { 'nic': { 'vcpu': 1,"
                                  "'every': '3us', 'handler': [ { 'lock': 'l', 'hold': '1us' } ]"
                                  "} }"),
                               "8us"));
  world_expect(&world, US,
               "db/v0 ccc c ssss\n"
               "db/v1 ... s ssss\n");
  ck_assert_uint_eq(world_vm(&world, "db")->deadlocks, 1);
  ck_assert_str_eq(world.result->notes[0].text,
                   "deadlock in db at 4us: thread 0 calls v1 since 4us (programs.p.0.do.1), where "
                   "interrupt 'nic' on v1 keeps interrupts disabled; interrupt 'nic' on v1 waits "
                   "for 'l', which thread 0 owns since 0 (programs.p.0)");
}
END_TEST

/* t0 disables interrupts at 5; t1 calls it at 9, in vain from 11 on. */
START_TEST(a_wait_for_a_caller_with_interrupts_disabled) {
  world_watch(
      &world,
      HOST("2", "") "'locks': { 'l': { 'kind': 'ticket' }, 'm': { 'kind': 'os2' } }," PROGRAM(
          "{ 'lock': 'l', 'do': [ { 'compute': '4us' }, { 'shootdown': { 'handler': '1us' }"
          "} ] }, { 'lock': 'm', 'do': [ { 'compute': '6us' }, { 'lock': 'l', 'hold':"
          "'1us' } ] }") RUN(DB("'vcpus': 2"), "15us"));
  world_expect(&world, US,
               "db/v0   cccc s cccc cc ssss\n"
               "db/v1   ssss k cccc ss ssss\n"
               "db/t0:l #### # .... .. wwww\n"
               "db/t1:l wwww w #### ## ####\n");
  ck_assert_uint_eq(world_vm(&world, "db")->deadlocks, 1);
  ck_assert_str_eq(world.result->notes[0].text,
                   "deadlock in db at 11us: thread 0 waits for 'l', which thread 1 owns since 5us "
                   "(programs.p.0); thread 1 calls v0 since 9us (programs.p.0.do.1), where thread "
                   "0 keeps interrupts disabled");
}
END_TEST

/* At 4 v1 has computed, too, but handles the call of v0. At 6 it ends that in a step of its own,
   before which v0 asks for the lock. */
START_TEST(what_a_call_has_interrupted_at_its_end_ends_in_a_step_of_its_own) {
  world_watch(&world, HOST("2", "") "'locks': { 'l': { 'kind': 'ticket' } }," PROGRAM(
                          "{ 'compute': '4us' }, { 'shootdown': { 'handler': '2us' } },"
                          "{ 'lock': 'l', 'hold': '3us' }") RUN(DB("'vcpus': 2"), "14us"));
  world_expect(&world, US,
               "db/v0   uuuu ss kk ccc uuu\n"
               "db/v1   uuuu kk ss sss ccc\n"
               "db/t0:l .... .. ## ### ...\n");
}
END_TEST

/* At 6 a device wakes v1, which begins to handle that before v0 comes to its call. */
START_TEST(what_is_pending_is_taken_in_the_dispatch_phase) {
  world_watch(&world,
              HOST("2", "") PROGRAM("{ 'compute': '1us' }, { 'sleep': '5us' },"
                                    "{ 'shootdown': { 'handler': '1us' } }")
                  RUN(DB("'vcpus': 2, 'threads': 1, 'interrupts': { 'nic': { 'every': '6us',"
                         "'vcpu': 1, 'handler': [ { 'compute': '2us' } ] } }"),
                      "12us"));
  world_expect(&world, US,
               "db/v0 u ..... sss u ..\n"
               "db/v1 . ..... uuk . ..\n");
}
END_TEST

/* At 5 v0 releases the lock and calls v1, which is inside by then. */
START_TEST(who_is_granted_a_lock_for_nothing_is_inside_before_the_call) {
  world_watch(&world, HOST("2", "") "'locks': { 'l': { 'kind': 'ticket' } }," PROGRAM(
                          "{ 'compute': '2us' }, { 'lock': 'l', 'hold': '3us' },"
                          "{ 'shootdown': { 'handler': '2us' } }") RUN(DB("'vcpus': 2"), "12us"));
  world_expect(&world, US,
               "db/v0   uu ccc ss uu s kk\n"
               "db/v1   uu sss kk cc c ss\n"
               "db/t0:l .. ### .. .. w ##\n"
               "db/t1:l .. www ## ## # ..\n");
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("timelines");
  tcase_add_checked_fixture(tests, NULL, forget);
  tcase_add_test(tests, the_caller_spins_until_the_others_have_handled_it);
  tcase_add_test(tests, who_is_idle_is_woken);
  tcase_add_test(tests, who_is_preempted_is_waited_for);
  tcase_add_test(tests, the_blame_of_who_is_costopped);
  tcase_add_test(tests, who_disables_interrupts_is_waited_for);
  tcase_add_test(tests, callers_handle_each_other_s_calls);
  tcase_add_test(tests, a_caller_is_switched_out_afterwards);
  tcase_add_test(tests, a_caller_whose_last_step_ends_in_a_handler_leaves);
  tcase_add_test(tests, a_caller_exits_from_its_pause_loop);
  tcase_add_test(tests, who_has_halted_for_a_lock_is_woken);
  tcase_add_test(tests, a_call_of_a_handler_that_waits_for_the_caller);
  tcase_add_test(tests, a_wait_for_a_caller_with_interrupts_disabled);
  tcase_add_test(tests, what_a_call_has_interrupted_at_its_end_ends_in_a_step_of_its_own);
  tcase_add_test(tests, what_is_pending_is_taken_in_the_dispatch_phase);
  tcase_add_test(tests, who_is_granted_a_lock_for_nothing_is_inside_before_the_call);
  return suite_run(tests, "cross calls");
}
