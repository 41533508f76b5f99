/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hv/fairqueue.h, with numbers worked out by hand. */
#include <check.h>

#include "hv/fairqueue.h"
#include "support/suite.h"

static struct fairqueue queue;
static struct fairqueue_member a, b, c;

static struct fairqueue_member of_weight(uint32_t weight) {
  return (struct fairqueue_member){.weight = weight};
}

static void begin(void) {
  queue = (struct fairqueue){0};
  fairqueue_init(&queue);
  queue.waiting.v_ns = 0; /* numbers are shorter from there */
  a = b = c = of_weight(256);
}

/* It is there, with that virtual runtime and deadline. */
static void add(struct fairqueue_member *member, int64_t v_ns, int64_t deadline_ns) {
  member->ring.v_ns = v_ns;
  member->ring.deadline_ns = deadline_ns;
  queue.sum_ns += member->weight * v_ns;
  queue.weight += member->weight;
}

/* Of twice the standard weight: 3 ns are 1.5, of which 1 counts and the rest is kept; 1 more makes
   that 2, which is its deadline: the next one is half of 10 later. */
START_TEST(time_is_charged_by_weight) {
  a = of_weight(512);
  add(&a, 0, 2);
  fairqueue_start(&queue, &a, 100);
  fairqueue_charge(&queue, 103, 10);
  ck_assert_int_eq(a.ring.v_ns, 1);
  ck_assert(!fairqueue_is_over(&queue));
  fairqueue_charge(&queue, 104, 10);
  ck_assert_int_eq(a.ring.v_ns, 2);
  ck_assert_int_eq(queue.sum_ns, 2 * 512);
  ck_assert_int_eq(a.ring.deadline_ns, 2 + 5);
  ck_assert(fairqueue_is_over(&queue));
}
END_TEST

/* b comes 10 behind the mean that it will have a part in: 20 behind that of a alone, 100. */
START_TEST(who_joins_keeps_its_lag) {
  add(&a, 100, 200);
  b.lag_ns = 10;
  fairqueue_join(&queue, &b, 1000);
  ck_assert_int_eq(b.ring.v_ns - queue.waiting.v_ns, -20);
  ck_assert_int_eq(b.ring.deadline_ns - b.ring.v_ns, 1000);
  fairqueue_leave(&queue, &b, 1000);
  ck_assert_int_eq(b.lag_ns, 10);
}
END_TEST

/* Its very first slice is half as long. The mean of 0 and, twice as heavy, -1 is -2/3: rounded down
   -1, wherever the zero is. */
START_TEST(the_mean_is_rounded_down) {
  for (int64_t zero_ns = -5; zero_ns <= 5; zero_ns++) {
    begin();
    b = of_weight(512);
    c.is_new = true;
    queue.waiting.v_ns = zero_ns;
    add(&a, 0, 100);
    add(&b, -1, 100);
    queue.sum_ns -= queue.weight * zero_ns;
    fairqueue_join(&queue, &c, 1000);
    ck_assert_int_eq(c.ring.v_ns, -1);
    ck_assert_int_eq(c.ring.deadline_ns, -1 + 500);
  }
}
END_TEST

/* The mean of 0 and 100 is 50: b is 50 ahead, and a, alone then, 0 behind. */
START_TEST(a_lag_has_bounds) {
  add(&a, 0, 100);
  add(&b, 100, 200);
  fairqueue_leave(&queue, &b, 30);
  ck_assert_int_eq(b.lag_ns, -30);
  fairqueue_leave(&queue, &a, 30);
  ck_assert_int_eq(a.lag_ns, 0);
  ck_assert_int_eq(queue.weight, 0);
  ck_assert_int_eq(queue.sum_ns, 0);
}
END_TEST

/* The mean of 90, 0 and 0 is 30: a is not eligible, though it has the earliest deadline. Of c and
   b, with equal ones, c came first. */
START_TEST(the_earliest_eligible_one_is_picked) {
  add(&a, 90, 10);
  add(&b, 0, 20);
  add(&c, 0, 20);
  fairqueue_push(&queue, &c, 1);
  fairqueue_push(&queue, &b, 2);
  fairqueue_push(&queue, &a, 3);
  ck_assert_ptr_eq(queue.waiting.behind, &a.ring);
  ck_assert_ptr_eq(fairqueue_earliest(&queue), &c);
  fairqueue_pull(&c);
  ck_assert_ptr_eq(fairqueue_earliest(&queue), &b);
  fairqueue_pull(&b);
  ck_assert_ptr_null(fairqueue_earliest(&queue));
}
END_TEST

/* c comes while a runs, and b may wait: virtual runtimes and deadlines, and whether c preempts. */
START_TEST(who_comes_preempts_if_it_would_be_picked) {
  static const struct {
    int64_t a[2], b[2], c[2];
    bool is_over, has_b, preempts;
  } cases[] = {
      {{0, 50}, {0, 0}, {0, 40}, false, false, false},  /* a's slice is not over */
      {{0, 50}, {0, 0}, {0, 40}, true, false, true},    /* c's deadline is earlier */
      {{0, 50}, {0, 0}, {0, 50}, true, false, false},   /* an equal one is not enough */
      {{20, 50}, {0, 0}, {0, 90}, false, false, true},  /* a is ahead of the mean, 10 */
      {{0, 50}, {0, 0}, {20, 40}, true, false, false},  /* c is */
      {{30, 50}, {0, 80}, {0, 90}, false, true, false}, /* b comes first */
      {{30, 50}, {0, 90}, {0, 90}, false, true, false}, /* … as it came first */
      {{30, 50}, {30, 80}, {0, 90}, false, true, true}, /* … but is ahead of the mean, 20 */
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    begin();
    add(&a, cases[i].a[0], cases[i].a[1]);
    add(&c, cases[i].c[0], cases[i].c[1]);
    if (cases[i].has_b) {
      add(&b, cases[i].b[0], cases[i].b[1]);
      fairqueue_push(&queue, &b, 1);
    }
    fairqueue_start(&queue, &a, 0);
    if (cases[i].is_over) queue.picked_ns--;
    ck_assert_msg(fairqueue_preempts(&queue, &c) == cases[i].preempts, "case %zu", i);
  }
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("fairqueue");
  tcase_add_checked_fixture(tests, begin, NULL);
  tcase_add_test(tests, time_is_charged_by_weight);
  tcase_add_test(tests, who_joins_keeps_its_lag);
  tcase_add_test(tests, the_mean_is_rounded_down);
  tcase_add_test(tests, a_lag_has_bounds);
  tcase_add_test(tests, the_earliest_eligible_one_is_picked);
  tcase_add_test(tests, who_comes_preempts_if_it_would_be_picked);
  return suite_run(tests, "hv/fairqueue");
}
