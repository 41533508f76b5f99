/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Interrupts, drawn by hand from the model, one character per microsecond. While a handler runs, no
   thread is current; its entry is k. support/world.h says what the other characters mean. */
#include <check.h>

#include <string.h>
#include "support/suite.h"

#include "support/world.h"

static struct world world;
static void forget(void) { world_free(&world); }

#define DB(pcpus, locks, program, vm, others, duration)                                \
  "{ 'host': { 'pcpus': " pcpus                                                        \
  " }, 'hypervisor': { 'scheduler': { 'kind': 'rr',"                                   \
  "'timeslice': '10us' } }, 'locks': { " locks " }, 'programs': { 'p': [ " program     \
  " ],"                                                                                \
  "'hog': [ { 'compute': '1s' } ] }, 'vms': { 'db': { 'program': 'p', " vm " }" others \
  " },"                                                                                \
  "'run': { 'duration': '" duration "' } }"
#define HOG ", 'hog': { 'vcpus': 1, 'program': 'hog' }"

static const struct interrupt_result *interrupt_of(const char *name) {
  const struct vm_result *vm = world_vm(&world, "db");
  for (uint32_t i = 0; i < vm->spec->guest.n_interrupts; i++)
    if (strcmp(vm->interrupts[i].spec->name, name) == 0) return &vm->interrupts[i];
  ck_abort_msg("no interrupt %s", name);
}

static void expect_counts(uint64_t arrivals, uint64_t coalesced, uint64_t taken,
                          int64_t latency_us) {
  const struct interrupt_result *nic = interrupt_of("nic");
  ck_assert_uint_eq(nic->arrivals, arrivals);
  ck_assert_uint_eq(nic->coalesced, coalesced);
  ck_assert_uint_eq(nic->taken, taken);
  ck_assert_uint_eq(nic->latency.n, taken);
  ck_assert_int_eq(nic->latency.sum_ns, latency_us * US);
}

/* The thread goes on where it was. */
START_TEST(a_handler_runs_on_top_of_the_thread) {
  world_watch(&world, DB("1", "", "{ 'compute': '10us' }",
                         "'vcpus': 1, 'interrupts': { 'nic': { 'every': '4us', 'entry': '1us',"
                         "'handler': [ { 'compute': '1us' } ] } }",
                         "", "15us"));
  world_expect(&world, US,
               "db/v0 uuuu ku uu ku uu ku u\n"
               "db/t0 0000 .. 00 .. 00 .. 0\n");
  expect_counts(3, 0, 3, 0);
}
END_TEST

/* Slices of 10. The handler of 9 is stopped in its entry and goes on at 20; what came at 18 waits
   for it to return, at 22. */
START_TEST(pending_until_the_vcpu_runs) {
  world_watch(&world, DB("1", "", "{ 'compute': '1s' }",
                         "'vcpus': 1, 'interrupts': { 'nic': { 'every': '9us', 'entry': '2us',"
                         "'handler': [ { 'compute': '1us' } ] } }",
                         HOG, "39us"));
  world_expect(&world, US,
               "db/v0 uuuuuuuuu k rrrrrrrrrr kukku uu kku rrrrrrrrr\n"
               "db/t0 000000000 . .......... ..... 00 ... 000000000\n");
  /* The one of 36 is pending in the end. */
  expect_counts(4, 0, 3, 4);
}
END_TEST

/* Asking for an os2 lock disables interrupts, its release enables them again. At 12 the thread asks
   first. */
START_TEST(disabled_until_the_release) {
  world_watch(&world, DB("1", "'l': { 'kind': 'os2' }",
                         "{ 'lock': 'l', 'hold': '6us' }, { 'compute': '4us' }",
                         "'vcpus': 1, 'interrupts': { 'nic': { 'every': '4us',"
                         "'handler': [ { 'compute': '1us' } ] } }",
                         "", "23us"));
  world_expect(&world, US,
               "db/v0   cccccc u u u uuu cccccc u u u uu\n"
               "db/t0   000000 . 0 . 000 000000 . 0 . 00\n"
               "db/t0:l ###### . . . ... ###### . . . ..\n");
  expect_counts(5, 1, 4, 2 + 6);
  ck_assert_int_eq(interrupt_of("nic")->latency.max_ns, 6 * US);
}
END_TEST

/* With interrupts enabled the handler's time adds to the hold: 7 and 8 instead of 6. */
START_TEST(enabled_extends_the_hold) {
  world_watch(&world, DB("1", "'l': { 'kind': 'os2', 'interrupts': 'enabled' }",
                         "{ 'lock': 'l', 'hold': '6us' }, { 'compute': '4us' }",
                         "'vcpus': 1, 'interrupts': { 'nic': { 'every': '4us',"
                         "'handler': [ { 'compute': '1us' } ] } }",
                         "", "21us"));
  world_expect(&world, US,
               "db/v0   cccc u cc u u uuu u ccc u ccc u\n"
               "db/t0:l #### # ## . . ... # ### # ### .\n");
  expect_counts(5, 0, 5, 0);
  ck_assert_int_eq(world_lock(&world, "db", "l")->hold.sum_ns, (7 + 8) * US);
}
END_TEST

/* The flag is cleared from the request on: v1 spins until 6, holds until 12, and takes at 12 what
   has come at 5. */
START_TEST(disabled_while_waiting) {
  world_watch(&world, DB("2", "'l': { 'kind': 'os2' }",
                         "{ 'lock': 'l', 'hold': '6us' }, { 'compute': '40us' }",
                         "'vcpus': 2, 'interrupts': { 'nic': { 'every': '5us', 'vcpu': 1,"
                         "'entry': '1us' } }",
                         "", "14us"));
  world_expect(&world, US,
               "db/v0 cccccc uuuuuu uu\n"
               "db/v1 ssssss cccccc ku\n");
  expect_counts(2, 1, 1, 7);
}
END_TEST

/* The holder is preempted inside: the interrupt that came at 7 waits for its next slice. */
START_TEST(delivery_waits_a_timeslice_for_a_preempted_holder) {
  world_watch(
      &world,
      DB("1", "'l': { 'kind': 'os2' }", "{ 'compute': '6us' }, { 'lock': 'l', 'hold': '8us' }",
         "'vcpus': 1, 'interrupts': { 'nic': { 'every': '7us', 'entry': '1us' } }", HOG, "25us"));
  world_expect(&world, US,
               "db/v0   uuuuuu cccc rrrrrrrrrr cccc k\n"
               "db/t0:l ...... #### ########## #### .\n");
  expect_counts(3, 2, 1, 17);
}
END_TEST

/* What its own vCPU's interrupted thread owns, it waits for in vain. */
START_TEST(a_handler_deadlocks_with_its_own_vcpu) {
  world_watch(&world, DB("2", "'l': { 'kind': 'os2', 'interrupts': 'enabled' }",
                         "{ 'lock': 'l', 'hold': '6us' }, { 'compute': '2us' }",
                         "'vcpus': 2, 'interrupts': { 'nic': { 'every': '4us', 'vcpu': 0,"
                         "'handler': [ { 'lock': 'l', 'hold': '1us' } ] } }",
                         "", "14us"));
  world_expect(&world, US,
               "db/v0   cccc ssssssssss\n"
               "db/v1   ssss ssssssssss\n"
               "db/t0:l #### ##########\n");
  const struct vm_result *vm = world_vm(&world, "db");
  ck_assert_uint_eq(vm->deadlocks, 1);
  ck_assert_int_eq(vm->vcpus[0].ledger.spin_ns[SPIN_SELF], 10 * US);
  ck_assert_int_eq(vm->vcpus[1].ledger.spin_ns[SPIN_CONTENDED], 14 * US);
  ck_assert_str_eq(world.result->notes[0].text,
                   "deadlock in db at 4us: interrupt 'nic' on v0 waits for 'l', which thread 0 "
                   "owns since 0 (programs.p.0); thread 0 is interrupted by interrupt 'nic' on v0 "
                   "inside 'l' (programs.p.0), which enables interrupts");
  expect_counts(3, 1, 1, 0);
}
END_TEST

/* Another vCPU's interrupt waits for the lock only until it is released. */
START_TEST(a_handler_elsewhere_waits) {
  world_watch(&world, DB("2", "'l': { 'kind': 'os2', 'interrupts': 'enabled' }",
                         "{ 'lock': 'l', 'hold': '6us' }, { 'compute': '90us' }",
                         "'vcpus': 2, 'threads': 1, 'interrupts': { 'nic': { 'every': '4us',"
                         "'vcpu': 1, 'handler': [ { 'lock': 'l', 'hold': '1us' } ] } }",
                         "", "10us"));
  world_expect(&world, US,
               "db/v0 cccc cc u u uu\n"
               "db/v1 .... ss c . c.\n");
  ck_assert_uint_eq(world_vm(&world, "db")->deadlocks, 0);
  expect_counts(2, 0, 2, 0);
}
END_TEST

/* In line for a ticket lock before its own handler: the deadlock closes when it is granted, at
   10. Until then the handler's spinning is contended. */
START_TEST(a_grant_to_an_interrupted_waiter_closes_a_deadlock) {
  world_watch(&world, DB("2", "'l': { 'kind': 'ticket' }",
                         "{ 'lock': 'l', 'hold': '10us' }, { 'compute': '90us' }",
                         "'vcpus': 2, 'interrupts': { 'nic': { 'every': '4us', 'vcpu': 1,"
                         "'handler': [ { 'lock': 'l', 'hold': '1us' } ] } }",
                         "", "16us"));
  world_expect(&world, US,
               "db/v0   cccc cccccc uuuuuu\n"
               "db/v1   ssss ssssss ssssss\n"
               "db/t1:l wwww wwwwww gggggg\n");
  const struct vm_result *vm = world_vm(&world, "db");
  ck_assert_uint_eq(vm->deadlocks, 1);
  ck_assert_int_eq(vm->vcpus[1].ledger.spin_ns[SPIN_CONTENDED], 10 * US);
  ck_assert_int_eq(vm->vcpus[1].ledger.spin_ns[SPIN_SELF], 6 * US);
  ck_assert_int_eq(world.result->notes[0].at_ns, 10 * US);
}
END_TEST

/* With tas the handler wins: its thread does not execute. */
START_TEST(an_interrupted_waiter_takes_no_part_in_a_race) {
  world_watch(&world, DB("2", "'l': { 'kind': 'tas' }",
                         "{ 'lock': 'l', 'hold': '10us' }, { 'compute': '90us' }",
                         "'vcpus': 2, 'interrupts': { 'nic': { 'every': '8us', 'vcpu': 1,"
                         "'handler': [ { 'lock': 'l', 'hold': '1us' } ] } }",
                         "", "15us"));
  world_expect(&world, US,
               "db/v0   cccccccccc u uuuu\n"
               "db/v1   ssssssssss c cccc\n"
               "db/t1:l wwwwwwwwww w ####\n");
  ck_assert_uint_eq(world_vm(&world, "db")->deadlocks, 0);
}
END_TEST

/* A device wakes a vCPU that has halted, a timer does not. */
START_TEST(a_device_wakes) {
  world_watch(&world, DB("1", "", "{ 'sleep': '10us' }, { 'compute': '2us' }",
                         "'vcpus': 1, 'interrupts': { 'nic': { 'every': '3us', 'entry': '1us' } }",
                         "", "16us"));
  world_expect(&world, US, "db/v0 ... k.. k.. k uu k..k\n");
  expect_counts(5, 0, 5, 0);
}
END_TEST

START_TEST(a_timer_spares_the_idle) {
  world_watch(&world, DB("1", "", "{ 'sleep': '10us' }, { 'compute': '3us' }",
                         "'vcpus': 1, 'interrupts': { 'nic': { 'kind': 'timer', 'every': '4us',"
                         "'entry': '1us' } }",
                         "", "16us"));
  world_expect(&world, US, "db/v0 .......... uu k u ..\n");
  expect_counts(1, 0, 1, 0);
}
END_TEST

/* Interrupted at 11, v2 finds the lock free, but v1 is before it, whose kick arrives at 14. */
START_TEST(who_is_woken_by_an_interrupt_does_not_jump_the_queue) {
  world_watch(&world, DB("3", "'l': { 'kind': 'pv', 'spin_limit': '2us' }",
                         "{ 'lock': 'l', 'hold': '10us' }, { 'compute': '20us' }",
                         "'vcpus': 3, 'ipi_latency': '4us', 'interrupts': { 'nic': { 'every':"
                         "'11us', 'vcpu': 2, 'handler': [ { 'compute': '1us' } ] } }",
                         "", "26us"));
  world_expect(&world, US,
               "db/v0   cccccccccc u uuu uuuuuuuu uuuu\n"
               "db/v1   ss........ . ... cccccccc ccuu\n"
               "db/v2   ss........ . uss ........ uscc\n"
               "db/t2:l wwwwwwwwww w www wwwwwwww ww##\n");
}
END_TEST

/* One on each vCPU, at the same time; a device that rotates interrupts one after the other. */
START_TEST(timers_are_local_and_devices_rotate) {
  world_watch(&world, DB("2", "", "{ 'compute': '100us' }",
                         "'vcpus': 2, 'interrupts': { 'tick': { 'kind': 'timer', 'every': '8us',"
                         "'entry': '1us' }, 'nic': { 'every': '3us', 'entry': '1us' } }",
                         "", "14us"));
  world_expect(&world, US,
               "db/v0 uuu k uuuu k k uuuu\n"
               "db/v1 uuu u uuku k u uuku\n");
  expect_counts(4, 0, 4, 0);
  ck_assert_uint_eq(interrupt_of("tick")->arrivals, 2);
}
END_TEST

/* At 5 a handler runs: threads take turns when it is done. */
START_TEST(a_handler_defers_the_guest_timeslice) {
  world_watch(&world, DB("1", "", "{ 'compute': '100us' }",
                         "'vcpus': 1, 'threads': 2, 'guest_timeslice': '5us', 'interrupts': {"
                         "'nic': { 'every': '4us', 'handler': [ { 'compute': '2us' } ] } }",
                         "", "12us"));
  world_expect(&world, US,
               "db/t0 0000 .. .. .. . 0\n"
               "db/t1 .... .. 00 .. 0 .\n");
}
END_TEST

/* Both come at 9, the timeslice ends at 10: t1 becomes current at 13, and its turn lasts until 23.
 */
START_TEST(what_is_pending_comes_before_the_next_turn) {
  world_watch(&world, DB("1", "", "{ 'compute': '100us' }",
                         "'vcpus': 1, 'threads': 2, 'guest_timeslice': '10us', 'interrupts': {"
                         "'nic': { 'every': '9us', 'handler': [ { 'compute': '2us' } ] },"
                         "'disk': { 'every': '9us', 'handler': [ { 'compute': '2us' } ] } }",
                         "", "25us"));
  world_expect(&world, US,
               "db/t0 000000000 .. .. ..... .. .. . 00\n"
               "db/t1 ......... .. .. 00000 .. .. 0 ..\n");
}
END_TEST

/* At 11 both are put on the vCPU, which runs a handler on top of nothing: t0 is current from 13 on,
   and its turn lasts until 15. */
START_TEST(who_comes_while_a_handler_runs_alone_is_ready) {
  world_watch(&world, DB("1", "", "{ 'sleep': '11us' }, { 'compute': '100us' }",
                         "'vcpus': 1, 'threads': 2, 'guest_timeslice': '2us', 'interrupts': {"
                         "'nic': { 'every': '10us', 'handler': [ { 'compute': '3us' } ] } }",
                         "", "17us"));
  world_expect(&world, US,
               "db/v0 .......... u uu uu uu\n"
               "db/t0 .......... . .. 00 ..\n"
               "db/t1 .......... . .. .. 00\n");
}
END_TEST

/* It has been woken at 5, so at 6 nobody has to kick it, and pay for that; at 8 it finds the lock
 * free. */
START_TEST(who_has_halted_and_is_interrupted_needs_no_kick) {
  world_watch(&world, DB("2", "'l': { 'kind': 'pv', 'spin_limit': '2us', 'wake': '2us' }",
                         "{ 'lock': 'l', 'hold': '6us' }, { 'compute': '10us' }",
                         "'vcpus': 2, 'interrupts': { 'nic': { 'every': '5us', 'vcpu': 1,"
                         "'handler': [ { 'compute': '3us' } ] } }",
                         "", "10us"));
  world_expect(&world, US,
               "db/v0 cc ccc c uu uu\n"
               "db/v1 ss ... u uu cc\n");
}
END_TEST

/* a is free from 6 on, but who spins for it has been interrupted, and the handler spins for b. */
START_TEST(an_interrupted_spinner_takes_nothing) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 3 }, 'locks': { 'a': { 'kind': 'tas' },"
              "'b': { 'kind': 'tas' } }, 'programs': { 'p': [ { 'lock': 'a', 'hold': '6ms' },"
              "{ 'compute': '9ms' } ] }, 'vms': { 'db': { 'vcpus': 3, 'program': 'p',"
              "'interrupts': { 'one': { 'every': '3ms', 'vcpu': 1, 'handler': [ { 'lock': 'b',"
              "'hold': '1ms' } ] }, 'two': { 'every': '2ms', 'vcpu': 2, 'handler': [ { 'lock': 'b',"
              "'hold': '20ms' } ] } } } }, 'run': { 'duration': '9ms' } }");
  world_expect(&world, MS,
               "db/v0   ccccccuuu\n"
               "db/v1   sssssssss\n"
               "db/v2   ssccccccc\n"
               "db/t0:a ######...\n");
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("timelines");
  tcase_add_checked_fixture(tests, NULL, forget);
  tcase_add_test(tests, a_handler_runs_on_top_of_the_thread);
  tcase_add_test(tests, pending_until_the_vcpu_runs);
  tcase_add_test(tests, disabled_until_the_release);
  tcase_add_test(tests, enabled_extends_the_hold);
  tcase_add_test(tests, disabled_while_waiting);
  tcase_add_test(tests, delivery_waits_a_timeslice_for_a_preempted_holder);
  tcase_add_test(tests, a_handler_deadlocks_with_its_own_vcpu);
  tcase_add_test(tests, a_handler_elsewhere_waits);
  tcase_add_test(tests, a_grant_to_an_interrupted_waiter_closes_a_deadlock);
  tcase_add_test(tests, an_interrupted_waiter_takes_no_part_in_a_race);
  tcase_add_test(tests, a_device_wakes);
  tcase_add_test(tests, a_timer_spares_the_idle);
  tcase_add_test(tests, who_is_woken_by_an_interrupt_does_not_jump_the_queue);
  tcase_add_test(tests, timers_are_local_and_devices_rotate);
  tcase_add_test(tests, a_handler_defers_the_guest_timeslice);
  tcase_add_test(tests, what_is_pending_comes_before_the_next_turn);
  tcase_add_test(tests, who_comes_while_a_handler_runs_alone_is_ready);
  tcase_add_test(tests, who_has_halted_and_is_interrupted_needs_no_kick);
  tcase_add_test(tests, an_interrupted_spinner_takes_nothing);
  return suite_run(tests, "interrupts");
}
