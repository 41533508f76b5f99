/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/glossary.h"

#include <stddef.h>
#include <strings.h>

const struct term glossary[] = {
    {"axis", NULL, "A key of the scenario and the values that a sweep gives it in turn.",
     "cell, sweep"},
    {"cell", NULL,
     "The scenario with one value of each axis of a sweep. Cells count from 0; the last axis is "
     "the fastest.",
     "axis, sweep"},
    {"VCPU-Bal", "vScale",
     "Shrinking a VM to what its host gives it: of n vCPUs, n * RUN / (RUN + RDY + CSTP) run while "
     "they want to, and that number, rounded up, is left to it. `costop size` says what that gains "
     "or costs, once and again and again: where pCPUs are shared out by vCPU, a VM with fewer gets "
     "less.",
     "ready_pct, costop_pct"},
    {"co-stop", "costop",
     "A vCPU is co-stopped when it could run, but the co-scheduling rule holds it back because it "
     "is too far ahead of its siblings (relaxed), or because there is no room for the whole gang "
     "(strict). The time counts as COSTOP, not as READY.",
     "co-start, skew, costop_pct, costops"},
    {"co-start", "costart",
     "The end of a co-stop: under relaxed the vCPU becomes READY once its lead has shrunk to "
     "costart_threshold, seen at the next poll; under strict the whole gang starts at once.",
     "co-stop, relaxed, strict"},
    {"common random numbers", "CRN",
     "All cells of a sweep draw from the same random streams: a thread computes as long in its "
     "n-th round under one policy as under another. Two cells differ by policy rather than by "
     "luck, and comparing them replication by replication needs few of them.",
     "replication, seed, cell"},
    {"critical section", NULL,
     "What a thread does between owning a lock and releasing it. Nobody else may be inside of it.",
     "hold, critical_pct, hold_mean_us"},
    {"cross call", "shootdown",
     "A vCPU interrupts the others of its VM and spins until all have handled that, for example "
     "to have them drop what they keep of a page table (TLB shootdown). The step shootdown of a "
     "program; who is called counts as the interrupt of that name.",
     "spin, LHP, latency_p99"},
    {"deadlock", NULL,
     "Threads that wait for each other in a circle. It is found when the circle closes and is "
     "named in a note; the run goes on, and who spins in it spins to the end.",
     "deadlocks, spin_self_pct"},
    {"fragmentation", NULL,
     "pCPUs that idle although vCPUs are waiting, because those are parts of gangs that do not "
     "fit into what is free, or are co-stopped. The host pays for it, no single VM does.",
     "strict, fragmentation_pct"},
    {"core scheduling", "forced idle",
     "The threads of a core run one VM at a time, so that no VM can spy on another through what "
     "they "
     "share. Threads for which that VM has nobody are forced to idle.",
     "fragmentation, forced_idle_pct, smt_shared_pct"},
    {"gang", NULL,
     "Under strict co-scheduling all vCPUs of a VM that are not idle. They start together and "
     "stop together.",
     "strict, fragmentation"},
    {"hand-off", "handoff",
     "The step from the release of a lock to the next owner's first instruction inside. It costs "
     "the more the more waiters poll the same cache line.",
     "hold, LWP"},
    {"hyper-threading", "SMT",
     "Several threads of one core are pCPUs to the hypervisor, but share what computes: while more "
     "than one is busy each is slower (host.topology.smt_factor).",
     "smt_shared_pct"},
    {"hazard", "concurrency hazard",
     "One vCPU of a VM runs while another is READY or co-stopped: the only time in which a running "
     "vCPU can wait for a sibling that is not.",
     "LHP, hazard_pct"},
    {"hold", NULL, "The time from owning a lock to releasing it, elapsed: preemptions included.",
     "wait, hold_mean_us"},
    {"laggard", NULL, "The sibling with the least progress.", "lead, skew"},
    {"lead", NULL,
     "How far the progress of a vCPU is ahead of the slowest sibling that is not idle. Relaxed "
     "co-scheduling compares it with its thresholds.",
     "skew, lead_max_us"},
    {"LHP", "lock-holder preemption",
     "A vCPU loses its pCPU while its thread is inside a spinlock's section. Siblings that want "
     "the lock spin until the holder runs again: for a timeslice or more instead of "
     "microseconds.",
     "LWP, spin_lhp_pct, lhp_events"},
    {"LWP", "lock-waiter preemption",
     "A fair lock was granted to a waiter whose vCPU is not running. The lock is free in effect, "
     "yet nobody else may take it. Unfair locks (tas) do not have it.",
     "LHP, spin_lwp_pct, lwp_events"},
    {"overcommit", NULL,
     "More runnable vCPUs than pCPUs: somebody is READY, and lock holders can be preempted.",
     "ready, LHP"},
    {"progress", NULL,
     "The clock of a vCPU that advances while it executes guest code, spinning included: the "
     "hypervisor cannot tell spinning from work. It stands still while READY or co-stopped. Idle "
     "vCPUs are left out of comparisons.",
     "skew, lead"},
    {"ready", NULL, "Runnable, but waiting for a pCPU: the price of sharing the host.",
     "ready_pct, co-stop"},
    {"relaxed", NULL,
     "Co-scheduling of ESX 4 and later: a vCPU whose lead reaches costop_threshold stops alone, "
     "and may go on once it has shrunk to costart_threshold.",
     "strict, skew, costop_pct"},
    {"replication", NULL,
     "One run of the scenario with random streams of its own. The spread between replications "
     "gives the confidence interval; --replication K repeats a single one exactly.",
     "seed, warm-up"},
    {"seed", NULL,
     "The number that all random streams come from. Same scenario, seed and replication: same "
     "result, bit by bit.",
     "replication"},
    {"skew", NULL,
     "The largest lead among the vCPUs of a VM: how far the fastest is ahead of the slowest. 0 "
     "with fewer than two vCPUs that are not idle.",
     "lead, co-stop, skew_mean_us, skew_p99_us, skew_max_us"},
    {"spin", NULL,
     "Busy waiting: the vCPU runs, burns cycles and gets nothing done. Every nanosecond of it is "
     "booked by what the owner of the lock was doing.",
     "spin_pct, spin_contended_pct, LHP, LWP"},
    {"steal", NULL,
     "What a Linux guest sees of READY (and co-stop) time: it wanted to run and could not.",
     "ready_pct, costop_pct"},
    {"strict", NULL,
     "Gang scheduling as in ESX 2: all vCPUs of a VM that are not idle run together or not at "
     "all. It rules lock-holder preemption out and pays with fragmentation.",
     "gang, relaxed, fragmentation"},
    {"sweep", NULL,
     "A study of all cells: the combinations of the values of the axes, or with zip the axes side "
     "by side, as far as they meet the conditions under where.",
     "axis, cell, common random numbers"},
    {"think", NULL, "What a thread computes between two critical sections.", "hold"},
    {"timeslice", "slice",
     "How long a vCPU may keep its pCPU before the next in the queue gets it. Spinning for a "
     "preempted holder lasts about as long as its wait for the next one.",
     "LHP, ready"},
    {"wait", NULL, "The time from asking for a lock to owning it, elapsed.", "hold, wait_mean_us"},
    {"warm-up", "warmup",
     "Simulated time before the measured window: counters start when it is over, so that the "
     "empty start does not count.",
     "replication"},
    {NULL, NULL, NULL, NULL},
};

const struct term *glossary_find(const char *name) {
  for (const struct term *term = glossary; term->name; term++) {
    if (strcasecmp(term->name, name) == 0) return term;
    if (term->alias && strcasecmp(term->alias, name) == 0) return term;
  }
  return NULL;
}
