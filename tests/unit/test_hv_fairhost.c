/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hv/fairhost.h: from whom is taken, against a look at everybody. */
#include <check.h>

#include "hv/fairhost.h"
#include "sim/rng.h"
#include "support/suite.h"

enum { PCPUS = 24, IN_LLC = 8, VCPUS = 100, VMS = 5, ROUNDS = 4000 };

static struct arena arena;
static struct rng_stream stream;
static struct hv hv;
static struct fairhost host;
static pcpu_id_t waits_at[VCPUS]; /* by vCPU, which is the order in which they came, too */

static uint32_t below(uint32_t n) { return (uint32_t)(rng_u64(&stream) >> 33) % n; }

/* Whole weights, and others; one that is at the highest level by itself. */
static void build(void) {
  static const uint32_t weights[][VMS] = {
      {256, 256, 256, 256, 256},
      {256, 512, 256, 65536, 768},
      {1, 100, 256, 333, 1000},
      {300, 300, 255, 257, 100000},
  };
  uint32_t kind = below(sizeof weights / sizeof *weights);
  hv = (struct hv){.n_pcpus = PCPUS, .n_vcpus = VCPUS, .n_vms = VMS};
  hv.topology = (struct topology){{1, IN_LLC, PCPUS, PCPUS}};
  hv.pcpus = ARENA_ARRAY(&arena, PCPUS, struct pcpu);
  hv.vcpus = ARENA_ARRAY(&arena, VCPUS, struct vcpu);
  hv.vms = ARENA_ARRAY(&arena, VMS, struct hv_vm);
  hv.affinities = ARENA_ARRAY(&arena, 1, struct affinity_set);
  hv.affinities[0].n_pcpus = PCPUS;
  pcpuset_init(&hv.queued, &arena, PCPUS);
  for (vm_id_t i = 0; i < VMS; i++) hv.vms[i].weight = weights[kind][i];
  for (vcpu_id_t i = 0; i < VCPUS; i++)
    hv.vcpus[i] = (struct vcpu){.id = i, .vm = below(VMS), .runstate = RS_READY};
  host = (struct fairhost){.base_ns = 1000, .most_lag_ns = 2000};
  fairhost_init(&host, &hv, &arena);
}

/* Some run, some wait, and some do neither; some pCPUs have given or taken already. */
static void fill(void) {
  for (vcpu_id_t i = 0; i < VCPUS; i++) {
    struct fairqueue_member *member = &host.members[i];
    pcpu_id_t p = member->queue = below(1 + below(PCPUS));
    waits_at[i] = ID_NONE;
    if (below(3) == 0) continue;
    fairhost_join(&host, member, p);
    if (host.queues[p].running) {
      fairhost_push(&host, &hv, member, p);
      waits_at[i] = p;
    } else {
      fairqueue_start(&host.queues[p], member, 0);
      fairhost_weigh(&host, p);
    }
  }
  for (uint32_t n = below(3) * below(PCPUS / 2); n > 0; n--) {
    pcpu_id_t p = below(PCPUS);
    if (!pcpuset_has(&host.balanced, p)) fairhost_exclude(&host, p);
  }
}

/* Of first..first+n-1: who has waited longest of those that the heaviest queue can spare. */
static struct fairqueue_member *naive_victim_in(pcpu_id_t first, uint32_t n, int64_t load) {
  struct fairqueue_member *best = NULL;
  for (pcpu_id_t q = first; q < first + n; q++) {
    int64_t weight = host.queues[q].weight;
    if (pcpuset_has(&host.balanced, q)) continue;
    if (best && weight <= host.queues[best->queue].weight) continue;
    for (vcpu_id_t i = VCPUS; i-- > 0;)
      if (waits_at[i] == q && host.members[i].weight <= weight - load) best = &host.members[i];
  }
  return best;
}

START_TEST(the_nearest_heaviest_queue_gives_who_has_waited_longest) {
  rng_stream_init(&stream, 1, 0, RNG_COMPUTE, "fairhost", "0");
  uint32_t n_found = 0, n_far = 0;
  for (uint32_t round = 0; round < ROUNDS; round++) {
    build();
    fill();
    pcpu_id_t p = below(PCPUS);
    int64_t load = below(2) * host.queues[p].weight;
    struct fairqueue_member *best = naive_victim_in(p / IN_LLC * IN_LLC, IN_LLC, load);
    n_far += !best;
    if (!best) best = naive_victim_in(0, PCPUS, load);
    n_found += best != NULL;
    ck_assert_ptr_eq(fairhost_victim(&host, &hv, p, load), best);
    arena_free(&arena);
  }
  ck_assert_uint_gt(n_found, ROUNDS / 2);
  ck_assert_uint_gt(n_far, ROUNDS / 20);
}
END_TEST

/* Levels are those of the queues again when balancing is over. */
START_TEST(who_has_given_gives_again_in_the_next_pass) {
  rng_stream_init(&stream, 2, 0, RNG_COMPUTE, "fairhost", "0");
  build();
  fill();
  for (pcpu_id_t p = 0; p < PCPUS; p++)
    if (!pcpuset_has(&host.balanced, p)) fairhost_exclude(&host, p);
  ck_assert_ptr_null(fairhost_victim(&host, &hv, 0, 0));
  fairhost_include_all(&host);
  ck_assert_ptr_nonnull(fairhost_victim(&host, &hv, 0, 0));
  for (pcpu_id_t p = 0; p < PCPUS; p++)
    ck_assert_uint_eq(host.levels[p], fairhost_level(host.queues[p].weight));
  arena_free(&arena);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("fairhost");
  tcase_add_test(tests, the_nearest_heaviest_queue_gives_who_has_waited_longest);
  tcase_add_test(tests, who_has_given_gives_again_in_the_next_pass);
  return suite_run(tests, "hv/fairhost");
}
