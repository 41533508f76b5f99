/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The dispatch phase of plain hosts: one queue, no rule, no homes, so that whoever is next may go
   anywhere. For dispatch.c, which knows when.

   Idea: nearly all moves are of two vCPUs with nothing unusual about them (vcpu_is_quiet), and make
   few changes, known beforehand. Rule: the same as batch.c's and move.h's, which do all the rest.
   Invariants: nobody leaves the queue but at its head, so it has no gaps. Cost: O(1) for each move,
   O(log pCPUs) for its entry in the calendar. */
#ifndef COSTOP_HV_PLAIN_H
#define COSTOP_HV_PLAIN_H

#include "hv/hv.h"
#include "hv/move.h"
#include "hv/runqueue.h"

/* --- moves of quiet vCPUs --- */

/* v, RUNNING on a pCPU, is so no more. */
MOVE_INLINE void plain_cease(struct vcpu *v, int64_t now) {
  v->time_ns[v->activity] += now - v->since_ns;
  v->since_ns = now;
  v->activity = NO_ACTIVITY;
  v->is_executing = false;
}

/* … but goes to the queue. */
MOVE_INLINE void plain_requeue(struct hv *hv, struct vcpu *v, const struct pcpu *pcpu) {
  int64_t now = hv->sim->now_ns;
  v->left_ns = pcpu->step_ns - now;
  v->preemptions++;
  plain_cease(v, now);
  v->runstate = RS_READY;
  v->is_queued = true;
  runqueue_push(hv->fifo, v);
}

/* v is RUNNING on p from now on; it has been READY, or for no time. Its wait is booked. */
MOVE_INLINE void plain_begin(struct hv *hv, struct vcpu *v, pcpu_id_t p) {
  int64_t now = hv->sim->now_ns, cost_ns = 0;
  struct pcpu *pcpu = &hv->pcpus[p];
  bool is_switch = pcpu->last && pcpu->last != v, is_migration = v->pcpu != p && v->pcpu != ID_NONE;
  if (is_switch) cost_ns += hv->context_switch_ns;
  if (is_migration) cost_ns += hv->migration_ns;
  hv->n_context_switches += is_switch;
  v->migrations += is_migration;
  v->dispatches++;
  v->pcpu = p;
  v->runstate = RS_RUNNING;
  v->is_queued = false;
  v->is_executing = cost_ns == 0;
  v->activity = cost_ns == 0 ? v->steady_activity : ACT_OVERHEAD;
  pcpu->current = pcpu->last = v;
  pcpu->step_ns = now + (cost_ns == 0 ? v->left_ns : cost_ns);
  pcpu->slice_end_ns = now + hv->timeslice_ns;
  pcpu->dispatch_order = hv->next_dispatch++;
  move_sync_event(hv, v, p);
}

/* v, READY, starts. */
MOVE_INLINE void plain_start(struct hv *hv, struct vcpu *v, pcpu_id_t p) {
  v->time_ns[account_of(RS_READY)] += hv->sim->now_ns - v->since_ns;
  v->since_ns = hv->sim->now_ns;
  plain_begin(hv, v, p);
}

/* --- who comes next --- */

/* Who comes next in the queue is going to run soon: have its memory at hand by then. A big host
   does not fit into a cache. */
MOVE_INLINE void plain_prefetch(const struct hv *hv) {
  if (!hv->is_big) return;
  const struct vcpu *v = runqueue_peek(hv->fifo, 3);
  if (v) vcpu_prefetch(v);
}

/* The head of the queue, which has left it, gets p. */
MOVE_INLINE void plain_start_next(struct hv *hv, struct vcpu *v, pcpu_id_t p, bool is_swap) {
  plain_prefetch(hv);
  move_start(hv, v, RS_READY, p, move_slice_end_ns(hv, v), is_swap);
}

/* The slice of p's vCPU ends, and somebody is queued. */
static inline void plain_swap(struct hv *hv, pcpu_id_t p) {
  struct pcpu *pcpu = &hv->pcpus[p];
  struct vcpu *v = pcpu->current, *next = runqueue_head(hv->fifo);
  if (vcpu_is_quiet(v, RS_RUNNING) && vcpu_is_quiet(next, RS_READY)) {
    plain_requeue(hv, v, pcpu);
    (void)runqueue_pop(hv->fifo);
    plain_prefetch(hv);
    plain_start(hv, next, p);
    return;
  }
  move_enqueue(hv, v, QUEUE_DESCHEDULED);
  move_give_up(hv, v);
  plain_start_next(hv, move_dequeue_head(hv), p, true);
}

/* One pCPU is free, or one vCPU is queued. */
static inline void plain_start_one(struct hv *hv) {
  struct vcpu *v = move_dequeue_head(hv);
  pcpu_id_t p = v->pcpu;
  if (p == ID_NONE || !pcpuset_has(&hv->free, p)) p = hv_lowest_free(hv, NULL);
  pcpuset_remove(&hv->free, p);
  plain_start_next(hv, v, p, false);
}

/* --- slices that end together --- */

/* Finds them, from p's on, into hv->expired, and who comes in their place into hv->picks. False:
   they are not as many, not in the order in which they were dispatched, or not all quiet. */
static inline bool plain_find_all(struct hv *hv, pcpu_id_t p) {
  bool is_plain = true;
  uint64_t order = 0;
  uint32_t n = 0;
  for (; p < hv->n_pcpus && is_plain; p = move_next_slice_end(hv, p)) {
    struct vcpu *v = hv->pcpus[p].current, *next = runqueue_peek(hv->fifo, n);
    is_plain = next && hv->pcpus[p].dispatch_order >= order && vcpu_is_quiet(v, RS_RUNNING) &&
               vcpu_is_quiet(next, RS_READY);
    order = hv->pcpus[p].dispatch_order;
    hv->expired[n] = v;
    hv->picks[n++] = next;
  }
  hv->n_expired = n;
  return is_plain;
}

/* The last pCPU if that is free, for all; then the lowest-numbered ones. */
MOVE_INLINE void plain_place_all(struct hv *hv) {
  uint32_t n = hv->n_expired, n_placed = 0;
  for (uint32_t i = 0; i < n; i++) {
    struct vcpu *v = hv->picks[i];
    bool is_free = v->pcpu != ID_NONE && !hv->pcpus[v->pcpu].current;
    v->next_pcpu = is_free ? v->pcpu : ID_NONE;
    if (is_free) hv->pcpus[v->pcpu].current = v;
    n_placed += is_free;
  }
  pcpu_id_t p = 0;
  for (uint32_t i = 0; n_placed < n; i++) {
    if (hv->picks[i]->next_pcpu != ID_NONE) continue;
    while (hv->pcpus[p].current) p++;
    hv->pcpus[p].current = hv->picks[i];
    hv->picks[i]->next_pcpu = p;
    n_placed++;
  }
}

/* Returns whether it was as simple as that. */
static inline bool plain_swap_all(struct hv *hv, pcpu_id_t first) {
  if (!plain_find_all(hv, first)) return false;
  uint32_t n = hv->n_expired;
  hv->sim->n_events += n;
  for (uint32_t i = 0; i < n; i++) {
    struct pcpu *pcpu = &hv->pcpus[hv->expired[i]->pcpu];
    plain_requeue(hv, hv->expired[i], pcpu);
    (void)runqueue_pop(hv->fifo);
    pcpu->current = NULL;
  }
  plain_place_all(hv);
  for (uint32_t i = 0; i < n; i++) plain_start(hv, hv->picks[i], hv->picks[i]->next_pcpu);
  return true;
}

/* --- what happens to a plain host --- */

/* The same as batch_dispatch, where there is nothing to decide: no pCPU is free but those whose
   slices end, or nobody is queued. Returns whether that is so. */
static inline bool plain_dispatch(struct hv *hv, pcpu_id_t p) {
  uint32_t n_free = hv->free.n_members, n_queued = hv->n_queued;
  if (p == ID_NONE) {
    bool is_single = n_queued == 1 ? n_free > 0 : n_free == 1 && n_queued > 0;
    if (is_single) plain_start_one(hv);
    return is_single;
  }
  if (n_free > 0 && n_queued > 0) return false;
  if (calendar_has_other_pcpu(&hv->sim->calendar, p, hv->sim->now_ns))
    return n_queued > 0 && plain_swap_all(hv, p);
  hv->sim->n_events++;
  if (n_queued == 0)
    move_run_on(hv, hv->pcpus[p].current, move_slice_end_ns(hv, hv->pcpus[p].current));
  else
    plain_swap(hv, p);
  return true;
}

/* v, quiet, halts. */
static inline void plain_halt(struct hv *hv, struct vcpu *v) {
  struct sim *sim = hv->sim;
  pcpu_id_t p = v->pcpu;
  struct pcpu *pcpu = &hv->pcpus[p];
  plain_cease(v, sim->now_ns);
  v->runstate = RS_IDLE;
  pcpu->current = NULL;
  bool may_swap = hv->n_queued > 0 && hv->free.n_members == 0 && hv->asked.n_members == 0;
  if (may_swap && !calendar_has_other(&sim->calendar, p, sim->now_ns)) {
    struct vcpu *next = runqueue_head(hv->fifo);
    if (vcpu_is_quiet(next, RS_READY)) {
      (void)runqueue_pop(hv->fifo);
      hv->n_queued--;
      hv->n_waiting--;
      plain_prefetch(hv);
      plain_start(hv, next, p);
    } else {
      plain_start_next(hv, move_dequeue_head(hv), p, true);
    }
    hv->must_fill = false;
    return;
  }
  hv->n_idle++;
  pcpu->busy_ns += sim->now_ns - pcpu->busy_since_ns;
  pcpuset_add(&hv->free, p);
  if (hv->n_waiting > 0) hv->must_fill = true;
  calendar_clear_pcpu(&sim->calendar, p);
}

/* v, quiet, is woken. If nothing else happens at this instant and nobody is before it, it gets a
   free pCPU at once. */
static inline void plain_wake(struct hv *hv, struct vcpu *v) {
  int64_t now = hv->sim->now_ns;
  v->time_ns[account_of(RS_IDLE)] += now - v->since_ns;
  v->since_ns = now;
  bool is_free = hv->free.n_members > 0;
  bool is_first = hv->n_queued == 0 && !hv->must_fill && hv->asked.n_members == 0;
  if (is_free && is_first && calendar_next_ns(&hv->sim->calendar) > now) {
    pcpu_id_t p = v->pcpu;
    if (p == ID_NONE || !pcpuset_has(&hv->free, p)) p = hv_lowest_free(hv, NULL);
    pcpuset_remove(&hv->free, p);
    hv->pcpus[p].busy_since_ns = now;
    hv->n_idle--;
    plain_begin(hv, v, p);
    return;
  }
  v->runstate = RS_READY;
  v->is_queued = true;
  runqueue_push(hv->fifo, v);
  hv->n_queued++;
  hv->n_waiting++;
  if (is_free) hv->must_fill = true;
}

#endif
