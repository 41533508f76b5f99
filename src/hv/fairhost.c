/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hv/fairhost.h"

#include <assert.h>
#include <string.h>

#include "hv/spread.h"

void fairhost_init(struct fairhost *host, const struct hv *hv, struct arena *arena) {
  host->members = ARENA_ARRAY(arena, hv->n_vcpus, struct fairqueue_member);
  host->queues = ARENA_ARRAY(arena, hv->n_pcpus, struct fairqueue);
  host->levels = ARENA_ARRAY(arena, hv->n_pcpus, uint8_t);
  host->has_whole_weights = true;
  pcpuset_init(&host->balanced, arena, hv->n_pcpus);
  for (pcpu_id_t p = 0; p < hv->n_pcpus; p++) fairqueue_init(&host->queues[p]);
  for (vcpu_id_t i = 0; i < hv->n_vcpus; i++) {
    const struct vcpu *v = &hv->vcpus[i];
    host->members[i].weight = hv_vm_of(hv, v)->weight;
    host->members[i].is_new = true;
    host->has_whole_weights &= host->members[i].weight % FAIRQUEUE_WEIGHT_ONE == 0;
    host->members[i].queue = hv_first_pcpu(hv, v);
  }
}

/* --- taking from others --- */

/* p, which goes on, gets no sibling of who runs there. */
static bool runs_sibling(const struct hv *hv, const struct vcpu *v, pcpu_id_t p) {
  const struct vcpu *current = hv->pcpus[p].current;
  return hv->is_spread && current && current->vm == v->vm;
}

/* May p take member, which waits at q, if `load` is p's? */
static bool may_take(const struct fairhost *host, const struct hv *hv,
                     const struct fairqueue_member *member, pcpu_id_t q, pcpu_id_t p,
                     int64_t load) {
  const struct vcpu *v = fairhost_vcpu(host, hv, member);
  if (q != p && !spread_may_take(hv, v, p)) return false;
  return member->weight <= host->queues[q].weight - load && (load == 0 || !runs_sibling(hv, v, p));
}

/* Nearly always who has waited longest of all may be taken: nobody else's vCPU is looked at. */
struct fairqueue_member *fairhost_longest(const struct fairhost *host, const struct hv *hv,
                                          pcpu_id_t q, pcpu_id_t p, int64_t load) {
  const struct fairqueue *queue = &host->queues[q];
  struct fairqueue_member *best = NULL, *member;
  uint64_t least = UINT64_MAX;
  FAIRQUEUE_FOREACH(member, queue) {
    bool is_earlier = member->arrival < least; /* a toss-up */
    best = is_earlier ? member : best;
    least = is_earlier ? member->arrival : least;
  }
  if (!best || may_take(host, hv, best, q, p, load)) return best;
  best = NULL;
  FAIRQUEUE_FOREACH(member, queue) {
    if (best && member->arrival > best->arrival) continue;
    if (may_take(host, hv, member, q, p, load)) best = member;
  }
  return best;
}

/* The first of the n pCPUs from `first` with the greatest load, of those of the highest level where
   somebody waits; ID_NONE: nobody does there. */
static pcpu_id_t heaviest(const struct fairhost *host, pcpu_id_t first, uint32_t n) {
  const uint8_t *level = host->levels + first, *behind = level + n, *at = level;
  uint8_t top = 0;
  for (uint32_t i = 0; i < n; i++) top = level[i] > top ? level[i] : top;
  if (top == 0) return ID_NONE;
  pcpu_id_t best = ID_NONE;
  int64_t most = 0;
  while ((at = memchr(at, top, (size_t)(behind - at)))) {
    pcpu_id_t q = first + (pcpu_id_t)(at++ - level);
    if (host->queues[q].weight <= most || fairqueue_is_empty(&host->queues[q])) continue;
    best = q;
    most = host->queues[q].weight;
    if (host->has_whole_weights && top < UINT8_MAX) break; /* the others are not heavier */
  }
  return best;
}

/* Nearly always the heaviest of all has somebody to give. */
struct fairqueue_member *fairhost_victim(const struct fairhost *host, const struct hv *hv,
                                         pcpu_id_t p, int64_t load) {
  struct fairqueue_member *best = NULL, *member;
  uint32_t n_before = 1;
  for (int distance = DISTANCE_CORE; !best && distance < DISTANCES; distance++) {
    uint32_t n = hv->topology.n_in[distance];
    if (n <= n_before) continue;
    n_before = n;
    pcpu_id_t first = n < hv->n_pcpus ? p / n * n : 0, q = heaviest(host, first, n);
    if (q != ID_NONE && host->queues[q].weight <= load) continue;
    if (q != ID_NONE) best = fairhost_longest(host, hv, q, p, load);
    if (best) break;
    int64_t most = load;
    for (q = first; (q = pcpuset_next(&hv->queued, q)) < first + n; q++) {
      if (host->queues[q].weight <= most || pcpuset_has(&host->balanced, q)) continue;
      if (!(member = fairhost_longest(host, hv, q, p, load))) continue;
      best = member;
      most = host->queues[q].weight;
    }
  }
  return best;
}

void fairhost_exclude(struct fairhost *host, pcpu_id_t p) {
  pcpuset_add(&host->balanced, p);
  host->levels[p] = 0;
}

void fairhost_include_all(struct fairhost *host) {
  pcpu_id_t p;
  while ((p = pcpuset_first(&host->balanced)) != ID_NONE) {
    pcpuset_remove(&host->balanced, p);
    fairhost_weigh(host, p);
  }
}

void fairhost_audit(const struct fairhost *host, const struct hv *hv) {
  uint32_t n_queued = 0;
  for (pcpu_id_t p = 0; p < hv->n_pcpus; p++) {
    const struct fairqueue *queue = &host->queues[p];
    int64_t weight = 0, sum_ns = 0, zero_ns = queue->waiting.v_ns;
    const struct fairqueue_member *member = queue->running;
    assert(fairhost_vcpu(host, hv, member) == hv->pcpus[p].current);
    if (member) {
      assert(member->queue == p && member->is_member);
      weight += member->weight;
      sum_ns += member->weight * (member->ring.v_ns - zero_ns);
    }
    FAIRQUEUE_FOREACH(member, queue) {
      assert(member->queue == p && member->is_member);
      assert(hv_may_use(hv, fairhost_vcpu(host, hv, member), p));
      assert(member->ring.before->deadline_ns <= member->ring.deadline_ns);
      weight += member->weight;
      sum_ns += member->weight * (member->ring.v_ns - zero_ns);
      n_queued++;
    }
    assert(host->levels[p] == fairhost_level(weight));
    assert(weight == queue->weight && sum_ns == queue->sum_ns);
    assert(pcpuset_has(&hv->queued, p) || fairqueue_is_empty(queue));
  }
  assert(n_queued == hv->n_queued);
}
