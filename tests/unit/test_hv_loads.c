/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hv/loads.h: averages by hand, and exchanges against a look at all pairs. */
#include <check.h>
#include <stdlib.h>

#include "hv/loads.h"
#include "sim/rng.h"
#include "support/suite.h"

enum { PCPUS = 6, IN_QUEUE = 2, VCPUS = 14, ROUNDS = 3000 };
#define ONE (INT64_C(1) << 18)
#define SECOND (INT64_C(1) << 30) /* nearly */

static struct arena arena;
static struct rng_stream stream;
static struct sim sim;
static struct hv hv;
static struct loads loads;

static uint32_t below(uint32_t n) { return (uint32_t)(rng_u64(&stream) >> 33) % n; }

static void begin(uint32_t n_in_queue) {
  static const uint64_t not_the_first[1] = {0x3c};
  rng_stream_init(&stream, 1, 0, RNG_COMPUTE, "loads", "0");
  sim = (struct sim){0};
  hv = (struct hv){.sim = &sim, .n_pcpus = PCPUS, .n_vcpus = VCPUS, .n_affinities = 2};
  hv.topology = (struct topology){{1, PCPUS, PCPUS, PCPUS}};
  hv.vcpus = ARENA_ARRAY(&arena, VCPUS, struct vcpu);
  hv.affinities = ARENA_ARRAY(&arena, 2, struct affinity_set);
  hv.affinities[0].n_pcpus = PCPUS;
  hv.affinities[1] = (struct affinity_set){not_the_first, PCPUS - 2};
  for (vcpu_id_t i = 0; i < VCPUS; i++)
    hv.vcpus[i] = (struct vcpu){.id = i, .pcpu = ID_NONE, .affinity = i % 4 == 3};
  loads_init(&loads, &hv, n_in_queue, &arena);
}

static void end(void) { arena_free(&arena); }

/* 0.5 at first; who runs for a quarter of the window is a quarter closer to 1, who rests for more
   than all of it at 0. */
START_TEST(averages_follow_over_a_window) {
  begin(IN_QUEUE);
  ck_assert_int_eq(loads.queues[0].average, 5 * ONE / 2); /* vCPUs 0, 1, 6, 12, 13 */
  loads_count(&loads, &hv, &hv.vcpus[0], true);
  sim.now_ns = SECOND / 4;
  loads_count(&loads, &hv, &hv.vcpus[0], false);
  ck_assert_int_eq(loads.vcpus[0].load.average, ONE / 2 + ONE / 8);
  ck_assert_int_eq(loads.queues[0].average, 5 * ONE / 2 + ONE / 4 - 5 * ONE / 8);
  sim.now_ns += SECOND + 1024;
  loads_count(&loads, &hv, &hv.vcpus[0], true);
  ck_assert_int_eq(loads.vcpus[0].load.average, 0);
  ck_assert_int_eq(loads.queues[0].average, 0);
}
END_TEST

START_TEST(who_moves_takes_its_load_along) {
  begin(IN_QUEUE);
  int64_t from = loads.queues[0].average, to = loads.queues[2].average;
  loads_count(&loads, &hv, &hv.vcpus[0], true);
  loads_move(&loads, &hv, &hv.vcpus[0], 2);
  ck_assert_int_eq(loads.queues[0].average, from - ONE / 2);
  ck_assert_int_eq(loads.queues[2].average, to + ONE / 2);
  ck_assert_uint_eq(loads.queues[0].n, 0);
  ck_assert_uint_eq(loads.queues[2].n, 1);
  loads_audit(&loads, &hv);
}
END_TEST

START_TEST(places_are_given_in_turn) {
  begin(3);
  ck_assert_uint_eq(loads_place(&loads, &hv, &hv.vcpus[0], 0), 1);
  ck_assert_uint_eq(loads_place(&loads, &hv, &hv.vcpus[1], 0), 2);
  ck_assert_uint_eq(loads_place(&loads, &hv, &hv.vcpus[2], 0), 0);
  ck_assert_uint_eq(loads_place(&loads, &hv, &hv.vcpus[3], 0), 2); /* not 1 */
  ck_assert_uint_eq(loads_place(&loads, &hv, &hv.vcpus[3], 1), 4);
}
END_TEST

static bool may_move(const struct hv *of, const struct vcpu *v, const void *context) {
  (void)of;
  return v->id != *(const vcpu_id_t *)context;
}

static bool can_go(const struct vcpu *v, uint32_t from, uint32_t to, vcpu_id_t stays) {
  return loads.vcpus[v->id].queue == from && v->id != stays && (to != 0 || v->affinity == 0);
}

/* As Xen looks for them: all pairs, then a push alone, at the end a pull alone. */
static void check_exchange(uint32_t own, vcpu_id_t stays) {
  int64_t most = 0, difference = 0;
  uint32_t other = own;
  for (uint32_t q = 0; q < loads.n_queues; q++) {
    int64_t apart = llabs(loads.queues[own].average - loads.queues[q].average);
    if (apart > difference) other = q;
    if (apart > difference) difference = apart;
  }
  most = loads.queues[own].average;
  if (loads.queues[other].average > most) most = loads.queues[other].average;
  bool is_even = difference < (most >= IN_QUEUE * ONE ? ONE / 8 : ONE);
  int64_t balance = loads.queues[own].average - loads.queues[other].average;
  vcpu_id_t push = ID_NONE, pull = ID_NONE;
  for (vcpu_id_t i = 0; i <= VCPUS && !is_even; i++)
    for (vcpu_id_t j = 0; j <= VCPUS; j++) {
      if (i < VCPUS && !can_go(&hv.vcpus[i], own, other, stays)) continue;
      if (j < VCPUS && !can_go(&hv.vcpus[j], other, own, stays)) continue;
      int64_t pushed = i < VCPUS ? loads.vcpus[i].load.average : 0;
      int64_t pulled = j < VCPUS ? loads.vcpus[j].load.average : 0;
      int64_t left = llabs(balance - 2 * pushed + 2 * pulled);
      if (left >= difference) continue;
      difference = left;
      push = i < VCPUS ? i : ID_NONE;
      pull = j < VCPUS ? j : ID_NONE;
    }
  struct load_exchange exchange = loads_balance(&loads, &hv, own, may_move, &stays);
  ck_assert_uint_eq(exchange.other, other);
  ck_assert_uint_eq(exchange.push ? exchange.push->id : ID_NONE, push);
  ck_assert_uint_eq(exchange.pull ? exchange.pull->id : ID_NONE, pull);
}

/* Few distinct averages, so that many exchanges are as good. */
START_TEST(exchanges_are_the_best_of_all) {
  begin(IN_QUEUE);
  for (int round = 0; round < ROUNDS; round++) {
    for (uint32_t q = 0; q < loads.n_queues; q++) loads.queues[q].average = 0;
    for (vcpu_id_t i = 0; i < VCPUS; i++) {
      struct load_vcpu *its = &loads.vcpus[i];
      do its->queue = below(loads.n_queues);
      while (its->queue == 0 && hv.vcpus[i].affinity);
      its->load.average = round % 2 ? below(1 << 18) : below(5) * ONE / 4;
      loads.queues[its->queue].average += its->load.average;
    }
    check_exchange(below(loads.n_queues), below(VCPUS));
  }
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("loads");
  tcase_add_checked_fixture(tests, NULL, end);
  tcase_add_test(tests, averages_follow_over_a_window);
  tcase_add_test(tests, who_moves_takes_its_load_along);
  tcase_add_test(tests, places_are_given_in_turn);
  tcase_add_test(tests, exchanges_are_the_best_of_all);
  return suite_run(tests, "hv/loads");
}
