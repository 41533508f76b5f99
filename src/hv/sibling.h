/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Moves of vCPUs with siblings, or whom the rule minds. A part of dispatch.c and batch.c.

   Idea: a co-scheduling event moves many vCPUs with nothing unusual about them, but that their VMs
   keep count of them. Rule: the same as move.h's and account.c's, for those of one VM that leave
   their pCPUs, may run again, or get a pCPU; all that a VM or the host counts is counted once for
   all of them. Invariants: theirs, when they have been counted. Cost: O(1) for each. */
#ifndef COSTOP_HV_SIBLING_H
#define COSTOP_HV_SIBLING_H

#include "hv/hv.h"
#include "hv/move.h"

/* With nothing unusual about it: its guest is steady, and its VM alone minds what it does. */
static const struct vcpu sibling_quiet[RUNSTATES] = {
    [RS_RUNNING] = {.runstate = RS_RUNNING,
                    .listeners = LISTENER_VM,
                    .is_executing = true,
                    .is_steady = true},
    [RS_READY] = {.runstate = RS_READY,
                  .activity = NO_ACTIVITY,
                  .listeners = LISTENER_VM,
                  .is_steady = true},
    [RS_COSTOP] = {.runstate = RS_COSTOP,
                   .activity = NO_ACTIVITY,
                   .listeners = LISTENER_VM,
                   .is_steady = true},
};

/* Is v in that state, quiet, and queued or not? Its slice may have ended. */
ALWAYS_INLINE bool sibling_is_quiet(const struct vcpu *v, enum runstate state, bool is_queued) {
  static const struct vcpu irrelevant = {
      .activity = UINT8_MAX, .steady_activity = UINT8_MAX, .has_expired = true};
  static const struct vcpu queued = {.is_queued = true};
  uint64_t word = sibling_quiet[state].word | (is_queued ? queued.word : 0);
  return ((v->word ^ word) & ~irrelevant.word) == 0;
}

/* Moves of one kind that vCPUs of one VM make at this instant. */
struct sibling_moves {
  struct hv_vm *vm;
  struct skew *skew;
  int64_t now;
  uint32_t n, n_advancing, n_switches; /* moves; of starts, those that advance at once, … */
  struct skew_range moved;             /* … and are in this; of other moves all */
  uint64_t next_dispatch;
};

ALWAYS_INLINE struct sibling_moves sibling_begin(struct hv *hv, struct hv_vm *vm) {
  if (vm->skew) hv_account_siblings(hv, vm);
  return (struct sibling_moves){.vm = vm,
                                .skew = vm->skew,
                                .now = hv->sim->now_ns,
                                .moved = SKEW_NOBODY,
                                .next_dispatch = hv->next_dispatch};
}

ALWAYS_INLINE void sibling_count(const struct sibling_moves *moves, enum runstate from,
                                 enum runstate to) {
  moves->vm->n_in[from] -= moves->n;
  moves->vm->n_in[to] += moves->n;
}

ALWAYS_INLINE enum skew_where sibling_kind(enum runstate state) {
  return state == RS_COSTOP ? SKEW_COSTOP : SKEW_STOPPED;
}

/* v, RUNNING, becomes READY or COSTOP against its guest's will. */
ALWAYS_INLINE void sibling_stop(struct hv *hv, struct sibling_moves *moves, struct vcpu *v,
                                enum runstate to) {
  static const struct vcpu kept = {.steady_activity = UINT8_MAX, .is_queued = true};
  struct pcpu *pcpu = &hv->pcpus[v->pcpu];
  if (hv->sched->stopped) hv->sched->stopped(hv, v);
  v->left_ns = pcpu->step_ns - moves->now;
  hv_book(v, v->activity, moves->now);
  v->word = (v->word & kept.word) | sibling_quiet[to].word;
  v->preemptions += to == RS_READY;
  v->costops += to == RS_COSTOP;
  pcpu->busy_ns += moves->now - pcpu->busy_since_ns;
  pcpu->current = NULL;
  pcpu->last = v;
  moves->n++;
  if (!moves->skew) return;
  skew_move_off(moves->skew, v->index, sibling_kind(to), moves->now, &moves->moved);
}

ALWAYS_INLINE void sibling_count_stops(struct hv *hv, const struct sibling_moves *moves,
                                       enum runstate to) {
  hv->n_waiting += moves->n;
  hv->n_idle += moves->n;
  sibling_count(moves, RS_RUNNING, to);
  if (!moves->skew) return;
  skew_count_stops(moves->skew, sibling_kind(to), moves->now, moves->n, moves->moved);
}

/* v, COSTOP, becomes READY. */
ALWAYS_INLINE void sibling_release(struct sibling_moves *moves, struct vcpu *v) {
  hv_book(v, account_of(RS_COSTOP), moves->now);
  v->runstate = RS_READY;
  moves->n++;
  if (moves->skew) skew_move(moves->skew, v->index, SKEW_STOPPED, 0, &moves->moved);
}

ALWAYS_INLINE void sibling_count_releases(const struct sibling_moves *moves) {
  sibling_count(moves, RS_COSTOP, RS_READY);
  if (!moves->skew) return;
  skew_count(moves->skew, SKEW_COSTOP, SKEW_STOPPED, 0, moves->n, moves->moved);
}

/* v, READY or COSTOP, gets next_pcpu, which has been claimed. is_one_of_many: the calendar is built
   later. */
ALWAYS_INLINE void sibling_start(struct hv *hv, struct sibling_moves *moves, struct vcpu *v,
                                 enum runstate from, int64_t slice_end_ns, bool is_one_of_many) {
  static const struct vcpu kept = {.steady_activity = UINT8_MAX};
  int64_t now = moves->now;
  pcpu_id_t p = v->next_pcpu;
  struct pcpu *pcpu = &hv->pcpus[p];
  bool is_switch = move_is_switch(pcpu, v), is_migration = move_is_migration(v, p);
  int64_t cost_ns = move_cost_ns(hv, is_switch, is_migration);
  bool is_free = cost_ns == 0;
  assert(!pcpu->current);
  pcpu->current = v;
  pcpu->busy_since_ns = now;
  pcpu->slice_end_ns = slice_end_ns;
  pcpu->step_ns = now + (is_free ? v->left_ns : cost_ns);
  pcpu->dispatch_order = moves->next_dispatch++;
  v->pcpu = p;
  v->migrations += is_migration;
  v->dispatches++;
  hv_book(v, account_of(from), now);
  v->word = (v->word & kept.word) | sibling_quiet[RS_RUNNING].word;
  v->activity = is_free ? v->steady_activity : ACT_OVERHEAD;
  v->is_executing = is_free;
  moves->n++;
  moves->n_switches += is_switch;
  if (moves->skew && (is_free || hv->overhead_is_progress)) {
    skew_move_on(moves->skew, v->index, now, &moves->moved);
    moves->n_advancing++;
  } else if (moves->skew && from == RS_COSTOP) {
    skew_set(moves->skew, v->index, SKEW_STOPPED);
  }
  if (hv->sched->started) hv->sched->started(hv, v);
  if (is_one_of_many)
    calendar_put_pcpu(&hv->sim->calendar, p, v->id, pcpu->step_ns, slice_end_ns);
  else
    move_sync_event(hv, v, p);
}

ALWAYS_INLINE void sibling_count_starts(struct hv *hv, const struct sibling_moves *moves,
                                        enum runstate from) {
  hv->n_waiting -= moves->n;
  hv->n_idle -= moves->n;
  hv->n_context_switches += moves->n_switches;
  hv->next_dispatch = moves->next_dispatch;
  sibling_count(moves, from, RS_RUNNING);
  if (!moves->skew) return;
  skew_count(moves->skew, sibling_kind(from), SKEW_ADVANCING, -moves->now, moves->n_advancing,
             moves->moved);
}

#endif
