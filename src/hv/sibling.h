/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Moves of vCPUs with siblings, or whom the rule minds. A part of dispatch.c and batch.c.

   Idea: a co-scheduling event moves many vCPUs with nothing unusual about them, but that their VMs
   keep count of them. Rule: the same as move.h's and account.c's, for one who leaves a pCPU and for
   one who gets one. Invariants: theirs. Cost: O(1), and O(log pCPUs) for the calendar. */
#ifndef COSTOP_HV_SIBLING_H
#define COSTOP_HV_SIBLING_H

#include "hv/hv.h"
#include "hv/move.h"

/* Is v in that state, with nothing unusual about it: its guest is steady, and its VM alone minds
   what it does? It may be queued, and its slice may have ended. */
MOVE_INLINE bool sibling_is_quiet(const struct vcpu *v, enum runstate state) {
  static const struct vcpu quiet[RUNSTATES] = {
      [RS_RUNNING] = {.runstate = RS_RUNNING,
                      .listeners = LISTENER_VM,
                      .is_executing = true,
                      .is_steady = true},
      [RS_READY] = {.runstate = RS_READY, .listeners = LISTENER_VM, .is_steady = true},
      [RS_COSTOP] = {.runstate = RS_COSTOP, .listeners = LISTENER_VM, .is_steady = true},
  };
  static const struct vcpu irrelevant = {
      .activity = UINT8_MAX, .steady_activity = UINT8_MAX, .is_queued = true, .has_expired = true};
  return ((v->word ^ quiet[state].word) & ~irrelevant.word) == 0;
}

/* v, RUNNING, becomes READY or COSTOP against its guest's will. */
MOVE_INLINE void sibling_stop(struct hv *hv, struct vcpu *v, enum runstate to) {
  int64_t now = hv->sim->now_ns;
  struct pcpu *pcpu = &hv->pcpus[v->pcpu];
  struct hv_vm *vm = v->group;
  if (hv->sched->stopped) hv->sched->stopped(hv, v);
  v->left_ns = pcpu->step_ns - now;
  hv_book(v, v->activity, now);
  v->activity = NO_ACTIVITY;
  v->is_executing = false;
  v->runstate = (uint8_t)to;
  v->preemptions += to == RS_READY;
  v->costops += to == RS_COSTOP;
  hv->n_waiting++;
  hv->n_idle++;
  pcpu->busy_ns += now - pcpu->busy_since_ns;
  pcpu->current = NULL;
  if (vm->skew) hv_account_siblings(hv, vm);
  vm->n_in[RS_RUNNING]--;
  vm->n_in[to]++;
  if (!vm->skew) return;
  skew_stop(vm->skew, v->index);
  if (to == RS_COSTOP) skew_set_costop(vm->skew, v->index, true);
}

/* v, COSTOP, becomes READY. */
MOVE_INLINE void sibling_release(struct hv *hv, struct vcpu *v) {
  struct hv_vm *vm = v->group;
  hv_book(v, account_of(RS_COSTOP), hv->sim->now_ns);
  v->runstate = RS_READY;
  if (vm->skew) hv_account_siblings(hv, vm);
  vm->n_in[RS_COSTOP]--;
  vm->n_in[RS_READY]++;
  if (vm->skew) skew_set_costop(vm->skew, v->index, false);
}

/* v, READY or COSTOP, gets p, which has been claimed. is_one_of_many: the calendar is built later.
 */
MOVE_INLINE void sibling_start(struct hv *hv, struct vcpu *v, pcpu_id_t p, int64_t slice_end_ns,
                               bool is_one_of_many) {
  int64_t now = hv->sim->now_ns;
  struct pcpu *pcpu = &hv->pcpus[p];
  struct hv_vm *vm = v->group;
  enum runstate from = v->runstate;
  int64_t cost_ns = move_count_cost(hv, p, v);
  bool is_free = cost_ns == 0;
  assert(!pcpu->current);
  pcpu->current = pcpu->last = v;
  pcpu->busy_since_ns = now;
  v->pcpu = p;
  hv_book(v, account_of(from), now);
  v->runstate = RS_RUNNING;
  v->activity = is_free ? v->steady_activity : ACT_OVERHEAD;
  v->is_executing = is_free;
  hv->n_idle--;
  hv->n_waiting--;
  if (vm->skew) hv_account_siblings(hv, vm);
  vm->n_in[from]--;
  vm->n_in[RS_RUNNING]++;
  if (vm->skew && from == RS_COSTOP) skew_set_costop(vm->skew, v->index, false);
  if (vm->skew && (is_free || hv->overhead_is_progress)) skew_start(vm->skew, v->index);
  if (hv->sched->started) hv->sched->started(hv, v);
  move_begin_slice(hv, v, p, slice_end_ns);
  pcpu->step_ns = now + (is_free ? v->left_ns : cost_ns);
  if (is_one_of_many)
    calendar_put_pcpu(&hv->sim->calendar, p, v->id, pcpu->step_ns, slice_end_ns);
  else
    move_sync_event(hv, v, p);
}

#endif
