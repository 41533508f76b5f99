/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hv/starts.h, against a look at all pCPUs. */
#include <check.h>
#include <stdbool.h>

#include "hv/starts.h"
#include "sim/rng.h"
#include "support/suite.h"

enum { PCPUS = 12, IN_QUEUE = 4, ROUNDS = 500, LIMIT_NS = 20, ZEROS_NS = 10, FLOOR_NS = 3 };

static struct arena arena;
static struct rng_stream stream;

static uint32_t below(uint32_t n) { return (uint32_t)(rng_u64(&stream) >> 33) % n; }

static void begin(void) { rng_stream_init(&stream, 1, 0, RNG_COMPUTE, "starts", "0"); }
static void end(void) { arena_free(&arena); }

START_TEST(whose_limit_is_over_comes_first) {
  struct starts starts;
  starts_init(&starts, &arena, PCPUS, IN_QUEUE);
  int64_t now = 0;
  for (int round = 0; round < ROUNDS; round++) {
    now += below(5);
    pcpu_id_t p = below(PCPUS);
    starts_renew(&starts, p / IN_QUEUE, p, now + LIMIT_NS, below(ZEROS_NS));
    for (uint32_t q = 0; q < PCPUS / IN_QUEUE; q++) {
      uint32_t n_over = 0, n_first = 0, n = 0;
      for (p = q * IN_QUEUE; p < (q + 1) * IN_QUEUE; p++)
        n_over += starts.latest[p].limited_ns <= now;
      const struct start *start;
      uint32_t n_better = 0;
      struct least_start least = starts_least(&starts, q, now, FLOOR_NS);
      TAILQ_FOREACH(start, &starts.listed[q], link) {
        n_first += n == n_first && start->limited_ns <= now;
        n++;
        ck_assert_uint_eq((uint32_t)(start - starts.latest) / IN_QUEUE, q);
        int64_t full_ns = start->full_ns > FLOOR_NS ? start->full_ns : FLOOR_NS;
        bool is_least = full_ns < least.full_ns;
        is_least |= full_ns == least.full_ns && (pcpu_id_t)(start - starts.latest) < least.p;
        n_better += start->limited_ns <= now && is_least;
      }
      ck_assert_uint_eq(n, IN_QUEUE);
      ck_assert_uint_eq(n_first, n_over);
      ck_assert_uint_eq(n_better, 0);
      ck_assert_int_eq(least.p != ID_NONE, n_over > 0);
      if (least.p == ID_NONE) continue;
      start = &starts.latest[least.p];
      ck_assert_int_le(start->limited_ns, now);
      ck_assert_int_eq(least.full_ns, start->full_ns > FLOOR_NS ? start->full_ns : FLOOR_NS);
    }
  }
}
END_TEST

START_TEST(who_has_stopped_comes_last) {
  struct starts starts;
  starts_init(&starts, &arena, 3, 3);
  starts_renew(&starts, 0, 1, 0, 7);
  starts_renew(&starts, 0, 2, 0, 5);
  ck_assert_uint_eq(starts_least(&starts, 0, 0, 0).p, 2);
  starts_end(&starts, 2);
  ck_assert_uint_eq(starts_least(&starts, 0, 0, 0).p, 1);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("starts");
  tcase_add_checked_fixture(tests, begin, end);
  tcase_add_test(tests, whose_limit_is_over_comes_first);
  tcase_add_test(tests, who_has_stopped_comes_last);
  return suite_run(tests, "hv/starts");
}
