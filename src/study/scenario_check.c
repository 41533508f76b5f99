/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What depends on several parts of a scenario at once. */
#include <string.h>

#include "hv/cosched.h"
#include "hv/sched.h"
#include "sim/duration.h"
#include "sim/time.h"
#include "study/machine.h"
#include "study/scenario_parts.h"
#include "study/scenario_rows.h"

static struct site site_of(struct bind *bind, struct site site, const char *a, const char *b) {
  site = site_child(bind, site, a);
  return b ? site_child(bind, site, b) : site;
}

static struct site site_of_vm(struct bind *bind, struct site root, const struct vm_spec *vm,
                              const char *key) {
  return site_child(bind, site_of(bind, root, "vms", vm->base_name), key);
}

const char *scenario_name_site(struct bind *bind, struct site site) {
  if (!site.place.source || site.place.source->is_argument) return site.path;
  return arena_printf(bind->arena, "%s, line %u", site.path, place_line(site.place).line);
}

/* Instances of one entry of the file are alike: look at the first only. */
static bool is_first_instance(const struct scenario *scenario, uint32_t i) {
  return i == 0 || strcmp(scenario->vms[i].base_name, scenario->vms[i - 1].base_name) != 0;
}

static int64_t longest_migration_ns(const struct host_spec *host) {
  int64_t longest_ns = 0;
  for (enum distance d = 0; d < DISTANCES; d++)
    if (host_migration_ns(host, d) > longest_ns) longest_ns = host_migration_ns(host, d);
  return longest_ns;
}

/* The pCPUs must be what the sockets come to, and caches must have cores in equal numbers. */
static void check_topology(struct bind *bind, struct site root, const struct scenario *scenario) {
  const struct host_spec *host = &scenario->host;
  struct site pcpus = site_of(bind, root, "host", "pcpus");
  struct site topology = site_of(bind, root, "host", "topology");
  uint64_t n_each = (uint64_t)host->n_sockets * host->threads_per_core;
  if (n_each * host->llcs_per_socket == 0) return; /* reported */
  uint64_t n_cores = host->cores_per_socket ? host->cores_per_socket : host->n_pcpus / n_each;
  if (n_each * n_cores != host->n_pcpus)
    diag_error(bind->diags, topology.place, topology.path, NULL,
               "%u socket%s of %ju core%s of %u thread%s are not %u pCPUs (%s)", host->n_sockets,
               host->n_sockets == 1 ? "" : "s", (uintmax_t)n_cores, n_cores == 1 ? "" : "s",
               host->threads_per_core, host->threads_per_core == 1 ? "" : "s", host->n_pcpus,
               scenario_name_site(bind, pcpus));
  else if (n_cores % host->llcs_per_socket != 0)
    diag_error(bind->diags, topology.place, topology.path, NULL,
               "%ju cores of a socket cannot share %u last-level caches evenly (%s)",
               (uintmax_t)n_cores, host->llcs_per_socket,
               scenario_name_site(bind, site_child(bind, topology, "llcs_per_socket")));
}

static void check_timeslice(struct bind *bind, struct site root, const struct scenario *scenario) {
  const struct kind_choice *choice = &scenario->hypervisor.scheduler;
  for (size_t i = 0; choice->kind && i < choice->kind->n_params; i++) {
    const struct param *row = &choice->kind->params[i];
    if (strcmp(row->key, "timeslice") != 0 || row->type != PARAM_DURATION) continue;
    int64_t timeslice_ns = 0;
    memcpy(&timeslice_ns, choice->params.bytes + row->offset, sizeof timeslice_ns);
    int64_t cost_ns = scenario->host.context_switch_ns + longest_migration_ns(&scenario->host);
    int64_t overrun_ns = scenario->hypervisor.delay_preemption_ns;
    bool is_taken_off = choice->kind == &sched_rr.kind;
    struct site site = site_of(bind, root, "hypervisor", "scheduler");
    site = site_child(bind, site, row->key);
    char slice[DURATION_TEXT_MAX], cost[DURATION_TEXT_MAX];
    if (timeslice_ns <= cost_ns) {
      diag_error(bind->diags, site.place, site.path, NULL,
                 "%s leaves no time to run: context_switch + migration take %s (%s)",
                 duration_format(timeslice_ns, slice), duration_format(cost_ns, cost),
                 scenario_name_site(bind, site_of(bind, root, "host", "costs")));
    } else if (is_taken_off && overrun_ns >= timeslice_ns - cost_ns) {
      struct site delay = site_of(bind, root, "hypervisor", "delay_preemption");
      diag_error(bind->diags, delay.place, delay.path, NULL,
                 "%s may leave nothing of the next slice, which is %s (%s)",
                 duration_format(overrun_ns, cost), duration_format(timeslice_ns - cost_ns, slice),
                 scenario_name_site(bind, site));
    }
  }
}

static uint64_t sum_vcpus(const struct scenario *scenario) {
  uint64_t sum = 0;
  for (uint32_t i = 0; i < scenario->n_vms; i++) sum += scenario->vms[i].guest.n_vcpus;
  return sum;
}

static void check_cores(struct bind *bind, struct site root, const struct scenario *scenario) {
  if (!scenario->hypervisor.is_core_scheduled) return;
  struct site site = site_of(bind, root, "hypervisor", "core_scheduling");
  struct site kind = site_child(bind, site_of(bind, root, "hypervisor", "scheduler"), "kind");
  struct site topology = site_of(bind, root, "host", "topology");
  if (scenario->hypervisor.scheduler.kind == &sched_null.kind)
    diag_warning(bind->diags, site.place, site.path, NULL, "no effect under 'null' (%s)",
                 scenario_name_site(bind, kind));
  else if (scenario->host.threads_per_core == 1)
    diag_warning(bind->diags, site.place, site.path, NULL,
                 "no effect: the cores of the host have one thread each (%s)",
                 scenario_name_site(bind, site_child(bind, topology, "threads_per_core")));
}

static void check_null(struct bind *bind, struct site root, const struct scenario *scenario) {
  if (scenario->hypervisor.scheduler.kind != &sched_null.kind) return;
  uint64_t n_vcpus = sum_vcpus(scenario);
  struct site site = site_child(bind, site_of(bind, root, "hypervisor", "scheduler"), "kind");
  if (n_vcpus > scenario->host.n_pcpus)
    diag_error(bind->diags, site.place, site.path, NULL,
               "'null' pins every vCPU to a pCPU of its own: %ju vCPUs, %u pCPUs",
               (uintmax_t)n_vcpus, scenario->host.n_pcpus);
  for (uint32_t i = 0; i < scenario->n_vms; i++) {
    if (!scenario->vms[i].affinity || !is_first_instance(scenario, i)) continue;
    site = site_of_vm(bind, root, &scenario->vms[i], "affinity");
    diag_warning(bind->diags, site.place, site.path, NULL, "no effect under 'null'");
  }
}

uint32_t scenario_count_pcpus(const struct scenario *scenario, const struct vm_spec *vm) {
  if (!vm->affinity) return scenario->host.n_pcpus;
  uint32_t n = 0;
  for (uint32_t word = 0; word <= scenario->host.n_pcpus / 64; word++)
    n += (uint32_t)__builtin_popcountll(vm->affinity[word]);
  return n;
}

static void check_gangs(struct bind *bind, struct site root, const struct scenario *scenario) {
  if (scenario->hypervisor.coscheduling.kind != &cosched_strict.kind) return;
  for (uint32_t i = 0; i < scenario->n_vms; i++) {
    const struct vm_spec *vm = &scenario->vms[i];
    uint32_t n_pcpus = scenario_count_pcpus(scenario, vm);
    if (vm->guest.n_vcpus <= n_pcpus || !is_first_instance(scenario, i)) continue;
    struct site site = site_of_vm(bind, root, vm, "vcpus");
    diag_warning(bind->diags, site.place, site.path, NULL,
                 "never runs with all its vCPUs: 'strict' starts %u vCPUs together, %s %u pCPU%s",
                 vm->guest.n_vcpus, vm->affinity ? "its affinity has" : "the host has", n_pcpus,
                 n_pcpus == 1 ? "" : "s");
  }
}

/* Does the scheduler keep siblings apart? */
static bool is_spread(const struct kind_choice *choice) {
  for (size_t i = 0; choice->kind && i < choice->kind->n_params; i++) {
    const struct param *row = &choice->kind->params[i];
    uint32_t value = 0;
    if (strcmp(row->key, "placement") != 0 || row->type != PARAM_CHOICE) continue;
    memcpy(&value, choice->params.bytes + row->offset, sizeof value);
    return value == SCHED_PLACE_BALANCE;
  }
  return false;
}

static void check_spread(struct bind *bind, struct site root, const struct scenario *scenario) {
  if (!is_spread(&scenario->hypervisor.scheduler)) return;
  for (uint32_t i = 0; i < scenario->n_vms; i++) {
    const struct vm_spec *vm = &scenario->vms[i];
    uint32_t n_pcpus = scenario_count_pcpus(scenario, vm);
    if (vm->guest.n_vcpus <= n_pcpus || !is_first_instance(scenario, i)) continue;
    struct site site = site_of(bind, root, "hypervisor", "scheduler");
    site = site_child(bind, site, "placement");
    struct site bound = vm->affinity ? site_of_vm(bind, root, vm, "affinity")
                                     : site_of(bind, root, "host", "pcpus");
    struct site vcpus = site_of_vm(bind, root, vm, "vcpus");
    diag_warning(bind->diags, vcpus.place, vcpus.path, NULL,
                 "%u vCPUs cannot be kept apart ('balance', %s) on %u pCPU%s (%s)",
                 vm->guest.n_vcpus, scenario_name_site(bind, site), n_pcpus,
                 n_pcpus == 1 ? "" : "s", scenario_name_site(bind, bound));
  }
}

static void check_barriers(struct bind *bind, struct site root, const struct scenario *scenario) {
  for (uint32_t i = 0; i < scenario->n_vms; i++) {
    const struct guest_spec *guest = &scenario->vms[i].guest;
    for (uint32_t op = 0; is_first_instance(scenario, i) && op < guest->program->n_ops; op++) {
      if (guest->program->ops[op].code != OP_BARRIER) continue;
      const struct barrier_spec *barrier = &scenario->barriers[guest->program->ops[op].target];
      if (barrier->parties <= guest->n_threads) continue;
      struct site site = site_of_vm(bind, root, &scenario->vms[i], "program");
      diag_warning(bind->diags, site.place, site.path, NULL,
                   "stops at %s: barrier '%s' wants %u parties, the VM has %u thread%s",
                   guest->program->ops[op].path, barrier->name, barrier->parties, guest->n_threads,
                   guest->n_threads == 1 ? "" : "s");
      break;
    }
  }
}

/* False: too large to look any further. */
static bool check_size(struct bind *bind, struct site root, const struct scenario *scenario) {
  uint64_t n_threads = 0, n_vcpus = sum_vcpus(scenario);
  for (uint32_t i = 0; i < scenario->n_vms; i++) n_threads += scenario->vms[i].guest.n_threads;
  struct site site = site_child(bind, root, "vms");
  bool is_too_wide = n_vcpus > VCPUS_OF_HOST_MAX || n_threads > THREADS_OF_HOST_MAX;
  if (is_too_wide)
    diag_error(bind->diags, site.place, site.path, NULL,
               "%ju vCPUs and %ju threads in all; the most are %d and %d", (uintmax_t)n_vcpus,
               (uintmax_t)n_threads, VCPUS_OF_HOST_MAX, THREADS_OF_HOST_MAX);
  return !is_too_wide;
}

static void check_horizon(struct bind *bind, struct site root, const struct scenario *scenario) {
  struct site site = site_of(bind, root, "run", "duration");
  int64_t longest_ns = TIME_MAX_NS;
  bool fits = scenario->run.duration_ns <= TIME_MAX_NS - scenario->run.warmup_ns &&
              machine_horizon_fits(scenario, &longest_ns);
  char longest[DURATION_TEXT_MAX];
  if (!fits)
    diag_error(bind->diags, site.place, site.path, NULL,
               "warmup + duration can be %s at most with %ju vCPUs",
               duration_format(longest_ns, longest), (uintmax_t)sum_vcpus(scenario));
  uint64_t bytes = fits ? machine_memory(scenario) : 0;
  if (bytes > SCENARIO_MEMORY_MAX)
    diag_error(bind->diags, root.place, "", NULL,
               "a run would take %ju MiB of memory, the most are %ju MiB", (uintmax_t)(bytes >> 20),
               (uintmax_t)(SCENARIO_MEMORY_MAX >> 20));
}

void scenario_check(struct bind *bind, struct site root, const struct scenario *scenario) {
  check_timeslice(bind, root, scenario);
  if (scenario->host.n_pcpus == 0) return; /* reported */
  check_topology(bind, root, scenario);
  check_cores(bind, root, scenario);
  check_null(bind, root, scenario);
  check_gangs(bind, root, scenario);
  check_spread(bind, root, scenario);
  scenario_check_shares(bind, root, scenario);
  if (check_size(bind, root, scenario) && bind->diags->n_errors == 0) {
    check_barriers(bind, root, scenario);
    check_horizon(bind, root, scenario);
  }
}
