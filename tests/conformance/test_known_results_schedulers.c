/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Results of schedulers that are known without simulating. A kind that is registered is tested here
   for what it says that it honours. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "hv/sched.h"
#include "support/suite.h"
#include "support/world.h"

static struct world world;
static void forget(void) { world_free(&world); }

#define HOG "'hog': [ { 'compute': '10s' } ]"

/* honour 0: all that need no pCPU for each vCPU. */
static void for_kinds(unsigned honour, void (*check)(const char *kind)) {
  for (size_t i = 0; sched_kinds[i]; i++) {
    bool is_meant = honour ? (sched_kinds[i]->honours & honour) : sched_kinds[i] != &sched_null;
    if (!is_meant) continue;
    printf("%s\n", sched_kinds[i]->kind.name);
    check(sched_kinds[i]->kind.name);
    forget();
  }
}

static void expect_share(const char *vm, double expected, double tolerance) {
  double share = world_share(&world, vm, RS_RUNNING);
  ck_assert_msg(share >= expected - tolerance && share <= expected + tolerance,
                "%s has %g %%, not %g %%", vm, share, expected);
}

/* Xen's documentation: a weight of 512 gets twice as much as one of 256. */
static void check_weights(const char *kind) {
  world_measure(&world,
                "{ 'host': { 'pcpus': 1 }, 'hypervisor': { 'scheduler': { 'kind': '%s' } },"
                "'programs': {" HOG
                "}, 'vms': { 'a': { 'vcpus': 1, 'program': 'hog', 'weight': 256 },"
                "'b': { 'vcpus': 1, 'program': 'hog', 'weight': 512 } },"
                "'run': { 'warmup': '3s', 'duration': '30s' } }",
                kind);
  expect_share("a", 100. / 3, 1);
  expect_share("b", 200. / 3, 1);
}

START_TEST(weights_share_a_pcpu) { for_kinds(HONOURS_WEIGHT, check_weights); }
END_TEST

/* A cap of c % is c % of a pCPU for the whole VM, busy host or not. */
static void check_caps(const char *kind) {
  world_measure(&world,
                "{ 'host': { 'pcpus': 4 }, 'hypervisor': { 'scheduler': { 'kind': '%s' } },"
                "'programs': {" HOG
                "}, 'vms': { 'tenth': { 'vcpus': 1, 'program': 'hog', 'cap': 10 },"
                "'half': { 'vcpus': 1, 'program': 'hog', 'cap': 50, 'limit': 70 },"
                "'pair': { 'vcpus': 2, 'program': 'hog', 'cap': 200, 'limit': 120 } },"
                "'run': { 'warmup': '3s', 'duration': '30s' } }",
                kind);
  expect_share("tenth", 10, .2);
  expect_share("half", 50, .5);
  expect_share("pair", 60, 1);
}

START_TEST(caps_hold) { for_kinds(HONOURS_CAP, check_caps); }
END_TEST

/* Denneman (2010), on one pCPU of 6000 MHz: VM1 has 1000 shares and uses 500 MHz; VM2 1000 shares
   and a reservation of 2250; VM3 2000 shares. VM2 and VM3 compute: VM3 gets 3250, so that VM2 keeps
   to its reservation. If VM3 uses 2000 only, VM2 gets 3500. The sleeps are such that VM1, and VM3
   then, use what they are to, whatever they wait for. */
static void watch_shares(const char *vm1_sleep, const char *vm3_sleep) {
  world_measure(&world,
                "{ 'host': { 'pcpus': 1, 'ghz': 6 }, 'hypervisor': { 'scheduler': { 'kind':"
                "'esx' } }, 'programs': {" HOG
                ", 'vm1': [ { 'compute': '5ms' }, { 'sleep': { 'uniform': %s } } ],"
                "'vm3': [ { 'compute': '50ms' }, { 'sleep': '%s' } ] }, 'vms': {"
                "'vm1': { 'vcpus': 1, 'program': 'vm1', 'weight': 1000 },"
                "'vm2': { 'vcpus': 1, 'program': 'hog', 'weight': 1000, 'reservation': 37.5 },"
                "'vm3': { 'vcpus': 1, 'program': 'vm3', 'weight': 2000 } },"
                "'run': { 'warmup': '5s', 'duration': '60s' } }",
                vm1_sleep, vm3_sleep);
}

static void expect_mhz(const char *vm, double expected) {
  expect_share(vm, expected / 60, .01 * expected / 60);
}

START_TEST(mhz_per_share) {
  watch_shares("[ '42.6ms', '62.4ms' ]", "0");
  expect_mhz("vm1", 500);
  expect_mhz("vm2", 2250);
  expect_mhz("vm3", 3250);
  forget();
  watch_shares("[ '37ms', '59ms' ]", "52ms");
  expect_mhz("vm1", 500);
  expect_mhz("vm2", 3500);
  expect_mhz("vm3", 2000);
}
END_TEST

/* Five on two pCPUs, all alike: two fifths each, and no pCPU is ever idle. */
static void check_fairness(const char *kind) {
  world_measure(&world,
                "{ 'host': { 'pcpus': 2 }, 'hypervisor': { 'scheduler': { 'kind': '%s' } },"
                "'programs': {" HOG
                "}, 'vms': { 'a': { 'vcpus': 2, 'program': 'hog', 'start': '3ms' },"
                "'b': { 'vcpus': 1, 'count': 3, 'program': 'hog' } },"
                "'run': { 'warmup': '3s', 'duration': '30s' } }",
                kind);
  expect_share("a", 40, 1);
  for (int i = 0; i < 3; i++) expect_share((const char *[]){"b.0", "b.1", "b.2"}[i], 40, 1);
  ck_assert_int_eq(world.result->host.fragmentation_ns, 0);
}

START_TEST(equals_get_the_same) { for_kinds(0, check_fairness); }
END_TEST

int main(void) {
  TCase *tests = tcase_create("schedulers");
  tcase_add_checked_fixture(tests, NULL, forget);
  tcase_add_test(tests, weights_share_a_pcpu);
  tcase_add_test(tests, caps_hold);
  tcase_add_test(tests, mhz_per_share);
  tcase_add_test(tests, equals_get_the_same);
  return suite_run(tests, "known results of schedulers");
}
