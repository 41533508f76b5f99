/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Caps and reservations as budgets: each VM has so many ns of pCPU time in each period, which all
   its vCPUs draw on; what it overdraws is taken off the next one. */
#ifndef COSTOP_HV_BUDGET_H
#define COSTOP_HV_BUDGET_H

#include <assert.h>

#include "hv/hv.h"

struct budget {
  bool is_used;           /* some VM has one */
  int64_t *per_period_ns; /* by VM; 0: it has none */
  int64_t *left_ns;
};

/* Slices are not cut shorter than that by a budget. */
#define BUDGET_LEAST_NS INT64_C(100000)

static inline void budget_init(struct budget *budget, const struct hv *hv, struct arena *arena) {
  budget->per_period_ns = ARENA_ARRAY(arena, hv->n_vms, int64_t);
  budget->left_ns = ARENA_ARRAY(arena, hv->n_vms, int64_t);
}

static inline void budget_set(struct budget *budget, vm_id_t vm, double pct, int64_t period_ns) {
  int64_t ns = (int64_t)((double)period_ns * pct / 100);
  budget->per_period_ns[vm] = budget->left_ns[vm] = pct > 0 && ns == 0 ? 1 : ns;
  budget->is_used |= pct > 0;
}

static inline bool budget_exists(const struct budget *budget, vm_id_t vm) {
  return budget->is_used && budget->per_period_ns[vm] > 0;
}

/* A vCPU of the VM has run for so long. */
static inline void budget_draw(struct budget *budget, const struct vcpu *v, int64_t time_ns) {
  if (budget->is_used) budget->left_ns[v->vm] -= time_ns;
}

static inline bool budget_has_left(const struct budget *budget, vm_id_t vm) {
  return budget->left_ns[vm] > 0;
}

/* A period begins. */
static inline void budget_renew(struct budget *budget, vm_id_t vm) {
  int64_t debt_ns = budget->left_ns[vm] < 0 ? budget->left_ns[vm] : 0;
  budget->left_ns[vm] = debt_ns + budget->per_period_ns[vm];
}

/* A slice that v would start now, or goes on with, cut to its part of what is left, if all of its
   VM that can run do. */
static inline int64_t budget_cut(const struct budget *budget, const struct hv *hv,
                                 const struct vcpu *v, int64_t slice_ns) {
  if (!budget->is_used || !budget_exists(budget, v->vm)) return slice_ns;
  const struct hv_vm *vm = hv_vm_of(hv, v);
  int64_t n = 0;
  for (uint32_t k = 0; k < vm->n_vcpus; k++) n += hv->vcpus[vm->first_vcpu + k].runstate != RS_IDLE;
  assert(n > 0); /* v itself can run, or a member of its gang */
  int64_t most_ns = budget->left_ns[v->vm] / n;
  if (most_ns < BUDGET_LEAST_NS) most_ns = BUDGET_LEAST_NS;
  return slice_ns < most_ns ? slice_ns : most_ns;
}

#endif
