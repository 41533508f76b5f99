/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hand-made records become intervals. */
#include <check.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/trace_log.h"
#include "hv/runstate.h"
#include "sim/time.h"
#include "support/story.h"
#include "support/suite.h"

static struct story story;

static void setup(void) { story_start(&story, 0, TIME_NEVER_NS, 1000); }
static void teardown(void) { story_end(&story); }

static const struct trace_interval *find(enum interval_kind kind, unsigned nth) {
  for (size_t i = 0; i < story.log->intervals.n; i++)
    if (story.log->intervals.items[i].kind == kind && nth-- == 0)
      return &story.log->intervals.items[i];
  return NULL;
}

static unsigned count(enum interval_kind kind) {
  unsigned n = 0;
  while (find(kind, n)) n++;
  return n;
}

/* "spin b 10-60": state, lock, times of the nth interval of a kind. */
static const char *text(enum interval_kind kind, unsigned nth) {
  const struct trace_interval *interval = find(kind, nth);
  if (!interval) return "none";
  return arena_printf(&story.arena, "%s %s %" PRId64 "-%" PRId64, trace_log_state(interval),
                      trace_log_object(story.log, interval), interval->start_ns, interval->end_ns);
}

static bool is_on(const struct trace_interval *interval, enum interval_kind kind, uint32_t row) {
  if (interval->kind != kind) return false;
  return (kind == INTERVAL_LOCK ? interval->thread : interval->vcpu) == row;
}

/* Intervals of a row, in the order of the log, lie within each other or apart. */
static void check_nesting(enum interval_kind kind, uint32_t row) {
  int64_t ends_ns[16] = {story.log->until_ns};
  unsigned depth = 1;
  for (size_t i = 0; i < story.log->intervals.n; i++) {
    const struct trace_interval *interval = &story.log->intervals.items[i];
    if (!is_on(interval, kind, row)) continue;
    ck_assert_int_lt(interval->start_ns, interval->end_ns);
    while (depth > 1 && ends_ns[depth - 1] <= interval->start_ns) depth--;
    ck_assert_int_le(interval->end_ns, ends_ns[depth - 1]);
    ck_assert_uint_lt(depth, 16);
    ends_ns[depth++] = interval->end_ns;
  }
}

static void check_tiling(vcpu_id_t vcpu) {
  int64_t at_ns = story.log->from_ns;
  for (size_t i = 0; i < story.log->intervals.n; i++) {
    const struct trace_interval *interval = &story.log->intervals.items[i];
    if (!is_on(interval, INTERVAL_VCPU, vcpu)) continue;
    ck_assert_int_eq(interval->start_ns, at_ns);
    ck_assert_int_gt(interval->end_ns, at_ns);
    at_ns = interval->end_ns;
  }
  ck_assert_int_eq(at_ns, story.log->until_ns);
}

static void finish(int64_t end_ns) {
  trace_log_finish(story.log, end_ns);
  for (vcpu_id_t vcpu = 0; vcpu < story.log->names->n_vcpus; vcpu++) {
    check_tiling(vcpu);
    check_nesting(INTERVAL_ACTIVITY, vcpu);
  }
  for (thread_id_t t = 0; t < story.log->names->n_threads; t++) check_nesting(INTERVAL_LOCK, t);
}

/* ---- tests ---- */

START_TEST(names_number_locks_by_vm_and_use) {
  const struct trace_names *names = story.log->names;
  ck_assert_uint_eq(names->n_vcpus, 3);
  ck_assert_uint_eq(names->n_threads, 4);
  ck_assert_uint_eq(names->n_locks, 4);
  ck_assert_str_eq(names->locks[DB_B]->name, "b");
  ck_assert_str_eq(names->locks[DB_C]->name, "c");
  ck_assert_str_eq(names->locks[WEB_A]->name, "a");
  ck_assert_str_eq(names->locks[WEB_C]->name, "c");
  ck_assert_uint_eq(names->vm_of_vcpu[WEB_V0], 1);
  ck_assert_uint_eq(names->vm_of_thread[DB_T2], 0);
}
END_TEST

START_TEST(without_records_all_are_idle) {
  finish(100);
  ck_assert_uint_eq(story.log->intervals.n, 3);
  for (unsigned v = 0; v < 3; v++) ck_assert_str_eq(text(INTERVAL_VCPU, v), "idle  0-100");
}
END_TEST

START_TEST(states_without_length_vanish) {
  story.now_ns = 10;
  story_runstate(&story, DB_V0, RS_READY, ID_NONE);
  story_run(&story, DB_V0, DB_T0, ACT_OVERHEAD, 1);
  story_activity(&story, DB_V0, ACT_USEFUL);
  story.now_ns = 30;
  story_stop(&story, DB_V0, RS_READY);
  finish(40);
  ck_assert_str_eq(text(INTERVAL_VCPU, 0), "idle  0-10");
  ck_assert_str_eq(text(INTERVAL_VCPU, 3), "running  10-30");
  ck_assert_uint_eq(find(INTERVAL_VCPU, 3)->pcpu, 1);
  ck_assert_str_eq(text(INTERVAL_VCPU, 4), "ready  30-40");
  ck_assert_uint_eq(find(INTERVAL_VCPU, 4)->pcpu, ID_NONE);
  ck_assert_uint_eq(count(INTERVAL_ACTIVITY), 1);
  ck_assert_str_eq(text(INTERVAL_ACTIVITY, 0), "useful  10-30");
}
END_TEST

static void preempt_and_stop_at(int64_t end_ns) {
  story_preempt_holder(&story, RS_READY);
  finish(end_ns);
}

START_TEST(first_states_keep_the_order_of_the_vcpus) {
  story_run(&story, WEB_V0, WEB_T0, ACT_USEFUL, 0);
  story_run(&story, DB_V1, DB_T1, ACT_USEFUL, 1);
  story_runstate(&story, DB_V0, RS_READY, ID_NONE);
  finish(10);
  for (unsigned v = 0; v < 3; v++) ck_assert_uint_eq(find(INTERVAL_VCPU, v)->vcpu, v);
  ck_assert_str_eq(text(INTERVAL_VCPU, 0), "ready  0-10");
}
END_TEST

/* The span is half open. */
START_TEST(events_at_the_end_are_left_out) {
  preempt_and_stop_at(20);
  ck_assert_uint_eq(count(INTERVAL_EVENT), 0);
  story_end(&story);
  setup();
  preempt_and_stop_at(21);
  ck_assert_uint_eq(count(INTERVAL_EVENT), 1);
}
END_TEST

START_TEST(activity_is_split_where_the_thread_changes) {
  story_run(&story, DB_V0, DB_T0, ACT_USEFUL, 0);
  story.now_ns = 10;
  story_current(&story, DB_V0, DB_T2);
  finish(20);
  ck_assert_str_eq(text(INTERVAL_ACTIVITY, 0), "useful  0-10");
  ck_assert_uint_eq(find(INTERVAL_ACTIVITY, 0)->thread, DB_T0);
  ck_assert_str_eq(text(INTERVAL_ACTIVITY, 1), "useful  10-20");
  ck_assert_uint_eq(find(INTERVAL_ACTIVITY, 1)->thread, DB_T2);
}
END_TEST

START_TEST(preempted_holder_is_paid_for) {
  story_preempt_holder(&story, RS_READY);
  story_resume_holder(&story);
  finish(70);
  ck_assert_uint_eq(count(INTERVAL_LOCK), 3);
  ck_assert_str_eq(text(INTERVAL_LOCK, 0), "hold b 5-60");
  ck_assert_str_eq(text(INTERVAL_LOCK, 1), "spin b 10-60");
  ck_assert_str_eq(text(INTERVAL_LOCK, 2), "hold b 60-70");
  ck_assert_uint_eq(count(INTERVAL_PAYMENT), 1);
  const struct trace_interval *payment = find(INTERVAL_PAYMENT, 0);
  ck_assert_str_eq(text(INTERVAL_PAYMENT, 0), "lhp b 20-50");
  ck_assert_int_eq(payment->value, 30);
  ck_assert_int_eq(payment->cause_ns, 20);
  ck_assert_uint_eq(payment->thread, DB_T1);
  ck_assert_uint_eq(payment->peer_thread, DB_T0);
  ck_assert_uint_eq(payment->peer_vcpu, DB_V0);
  ck_assert_uint_eq(count(INTERVAL_EVENT), 1);
  ck_assert_str_eq(text(INTERVAL_EVENT, 0), "preempt b 20-20");
}
END_TEST

START_TEST(costopped_holder_is_paid_for) {
  story_preempt_holder(&story, RS_COSTOP);
  story_resume_holder(&story);
  finish(70);
  ck_assert_str_eq(text(INTERVAL_PAYMENT, 0), "lhp b 20-50");
  ck_assert_str_eq(text(INTERVAL_EVENT, 0), "costop b 20-20");
}
END_TEST

START_TEST(one_payment_per_absence_whatever_the_spinner_suffers) {
  story_preempt_holder(&story, RS_READY);
  story.now_ns = 30;
  story_stop(&story, DB_V1, RS_READY);
  story.now_ns = 40;
  story_runstate(&story, DB_V1, RS_RUNNING, 1);
  story_activity(&story, DB_V1, ACT_OVERHEAD);
  story.now_ns = 42;
  story_activity(&story, DB_V1, ACT_SPIN);
  story.now_ns = 50;
  story_runstate(&story, DB_V0, RS_RUNNING, 0);
  story_activity(&story, DB_V0, ACT_CRITICAL);
  story.now_ns = 60;
  story_stop(&story, DB_V0, RS_READY);
  finish(75);
  ck_assert_uint_eq(count(INTERVAL_PAYMENT), 2);
  ck_assert_str_eq(text(INTERVAL_PAYMENT, 0), "lhp b 20-50");
  ck_assert_int_eq(find(INTERVAL_PAYMENT, 0)->value, 18);
  ck_assert_str_eq(text(INTERVAL_PAYMENT, 1), "lhp b 60-75");
  ck_assert_int_eq(find(INTERVAL_PAYMENT, 1)->value, 15);
  /* Preempted or in overhead, a spinner has not given up spinning. */
  ck_assert_str_eq(text(INTERVAL_LOCK, 1), "spin b 10-75");
}
END_TEST

START_TEST(a_late_spinner_pays_from_its_arrival) {
  story_run(&story, DB_V0, DB_T0, ACT_USEFUL, 0);
  story_own(&story, DB_T0, DB_B);
  story.now_ns = 10;
  story_stop(&story, DB_V0, RS_READY);
  story_run(&story, DB_V1, DB_T1, ACT_USEFUL, 0);
  story.now_ns = 25;
  story_lock(&story, TRACE_LOCK_WAIT, DB_T1, DB_B);
  story_activity(&story, DB_V1, ACT_SPIN);
  finish(40);
  ck_assert_str_eq(text(INTERVAL_PAYMENT, 0), "lhp b 25-40");
  ck_assert_int_eq(find(INTERVAL_PAYMENT, 0)->cause_ns, 10);
}
END_TEST

/* What it did for no time at 15 does not count. */
START_TEST(a_payment_begins_with_the_first_nanosecond) {
  story_run(&story, DB_V0, DB_T0, ACT_USEFUL, 0);
  story_own(&story, DB_T0, DB_B);
  story.now_ns = 10;
  story_stop(&story, DB_V0, RS_READY);
  story_run(&story, DB_V1, DB_T1, ACT_USEFUL, 0);
  story.now_ns = 15;
  story_lock(&story, TRACE_LOCK_WAIT, DB_T1, DB_B);
  story_activity(&story, DB_V1, ACT_SPIN);
  story_stop(&story, DB_V1, RS_READY);
  story.now_ns = 30;
  story_runstate(&story, DB_V1, RS_RUNNING, 0);
  story_activity(&story, DB_V1, ACT_SPIN);
  finish(40);
  ck_assert_uint_eq(count(INTERVAL_PAYMENT), 1);
  ck_assert_str_eq(text(INTERVAL_PAYMENT, 0), "lhp b 30-40");
}
END_TEST

START_TEST(a_grant_to_a_preempted_waiter_is_lwp) {
  story_preempt_holder(&story, RS_READY);
  story.now_ns = 30;
  story_stop(&story, DB_V1, RS_READY);
  story_runstate(&story, DB_V0, RS_RUNNING, 1);
  story_activity(&story, DB_V0, ACT_CRITICAL);
  story.now_ns = 35;
  story_lock(&story, TRACE_LOCK_RELEASE, DB_T0, DB_B);
  story_lock(&story, TRACE_LOCK_OWN, DB_T1, DB_B);
  story_activity(&story, DB_V0, ACT_USEFUL);
  story.now_ns = 45;
  story_lock(&story, TRACE_LOCK_WAIT, DB_T0, DB_B);
  story_activity(&story, DB_V0, ACT_SPIN);
  story.now_ns = 55;
  story_runstate(&story, DB_V1, RS_RUNNING, 0);
  story_activity(&story, DB_V1, ACT_SPIN);
  story.now_ns = 57;
  story_lock(&story, TRACE_LOCK_ENTER, DB_T1, DB_B);
  finish(60);
  ck_assert_uint_eq(count(INTERVAL_PAYMENT), 2);
  ck_assert_str_eq(text(INTERVAL_PAYMENT, 0), "lhp b 20-30");
  ck_assert_str_eq(text(INTERVAL_PAYMENT, 1), "lwp b 45-55");
  ck_assert_int_eq(find(INTERVAL_PAYMENT, 1)->cause_ns, 35);
  ck_assert_str_eq(text(INTERVAL_LOCK, 2), "hold b 35-60");
  ck_assert_str_eq(text(INTERVAL_LOCK, 3), "handoff b 35-57");
}
END_TEST

START_TEST(waits_inside_a_hold_nest) {
  story_run(&story, DB_V0, DB_T0, ACT_USEFUL, 0);
  story_own(&story, DB_T0, DB_C);
  story_activity(&story, DB_V0, ACT_CRITICAL);
  story.now_ns = 10;
  story_lock(&story, TRACE_LOCK_WAIT, DB_T0, DB_B);
  story_activity(&story, DB_V0, ACT_SPIN);
  story.now_ns = 20;
  story_lock(&story, TRACE_LOCK_OWN, DB_T0, DB_B);
  story.now_ns = 22;
  story_lock(&story, TRACE_LOCK_ENTER, DB_T0, DB_B);
  story_activity(&story, DB_V0, ACT_CRITICAL);
  story.now_ns = 30;
  story_lock(&story, TRACE_LOCK_RELEASE, DB_T0, DB_B);
  story.now_ns = 40;
  story_lock(&story, TRACE_LOCK_RELEASE, DB_T0, DB_C);
  finish(50);
  ck_assert_uint_eq(count(INTERVAL_LOCK), 4);
  ck_assert_str_eq(text(INTERVAL_LOCK, 0), "hold c 0-40");
  ck_assert_str_eq(text(INTERVAL_LOCK, 1), "spin b 10-20");
  ck_assert_str_eq(text(INTERVAL_LOCK, 2), "hold b 20-30");
  ck_assert_str_eq(text(INTERVAL_LOCK, 3), "handoff b 20-22");
}
END_TEST

START_TEST(an_adaptive_waiter_spins_then_sleeps) {
  story_run(&story, DB_V0, DB_T0, ACT_USEFUL, 0);
  story_lock(&story, TRACE_LOCK_WAIT, DB_T0, DB_B);
  story_activity(&story, DB_V0, ACT_SPIN);
  story.now_ns = 10;
  story_activity(&story, DB_V0, ACT_KERNEL);
  story.now_ns = 12;
  story_current(&story, DB_V0, ID_NONE);
  story_stop(&story, DB_V0, RS_IDLE);
  finish(30);
  ck_assert_uint_eq(count(INTERVAL_LOCK), 2);
  ck_assert_str_eq(text(INTERVAL_LOCK, 0), "spin b 0-10");
  ck_assert_str_eq(text(INTERVAL_LOCK, 1), "wait b 10-30");
}
END_TEST

START_TEST(barriers_have_their_name) {
  story_run(&story, DB_V0, DB_T0, ACT_USEFUL, 0);
  story_lock(&story, TRACE_BARRIER_WAIT, DB_T0, 0);
  story_current(&story, DB_V0, ID_NONE);
  story.now_ns = 10;
  story_lock(&story, TRACE_BARRIER_OPEN, DB_T0, 0);
  finish(30);
  ck_assert_str_eq(text(INTERVAL_BARRIER, 0), "wait meet 0-10");
}
END_TEST

START_TEST(calls_are_waits) {
  story_run(&story, DB_V0, DB_T0, ACT_SPIN, 0);
  story_lock(&story, TRACE_CALL_WAIT, DB_T0, ID_NONE);
  story.now_ns = 10;
  story_lock(&story, TRACE_CALL_DONE, DB_T0, ID_NONE);
  finish(30);
  ck_assert_uint_eq(count(INTERVAL_CALL), 1);
  ck_assert_str_eq(text(INTERVAL_CALL, 0), "spin shootdown 0-10");
}
END_TEST

static void corner(int64_t at_ns, int64_t value_ns) {
  int64_t now_ns = story.now_ns;
  story.now_ns = at_ns;
  story_emit(&story, (struct trace_record){.what = TRACE_SKEW, .vm = 0, .value = value_ns});
  story.now_ns = now_ns;
}

/* Told late, in pieces, with a jump at 20; the span cuts both ends. */
START_TEST(skew_is_straight_between_its_corners) {
  trace_log_free(story.log);
  story_start(&story, 5, 38, 1000);
  story.now_ns = 30;
  story_run(&story, DB_V0, DB_T0, ACT_USEFUL, 0);
  corner(0, 0);
  corner(10, 10);
  corner(10, 10);
  corner(20, 20);
  corner(20, 0);
  corner(30, 0);
  story.now_ns = 40;
  corner(30, 0);
  corner(40, 10);
  finish(40);
  const struct trace_list *skews = &story.log->skews;
  ck_assert_uint_eq(skews->n, 3);
  static const int64_t expected[][4] = {{5, 20, 5, 20}, {20, 30, 0, 0}, {30, 38, 0, 8}};
  for (size_t i = 0; i < 3; i++) {
    ck_assert_int_eq(skews->items[i].start_ns, expected[i][0]);
    ck_assert_int_eq(skews->items[i].end_ns, expected[i][1]);
    ck_assert_int_eq(skews->items[i].value, expected[i][2]);
    ck_assert_int_eq(skews->items[i].value_end, expected[i][3]);
  }
  ck_assert_str_eq(text(INTERVAL_VCPU, 0), "idle  5-30");
}
END_TEST

/* Everything that goes on at its start is cut there, outer holds first. */
START_TEST(a_span_shows_what_began_before_it) {
  trace_log_free(story.log);
  story_start(&story, 30, 45, 1000);
  story_own(&story, DB_T0, DB_C);
  story_preempt_holder(&story, RS_READY);
  story_resume_holder(&story);
  finish(70);
  ck_assert_int_eq(story.log->until_ns, 45);
  ck_assert_uint_eq(count(INTERVAL_LOCK), 3);
  ck_assert_str_eq(text(INTERVAL_LOCK, 0), "hold c 30-45");
  ck_assert_str_eq(text(INTERVAL_LOCK, 1), "hold b 30-45");
  ck_assert_str_eq(text(INTERVAL_LOCK, 2), "spin b 30-45");
  ck_assert_str_eq(text(INTERVAL_PAYMENT, 0), "lhp b 30-45");
  ck_assert_int_eq(find(INTERVAL_PAYMENT, 0)->value, 15);
  ck_assert_int_eq(find(INTERVAL_PAYMENT, 0)->cause_ns, 20);
  ck_assert_uint_eq(count(INTERVAL_EVENT), 0);
}
END_TEST

/* Whatever the limit: no more intervals than that, and those there are tile and nest. */
START_TEST(the_limit_cuts_cleanly) {
  trace_log_free(story.log);
  for (size_t limit = 0; limit < 40; limit++) {
    story_start(&story, 0, TIME_NEVER_NS, limit);
    story_preempt_holder(&story, RS_READY);
    story_resume_holder(&story);
    bool was_over = story.log->is_over;
    finish(70);
    ck_assert_uint_le(story.log->intervals.n + story.log->skews.n, limit);
    ck_assert(story.log->is_full == was_over);
    ck_assert(story.log->is_full || story.log->until_ns == 70);
    if (limit == 0) ck_assert_int_eq(story.log->until_ns, 0);
    if (limit == 39) ck_assert(!story.log->is_full);
    if (limit < 39) trace_log_free(story.log);
  }
}
END_TEST

START_TEST(an_abort_ends_the_log) {
  volatile sig_atomic_t signal_number = 0;
  story.log->abort = &signal_number;
  story_preempt_holder(&story, RS_READY);
  signal_number = 2;
  story_resume_holder(&story);
  ck_assert(story.log->is_over);
  finish(story.log->now_ns);
  ck_assert_int_eq(story.log->until_ns, 20);
  ck_assert(!story.log->is_full);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("trace");
  tcase_add_checked_fixture(tests, setup, teardown);
  tcase_add_test(tests, names_number_locks_by_vm_and_use);
  tcase_add_test(tests, without_records_all_are_idle);
  tcase_add_test(tests, states_without_length_vanish);
  tcase_add_test(tests, first_states_keep_the_order_of_the_vcpus);
  tcase_add_test(tests, events_at_the_end_are_left_out);
  tcase_add_test(tests, a_payment_begins_with_the_first_nanosecond);
  tcase_add_test(tests, activity_is_split_where_the_thread_changes);
  tcase_add_test(tests, preempted_holder_is_paid_for);
  tcase_add_test(tests, costopped_holder_is_paid_for);
  tcase_add_test(tests, one_payment_per_absence_whatever_the_spinner_suffers);
  tcase_add_test(tests, a_late_spinner_pays_from_its_arrival);
  tcase_add_test(tests, a_grant_to_a_preempted_waiter_is_lwp);
  tcase_add_test(tests, waits_inside_a_hold_nest);
  tcase_add_test(tests, an_adaptive_waiter_spins_then_sleeps);
  tcase_add_test(tests, barriers_have_their_name);
  tcase_add_test(tests, calls_are_waits);
  tcase_add_test(tests, skew_is_straight_between_its_corners);
  tcase_add_test(tests, a_span_shows_what_began_before_it);
  tcase_add_test(tests, the_limit_cuts_cleanly);
  tcase_add_test(tests, an_abort_ends_the_log);
  return suite_run(tests, "cli_trace");
}
