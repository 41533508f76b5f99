/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Help against spinning, drawn by hand from the model; support/world.h says what the characters
   mean. */
#include <check.h>

#include "support/world.h"

static struct world world;
static void forget(void) { world_free(&world); }

/* --- pause-loop exits --- */

static void watch_three_on_one(const char *yield) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 1 }, 'hypervisor': { 'scheduler': { 'kind': 'rr',"
              "'timeslice': '10ms' }, 'ple': { 'yield': '%s', 'window': '2ms', 'exit_cost':"
              "'1ms' } }, 'locks': { 'l': { 'kind': 'ticket' } },"
              "'programs': { 'hog': [ { 'compute': '1s' } ],"
              "'p': [ { 'compute': '4ms' }, { 'lock': 'l', 'hold': '8ms' } ] },"
              "'vms': { 'db': { 'vcpus': 2, 'program': 'p' },"
              "'noise': { 'vcpus': 1, 'program': 'hog' } }, 'run': { 'duration': '45ms' } }",
              yield);
}

/* v1 spins for v0, which is READY, for one window; it pays for the exit and goes to the tail,
   behind noise and v0. At 33 it is v0 that wants the lock, granted to v1 at 29. */
START_TEST(undirected_goes_to_the_tail) {
  watch_three_on_one("undirected");
  world_expect(&world, MS,
               "db/v0    uuuucccccc rrrrrrr rrrrrrrrrr ccuuuusso rrrrrrrrr\n"
               "db/v1    rrrrrrrrrr uuuusso rrrrrrrrrr rrrrrrrrr ccccccccu\n"
               "noise/v0 rrrrrrrrrr rrrrrrr uuuuuuuuuu rrrrrrrrr rrrrrrrrr\n");
  const struct vm_result *db = world_vm(&world, "db");
  ck_assert_uint_eq(db->vcpus[0].ledger.ple_exits, 1);
  ck_assert_uint_eq(db->vcpus[1].ledger.ple_exits, 1);
  ck_assert_uint_eq(db->total.preemptions, 1); /* of v0 at 10: a yield is none */
  ck_assert_int_eq(db->total.activity_ns[ACT_OVERHEAD], 2 * MS);
  ck_assert_int_eq(db->total.spin_ns[SPIN_LHP_READY], 2 * MS);
  ck_assert_int_eq(db->total.spin_ns[SPIN_LWP], 2 * MS);
}
END_TEST

/* v0 takes over what is left of v1's slice, up to 20, and releases in it; v1 owns
   the lock then. */
START_TEST(directed_goes_to_a_sibling) {
  watch_three_on_one("directed");
  world_expect(&world, MS,
               "db/v0    uuuucccccc rrrrrrr ccu rrrrrrrrrr rrrrrrrrrr uuucc\n"
               "db/v1    rrrrrrrrrr uuuusso rrr rrrrrrrrrr ccccccccuu rrrrr\n"
               "noise/v0 rrrrrrrrrr rrrrrrr rrr uuuuuuuuuu rrrrrrrrrr rrrrr\n");
}
END_TEST

/* The windows of one wait, in cycles: 4096, then twice as long after each exit, up to 65536. */
static void expect_doubling(const char *yield) {
  static const int64_t exits_ns[] = {4096, 12288, 28672, 61440, 126976, 192512};
  world_watch(&world,
              "{ 'host': { 'pcpus': 2, 'ghz': 1 }, 'hypervisor': { 'ple': { 'yield': '%s' } },"
              "'locks': { 'l': { 'kind': 'ticket' } }, 'programs': { 'p': [ { 'lock': 'l',"
              "'hold': '1s' } ] }, 'vms': { 'db': { 'vcpus': 2, 'program': 'p' } },"
              "'run': { 'duration': '200us' } }",
              yield);
  size_t n = 0;
  for (size_t i = 0; i < world.n_records; i++) {
    const struct trace_record *record = &world.records[i];
    if (record->what != TRACE_ACTIVITY || record->to != ACT_OVERHEAD) continue;
    ck_assert_uint_lt(n, sizeof exits_ns / sizeof *exits_ns);
    ck_assert_uint_eq(record->vcpu, 1);
    ck_assert_int_eq(record->at_ns, exits_ns[n++]);
  }
  ck_assert_uint_eq(n, 6);
  ck_assert_uint_eq(world_vm(&world, "db")->total.ple_exits, 6);
  ck_assert_int_eq(world_vm(&world, "db")->total.runstate_ns[RS_RUNNING], 2 * 200 * US);
  forget();
}

START_TEST(windows_double) {
  expect_doubling("directed");
  expect_doubling("undirected");
}
END_TEST

/* v1's windows are 3 and 6 ms up to its yield at 9, and 3 ms again when it is dispatched at 10,
   where v0 has lost its pCPU; at 13 v0 gets that of v1. */
START_TEST(windows_start_anew_with_a_dispatch) {
  world_watch(&world,
              "{ 'host': { 'pcpus': 2 }, 'hypervisor': { 'scheduler': { 'kind': 'rr',"
              "'timeslice': '10ms' }, 'ple': { 'yield': 'undirected', 'window': '3ms' } },"
              "'locks': { 'l': { 'kind': 'ticket' } }, 'programs': { 'hog': [ { 'compute': '1s' }"
              "], 'p': [ { 'lock': 'l', 'hold': '1s' } ] }, 'vms': {"
              "'db': { 'vcpus': 2, 'program': 'p' },"
              "'late': { 'vcpus': 1, 'program': 'hog', 'start': '5ms' } },"
              "'run': { 'duration': '24ms' } }");
  world_expect(&world, MS,
               "db/v0   cccccccccc rrr cccccccccc r\n"
               "db/v1   sssssssssr sss rrrrrrsssr s\n"
               "late/v0 .....rrrru uuu uuuuuurrru u\n");
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("timelines_cures");
  tcase_add_checked_fixture(tests, NULL, forget);
  tcase_add_test(tests, undirected_goes_to_the_tail);
  tcase_add_test(tests, directed_goes_to_a_sibling);
  tcase_add_test(tests, windows_double);
  tcase_add_test(tests, windows_start_anew_with_a_dispatch);
  return world_main(tests, "timelines of cures");
}
