/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Dispatching where pCPUs pick and no rule has a say: the short ways of quiet vCPUs.

   Idea: between its questions to the scheduler a dispatch makes few changes, and the questions are
   short; so these ways are compiled once for each scheduler, with its answers inlined. Rule: the
   same as dispatch.c's and move.h's. Cost: the scheduler's, and O(log pCPUs) for the calendar. */
#ifndef COSTOP_HV_PICKED_H
#define COSTOP_HV_PICKED_H

#include "hv/hv.h"
#include "hv/move.h"
#include "hv/plain.h"

ALWAYS_INLINE int64_t picked_slice_end_ns(const struct hv *hv, const struct vcpu *v,
                                          const struct sched_ops *ops) {
  int64_t slice_ns = ops->slice_ns ? ops->slice_ns(hv, v) : hv->timeslice_ns;
  return slice_ns < TIME_NEVER_NS ? hv->sim->now_ns + slice_ns : TIME_NEVER_NS;
}

/* Whom p picks, out of the queue; NULL: nobody. */
ALWAYS_INLINE struct vcpu *picked_take(struct hv *hv, pcpu_id_t p, const struct sched_ops *ops) {
  bool is_exact = ops->first && !ops->untake;
  struct vcpu *next = is_exact ? ops->first(hv, p) : ops->pick(hv, p);
  if (!next) return NULL;
  if (is_exact)
    ops->take(hv, next);
  else
    ops->dequeue(hv, next);
  return next;
}

ALWAYS_INLINE struct plain_start picked_plan(const struct hv *hv, const struct vcpu *v, pcpu_id_t p,
                                             const struct sched_ops *ops) {
  return plain_plan(hv, v, p, true, picked_slice_end_ns(hv, v, ops), !ops->is_endless);
}

/* v, quiet and taken from the queue, is RUNNING on p from now on. Its event is in the calendar. */
ALWAYS_INLINE void picked_succeed(struct hv *hv, struct vcpu *v, pcpu_id_t p,
                                  const struct plain_start *start, const struct sched_ops *ops) {
  plain_succeed(hv, v, p, start);
  if (ops->started) ops->started(hv, v);
}

/* … where nobody else comes to the queue. */
ALWAYS_INLINE void picked_begin(struct hv *hv, struct vcpu *v, pcpu_id_t p,
                                const struct plain_start *start, const struct sched_ops *ops) {
  hv->n_queued--;
  hv->n_waiting--;
  picked_succeed(hv, v, p, start, ops);
}

/* v, taken from the queue, takes over p, which has just been left. */
ALWAYS_INLINE void picked_start(struct hv *hv, struct vcpu *v, pcpu_id_t p,
                                const struct sched_ops *ops) {
  if (!vcpu_is_quiet(v, RS_READY)) {
    hv->n_queued--;
    v->is_queued = false;
    move_succeed(hv, v, p);
    return;
  }
  struct plain_start start = picked_plan(hv, v, p, ops);
  wtree_replace(&hv->sim->calendar.pcpus, p, start.key);
  picked_begin(hv, v, p, &start, ops);
}

/* Does p, which becomes free while vCPUs are queued, pick at once, as nothing else happens at this
   instant? If not, the dispatch phase says who is next. */
ALWAYS_INLINE bool picked_at_once(const struct hv *hv, pcpu_id_t p) {
  return hv->n_queued > 0 && hv->free.n_members == 0 && hv->asked.n_members == 0 &&
         !calendar_has_other(&hv->sim->calendar, p, hv->sim->now_ns);
}

/* next, quiet, is to take over p, which has just been left. False: not at once, as another pCPU has
   an event at this instant, too; nothing has changed then. */
ALWAYS_INLINE bool picked_let_in(struct hv *hv, struct vcpu *next, pcpu_id_t p,
                                 const struct sched_ops *ops) {
  if (ops->untake) ops->take(hv, next);
  struct plain_start start = picked_plan(hv, next, p, ops);
  if (!calendar_set_last_pcpu(&hv->sim->calendar, p, hv->sim->now_ns, start.key)) {
    if (ops->untake) ops->untake(hv, next);
    return false;
  }
  if (!ops->untake) ops->take(hv, next);
  picked_begin(hv, next, p, &start, ops);
  return true;
}

/* … and does somebody take it over? Where that can be asked before it leaves the queue, or its
   leaving can be undone, to enter its event into the calendar tells whether there is another one at
   this instant. */
ALWAYS_INLINE bool picked_take_over(struct hv *hv, pcpu_id_t p, const struct sched_ops *ops) {
  const struct calendar *calendar = &hv->sim->calendar;
  int64_t now = hv->sim->now_ns;
  if (hv->n_queued == 0 || (hv->free.n_members | hv->asked.n_members) > 0) return false;
  if (calendar_next_other_ns(calendar) <= now) return false;
  struct vcpu *next = ops->first ? ops->first(hv, p) : NULL;
  if (next && vcpu_is_quiet(next, RS_READY)) return picked_let_in(hv, next, p, ops);
  if (calendar_has_other_pcpu(calendar, p, now)) return false;
  next = picked_take(hv, p, ops);
  if (next) picked_start(hv, next, p, ops);
  return next != NULL;
}

/* Whom its pCPU picks may depend on what v has used, and on its having left. */
ALWAYS_INLINE void picked_halt(struct hv *hv, struct vcpu *v, const struct sched_ops *ops) {
  int64_t now = hv->sim->now_ns;
  pcpu_id_t p = v->pcpu;
  struct pcpu *pcpu = &hv->pcpus[p];
  if (!vcpu_is_quiet(v, RS_RUNNING)) {
    move_halt(hv, v, picked_at_once(hv, p));
    return;
  }
  if (ops->stopped) ops->stopped(hv, v);
  hv_book(v, v->activity, now);
  vcpu_set_quiet(v, RS_IDLE);
  pcpu->current = NULL;
  pcpu->last = v;
  if (picked_take_over(hv, p, ops)) {
    move_set_filled(hv);
    return;
  }
  hv->n_idle++;
  pcpu->busy_ns += now - pcpu->busy_since_ns;
  move_vacate(hv, v);
}

/* v, quiet, which has come to the queue, leaves its pCPU to another; who calls it counts. */
ALWAYS_INLINE void picked_leave(struct hv *hv, struct vcpu *v) {
  int64_t now = hv->sim->now_ns;
  struct pcpu *pcpu = &hv->pcpus[v->pcpu];
  v->is_queued = true;
  v->left_ns = pcpu->step_ns - now;
  v->preemptions++;
  hv_book(v, v->activity, now);
  v->activity = NO_ACTIVITY;
  v->is_executing = false;
  v->runstate = RS_READY; /* it may have been parked */
  pcpu->current = NULL;
  pcpu->last = v;
}

/* … to next, which has left the queue. */
ALWAYS_INLINE void picked_give_way(struct hv *hv, struct vcpu *v, struct vcpu *next,
                                   const struct sched_ops *ops) {
  picked_leave(hv, v);
  hv->n_queued++;
  hv->n_waiting++;
  picked_start(hv, next, v->pcpu, ops);
}

/* … or to nobody, or goes on: it is next itself, then. */
ALWAYS_INLINE void picked_settle(struct hv *hv, struct vcpu *v, struct vcpu *next,
                                 const struct sched_ops *ops) {
  if (next == v) {
    v->is_queued = false;
    move_run_on(hv, v, picked_slice_end_ns(hv, v, ops));
  } else if (next) {
    picked_give_way(hv, v, next, ops);
  } else { /* v has been parked, and nobody else is there */
    hv->n_queued++;
    move_preempt(hv, v, RS_READY);
  }
}

ALWAYS_INLINE void picked_decide(struct hv *hv, pcpu_id_t p, const struct sched_ops *ops) {
  struct vcpu *v = hv->pcpus[p].current;
  if (!vcpu_is_quiet(v, RS_RUNNING)) {
    move_decide(hv, p);
    return;
  }
  struct vcpu *next = ops->trade ? ops->trade(hv, v) : NULL;
  if (!next) {
    v->is_queued = true;
    ops->enqueue(hv, v, QUEUE_DESCHEDULED);
    next = picked_take(hv, p, ops);
    if (next && next != v && ops->stopped) ops->stopped(hv, v);
  }
  picked_settle(hv, v, next, ops);
}

/* v, quiet, whose slice ends, goes on. False, here and below: others' may end at this instant, too.
 */
ALWAYS_INLINE bool picked_run_on(struct hv *hv, struct vcpu *v, const struct sched_ops *ops) {
  struct calendar *calendar = &hv->sim->calendar;
  pcpu_id_t p = v->pcpu;
  int64_t end_ns = picked_slice_end_ns(hv, v, ops);
  int64_t key = calendar_pcpu_key(calendar, p, v->id, hv->pcpus[p].step_ns, end_ns);
  if (!calendar_set_last_pcpu(calendar, p, hv->sim->now_ns, key)) return false;
  move_begin_slice(hv, v, p, end_ns);
  return true;
}

/* … or gives way to next, quiet, too. */
ALWAYS_INLINE bool picked_swap(struct hv *hv, struct vcpu *v, struct vcpu *next,
                               const struct sched_ops *ops) {
  pcpu_id_t p = v->pcpu;
  struct plain_start start = picked_plan(hv, next, p, ops);
  if (!calendar_set_last_pcpu(&hv->sim->calendar, p, hv->sim->now_ns, start.key)) {
    ops->untrade(hv, v, next);
    return false;
  }
  picked_leave(hv, v);
  picked_succeed(hv, next, p, &start, ops);
  return true;
}

/* … as one of many: then calendar_build_pcpus. */
ALWAYS_INLINE void picked_swap_one(struct hv *hv, struct vcpu *v, struct vcpu *next,
                                   const struct sched_ops *ops) {
  pcpu_id_t p = v->pcpu;
  struct plain_start start = picked_plan(hv, next, p, ops);
  wtree_put(&hv->sim->calendar.pcpus, p, start.key);
  picked_leave(hv, v);
  picked_succeed(hv, next, p, &start, ops);
}

/* The slice of p's vCPU ends, and no pCPU is asked. Where a trade can be undone, to enter what
   comes of it into the calendar tells whether p is alone with that. */
ALWAYS_INLINE bool picked_end_slice(struct hv *hv, pcpu_id_t p, const struct sched_ops *ops) {
  struct vcpu *v = hv->pcpus[p].current;
  if (hv->free.n_members > 0) return false;
  if (ops->untrade && vcpu_is_quiet(v, RS_RUNNING)) {
    struct vcpu *next = ops->trade(hv, v);
    if (next == v) return picked_run_on(hv, v, ops);
    if (next && vcpu_is_quiet(next, RS_READY)) return picked_swap(hv, v, next, ops);
    if (next) ops->untrade(hv, v, next);
  }
  if (calendar_has_other_pcpu(&hv->sim->calendar, p, hv->sim->now_ns)) return false;
  ops->decide(hv, p);
  return true;
}

/* v, READY, has come to the queue. If nothing else happens at this instant, and v or one before it
   has asked a pCPU to decide, it does so at once. */
ALWAYS_INLINE void picked_answer(struct hv *hv, const struct sched_ops *ops) {
  if (hv->asked.n_members != 1) return;
  if (calendar_next_ns(&hv->sim->calendar) <= hv->sim->now_ns) return;
  pcpu_id_t p = pcpuset_first(&hv->asked);
  pcpuset_remove(&hv->asked, p);
  ops->decide(hv, p);
  move_set_filled(hv);
}

ALWAYS_INLINE void picked_wake(struct hv *hv, struct vcpu *v, const struct sched_ops *ops) {
  int64_t now = hv->sim->now_ns;
  if (!vcpu_is_quiet(v, RS_IDLE)) {
    move_wake(hv, v);
    return;
  }
  hv_book(v, account_of(RS_IDLE), now);
  vcpu_set_quiet(v, RS_READY);
  hv->n_queued++;
  hv->n_waiting++;
  bool is_alone = (hv->free.n_members | hv->asked.n_members) == 0;
  if (ops->challenge && is_alone && calendar_next_ns(&hv->sim->calendar) > now) {
    struct vcpu *loser = NULL, *next = ops->challenge(hv, v, &loser);
    next ? picked_give_way(hv, loser, next, ops) : picked_answer(hv, ops);
    return;
  }
  ops->enqueue(hv, v, QUEUE_WOKEN);
  if (hv->free.n_members > 0)
    hv->must_fill = true;
  else
    picked_answer(hv, ops);
}

/* For a scheduler's file: these with its operations, and their rows. */
#define PICKED_WAYS(name)                                                                        \
  static void name##_wake(struct hv *hv, struct vcpu *v) { picked_wake(hv, v, &sched_##name); }  \
  static void name##_halt(struct hv *hv, struct vcpu *v) { picked_halt(hv, v, &sched_##name); }  \
  static void name##_decide(struct hv *hv, pcpu_id_t p) { picked_decide(hv, p, &sched_##name); } \
  static bool name##_end_slice(struct hv *hv, pcpu_id_t p) {                                     \
    return picked_end_slice(hv, p, &sched_##name);                                               \
  }
#define PICKED_OPS(name) \
  .wake = name##_wake, .halt = name##_halt, .decide = name##_decide, .end_slice = name##_end_slice

#endif
