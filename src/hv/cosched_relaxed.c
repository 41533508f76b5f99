/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Relaxed co-scheduling.

   Idea: a vCPU that has run ahead of its slowest sibling waits for it, alone.
   Rule: at a check every RUNNING vCPU with a lead >= costop_threshold becomes COSTOP, and every
   COSTOP one with a lead <= costart_threshold READY; a queued vCPU with a lead >= costop_threshold
   is refused when it is offered a pCPU. Checks come at multiples of poll, or at the exact crossing.
   Invariants: after a check no RUNNING vCPU has a lead >= costop_threshold.
   Cost per check: O(1) for each VM with siblings, O(log vCPUs) for each vCPU that it moves.
   Source: VMware, "The CPU Scheduler in VMware vSphere 5.1" (2013); the thresholds are ESXi's
   Cpu.CoschedCostopThreshold, CoschedCostartThreshold and CoschedPollUsec. */
#include "hv/hv.h"
#include "sim/time.h"

static const char *const boost_words[] = {"none", "laggard", NULL};

static const struct param relaxed_params[] = {
    {.key = "costop_threshold",
     .type = PARAM_DURATION,
     .offset = offsetof(struct cosched_relaxed_params, costop_threshold_ns),
     .fallback = "3ms",
     .min = 0,
     .max = 0x1p62,
     .help =
         "lead over the slowest sibling at which a vCPU is co-stopped; 0 switches the rule off"},
    {.key = "costart_threshold",
     .type = PARAM_DURATION,
     .offset = offsetof(struct cosched_relaxed_params, costart_threshold_ns),
     .fallback = "2ms",
     .min = 0,
     .max = 0x1p62,
     .help = "lead at which a co-stopped vCPU may run again; below costop_threshold"},
    {.key = "poll",
     .type = PARAM_DURATION,
     .offset = offsetof(struct cosched_relaxed_params, poll_ns),
     .fallback = "1ms",
     .min = 0,
     .max = 0x1p62,
     .help = "interval between skew checks; 0 checks at the exact crossing"},
    {.key = "boost",
     .type = PARAM_CHOICE,
     .offset = offsetof(struct cosched_relaxed_params, boost),
     .fallback = "none",
     .choices = boost_words,
     .help = "who gets the pCPU of a co-stopped vCPU: the queue's head, or the laggard sibling"},
    {.key = "progress",
     .type = PARAM_CHOICE,
     .offset = offsetof(struct cosched_relaxed_params, progress),
     .fallback = "guest",
     .choices = cosched_progress_words,
     .help = "what counts as progress: guest execution, or (pre4) hypervisor overhead too"},
};

static const char *relaxed_check(const void *params, const char **key) {
  const struct cosched_relaxed_params *relaxed = params;
  if (relaxed->costop_threshold_ns == 0) return NULL;
  if (relaxed->costart_threshold_ns < relaxed->costop_threshold_ns) return NULL;
  *key = "costart_threshold";
  return "must be below costop_threshold";
}

struct relaxed {
  struct cosched_relaxed_params params;
  struct skew_found found; /* by the running check */
};

static void *relaxed_create(struct hv *hv, const void *params, struct arena *arena) {
  struct relaxed *relaxed = ARENA_NEW(arena, struct relaxed);
  relaxed->params = *(const struct cosched_relaxed_params *)params;
  hv->overhead_is_progress = relaxed->params.progress == PROGRESS_PRE4;
  uint32_t widest = 0;
  for (vm_id_t i = 0; i < hv->n_vms; i++)
    if (hv->vms[i].n_vcpus > widest) widest = hv->vms[i].n_vcpus;
  if (relaxed->params.costop_threshold_ns == 0 || widest < 2) return relaxed; /* no checks */
  relaxed->found.leaders = ARENA_ARRAY(arena, widest, uint32_t);
  relaxed->found.costopped = ARENA_ARRAY(arena, widest, uint32_t);
  if (relaxed->params.poll_ns == 0)
    hv->has_crossings = true;
  else
    hv->poll_ns = relaxed->params.poll_ns;
  return relaxed;
}

static enum verdict relaxed_offer(struct hv *hv, struct vcpu *v) {
  const struct relaxed *relaxed = hv->cosched_state;
  struct skew *skew = v->group->skew;
  if (!skew || relaxed->params.costop_threshold_ns == 0) return VERDICT_ADMIT;
  int64_t lead_ns = skew_lead(skew, v->index);
  return lead_ns >= relaxed->params.costop_threshold_ns ? VERDICT_REFUSE : VERDICT_ADMIT;
}

static bool relaxed_admits_all(const struct hv *hv, const struct hv_vm *vm) {
  const struct relaxed *relaxed = hv->cosched_state;
  return vm->skew && skew_is_below(vm->skew, relaxed->params.costop_threshold_ns);
}

/* The READY sibling with the least progress, if its lead is below the threshold. */
static struct vcpu *relaxed_laggard(struct hv *hv, const struct hv_vm *vm) {
  const struct relaxed *relaxed = hv->cosched_state;
  struct vcpu *laggard = NULL;
  int64_t least_ns = relaxed->params.costop_threshold_ns;
  for (uint32_t i = 0; i < vm->n_vcpus; i++) {
    struct vcpu *v = &hv->vcpus[vm->first_vcpu + i];
    if (v->runstate != RS_READY || v->is_parked) continue;
    int64_t lead_ns = skew_lead(vm->skew, i);
    if (lead_ns >= least_ns) continue;
    least_ns = lead_ns;
    laggard = v;
  }
  return laggard;
}

/* Returns whether there may be laggards for who is stopped after v: in one check none is added. */
static bool relaxed_swap(struct hv *hv, struct hv_vm *vm, struct vcpu *v) {
  int64_t slice_end_ns = hv->pcpus[v->pcpu].slice_end_ns;
  bool is_over = v->is_delayed || slice_end_ns == hv->sim->now_ns;
  hv_costop(hv, v);
  if (is_over || v->home != ID_NONE) return true;
  struct vcpu *laggard = relaxed_laggard(hv, vm);
  if (laggard) hv_take_over(hv, laggard, v->pcpu, slice_end_ns);
  return laggard != NULL;
}

/* Leads do not change while vCPUs are moved, so they are those of one snapshot. Who may run again
   comes first: it may be the laggard that gets the pCPU of one who must stop. */
static void relaxed_check_vm(struct hv *hv, struct hv_vm *vm) {
  struct relaxed *relaxed = hv->cosched_state;
  const struct cosched_relaxed_params *params = &relaxed->params;
  struct skew_found *found = &relaxed->found;
  skew_find(vm->skew, params->costop_threshold_ns, params->costart_threshold_ns, found);
  hv_costart(hv, vm, found->costopped, found->n_costopped);
  uint32_t n_swapped = 0;
  for (bool has_laggards = params->boost == BOOST_LAGGARD;
       has_laggards && n_swapped < found->n_leaders && vm->n_in[RS_READY] > 0; n_swapped++)
    has_laggards = relaxed_swap(hv, vm, &hv->vcpus[vm->first_vcpu + found->leaders[n_swapped]]);
  hv_costop_running(hv, vm, found->leaders + n_swapped, found->n_leaders - n_swapped);
}

static void relaxed_poll(struct hv *hv) {
  for (vm_id_t i = 0; i < hv->n_vms; i++) {
    struct hv_vm *vm = &hv->vms[i];
    if (vm->skew && (hv_n_not_idle(vm) > 1 || vm->n_in[RS_COSTOP] > 0)) relaxed_check_vm(hv, vm);
  }
}

static int64_t relaxed_crossing_ns(const struct hv *hv, const struct hv_vm *vm) {
  const struct relaxed *relaxed = hv->cosched_state;
  if (hv_n_not_idle(vm) == 0) return TIME_NEVER_NS;
  int64_t stop_ns = skew_lead_reaches_ns(vm->skew, relaxed->params.costop_threshold_ns);
  int64_t start_ns = skew_costop_falls_to_ns(vm->skew, relaxed->params.costart_threshold_ns);
  return stop_ns < start_ns ? stop_ns : start_ns;
}

const struct cosched_ops cosched_relaxed = {
    .kind = {.name = "relaxed",
             .help =
                 "a vCPU that is ahead of its slowest sibling is stopped alone (ESX 4 and later)",
             .params = relaxed_params,
             .n_params = sizeof relaxed_params / sizeof *relaxed_params,
             .params_size = sizeof(struct cosched_relaxed_params),
             .check = relaxed_check},
    .create = relaxed_create,
    .offer = relaxed_offer,
    .admits_all = relaxed_admits_all,
    .poll = relaxed_poll,
    .crossing_ns = relaxed_crossing_ns,
    .crossing = relaxed_check_vm,
};
