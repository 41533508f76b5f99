/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hv/fairhost.h"

#include <assert.h>

#include "hv/spread.h"

void fairhost_init(struct fairhost *host, const struct hv *hv, struct arena *arena) {
  uint32_t n_octets = (hv->n_pcpus + FAIRHOST_OCTET - 1) / FAIRHOST_OCTET;
  uint32_t n_queues = n_octets * FAIRHOST_OCTET;
  host->members = ARENA_ARRAY(arena, hv->n_vcpus, struct fairqueue_member);
  host->queues = ARENA_ARRAY(arena, n_queues, struct fairqueue);
  host->bounds = ARENA_ARRAY(arena, n_octets, int64_t);
  pcpuset_init(&host->balanced, arena, hv->n_pcpus);
  for (pcpu_id_t p = 0; p < n_queues; p++) fairqueue_init(&host->queues[p]);
  for (vcpu_id_t i = 0; i < hv->n_vcpus; i++) {
    const struct vcpu *v = &hv->vcpus[i];
    host->members[i].weight = hv_vm_of(hv, v)->weight;
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

/* Who of the octet that begins at `first` may give, by bit, and is the first that is heavier than
   most; else p. */
static pcpu_id_t heaviest_of(const struct fairhost *host, pcpu_id_t first, uint64_t givers,
                             int64_t most, pcpu_id_t p) {
  int64_t bound = 0;
  for (uint32_t i = 0; i < FAIRHOST_OCTET; i++) {
    int64_t weight = host->queues[first + i].weight;
    int64_t given = weight & -(int64_t)(givers >> i & 1);
    bound = weight > bound ? weight : bound;
    p = given > most ? first + i : p; /* a toss-up */
    most = given > most ? given : most;
  }
  host->bounds[first / FAIRHOST_OCTET] = bound;
  return p;
}

/* The first of first..behind-1 with the greatest load, of those where somebody waits who may leave
   in the running pass of balancing; else p. */
static pcpu_id_t heaviest(const struct fairhost *host, const struct hv *hv, pcpu_id_t first,
                          pcpu_id_t behind, pcpu_id_t p) {
  int64_t most = 0;
  for (uint32_t w = first / 64; w * 64 < behind; w++) {
    uint64_t rest = pcpuset_word(&hv->queued, w, first, behind) & ~host->balanced.word[w];
    for (uint32_t octet = w * 64; rest; rest >>= FAIRHOST_OCTET, octet += FAIRHOST_OCTET) {
      if (host->bounds[octet / FAIRHOST_OCTET] <= most || !(rest & 0xff)) continue;
      p = heaviest_of(host, octet, rest, most, p);
      most = host->queues[p].weight;
    }
  }
  return p;
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
    pcpu_id_t first = n < hv->n_pcpus ? p / n * n : 0, q = heaviest(host, hv, first, first + n, p);
    if (host->queues[q].weight <= load) continue;
    best = fairhost_longest(host, hv, q, p, load);
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
    assert(weight <= host->bounds[p / FAIRHOST_OCTET]);
    assert(weight == queue->weight && sum_ns == queue->sum_ns);
    assert(pcpuset_has(&hv->queued, p) == !fairqueue_is_empty(queue));
  }
  assert(n_queued == hv->n_queued);
}
