/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The steal matrix.

   Idea: while a vCPU is READY, others have the pCPUs that it may use. Who?
   Rule: docs/model.md section 9. READY time is shared out among those who had these pCPUs, each of
   which counts as much; idle ones are a column of their own.
   Invariants: what a VM's row adds up to, in pCPU ns, is its READY time times its pCPUs.
   Cost: nothing when off. Else O(sets of affinity) for each start and stop, O(VMs) when a vCPU
   begins or ceases to wait.
   Source: what Linux calls steal time, by who it was stolen. */
#include "hv/steal.h"

#include <assert.h>

#include "hv/hv.h"

/* How long a VM has run on the pCPUs of a set, summed over them; or how long they were idle. */
struct use {
  int64_t pcpu_ns, since_ns;
  int64_t n; /* of these pCPUs, now */
};

/* What a VM waited for another one's use: the use at the last look, and what has come together. */
struct wait {
  int64_t seen_ns;
  __int128 pcpu_ns; /* times its vCPUs that waited */
};

struct steal {
  uint32_t n_columns; /* VMs, and idle pCPUs */
  struct use *uses;   /* by affinity set and column */
  struct wait *waits; /* by VM and column */
};

struct steal *steal_create(struct hv *hv, struct arena *arena) {
  struct steal *steal = ARENA_NEW(arena, struct steal);
  steal->n_columns = hv->n_vms + 1;
  steal->uses = ARENA_ARRAY(arena, (size_t)hv->n_affinities * steal->n_columns, struct use);
  steal->waits = ARENA_ARRAY(arena, (size_t)hv->n_vms * steal->n_columns, struct wait);
  for (uint32_t set = 0; set < hv->n_affinities; set++)
    steal->uses[set * steal->n_columns + hv->n_vms].n = hv->affinities[set].n_pcpus;
  for (vcpu_id_t i = 0; i < hv->n_vcpus; i++) hv->vcpus[i].listeners |= LISTENER_STEAL;
  return steal;
}

uint64_t steal_memory(uint64_t n_vms, uint64_t n_affinities) {
  return (n_vms + 1) * (n_affinities * sizeof(struct use) + n_vms * sizeof(struct wait));
}

static int64_t use_ns(const struct use *use, int64_t now) {
  return use->pcpu_ns + use->n * (now - use->since_ns);
}

static void change_use(struct use *use, int change, int64_t now) {
  use->pcpu_ns = use_ns(use, now);
  use->since_ns = now;
  use->n += change;
}

/* v starts on its pCPU (+1), or stops (-1). */
static void count_running(struct hv *hv, const struct vcpu *v, int change) {
  struct steal *steal = hv->steal;
  for (uint32_t set = 0; set < hv->n_affinities; set++) {
    const uint64_t *mask = hv->affinities[set].mask;
    if (mask && (mask[v->pcpu / 64] >> v->pcpu % 64 & 1) == 0) continue;
    struct use *uses = &steal->uses[set * steal->n_columns];
    change_use(&uses[v->vm], change, hv->sim->now_ns);
    change_use(&uses[hv->n_vms], -change, hv->sim->now_ns);
  }
}

/* n of the VM's vCPUs have waited since the last look. */
static void book(struct hv *hv, const struct hv_vm *vm, uint32_t n) {
  struct steal *steal = hv->steal;
  const struct use *uses = &steal->uses[vm->affinity * steal->n_columns];
  struct wait *waits = &steal->waits[vm->id * steal->n_columns];
  for (uint32_t j = 0; j < steal->n_columns; j++) {
    int64_t now_ns = use_ns(&uses[j], hv->sim->now_ns);
    waits[j].pcpu_ns += (__int128)n * (now_ns - waits[j].seen_ns);
    waits[j].seen_ns = now_ns;
  }
}

void steal_runstate_changed(struct hv *hv, const struct vcpu *v, enum runstate from) {
  struct hv_vm *vm = hv_vm_of(hv, v);
  if (from == RS_RUNNING) count_running(hv, v, -1);
  if (v->runstate == RS_RUNNING) count_running(hv, v, +1);
  if (from != RS_READY && v->runstate != RS_READY) return;
  book(hv, vm, vm->n_stolen_from);
  vm->n_stolen_from += v->runstate == RS_READY ? 1u : UINT32_MAX;
}

void steal_settle(struct hv *hv) {
  for (vm_id_t i = 0; i < hv->n_vms; i++) book(hv, &hv->vms[i], hv->vms[i].n_stolen_from);
}

void steal_reset(struct hv *hv) {
  struct steal *steal = hv->steal;
  for (size_t i = 0; i < (size_t)hv->n_vms * steal->n_columns; i++) steal->waits[i].pcpu_ns = 0;
}

/* What comes up to a column is rounded down, so a column is off by less than 1 ns, and all of them
   together not at all. */
void steal_read(const struct hv *hv, uint32_t i, int64_t *ready_ns) {
  const struct steal *steal = hv->steal;
  const struct wait *waits = &steal->waits[i * steal->n_columns];
  uint32_t n_pcpus = hv->affinities[hv->vms[i].affinity].n_pcpus;
  __int128 sum_ns = 0;
  int64_t up_to_ns = 0;
  for (uint32_t j = 0; j < steal->n_columns; j++) {
    sum_ns += waits[j].pcpu_ns;
    ready_ns[j] = (int64_t)(sum_ns / n_pcpus) - up_to_ns;
    up_to_ns += ready_ns[j];
  }
  assert(sum_ns % n_pcpus == 0);
}
