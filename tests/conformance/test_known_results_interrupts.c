/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Interrupts and spinlocks: results known from closed forms. */
#include <check.h>

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "support/suite.h"

#include "support/world.h"

static struct world world;
static void forget(void) { world_free(&world); }

static void expect_near(double value, double wanted, double tolerance, const char *what) {
  ck_assert_msg(fabs(value - wanted) <= tolerance * wanted, "%s: %g, not %g", what, value, wanted);
}

static double mean_hold_us(const char *lock) {
  const struct lock_result *result = world_lock(&world, "db", lock);
  return (double)result->hold.sum_ns / (double)result->hold.n / 1e3;
}

/* One vCPU on a pCPU of its own, sections of 50 us, handlers of 20 us, and n sources that share the
   rate, so that few arrivals coalesce. */
static void measure_holds(const char *interrupts, unsigned n_sources, unsigned every_us) {
  char sources[2000] = "";
  for (unsigned i = 0; i < n_sources; i++) {
    char source[200];
    (void)snprintf(source, sizeof source,
                   "%s's%u': { 'every': { 'exponential': '%uus' }, 'handler':"
                   "[ { 'compute': '20us' } ] }",
                   i ? ", " : "", i, every_us * n_sources);
    strcat(sources, source);
  }
  world_measure(&world,
                "{ 'host': { 'pcpus': 1 }, 'locks': { 'l': { 'kind': 'os2', 'interrupts': '%s' } },"
                "'programs': { 'p': [ { 'compute': { 'exponential': '50us' } }, { 'lock': 'l',"
                "'hold': '50us' } ] }, 'vms': { 'db': { 'vcpus': 1, 'program': 'p', 'interrupts':"
                "{ %s } } }, 'run': { 'duration': '20s' } }",
                interrupts, sources);
}

/* E[hold] = S / (1 - rate H): 62.5 and 52.63 us. */
START_TEST(enabled_interrupts_stretch_holds) {
  measure_holds("enabled", 8, 100);
  expect_near(mean_hold_us("l"), 50 / (1 - 0.2), 0.005, "hold");
  forget();
  measure_holds("enabled", 8, 400);
  expect_near(mean_hold_us("l"), 50 / (1 - 0.05), 0.005, "hold");
}
END_TEST

/* One source alone: what comes in a handler's 20 us makes one more handler, whether it is one
   arrival or several. E[hold] = S (1 + rate H e^(rate H)). */
START_TEST(coalesced_interrupts_stretch_holds_less) {
  measure_holds("enabled", 1, 100);
  expect_near(mean_hold_us("l"), 50 * (1 + 0.2 * exp(0.2)), 0.005, "hold");
}
END_TEST

/* No interrupt is taken while the flag is saved: holds are what they were. */
START_TEST(disabled_interrupts_leave_holds_alone) {
  measure_holds("disabled", 8, 100);
  const struct lock_result *lock = world_lock(&world, "db", "l");
  ck_assert_uint_gt(lock->hold.n, 100000);
  ck_assert_int_eq(lock->hold.sum_ns, (int64_t)lock->hold.n * 50 * US);
  ck_assert_int_eq(lock->hold.max_ns, 50 * US);
}
END_TEST

/* Slices of 10 ms in turns with a hog, sections of 2 ms: what arrives inside of a section that is
   preempted waits for the rest of it, and the hog's slice. */
START_TEST(delivery_waits_for_a_preempted_holder) {
  world_measure(&world,
                "{ 'host': { 'pcpus': 1 }, 'locks': { 'l': { 'kind': 'os2' } }, 'programs': {"
                "'hog': [ { 'compute': '1s' } ], 'p': [ { 'compute': { 'exponential': '2ms' } },"
                "{ 'lock': 'l', 'hold': '2ms' } ] }, 'vms': { 'db': { 'vcpus': 1, 'program': 'p',"
                "'interrupts': { 'nic': { 'every': { 'exponential': '1ms' } } } },"
                "'hog': { 'vcpus': 1, 'program': 'hog' } }, 'run': { 'duration': '60s' } }");
  const struct interrupt_result *nic = &world_vm(&world, "db")->interrupts[0];
  ck_assert_int_le(nic->latency.max_ns, 12 * MS);
  ck_assert_int_gt(nic->latency.max_ns, 11900 * US);
}
END_TEST

#define ORDER(handler_lock)                                                                      \
  "{ 'host': { 'pcpus': 1 }, 'locks': { 'k1': { 'kind': 'tas', 'class': 'kernel', 'level': 1 }," \
  "'k2': { 'kind': 'tas', 'class': 'kernel', 'level': 2 }, 'd': { 'kind': 'tas', 'class':"       \
  "'driver' } }, 'programs': { 'p': [ { 'lock': 'k1', 'hold': '6us' } ] }, 'vms': { 'db': {"     \
  "'vcpus': 1, 'program': 'p', 'interrupts': { 'nic': { 'every': '4us', 'handler': [ { "         \
  "'lock':'" handler_lock "', 'hold': '1us' } ] } } } }, 'run': { 'duration': '100us' } }"

/* What its vCPU owns below it counts for a handler; each pair of locks is named once. */
START_TEST(an_order_broken_by_a_handler_is_noted) {
  world_measure(&world, ORDER("k2"));
  ck_assert_uint_eq(world.result->n_notes, 0);
  forget();
  world_measure(&world, ORDER("d"));
  ck_assert_uint_eq(world.result->n_notes, 1);
  ck_assert_str_eq(world.result->notes[0].text,
                   "lock order broken in db at 4us: interrupt 'nic' on v0 asks for 'd' "
                   "(vms.db.interrupts.nic.handler.0) while its vCPU owns 'k1' (programs.p.0, by "
                   "thread 0)");
  ck_assert_uint_eq(world_vm(&world, "db")->deadlocks, 0);
}
END_TEST

/* a waits for b's owner, b for c's, c for a's: closes at the last request, named in order. */
START_TEST(a_cycle_of_three_is_named) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 3 }, 'locks': { 'a': { 'kind': 'os2' }, 'b': { 'kind': 'os2' },"
              "'c': { 'kind': 'os2' } }, 'programs': { 'x': [ { 'lock': 'a', 'do': [ { 'compute':"
              "'4us' }, { 'lock': 'b', 'hold': '1us' } ] }, { 'lock': 'b', 'do': [ { 'compute':"
              "'4us' }, { 'lock': 'c', 'hold': '1us' } ] }, { 'lock': 'c', 'do': [ { 'compute':"
              "'4us' }, { 'lock': 'a', 'hold': '1us' } ] } ] }, 'vms': { 'db': { 'vcpus': 3,"
              "'program': 'x' } }, 'run': { 'duration': '60us' } }");
  const struct vm_result *vm = world_vm(&world, "db");
  ck_assert_uint_eq(vm->deadlocks, 1);
  const char *text = world.result->notes[0].text;
  unsigned n_links = 0;
  for (const char *at = text; (at = strstr(at, " waits for '")); at++) n_links++;
  ck_assert_msg(n_links == 3, "%s", text);
}
END_TEST

/* v1 of db never has a thread. What it handles is no step of the thread beside it, which has its VM
   to itself: that one computes 3 us of every 6. */
START_TEST(a_vcpu_without_a_thread_steps_for_itself) {
  world_measure(&world,
                "{ 'host': { 'pcpus': 3 }, 'hypervisor': { 'scheduler': { 'kind': 'null' } },"
                "'programs': { 'p': [ { 'compute': '3us' }, { 'sleep': '3us' } ] }, 'vms': {"
                "'alone': { 'vcpus': 1, 'program': 'p' }, 'db': { 'vcpus': 2, 'threads': 1,"
                "'program': 'p', 'interrupts': { 'nic': { 'every': '5us', 'vcpu': 1, 'handler':"
                "[ { 'compute': '2us' } ] } } } }, 'run': { 'duration': '6ms' } }");
  ck_assert_uint_eq(world_vm(&world, "alone")->iterations, 1000);
  ck_assert_int_eq(world_vm(&world, "alone")->total.activity_ns[ACT_USEFUL], 3 * MS);
  ck_assert_uint_eq(world_vm(&world, "db")->interrupts[0].taken, 1200);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("known results");
  tcase_add_checked_fixture(tests, NULL, forget);
  tcase_set_timeout(tests, 60);
  tcase_add_test(tests, enabled_interrupts_stretch_holds);
  tcase_add_test(tests, coalesced_interrupts_stretch_holds_less);
  tcase_add_test(tests, disabled_interrupts_leave_holds_alone);
  tcase_add_test(tests, delivery_waits_for_a_preempted_holder);
  tcase_add_test(tests, an_order_broken_by_a_handler_is_noted);
  tcase_add_test(tests, a_cycle_of_three_is_named);
  tcase_add_test(tests, a_vcpu_without_a_thread_steps_for_itself);
  return suite_run(tests, "interrupts and spinlocks");
}
