/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The dispatch protocol: with batch.c the only code that changes who runs. Schedulers and
   co-scheduling rules advise, these files act; docs/model.md section 3 has the rules in words. Here
   is what guests, rules and the clock ask for, and the short ways of plain hosts. */
#include <assert.h>

#include "hv/hv.h"
#include "hv/move.h"
#include "hv/plain.h"
#include "hv/sibling.h"

void hv_arm(struct hv *hv, struct vcpu *v, int64_t at_ns) {
  assert(hv->pcpus[v->pcpu].current == v && at_ns >= hv->sim->now_ns);
  move_arm(hv, v, v->pcpu, at_ns);
}

int64_t hv_armed_ns(const struct hv *hv, const struct vcpu *v) {
  return hv->pcpus[v->pcpu].step_ns;
}

int64_t hv_slice_left_ns(const struct hv *hv, const struct vcpu *v) {
  int64_t end_ns = hv->pcpus[v->pcpu].slice_end_ns;
  return end_ns == TIME_NEVER_NS ? TIME_NEVER_NS : end_ns - hv->sim->now_ns;
}

void move_wake(struct hv *hv, struct vcpu *v) {
  if (hv->poll.max_ns > 0) poll_woken(hv, v);
  hv_set_runstate(hv, v, RS_IDLE, RS_READY, hv->sim->now_ns);
  move_enqueue(hv, v, QUEUE_WOKEN);
  if (hv->cosched->woken) hv->cosched->woken(hv, v);
  if (hv->is_core_scheduled) cores_invite(hv, hv_vm_of(hv, v));
  if (hv->free.n_members > 0) hv->must_fill = true;
}

static void wake_plain(struct hv *hv, struct vcpu *v) {
  if (vcpu_is_quiet(v, RS_IDLE))
    plain_wake(hv, v);
  else
    move_wake(hv, v);
}

void hv_wake(struct hv *hv, struct vcpu *v) { hv->wake(hv, v); }

static void costart_one(struct hv *hv, struct vcpu *v) {
  hv_set_runstate(hv, v, RS_COSTOP, RS_READY, hv->sim->now_ns);
  move_enqueue(hv, v, QUEUE_COSTARTED);
  if (hv->is_core_scheduled) cores_invite(hv, hv_vm_of(hv, v));
}

/* As many of those listed as are quiet, up to the first that is not; returns their number. */
static uint32_t costart_quiet(struct hv *hv, struct vcpu *vcpus, const uint32_t *which,
                              uint32_t n) {
  struct sibling_moves moves = sibling_begin(hv, vcpus->group);
  for (uint32_t i = 0; i < n; i++) {
    struct vcpu *v = &vcpus[which[i]];
    if (!sibling_is_quiet(v, RS_COSTOP, false)) break;
    sibling_release(&moves, v);
    if (hv->fifo)
      move_push(hv, v);
    else
      move_enqueue(hv, v, QUEUE_COSTARTED);
  }
  sibling_count_releases(&moves);
  if (hv->fifo) hv->n_queued += moves.n;
  return moves.n;
}

void hv_costart(struct hv *hv, struct hv_vm *vm, const uint32_t *which, uint32_t n) {
  struct vcpu *vcpus = &hv->vcpus[vm->first_vcpu];
  for (uint32_t i = 0; i < n; i++) {
    i += costart_quiet(hv, vcpus, which + i, n - i);
    if (i < n) costart_one(hv, &vcpus[which[i]]);
  }
  if (n > 0 && hv->free.n_members > 0) hv->must_fill = true;
}

void hv_ask(struct hv *hv, pcpu_id_t p) {
  if (!pcpuset_has(&hv->asked, p)) pcpuset_add(&hv->asked, p);
  if (pcpuset_has(&hv->yielded, p)) pcpuset_remove(&hv->yielded, p);
  hv->must_fill = true;
}

void hv_yield(struct hv *hv, struct vcpu *v) {
  assert(v->is_executing);
  bool was_asked = pcpuset_has(&hv->asked, v->pcpu);
  v->has_yielded = true;
  hv_ask(hv, v->pcpu);
  if (!was_asked) pcpuset_add(&hv->yielded, v->pcpu);
}

/* --- stopping --- */

void move_preempt(struct hv *hv, struct vcpu *v, enum runstate to) {
  bool is_against_will = to == RS_COSTOP || !v->has_yielded;
  if (is_against_will && (v->listeners & LISTENER_GUEST)) guest_count_preemption(hv->guest, v);
  if (is_against_will && to == RS_READY) v->preemptions++;
  move_stop(hv, v, to, false);
  move_vacate(hv, v);
  if (is_against_will && (v->listeners & LISTENER_TRACE)) hv_trace_vcpu(hv, v, TRACE_PREEMPT, 0);
}

static void costop_ready(struct hv *hv, struct vcpu *v) {
  if (hv->sched->withdrawn) hv->sched->withdrawn(hv, v);
  hv_set_runstate(hv, v, RS_READY, RS_COSTOP, hv->sim->now_ns);
}

void hv_costop(struct hv *hv, struct vcpu *v) {
  move_dequeue(hv, v);
  if (v->runstate == RS_RUNNING) {
    v->next_pcpu = v->pcpu; /* it goes nowhere */
    move_preempt(hv, v, RS_COSTOP);
  } else if (v->runstate == RS_READY) {
    costop_ready(hv, v);
  }
}

static uint32_t costop_quiet(struct hv *hv, struct vcpu *vcpus, const uint32_t *which, uint32_t n,
                             bool are_many) {
  struct calendar *calendar = &hv->sim->calendar;
  struct sibling_moves moves = sibling_begin(hv, vcpus->group);
  for (uint32_t i = 0; i < n; i++) {
    struct vcpu *v = &vcpus[which[i]];
    if (!sibling_is_quiet(v, RS_RUNNING, false)) break;
    sibling_stop(hv, &moves, v, RS_COSTOP);
    pcpuset_add(&hv->free, v->pcpu);
    if (are_many)
      calendar_drop_pcpu(calendar, v->pcpu);
    else
      calendar_clear_pcpu(calendar, v->pcpu);
  }
  sibling_count_stops(hv, &moves, RS_COSTOP);
  return moves.n;
}

void hv_costop_running(struct hv *hv, struct hv_vm *vm, const uint32_t *which, uint32_t n) {
  struct vcpu *vcpus = &hv->vcpus[vm->first_vcpu];
  bool are_many = move_are_many(hv, n);
  for (uint32_t i = 0; i < n; i++) {
    i += costop_quiet(hv, vcpus, which + i, n - i, are_many);
    if (i < n) hv_costop(hv, &vcpus[which[i]]);
  }
  if (are_many) calendar_build_pcpus(&hv->sim->calendar);
  if (n > 0) hv->must_fill = true;
}

/* --- running --- */

void hv_on_step(struct hv *hv, struct vcpu *v) {
  if (v->is_executing) {
    guest_step(hv->guest, v);
    return;
  }
  hv->sim->n_events++;
  if (v->is_exiting)
    ple_end_exit(hv, v);
  else
    move_begin_execution(hv, v, v->pcpu);
}

void hv_take_over(struct hv *hv, struct vcpu *v, pcpu_id_t p, int64_t slice_end_ns) {
  move_dequeue(hv, v);
  hv_take(hv, v, p);
  move_start(hv, v, RS_READY, p, slice_end_ns, false);
}

/* --- the dispatch phase where pCPUs pick: short ways --- */

/* Who has been picked gets p. */
ALWAYS_INLINE void start_picked(struct hv *hv, struct vcpu *v, pcpu_id_t p, bool is_swap) {
  move_start(hv, v, RS_READY, p, move_slice_end_ns(hv, v), is_swap);
}

void move_succeed(struct hv *hv, struct vcpu *v, pcpu_id_t p) { start_picked(hv, v, p, true); }

void move_decide(struct hv *hv, pcpu_id_t p) {
  struct vcpu *v = hv->pcpus[p].current;
  move_enqueue(hv, v, move_reason(v));
  struct vcpu *next = hv->sched->pick(hv, p);
  if (!next) { /* v has been parked, and nobody else is there */
    move_preempt(hv, v, RS_READY);
    return;
  }
  move_dequeue(hv, next);
  if (next == v) {
    move_run_on(hv, v, move_slice_end_ns(hv, v));
    return;
  }
  move_give_up(hv, v);
  start_picked(hv, next, p, true);
}

/* … or one pCPU is free, or one vCPU is queued. */
static void fill_one(struct hv *hv) {
  hv->offering = 0;
  struct vcpu *v = batch_next_offer(hv);
  if (!v) return;
  move_dequeue(hv, v);
  pcpuset_remove(&hv->free, hv->next_pcpu);
  start_picked(hv, v, hv->next_pcpu, false);
}

/* Whom p picks may depend on what v has used, and on its having left. */
void move_halt(struct hv *hv, struct vcpu *v, bool is_at_once) {
  pcpu_id_t p = v->pcpu;
  if (hv->poll.max_ns > 0) poll_begin(hv, v);
  move_stop(hv, v, RS_IDLE, false);
  struct vcpu *next = is_at_once ? hv->sched->pick(hv, p) : NULL;
  if (!next) {
    move_vacate(hv, v);
    return;
  }
  move_dequeue(hv, next);
  start_picked(hv, next, p, false);
  move_set_filled(hv);
}

static void halt_plain(struct hv *hv, struct vcpu *v) {
  if (vcpu_is_quiet(v, RS_RUNNING))
    plain_halt(hv, v);
  else
    move_halt(hv, v, false);
}

static void halt_any(struct hv *hv, struct vcpu *v) { move_halt(hv, v, false); }

void hv_halt(struct hv *hv, struct vcpu *v) { hv->halt(hv, v); }

void hv_choose_ways(struct hv *hv) {
  hv->wake = hv->is_picked ? hv->sched->wake : hv->is_plain ? wake_plain : move_wake;
  hv->halt = hv->is_picked ? hv->sched->halt : hv->is_plain ? halt_plain : halt_any;
}

/* Where pCPUs pick, and no slice ends. Returns whether it was as simple as that. */
static bool fill_picked(struct hv *hv) {
  uint32_t n_asked = hv->asked.n_members;
  if (n_asked == 0) {
    if (hv->free.n_members > 1 && hv->n_queued > 1) return false; /* slices begin together */
    fill_one(hv);
    return true;
  }
  if (hv->free.n_members > 0) return false;
  if (n_asked > 1) return hv->sched->decide_all && hv->sched->decide_all(hv);
  pcpu_id_t p = pcpuset_first(&hv->asked);
  pcpuset_remove(&hv->asked, p);
  hv->sched->decide(hv, p);
  return true;
}

static __attribute__((noinline)) void fill(struct hv *hv) {
  if (!hv->is_picked || !fill_picked(hv)) batch_dispatch(hv, ID_NONE);
}

void hv_fill(struct hv *hv) {
  if (!hv->is_plain || hv->asked.n_members > 0 || !plain_fill(hv)) fill(hv);
  move_set_filled(hv);
}

/* p's slice ends, and no pCPU is asked. */
static inline bool end_slice(struct hv *hv, pcpu_id_t p) {
  if (hv->is_plain) return plain_dispatch(hv, p);
  bool is_alone = hv->is_picked && hv->sched->end_slice(hv, p);
  hv->sim->n_events += is_alone;
  return is_alone;
}

void hv_dispatch(struct hv *hv, pcpu_id_t p) {
  if (hv->asked.n_members > 0 || !end_slice(hv, p)) batch_dispatch(hv, p);
  move_set_filled(hv);
}
