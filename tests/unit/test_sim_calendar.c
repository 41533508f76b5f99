/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <check.h>

#include "sim/calendar.h"
#include "support/suite.h"

enum { HORIZON_NS = 1000 };

static struct arena arena;
static struct calendar calendar;

/* Two pCPUs, three vCPUs and threads, two VMs. */
static void begin(void) {
  const uint32_t n[EVENT_KINDS] = {
      [EVENT_STEP] = 3,  [EVENT_SLEEP] = 3, [EVENT_IPI] = 3,      [EVENT_START] = 2,
      [EVENT_TIMER] = 1, [EVENT_POLL] = 1,  [EVENT_CROSSING] = 2, [EVENT_SLICE] = 2};
  calendar = (struct calendar){0};
  calendar_init(&calendar, &arena, n, HORIZON_NS);
}
static void end(void) { arena_free(&arena); }

static void expect_next(int64_t at_ns, enum event_kind kind, uint32_t index) {
  struct event event = calendar_event(&calendar, calendar_min(&calendar));
  ck_assert_int_eq(calendar_next_ns(&calendar), at_ns);
  ck_assert_int_eq(event.at_ns, at_ns);
  ck_assert_int_eq(event.kind, kind);
  ck_assert_uint_eq(event.index, index);
}

START_TEST(the_earliest_comes_first) {
  calendar_set(&calendar, EVENT_SLEEP, 2, 30);
  calendar_set(&calendar, EVENT_SLEEP, 0, 40);
  calendar_set(&calendar, EVENT_POLL, 0, 20);
  expect_next(20, EVENT_POLL, 0);
  calendar_set(&calendar, EVENT_POLL, 0, 50);
  expect_next(30, EVENT_SLEEP, 2);
  calendar_clear(&calendar, EVENT_SLEEP, 2);
  expect_next(40, EVENT_SLEEP, 0);
}
END_TEST

/* Entered in the reverse order; within a kind by number. */
START_TEST(simultaneous_events_come_by_kind_then_number) {
  calendar_set_pcpu(&calendar, 1, 0, 8, 7);
  calendar_set(&calendar, EVENT_CROSSING, 1, 7);
  calendar_set(&calendar, EVENT_POLL, 0, 7);
  calendar_set(&calendar, EVENT_TIMER, 0, 7);
  calendar_set(&calendar, EVENT_START, 1, 7);
  calendar_set(&calendar, EVENT_IPI, 2, 7);
  calendar_set(&calendar, EVENT_SLEEP, 2, 7);
  calendar_set(&calendar, EVENT_SLEEP, 1, 7);
  calendar_set_pcpu(&calendar, 0, 2, 7, 7);
  expect_next(7, EVENT_STEP, 2);
  calendar_clear_pcpu(&calendar, 0);
  static const struct {
    enum event_kind kind;
    uint32_t index;
  } order[] = {{EVENT_SLEEP, 1}, {EVENT_SLEEP, 2}, {EVENT_IPI, 2},     {EVENT_START, 1},
               {EVENT_TIMER, 0}, {EVENT_POLL, 0},  {EVENT_CROSSING, 1}};
  for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
    expect_next(7, order[i].kind, order[i].index);
    calendar_clear(&calendar, order[i].kind, order[i].index);
  }
  expect_next(7, EVENT_SLICE, 1);
}
END_TEST

START_TEST(nothing_behind_the_horizon_is_entered) {
  calendar_set(&calendar, EVENT_SLEEP, 0, HORIZON_NS + 1);
  ck_assert_int_gt(calendar_next_ns(&calendar), HORIZON_NS);
  calendar_set(&calendar, EVENT_SLEEP, 0, HORIZON_NS);
  expect_next(HORIZON_NS, EVENT_SLEEP, 0);
  calendar_set(&calendar, EVENT_SLEEP, 0, TIME_NEVER_NS);
  ck_assert_int_gt(calendar_next_ns(&calendar), HORIZON_NS);
}
END_TEST

START_TEST(bits_suffice_for_all_entities) {
  uint32_t n[EVENT_KINDS] = {0};
  ck_assert_uint_ge(calendar_entity_bits(n), 1);
  n[EVENT_STEP] = 8;
  ck_assert_uint_eq(calendar_entity_bits(n), 3);
  n[EVENT_SLICE] = 1;
  ck_assert_uint_eq(calendar_entity_bits(n), 4);
  n[EVENT_SLEEP] = UINT32_MAX - 9;
  ck_assert_uint_eq(calendar_entity_bits(n), 32);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("calendar");
  tcase_add_checked_fixture(tests, begin, end);
  tcase_add_test(tests, the_earliest_comes_first);
  tcase_add_test(tests, simultaneous_events_come_by_kind_then_number);
  tcase_add_test(tests, nothing_behind_the_horizon_is_entered);
  tcase_add_test(tests, bits_suffice_for_all_entities);
  return suite_run(tests, "sim/calendar");
}
