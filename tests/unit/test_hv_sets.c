/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hv/pcpuset.h and hv/runqueue.h */
#include <check.h>

#include "hv/pcpuset.h"
#include "hv/runqueue.h"
#include "sim/rng.h"
#include "support/suite.h"

enum { PCPUS_MAX = 4200, ROUNDS = 3000, VCPUS = 6 };

static struct arena arena;
static struct rng_stream stream;

static void begin(void) { rng_stream_init(&stream, 1, 0, RNG_COMPUTE, "sets", "0"); }
static void end(void) { arena_free(&arena); }

static uint32_t below(uint32_t n) { return (uint32_t)(rng_u64(&stream) >> 33) % n; }

static pcpu_id_t naive_first(const bool *has, const bool *may, uint32_t n) {
  for (uint32_t p = 0; p < n; p++)
    if (has[p] && may[p]) return p;
  return ID_NONE;
}

static uint32_t naive_count(const bool *has, const bool *may, uint32_t n) {
  uint32_t count = 0;
  for (uint32_t p = 0; p < n; p++) count += has[p] && may[p];
  return count;
}

/* p becomes a member, or ceases to be one; likewise in a set that is neither counted nor summed up.
 */
static void toggle(struct pcpuset *set, struct pcpuset *plain, uint32_t p, bool is_member) {
  pcpuset_drop(plain, p, false);
  if (is_member) {
    pcpuset_remove(set, p);
    pcpuset_put(plain, p);
    pcpuset_drop(plain, p, true);
  } else {
    pcpuset_add(set, p);
    pcpuset_put(plain, p);
  }
}

static void try_set(uint32_t n) {
  static bool has[PCPUS_MAX], may[PCPUS_MAX], all[PCPUS_MAX];
  struct pcpuset set = {0}, plain = {0};
  pcpuset_init(&set, &arena, n);
  pcpuset_init(&plain, &arena, n);
  uint64_t *mask = ARENA_ARRAY(&arena, set.n_words, uint64_t);
  for (uint32_t p = 0; p < n; p++) {
    has[p] = false;
    all[p] = true;
    may[p] = below(3) == 0;
    if (may[p]) mask[p / 64] |= UINT64_C(1) << p % 64;
  }
  for (uint32_t round = 0; round < ROUNDS * 64 / (n + 64); round++) {
    /* Members are rare, so that words become empty. */
    uint32_t p = below(4) ? pcpuset_first(&set) : ID_NONE;
    if (p == ID_NONE) p = below(n);
    toggle(&set, &plain, p, has[p]);
    has[p] = !has[p];
    ck_assert_int_eq(pcpuset_has(&set, p), has[p]);
    ck_assert_uint_eq(pcpuset_first(&set), naive_first(has, all, n));
    ck_assert_uint_eq(pcpuset_first_of(&set, mask), naive_first(has, may, n));
    uint32_t from = below(n + 70);
    uint32_t behind = from < n ? naive_first(has + from, all, n - from) : ID_NONE;
    ck_assert_uint_eq(pcpuset_next(&set, from), behind == ID_NONE ? ID_NONE : from + behind);
    ck_assert_uint_eq(pcpuset_next(&plain, from), pcpuset_next(&set, from));
    ck_assert_uint_eq(pcpuset_count_of(&set, mask), naive_count(has, may, n));
    ck_assert_uint_eq(set.n_members, naive_count(has, all, n));
  }
}

START_TEST(a_set_of_pcpus_is_an_array_of_flags) {
  static const uint32_t sizes[] = {1, 63, 64, 65, 300, PCPUS_MAX};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) try_set(sizes[i]);
}
END_TEST

static void expect_queue(struct runqueue *queue, struct vcpu *vcpus, const char *expected) {
  struct vcpu *head = *expected ? &vcpus[*expected - '0'] : NULL;
  ck_assert_ptr_eq(runqueue_head(queue), head);
  for (uint32_t at = queue->head; at != queue->tail; at++) {
    const struct vcpu *v = queue->slot[at & queue->mask];
    if (!v) continue;
    ck_assert_ptr_eq(v, &vcpus[*expected++ - '0']);
    ck_assert_uint_eq(v->queue_slot, at);
  }
  ck_assert_int_eq(*expected, '\0');
}

START_TEST(a_queue_lets_anyone_leave) {
  struct vcpu vcpus[VCPUS] = {0};
  struct runqueue queue;
  runqueue_init(&queue, &arena, VCPUS);
  expect_queue(&queue, vcpus, "");
  for (int i = 0; i < VCPUS; i++) runqueue_push(&queue, &vcpus[i]);
  expect_queue(&queue, vcpus, "012345");
  runqueue_remove(&queue, &vcpus[3]); /* from within */
  runqueue_remove(&queue, &vcpus[0]); /* the head */
  runqueue_remove(&queue, &vcpus[5]); /* the tail */
  expect_queue(&queue, vcpus, "124");
  ck_assert_ptr_eq(runqueue_peek(&queue, 1), &vcpus[2]);
  ck_assert_ptr_null(runqueue_peek(&queue, 2)); /* a gap */
  runqueue_push(&queue, &vcpus[0]);
  expect_queue(&queue, vcpus, "1240");
  ck_assert_ptr_eq(runqueue_pop(&queue), &vcpus[1]);
  ck_assert_ptr_eq(runqueue_pop(&queue), &vcpus[2]);
  expect_queue(&queue, vcpus, "40"); /* the gaps before 4 are gone */
  for (int i = 0; i < 2; i++) runqueue_remove(&queue, runqueue_head(&queue));
  expect_queue(&queue, vcpus, "");
  runqueue_push(&queue, &vcpus[2]);
  expect_queue(&queue, vcpus, "2");
}
END_TEST

/* As long as the head stays, gaps fill the ring again and again. */
START_TEST(a_queue_never_runs_out_of_slots) {
  struct vcpu vcpus[VCPUS] = {0};
  struct runqueue queue;
  runqueue_init(&queue, &arena, VCPUS);
  for (int i = 0; i < VCPUS; i++) runqueue_push(&queue, &vcpus[i]);
  for (int round = 0; round < ROUNDS; round++) {
    int i = 1 + round % (VCPUS - 1);
    runqueue_remove(&queue, &vcpus[i]);
    runqueue_push(&queue, &vcpus[i]);
  }
  expect_queue(&queue, vcpus, "012345");
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("sets");
  tcase_add_checked_fixture(tests, begin, end);
  tcase_add_test(tests, a_set_of_pcpus_is_an_array_of_flags);
  tcase_add_test(tests, a_queue_lets_anyone_leave);
  tcase_add_test(tests, a_queue_never_runs_out_of_slots);
  return suite_run(tests, "hv/pcpuset, hv/runqueue");
}
