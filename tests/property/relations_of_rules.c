/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Co-scheduling rules that come to the same, and hogs. */
#include "guest/lock.h"
#include "hv/cosched.h"
#include "hv/sched.h"
#include "property/relations.h"

static const int64_t for_ever_ns = INT64_C(3600000000000);

/* --- rules --- */

static bool is_relaxed(const struct scenario *scenario) {
  return scenario->hypervisor.coscheduling.kind == &cosched_relaxed.kind;
}

/* Skew is measured under every rule, by the progress that it counts: guest time. */
static void set_thresholds(struct draft *draft, int64_t value_ns) {
  struct cosched_relaxed_params *params = (void *)&draft->scenario.hypervisor.coscheduling.params;
  params->costop_threshold_ns = value_ns;
  params->costart_threshold_ns = value_ns / 2;
  params->progress = PROGRESS_GUEST;
}

static void switch_off(struct draft *draft) { set_thresholds(draft, 0); }
static void set_far(struct draft *draft) { set_thresholds(draft, for_ever_ns); }

/* Slices of a gang end together, which one lock looks at, and its members yield together. */
static bool minds_no_slices(const struct scenario *scenario) {
  for (uint32_t i = 0; i < scenario->n_locks; i++)
    if (scenario->locks[i].choice.kind == &lock_i_spinlock.kind) return false;
  return scenario->hypervisor.coscheduling.kind != &cosched_none.kind;
}

static void make_room(struct draft *draft) {
  relations_make_room(draft);
  if (is_relaxed(&draft->scenario))
    ((struct cosched_relaxed_params *)(void *)&draft->scenario.hypervisor.coscheduling.params)
        ->progress = PROGRESS_GUEST;
  else
    ((struct cosched_strict_params *)(void *)&draft->scenario.hypervisor.coscheduling.params)
        ->progress = PROGRESS_GUEST;
}

/* --- hogs --- */

static void make_hogs(struct draft *draft) {
  relations_make_room(draft);
  relations_use_none(draft);
  draft->scenario.hypervisor.is_core_scheduled = 0;
  draft->ops[0][0] = (struct op){.code = OP_COMPUTE,
                                 .purpose = RNG_COMPUTE,
                                 .dist = dist_constant(for_ever_ns),
                                 .path = "programs.p0.0"};
  draft->ops[0][1] = (struct op){.code = OP_END, .dist = dist_constant(0)};
  draft->programs[0].n_ops = 2;
  for (uint32_t i = 0; i < draft->scenario.n_vms; i++) {
    struct guest_spec *guest = &draft->vms[i].guest;
    guest->program = &draft->programs[0];
    guest->switch_ns = 0;
    guest->n_interrupts = 0;
  }
  draft->scenario.host.n_pcpus =
      1 + (uint32_t)(draft->scenario.run.seed % draft->scenario.host.n_pcpus);
}

static void add_pcpu(struct draft *draft) { draft->scenario.host.n_pcpus++; }

static int64_t useful_ns(const struct run_result *result) {
  int64_t sum_ns = 0;
  for (uint32_t i = 0; i < result->scenario->n_vms; i++)
    sum_ns += result->vms[i].total.activity_ns[ACT_USEFUL];
  return sum_ns;
}

static const char *is_less_useful(const struct run_result *one, const struct run_result *other) {
  return useful_ns(other) < useful_ns(one) ? "useful" : NULL;
}

static bool has_choice(const struct scenario *scenario) {
  return scenario->hypervisor.scheduler.kind != &sched_null.kind;
}

const struct relation relations_of_rules[] = {
    /* The short ways are for vCPUs that nobody looks at. */
    {"a trace changes nothing", NULL, NULL, NULL, relations_all_same},
    {"relaxed without a threshold is none", is_relaxed, switch_off, relations_use_none,
     relations_all_same},
    {"relaxed with a threshold never reached is none", is_relaxed, set_far, relations_use_none,
     relations_all_same},
    {"all rules are none when everything fits", minds_no_slices, make_room, relations_use_none,
     relations_vms_same_elsewhere},
    {"more pCPUs never lower the useful time of hogs", has_choice, make_hogs, add_pcpu,
     is_less_useful},
    {.name = NULL}};
