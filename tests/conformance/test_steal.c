/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The steal matrix, worked out by hand. */
#include <check.h>

#include "support/suite.h"

#include "support/world.h"

static struct world world;
static void forget(void) { world_free(&world); }

/* Of all VMs: what each waited while each of them, and in the end nobody, had its pCPUs. */
static void expect_matrix(const int64_t *ready_ns) {
  uint32_t n = world.result->scenario->n_vms;
  for (uint32_t i = 0; i < n; i++) {
    const struct vm_result *vm = &world.result->vms[i];
    int64_t sum_ns = 0;
    for (uint32_t j = 0; j <= n; j++) {
      ck_assert_msg(vm->steal[j].ready_ns == *ready_ns, "%s, column %u: %lld ns", vm->spec->name, j,
                    (long long)vm->steal[j].ready_ns);
      sum_ns += *ready_ns++;
    }
    ck_assert_int_eq(sum_ns, vm->total.runstate_ns[RS_READY]);
  }
}

#define HOGS(pcpus, hypervisor, vms, run)                         \
  "{ 'host': { 'pcpus': " pcpus " }, 'hypervisor': { " hypervisor \
  " },"                                                           \
  "'programs': { 'hog': [ { 'compute': '1s' } ] }, 'vms': { " vms \
  " },"                                                           \
  "'run': { " run ", 'steal_matrix': 'on' } }"

/* a, b/v0 and b/v1 take turns of 10 ms on one pCPU. b/v0 waits for a from 0 to 10 and for its
   sibling from 20 to 30, b/v1 for a, then for its sibling. */
START_TEST(siblings_steal_from_each_other) {
  world_watch(&world, HOGS("1", "'scheduler': { 'kind': 'rr' }",
                           "'a': { 'vcpus': 1, 'program': 'hog' },"
                           "'b': { 'vcpus': 2, 'program': 'hog' }",
                           "'duration': '30ms'"));
  expect_matrix((int64_t[]){0, 20 * MS, 0, /**/ 20 * MS, 20 * MS, 0});
}
END_TEST

/* From 0 to 10 z waits while x has two of three pCPUs and y has one. Whole ns: 6666666.67 are
   6666666, and what is left goes to the next. */
START_TEST(each_pcpu_counts_as_much) {
  world_watch(&world, HOGS("3", "'scheduler': { 'kind': 'rr' }",
                           "'x': { 'vcpus': 2, 'program': 'hog' },"
                           "'y': { 'vcpus': 1, 'program': 'hog' },"
                           "'z': { 'vcpus': 1, 'program': 'hog' }",
                           "'duration': '10ms'"));
  expect_matrix((int64_t[]){0, 0, 0, 0, /**/ 0, 0, 0, 0, /**/ 6666666, 3333334, 0, 0});
}
END_TEST

/* a may use p0 only, where its two vCPUs take turns; who runs on p1 takes nothing from it, and b,
   which may use both, never waits: p1 is free for it. */
START_TEST(only_pcpus_that_may_be_used_count) {
  world_watch(&world, HOGS("2", "'scheduler': { 'kind': 'rr' }",
                           "'a': { 'vcpus': 2, 'program': 'hog', 'affinity': '0' },"
                           "'b': { 'vcpus': 1, 'program': 'hog' }",
                           "'duration': '40ms'"));
  expect_matrix((int64_t[]){40 * MS, 0, 0, /**/ 0, 0, 0});
}
END_TEST

/* The drawing of a cap in docs/model.md: parked for 240 of 420 ms while its pCPU is idle. */
START_TEST(a_cap_is_nobodys_theft) {
  world_watch(&world,
              HOGS("1", "'scheduler': { 'kind': 'credit' }",
                   "'a': { 'vcpus': 1, 'program': 'hog', 'cap': 40 }", "'duration': '420ms'"));
  expect_matrix((int64_t[]){0, 240 * MS});
}
END_TEST

/* The first matrix from 5 to 25: a waits from 10 on; b/v0 up to 10 and from 20 on; b/v1 up to 20.
 */
START_TEST(the_warmup_is_left_out) {
  world_watch(&world, HOGS("1", "'scheduler': { 'kind': 'rr' }",
                           "'a': { 'vcpus': 1, 'program': 'hog' },"
                           "'b': { 'vcpus': 2, 'program': 'hog' }",
                           "'warmup': '5ms', 'duration': '20ms'"));
  expect_matrix((int64_t[]){0, 15 * MS, 0, /**/ 10 * MS, 15 * MS, 0});
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("steal");
  tcase_add_checked_fixture(tests, NULL, forget);
  tcase_add_test(tests, siblings_steal_from_each_other);
  tcase_add_test(tests, each_pcpu_counts_as_much);
  tcase_add_test(tests, only_pcpus_that_may_be_used_count);
  tcase_add_test(tests, a_cap_is_nobodys_theft);
  tcase_add_test(tests, the_warmup_is_left_out);
  return suite_run(tests, "steal matrix");
}
