/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The dispatch phase in full: slice ends as one batch, then filling pCPUs; docs/model.md
   section 3.2 has the rules in words. */
#include "hv/hv.h"
#include "hv/move.h"
#include "hv/sibling.h"

static uint64_t dispatch_order_of(const struct hv *hv, const struct vcpu *v) {
  return hv->pcpus[v->pcpu].dispatch_order;
}

static bool is_in_dispatch_order(const struct hv *hv) {
  uint64_t latest = 0;
  for (uint32_t i = 0; i < hv->n_expired; i++) {
    uint64_t order = dispatch_order_of(hv, hv->expired[i]);
    if (order < latest) return false;
    latest = order;
  }
  return true;
}

/* Shell's: nothing is allocated while the clock runs. */
static void sort_expired(const struct hv *hv) {
  for (uint32_t gap = hv->n_expired / 2; gap > 0; gap /= 2)
    for (uint32_t i = gap; i < hv->n_expired; i++) {
      struct vcpu *v = hv->expired[i];
      uint64_t order = dispatch_order_of(hv, v);
      uint32_t at = i;
      for (; at >= gap && dispatch_order_of(hv, hv->expired[at - gap]) > order; at -= gap)
        hv->expired[at] = hv->expired[at - gap];
      hv->expired[at] = v;
    }
}

static void find(struct hv *hv, struct vcpu *v);

/* All that run on p's core are decided about together. */
static void find_on_core(struct hv *hv, pcpu_id_t p) {
  uint32_t n_threads = hv->topology.n_in[DISTANCE_CORE];
  for (uint32_t i = 0; i < n_threads; i++) {
    struct vcpu *v = hv->pcpus[p - p % n_threads + i].current;
    if (v && !v->has_expired) find(hv, v);
  }
}

static inline void expire(struct hv *hv, struct vcpu *v) {
  if (v->is_delayed) delay_end(hv, v);
  v->has_expired = true;
  if (v->group) v->group->n_expired++;
  hv->expired[hv->n_expired++] = v;
}

/* v, RUNNING, is decided about, its core with core scheduling, and its gang with it. */
static void find(struct hv *hv, struct vcpu *v) {
  const struct hv_vm *vm = hv_vm_of(hv, v);
  expire(hv, v);
  if (hv->is_core_scheduled) find_on_core(hv, v->pcpu);
  if (!hv->cosched->shares_slice_end || vm->n_expired > 1) return; /* its first one finds them */
  struct vcpu *first = &hv->vcpus[vm->first_vcpu];
  for (struct vcpu *sibling = first; sibling < first + vm->n_vcpus; sibling++) {
    if (sibling->runstate != RS_RUNNING || sibling->has_expired) continue;
    if (hv->is_core_scheduled)
      find(hv, sibling);
    else
      expire(hv, sibling);
  }
}

/* p's vCPU is due, if it is still there, or whoever runs beside p, which is kept idle. */
static inline void find_due(struct hv *hv, pcpu_id_t p) {
  struct vcpu *v = hv_rival(hv, p);
  if (!v || v->has_expired || (hv->delay_ns > 0 && delay_puts_off(hv, v))) return;
  find(hv, v);
}

static inline void find_slice_ends(struct hv *hv, pcpu_id_t first) {
  const struct calendar *calendar = &hv->sim->calendar;
  int64_t last_key = calendar_key(calendar, hv->sim->now_ns, EVENT_SLICE, hv->n_pcpus - 1);
  for (pcpu_id_t p = first; p < hv->n_pcpus; p = wtree_find(&calendar->pcpus, p + 1, last_key))
    find_due(hv, p);
}

/* Whose slice ends now, or whose pCPU was asked, in the order in which they were dispatched; nearly
   always that of pCPUs. */
static void find_expired(struct hv *hv, pcpu_id_t first) {
  hv->n_expired = 0;
  if (first != ID_NONE) find_slice_ends(hv, first);
  hv->sim->n_events += hv->n_expired;
  for (pcpu_id_t p; (p = pcpuset_first(&hv->asked)) != ID_NONE;) {
    pcpuset_remove(&hv->asked, p);
    find_due(hv, p);
  }
  if (!is_in_dispatch_order(hv)) sort_expired(hv);
}

/* … where there is one queue. */
static void requeue_expired(struct hv *hv) {
  for (uint32_t i = 0, n = hv->n_expired; i < n; i++) {
    struct vcpu *v = hv->expired[i];
    pcpuset_add(&hv->free, v->pcpu);
    move_push(hv, v);
  }
  hv->n_queued += hv->n_expired;
}

/* 1. They go back to the queue, and their pCPUs count as free. */
static void expire_slices(struct hv *hv) {
  if (hv->fifo && !hv->is_core_scheduled) {
    requeue_expired(hv);
    return;
  }
  for (uint32_t i = 0; i < hv->n_expired; i++) hv_free(hv, hv->expired[i]->pcpu);
  for (uint32_t i = 0; i < hv->n_expired; i++)
    move_enqueue(hv, hv->expired[i], move_reason(hv->expired[i]));
}

bool hv_has_room(const struct hv *hv, const struct hv_vm *vm, uint32_t width) {
  if (hv->vcpus[vm->first_vcpu].home != ID_NONE) return true;
  if (hv->n_left < width) return false;
  const uint64_t *mask = hv->affinities[vm->affinity].mask;
  return !mask || pcpuset_count_of(&hv->free, mask) >= width;
}

static void claim(struct hv *hv, struct vcpu *v, pcpu_id_t p) {
  v->next_pcpu = p;
  hv_take(hv, v, p);
}

/* Where v goes with core scheduling: beside one of its VM that was chosen just before, else to its
   last pCPU if that is free, else to the lowest that it may use. */
static pcpu_id_t find_seat(const struct hv *hv, const struct vcpu *v) {
  pcpu_id_t seat = ID_NONE;
  for (uint32_t i = hv->n_picks; seat == ID_NONE && i-- > 0 && hv->picks[i]->vm == v->vm;)
    seat = cores_seat(hv, v, hv->picks[i]->next_pcpu);
  if (seat != ID_NONE) return seat;
  if (v->pcpu != ID_NONE && pcpuset_has(&hv->free, v->pcpu)) return v->pcpu;
  return hv_lowest_free(hv, hv->affinities[v->affinity].mask);
}

/* Whoever is bound to certain pCPUs, or keeps its own, is placed at once. */
static void seat(struct hv *hv, struct vcpu *v, pcpu_id_t p) {
  const uint64_t *mask = hv->affinities[v->affinity].mask;
  bool own_is_free = v->pcpu != ID_NONE && pcpuset_has(&hv->free, v->pcpu);
  if (p != ID_NONE)
    claim(hv, v, p);
  else if (own_is_free && (v->has_expired || mask))
    claim(hv, v, v->pcpu);
  else if (mask)
    claim(hv, v, hv_lowest_free(hv, mask));
  if (hv->is_core_scheduled) hv->n_left = hv->free.n_members;
}

static inline void pick(struct hv *hv, struct vcpu *v) {
  hv->picks[hv->n_picks++] = v;
  hv->n_left--;
  v->next_pcpu = ID_NONE;
}

/* 2. v has been chosen, for pCPU p if that is not ID_NONE. */
static inline void choose(struct hv *hv, struct vcpu *v, pcpu_id_t p) {
  if (p == ID_NONE && hv->is_core_scheduled) p = find_seat(hv, v);
  move_dequeue(hv, v);
  pick(hv, v);
  if (p != ID_NONE || v->affinity != 0 || v->has_expired) seat(hv, v, p);
}

/* The other threads of p's core, which the VM has taken, go to those of it that wait. */
static void choose_companions(struct hv *hv, const struct hv_vm *vm, pcpu_id_t p) {
  for (struct vcpu *v; (v = cores_companion(hv, vm, p));) choose(hv, v, cores_seat(hv, v, p));
}

/* Seats have become free beside one that runs, or somebody has come who may find one. */
static void choose_invited(struct hv *hv) {
  while (hv->n_invited > 0) {
    struct hv_vm *vm = &hv->vms[hv->invited[--hv->n_invited]];
    vm->is_invited = false;
    for (uint32_t k = 0; k < vm->n_vcpus; k++) {
      const struct vcpu *v = &hv->vcpus[vm->first_vcpu + k];
      if (v->runstate == RS_RUNNING && !v->has_expired) choose_companions(hv, vm, v->pcpu);
    }
  }
}

/* Of a slice that v, or the gang of which it is the first, begins now. */
static int64_t slice_end_ns(struct hv *hv, struct vcpu *v) {
  int64_t end_ns = move_slice_end_ns(hv, v);
  return hv->delay_ns > 0 ? delay_settle(hv, v, end_ns) : end_ns;
}

static void choose_gang(struct hv *hv, struct hv_vm *vm) {
  for (uint32_t i = 0; i < vm->n_vcpus; i++) {
    struct vcpu *v = &hv->vcpus[vm->first_vcpu + i];
    if (v->runstate != RS_IDLE) choose(hv, v, v->home);
  }
  vm->is_starting = true;
  vm->gang_slice_end_ns = slice_end_ns(hv, &hv->vcpus[vm->first_vcpu]);
  hv->cosched->gang_started(hv, vm);
}

static void refuse_gang(struct hv *hv, struct hv_vm *vm) {
  for (uint32_t i = 0; i < vm->n_vcpus; i++) {
    struct vcpu *v = &hv->vcpus[vm->first_vcpu + i];
    if (v->runstate != RS_IDLE) hv_costop(hv, v);
  }
  hv->cosched->gang_refused(hv, vm);
}

/* p's whole core is free, and p would take v: who leads is whoever comes first of those whom its
   threads would take. */
static struct vcpu *lead(struct hv *hv, struct vcpu *v, pcpu_id_t p) {
  uint32_t n_threads = hv->topology.n_in[DISTANCE_CORE];
  hv->next_pcpu = p;
  for (pcpu_id_t q = p - p % n_threads; q < p - p % n_threads + n_threads; q++) {
    struct vcpu *other = q == p ? NULL : hv->sched->pick(hv, q);
    if (!other || !cores_precedes(hv, other, v)) continue;
    hv->next_pcpu = q;
    v = other;
  }
  return v;
}

/* The lowest free pCPU that has somebody in its own queue, or ID_NONE. Nobody leaves hv->queued
   before it is looked for here, as that is rare where all pCPUs are busy. */
static pcpu_id_t first_with_own(struct hv *hv) {
  bool (*has_own)(const struct hv *hv, pcpu_id_t p) = hv->sched->has_own;
  pcpu_id_t p;
  while ((p = pcpuset_first_of(&hv->free, hv->queued.word)) != ID_NONE && has_own &&
         !has_own(hv, p))
    pcpuset_drop(&hv->queued, p, true);
  return p;
}

/* First the free pCPUs decide that have somebody in their own queues, by number; then the others,
   who can only take from the queues of those. */
struct vcpu *batch_next_offer(struct hv *hv) {
  if (hv->sched->next) return hv->sched->next(hv);
  struct vcpu *v = NULL;
  if (hv->n_queued == 0) return NULL;
  pcpu_id_t p = first_with_own(hv);
  if (p != ID_NONE) v = hv->sched->pick(hv, p);
  if (!v && hv->prefers_idle_cores && (p = cores_lowest_idle(hv, NULL, 0, hv->n_pcpus)) != ID_NONE)
    v = hv->sched->pick(hv, p);
  for (pcpu_id_t from = hv->offering; !v && (p = pcpuset_next(&hv->free, from)) != ID_NONE;) {
    v = hv->sched->pick(hv, p);
    if (!v) hv->offering = from = p + 1;
  }
  if (v && hv->is_core_scheduled) return lead(hv, v, p);
  if (v) hv->next_pcpu = p;
  return v;
}

/* One of the VM has been admitted: so may all of it be that come next in the queue. */
static void choose_siblings(struct hv *hv, const struct hv_vm *vm) {
  const struct vcpu *next = runqueue_head(hv->fifo);
  if (!next || next->group != vm || vm->affinity != 0) return;
  if (!hv->cosched->admits_all(hv, vm)) return;
  do {
    if (next->runstate != RS_READY) return;
    pick(hv, move_dequeue_head(hv));
    next = runqueue_head(hv->fifo);
  } while (hv->n_left > 0 && next && next->group == vm);
}

/* 2. The scan: while a pCPU is left. */
static void scan(struct hv *hv) {
  const struct cosched_ops *cosched = hv->cosched;
  const struct hv_vm *asked = NULL; /* the latest VM of which all were to be admitted */
  hv->n_left = hv->free.n_members;
  hv->offering = 0;
  while (hv->n_left > 0) {
    struct vcpu *v = hv->fifo ? runqueue_head(hv->fifo) : batch_next_offer(hv);
    if (cosched->next_gang) {
      bool must_end = false;
      struct vcpu *gang = cosched->next_gang(hv, v, &must_end);
      if (must_end) break;
      if (gang) v = gang;
    }
    if (!v) break;
    switch (cosched->offer ? cosched->offer(hv, v) : VERDICT_ADMIT) {
      case VERDICT_ADMIT:
        choose(hv, v, hv->sched->next ? v->home : hv->next_pcpu);
        if (hv->is_core_scheduled)
          choose_companions(hv, hv_vm_of(hv, v), v->next_pcpu);
        else if (cosched->admits_all && hv->fifo && hv->n_left > 0 && v->group != asked)
          choose_siblings(hv, asked = v->group);
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
  uint32_t n_left = 0;
  for (uint32_t i = 0; i < hv->n_picks; i++) {
    struct vcpu *v = hv->picks[i];
    if (v->next_pcpu != ID_NONE) continue;
    if (v->pcpu != ID_NONE && pcpuset_has(&hv->free, v->pcpu)) {
      v->next_pcpu = v->pcpu;
      pcpuset_remove(&hv->free, v->pcpu); /* with core scheduling all have been seated */
    } else {
      n_left++;
    }
  }
  for (uint32_t i = 0; n_left > 0; i++) {
    if (hv->picks[i]->next_pcpu != ID_NONE) continue;
    claim(hv, hv->picks[i], hv_lowest_free(hv, NULL));
    n_left--;
  }
}

/* v, expired, loses its pCPU unless it runs on. */
static void drop(struct hv *hv, struct vcpu *v) {
  if (!v->has_expired) return; /* co-stopped in the scan */
  bool runs_on = !v->is_queued && v->next_pcpu == v->pcpu;
  if (runs_on) return;
  /* It may start elsewhere, and nobody here. */
  if (hv->is_core_scheduled) calendar_clear_pcpu(&hv->sim->calendar, v->pcpu);
  move_preempt(hv, v, RS_READY);
}

/* Expired vCPUs that do not run on lose their pCPU now: quiet ones of one VM together. */
static void drop_expired(struct hv *hv) {
  for (uint32_t i = 0; i < hv->n_expired;) {
    struct vcpu *v = hv->expired[i];
    if (!sibling_is_quiet(v, RS_RUNNING, true)) {
      drop(hv, v);
      i++;
      continue;
    }
    struct sibling_moves moves = sibling_begin(hv, v->group);
    for (; v->group == moves.vm && sibling_is_quiet(v, RS_RUNNING, true); v = hv->expired[i]) {
      sibling_stop(hv, &moves, v, RS_READY);
      if (++i == hv->n_expired) break;
    }
    sibling_count_stops(hv, &moves, RS_READY);
    moves.vm->n_expired -= moves.n;
  }
}

/* Gangs end together, and so do those who share a core. */
static int64_t slice_end_of(struct hv *hv, struct vcpu *v) {
  pcpu_id_t p = v->next_pcpu;
  if (hv->cosched->shares_slice_end) return v->group->gang_slice_end_ns;
  uint32_t n_threads = hv->is_core_scheduled ? hv->topology.n_in[DISTANCE_CORE] : 0;
  for (uint32_t i = 0; i < n_threads; i++) {
    const struct pcpu *pcpu = &hv->pcpus[p - p % n_threads + i];
    if (!pcpu->current || pcpu->current->has_expired) continue;
    v->overrun_ns = 0; /* who leads has settled for the core */
    return pcpu->slice_end_ns;
  }
  return slice_end_ns(hv, v);
}

/* Do all slices of one VM that begin now end at once? */
static inline bool end_together(const struct hv *hv) {
  if (hv->cosched->shares_slice_end) return true;
  return !hv->sched->slice_ns && hv->delay_ns == 0 && !hv->is_core_scheduled;
}

static void start_pick(struct hv *hv, struct vcpu *v) {
  int64_t end_ns = slice_end_of(hv, v);
  if (v->has_expired) {
    move_unexpire(v);
    move_run_on(hv, v, end_ns);
  } else {
    move_start(hv, v, v->runstate, v->next_pcpu, end_ns, false);
  }
}

static void start_picks(struct hv *hv) {
  bool are_many = move_are_many(hv, hv->n_picks);
  bool is_common_end = hv->n_picks > 1 && end_together(hv);
  for (uint32_t i = 0; i < hv->n_picks;) {
    struct vcpu *v = hv->picks[i];
    enum runstate from = v->runstate;
    if (v->has_expired || !sibling_is_quiet(v, from, false)) {
      start_pick(hv, v);
      i++;
      continue;
    }
    struct sibling_moves moves = sibling_begin(hv, v->group);
    int64_t end_ns = slice_end_of(hv, v);
    for (;;) {
      sibling_start(hv, &moves, v, from, end_ns, are_many);
      if (++i == hv->n_picks) break;
      v = hv->picks[i];
      if (v->group != moves.vm || !sibling_is_quiet(v, from, false)) break;
      if (!is_common_end) end_ns = slice_end_of(hv, v);
    }
    sibling_count_starts(hv, &moves, from);
  }
  if (are_many) calendar_build_pcpus(&hv->sim->calendar);
}

/* The vCPUs of a gang have been chosen one after another. */
static void level_gangs(struct hv *hv) {
  for (uint32_t i = 0; i < hv->n_picks;) {
    struct hv_vm *vm = hv->picks[i]->group;
    i += vm->is_starting ? hv_n_not_idle(vm) : 1;
    if (vm->is_starting && vm->skew) {
      skew_account(vm->skew);
      skew_level(vm->skew);
    }
    vm->is_starting = false;
  }
}

void batch_dispatch(struct hv *hv, pcpu_id_t p) {
  find_expired(hv, p);
  hv->n_picks = 0;
  expire_slices(hv);
  if (hv->n_invited > 0) choose_invited(hv);
  scan(hv);
  place_picks(hv);
  drop_expired(hv);
  start_picks(hv);
  if (hv->cosched->shares_slice_end) level_gangs(hv);
  for (uint32_t i = 0; hv->n_idle > 0 && i < hv->n_expired; i++) {
    pcpu_id_t left = hv->expired[i]->pcpu;
    if (!hv->pcpus[left].current) calendar_clear_pcpu(&hv->sim->calendar, left);
  }
}
