/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Presets expand where they are written: over the levels below, under the keys beside them. */
#include "study/preset.h"

#include <check.h>
#include <string.h>

#include "study/scenario_bind.h"
#include "support/bound.h"
#include "support/suite.h"

static struct bound bound;

static void setup(void) { bound = (struct bound){0}; }
static void teardown(void) { bound_free(&bound); }

#define REST                                                                             \
  "'host': { 'pcpus': 2, 'topology': { 'threads_per_core': 2 } }, 'programs': { 'p': [ " \
  "{ 'compute': '1ms' } ] }, 'vms': { 'a': { 'vcpus': 1, 'program': 'p' } } }"

static const struct conf *set(const struct conf *root, const char *path, const char *value) {
  return scenario_set(root, path, conf_string(&bound.arena, value), &bound.diags, &bound.arena);
}

static void expect_text(const struct conf *root, const char *path, const char *text) {
  const struct conf *node = conf_find_path(root, path);
  ck_assert_msg(node != NULL, "%s", path);
  ck_assert_str_eq(node->text, text);
}

START_TEST(own_keys_go_over_it) {
  bound_read(
      &bound,
      "{ 'hypervisor': { 'preset': 'xen-credit', 'scheduler': { 'timeslice': '5ms' } }," REST);
  const struct conf *root = preset_expand(bound.root, &bound.diags, &bound.arena);
  expect_text(root, "hypervisor.scheduler.timeslice", "5ms");
  expect_text(root, "hypervisor.scheduler.kind", "credit");
  expect_text(root, "hypervisor.ple.yield", "undirected");
  expect_text(root, "host.costs.context_switch", "1.5us");
  expect_text(root, "host.pcpus", "2");
  ck_assert_ptr_null(conf_find_path(root, PRESET_PATH));
}
END_TEST

START_TEST(it_goes_over_what_is_below) {
  bound_read(&bound,
             "{ 'hypervisor': { 'scheduler': { 'kind': 'rr', 'timeslice': '5ms' },"
             "'coscheduling': { 'kind': 'strict' }, 'ple': { 'window': '1us' } }," REST);
  const struct conf *root = set(bound.root, PRESET_PATH, "kvm-6.18");
  expect_text(root, "hypervisor.scheduler.kind", "eevdf");
  expect_text(root, "hypervisor.coscheduling.kind", "none");
  expect_text(root, "hypervisor.ple.window", "4096cycles");
  ck_assert_ptr_null(conf_find_path(root, "hypervisor.scheduler.timeslice"));
  root = set(set(root, PRESET_PATH, "hyperv-core"), PRESET_PATH, "xen-credit");
  ck_assert_ptr_null(conf_find_path(root, "hypervisor.core_scheduling"));
  expect_text(set(root, "hypervisor.ple.yield", "off"), "hypervisor.ple.yield", "off");
}
END_TEST

START_TEST(slips_are_named) {
  bound_read(&bound, "{" REST);
  ck_assert_ptr_null(set(bound.root, PRESET_PATH, "xen-credit3"));
  const struct diag *diag = bound_diag(&bound, PRESET_PATH);
  ck_assert_str_eq(diag->message, "unknown preset 'xen-credit3'");
  ck_assert_ptr_nonnull(strstr(diag->hint, "did you mean 'xen-credit"));
}
END_TEST

/* All that a preset says is a key with a value that the program knows, without a warning. */
START_TEST(every_preset_is_a_good_scenario) {
  const char *words[PRESETS_MAX + 1];
  bound_read(&bound, "{" REST);
  const struct conf *root =
      set(bound.root, PRESET_PATH, preset_names(PRESET_HYPERVISOR, words)[_i]);
  ck_assert_ptr_nonnull(root);
  const struct scenario *scenario = scenario_bind(root, &bound.diags, &bound.arena);
  ck_assert_uint_eq(bound.diags.n, 0);
  ck_assert_ptr_nonnull(scenario);
  ck_assert_int_eq(scenario->hypervisor.ple.exit_cost_ns, 550);
  for (size_t i = 0; i < preset_at(PRESET_HYPERVISOR, (size_t)_i)->n_values; i++)
    ck_assert_str_ne(preset_at(PRESET_HYPERVISOR, (size_t)_i)->values[i].source, "");
}
END_TEST

/* --- of programs --- */

#define PROGRAM(preset, rest) \
  "{ 'host': { 'pcpus': 2 }, 'vms': { 'a': { 'vcpus': 2, 'program': " preset " } } " rest "}"

static const struct conf *expand(const char *text) {
  bound_read(&bound, text);
  return preset_expand(bound.root, &bound.diags, &bound.arena);
}

START_TEST(a_vm_gets_a_program_of_that_name) {
  const struct conf *root = expand(PROGRAM("{ 'preset': 'linux-lru' }", ""));
  expect_text(root, "vms.a.program", "linux-lru");
  expect_text(root, "programs.linux-lru.0.compute.exponential", "100us");
  expect_text(root, "programs.linux-lru.1.lock", "lru_lock");
  expect_text(root, "programs.linux-lru.1.hold.exponential", "930ns");
  expect_text(root, "locks.lru_lock.kind", "mcs");
}
END_TEST

START_TEST(its_lock_may_be_of_another_kind) {
  const struct conf *root = expand(
      PROGRAM("{ 'preset': 'linux-lru' }", ", 'locks': { 'lru_lock': { 'kind': 'ticket' } }"));
  expect_text(root, "locks.lru_lock.kind", "ticket");
  root = set(root, "programs.linux-lru.0.compute.exponential", "20us");
  expect_text(root, "programs.linux-lru.0.compute.exponential", "20us");
}
END_TEST

START_TEST(a_slip_in_a_program_is_named_once) {
  const struct conf *root = expand(PROGRAM("{ 'preset': 'linux-lur' }", ""));
  (void)scenario_bind(root, &bound.diags, &bound.arena);
  ck_assert_uint_eq(bound.diags.n, 1);
  const struct diag *diag = bound_diag(&bound, "vms.a.program.preset");
  ck_assert_str_eq(diag->message, "unknown preset 'linux-lur'");
  ck_assert_ptr_nonnull(strstr(diag->hint, "did you mean 'linux-lru'"));
}
END_TEST

START_TEST(every_program_is_a_good_scenario) {
  const struct preset *preset = preset_at(PRESET_PROGRAM, (size_t)_i);
  bound_read(&bound, arena_printf(&bound.arena, PROGRAM("{ 'preset': '%s' }", ""), preset->name));
  const struct conf *root = preset_expand(bound.root, &bound.diags, &bound.arena);
  const struct scenario *scenario = scenario_bind(root, &bound.diags, &bound.arena);
  ck_assert_uint_eq(bound.diags.n, 0);
  ck_assert_ptr_nonnull(scenario);
  ck_assert_str_eq(scenario->vms[0].guest.program->name, preset->name);
  for (size_t i = 0; i < preset->n_values; i++) ck_assert_str_ne(preset->values[i].source, "");
}
END_TEST

int main(void) {
  int n = 0;
  while (preset_at(PRESET_HYPERVISOR, (size_t)n)) n++;
  TCase *tests = tcase_create("preset");
  tcase_add_checked_fixture(tests, setup, teardown);
  tcase_add_test(tests, own_keys_go_over_it);
  tcase_add_test(tests, it_goes_over_what_is_below);
  tcase_add_test(tests, slips_are_named);
  tcase_add_loop_test(tests, every_preset_is_a_good_scenario, 0, n);
  for (n = 0; preset_at(PRESET_PROGRAM, (size_t)n);) n++;
  tcase_add_test(tests, a_vm_gets_a_program_of_that_name);
  tcase_add_test(tests, its_lock_may_be_of_another_kind);
  tcase_add_test(tests, a_slip_in_a_program_is_named_once);
  tcase_add_loop_test(tests, every_program_is_a_good_scenario, 0, n);
  return suite_run(tests, "study/preset");
}
