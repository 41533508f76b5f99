/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Replications, what they come to, and verdicts; the machine is a fake. */
#include "study/replicate.h"

#include <check.h>
#include <string.h>

#include "study/machine.h"
#include "study/verdict.h"
#include "support/fake_result.h"
#include "support/suite.h"

static struct arena arena;
static const struct scenario *scenario;
static uint32_t stop_at; /* the replication that does not finish */
static enum run_status stop_with;
static struct trace_sink *seen_sinks[8];

/* Stands in for the real one, whose object the linker then leaves out. */
struct run_result *machine_run(const struct scenario *of, const struct machine_options *options,
                               struct arena *machine) {
  struct run_result *run = fake_result(of, options->replication, machine);
  struct run_note *note = ARENA_NEW(machine, struct run_note);
  *note = (struct run_note){.text = arena_printf(machine, "note %u", options->replication)};
  run->notes = note;
  run->n_notes = 1;
  seen_sinks[options->replication % 8] = options->trace;
  if (options->replication != stop_at) return run;
  run->status = stop_with;
  run->message = arena_strdup(machine, "stopped");
  return run;
}

static void setup(void) {
  scenario = fake_scenario(&arena);
  stop_at = UINT32_MAX;
  memset(seen_sinks, 0, sizeof seen_sinks);
}
static void teardown(void) { arena_free(&arena); }

static struct replications run_them(uint32_t first, uint32_t n) {
  const struct replicate_options options = {.first = first, .n = n};
  return replicate_run(scenario, &options, &arena);
}

START_TEST(results_outlive_their_machines) {
  struct replications done = run_them(0, 3);
  ck_assert_uint_eq(done.n, 3);
  ck_assert_int_eq(done.status, RUN_DONE);
  for (uint32_t i = 0; i < 3; i++) {
    const struct run_result *run = done.runs[i];
    ck_assert_uint_eq(run->replication, i);
    ck_assert_uint_eq(run->vms[0].iterations, 300 + 10 * i);
    ck_assert_int_eq(run->vms[0].vcpus[0].lead_max_ns, 3900000);
    ck_assert_uint_eq(run->vms[0].locks[0].acquisitions, 600);
    ck_assert_str_eq(run->notes[0].text, arena_printf(&arena, "note %u", i));
  }
}
END_TEST

START_TEST(steal_matrices_outlive_their_machines) {
  struct scenario measured = *scenario;
  measured.run.has_steal_matrix = 1;
  const struct replicate_options options = {.n = 3};
  struct replications done = replicate_run(&measured, &options, &arena);
  for (uint32_t i = 0; i < 3; i++)
    for (uint32_t vm = 0; vm < 2; vm++)
      for (uint32_t by = 0; by < 3; by++)
        ck_assert_int_eq(done.runs[i]->vms[vm].steal[by].ready_ns, 100 * i + 10 * vm + by);
}
END_TEST

START_TEST(one_replication_alone_is_the_same_one) {
  struct replications all = run_them(0, 3), alone = run_them(2, 1);
  ck_assert_uint_eq(alone.n, 1);
  ck_assert_uint_eq(alone.runs[0]->replication, 2);
  ck_assert_uint_eq(alone.runs[0]->vms[0].iterations, all.runs[2]->vms[0].iterations);
}
END_TEST

START_TEST(what_is_finished_is_kept) {
  stop_at = 2;
  stop_with = RUN_INTERRUPTED;
  struct replications done = run_them(0, 5);
  ck_assert_uint_eq(done.n, 2);
  ck_assert_int_eq(done.status, RUN_INTERRUPTED);
  ck_assert_str_eq(done.message, "stopped");
}
END_TEST

START_TEST(only_the_first_is_traced) {
  struct trace_sink sink = {NULL};
  const struct replicate_options options = {.first = 1, .n = 3, .trace = &sink};
  replicate_run(scenario, &options, &arena);
  ck_assert_ptr_eq(seen_sinks[1], &sink);
  ck_assert_ptr_null(seen_sinks[2]);
  ck_assert_ptr_null(seen_sinks[3]);
}
END_TEST

START_TEST(statistics_skip_what_has_no_value) {
  struct replications done = run_them(0, 3);
  bool is_ambiguous;
  const struct metric *rate = metric_find(SCOPE_VM, "throughput_per_s", &is_ambiguous);
  struct stat_sum stat = replicate_stat(&done, rate, (struct entity){SCOPE_VM, 0, 0});
  ck_assert_uint_eq(stat.n, 3);
  ck_assert_double_eq_tol(stat.mean, 310e9 / FAKE_WINDOW_NS, 1e-9);
  const struct metric *latency = metric_find(SCOPE_VM, "latency_p50_us", &is_ambiguous);
  stat = replicate_stat(&done, latency, (struct entity){SCOPE_VM, 1, 0});
  ck_assert_uint_eq(stat.n, 0);
}
END_TEST

static struct verdicts judge(const char *text) {
  struct replications *done = ARENA_NEW(&arena, struct replications);
  struct expect *expect = ARENA_NEW(&arena, struct expect);
  *done = run_them(0, 3);
  ck_assert_ptr_null(expect_parse(scenario, text, &arena, expect));
  return verdict_reach(done, expect, 1, &arena);
}

START_TEST(verdicts_judge_the_mean_of_whom_they_name) {
  static const struct {
    const char *text;
    uint32_t n, n_failed;
  } cases[] = {
      {"costop_pct@db <= 16.7", 1, 0},
      {"costop_pct@db <= 3", 1, 1},
      {"run_pct > 30", 2, 0},
      {"run_pct > 50", 2, 1},
      {"run_pct@noise > 60", 1, 0},
      {"run_pct@noise.0 > 60", 1, 0},
      {"lead_max_us@db/v1 == 0", 1, 0},
      {"lead_max_us@db/v0 == 0", 1, 1},
      {"contended@db/runq != 150", 1, 1},
      {"utilisation_pct@host < 70", 1, 0},
      {"utilisation_pct >= 70", 1, 1},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct verdicts verdicts = judge(cases[i].text);
    ck_assert_msg(verdicts.n == cases[i].n && verdicts.n_failed == cases[i].n_failed,
                  "%s: %u of %u failed", cases[i].text, verdicts.n_failed, verdicts.n);
  }
}
END_TEST

START_TEST(no_value_never_holds) {
  struct verdicts verdicts = judge("latency_max_us@noise < 1000");
  ck_assert_uint_eq(verdicts.n, 1);
  ck_assert_uint_eq(verdicts.items[0].stat.n, 0);
  ck_assert_uint_eq(verdicts.n_failed, 1);
  verdicts = judge("contended@noise/runq >= 0");
  ck_assert_uint_eq(verdicts.n, 1);
  ck_assert_uint_eq(verdicts.n_failed, 1);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("replicate");
  tcase_add_checked_fixture(tests, setup, teardown);
  tcase_add_test(tests, results_outlive_their_machines);
  tcase_add_test(tests, steal_matrices_outlive_their_machines);
  tcase_add_test(tests, one_replication_alone_is_the_same_one);
  tcase_add_test(tests, what_is_finished_is_kept);
  tcase_add_test(tests, only_the_first_is_traced);
  tcase_add_test(tests, statistics_skip_what_has_no_value);
  tcase_add_test(tests, verdicts_judge_the_mean_of_whom_they_name);
  tcase_add_test(tests, no_value_never_holds);
  return suite_run(tests, "study/replicate");
}
