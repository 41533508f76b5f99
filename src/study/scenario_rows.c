/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/scenario_rows.h"

#define DURATION_MAX_NS 0x1p62
#define ROWS(array, ...) \
  { (array), sizeof(array) / sizeof *(array), __VA_ARGS__ }

static const struct param top_params[] = {
    {.key = "version",
     .type = PARAM_COUNT,
     .offset = offsetof(struct top_keys, version),
     .fallback = "1",
     .min = 1,
     .max = SCENARIO_VERSION,
     .help = "version of the scenario format"},
    {.key = "name",
     .type = PARAM_TEXT,
     .offset = offsetof(struct top_keys, name),
     .fallback = "unnamed",
     .help = "a word that names the scenario in tables"},
    {.key = "description",
     .type = PARAM_TEXT,
     .offset = offsetof(struct top_keys, description),
     .fallback = "",
     .help = "the question that the scenario asks"},
};
static const char *const top_others[] = {"$schema", "extends",  "host",     "hypervisor",
                                         "locks",   "barriers", "programs", "vms",
                                         "run",     "sweep",    "expect",   NULL};
const struct row_set top_rows = ROWS(top_params, top_others);

#define NEAR_MIGRATION(name, distance, text)                                                    \
  {                                                                                             \
    .key = "costs." name, .type = PARAM_DURATION,                                               \
    .offset = offsetof(struct host_spec, near_migration_ns[distance]), .fallback = "migration", \
    .max = DURATION_MAX_NS, .word = "migration", .word_value = MIGRATION_FAR, .help = text      \
  }

#define TOPOLOGY_COUNT(name, member, text)                                                      \
  {                                                                                             \
    .key = "topology." name, .type = PARAM_COUNT, .offset = offsetof(struct host_spec, member), \
    .fallback = "1", .min = 1, .max = PCPUS_MAX, .help = text                                   \
  }

static const struct param host_params[] = {
    {.key = "pcpus",
     .type = PARAM_COUNT,
     .offset = offsetof(struct host_spec, n_pcpus),
     .min = 1,
     .max = PCPUS_MAX,
     .help = "number of physical CPUs"},
    {.key = "ghz",
     .type = PARAM_REAL,
     .offset = offsetof(struct host_spec, ghz),
     .fallback = "3",
     .min = 0.001,
     .max = 1000,
     .unit = "GHz",
     .help = "clock rate; turns times into cycles, changes no behaviour"},
    {.key = "costs.context_switch",
     .type = PARAM_DURATION,
     .offset = offsetof(struct host_spec, context_switch_ns),
     .fallback = "0",
     .max = DURATION_MAX_NS,
     .help = "cost of starting a vCPU on a pCPU that last ran another one"},
    {.key = "costs.migration",
     .type = PARAM_DURATION,
     .offset = offsetof(struct host_spec, migration_ns),
     .fallback = "0",
     .max = DURATION_MAX_NS,
     .help = "added to it if the vCPU last ran on another pCPU"},
    NEAR_MIGRATION("migration_in_core", DISTANCE_CORE, "the same, to another thread of its core"),
    NEAR_MIGRATION("migration_in_llc", DISTANCE_LLC, "… to a core with the same last-level cache"),
    NEAR_MIGRATION("migration_in_socket", DISTANCE_SOCKET,
                   "… to a core of the same socket with another last-level cache"),
    TOPOLOGY_COUNT("sockets", n_sockets, "number of sockets"),
    {.key = "topology.cores_per_socket",
     .type = PARAM_COUNT,
     .offset = offsetof(struct host_spec, cores_per_socket),
     .fallback = "even",
     .min = 1,
     .max = PCPUS_MAX,
     .word = "even",
     .word_value = 0,
     .help = "number of cores of each; even: what the other numbers leave"},
    TOPOLOGY_COUNT("threads_per_core", threads_per_core, "number of pCPUs that share a core"),
    TOPOLOGY_COUNT("llcs_per_socket", llcs_per_socket,
                   "number of last-level caches among which the cores of a socket are shared out"),
    {.key = "topology.smt_factor",
     .type = PARAM_REAL,
     .offset = offsetof(struct host_spec, smt_factor),
     .fallback = "1",
     .min = 0.1,
     .max = 1,
     .help = "speed of each busy thread of a core while another of its threads is busy, too"},
};
const struct row_set host_rows = ROWS(host_params, NULL);

static const char *const ple_words[] = {
    [PLE_OFF] = "off", [PLE_DIRECTED] = "directed", [PLE_UNDIRECTED] = "undirected", NULL};
static const char *const switch_words[] = {"off", "on", NULL};
static const struct param hypervisor_params[] = {
    {.key = "core_scheduling",
     .type = PARAM_CHOICE,
     .offset = offsetof(struct hypervisor_spec, is_core_scheduled),
     .fallback = "off",
     .choices = switch_words,
     .help = "on: the threads of a core run one VM at a time, and are decided about together"},
    {.key = "ple.yield",
     .type = PARAM_CHOICE,
     .offset = offsetof(struct hypervisor_spec, ple.yield),
     .fallback = "off",
     .choices = ple_words,
     .help =
         "whom a vCPU that has spun for the window gives way to: nobody, a READY sibling (KVM), "
         "or whoever is next (Xen)"},
    {.key = "ple.window",
     .type = PARAM_DURATION,
     .offset = offsetof(struct hypervisor_spec, ple.window_ns),
     .fallback = "4096cycles",
     .min = 1,
     .max = DURATION_MAX_NS,
     .word = "4096cycles",
     .word_value = PLE_STANDARD,
     .help = "guest time of one wait after which a spinning vCPU exits; doubled by each exit"},
    {.key = "ple.max_windows",
     .type = PARAM_COUNT,
     .offset = offsetof(struct hypervisor_spec, ple.max_windows),
     .fallback = "16",
     .min = 1,
     .max = UINT32_MAX,
     .help = "longest window, in first windows, however often one wait has exited"},
    {.key = "ple.exit_cost",
     .type = PARAM_DURATION,
     .offset = offsetof(struct hypervisor_spec, ple.exit_cost_ns),
     .fallback = "0",
     .max = DURATION_MAX_NS,
     .help = "overhead of each exit, before it gives way"},
    {.key = "halt_polling.max",
     .type = PARAM_DURATION,
     .offset = offsetof(struct hypervisor_spec, halt_polling.max_ns),
     .fallback = "0",
     .max = DURATION_MAX_NS,
     .help = "how long at most a pCPU that nobody else wants waits for a vCPU that has halted "
             "there, which is then woken without ipi_latency; 0: not at all"},
    {.key = "halt_polling.start",
     .type = PARAM_DURATION,
     .offset = offsetof(struct hypervisor_spec, halt_polling.start_ns),
     .fallback = "10us",
     .min = 1,
     .max = DURATION_MAX_NS,
     .help = "the shortest time that it waits, after a first halt shorter than the maximum"},
    {.key = "halt_polling.grow",
     .type = PARAM_COUNT,
     .offset = offsetof(struct hypervisor_spec, halt_polling.grow),
     .fallback = "2",
     .max = UINT32_MAX,
     .help = "by what that time is multiplied if a halt was longer; 0: it does not grow"},
    {.key = "halt_polling.shrink",
     .type = PARAM_COUNT,
     .offset = offsetof(struct hypervisor_spec, halt_polling.shrink),
     .fallback = "2",
     .max = UINT32_MAX,
     .help = "by what it is divided if a halt was longer than the maximum; 0: to nothing"},
    {.key = "delay_preemption",
     .type = PARAM_DURATION,
     .offset = offsetof(struct hypervisor_spec, delay_preemption_ns),
     .fallback = "0",
     .max = DURATION_MAX_NS,
     .help = "how long at most a vCPU inside of a spinlock keeps its pCPU beyond its slice, until "
             "it releases it; 0: not at all"},
};
static const char *const hypervisor_others[] = {"preset", "scheduler", "coscheduling", NULL};
const struct row_set hypervisor_rows = ROWS(hypervisor_params, hypervisor_others);

static const struct param run_params[] = {
    {.key = "duration",
     .type = PARAM_DURATION,
     .offset = offsetof(struct run_params, duration_ns),
     .fallback = "10s",
     .min = 1,
     .max = DURATION_MAX_NS,
     .help = "length of the measured window"},
    {.key = "warmup",
     .type = PARAM_DURATION,
     .offset = offsetof(struct run_params, warmup_ns),
     .fallback = "0",
     .max = DURATION_MAX_NS,
     .help = "simulated time before the measured window"},
    {.key = "replications",
     .type = PARAM_COUNT,
     .offset = offsetof(struct run_params, replications),
     .fallback = "10",
     .min = 1,
     .max = REPLICATIONS_MAX,
     .help = "runs with independent random streams"},
    {.key = "seed",
     .type = PARAM_INTEGER,
     .offset = offsetof(struct run_params, seed),
     .fallback = "1",
     .max = 0x1p64,
     .help = "seed of all random streams; a string above 2^53"},
    {.key = "steal_matrix",
     .type = PARAM_CHOICE,
     .offset = offsetof(struct run_params, has_steal_matrix),
     .fallback = "off",
     .choices = switch_words,
     .help = "on: who ran while a VM was READY is measured, VM by VM (steal.csv)"},
};
const struct row_set run_rows = ROWS(run_params, NULL);

static const char *const barrier_words[] = {
    [BARRIER_BLOCK] = "block", [BARRIER_SPIN] = "spin", NULL};
static const struct param barrier_params[] = {
    {.key = "kind",
     .type = PARAM_CHOICE,
     .offset = offsetof(struct barrier_spec, wait),
     .fallback = "block",
     .choices = barrier_words,
     .help = "how those who are early wait: they sleep, or they spin"},
    {.key = "parties",
     .type = PARAM_COUNT,
     .offset = offsetof(struct barrier_spec, parties),
     .fallback = "threads",
     .min = 1,
     .max = THREADS_MAX,
     .word = "threads",
     .word_value = 0,
     .help = "how many threads open it; by default all of the VM"},
};
const struct row_set barrier_rows = ROWS(barrier_params, NULL);

static const char *const placement_words[] = {
    [PLACEMENT_IDLE_FIRST] = "idle_first", [PLACEMENT_PINNED] = "pinned", NULL};
static const char *const balance_words[] = {
    [BALANCE_STEAL] = "steal", [BALANCE_NONE] = "none", NULL};

#define VM_DURATION(name, member, standard, text)                                               \
  {                                                                                             \
    .key = name, .type = PARAM_DURATION, .offset = offsetof(struct vm_keys, spec.guest.member), \
    .fallback = standard, .max = DURATION_MAX_NS, .help = text                                  \
  }

#define PCPU_SHARE(name, member, text)                                                      \
  {                                                                                         \
    .key = name, .type = PARAM_REAL, .offset = offsetof(struct vm_keys, spec.member),       \
    .fallback = "none", .min = 0.01, .max = 100.0 * PCPUS_MAX, .unit = "%", .word = "none", \
    .word_value = 0, .help = text                                                           \
  }

static const char *const exclusive_words[] = {"no", "yes", NULL};

static const struct param vm_params[] = {
    {.key = "count",
     .type = PARAM_COUNT,
     .offset = offsetof(struct vm_keys, count),
     .fallback = "none",
     .min = 1,
     .max = VMS_MAX,
     .word = "none",
     .word_value = 0,
     .help = "makes that many VMs, named name.0, name.1 and so on"},
    {.key = "vcpus",
     .type = PARAM_COUNT,
     .offset = offsetof(struct vm_keys, spec.guest.n_vcpus),
     .min = 1,
     .max = VCPUS_MAX,
     .help = "number of virtual CPUs"},
    {.key = "threads",
     .type = PARAM_COUNT,
     .offset = offsetof(struct vm_keys, spec.guest.n_threads),
     .fallback = "vcpus",
     .min = 1,
     .max = THREADS_MAX,
     .word = "vcpus",
     .word_value = 0,
     .help = "number of guest threads; by default one per vCPU"},
    {.key = "program",
     .type = PARAM_TEXT,
     .offset = offsetof(struct vm_keys, program),
     .help = "what its threads run: a name of programs"},
    {.key = "iterations",
     .type = PARAM_INTEGER,
     .offset = offsetof(struct vm_keys, spec.guest.iterations),
     .fallback = "forever",
     .min = 1,
     .max = 0x1p53,
     .word = "forever",
     .word_value = 0,
     .help = "each thread ends after that many rounds of its program"},
    {.key = "affinity",
     .type = PARAM_TEXT,
     .offset = offsetof(struct vm_keys, affinity),
     .fallback = AFFINITY_ALL,
     .help = "pCPUs that may run it, such as 0-3,7"},
    {.key = "exclusive",
     .type = PARAM_CHOICE,
     .offset = offsetof(struct vm_keys, spec.is_exclusive),
     .fallback = "no",
     .choices = exclusive_words,
     .help = "yes: no other VM may use these pCPUs"},
    {.key = "weight",
     .type = PARAM_COUNT,
     .offset = offsetof(struct vm_keys, spec.weight),
     .fallback = "256",
     .min = 1,
     .max = WEIGHT_MAX,
     .help = "its vCPUs get pCPU time in proportion to it (Xen: weight; ESX: shares per vCPU)"},
    PCPU_SHARE("cap", cap_pct, "most that the VM may use, in % of a pCPU (Xen)"),
    PCPU_SHARE("limit", limit_pct, "the same under its name in ESX; the lower one of both counts"),
    PCPU_SHARE("reservation", reservation_pct,
               "what the VM gets before weights count, in % of a pCPU (ESX)"),
    {.key = "placement",
     .type = PARAM_CHOICE,
     .offset = offsetof(struct vm_keys, spec.guest.placement),
     .fallback = "idle_first",
     .choices = placement_words,
     .help = "where a woken thread goes: its last vCPU if idle, else an idle one; or always home"},
    {.key = "balance",
     .type = PARAM_CHOICE,
     .offset = offsetof(struct vm_keys, spec.guest.balance),
     .fallback = "steal",
     .choices = balance_words,
     .help = "whether a vCPU about to halt takes a ready thread from a sibling"},
    VM_DURATION("guest_switch", switch_ns, "0", "kernel time of switching guest threads"),
    VM_DURATION("ipi_latency", ipi_latency_ns, "0", "from waking an idle vCPU to its being ready"),
    {.key = "guest_timeslice",
     .type = PARAM_DURATION,
     .offset = offsetof(struct vm_keys, spec.guest.timeslice_ns),
     .fallback = "10ms",
     .min = 1,
     .max = DURATION_MAX_NS,
     .help = "guest time after which threads of one vCPU take turns"},
    {.key = "start",
     .type = PARAM_DIST,
     .offset = offsetof(struct vm_keys, spec.start),
     .fallback = "0",
     .help = "when its vCPUs start; a distribution breaks the lockstep of equal slices"},
};
static const char *const vm_others[] = {VM_SCHEDULER, VM_INTERRUPTS, NULL};
const struct row_set vm_rows = ROWS(vm_params, vm_others);
