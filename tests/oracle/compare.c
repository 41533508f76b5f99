/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compare.h"

#include <inttypes.h>
#include <string.h>

struct comparison {
  FILE *file;
  const char *entity;
  bool differs;          /* anything so far */
  bool is_entity_blamed; /* this entity differs already */
};

static void begin(struct comparison *comparison, const char *entity) {
  comparison->entity = entity;
  comparison->is_entity_blamed = false;
}

static void check(struct comparison *comparison, const char *field, int64_t machine,
                  int64_t oracle) {
  if (machine == oracle) return;
  comparison->differs = true;
  if (comparison->is_entity_blamed || !comparison->file) return;
  comparison->is_entity_blamed = true;
  fprintf(comparison->file, "  %-10s %-20s machine %" PRId64 ", oracle %" PRId64 "\n",
          comparison->entity, field, machine, oracle);
}

#define CHECK(comparison, a, b, field) \
  check(comparison, #field, (int64_t)(a)->field, (int64_t)(b)->field)

static void check_spin(struct comparison *comparison, const int64_t *a_ns, const int64_t *b_ns) {
  static const char *const names[SPIN_CAUSES] = {"spin_contended", "spin_lhp_ready",
                                                 "spin_lhp_costop", "spin_lwp", "spin_self"};
  for (unsigned i = 0; i < SPIN_CAUSES; i++) check(comparison, names[i], a_ns[i], b_ns[i]);
}

static void check_ledger(struct comparison *comparison, const struct ledger *a,
                         const struct ledger *b) {
  static const char *const runstates[RUNSTATES] = {"running", "ready", "costop", "idle"};
  static const char *const activities[ACTIVITIES] = {"overhead", "useful", "critical", "spin",
                                                     "kernel"};
  CHECK(comparison, a, b, migrations);
  CHECK(comparison, a, b, preemptions);
  CHECK(comparison, a, b, costops);
  for (unsigned i = 0; i < RUNSTATES; i++)
    check(comparison, runstates[i], a->runstate_ns[i], b->runstate_ns[i]);
  for (unsigned i = 0; i < ACTIVITIES; i++)
    check(comparison, activities[i], a->activity_ns[i], b->activity_ns[i]);
  check_spin(comparison, a->spin_ns, b->spin_ns);
  CHECK(comparison, a, b, lhp_events);
  CHECK(comparison, a, b, lwp_events);
}

static void check_latency(struct comparison *comparison, const struct latency_result *a,
                          const struct latency_result *b) {
  CHECK(comparison, a, b, n);
  CHECK(comparison, a, b, sum_ns);
  CHECK(comparison, a, b, max_ns);
}

static void check_vm(struct comparison *comparison, const struct vm_result *a,
                     const struct vm_result *b) {
  char name[64];
  for (uint32_t i = 0; i < a->spec->guest.n_vcpus; i++) {
    snprintf(name, sizeof name, "%s/v%u", a->spec->name, i);
    begin(comparison, name);
    check_ledger(comparison, &a->vcpus[i].ledger, &b->vcpus[i].ledger);
    CHECK(comparison, &a->vcpus[i], &b->vcpus[i], lead_max_ns);
  }
  begin(comparison, a->spec->name);
  CHECK(comparison, a, b, n_locks);
  CHECK(comparison, a, b, iterations);
  check_latency(comparison, &a->latency, &b->latency);
  check_ledger(comparison, &a->total, &b->total);
  CHECK(comparison, a, b, skew_max_ns);
  CHECK(comparison, a, b, skew_integral2);
  CHECK(comparison, a, b, hazard_ns);
  CHECK(comparison, a, b, deadlocks);
  for (uint32_t i = 0; i < a->n_locks && i < b->n_locks; i++) {
    const struct lock_result *lock = &a->locks[i], *other = &b->locks[i];
    snprintf(name, sizeof name, "%s/%s", a->spec->name, lock->spec->name);
    begin(comparison, name);
    check(comparison, "name", 0, strcmp(lock->spec->name, other->spec->name) != 0);
    CHECK(comparison, lock, other, acquisitions);
    CHECK(comparison, lock, other, contended);
    check_latency(comparison, &lock->wait, &other->wait);
    check_latency(comparison, &lock->hold, &other->hold);
    check_spin(comparison, lock->spin_ns, other->spin_ns);
  }
}

static void check_interrupts(struct comparison *comparison, const struct vm_result *a,
                             const struct vm_result *b) {
  char name[64];
  for (uint32_t i = 0; i < a->spec->guest.n_interrupts; i++) {
    const struct interrupt_result *source = &a->interrupts[i], *other = &b->interrupts[i];
    snprintf(name, sizeof name, "%s/%s", a->spec->name, source->spec->name);
    begin(comparison, name);
    CHECK(comparison, source, other, arrivals);
    CHECK(comparison, source, other, coalesced);
    CHECK(comparison, source, other, taken);
    check_latency(comparison, &source->latency, &other->latency);
  }
}

bool compare_results(FILE *file, const struct run_result *machine,
                     const struct run_result *oracle) {
  struct comparison comparison = {.file = file};
  begin(&comparison, "run");
  CHECK(&comparison, machine, oracle, status);
  if (machine->status != RUN_DONE || oracle->status != RUN_DONE) return !comparison.differs;
  CHECK(&comparison, machine, oracle, window_ns);
  CHECK(&comparison, machine, oracle, seed);
  for (uint32_t i = 0; i < machine->scenario->n_vms; i++) {
    check_vm(&comparison, &machine->vms[i], &oracle->vms[i]);
    check_interrupts(&comparison, &machine->vms[i], &oracle->vms[i]);
  }
  begin(&comparison, "host");
  CHECK(&comparison, &machine->host, &oracle->host, busy_ns);
  CHECK(&comparison, &machine->host, &oracle->host, fragmentation_ns);
  CHECK(&comparison, &machine->host, &oracle->host, overhead_ns);
  CHECK(&comparison, &machine->host, &oracle->host, context_switches);
  return !comparison.differs;
}
