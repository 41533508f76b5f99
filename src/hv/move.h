/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The moves that every dispatch is made of: a vCPU joins or leaves the queue, stops, starts. For
   dispatch.c and batch.c, which alone may make them; inlined there, where who starts and why is
   known. */
#ifndef COSTOP_HV_MOVE_H
#define COSTOP_HV_MOVE_H

#include <assert.h>

#include "hv/hv.h"
#include "hv/runqueue.h"
#include "sim/inline.h"

/* --- a pCPU's one event: its vCPU's step or its slice end, whichever comes first --- */

/* v is p's current. */
ALWAYS_INLINE void move_sync_event(struct hv *hv, const struct vcpu *v, pcpu_id_t p) {
  const struct pcpu *pcpu = &hv->pcpus[p];
  calendar_set_pcpu(&hv->sim->calendar, p, v->id, pcpu->step_ns, pcpu->slice_end_ns);
}

ALWAYS_INLINE void move_arm(struct hv *hv, const struct vcpu *v, pcpu_id_t p, int64_t at_ns) {
  hv->pcpus[p].step_ns = at_ns;
  move_sync_event(hv, v, p);
}

/* To enter or clear many pCPUs in the calendar one by one takes longer than to build all of it. */
static inline bool move_are_many(const struct hv *hv, uint32_t n) { return n > hv->n_pcpus / 8; }

/* --- delay.c --- */

/* Is the decision about v, which is due, put off? Only if hv->delay_ns > 0. */
bool delay_puts_off(struct hv *hv, struct vcpu *v);
/* v, delayed, is stopped or decided about. */
void delay_end(struct hv *hv, struct vcpu *v);
/* The end of v's slice, less what v has overrun. */
int64_t delay_settle(const struct hv *hv, struct vcpu *v, int64_t slice_end_ns);

/* --- poll.c: only if hv->poll.max_ns > 0 --- */

/* v halts. */
void poll_begin(struct hv *hv, struct vcpu *v);
/* What its pCPU has polled for v up to now. */
void poll_book(struct hv *hv, struct vcpu *v);
/* The pCPU polls no longer. */
void poll_end(struct hv *hv, struct pcpu *pcpu);
/* v, IDLE, is woken. */
void poll_woken(struct hv *hv, struct vcpu *v);

/* --- queueing --- */

ALWAYS_INLINE void move_enqueue(struct hv *hv, struct vcpu *v, enum queue_reason reason) {
  assert(!v->is_queued);
  v->is_queued = true;
  hv->n_queued++;
  if (!hv->is_plain && !hv->is_picked) hv_requeue_place(hv, v);
  if (hv->fifo)
    runqueue_push(hv->fifo, v);
  else
    hv->sched->enqueue(hv, v, reason);
}

/* Likewise, where there is one queue; who calls it counts n_queued. */
ALWAYS_INLINE void move_push(struct hv *hv, struct vcpu *v) {
  v->is_queued = true;
  hv_requeue_place(hv, v);
  runqueue_push(hv->fifo, v);
}

ALWAYS_INLINE enum queue_reason move_reason(const struct vcpu *v) {
  return v->has_yielded ? QUEUE_YIELDED : QUEUE_DESCHEDULED;
}

ALWAYS_INLINE void move_dequeue(struct hv *hv, struct vcpu *v) {
  if (!v->is_queued) return;
  v->is_queued = false;
  hv->n_queued--;
  if (hv->fifo)
    runqueue_remove(hv->fifo, v);
  else
    hv->sched->dequeue(hv, v);
}

/* Of a host with one queue that has one. */
ALWAYS_INLINE struct vcpu *move_dequeue_head(struct hv *hv) {
  struct vcpu *v = runqueue_pop(hv->fifo);
  v->is_queued = false;
  hv->n_queued--;
  return v;
}

/* pCPUs have been filled. Who was asked while that went on decides in another phase. */
ALWAYS_INLINE void move_set_filled(struct hv *hv) { hv->must_fill = hv->asked.n_members > 0; }

/* --- stopping --- */

ALWAYS_INLINE void move_unexpire(struct vcpu *v) {
  v->has_expired = false;
  if (v->group) v->group->n_expired--;
}

/* p's vCPU, which yields, stops. If that is all that p was asked for, it is no more. */
static inline void move_unask(struct hv *hv, pcpu_id_t p) {
  if (pcpuset_has(&hv->asked, p) && pcpuset_has(&hv->yielded, p)) pcpuset_remove(&hv->asked, p);
}

/* v stops. Its pCPU is idle from now on, unless another takes it over at once (is_swap). */
ALWAYS_INLINE void move_stop(struct hv *hv, struct vcpu *v, enum runstate to, bool is_swap) {
  int64_t now = hv->sim->now_ns;
  struct pcpu *pcpu = &hv->pcpus[v->pcpu];
  if (hv->sched->stopped) hv->sched->stopped(hv, v);
  if (v->is_executing && to != RS_IDLE) {
    if (v->is_steady)
      v->left_ns = hv_work_ns(hv, v, pcpu->step_ns - now);
    else
      guest_suspend(hv->guest, v);
  }
  if (v->has_yielded) move_unask(hv, v->pcpu);
  if (v->is_delayed) delay_end(hv, v);
  v->is_executing = v->has_yielded = v->is_exiting = v->has_exited = false;
  hv_change_activity(hv, v, NO_ACTIVITY, now);
  if (!is_swap) {
    hv->n_idle++;
    pcpu->busy_ns += now - pcpu->busy_since_ns;
  }
  hv_set_runstate(hv, v, RS_RUNNING, to, now);
  pcpu->current = NULL;
  pcpu->last = v;
  if (hv->cores) cores_stop(hv, v, is_swap);
}

/* v's pCPU is taken over by another at once. A yield is no preemption. */
ALWAYS_INLINE void move_give_up(struct hv *hv, struct vcpu *v) {
  bool is_preempted = !v->has_yielded;
  if (is_preempted && (v->listeners & LISTENER_GUEST)) guest_count_preemption(hv->guest, v);
  v->preemptions += is_preempted;
  move_stop(hv, v, RS_READY, true);
  if (is_preempted && (v->listeners & LISTENER_TRACE)) hv_trace_vcpu(hv, v, TRACE_PREEMPT, 0);
}

/* v has stopped. An expired vCPU's pCPU has been counted as free already. */
static inline void move_vacate(struct hv *hv, struct vcpu *v) {
  if (v->has_expired) {
    move_unexpire(v);
    return;
  }
  hv_free(hv, v->pcpu);
  if (hv->is_core_scheduled) cores_invite(hv, hv_vm_of(hv, v));
  if (hv->n_waiting > 0) hv->must_fill = true;
  calendar_clear_pcpu(&hv->sim->calendar, v->pcpu);
}

/* RUNNING -> READY or COSTOP, but for a yield against the guest's will. Its pCPU is free from now
   on. */
void move_preempt(struct hv *hv, struct vcpu *v, enum runstate to);

/* --- starting --- */

ALWAYS_INLINE int64_t move_slice_end_ns(const struct hv *hv, const struct vcpu *v) {
  bool is_fixed = hv->is_plain || !hv->sched->slice_ns;
  int64_t slice_ns = is_fixed ? hv->timeslice_ns : hv->sched->slice_ns(hv, v);
  return slice_ns < TIME_NEVER_NS ? hv->sim->now_ns + slice_ns : TIME_NEVER_NS;
}

ALWAYS_INLINE void move_begin_slice(struct hv *hv, struct vcpu *v, pcpu_id_t p, int64_t end_ns) {
  struct pcpu *pcpu = &hv->pcpus[p];
  pcpu->slice_end_ns = end_ns;
  pcpu->dispatch_order = hv->next_dispatch++;
  v->has_yielded = false;
  v->dispatches++;
  if (v->listeners & LISTENER_TRACE) hv_trace_vcpu(hv, v, TRACE_SLICE, end_ns);
}

static inline int64_t move_migration_ns(const struct hv *hv, pcpu_id_t from, pcpu_id_t to) {
  return hv->migrations_ns[topology_distance(&hv->topology, from, to)];
}

/* Did somebody else run on the pCPU last, and v elsewhere? Either may be a toss-up: no branch. */
ALWAYS_INLINE bool move_is_switch(const struct pcpu *pcpu, const struct vcpu *v) {
  return (pcpu->last != NULL) & (pcpu->last != v);
}
ALWAYS_INLINE bool move_is_migration(const struct vcpu *v, pcpu_id_t p) {
  return (v->pcpu != p) & (v->pcpu != ID_NONE);
}
/* What a start costs where all migrations cost the same. */
ALWAYS_INLINE int64_t move_cost_ns(const struct hv *hv, bool is_switch, bool is_migration) {
  return (hv->context_switch_ns & -(int64_t)is_switch) +
         (hv->migration_ns & -(int64_t)is_migration);
}

ALWAYS_INLINE int64_t move_count_cost(struct hv *hv, pcpu_id_t p, struct vcpu *v) {
  const struct pcpu *pcpu = &hv->pcpus[p];
  int64_t cost_ns = 0;
  if (pcpu->last && pcpu->last != v) {
    cost_ns += hv->context_switch_ns;
    hv->n_context_switches++;
  }
  if (v->pcpu != ID_NONE && v->pcpu != p) {
    cost_ns +=
        hv->migration_ns != MIGRATION_VARIES ? hv->migration_ns : move_migration_ns(hv, v->pcpu, p);
    v->migrations++;
  }
  return cost_ns;
}

ALWAYS_INLINE void move_begin_execution(struct hv *hv, struct vcpu *v, pcpu_id_t p) {
  v->is_executing = true;
  if (v->listeners & LISTENER_VM) hv_begin_progress(hv, v);
  if (v->is_steady) {
    int64_t now = hv->sim->now_ns;
    hv_change_activity(hv, v, v->steady_activity, now);
    move_arm(hv, v, p, now + hv_time_ns(hv, v, v->left_ns));
  } else {
    guest_resume(hv->guest, v);
  }
}

/* v starts on p, which has been claimed, or (is_swap) taken over from one that stops now. */
ALWAYS_INLINE void move_start(struct hv *hv, struct vcpu *v, enum runstate from, pcpu_id_t p,
                              int64_t slice_end_ns, bool is_swap) {
  int64_t now = hv->sim->now_ns;
  struct pcpu *pcpu = &hv->pcpus[p];
  assert(!pcpu->current);
  int64_t cost_ns = move_count_cost(hv, p, v);
  if (pcpu->poller) poll_end(hv, pcpu);
  pcpu->current = v;
  v->pcpu = p;
  if (!is_swap) {
    pcpu->busy_since_ns = now;
    hv->n_idle--;
  }
  hv_set_runstate(hv, v, from, RS_RUNNING, now);
  if (hv->cores) cores_start(hv, v, is_swap);
  if (hv->sched->started) hv->sched->started(hv, v);
  move_begin_slice(hv, v, p, slice_end_ns);
  if (cost_ns == 0) {
    move_begin_execution(hv, v, p);
    return;
  }
  hv_change_activity(hv, v, ACT_OVERHEAD, now);
  move_arm(hv, v, p, now + cost_ns);
}

/* An expired vCPU keeps its pCPU. */
ALWAYS_INLINE void move_run_on(struct hv *hv, struct vcpu *v, int64_t end_ns) {
  move_begin_slice(hv, v, v->pcpu, end_ns);
  move_sync_event(hv, v, v->pcpu);
}

/* --- dispatch.c: the long ways of what picked.h and plain.h do where nothing is unusual --- */

void move_wake(struct hv *hv, struct vcpu *v);
/* v halts; its pCPU picks at once, or in the dispatch phase. */
void move_halt(struct hv *hv, struct vcpu *v, bool is_at_once);
/* p alone decides about its vCPU, and no other pCPU is free. */
void move_decide(struct hv *hv, pcpu_id_t p);
/* v, which has been picked and has left the queue, takes p over, which has just been left. */
void move_succeed(struct hv *hv, struct vcpu *v, pcpu_id_t p);

/* --- ple.c --- */

/* The exit of v's pause loop is over. */
void ple_end_exit(struct hv *hv, struct vcpu *v);

/* --- batch.c --- */

/* The whole dispatch phase of this instant; p as of hv_dispatch, or ID_NONE. */
void batch_dispatch(struct hv *hv, pcpu_id_t p);
/* The next to offer a pCPU to and, where pCPUs pick, hv->next_pcpu for it; NULL: nobody. */
struct vcpu *batch_next_offer(struct hv *hv);

#endif
