/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/batches.h"

#include <check.h>
#include <math.h>

#include "study/machine.h"
#include "support/bound.h"
#include "support/figures.h"
#include "support/suite.h"

enum { N = 4, MANY = 997 };

struct scene {
  struct arena arena;
  struct sim sim;
  struct hv hv;
  struct pcpu pcpus[2];
  struct guest guest;
  struct guest_vm vms[2];
  struct vcpu someone;
};

static void scene_start(struct scene *scene) {
  *scene = (struct scene){0};
  scene->hv = (struct hv){.sim = &scene->sim, .pcpus = scene->pcpus, .n_pcpus = 2};
  scene->guest = (struct guest){.vms = scene->vms};
}

/* VM 0 counts 3, 5, 4, 8 iterations in the four batches: mean 5, squares 4 + 0 + 1 + 9 = 14, steps
   4 + 1 + 16 = 21, so 1 - 21 / 28 = 0.25 and sqrt(14 / 3) / 5. VM 1 counts 2 in each. */
START_TEST(correlation_by_hand) {
  struct scene scene;
  struct batches batches;
  const uint64_t counts[N] = {3, 8, 12, 20};
  scene_start(&scene);
  batches_init(&batches, 2, NULL, &scene.arena);
  ck_assert_uint_eq(batches.n, BATCHES);
  for (uint64_t i = 0; i < N; i++) {
    scene.vms[0].latency.count = counts[i];
    scene.vms[1].latency.count = 2 * (i + 1);
    batches_take(&batches, &scene.hv, &scene.guest);
  }
  struct vm_result result = {0}, even = {0};
  batches_read(&batches, 0, &result);
  batches_read(&batches, 1, &even);
  ck_assert_double_eq_tol(result.batch_correlation, 0.25, 1e-12);
  ck_assert_double_eq_tol(result.batch_variation, sqrt(14. / 3) / 5, 1e-12);
  ck_assert_double_eq(even.batch_correlation, 0);
  ck_assert_double_eq(even.batch_variation, 0);
  arena_free(&scene.arena);
}
END_TEST

/* pCPU 0 has been busy for 7 since it began at 10 with 100 on its clock; pCPU 1 is idle. */
START_TEST(series_adds_up_the_machine) {
  struct scene scene;
  struct batches batches;
  double iterations[2], busy_ns[2];
  struct batch_series series = {2, iterations, busy_ns};
  scene_start(&scene);
  scene.pcpus[0] = (struct pcpu){&scene.someone, .busy_ns = 100, .busy_since_ns = 10};
  scene.pcpus[1].busy_ns = 50;
  batches_init(&batches, 2, &series, &scene.arena);
  scene.sim.now_ns = 17;
  scene.vms[0].latency.count = 3;
  scene.vms[1].latency.count = 4;
  batches_take(&batches, &scene.hv, &scene.guest);
  scene.sim.now_ns = 20;
  scene.vms[1].latency.count = 9;
  batches_take(&batches, &scene.hv, &scene.guest);
  ck_assert_double_eq(busy_ns[0], 157);
  ck_assert_double_eq(busy_ns[1], 3);
  ck_assert_double_eq(iterations[0], 7);
  ck_assert_double_eq(iterations[1], 5);
  arena_free(&scene.arena);
}
END_TEST

/* The last ends with the window, however long that is. */
START_TEST(ends_of_batches) {
  struct batches batches = {.n = BATCHES};
  ck_assert_int_eq(batches_end_ns(&batches, 100), 3);
  batches.n_done = 15;
  ck_assert_int_eq(batches_end_ns(&batches, INT64_C(1) << 62), INT64_C(1) << 61);
  batches.n_done = 31;
  ck_assert_int_eq(batches_end_ns(&batches, (INT64_C(1) << 62) + 1), (INT64_C(1) << 62) + 1);
  ck_assert_int_eq(batches_end_ns(&batches, 1), 1);
}
END_TEST

/* Fishman: variance (n - 2) / (n^2 - 1) for n batches: 30 / 1023; over 4 runs a quarter. */
START_TEST(chance_of_correlation) {
  ck_assert_double_eq_tol(batches_chance(1), 0.171247, 1e-6);
  ck_assert_double_eq_tol(batches_chance(4), 0.171247 / 2, 1e-6);
}
END_TEST

static const char *const busy_host =
    "{ 'host': { 'pcpus': 3, 'costs': { 'context_switch': '1us' } },"
    "'hypervisor': { 'scheduler': { 'kind': 'rr', 'timeslice': '500us' },"
    "'coscheduling': { 'kind': 'relaxed', 'costop_threshold': '300us',"
    "'costart_threshold': '200us', 'poll': '100us' } },"
    "'locks': { 'l': { 'kind': 'ticket' }, 'm': { 'kind': 'mutex' } }, 'programs': {"
    "'p': [ { 'compute': { 'exponential': '40us' } }, { 'lock': 'l', 'hold': '7us' } ],"
    "'q': [ { 'compute': '30us' }, { 'lock': 'm', 'hold': { 'exponential': '20us' } },"
    "{ 'sleep': { 'exponential': '100us' } } ] },"
    "'vms': { 'db': { 'vcpus': 3, 'program': 'p' }, 'web': { 'vcpus': 2, 'program': 'q' } },"
    "'run': { 'warmup': '5ms', 'duration': '50ms' } }";

/* Looked at 32, 997 or once, a machine does the same; and what was seen adds up to all it did. */
START_TEST(looking_changes_nothing) {
  struct bound bound = {0};
  bound_bind(&bound, busy_host);
  ck_assert_ptr_nonnull(bound.scenario);
  const struct run_result *plain =
      machine_run(bound.scenario, &(struct machine_options){0}, &bound.arena);
  static struct figures expected, found;
  figures_read(&expected, plain);
  for (uint32_t n = 1; n <= MANY; n += MANY - 1) {
    double iterations[MANY], busy_ns[MANY], total = 0, total_ns = 0;
    struct batch_series series = {n, iterations, busy_ns};
    const struct run_result *seen =
        machine_run(bound.scenario, &(struct machine_options){.series = &series}, &bound.arena);
    figures_read(&found, seen);
    figures_expect_same(&expected, &found);
    ck_assert_uint_eq(seen->host.events, plain->host.events);
    for (uint32_t i = 0; i < n; i++) {
      total += iterations[i];
      total_ns += busy_ns[i];
    }
    ck_assert_double_eq(total, (double)(plain->vms[0].iterations + plain->vms[1].iterations));
    ck_assert_double_eq(total_ns, (double)plain->host.busy_ns);
  }
  ck_assert_double_gt(plain->vms[1].batch_variation, 0);
  bound_free(&bound);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("batches");
  tcase_add_test(tests, correlation_by_hand);
  tcase_add_test(tests, series_adds_up_the_machine);
  tcase_add_test(tests, ends_of_batches);
  tcase_add_test(tests, chance_of_correlation);
  tcase_add_test(tests, looking_changes_nothing);
  return suite_run(tests, "study/batches");
}
