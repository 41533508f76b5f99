/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a text becomes; what is refused, and how, is the subject of tests/cli/errors. */
#include "study/scenario_bind.h"

#include <check.h>
#include <string.h>

#include "guest/gsched.h"
#include "guest/lock.h"
#include "hv/cosched.h"
#include "hv/sched.h"
#include "study/expect.h"
#include "support/bound.h"
#include "support/suite.h"

static struct bound bound;

static void forget(void) { bound_free(&bound); }

#define HOST "'host': { 'pcpus': 70 },"
#define PROGRAM "'programs': { 'p': [ { 'compute': '1ms' } ] },"
#define VM "'vms': { 'a': { 'vcpus': 2, 'program': 'p' } }"

static const struct scenario *bind_good(const char *text) {
  bound_bind(&bound, text);
  if (bound.diags.n)
    ck_abort_msg("%s: %s", bound.diags.items[0].path, bound.diags.items[0].message);
  ck_assert_ptr_nonnull(bound.scenario);
  return bound.scenario;
}

START_TEST(defaults_are_those_of_the_rows) {
  const struct scenario *scenario = bind_good("{" HOST PROGRAM VM "}");
  ck_assert_str_eq(scenario->name, "unnamed");
  ck_assert_str_eq(scenario->description, "");
  ck_assert_uint_eq(scenario->host.n_pcpus, 70);
  ck_assert_int_eq(scenario->host.migration_ns, 0);
  ck_assert_ptr_eq(scenario->hypervisor.scheduler.kind, &sched_rr.kind);
  ck_assert_ptr_eq(scenario->hypervisor.coscheduling.kind, &cosched_none.kind);
  const struct sched_rr_params *rr = (const void *)&scenario->hypervisor.scheduler.params;
  ck_assert_int_eq(rr->timeslice_ns, 10000000);
  const struct guest_spec *guest = &scenario->vms[0].guest;
  ck_assert_uint_eq(guest->n_threads, 2);
  ck_assert_uint_eq(guest->iterations, 0);
  ck_assert_int_eq(guest->timeslice_ns, 10000000);
  ck_assert_uint_eq(guest->placement, PLACEMENT_IDLE_FIRST);
  ck_assert_uint_eq(guest->balance, BALANCE_STEAL);
  ck_assert_ptr_null(scenario->vms[0].affinity);
  ck_assert_ptr_eq(guest->program, &scenario->programs[0]);
  ck_assert_uint_eq(scenario->run.seed, 1);
}
END_TEST

START_TEST(programs_become_ops_with_their_paths) {
  const struct scenario *scenario = bind_good(
      "{" HOST VM
      ", 'locks': { 'l': { 'kind': 'ticket' }, 'm': { 'kind': 'mutex' } },"
      "'barriers': { 'b': { 'kind': 'spin', 'parties': 2 } },"
      "'programs': { 'p': [ { 'lock': 'm', 'do': [ { 'sleep': '1us' }, { 'lock': 'l', 'hold':"
      " { 'exponential': '2us' } } ] }, { 'barrier': 'b' }, { 'yield': true },"
      "{ 'shootdown': { 'handler': '3us' } } ] } }");
  static const struct {
    enum op_code code;
    uint32_t target;
    const char *path;
  } expected[] = {{OP_LOCK, 1, "programs.p.0"},        {OP_SLEEP, 0, "programs.p.0.do.0.sleep"},
                  {OP_LOCK, 0, "programs.p.0.do.1"},   {OP_COMPUTE, 0, "programs.p.0.do.1.hold"},
                  {OP_UNLOCK, 0, "programs.p.0.do.1"}, {OP_UNLOCK, 1, "programs.p.0"},
                  {OP_BARRIER, 0, "programs.p.1"},     {OP_YIELD, 0, "programs.p.2"},
                  {OP_SHOOTDOWN, 0, "programs.p.3"},   {OP_END, 0, "programs.p"}};
  const struct program *program = &scenario->programs[0];
  ck_assert_uint_eq(program->n_ops, sizeof expected / sizeof *expected);
  for (uint32_t i = 0; i < program->n_ops; i++) {
    ck_assert_int_eq(program->ops[i].code, expected[i].code);
    ck_assert_uint_eq(program->ops[i].target, expected[i].target);
    ck_assert_str_eq(program->ops[i].path, expected[i].path);
  }
  ck_assert_int_eq(program->ops[3].purpose, RNG_HOLD);
  ck_assert_double_eq(program->ops[3].dist.mean_ns, 2000);
  ck_assert_int_eq(scenario->barriers[0].wait, BARRIER_SPIN);
  ck_assert_double_eq(program->ops[8].dist.mean_ns, 3000);
  /* Calls are interrupts to those who are called. */
  const struct guest_spec *guest = &scenario->vms[0].guest;
  ck_assert_uint_eq(guest->n_interrupts, 1);
  ck_assert_int_eq(guest->interrupts[0].kind, INTERRUPT_CALL);
}
END_TEST

START_TEST(counts_make_vms_that_differ_in_name_only) {
  const struct scenario *scenario = bind_good(
      "{" HOST PROGRAM
      "'vms': { 'a': { 'vcpus': 1, 'program': 'p', 'count': 2 },"
      "'b': { 'vcpus': 3, 'program': 'p' }, 'c': { 'vcpus': 1, 'program': 'p', 'count': 1 } } }");
  static const char *const names[] = {"a.0", "a.1", "b", "c.0"};
  ck_assert_uint_eq(scenario->n_vms, 4);
  for (uint32_t i = 0; i < 4; i++) ck_assert_str_eq(scenario->vms[i].name, names[i]);
  ck_assert_str_eq(scenario->vms[1].base_name, "a");
  ck_assert_str_eq(scenario->vms[2].base_name, "b");
}
END_TEST

START_TEST(affinities_are_sets) {
  const struct scenario *scenario =
      bind_good("{" HOST PROGRAM
                "'vms': { 'a': { 'vcpus': 1, 'program': 'p', 'affinity': '0-2, 63-65,69' } } }");
  ck_assert_uint_eq(scenario->vms[0].affinity[0], UINT64_C(1) << 63 | 7);
  ck_assert_uint_eq(scenario->vms[0].affinity[1], 1 | 2 | 1 << 5);
}
END_TEST

START_TEST(exclusive_pcpus_are_taken_from_the_others) {
  const struct scenario *scenario = bind_good(
      "{ 'host': { 'pcpus': 6 }, 'programs': { 'p': [ { 'compute': '1ms' } ] },"
      "'vms': { 'a': { 'vcpus': 1, 'program': 'p' },"
      "'b': { 'vcpus': 1, 'program': 'p', 'affinity': '0,3', 'exclusive': 'yes' },"
      "'c': { 'vcpus': 1, 'program': 'p', 'affinity': '5', 'exclusive': 'yes' },"
      "'d': { 'vcpus': 1, 'program': 'p', 'affinity': '1-2' } } }");
  ck_assert_uint_eq(scenario->vms[0].affinity[0], 1 << 1 | 1 << 2 | 1 << 4);
  ck_assert_uint_eq(scenario->vms[1].affinity[0], 1 << 0 | 1 << 3);
  ck_assert_uint_eq(scenario->vms[3].affinity[0], 1 << 1 | 1 << 2);
}
END_TEST

START_TEST(seeds_keep_all_their_digits) {
  ck_assert_uint_eq(
      bind_good("{" HOST PROGRAM VM ", 'run': { 'seed': '18446744073709551615' } }")->run.seed,
      UINT64_MAX);
  forget();
  ck_assert_uint_eq(
      bind_good("{" HOST PROGRAM VM ", 'run': { 'seed': 9007199254740992 } }")->run.seed,
      UINT64_C(1) << 53);
}
END_TEST

START_TEST(all_problems_come_at_once) {
  bound_bind(&bound,
             "{ 'host': { 'pcpus': 0, 'ghz': 'x' }, 'vmz': {}, 'run': { 'seed': [] },"
             "'vms': { 'a': { 'vcpus': 1, 'program': 'q', 'count': 1.5 } } }");
  ck_assert_ptr_null(bound.scenario);
  static const char *const paths[] = {"",         "host.pcpus",    "host.ghz",
                                      "run.seed", "vms.a.program", "vms.a.count"};
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
    ck_assert_int_eq(bound_diag(&bound, paths[i])->severity, DIAG_ERROR);
  ck_assert_uint_eq(bound.diags.n_errors, sizeof paths / sizeof *paths);
}
END_TEST

/* The tree after path=value; NULL if refused. */
static const struct conf *after_set(const char *path, const char *value) {
  struct conf *node = conf_string(&bound.arena, value);
  return scenario_set(bound.root, path, node, &bound.diags, &bound.arena);
}

START_TEST(setting_reaches_what_the_file_leaves_out) {
  bound_bind(&bound, "{" HOST PROGRAM VM "}");
  const struct conf *root = after_set("hypervisor.coscheduling.kind", "strict");
  ck_assert_ptr_nonnull(root);
  const struct scenario *scenario = scenario_bind(root, &bound.diags, &bound.arena);
  ck_assert_ptr_eq(scenario->hypervisor.coscheduling.kind, &cosched_strict.kind);
  root = after_set("programs.p.0.compute", "2ms");
  scenario = scenario_bind(root, &bound.diags, &bound.arena);
  ck_assert_int_eq(scenario->programs[0].ops[0].dist.constant_ns, 2000000);
}
END_TEST

START_TEST(setting_spells_a_guest_scheduler_out) {
  bound_bind(&bound, "{" HOST PROGRAM
                     "'vms': { 'a': { 'vcpus': 1, 'program': 'p', 'guest_scheduler':"
                     "'osv' } } }");
  const struct conf *root = after_set("vms.a.guest_scheduler.decay", "7ms");
  ck_assert_ptr_nonnull(root);
  const struct scenario *scenario = scenario_bind(root, &bound.diags, &bound.arena);
  const struct kind_choice *choice = &scenario->vms[0].guest.scheduler;
  ck_assert_ptr_eq(choice->kind, &gsched_osv.kind);
  const struct gsched_osv_params *osv = (const void *)&choice->params;
  ck_assert_int_eq(osv->decay_ns, 7000000);
}
END_TEST

START_TEST(setting_makes_no_new_names) {
  bound_bind(&bound, "{" HOST PROGRAM VM "}");
  ck_assert_ptr_null(after_set("vms.b.vcpus", "1"));
  ck_assert_ptr_null(after_set("programs.p.1.compute", "1ms"));
  ck_assert_ptr_null(after_set("locks.l.kind", "tas"));
  ck_assert_ptr_nonnull(after_set("locks.l", "tas")); /* as a whole: binding will see */
  ck_assert_uint_eq(bound.diags.n_errors, 3);
}
END_TEST

static void check_axis(const char *range, const char *expected) {
  bound_bind(&bound,
             arena_printf(&bound.arena, "{" HOST PROGRAM VM ", 'sweep': { '%s' } }", range));
  ck_assert_msg(bound.scenario, "%s", range);
  const struct conf *axis = bound.scenario->sweep->children[0];
  const char *text = "";
  for (uint32_t i = 0; i < axis->n_children; i++)
    text = arena_printf(&bound.arena, "%s %s", text, axis->children[i]->text);
  ck_assert_str_eq(text, expected);
  bound_free(&bound);
}

START_TEST(ranges_are_exact_and_inclusive) {
  check_axis("vms.a.vcpus': '1..5", " 1 2 3 4 5");
  check_axis("vms.a.vcpus': '1 .. 9 step 4", " 1 5 9");
  check_axis("vms.a.vcpus': '1..10*3", " 1 3 9");
  check_axis("host.ghz': '0.1..0.7 step 0.2", " 0.1 0.3 0.5 0.7");
  check_axis("run.duration': '1ms..2ms step 500us", " 1ms 1.5ms 2ms");
  check_axis("run.duration': '1us..1ms*10", " 1us 10us 100us 1ms");
  check_axis("run.warmup': '0..2s step 1s", " 0 1s 2s");
}
END_TEST

static const char *expectation(const char *text, struct expect *expect) {
  return expect_parse(bound.scenario, text, &bound.arena, expect);
}

START_TEST(expectations_have_scope_operator_and_value) {
  (void)bind_good("{" HOST PROGRAM
                  "'locks': { 'l': { 'kind': 'tas' } },"
                  "'vms': { 'a': { 'vcpus': 2, 'program': 'p', 'count': 2 } } }");
  struct expect expect;
  ck_assert_ptr_null(expectation("run_pct@a<=3.5", &expect));
  ck_assert_int_eq(expect.op, EXPECT_LE);
  ck_assert_int_eq(expect.scope, SCOPE_VM);
  ck_assert(expect_holds(&expect, 3.5) && !expect_holds(&expect, 3.6));
  ck_assert(expect_covers(&expect, &bound.scenario->vms[1]));
  ck_assert_ptr_null(expectation(" run_pct @a.1/v1 != -1e3 ", &expect));
  ck_assert_int_eq(expect.scope, SCOPE_VCPU);
  ck_assert(!expect_covers(&expect, &bound.scenario->vms[0]));
  ck_assert_ptr_null(expectation("acquisitions@a/l > 0", &expect));
  ck_assert_int_eq(expect.scope, SCOPE_LOCK);
  ck_assert_ptr_null(expectation("utilisation_pct == 50", &expect));
  ck_assert_int_eq(expect.scope, SCOPE_HOST);
  ck_assert_ptr_null(expect.vm);
  ck_assert_ptr_nonnull(expectation("run_pct@a/v2 > 1", &expect));
  ck_assert_ptr_nonnull(expectation("run_pct@host/v0 > 1", &expect));
  ck_assert_ptr_nonnull(expectation("run_pct > nan", &expect));
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("scenario_bind");
  tcase_add_checked_fixture(tests, NULL, forget);
  tcase_add_test(tests, defaults_are_those_of_the_rows);
  tcase_add_test(tests, programs_become_ops_with_their_paths);
  tcase_add_test(tests, counts_make_vms_that_differ_in_name_only);
  tcase_add_test(tests, affinities_are_sets);
  tcase_add_test(tests, exclusive_pcpus_are_taken_from_the_others);
  tcase_add_test(tests, seeds_keep_all_their_digits);
  tcase_add_test(tests, all_problems_come_at_once);
  tcase_add_test(tests, setting_reaches_what_the_file_leaves_out);
  tcase_add_test(tests, setting_spells_a_guest_scheduler_out);
  tcase_add_test(tests, setting_makes_no_new_names);
  tcase_add_test(tests, ranges_are_exact_and_inclusive);
  tcase_add_test(tests, expectations_have_scope_operator_and_value);
  return suite_run(tests, "study/scenario_bind");
}
