/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hv/order.h, against a search through all vCPUs. */
#include <check.h>

#include "hv/order.h"
#include "sim/rng.h"
#include "support/suite.h"

enum { PCPUS = 6, VCPUS = 40, SETS = 3, ROUNDS = 4000, RANKS = 20 };

static struct arena arena;
static struct rng_stream stream;
static struct hv hv;
static struct order order;
static int64_t ranks[VCPUS]; /* -1: not queued */
static const uint32_t groups[] = {PCPUS, 3, 2, 1};

static uint32_t below(uint32_t n) { return (uint32_t)(rng_u64(&stream) >> 33) % n; }

static void begin(uint32_t n_in_group) {
  static const uint64_t masks[SETS][1] = {{0x3f}, {0x5}, {0x18}};
  rng_stream_init(&stream, 1, 0, RNG_COMPUTE, "order", "0");
  hv = (struct hv){.n_pcpus = PCPUS, .n_vcpus = VCPUS, .n_affinities = SETS};
  hv.topology = (struct topology){{1, PCPUS, PCPUS, PCPUS}};
  hv.vcpus = ARENA_ARRAY(&arena, VCPUS, struct vcpu);
  hv.affinities = ARENA_ARRAY(&arena, SETS, struct affinity_set);
  for (uint32_t i = 1; i < SETS; i++) hv.affinities[i] = (struct affinity_set){masks[i], 2};
  hv.affinities[0].n_pcpus = PCPUS;
  pcpuset_init(&hv.free, &arena, PCPUS);
  pcpuset_init(&hv.queued, &arena, PCPUS);
  for (vcpu_id_t i = 0; i < VCPUS; i++) {
    hv.vcpus[i] =
        (struct vcpu){.id = i, .runstate = RS_READY, .pcpu = ID_NONE, .affinity = i % SETS};
    ranks[i] = -1;
  }
  order_init(&order, &hv, n_in_group, &arena);
}

static void end(void) { arena_free(&arena); }

/* Whose rank is least, of equals the lowest, of those that stand in p's group of n pCPUs. */
static struct vcpu *naive_first(pcpu_id_t p, uint32_t n, int64_t bound) {
  struct vcpu *first = NULL;
  for (vcpu_id_t i = 0; i < VCPUS; i++) {
    struct vcpu *v = &hv.vcpus[i];
    bool is_good = ranks[i] >= 0 && ranks[i] < bound && hv_may_use(&hv, v, p);
    if (!is_good || order.entries[i].stands / n != p / n) continue;
    if (v->runstate == RS_RUNNING && v->pcpu != p && pcpuset_has(&hv.free, v->pcpu)) continue;
    if (!first || ranks[i] < ranks[first->id]) first = v;
  }
  return first;
}

static struct vcpu *vcpu_of(int64_t key) { return key == WTREE_NONE ? NULL : order_vcpu(&hv, key); }

static void compare(uint32_t n) {
  for (pcpu_id_t p = 0; p < PCPUS; p++) {
    int64_t lowest = WTREE_NONE;
    bool is_queued = false;
    for (vcpu_id_t i = 0; i < VCPUS; i++) {
      bool is_here = ranks[i] >= 0 && order.entries[i].stands / n == p / n;
      if (is_here && ranks[i] < lowest) lowest = ranks[i];
      is_queued |= ranks[i] >= 0 && order.entries[i].stands == p;
    }
    int64_t least = order_least(&order, p);
    ck_assert_int_eq(least == WTREE_NONE ? least : order_rank(least), lowest);
    ck_assert_int_eq(order_has_own(&order, p), is_queued);
    ck_assert(pcpuset_has(&hv.queued, p) || !is_queued);
    ck_assert_ptr_eq(vcpu_of(order_first(&hv, &order, p)), naive_first(p, n, RANKS));
    int64_t bound = below(RANKS + 1);
    ck_assert_ptr_eq(vcpu_of(order_first_standing(&order, p, bound)), naive_first(p, 1, bound));
  }
  for (vcpu_id_t i = 0; i < VCPUS; i++)
    ck_assert_int_eq(order_has(&order, &order.entries[i]), ranks[i] >= 0);
  order_audit(&hv, &order);
}

START_TEST(an_order_is_a_sorted_list_by_group) {
  uint32_t n = groups[_i];
  begin(n);
  for (int round = 0; round < ROUNDS; round++) {
    struct vcpu *v = &hv.vcpus[below(VCPUS)];
    struct order_entry *entry = &order.entries[v->id];
    if (ranks[v->id] >= 0) {
      struct order_entry *instead = &order.entries[below(VCPUS)];
      vcpu_id_t its = (vcpu_id_t)(instead - order.entries);
      bool is_same_group = instead->stands / n == entry->stands / n;
      bool is_replaced = ranks[its] < 0 && is_same_group && below(2) == 0;
      if (is_replaced) {
        instead->rank = ranks[its] = below(RANKS);
        order_replace(&hv, &order, entry, instead);
      } else {
        order_remove(&order, entry);
      }
      ranks[v->id] = -1;
      pcpu_id_t p = below(PCPUS);
      if (hv_may_use(&hv, v, p)) entry->stands = v->pcpu = p;
      /* Some run, to be decided about, and their pCPUs have not decided. */
      v->runstate = v->pcpu != ID_NONE && below(4) == 0 ? RS_RUNNING : RS_READY;
    } else {
      entry->rank = ranks[v->id] = below(RANKS);
      order_put(&hv, &order, entry);
    }
    pcpu_id_t p = below(PCPUS);
    if (pcpuset_has(&hv.free, p))
      pcpuset_remove(&hv.free, p);
    else
      pcpuset_add(&hv.free, p);
    compare(n);
  }
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("order");
  tcase_add_checked_fixture(tests, NULL, end);
  tcase_add_loop_test(tests, an_order_is_a_sorted_list_by_group, 0, sizeof groups / sizeof *groups);
  return suite_run(tests, "hv/order");
}
