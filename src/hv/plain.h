/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Dispatching on plain hosts: one queue, no rule, no homes, so that whoever is next may go
   anywhere. A part of dispatch.c.

   Idea: nearly all moves are of two vCPUs with nothing unusual about them (vcpu_is_quiet), and make
   few changes, known beforehand. Rule: the same as batch.c's and move.h's, which do all the rest.
   Invariants: nobody leaves the queue but at its head, so it has no gaps. Cost: O(1) for each move,
   O(log pCPUs) for its entry in the calendar, O(1) where a fair part of all slices end together. */
#ifndef COSTOP_HV_PLAIN_H
#define COSTOP_HV_PLAIN_H

#include "hv/hv.h"
#include "hv/move.h"
#include "hv/runqueue.h"

/* --- the queue --- */

/* Nobody needs to know v's place, as nobody leaves but the head. */
ALWAYS_INLINE void plain_push(struct runqueue *queue, struct vcpu *v) {
  queue->slot[queue->tail++ & queue->mask] = v;
}

/* Its head, which stays there for now; there is one. */
ALWAYS_INLINE struct vcpu *plain_head(const struct runqueue *queue) {
  return queue->slot[queue->head & queue->mask];
}

/* Who comes next in the queue of a big host is going to run soon: have its memory at hand by then.
   Somebody who stood at that place before does no harm. */
ALWAYS_INLINE void plain_prefetch(const struct hv *hv) {
  if (!hv->is_big) return;
  const struct vcpu *v = hv->fifo->slot[(hv->fifo->head + 3) & hv->fifo->mask];
  if (v) vcpu_prefetch(v);
}

/* --- moves of quiet vCPUs --- */

/* v, RUNNING on a pCPU, is so no more; it goes to the queue. */
ALWAYS_INLINE void plain_stop(struct vcpu *v, int64_t step_ns, int64_t now) {
  v->left_ns = step_ns - now;
  v->preemptions++;
  hv_book(v, v->activity, now);
  vcpu_set_quiet(v, RS_READY);
}

/* What it takes to let v, READY, run on p. */
struct plain_start {
  int64_t step_ns, slice_end_ns, key;
  bool is_migration, is_free; /* … of charge */
};

ALWAYS_INLINE int64_t plain_slice_end_ns(const struct hv *hv) {
  return hv->sim->now_ns + hv->timeslice_ns;
}

/* Somebody else ran on p last (is_switch), or v did, or nobody. has_end: so have slices, always. */
ALWAYS_INLINE struct plain_start plain_plan(const struct hv *hv, const struct vcpu *v, pcpu_id_t p,
                                            bool is_switch, int64_t slice_end_ns, bool has_end) {
  const struct calendar *calendar = &hv->sim->calendar;
  bool is_migration = move_is_migration(v, p);
  int64_t cost_ns = move_cost_ns(hv, is_switch, is_migration);
  struct plain_start start = {.is_migration = is_migration, .slice_end_ns = slice_end_ns};
  start.is_free = cost_ns == 0;
  start.step_ns = hv->sim->now_ns + (start.is_free ? v->left_ns : cost_ns);
  if (has_end || slice_end_ns < TIME_NEVER_NS)
    start.key = calendar_pcpu_key(calendar, p, v->id, start.step_ns, slice_end_ns);
  else
    start.key = calendar_step_key(calendar, v->id, start.step_ns);
  return start;
}

/* v, whose pCPU p is and whose time is booked up to now, is RUNNING from now on: by the `order`th
   of all starts. */
ALWAYS_INLINE void plain_begin(struct hv *hv, struct vcpu *v, pcpu_id_t p,
                               const struct plain_start *start, uint64_t order) {
  struct pcpu *pcpu = &hv->pcpus[p];
  v->migrations += start->is_migration;
  v->dispatches++;
  vcpu_set_quiet(v, RS_RUNNING);
  if (!start->is_free) {
    v->activity = ACT_OVERHEAD;
    v->is_executing = false;
  }
  pcpu->current = v;
  pcpu->step_ns = start->step_ns;
  pcpu->slice_end_ns = start->slice_end_ns;
  pcpu->dispatch_order = order;
}

/* v, queued until now, takes p over. Its event is in the calendar. */
ALWAYS_INLINE void plain_succeed(struct hv *hv, struct vcpu *v, pcpu_id_t p,
                                 const struct plain_start *start) {
  hv_book(v, account_of(RS_READY), hv->sim->now_ns);
  hv->n_context_switches++;
  v->pcpu = p;
  plain_begin(hv, v, p, start, hv->next_dispatch++);
}

/* --- who comes next --- */

/* The head of the queue, which has left it, gets p. */
ALWAYS_INLINE void plain_start_next(struct hv *hv, struct vcpu *v, pcpu_id_t p, bool is_swap) {
  plain_prefetch(hv);
  move_start(hv, v, RS_READY, p, move_slice_end_ns(hv, v), is_swap);
}

/* The slice of p's vCPU ends, and somebody is queued. False: others' end, too. */
ALWAYS_INLINE bool plain_swap(struct hv *hv, pcpu_id_t p) {
  struct calendar *calendar = &hv->sim->calendar;
  struct vcpu *v = hv->pcpus[p].current, *next = plain_head(hv->fifo);
  if (vcpu_is_quiet(v, RS_RUNNING) && vcpu_is_quiet(next, RS_READY)) {
    struct plain_start start = plain_plan(hv, next, p, true, plain_slice_end_ns(hv), true);
    if (!calendar_set_last_pcpu(calendar, p, hv->sim->now_ns, start.key)) return false;
    plain_prefetch(hv);
    plain_stop(v, hv->pcpus[p].step_ns, hv->sim->now_ns);
    plain_push(hv->fifo, v);
    hv->fifo->head++;
    plain_succeed(hv, next, p, &start);
    return true;
  }
  if (calendar_has_other_pcpu(calendar, p, hv->sim->now_ns)) return false;
  move_enqueue(hv, v, QUEUE_DESCHEDULED);
  move_give_up(hv, v);
  plain_start_next(hv, move_dequeue_head(hv), p, true);
  return true;
}

/* … and nobody is. */
static inline bool plain_run_on(struct hv *hv, pcpu_id_t p) {
  struct calendar *calendar = &hv->sim->calendar;
  struct vcpu *v = hv->pcpus[p].current;
  int64_t end_ns = plain_slice_end_ns(hv);
  int64_t key = calendar_pcpu_key(calendar, p, v->id, hv->pcpus[p].step_ns, end_ns);
  if (!calendar_set_last_pcpu(calendar, p, hv->sim->now_ns, key)) return false;
  move_begin_slice(hv, v, p, end_ns);
  return true;
}

/* Where v, which nobody is before, starts: its last pCPU if that is free, else the lowest that is.
   There is one; it is free no more. */
static inline pcpu_id_t plain_claim(struct hv *hv, const struct vcpu *v) {
  pcpu_id_t lowest = hv_lowest_free(hv, NULL), last = v->pcpu == ID_NONE ? lowest : v->pcpu;
  uint32_t is_free = pcpuset_has(&hv->free, last); /* a toss-up: no branch on it */
  pcpu_id_t p = lowest ^ ((lowest ^ last) & -is_free);
  pcpuset_remove(&hv->free, p);
  return p;
}

/* One pCPU is free, or one vCPU is queued. */
static inline void plain_start_one(struct hv *hv) {
  struct vcpu *v = move_dequeue_head(hv);
  plain_start_next(hv, v, plain_claim(hv, v), false);
}

/* Several slices end together, p's and later ones': as vCPUs that only compute get to do. Are all
   that stop and start quiet, was it in the order of pCPUs that they were dispatched, and did those
   who come next run there last? Returns how many there are, or 0 if that is not so. */
ALWAYS_INLINE uint32_t plain_find_all(const struct hv *hv, pcpu_id_t p) {
  const struct calendar *calendar = &hv->sim->calendar;
  const struct runqueue *queue = hv->fifo;
  int64_t last_key = calendar_last_key(calendar, hv->sim->now_ns);
  uint32_t at = queue->head, behind = at + hv->n_queued;
  uint64_t order = 0;
  for (; p < hv->n_pcpus; p++) {
    if (wtree_key(&calendar->pcpus, p) > last_key) {
      p = wtree_find(&calendar->pcpus, p, last_key);
      if (p >= hv->n_pcpus) break;
    }
    const struct pcpu *pcpu = &hv->pcpus[p];
    const struct vcpu *next = queue->slot[at & queue->mask];
    if (at++ == behind || next->pcpu != p || pcpu->dispatch_order < order) return 0;
    if (!vcpu_is_quiet(next, RS_READY) || !vcpu_is_quiet(pcpu->current, RS_RUNNING)) return 0;
    order = pcpu->dispatch_order;
  }
  return at - queue->head;
}

/* The n go back to the queue, and as many of its heads take over, each the pCPU that it ran on
   last, where one of them stops. cost_ns: of a switch, a constant where that saves work. */
ALWAYS_INLINE void plain_exchange_all(struct hv *hv, uint32_t n, int64_t cost_ns) {
  const struct calendar *calendar = &hv->sim->calendar;
  struct wtree ends = calendar->pcpus;
  struct vcpu **slot = hv->fifo->slot;
  uint32_t mask = hv->fifo->mask, head = hv->fifo->head, length = hv->n_queued;
  int64_t now = hv->sim->now_ns, end_ns = plain_slice_end_ns(hv);
  int64_t ends_at_0 = calendar_slice_key(calendar, 0, end_ns);
  uint64_t order = hv->next_dispatch;
  hv->fifo->head += n;
  for (uint32_t at = head; at != head + n; at++) {
    struct vcpu *next = slot[at & mask];
    pcpu_id_t p = next->pcpu;
    const struct pcpu *pcpu = &hv->pcpus[p];
    struct plain_start start = {.slice_end_ns = end_ns, .is_free = cost_ns == 0};
    start.step_ns = now + (start.is_free ? next->left_ns : cost_ns);
    if (__builtin_expect(start.step_ns > end_ns, 1))
      wtree_put(&ends, p, ends_at_0 + p);
    else
      wtree_put(&ends, p, calendar_pcpu_key(calendar, p, next->id, start.step_ns, end_ns));
    plain_stop(slot[(at + length) & mask] = pcpu->current, pcpu->step_ns, now);
    hv_book(next, account_of(RS_READY), now);
    plain_begin(hv, next, p, &start, order++);
  }
  hv->fifo->tail += n;
  hv->next_dispatch = order;
  hv->n_context_switches += n;
  if (n > hv->n_pcpus / 4)
    wtree_build(&ends);
  else
    for (uint32_t at = head; at != head + n; at++)
      wtree_lift(&ends, slot[(at + length) & mask]->pcpu);
}

/* Returns whether it was as simple as that. */
static __attribute__((noinline)) bool plain_swap_all(struct hv *hv, pcpu_id_t first) {
  uint32_t n = hv->n_expired = plain_find_all(hv, first);
  if (n == 0) return false;
  hv->sim->n_events += n;
  if (hv->context_switch_ns == 0)
    plain_exchange_all(hv, n, 0);
  else
    plain_exchange_all(hv, n, hv->context_switch_ns);
  return true;
}

/* --- what happens to a plain host --- */

/* The same as batch_dispatch where no slice ends, and there is nothing to decide. Returns whether
   that is so. */
ALWAYS_INLINE bool plain_fill(struct hv *hv) {
  uint32_t n_free = hv->free.n_members, n_queued = hv->n_queued;
  bool is_single = n_queued == 1 ? n_free > 0 : n_free == 1 && n_queued > 0;
  if (is_single) plain_start_one(hv);
  return is_single;
}

/* … where p's slice ends: no pCPU is free but those whose slices end, or nobody is queued. */
ALWAYS_INLINE bool plain_dispatch(struct hv *hv, pcpu_id_t p) {
  uint32_t n_free = hv->free.n_members, n_queued = hv->n_queued;
  if ((uint64_t)n_free * n_queued > 0) return false; /* one branch, as either alone is a toss-up */
  /* Slices that ended together will do so again. */
  if (hv->n_expired > 1 && n_queued > 0 && plain_swap_all(hv, p)) return true;
  if (n_queued > 0 ? plain_swap(hv, p) : plain_run_on(hv, p)) {
    hv->sim->n_events++;
    return true;
  }
  return n_queued > 0 && plain_swap_all(hv, p);
}

/* Who is next in the queue, if quiet, takes over p, which is left now, if nothing else happens at
   this instant. */
ALWAYS_INLINE bool plain_take_over(struct hv *hv, pcpu_id_t p) {
  struct calendar *calendar = &hv->sim->calendar;
  struct vcpu *next = plain_head(hv->fifo);
  if (hv->free.n_members > 0 || hv->asked.n_members > 0) return false;
  if (!vcpu_is_quiet(next, RS_READY)) return false;
  if (calendar_next_other_ns(calendar) <= hv->sim->now_ns) return false;
  struct plain_start start = plain_plan(hv, next, p, true, plain_slice_end_ns(hv), true);
  if (!calendar_set_last_pcpu(calendar, p, hv->sim->now_ns, start.key)) return false;
  hv->n_queued--;
  hv->n_waiting--;
  plain_prefetch(hv);
  hv->fifo->head++;
  plain_succeed(hv, next, p, &start);
  return true;
}

/* v, quiet, halts. */
static inline void plain_halt(struct hv *hv, struct vcpu *v) {
  int64_t now = hv->sim->now_ns;
  pcpu_id_t p = v->pcpu;
  struct pcpu *pcpu = &hv->pcpus[p];
  hv_book(v, v->activity, now);
  vcpu_set_quiet(v, RS_IDLE);
  if (hv->n_queued > 0 && plain_take_over(hv, p)) return;
  pcpu->current = NULL;
  pcpu->last = v;
  hv->n_idle++;
  pcpu->busy_ns += now - pcpu->busy_since_ns;
  pcpuset_add(&hv->free, p);
  if (hv->n_waiting > 0) hv->must_fill = true;
  calendar_clear_pcpu(&hv->sim->calendar, p);
}

/* v, quiet, is woken. If nothing else happens at this instant and nobody is before it, it gets a
   free pCPU at once. */
static inline void plain_wake(struct hv *hv, struct vcpu *v) {
  int64_t now = hv->sim->now_ns;
  hv_book(v, account_of(RS_IDLE), now);
  bool is_free = hv->free.n_members > 0;
  bool is_before = ((hv->n_queued | hv->asked.n_members) != 0) | hv->must_fill; /* somebody */
  if (is_free && !is_before && calendar_next_ns(&hv->sim->calendar) > now) {
    pcpu_id_t p = plain_claim(hv, v);
    hv->pcpus[p].busy_since_ns = now;
    hv->n_idle--;
    bool is_switch = move_is_switch(&hv->pcpus[p], v);
    struct plain_start start = plain_plan(hv, v, p, is_switch, plain_slice_end_ns(hv), true);
    wtree_replace(&hv->sim->calendar.pcpus, p, start.key);
    hv->n_context_switches += is_switch;
    v->pcpu = p;
    plain_begin(hv, v, p, &start, hv->next_dispatch++);
    return;
  }
  vcpu_set_quiet(v, RS_READY);
  plain_push(hv->fifo, v);
  hv->n_queued++;
  hv->n_waiting++;
  if (is_free) hv->must_fill = true;
}

#endif
