/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a scenario says that should not matter, or only in a known way. */
#include <stdio.h>
#include <string.h>

#include "guest/gsched.h"
#include "guest/lock.h"
#include "hv/cosched.h"
#include "hv/sched.h"
#include "property/relations.h"
#include "support/figures.h"

static const struct lock_ops *lock_ops(const struct scenario *scenario, uint32_t i) {
  return (const void *)scenario->locks[i].choice.kind;
}

/* --- time --- */

enum { SCALE = 7 };

static bool is_fair(const struct scenario *scenario) {
  const struct kind *kind = scenario->hypervisor.scheduler.kind;
  return kind == &sched_esx.kind || kind == &sched_credit2.kind;
}

/* Nothing is rounded: no speeds, no windows that are halved, no shares of OSv's, and no credits of
   `credit` or means of `eevdf`, which are quotients. */
static bool is_exact(const struct scenario *scenario) {
  const struct kind *kind = scenario->hypervisor.scheduler.kind;
  for (uint32_t i = 0; i < scenario->n_vms; i++)
    if (scenario->vms[i].guest.scheduler.kind != &gsched_rr.kind) return false;
  return scenario->host.smt_factor == 1 && scenario->hypervisor.halt_polling.max_ns == 0 &&
         kind != &sched_credit.kind && kind != &sched_eevdf.kind;
}

/* Where constants of the scheduler do not matter: times are whole microseconds and longer than the
   shortest slice, nobody yields, and loads of queues are not compared. */
static void leave_constants_alone(struct draft *draft) {
  relations_forbid_yields(draft);
  for (uint32_t i = 0; i < draft->scenario.n_vms; i++) {
    draft->vms[i].weight = 256;
    draft->vms[i].cap_pct = draft->vms[i].reservation_pct = 0;
  }
  relations_use_one_queue(draft);
  draft_scale(draft, 1000);
}

static void make_exact(struct draft *draft) {
  draft_settle(draft);
  if (is_fair(&draft->scenario)) leave_constants_alone(draft);
}

static void scale(struct draft *draft) { draft_scale(draft, SCALE); }

static const char *is_not_scaled(const struct run_result *one, const struct run_result *other) {
  static struct figures left, right;
  figures_read(&left, one);
  figures_read(&right, other);
  const struct figure *missing = figures_missing(&left, &right, SCALE);
  return missing ? missing->name : NULL;
}

/* --- what is there, but does nothing --- */

static void add_lock(struct draft *draft) {
  uint32_t n_kinds = 0;
  while (lock_kinds[n_kinds]) n_kinds++;
  draft->locks[draft->scenario.n_locks++] = (struct lock_spec){
      .name = "unused", .choice.kind = &lock_kinds[draft->scenario.run.seed % n_kinds]->kind};
}

/* With a pCPU for each vCPU there would have to be one more; and the loads of queues are taken to
   begin with 1/2 for each vCPU, idle or not. */
static bool has_room_for_idle(const struct scenario *scenario) {
  const struct kind *kind = scenario->hypervisor.scheduler.kind;
  return kind != &sched_null.kind && kind != &sched_credit2.kind;
}

static void add_idle_vm(struct draft *draft) {
  const struct run_params *run = &draft->scenario.run;
  struct vm_spec *vm = &draft->vms[draft->scenario.n_vms++];
  *vm = draft->vms[0];
  vm->name = vm->base_name = "idle";
  vm->affinity = NULL;
  vm->reservation_pct = 0;
  vm->start = dist_constant(run->warmup_ns + run->duration_ns + 1);
}

/* A gang of more vCPUs than pCPUs would never start. */
static bool has_room_for_vcpu(const struct scenario *scenario) {
  const struct vm_spec *last = &scenario->vms[scenario->n_vms - 1];
  if (last->guest.n_interrupts > 0) return false; /* all vCPUs are called, or have their turns */
  bool is_gang = scenario->hypervisor.coscheduling.kind == &cosched_strict.kind;
  return has_room_for_idle(scenario) &&
         (!is_gang || (!last->affinity && last->guest.n_vcpus < scenario->host.n_pcpus));
}

static void pin_last_vm(struct draft *draft) {
  struct guest_spec *guest = &draft->vms[draft->scenario.n_vms - 1].guest;
  guest->balance = BALANCE_NONE;
  guest->placement = PLACEMENT_PINNED;
  if (guest->n_threads > guest->n_vcpus) guest->n_threads = guest->n_vcpus;
}

static void add_idle_vcpu(struct draft *draft) {
  draft->vms[draft->scenario.n_vms - 1].guest.n_vcpus++;
}

static const char *is_more_than_idle(const struct run_result *one, const struct run_result *other) {
  static struct figures left, right;
  figures_read(&left, one);
  figures_read(&right, other);
  char idle[FIGURE_NAME_ROOM];
  (void)snprintf(idle, sizeof idle, "%s idle", one->vms[one->scenario->n_vms - 1].spec->name);
  for (size_t i = 0; i < right.n; i++)
    if (strcmp(right.list[i].name, idle) == 0) right.list[i].value -= one->window_ns;
  const struct figure *missing = figures_missing(&left, &right, 1);
  return missing ? missing->name : NULL;
}

/* Queues that others do not see: of the pCPU, or in which only those stand that may run. */
static bool has_own_queues(const struct scenario *scenario) {
  const struct kind *kind = scenario->hypervisor.scheduler.kind;
  return kind == &sched_rr.kind || kind == &sched_eevdf.kind;
}

/* A gang that is waited for keeps everybody waiting. */
static void confine(struct draft *draft) {
  struct host_spec *host = &draft->scenario.host;
  host->n_sockets = host->threads_per_core = host->llcs_per_socket = 1;
  if (draft->scenario.hypervisor.coscheduling.kind == &cosched_strict.kind)
    relations_use_none(draft);
  static uint64_t everywhere;
  everywhere = (UINT64_C(1) << host->n_pcpus) - 1;
  for (uint32_t i = 0; i < draft->scenario.n_vms; i++)
    if (!draft->vms[i].affinity) draft->vms[i].affinity = &everywhere;
}

static void add_neighbour(struct draft *draft) {
  static uint64_t alone;
  alone = UINT64_C(1) << draft->scenario.host.n_pcpus++;
  struct vm_spec *vm = &draft->vms[draft->scenario.n_vms++];
  *vm = draft->vms[0];
  vm->name = vm->base_name = "neighbour";
  vm->affinity = &alone;
  vm->reservation_pct = 0;
}

/* --- names and order --- */

/* Who owns a lock next is drawn with its VM's name. */
static bool has_no_races(const struct scenario *scenario) {
  static const struct lock_ops *const races[] = {&lock_tas, &lock_ttas, &lock_os2, &lock_adaptive};
  for (uint32_t i = 0; i < scenario->n_locks; i++)
    for (size_t k = 0; k < sizeof races / sizeof *races; k++)
      if (lock_ops(scenario, i) == races[k]) return false;
  return true;
}

static void rename_vms(struct draft *draft) {
  static const char *const names[] = {"z", "y", "x", "w", "v", "u", "t", "s", "r", "q"};
  for (uint32_t i = 0; i < draft->scenario.n_vms; i++) draft->vms[i].name = names[i];
}

/* Under the names that they had. */
static const char *is_not_renamed(const struct run_result *one, const struct run_result *other) {
  static struct figures left, right;
  for (uint32_t i = 0; i < one->scenario->n_vms; i++) {
    figures_read_vm(&left, &one->vms[i]);
    figures_read_vm(&right, &other->vms[i]);
    const struct figure *missing = figures_missing(&left, &right, 1);
    if (missing) return missing->name;
  }
  return NULL;
}

/* One lock looks at slices, which may be shorter the more vCPUs there are. */
static bool has_plain_slices(const struct scenario *scenario) {
  bool is_plain = scenario->hypervisor.scheduler.kind == &sched_rr.kind;
  for (uint32_t i = 0; !is_plain && i < scenario->n_locks; i++)
    if (lock_ops(scenario, i) == &lock_i_spinlock) return false;
  return true;
}

static void turn_round(struct draft *draft) {
  uint32_t n = draft->scenario.n_vms;
  for (uint32_t i = 0; i < n / 2; i++) {
    struct vm_spec vm = draft->vms[i];
    draft->vms[i] = draft->vms[n - 1 - i];
    draft->vms[n - 1 - i] = vm;
  }
}

const struct relation relations_of_texts[] = {
    {"7 times the times make 7 times the results", is_exact, make_exact, scale, is_not_scaled},
    {"an unused lock changes nothing", NULL, NULL, add_lock, relations_all_same},
    {"an idle VM changes nothing", has_room_for_idle, NULL, add_idle_vm, relations_all_same},
    {"a vCPU without threads changes nothing", has_room_for_vcpu, pin_last_vm, add_idle_vcpu,
     is_more_than_idle},
    {"a neighbour on a pCPU of its own changes nothing", has_own_queues, confine, add_neighbour,
     relations_vms_same},
    {"names mean nothing to constants", has_no_races, draft_settle, rename_vms, is_not_renamed},
    {"with room for all the order of VMs means nothing", has_plain_slices, relations_make_room,
     turn_round, relations_vms_same_elsewhere},
    {.name = NULL}};
