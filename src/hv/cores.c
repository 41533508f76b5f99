/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Simultaneous multithreading: busy threads of one core slow each other down. And core scheduling,
   where a core is decided about as a whole, and runs one VM at a time.

   Idea: a vCPU works at full speed while the other threads of its core are idle, else at a share of
   it. What is timed as work is re-timed when that changes; times are not: a slice, a limit.
   Side channels between them are closed if they never belong to two VMs.
   Rule: docs/model.md section 3.2. Whole ns, by the rational number smt_speed / SMT_FULL_SPEED: the
   time that work takes is rounded up, the work that is left rounded down, so that a change that
   comes to nothing changes nothing.
   Invariants: when time passes, a RUNNING vCPU is_shared if and only if another thread of its core
   is busy and the share is below 1; others never are. With core scheduling all who run on a core
   are of one VM. Cost: O(threads of the core) for each core that changes in an instant; nothing
   without cores. Source: Tullsen, Eggers and Levy, "Simultaneous multithreading" (1995), for the
   effect; one share for all work is a simplification. Xen, docs/misc/xen-command-line (sched-gran);
   Linux, Documentation/admin-guide/hw-vuln/core-scheduling.rst. */
#include "hv/cores.h"

#include <assert.h>

#include "hv/hv.h"
#include "hv/move.h"
#include "hv/spread.h"
#include "sim/time.h"

void cores_create(struct hv *hv, int64_t smt_speed, bool is_core_scheduled, struct arena *arena) {
  uint32_t n_threads = hv->topology.n_in[DISTANCE_CORE], n_cores = hv->n_pcpus / n_threads;
  bool are_equal = smt_speed == SMT_FULL_SPEED && !is_core_scheduled;
  if (n_threads < 2 || are_equal) return;
  hv->smt_speed = smt_speed;
  hv->cores = ARENA_ARRAY(arena, n_cores, struct core);
  hv->dirty_cores = ARENA_ARRAY(arena, n_cores, uint32_t);
  hv->prefers_idle_cores = !is_core_scheduled;
  if (!is_core_scheduled) return;
  hv->is_core_scheduled = true;
  hv->invited = ARENA_ARRAY(arena, hv->n_vms, vm_id_t);
  pcpuset_init(&hv->taken, arena, hv->n_pcpus);
}

static uint32_t n_threads_of(const struct hv *hv) { return hv->topology.n_in[DISTANCE_CORE]; }

static struct core *core_of(const struct hv *hv, pcpu_id_t p) {
  return &hv->cores[p / n_threads_of(hv)];
}

static pcpu_id_t first_of(const struct hv *hv, pcpu_id_t p) { return p - p % n_threads_of(hv); }

static void touch(struct hv *hv, pcpu_id_t p, uint32_t change) {
  struct core *core = core_of(hv, p);
  core->n_busy += change;
  if (core->is_dirty) return;
  core->is_dirty = true;
  hv->dirty_cores[hv->n_dirty_cores++] = p / n_threads_of(hv);
}

void cores_start(struct hv *hv, const struct vcpu *v, bool is_swap) {
  touch(hv, v->pcpu, is_swap ? 0 : 1);
}

void cores_settle(const struct hv *hv, struct vcpu *v) {
  if (v->is_shared) v->smt_shared_ns += hv->sim->now_ns - v->shared_since_ns;
  v->shared_since_ns = hv->sim->now_ns;
}

void cores_stop(struct hv *hv, struct vcpu *v, bool is_swap) {
  cores_settle(hv, v);
  v->is_shared = false;
  touch(hv, v->pcpu, is_swap ? 0 : UINT32_MAX);
}

/* --- work and time --- */

int64_t hv_shared_time_ns(const struct hv *hv, int64_t work_ns) {
  __int128 units = (__int128)work_ns * SMT_FULL_SPEED + hv->smt_speed - 1;
  __int128 time_ns = units / hv->smt_speed;
  return time_ns < TIME_MAX_NS ? (int64_t)time_ns : TIME_MAX_NS;
}

int64_t hv_shared_work_ns(const struct hv *hv, int64_t time_ns) {
  return (int64_t)((__int128)time_ns * hv->smt_speed / SMT_FULL_SPEED);
}

int64_t hv_retimed_ns(const struct hv *hv, const struct vcpu *v, int64_t left_ns) {
  return v->is_shared ? hv_shared_time_ns(hv, left_ns) : hv_shared_work_ns(hv, left_ns);
}

/* --- changes --- */

static bool is_slow(const struct hv *hv, const struct core *core) {
  return core->n_busy > 1 && hv->smt_speed < SMT_FULL_SPEED;
}

static void set_speed(struct hv *hv, struct vcpu *v, bool is_shared) {
  int64_t now = hv->sim->now_ns;
  if (v->is_shared == is_shared) return;
  cores_settle(hv, v);
  v->is_shared = is_shared;
  if (v->is_executing && !v->is_steady)
    guest_speed_changed(hv->guest, v);
  else
    move_arm(hv, v, v->pcpu, now + hv_retimed_ns(hv, v, hv->pcpus[v->pcpu].step_ns - now));
}

static void count_forced(struct hv *hv, struct core *core) {
  hv->n_forced -= core->n_forced;
  core->n_forced = hv->is_core_scheduled && core->n_busy > 0 ? n_threads_of(hv) - core->n_busy : 0;
  hv->n_forced += core->n_forced;
}

void cores_flush(struct hv *hv) {
  uint32_t n_threads = n_threads_of(hv);
  while (hv->n_dirty_cores > 0) {
    uint32_t number = hv->dirty_cores[--hv->n_dirty_cores];
    struct core *core = &hv->cores[number];
    core->is_dirty = false;
    count_forced(hv, core);
    for (uint32_t i = 0; i < n_threads; i++) {
      struct vcpu *v = hv->pcpus[number * n_threads + i].current;
      if (v) set_speed(hv, v, is_slow(hv, core));
    }
  }
}

/* --- places --- */

static bool is_idle(const struct hv *hv, pcpu_id_t first) {
  for (uint32_t i = 0; i < n_threads_of(hv); i++)
    if (!pcpuset_has(&hv->free, first + i)) return false;
  return true;
}

pcpu_id_t cores_lowest_idle(const struct hv *hv, const uint64_t *mask, pcpu_id_t from,
                            pcpu_id_t behind) {
  for (pcpu_id_t p = from; (p = pcpuset_next(&hv->free, p)) < behind; p++) {
    bool is_in_set = !mask || (mask[p / 64] >> p % 64 & 1) != 0;
    if (is_in_set && is_idle(hv, first_of(hv, p))) return p;
  }
  return ID_NONE;
}

pcpu_id_t cores_nth_pcpu(const struct hv *hv, uint32_t nth) {
  uint32_t n_cores = hv->n_pcpus / n_threads_of(hv);
  return nth % n_cores * n_threads_of(hv) + nth / n_cores;
}

/* --- core scheduling --- */

static bool is_taken(const struct hv *hv, pcpu_id_t p) { return pcpuset_has(&hv->taken, p); }

void cores_take(struct hv *hv, const struct vcpu *v, pcpu_id_t p) {
  struct core *core = core_of(hv, p);
  pcpu_id_t first = first_of(hv, p);
  assert(core->n_taken == 0 || (core->vm == v->vm && !is_taken(hv, p)));
  for (uint32_t i = 0; core->n_taken == 0 && i < n_threads_of(hv); i++) {
    struct pcpu *pcpu = &hv->pcpus[first + i];
    pcpuset_remove(&hv->free, first + i);
    if (pcpu->poller && pcpu->poller->vm != v->vm) poll_end(hv, pcpu);
  }
  core->vm = v->vm;
  core->n_taken++;
  pcpuset_add(&hv->taken, p);
}

void cores_give_back(struct hv *hv, pcpu_id_t p) {
  struct core *core = core_of(hv, p);
  pcpu_id_t first = first_of(hv, p);
  pcpuset_remove(&hv->taken, p);
  core->n_taken--;
  for (uint32_t i = 0; core->n_taken == 0 && i < n_threads_of(hv); i++)
    pcpuset_add(&hv->free, first + i);
}

struct vcpu *cores_rival(const struct hv *hv, pcpu_id_t p) {
  pcpu_id_t first = first_of(hv, p);
  struct vcpu *rival = hv->pcpus[p].current;
  for (uint32_t i = 0; !rival && i < n_threads_of(hv); i++) rival = hv->pcpus[first + i].current;
  return rival;
}

bool cores_precedes(const struct hv *hv, const struct vcpu *v, const struct vcpu *w) {
  int64_t v_rank = hv->sched->rank ? hv->sched->rank(hv, v) : 0;
  int64_t w_rank = hv->sched->rank ? hv->sched->rank(hv, w) : 0;
  return v_rank != w_rank ? v_rank < w_rank : v->place < w->place;
}

/* Siblings that are kept apart stay so. */
static bool may_sit(const struct hv *hv, const struct vcpu *v, pcpu_id_t p) {
  if (is_taken(hv, p) || !hv_may_use(hv, v, p)) return false;
  if (!hv->is_spread || hv->sched->queue_of(hv, v) == p) return true;
  return !spread_has_queued(hv, v, p);
}

pcpu_id_t cores_seat(const struct hv *hv, const struct vcpu *v, pcpu_id_t p) {
  pcpu_id_t first = first_of(hv, p);
  bool is_home = v->pcpu != ID_NONE && first_of(hv, v->pcpu) == first;
  if (is_home && may_sit(hv, v, v->pcpu)) return v->pcpu;
  for (uint32_t i = 0; i < n_threads_of(hv); i++)
    if (may_sit(hv, v, first + i)) return first + i;
  return ID_NONE;
}

struct vcpu *cores_companion(struct hv *hv, const struct hv_vm *vm, pcpu_id_t p) {
  struct vcpu *best = NULL;
  if (core_of(hv, p)->n_taken == n_threads_of(hv)) return NULL;
  for (uint32_t k = 0; k < vm->n_vcpus; k++) {
    struct vcpu *v = &hv->vcpus[vm->first_vcpu + k];
    if (!v->is_queued || v->is_parked || (best && !cores_precedes(hv, v, best))) continue;
    if (cores_seat(hv, v, p) == ID_NONE) continue;
    if (hv->cosched->offer && hv->cosched->offer(hv, v) != VERDICT_ADMIT) continue;
    best = v;
  }
  return best;
}

void cores_invite(struct hv *hv, struct hv_vm *vm) {
  if (vm->is_invited || vm->n_vcpus == 1) return;
  vm->is_invited = true;
  hv->invited[hv->n_invited++] = vm->id;
  hv->must_fill = true;
}

/* --- invariants --- */

static void check_owner(const struct hv *hv, const struct core *core, pcpu_id_t p) {
  const struct vcpu *v = hv->pcpus[p].current;
  assert(!v || v->vm == core->vm);
  assert(is_taken(hv, p) == (v != NULL));
  assert(pcpuset_has(&hv->free, p) == (core->n_busy == 0));
}

void cores_check(const struct hv *hv) {
  uint32_t n_threads = n_threads_of(hv);
  for (uint32_t number = 0; hv->cores && number < hv->n_pcpus / n_threads; number++) {
    const struct core *core = &hv->cores[number];
    uint32_t n_busy = 0;
    for (uint32_t i = 0; i < n_threads; i++) {
      const struct vcpu *v = hv->pcpus[number * n_threads + i].current;
      if (v) n_busy++;
      if (hv->is_core_scheduled) check_owner(hv, core, number * n_threads + i);
      assert(!v || core->is_dirty || v->is_shared == is_slow(hv, core));
    }
    assert(n_busy == core->n_busy);
  }
}
