/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <check.h>

#include "hv/shares.h"
#include "support/suite.h"

enum { PLENTY_NS = 1000000, SHARES = 4 };

/* weights and mosts: SHARES of them. */
static void expect(const uint64_t *weights, const int64_t *mosts_ns, int64_t total_ns,
                   const int64_t *dues_ns) {
  struct share shares[SHARES];
  for (int i = 0; i < SHARES; i++)
    shares[i] = (struct share){.weight = weights[i], .most_ns = mosts_ns[i], .due_ns = -1};
  shares_settle(shares, SHARES, total_ns);
  for (int i = 0; i < SHARES; i++) ck_assert_int_eq(shares[i].due_ns, dues_ns[i]);
}

START_TEST(a_total_is_shared_out_by_weight) {
  expect((uint64_t[]){1, 1, 0, 2}, (int64_t[]){PLENTY_NS, PLENTY_NS, PLENTY_NS, PLENTY_NS}, 400,
         (int64_t[]){100, 100, 0, 200});
}
END_TEST

/* The first leaves 60 of its 100; of 460 for three the third may not have its part of 115. */
START_TEST(what_some_may_not_have_goes_to_the_others) {
  expect((uint64_t[]){1, 1, 1, 2}, (int64_t[]){40, PLENTY_NS, 110, PLENTY_NS}, 500,
         (int64_t[]){40, 350 / 3, 110, 700 / 3});
}
END_TEST

START_TEST(nobody_gets_more_than_it_may_have) {
  expect((uint64_t[]){1, 2, 3, 4}, (int64_t[]){10, 20, 30, 40}, 1000, (int64_t[]){10, 20, 30, 40});
}
END_TEST

START_TEST(a_part_of_a_huge_total_is_exact) {
  ck_assert_int_eq(shares_part_ns(INT64_C(1) << 62, 3, 4), INT64_C(3) << 60);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("shares");
  tcase_add_test(tests, a_total_is_shared_out_by_weight);
  tcase_add_test(tests, what_some_may_not_have_goes_to_the_others);
  tcase_add_test(tests, nobody_gets_more_than_it_may_have);
  tcase_add_test(tests, a_part_of_a_huge_total_is_exact);
  return suite_run(tests, "hv/shares");
}
