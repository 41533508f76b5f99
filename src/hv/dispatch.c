/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The dispatch protocol: the only code that changes who runs. Schedulers and co-scheduling rules
   advise, this file acts; docs/model.md section 3 has the rules in words. */
#include <assert.h>
#include <stdlib.h>

#include "hv/hv.h"
#include "hv/runqueue.h"

/* What each dispatch goes through, with who calls whom known at each place. */
#define HOT_INLINE inline __attribute__((always_inline))

/* --- a pCPU's one event: its vCPU's step or its slice end, whichever comes first --- */

/* v is p's current. */
static HOT_INLINE void sync_event(struct hv *hv, const struct vcpu *v, pcpu_id_t p) {
  const struct pcpu *pcpu = &hv->pcpus[p];
  calendar_set_pcpu(&hv->sim->calendar, p, v->id, pcpu->step_ns, pcpu->slice_end_ns);
}

static HOT_INLINE void arm(struct hv *hv, const struct vcpu *v, pcpu_id_t p, int64_t at_ns) {
  hv->pcpus[p].step_ns = at_ns;
  sync_event(hv, v, p);
}

void hv_arm(struct hv *hv, struct vcpu *v, int64_t at_ns) {
  assert(hv->pcpus[v->pcpu].current == v && at_ns >= hv->sim->now_ns);
  arm(hv, v, v->pcpu, at_ns);
}

int64_t hv_armed_ns(const struct hv *hv, const struct vcpu *v) {
  return hv->pcpus[v->pcpu].step_ns;
}

/* --- queueing --- */

void hv_requeue_place(struct hv *hv, struct vcpu *v) { v->place = hv->next_place++; }

static HOT_INLINE void enqueue(struct hv *hv, struct vcpu *v) {
  assert(!v->is_queued);
  v->is_queued = true;
  hv->n_queued++;
  if (hv->is_plain) {
    runqueue_push(hv->fifo, v);
    return;
  }
  hv_requeue_place(hv, v);
  hv->sched->enqueue(hv, v);
}

static HOT_INLINE void dequeue(struct hv *hv, struct vcpu *v) {
  if (!v->is_queued) return;
  v->is_queued = false;
  hv->n_queued--;
  hv->sched->dequeue(hv, v);
}

/* Of a plain host that has one. */
static HOT_INLINE struct vcpu *dequeue_head(struct hv *hv) {
  struct vcpu *v = runqueue_pop(hv->fifo);
  v->is_queued = false;
  hv->n_queued--;
  return v;
}

void hv_wake(struct hv *hv, struct vcpu *v) {
  hv_set_runstate(hv, v, RS_IDLE, RS_READY, hv->sim->now_ns);
  enqueue(hv, v);
  if (hv->cosched->woken) hv->cosched->woken(hv, v);
  if (hv->free.n_members > 0) hv->must_fill = true;
}

void hv_costart(struct hv *hv, struct vcpu *v) {
  hv_set_runstate(hv, v, RS_COSTOP, RS_READY, hv->sim->now_ns);
  enqueue(hv, v);
  if (hv->free.n_members > 0) hv->must_fill = true;
}

/* --- stopping --- */

static void unexpire(struct vcpu *v) {
  v->has_expired = false;
  if (v->group) v->group->n_expired--;
}

/* v stops. Its pCPU is idle from now on, unless another takes it over at once (is_swap). */
static HOT_INLINE void stop(struct hv *hv, struct vcpu *v, enum runstate to, bool is_swap) {
  int64_t now = hv->sim->now_ns;
  struct pcpu *pcpu = &hv->pcpus[v->pcpu];
  if (v->is_executing && to != RS_IDLE) {
    if (v->is_steady)
      v->left_ns = pcpu->step_ns - now;
    else
      guest_suspend(hv->guest, v);
  }
  v->is_executing = false;
  hv_change_activity(hv, v, NO_ACTIVITY, now);
  if (!is_swap) {
    hv->n_idle++;
    pcpu->busy_ns += now - pcpu->busy_since_ns;
  }
  hv_set_runstate(hv, v, RS_RUNNING, to, now);
  pcpu->current = NULL;
}

/* An expired vCPU's pCPU has been counted as free already. */
static void leave_pcpu(struct hv *hv, struct vcpu *v, enum runstate to) {
  stop(hv, v, to, false);
  if (v->has_expired) {
    unexpire(v);
    return;
  }
  pcpuset_add(&hv->free, v->pcpu);
  if (hv->n_waiting > 0) hv->must_fill = true;
  calendar_clear_pcpu(&hv->sim->calendar, v->pcpu);
}

static __attribute__((noinline, cold)) void trace_vcpu(struct hv *hv, const struct vcpu *v,
                                                       enum trace_what what, int64_t value) {
  struct trace_record record = sim_record(hv->sim, what);
  record.vm = v->vm;
  record.vcpu = v->id;
  record.pcpu = v->pcpu;
  record.value = value;
  hv->sim->trace->emit(hv->sim->trace, &record);
}

/* RUNNING -> READY or COSTOP, against the guest's will. */
static void preempt(struct hv *hv, struct vcpu *v, enum runstate to) {
  if (v->listeners & LISTENER_GUEST) guest_count_preemption(hv->guest, v);
  if (to == RS_READY) v->preemptions++;
  leave_pcpu(hv, v, to);
  if (v->listeners & LISTENER_TRACE) trace_vcpu(hv, v, TRACE_PREEMPT, 0);
}

void hv_costop(struct hv *hv, struct vcpu *v) {
  dequeue(hv, v);
  if (v->runstate == RS_RUNNING)
    preempt(hv, v, RS_COSTOP);
  else if (v->runstate == RS_READY)
    hv_set_runstate(hv, v, RS_READY, RS_COSTOP, hv->sim->now_ns);
}

/* --- starting --- */

static HOT_INLINE void begin_slice(struct hv *hv, struct vcpu *v, pcpu_id_t p, int64_t end_ns) {
  struct pcpu *pcpu = &hv->pcpus[p];
  pcpu->slice_end_ns = end_ns;
  pcpu->dispatch_order = hv->next_dispatch++;
  v->dispatches++;
  if (v->listeners & LISTENER_TRACE) trace_vcpu(hv, v, TRACE_SLICE, end_ns);
}

static HOT_INLINE int64_t count_dispatch_cost(struct hv *hv, const struct pcpu *pcpu,
                                              struct vcpu *v) {
  int64_t cost_ns = 0;
  if (pcpu->last && pcpu->last != v) {
    cost_ns += hv->context_switch_ns;
    hv->n_context_switches++;
  }
  if (v->pcpu != ID_NONE && &hv->pcpus[v->pcpu] != pcpu) {
    cost_ns += hv->migration_ns;
    v->migrations++;
  }
  return cost_ns;
}

static HOT_INLINE void begin_execution(struct hv *hv, struct vcpu *v, pcpu_id_t p) {
  v->is_executing = true;
  if (v->listeners & LISTENER_VM) hv_begin_progress(hv, v);
  if (v->is_steady) {
    int64_t now = hv->sim->now_ns;
    hv_change_activity(hv, v, v->steady_activity, now);
    arm(hv, v, p, now + v->left_ns);
  } else {
    guest_resume(hv->guest, v);
  }
}

/* v starts on p, which has been claimed, or (is_swap) taken over from one that stops now. */
static HOT_INLINE void start(struct hv *hv, struct vcpu *v, enum runstate from, pcpu_id_t p,
                             int64_t slice_end_ns, bool is_swap) {
  int64_t now = hv->sim->now_ns;
  struct pcpu *pcpu = &hv->pcpus[p];
  assert(!pcpu->current);
  int64_t cost_ns = count_dispatch_cost(hv, pcpu, v);
  pcpu->current = v;
  pcpu->last = v;
  v->pcpu = p;
  if (!is_swap) {
    pcpu->busy_since_ns = now;
    hv->n_idle--;
  }
  hv_set_runstate(hv, v, from, RS_RUNNING, now);
  begin_slice(hv, v, p, slice_end_ns);
  if (cost_ns == 0) {
    begin_execution(hv, v, p);
    return;
  }
  hv_change_activity(hv, v, ACT_OVERHEAD, now);
  arm(hv, v, p, now + cost_ns);
}

void hv_on_step(struct hv *hv, struct vcpu *v) {
  if (v->is_executing) {
    guest_step(hv->guest, v);
    return;
  }
  hv->sim->n_events++;
  begin_execution(hv, v, v->pcpu);
}

void hv_take_over(struct hv *hv, struct vcpu *v, pcpu_id_t p, int64_t slice_end_ns) {
  dequeue(hv, v);
  pcpuset_remove(&hv->free, p);
  start(hv, v, RS_READY, p, slice_end_ns, false);
}

/* --- the dispatch phase --- */

static int compare_dispatch_order(const void *a, const void *b, void *pcpus) {
  const struct vcpu *v = *(struct vcpu *const *)a, *w = *(struct vcpu *const *)b;
  const struct pcpu *pcpu = pcpus;
  uint64_t x = pcpu[v->pcpu].dispatch_order, y = pcpu[w->pcpu].dispatch_order;
  return (x > y) - (x < y);
}

static void expire(struct hv *hv, struct vcpu *v) {
  v->has_expired = true;
  if (v->group) v->group->n_expired++;
  enqueue(hv, v);
}

/* The next pCPU behind p whose slice ends now; n_pcpus or more if none. */
static pcpu_id_t next_slice_end(const struct hv *hv, pcpu_id_t p) {
  const struct calendar *calendar = &hv->sim->calendar;
  int64_t last_key = calendar_key(calendar, hv->sim->now_ns, EVENT_SLICE, hv->n_pcpus - 1);
  return wtree_find(&calendar->pcpus, p + 1, last_key);
}

static bool is_in_dispatch_order(const struct hv *hv) {
  for (uint32_t i = 1; i < hv->n_expired; i++)
    if (compare_dispatch_order(&hv->expired[i - 1], &hv->expired[i], hv->pcpus) > 0) return false;
  return true;
}

/* Whose slice ends now, in the order in which they were dispatched; nearly always that of pCPUs. */
static void find_expired(struct hv *hv, pcpu_id_t first) {
  hv->n_expired = 0;
  for (pcpu_id_t p = first; p < hv->n_pcpus; p = next_slice_end(hv, p))
    hv->expired[hv->n_expired++] = hv->pcpus[p].current;
  if (!is_in_dispatch_order(hv))
    qsort_r(hv->expired, hv->n_expired, sizeof(struct vcpu *), compare_dispatch_order, hv->pcpus);
  hv->sim->n_events += hv->n_expired;
}

/* 1. Every vCPU whose slice ends now goes to the tail, and its pCPU counts as free. */
static void expire_slices(struct hv *hv) {
  for (uint32_t i = 0; i < hv->n_expired; i++) {
    pcpuset_add(&hv->free, hv->expired[i]->pcpu);
    expire(hv, hv->expired[i]);
  }
}

static int64_t slice_end_ns(const struct hv *hv, const struct vcpu *v) {
  bool is_fixed = hv->is_plain || !hv->sched->slice_ns;
  int64_t slice_ns = is_fixed ? hv->timeslice_ns : hv->sched->slice_ns(hv, v);
  return slice_ns < TIME_NEVER_NS ? hv->sim->now_ns + slice_ns : TIME_NEVER_NS;
}

bool hv_has_room(const struct hv *hv, const struct hv_vm *vm, uint32_t width) {
  if (hv->vcpus[vm->first_vcpu].home != ID_NONE) return true;
  if (hv->n_left < width) return false;
  const uint64_t *mask = hv->affinities[vm->affinity].mask;
  return !mask || pcpuset_count_of(&hv->free, mask) >= width;
}

static void claim(struct hv *hv, struct vcpu *v, pcpu_id_t p) {
  v->next_pcpu = p;
  pcpuset_remove(&hv->free, p);
}

/* 2. v has been chosen. Whoever is bound to certain pCPUs, or keeps its own, is placed at once. */
static void choose(struct hv *hv, struct vcpu *v) {
  const uint64_t *mask = hv->affinities[v->affinity].mask;
  bool own_is_free = v->pcpu != ID_NONE && pcpuset_has(&hv->free, v->pcpu);
  dequeue(hv, v);
  hv->picks[hv->n_picks++] = v;
  hv->n_left--;
  v->next_pcpu = ID_NONE;
  if (v->home != ID_NONE)
    claim(hv, v, v->home);
  else if (own_is_free && (v->has_expired || mask))
    claim(hv, v, v->pcpu);
  else if (mask)
    claim(hv, v, pcpuset_first_of(&hv->free, mask));
}

static void choose_gang(struct hv *hv, struct hv_vm *vm) {
  for (uint32_t i = 0; i < vm->n_vcpus; i++) {
    struct vcpu *v = &hv->vcpus[vm->first_vcpu + i];
    if (v->runstate != RS_IDLE) choose(hv, v);
  }
  vm->gang_slice_end_ns = slice_end_ns(hv, &hv->vcpus[vm->first_vcpu]);
  vm->is_starting = true;
  hv->cosched->gang_started(hv, vm);
}

static void refuse_gang(struct hv *hv, struct hv_vm *vm) {
  for (uint32_t i = 0; i < vm->n_vcpus; i++) {
    struct vcpu *v = &hv->vcpus[vm->first_vcpu + i];
    if (v->runstate != RS_IDLE) hv_costop(hv, v);
  }
  hv->cosched->gang_refused(hv, vm);
}

/* 2. The scan: from the queue's head while a pCPU is left. */
static void scan(struct hv *hv) {
  const struct cosched_ops *cosched = hv->cosched;
  hv->n_left = hv->free.n_members;
  while (hv->n_left > 0) {
    struct vcpu *v = hv->sched->next(hv);
    if (cosched->next_gang) {
      bool must_end = false;
      struct vcpu *gang = cosched->next_gang(hv, v, &must_end);
      if (must_end) break;
      if (gang) v = gang;
    }
    if (!v) break;
    switch (cosched->offer ? cosched->offer(hv, v) : VERDICT_ADMIT) {
      case VERDICT_ADMIT:
        choose(hv, v);
        break;
      case VERDICT_ADMIT_GANG:
        choose_gang(hv, hv_vm_of(hv, v));
        break;
      case VERDICT_REFUSE:
        hv_costop(hv, v);
        break;
      case VERDICT_REFUSE_GANG:
        refuse_gang(hv, hv_vm_of(hv, v));
        break;
    }
  }
}

/* 3. Placement: the last pCPU if it is free, for all; then the lowest-numbered free ones. */
static void place_picks(struct hv *hv) {
  for (uint32_t i = 0; i < hv->n_picks; i++) {
    struct vcpu *v = hv->picks[i];
    if (v->next_pcpu == ID_NONE && v->pcpu != ID_NONE && pcpuset_has(&hv->free, v->pcpu))
      claim(hv, v, v->pcpu);
  }
  for (uint32_t i = 0; i < hv->n_picks; i++)
    if (hv->picks[i]->next_pcpu == ID_NONE) claim(hv, hv->picks[i], pcpuset_first(&hv->free));
}

/* Expired vCPUs that do not run on lose their pCPU now. */
static void drop_expired(struct hv *hv) {
  for (uint32_t i = 0; i < hv->n_expired; i++) {
    struct vcpu *v = hv->expired[i];
    if (!v->has_expired) continue; /* co-stopped in the scan */
    bool runs_on = !v->is_queued && v->next_pcpu == v->pcpu;
    if (!runs_on) preempt(hv, v, RS_READY);
  }
}

static void run_on(struct hv *hv, struct vcpu *v, int64_t end_ns) {
  begin_slice(hv, v, v->pcpu, end_ns);
  sync_event(hv, v, v->pcpu);
}

static void start_pick(struct hv *hv, struct vcpu *v) {
  int64_t end_ns = slice_end_ns(hv, v);
  if (hv->cosched->shares_slice_end) end_ns = hv_vm_of(hv, v)->gang_slice_end_ns;
  if (!v->has_expired) {
    start(hv, v, v->runstate, v->next_pcpu, end_ns, false);
    return;
  }
  unexpire(v);
  run_on(hv, v, end_ns);
}

static void level_gangs(struct hv *hv) {
  for (uint32_t i = 0; i < hv->n_picks; i++) {
    struct hv_vm *vm = hv_vm_of(hv, hv->picks[i]);
    if (vm->is_starting && vm->skew) {
      skew_account(vm->skew);
      skew_level(vm->skew);
    }
    vm->is_starting = false;
  }
}

/* Is p's slice end the only one at this instant? Steps of this instant have been made. */
static bool is_only_slice_end(const struct hv *hv, pcpu_id_t p) {
  const struct calendar *calendar = &hv->sim->calendar;
  int64_t next_key = wtree_min_without(&calendar->pcpus, p);
  return next_key >> calendar->entity_bits > hv->sim->now_ns;
}

/* Is p's event the only one at this instant? */
static bool is_alone_now(const struct hv *hv, pcpu_id_t p) {
  const struct calendar *calendar = &hv->sim->calendar;
  return calendar_min_without(calendar, p) >> calendar->entity_bits > hv->sim->now_ns;
}

/* Who comes next in the queue is going to run soon: have its memory at hand by then. A big host
   does not fit into a cache. */
static void prefetch_queue(const struct hv *hv) {
  const struct vcpu *v = runqueue_peek(hv->fifo, 3);
  if (v) vcpu_prefetch(v);
}

/* v's pCPU is taken over by another at once. */
static HOT_INLINE void give_up(struct hv *hv, struct vcpu *v) {
  if (v->listeners & LISTENER_GUEST) guest_count_preemption(hv->guest, v);
  v->preemptions++;
  stop(hv, v, RS_READY, true);
  if (v->listeners & LISTENER_TRACE) trace_vcpu(hv, v, TRACE_PREEMPT, 0);
}

/* The queue's head gets p. */
static HOT_INLINE void start_next(struct hv *hv, struct vcpu *v, pcpu_id_t p, bool is_swap) {
  if (hv->is_big) prefetch_queue(hv);
  start(hv, v, RS_READY, p, slice_end_ns(hv, v), is_swap);
  hv->must_fill = false;
}

/* The same as dispatch_batch where there is nothing to decide: one slice ends, and no other pCPU is
   free or nobody is queued. */
static void swap_one(struct hv *hv, pcpu_id_t p) {
  struct vcpu *v = hv->pcpus[p].current;
  hv->sim->n_events++;
  if (hv->n_queued == 0) {
    run_on(hv, v, slice_end_ns(hv, v));
    hv->must_fill = false;
    return;
  }
  enqueue(hv, v);
  give_up(hv, v);
  start_next(hv, dequeue_head(hv), p, true);
}

/* … or several slices end, no other pCPU is free, and enough vCPUs were queued before. */
static void swap_many(struct hv *hv) {
  uint32_t n = hv->n_expired;
  for (uint32_t i = 0; i < n; i++) {
    pcpuset_add(&hv->free, hv->expired[i]->pcpu);
    enqueue(hv, hv->expired[i]);
  }
  for (hv->n_picks = 0; hv->n_picks < n; hv->n_picks++) {
    hv->picks[hv->n_picks] = dequeue_head(hv);
    hv->picks[hv->n_picks]->next_pcpu = ID_NONE;
  }
  place_picks(hv);
  for (uint32_t i = 0; i < n; i++) give_up(hv, hv->expired[i]);
  for (uint32_t i = 0; i < n; i++) {
    struct vcpu *v = hv->picks[i];
    start(hv, v, RS_READY, v->next_pcpu, slice_end_ns(hv, v), true);
  }
}

/* … or one pCPU is free, or one vCPU is queued. */
static void start_one(struct hv *hv) {
  struct vcpu *v = dequeue_head(hv);
  pcpu_id_t p = v->pcpu;
  if (p == ID_NONE || !pcpuset_has(&hv->free, p)) p = pcpuset_first(&hv->free);
  pcpuset_remove(&hv->free, p);
  start_next(hv, v, p, false);
}

/* … or a pCPU becomes free while vCPUs are queued, and nothing else happens at this instant. */
void hv_halt(struct hv *hv, struct vcpu *v) {
  bool is_simple = hv->is_plain && hv->n_queued > 0 && hv->free.n_members == 0;
  if (!is_simple || !is_alone_now(hv, v->pcpu)) {
    leave_pcpu(hv, v, RS_IDLE);
    return;
  }
  stop(hv, v, RS_IDLE, true);
  start_next(hv, dequeue_head(hv), v->pcpu, true);
}

static void dispatch_all(struct hv *hv) {
  hv->n_picks = 0;
  expire_slices(hv);
  scan(hv);
  place_picks(hv);
  drop_expired(hv);
  for (uint32_t i = 0; i < hv->n_picks; i++) start_pick(hv, hv->picks[i]);
  if (hv->cosched->shares_slice_end) level_gangs(hv);
  for (uint32_t i = 0; i < hv->n_expired; i++) {
    pcpu_id_t left = hv->expired[i]->pcpu;
    if (!hv->pcpus[left].current) calendar_clear_pcpu(&hv->sim->calendar, left);
  }
}

static void dispatch_batch(struct hv *hv, pcpu_id_t p) {
  find_expired(hv, p);
  uint32_t n = hv->n_expired;
  if (hv->is_plain && n > 0 && n <= hv->n_queued && hv->free.n_members == 0)
    swap_many(hv);
  else
    dispatch_all(hv);
  hv->must_fill = false;
}

void hv_dispatch(struct hv *hv, pcpu_id_t p) {
  uint32_t n_free = hv->free.n_members, n_queued = hv->n_queued;
  if (!hv->is_plain)
    dispatch_batch(hv, p);
  else if (p != ID_NONE && (n_free == 0 || n_queued == 0) && is_only_slice_end(hv, p))
    swap_one(hv, p);
  else if (p == ID_NONE && (n_queued == 1 ? n_free > 0 : n_free == 1 && n_queued > 0))
    start_one(hv);
  else
    dispatch_batch(hv, p);
}
