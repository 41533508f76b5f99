/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/metrics.h"

#include <stddef.h>
#include <string.h>

#include "study/metric_value.h"

#define LEDGER(member) offsetof(struct ledger, member)
#define VALUE(function) .value = metric_value_##function

/* --- shares of vCPU time --- */

static const struct metric throughput_per_s = {
    .name = "throughput_per_s",
    .unit = "1/s",
    VALUE(throughput),
    .help = "iterations that the VM's threads completed, per second of simulated time",
    .formula = "iterations in the window / duration",
    .details = "The work done: compare it first, everything else explains it."};
static const struct metric run_pct = {
    .name = "run_pct",
    .unit = "%",
    VALUE(ledger_pct),
    .at = LEDGER(runstate_ns[RS_RUNNING]),
    .help = "time on a pCPU",
    .formula = "100 * sum of RUNNING over the vCPUs / (vCPUs * duration)",
    .details =
        "run + ready + costop + idle = 100. What it was spent on: useful, critical, spin, "
        "kernel, overhead. esxtop shows the sum over a group: divide it by the vCPUs.",
    .esxtop = "%RUN",
    .vcenter = "cpu.run",
    .linux_name = "vcpu.N.time, sched_stat_runtime",
    .xen = "runstate running"};
static const struct metric ready_pct = {
    .name = "ready_pct",
    .unit = "%",
    VALUE(ledger_pct),
    .at = LEDGER(runstate_ns[RS_READY]),
    .help = "time runnable, waiting for a pCPU, and not held back",
    .formula = "100 * sum of READY over the vCPUs / (vCPUs * duration)",
    .details =
        "More than 10 % per vCPU is commonly taken for contention. vCenter counts "
        "milliseconds in a sample: 10 % is 2000 ms in 20 s.",
    .esxtop = "%RDY",
    .vcenter = "cpu.ready",
    .linux_name = "steal, vcpu.N.delay",
    .xen = "runstate runnable"};
static const struct metric costop_pct = {
    .name = "costop_pct",
    .unit = "%",
    VALUE(ledger_pct),
    .at = LEDGER(runstate_ns[RS_COSTOP]),
    .help = "time runnable, but held back by the co-scheduling rule",
    .formula = "100 * sum of COSTOP over the vCPUs / (vCPUs * duration)",
    .details =
        "The price of keeping siblings together. More than 3 % commonly means: fewer "
        "vCPUs. Always 0 under coscheduling none.",
    .esxtop = "%CSTP",
    .vcenter = "cpu.costop"};
static const struct metric idle_pct = {
    .name = "idle_pct",
    .unit = "%",
    VALUE(ledger_pct),
    .at = LEDGER(runstate_ns[RS_IDLE]),
    .help = "time halted by the guest itself: nothing to run",
    .formula = "100 * sum of IDLE over the vCPUs / (vCPUs * duration)",
    .esxtop = "%IDLE",
    .vcenter = "cpu.idle",
    .linux_name = "halt",
    .xen = "runstate blocked"};
static const struct metric useful_pct = {
    .name = "useful_pct",
    .unit = "%",
    VALUE(ledger_pct),
    .at = LEDGER(activity_ns[ACT_USEFUL]),
    .help = "running time in which a thread computes outside of any critical section",
    .formula = "100 * useful time / (vCPUs * duration)"};
static const struct metric critical_pct = {
    .name = "critical_pct",
    .unit = "%",
    VALUE(ledger_pct),
    .at = LEDGER(activity_ns[ACT_CRITICAL]),
    .help = "running time in which a thread computes inside of a critical section",
    .formula = "100 * critical time / (vCPUs * duration)"};
static const struct metric spin_pct = {
    .name = "spin_pct",
    .unit = "%",
    VALUE(ledger_pct),
    .at = LEDGER(activity_ns[ACT_SPIN]),
    .help = "running time burnt by busy waiting for a lock, a barrier or a cross call",
    .formula = "100 * spin time / (vCPUs * duration)",
    .details =
        "No hypervisor shows it: to esxtop a spinning vCPU is running. Its parts add up: "
        "spin_contended + spin_lhp + spin_lwp + spin_self = spin.",
    .linux_name = "PAUSE exits"};
static const struct metric kernel_pct = {
    .name = "kernel_pct",
    .unit = "%",
    VALUE(ledger_pct),
    .at = LEDGER(activity_ns[ACT_KERNEL]),
    .help = "running time of the guest's own overhead: switches, wake-ups, lock fast paths",
    .formula = "100 * kernel time / (vCPUs * duration)"};
static const struct metric overhead_pct = {
    .name = "overhead_pct",
    .unit = "%",
    VALUE(ledger_pct),
    .at = LEDGER(activity_ns[ACT_OVERHEAD]),
    .help = "running time taken by the hypervisor: context switches, migrations, exits",
    .formula = "100 * overhead time / (vCPUs * duration)",
    .esxtop = "%SYS"};

/* --- where spinning went --- */

static const struct metric spin_contended_pct = {
    .name = "spin_contended_pct",
    .unit = "%",
    VALUE(ledger_pct),
    .at = LEDGER(spin_ns[SPIN_CONTENDED]),
    .help = "spinning while the owner of the lock was running: ordinary contention",
    .formula = "100 * part of spin time / (vCPUs * duration)",
    .details = "It would be there on bare metal, too."};
static const struct metric spin_lhp_pct = {
    .name = "spin_lhp_pct",
    .unit = "%",
    VALUE(lhp_pct),
    .help = "spinning for an owner inside its section whose vCPU was READY or co-stopped",
    .formula = "100 * part of spin time / (vCPUs * duration)",
    .details =
        "Lock-holder preemption: the waste that virtualisation adds. Exactly 0 under "
        "strict co-scheduling for spinlocks.",
    .xen = "inside concurrency_hazard"};
static const struct metric spin_lhp_costop_pct = {
    .name = "spin_lhp_costop_pct",
    .unit = "%",
    VALUE(ledger_pct),
    .at = LEDGER(spin_ns[SPIN_LHP_COSTOP]),
    .help = "the part of spin_lhp_pct whose holder was co-stopped",
    .formula = "100 * part of spin time / (vCPUs * duration)",
    .details = "Lock-holder preemption that the co-scheduling rule made itself."};
static const struct metric spin_lwp_pct = {
    .name = "spin_lwp_pct",
    .unit = "%",
    VALUE(ledger_pct),
    .at = LEDGER(spin_ns[SPIN_LWP]),
    .help = "spinning for a lock granted to a waiter that was not running to take it",
    .formula = "100 * part of spin time / (vCPUs * duration)",
    .details = "Lock-waiter preemption: the price of fair (ticket, mcs) locks."};
static const struct metric spin_self_pct = {
    .name = "spin_self_pct",
    .unit = "%",
    VALUE(ledger_pct),
    .at = LEDGER(spin_ns[SPIN_SELF]),
    .help = "spinning for a context interrupted on the spinner's own vCPU: a deadlock",
    .formula = "100 * part of spin time / (vCPUs * duration)"};
static const struct metric spin_cycles = {
    .name = "spin_cycles",
    .unit = "cycles",
    VALUE(cycles),
    .at = LEDGER(activity_ns[ACT_SPIN]),
    .help = "cycles lost to spinning",
    .formula = "spin_ns * host.ghz",
    .details = "The clock rate changes nothing but this figure."};

/* --- counters --- */

#define COUNTER(metric_name, metric_help)                              \
  static const struct metric metric_name = {.name = #metric_name,      \
                                            .unit = "1",               \
                                            .help = metric_help,       \
                                            VALUE(ledger_count),       \
                                            .at = LEDGER(metric_name), \
                                            .formula = "count in the window"}
COUNTER(dispatches, "times that a vCPU was put on a pCPU");
COUNTER(preemptions, "times that a vCPU lost its pCPU against its will; running on excluded");
COUNTER(migrations, "dispatches on another pCPU than the last one");
COUNTER(costops, "entries into COSTOP");
COUNTER(lhp_events, "involuntary deschedules of a vCPU inside of a spinlock's section");
COUNTER(lwp_events, "involuntary deschedules of a vCPU queued for a spinlock or granted one");
COUNTER(ple_exits, "exits of a vCPU that spun for the window of hypervisor.ple");
static const struct metric smt_shared_pct = {
    .name = "smt_shared_pct",
    .unit = "%",
    VALUE(ledger_pct),
    .at = LEDGER(smt_shared_ns),
    .help = "running time in which another thread of the core was busy, too",
    .formula = "100 * such running time / (vCPUs * duration)",
    .details =
        "The vCPU worked at host.topology.smt_factor of its speed meanwhile; 0 where that is 1."};
COUNTER(poll_hits, "wake-ups of a vCPU whose pCPU was polling for it");
static const struct metric poll_pct = {
    .name = "poll_pct",
    .unit = "%",
    VALUE(ledger_pct),
    .at = LEDGER(polled_ns),
    .help = "the part of idle_pct in which the vCPU's pCPU polled for its wake-up",
    .formula = "100 * polled time / (vCPUs * duration)",
    .details =
        "It costs power, but nobody else any time: a pCPU that somebody wants does not poll.",
    .linux_name = "vcpu.N.halt_poll_success_ns + halt_poll_fail_ns"};
COUNTER(delays, "times that a vCPU inside of a spinlock's section kept its pCPU for that");
COUNTER(delay_timeouts, "delays that ended inside of the section, after delay_preemption");
#define RESULT_COUNTER(metric_name, place, metric_help)           \
  static const struct metric metric_name = {.name = #metric_name, \
                                            .unit = "1",          \
                                            .help = metric_help,  \
                                            VALUE(result_count),  \
                                            .at = place,          \
                                            .formula = "count in the window"}
RESULT_COUNTER(deadlocks, offsetof(struct vm_result, deadlocks),
               "cycles of waits that closed; each is named in a note");
RESULT_COUNTER(iterations, offsetof(struct vm_result, iterations),
               "program iterations that ended in the window");
RESULT_COUNTER(acquisitions, offsetof(struct lock_result, acquisitions),
               "times that the lock got an owner");
RESULT_COUNTER(contended, offsetof(struct lock_result, contended),
               "acquisitions that did not find the lock free");
RESULT_COUNTER(context_switches, offsetof(struct host_result, context_switches),
               "dispatches of another vCPU than the pCPU ran last");
RESULT_COUNTER(events, offsetof(struct host_result, events),
               "events that the simulator handled: step and slice ends, wake-ups, IPIs, checks");

/* --- nanoseconds, as they were added up --- */

#define LEDGER_NS(metric_name, place, metric_help)                \
  static const struct metric metric_name = {.name = #metric_name, \
                                            .unit = "ns",         \
                                            .help = metric_help,  \
                                            VALUE(ledger_count),  \
                                            .at = LEDGER(place),  \
                                            .formula = "exact sum"}
LEDGER_NS(running_ns, runstate_ns[RS_RUNNING], "time on a pCPU");
LEDGER_NS(ready_ns, runstate_ns[RS_READY], "time READY, summed over the vCPUs");
LEDGER_NS(costop_ns, runstate_ns[RS_COSTOP], "time in COSTOP, summed over the vCPUs");
LEDGER_NS(idle_ns, runstate_ns[RS_IDLE], "time IDLE, summed over the vCPUs");
LEDGER_NS(overhead_ns, activity_ns[ACT_OVERHEAD], "time taken by the hypervisor");
LEDGER_NS(useful_ns, activity_ns[ACT_USEFUL], "time computing outside of sections");
LEDGER_NS(critical_ns, activity_ns[ACT_CRITICAL], "time computing inside of sections");
LEDGER_NS(spin_ns, activity_ns[ACT_SPIN], "time spinning, summed over the vCPUs");
LEDGER_NS(kernel_ns, activity_ns[ACT_KERNEL], "time of guest overhead");
LEDGER_NS(spin_contended_ns, spin_ns[SPIN_CONTENDED], "time spinning for a running owner");
LEDGER_NS(spin_lhp_costop_ns, spin_ns[SPIN_LHP_COSTOP], "time spinning for a co-stopped holder");
LEDGER_NS(spin_lwp_ns, spin_ns[SPIN_LWP], "time spinning for a waiter that was granted the lock");
LEDGER_NS(spin_self_ns, spin_ns[SPIN_SELF], "time spinning for the vCPU's own interrupted context");
static const struct metric spin_lhp_ns = {
    .name = "spin_lhp_ns",
    .unit = "ns",
    VALUE(lhp_ns),
    .help = "time spinning for a holder that was READY or co-stopped",
    .formula = "exact sum"};
static const struct metric skew_max_ns = {.name = "skew_max_ns",
                                          .unit = "ns",
                                          VALUE(result_count),
                                          .at = offsetof(struct vm_result, skew_max_ns),
                                          .help = "largest skew",
                                          .formula = "supremum"};
static const struct metric lead_max_ns = {.name = "lead_max_ns",
                                          .unit = "ns",
                                          VALUE(result_count),
                                          .at = offsetof(struct vcpu_result, lead_max_ns),
                                          .help = "largest lead",
                                          .formula = "supremum"};

/* --- progress --- */

static const struct metric skew_mean_us = {
    .name = "skew_mean_us",
    .unit = "us",
    VALUE(skew_mean),
    .help = "time-average of the VM's skew",
    .formula = "integral of the skew / duration; skew = max - min progress of non-idle vCPUs"};
static const struct metric skew_p99_us = {.name = "skew_p99_us",
                                          .unit = "us",
                                          VALUE(skew_p99),
                                          .help = "the skew was at most this for 99 % of the time",
                                          .formula = "99th percentile of the skew over time"};
static const struct metric skew_max_us = {
    .name = "skew_max_us",
    .unit = "us",
    VALUE(result_us),
    .at = offsetof(struct vm_result, skew_max_ns),
    .help = "largest skew of the VM",
    .formula = "supremum of the skew over the window",
    .details = "Relaxed co-scheduling keeps it near costop_threshold, none does not bound it."};
static const struct metric lead_max_us = {
    .name = "lead_max_us",
    .unit = "us",
    VALUE(result_us),
    .at = offsetof(struct vcpu_result, lead_max_ns),
    .help = "largest lead of this vCPU over its slowest sibling",
    .formula = "supremum of p(v) - min p over non-idle siblings"};
static const struct metric hazard_pct = {
    .name = "hazard_pct",
    .unit = "%",
    VALUE(result_pct),
    .at = offsetof(struct vm_result, hazard_ns),
    .help = "time with one vCPU of the VM running while another is READY or co-stopped",
    .formula = "100 * such time / duration (of the VM, not per vCPU)",
    .details = "Only then can a running vCPU wait for a sibling that is not.",
    .xen = "concurrency_hazard"};

/* --- latencies --- */

#define LATENCY_ROW(prefix, statistic, named, place, metric_help, metric_formula)             \
  static const struct metric prefix##_##statistic##_us = {.name = named "_" #statistic "_us", \
                                                          .unit = "us",                       \
                                                          .help = metric_help,                \
                                                          VALUE(latency_##statistic),         \
                                                          .at = place,                        \
                                                          .formula = metric_formula}
#define LATENCY_ROWS(prefix, named, place, what)                                                   \
  LATENCY_ROW(prefix, mean, named, place, "mean " what, "sum / count");                            \
  LATENCY_ROW(prefix, p50, named, place, "median " what, "histogram, within 1 %");                 \
  LATENCY_ROW(prefix, p99, named, place, "99th percentile of the " what, "histogram, within 1 %"); \
  LATENCY_ROW(prefix, max, named, place, "longest " what, "maximum, exact")
LATENCY_ROWS(latency, "latency", offsetof(struct vm_result, latency),
             "time of an iteration, of those that ended in the window");
LATENCY_ROWS(wait, "wait", offsetof(struct lock_result, wait),
             "time from asking for the lock to owning it");
LATENCY_ROWS(hold, "hold", offsetof(struct lock_result, hold),
             "time from owning the lock to releasing it");

#define INTERRUPT_COUNT(metric_name, metric_help, metric_formula)                                 \
  static const struct metric metric_name = {.name = #metric_name,                                 \
                                            .unit = "1",                                          \
                                            VALUE(result_count),                                  \
                                            .at = offsetof(struct interrupt_result, metric_name), \
                                            .help = metric_help,                                  \
                                            .formula = metric_formula}
INTERRUPT_COUNT(arrivals, "interrupts that arrived", "count; a timer spares vCPUs that are idle");
INTERRUPT_COUNT(coalesced, "interrupts that arrived while an earlier one was pending",
                "count; they are not taken");
INTERRUPT_COUNT(taken, "interrupts whose handler started",
                "count; arrivals - coalesced, but for what is pending at the ends of the window");
LATENCY_ROWS(delay, "latency", offsetof(struct interrupt_result, latency),
             "time from an interrupt's arrival to its handler's start");

/* --- the steal matrix --- */

static const struct metric steal_pct = {
    .name = "steal_pct",
    .unit = "%",
    VALUE(ledger_pct),
    .at = LEDGER(runstate_ns[RS_READY]),
    .help = "the part of ready_pct in which this VM had the pCPUs that the READY one may use",
    .formula = "100 * part of READY time / (vCPUs * duration)",
    .details =
        "Measured with run.steal_matrix: \"on\". The parts add up to ready_pct; (idle) is the part "
        "in "
        "which nobody had them. A VM waits for its own vCPUs, too.",
    .linux_name = "part of steal"};
static const struct metric steal_share_pct = {.name = "steal_share_pct",
                                              .unit = "%",
                                              VALUE(ready_share),
                                              .at = LEDGER(runstate_ns[RS_READY]),
                                              .help = "the same in percent of the READY time",
                                              .formula = "100 * part of READY time / READY time"};
LEDGER_NS(steal_ns, runstate_ns[RS_READY], "the same, summed over the vCPUs that were READY");

/* --- the host --- */

static const struct metric utilisation_pct = {.name = "utilisation_pct",
                                              .unit = "%",
                                              VALUE(result_pct),
                                              .at = offsetof(struct host_result, busy_ns),
                                              .help = "pCPU time that ran a vCPU",
                                              .formula = "100 * busy time / (pCPUs * duration)",
                                              .esxtop = "PCPU UTIL(%)",
                                              .vcenter = "cpu.utilization"};
static const struct metric fragmentation_pct = {
    .name = "fragmentation_pct",
    .unit = "%",
    VALUE(result_pct),
    .at = offsetof(struct host_result, fragmentation_ns),
    .help = "pCPU time idle although a vCPU of the host was READY or co-stopped",
    .formula = "100 * such idle time, summed over pCPUs / (pCPUs * duration)",
    .details = "What gangs that do not fit leave over, and core scheduling keeps idle."};
static const struct metric forced_idle_pct = {
    .name = "forced_idle_pct",
    .unit = "%",
    VALUE(result_pct),
    .at = offsetof(struct host_result, forced_idle_ns),
    .help =
        "pCPU time idle beside a busy thread of its core, by core scheduling, although a vCPU of "
        "the host was READY or co-stopped",
    .formula = "100 * such idle time, summed over pCPUs / (pCPUs * duration)",
    .details = "A part of fragmentation_pct; 0 without hypervisor.core_scheduling.",
    .linux_name = "core_forceidle"};
static const struct metric host_overhead_pct = {
    .name = "overhead_pct",
    .unit = "%",
    VALUE(result_pct),
    .at = offsetof(struct host_result, overhead_ns),
    .help = "pCPU time taken by context switches, migrations and exits",
    .formula = "100 * overhead time / (pCPUs * duration)"};

/* --- the tables --- */

#define SHARES                                                                              \
  &run_pct, &ready_pct, &costop_pct, &idle_pct, &useful_pct, &critical_pct, &spin_pct,      \
      &kernel_pct, &overhead_pct, &spin_contended_pct, &spin_lhp_pct, &spin_lhp_costop_pct, \
      &spin_lwp_pct, &spin_self_pct, &spin_cycles, &spin_ns, &costop_ns, &ready_ns
#define SPIN_SPLIT_NS \
  &spin_contended_ns, &spin_lhp_ns, &spin_lhp_costop_ns, &spin_lwp_ns, &spin_self_ns
#define LATENCIES(prefix) &prefix##_mean_us, &prefix##_p50_us, &prefix##_p99_us, &prefix##_max_us
/* Those that SHARES lacks. */
#define LEDGER_RAW \
  &running_ns, &idle_ns, &overhead_ns, &useful_ns, &critical_ns, &kernel_ns, SPIN_SPLIT_NS

static const struct metric *const vm_metrics[] = {
    &throughput_per_s, SHARES,       &skew_mean_us,   &skew_p99_us,
    &skew_max_us,      &hazard_pct,  &lhp_events,     &lwp_events,
    &costops,          &preemptions, &migrations,     LATENCIES(latency),
    &deadlocks,        &ple_exits,   &smt_shared_pct, &delays,
    &delay_timeouts,   &poll_pct,    &poll_hits,      NULL};
static const struct metric *const vcpu_metrics[] = {
    SHARES,   &lead_max_us,    &dispatches, &preemptions, &migrations,
    &costops, &lhp_events,     &lwp_events, &ple_exits,   &smt_shared_pct,
    &delays,  &delay_timeouts, &poll_pct,   &poll_hits,   NULL};
static const struct metric *const lock_metrics[] = {&acquisitions,   &contended,    LATENCIES(wait),
                                                    LATENCIES(hold), SPIN_SPLIT_NS, NULL};
static const struct metric *const interrupt_metrics[] = {&arrivals, &coalesced, &taken,
                                                         LATENCIES(delay), NULL};
static const struct metric *const steal_metrics[] = {&steal_pct, &steal_share_pct, &steal_ns, NULL};
static const struct metric *const host_metrics[] = {&utilisation_pct,
                                                    &fragmentation_pct,
                                                    &host_overhead_pct,
                                                    &context_switches,
                                                    &events,
                                                    &forced_idle_pct,
                                                    NULL};
const struct metric *const *const metrics_of[SCOPES] = {
    [SCOPE_VM] = vm_metrics,       [SCOPE_VCPU] = vcpu_metrics,
    [SCOPE_LOCK] = lock_metrics,   [SCOPE_INTERRUPT] = interrupt_metrics,
    [SCOPE_STEAL] = steal_metrics, [SCOPE_HOST] = host_metrics};

static const struct metric *const vm_raw[] = {&iterations, LEDGER_RAW, &skew_max_ns, NULL};
static const struct metric *const vcpu_raw[] = {LEDGER_RAW, &lead_max_ns, NULL};
static const struct metric *const no_raw[] = {NULL};
const struct metric *const *const metrics_raw_of[SCOPES] = {
    [SCOPE_VM] = vm_raw,        [SCOPE_VCPU] = vcpu_raw, [SCOPE_LOCK] = no_raw,
    [SCOPE_INTERRUPT] = no_raw, [SCOPE_STEAL] = no_raw,  [SCOPE_HOST] = no_raw};

/* --- look-up --- */

bool metric_is_unit(const char *suffix) {
  static const char *const suffixes[] = {"_pct", "_us", "_ns", "_per_s", "_cycles", NULL};
  for (const char *const *known = suffixes; *known; known++)
    if (strcmp(suffix, *known) == 0) return true;
  return false;
}

static bool metric_is_short(const struct metric *metric, const char *name) {
  size_t length = strlen(name);
  return strncmp(metric->name, name, length) == 0 && metric_is_unit(metric->name + length);
}

const struct metric *metric_find(enum scope scope, const char *name, bool *is_ambiguous) {
  const struct metric *found = NULL;
  *is_ambiguous = false;
  for (const struct metric *const *row = metrics_of[scope]; *row; row++) {
    if (strcmp((*row)->name, name) == 0) {
      *is_ambiguous = false;
      return *row;
    }
    if (!metric_is_short(*row, name)) continue;
    *is_ambiguous = found != NULL;
    if (!found) found = *row;
  }
  return *is_ambiguous ? NULL : found;
}
