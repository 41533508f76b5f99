/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hv/loads.h"

/* As in Xen. */
enum { UNIT_SHIFT = 10, WINDOW_SHIFT = 30 - UNIT_SHIFT, ONE_SHIFT = 18 };
#define ONE (INT64_C(1) << ONE_SHIFT)
#define OVERLOADED_TOLERANCE (ONE / 8)
#define UNDERLOADED_TOLERANCE ONE

void loads_init(struct loads *loads, const struct hv *hv, uint32_t n_in_queue,
                struct arena *arena) {
  *loads = (struct loads){.n_queues = hv->n_pcpus / n_in_queue, .n_in_queue = n_in_queue};
  if (loads->n_queues == 1) return;
  loads->queues = ARENA_ARRAY(arena, loads->n_queues, struct load);
  loads->given = ARENA_ARRAY(arena, loads->n_queues, pcpu_id_t);
  loads->vcpus = ARENA_ARRAY(arena, hv->n_vcpus, struct load_vcpu);
  loads->pushed = ARENA_ARRAY(arena, hv->n_vcpus + 1, struct load_mover);
  loads->pulled = ARENA_ARRAY(arena, hv->n_vcpus, struct load_mover);
  for (uint32_t q = 0; q < loads->n_queues; q++) loads->given[q] = q * n_in_queue;
  for (vcpu_id_t i = 0; i < hv->n_vcpus; i++) {
    struct load_vcpu *its = &loads->vcpus[i];
    its->queue = hv_first_pcpu(hv, &hv->vcpus[i]) / n_in_queue;
    its->load.average = ONE / 2;
    loads->queues[its->queue].average += ONE / 2;
  }
}

static void bring_up_to(struct load *load, int64_t now_ns) {
  int64_t now = now_ns >> UNIT_SHIFT, passed = now - load->since, aim = (int64_t)load->n * ONE;
  load->since = now;
  if (passed > INT64_C(1) << WINDOW_SHIFT)
    load->average = aim;
  else
    load->average += (passed * aim >> WINDOW_SHIFT) - (passed * load->average >> WINDOW_SHIFT);
}

void loads_set(struct loads *loads, const struct hv *hv, const struct vcpu *v, bool is_runnable) {
  struct load_vcpu *its = &loads->vcpus[v->id];
  struct load *queue = &loads->queues[its->queue];
  if (its->load.n == is_runnable) return;
  bring_up_to(&its->load, hv->sim->now_ns);
  bring_up_to(queue, hv->sim->now_ns);
  its->load.n = is_runnable;
  queue->n += is_runnable ? 1u : UINT32_MAX;
}

void loads_set_queue(struct loads *loads, const struct hv *hv, const struct vcpu *v,
                     uint32_t queue) {
  struct load_vcpu *its = &loads->vcpus[v->id];
  struct load *from = &loads->queues[its->queue], *to = &loads->queues[queue];
  if (from == to) return;
  bring_up_to(&its->load, hv->sim->now_ns);
  bring_up_to(from, hv->sim->now_ns);
  bring_up_to(to, hv->sim->now_ns);
  from->average -= from->average < its->load.average ? from->average : its->load.average;
  to->average += its->load.average;
  from->n -= its->load.n;
  to->n += its->load.n;
  its->queue = queue;
}

pcpu_id_t loads_place(struct loads *loads, const struct hv *hv, const struct vcpu *v,
                      uint32_t queue) {
  pcpu_id_t first = queue * loads->n_in_queue, p = loads->given[queue];
  for (uint32_t i = 0; i < loads->n_in_queue; i++) {
    p = p + 1 < first + loads->n_in_queue ? p + 1 : first;
    if (hv_may_use(hv, v, p)) break;
  }
  return loads->given[queue] = p;
}

/* --- balancing --- */

static bool may_use_queue(const struct loads *loads, const struct hv *hv, const struct vcpu *v,
                          uint32_t queue) {
  pcpu_id_t p = queue * loads->n_in_queue, behind = p + loads->n_in_queue;
  while (p < behind && !hv_may_use(hv, v, p)) p++;
  return p < behind;
}

/* Who may move from one queue to another, by vCPU. Returns how many. */
static uint32_t find_movers(struct loads *loads, const struct hv *hv, uint32_t from, uint32_t to,
                            loads_may_move_fn *may_move, const void *context,
                            struct load_mover *movers) {
  uint32_t n = 0;
  for (vcpu_id_t i = 0; i < hv->n_vcpus; i++) {
    struct load_vcpu *its = &loads->vcpus[i];
    if (its->queue != from || !may_move(hv, &hv->vcpus[i], context)) continue;
    if (!may_use_queue(loads, hv, &hv->vcpus[i], to)) continue;
    bring_up_to(&its->load, hv->sim->now_ns);
    movers[n++] = (struct load_mover){its->load.average, i};
  }
  return n;
}

static bool is_before(const struct load_mover *a, const struct load_mover *b) {
  return a->average != b->average ? a->average < b->average : a->id < b->id;
}

/* Shell's: nothing is allocated while the clock runs. */
static void sort(struct load_mover *movers, uint32_t n) {
  for (uint32_t gap = n / 2; gap > 0; gap /= 2)
    for (uint32_t i = gap; i < n; i++) {
      struct load_mover moved = movers[i];
      uint32_t at = i;
      for (; at >= gap && is_before(&moved, &movers[at - gap]); at -= gap)
        movers[at] = movers[at - gap];
      movers[at] = moved;
    }
}

/* The first of the sorted movers with at least half of that average. */
static uint32_t find_from(const struct load_mover *movers, uint32_t n, int64_t twice) {
  uint32_t low = 0;
  while (n > 0) {
    uint32_t half = n / 2;
    if (2 * movers[low + half].average < twice) {
      low += half + 1;
      n -= half + 1;
    } else {
      n = half;
    }
  }
  return low;
}

struct best {
  int64_t difference;
  vcpu_id_t push, pull;
  bool is_better; /* than nothing */
};

static void consider(struct best *best, int64_t difference, vcpu_id_t push, vcpu_id_t pull) {
  if (difference < 0) difference = -difference;
  bool is_equal = difference == best->difference && push == best->push && pull < best->pull;
  if (difference < best->difference || (is_equal && best->is_better))
    *best = (struct best){difference, push, pull, true};
}

struct load_exchange loads_balance(struct loads *loads, const struct hv *hv, uint32_t queue,
                                   loads_may_move_fn *may_move, const void *context) {
  struct load_exchange exchange = {.other = queue};
  struct load *own = &loads->queues[queue];
  struct best best = {.push = ID_NONE, .pull = ID_NONE};
  bring_up_to(own, hv->sim->now_ns);
  for (uint32_t q = 0; q < loads->n_queues; q++) {
    bring_up_to(&loads->queues[q], hv->sim->now_ns);
    int64_t difference = own->average - loads->queues[q].average;
    if (difference < 0) difference = -difference;
    if (difference <= best.difference) continue;
    best.difference = difference;
    exchange.other = q;
  }
  int64_t other_average = loads->queues[exchange.other].average;
  int64_t most = own->average > other_average ? own->average : other_average;
  bool is_overloaded = most >= loads->n_in_queue * ONE;
  if (best.difference < (is_overloaded ? OVERLOADED_TOLERANCE : UNDERLOADED_TOLERANCE))
    return exchange;
  struct load_mover *pushed = loads->pushed, *pulled = loads->pulled;
  uint32_t n_pushed = find_movers(loads, hv, queue, exchange.other, may_move, context, pushed);
  uint32_t n_pulled = find_movers(loads, hv, exchange.other, queue, may_move, context, pulled);
  sort(pulled, n_pulled);
  pushed[n_pushed] = (struct load_mover){0, ID_NONE}; /* nobody */
  for (uint32_t i = 0; i <= n_pushed; i++) {
    int64_t after = own->average - other_average - 2 * pushed[i].average;
    /* The one who takes least too little back, the one who takes least too much, or nobody. */
    uint32_t at = find_from(pulled, n_pulled, -after);
    if (at < n_pulled) consider(&best, after + 2 * pulled[at].average, pushed[i].id, pulled[at].id);
    if (at > 0) {
      at = find_from(pulled, n_pulled, 2 * pulled[at - 1].average);
      consider(&best, after + 2 * pulled[at].average, pushed[i].id, pulled[at].id);
    }
    consider(&best, after, pushed[i].id, ID_NONE);
  }
  if (best.push != ID_NONE) exchange.push = &hv->vcpus[best.push];
  if (best.pull != ID_NONE) exchange.pull = &hv->vcpus[best.pull];
  return exchange;
}

void loads_audit(const struct loads *loads, const struct hv *hv) {
  for (uint32_t q = 0; loads->n_queues > 1 && q < loads->n_queues; q++) {
    uint32_t n = 0;
    for (vcpu_id_t i = 0; i < hv->n_vcpus; i++)
      if (loads->vcpus[i].queue == q) n += loads->vcpus[i].load.n;
    assert(n == loads->queues[q].n && loads->queues[q].average >= 0);
  }
}
