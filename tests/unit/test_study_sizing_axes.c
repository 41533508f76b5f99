/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/sizing_axes.h"

#include <check.h>

#include "study/conf.h"
#include "support/bound.h"
#include "support/suite.h"

static struct bound bound;

static void setup(void) { bound = (struct bound){0}; }
static void teardown(void) { bound_free(&bound); }

/* One VM "db" with these members, and three of "web" with 2 vCPUs. */
static const struct scenario *scenario_of(uint32_t n_pcpus, const char *db, const char *rest) {
  bound_bind(&bound, arena_printf(&bound.arena,
                                  "{'version': 1, 'host': {'pcpus': %u},"
                                  "'hypervisor': {'scheduler': {'kind': 'rr'}},"
                                  "'programs': {'p': [{'compute': '1ms'}]},"
                                  "'vms': {'db': {'program': 'p', %s},"
                                  "'web': {'count': 3, 'vcpus': 2, 'program': 'p'}}%s}",
                                  n_pcpus, db, rest));
  ck_assert_ptr_nonnull(bound.scenario);
  return bound.scenario;
}

static void assert_counts(const struct scenario *scenario, const char *vm, const char *expected) {
  const struct scenario *sized = sizing_scenario(scenario, vm, &bound.arena);
  ck_assert_uint_eq(sized->n_sweep_axes, 1);
  const struct conf *axis = sized->sweep->children[0];
  ck_assert_str_eq(axis->key, sizing_path(vm, &bound.arena));
  const char *text = "";
  for (uint32_t i = 0; i < axis->n_children; i++)
    text = arena_printf(&bound.arena, "%s%s%s", text, i ? " " : "", axis->children[i]->text);
  ck_assert_str_eq(text, expected);
}

START_TEST(as_many_as_there_are_pcpus_or_as_it_has) {
  const struct {
    uint32_t n_pcpus;
    const char *db, *counts;
  } cases[] = {
      {4, "'vcpus': 2", "1 2 3 4"},
      {2, "'vcpus': 4", "1 2 3 4"},
      {1, "'vcpus': 1", "1"},
      {16, "'vcpus': 4", "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16"},
      {17, "'vcpus': 7", "1 2 4 6 7 8 10 12 14 16 17"},
      {64, "'vcpus': 6", "1 2 4 6 8 12 16 20 24 28 32 36 40 44 48 52 56 60 64"},
      {100, "'vcpus': 8", "1 2 4 8 16 24 32 40 48 56 64 72 80 88 96 100"},
      {64, "'vcpus': 2, 'affinity': '0-1,60-62'", "1 2 3 4 5"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_counts(scenario_of(cases[i].n_pcpus, cases[i].db, ""), "db", cases[i].counts);
    teardown();
    setup();
  }
}
END_TEST

START_TEST(its_own_axis_is_kept_and_others_are_left_aside) {
  const struct scenario *scenario =
      scenario_of(8, "'vcpus': 2", ", 'sweep': {'vms.db.vcpus': [4, 2, 8], 'host.pcpus': [2, 4]}");
  assert_counts(scenario, "db", "4 2 8");
  assert_counts(scenario, "web", "1 2 3 4 5 6 7 8");
}
END_TEST

START_TEST(one_of_several_stands_for_them_all) {
  const struct scenario *scenario = scenario_of(8, "'vcpus': 4", "");
  ck_assert_str_eq(sizing_vm(scenario, "web"), "web");
  ck_assert_str_eq(sizing_vm(scenario, "web.2"), "web");
  ck_assert_str_eq(sizing_vm(scenario, "db"), "db");
  ck_assert_ptr_null(sizing_vm(scenario, "web.3"));
  ck_assert_ptr_null(sizing_vm(scenario, "vms"));
  ck_assert_uint_eq(sizing_n_vcpus(scenario, "db"), 4);
  ck_assert_uint_eq(sizing_n_vcpus(scenario, "web"), 2);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("sizing_axes");
  tcase_add_checked_fixture(tests, setup, teardown);
  tcase_add_test(tests, as_many_as_there_are_pcpus_or_as_it_has);
  tcase_add_test(tests, its_own_axis_is_kept_and_others_are_left_aside);
  tcase_add_test(tests, one_of_several_stands_for_them_all);
  return suite_run(tests, "study/sizing_axes");
}
