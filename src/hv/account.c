/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every nanosecond of a vCPU is booked here: hv_set_runstate changes a runstate,
   hv_change_activity an activity (inlined, in hv.h). */
#include <assert.h>

#include "hv/hv.h"

void hv_flush_crossings(struct hv *hv) {
  while (hv->n_dirty > 0) {
    struct hv_vm *vm = &hv->vms[hv->dirty_vms[--hv->n_dirty]];
    vm->is_dirty = false;
    calendar_set(&hv->sim->calendar, EVENT_CROSSING, vm->id, hv->cosched->crossing_ns(hv, vm));
  }
}

void hv_book_siblings(const struct hv *hv, struct hv_vm *vm) {
  int64_t now = hv->sim->now_ns;
  if (vm->n_in[RS_RUNNING] > 0 && vm->n_in[RS_READY] + vm->n_in[RS_COSTOP] > 0)
    vm->hazard_ns += now - vm->hazard_since_ns;
  vm->hazard_since_ns = now;
  skew_account(vm->skew);
}

static inline void move_progress(const struct hv *hv, struct skew *skew, uint32_t v,
                                 enum runstate from, enum runstate to) {
  if (from == RS_COSTOP) skew_set(skew, v, SKEW_STOPPED);
  if (to == RS_IDLE)
    skew_idle(skew, v);
  else if (from == RS_IDLE)
    skew_wake(skew, v);
  else if (from == RS_RUNNING && skew->clock[v].where == SKEW_ADVANCING)
    skew_stop(skew, v, SKEW_STOPPED);
  else if (to == RS_RUNNING && hv->overhead_is_progress)
    skew_start(skew, v);
  if (to == RS_COSTOP) skew_set(skew, v, SKEW_COSTOP);
}

static __attribute__((noinline, cold)) void trace_runstate(struct hv *hv, const struct vcpu *v,
                                                           enum runstate from) {
  struct trace_record record = sim_record(hv->sim, TRACE_RUNSTATE);
  record.vm = v->vm;
  record.vcpu = v->id;
  record.pcpu = v->pcpu;
  record.from = (uint8_t)from;
  record.to = v->runstate;
  hv->sim->trace->emit(hv->sim->trace, &record);
}

static inline void count_group(struct hv *hv, struct hv_vm *vm, struct vcpu *v,
                               enum runstate from) {
  enum runstate to = v->runstate;
  if (vm->skew) hv_account_siblings(hv, vm);
  vm->n_in[from]--;
  vm->n_in[to]++;
  if (to == RS_COSTOP) v->costops++;
  if (vm->skew) move_progress(hv, vm->skew, v->index, from, to);
}

static __attribute__((noinline)) void tell_others(struct hv *hv, struct vcpu *v,
                                                  enum runstate from) {
  if (v->listeners & LISTENER_TRACE) trace_runstate(hv, v, from);
  if (v->listeners & LISTENER_STEAL) steal_runstate_changed(hv, v, from);
  if (v->listeners & LISTENER_GUEST) guest_runstate_changed(hv->guest, v, from);
}

void hv_runstate_changed(struct hv *hv, struct vcpu *v, enum runstate from) {
  if (v->listeners & LISTENER_VM) count_group(hv, v->group, v, from);
  if (v->listeners & ~LISTENER_VM) tell_others(hv, v, from);
}

void hv_begin_progress(struct hv *hv, struct vcpu *v) {
  struct hv_vm *vm = v->group;
  if (!vm->skew || hv->overhead_is_progress) return;
  hv_account_siblings(hv, vm);
  skew_start(vm->skew, v->index);
}

void hv_end_progress(struct hv *hv, struct vcpu *v) {
  struct hv_vm *vm = v->group;
  if (!vm->skew || hv->overhead_is_progress) return;
  hv_account_siblings(hv, vm);
  skew_stop(vm->skew, v->index, SKEW_STOPPED);
}

void hv_trace_activity(struct hv *hv, const struct vcpu *v, unsigned to) {
  struct trace_record record = sim_record(hv->sim, TRACE_ACTIVITY);
  record.vm = v->vm;
  record.vcpu = v->id;
  record.pcpu = v->pcpu;
  record.from = v->activity;
  record.to = (uint8_t)to;
  hv->sim->trace->emit(hv->sim->trace, &record);
}

void hv_set_activity(struct hv *hv, struct vcpu *v, enum activity activity) {
  assert(v->runstate == RS_RUNNING);
  hv_change_activity(hv, v, activity, hv->sim->now_ns);
}

void hv_trace_vcpu(struct hv *hv, const struct vcpu *v, enum trace_what what, int64_t value) {
  struct trace_record record = sim_record(hv->sim, what);
  record.vm = v->vm;
  record.vcpu = v->id;
  record.pcpu = v->pcpu;
  record.value = value;
  hv->sim->trace->emit(hv->sim->trace, &record);
}
