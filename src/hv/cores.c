/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Simultaneous multithreading: busy threads of one core slow each other down.

   Idea: a vCPU works at full speed while the other threads of its core are idle, else at a share of
   it. What is timed as work is re-timed when that changes; times are not: a slice, a limit.
   Rule: docs/model.md section 3.2. Whole ns, by the rational number smt_speed / SMT_FULL_SPEED: the
   time that work takes is rounded up, the work that is left rounded down, so that a change that
   comes to nothing changes nothing.
   Invariants: when time passes, a RUNNING vCPU is_shared if and only if another thread of its core
   is busy; others never are.
   Cost: O(threads of the core) for each core that changes in an instant; nothing without cores.
   Source: Tullsen, Eggers and Levy, "Simultaneous multithreading" (1995), for the effect; one share
   for all work is a simplification. */
#include "hv/cores.h"

#include <assert.h>

#include "hv/hv.h"
#include "hv/move.h"
#include "sim/time.h"

void cores_create(struct hv *hv, int64_t smt_speed, struct arena *arena) {
  uint32_t n_threads = hv->topology.n_in[DISTANCE_CORE];
  if (n_threads < 2 || smt_speed == SMT_FULL_SPEED) return;
  hv->smt_speed = smt_speed;
  hv->cores = ARENA_ARRAY(arena, hv->n_pcpus / n_threads, struct core);
  hv->dirty_cores = ARENA_ARRAY(arena, hv->n_pcpus / n_threads, uint32_t);
}

static void touch(struct hv *hv, pcpu_id_t p, uint32_t change) {
  uint32_t number = p / hv->topology.n_in[DISTANCE_CORE];
  struct core *core = &hv->cores[number];
  core->n_busy += change;
  if (core->is_dirty) return;
  core->is_dirty = true;
  hv->dirty_cores[hv->n_dirty_cores++] = number;
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

void cores_flush(struct hv *hv) {
  uint32_t n_threads = hv->topology.n_in[DISTANCE_CORE];
  while (hv->n_dirty_cores > 0) {
    uint32_t number = hv->dirty_cores[--hv->n_dirty_cores];
    struct core *core = &hv->cores[number];
    core->is_dirty = false;
    for (uint32_t i = 0; i < n_threads; i++) {
      struct vcpu *v = hv->pcpus[number * n_threads + i].current;
      if (v) set_speed(hv, v, core->n_busy > 1);
    }
  }
}

void cores_check(const struct hv *hv) {
  uint32_t n_threads = hv->topology.n_in[DISTANCE_CORE];
  for (uint32_t number = 0; hv->cores && number < hv->n_pcpus / n_threads; number++) {
    const struct core *core = &hv->cores[number];
    uint32_t n_busy = 0;
    for (uint32_t i = 0; i < n_threads; i++) {
      const struct vcpu *v = hv->pcpus[number * n_threads + i].current;
      if (v) n_busy++;
      assert(!v || core->is_dirty || v->is_shared == (core->n_busy > 1));
    }
    assert(n_busy == core->n_busy);
  }
}
