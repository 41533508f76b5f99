/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/figures.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader {
  struct figures *figures;
  char entity[FIGURE_NAME_ROOM / 2];
};

static void add(const struct reader *reader, const char *name, __int128 value, unsigned power,
                bool is_additive) {
  if (reader->figures->n == FIGURES_MAX) abort(); /* not everybody who reads is a Check test */
  struct figure *figure = &reader->figures->list[reader->figures->n++];
  *figure = (struct figure){.value = value, .power = power, .is_additive = is_additive};
  snprintf(figure->name, sizeof figure->name, "%s %s", reader->entity, name);
}

static void add_count(const struct reader *reader, const char *name, uint64_t value) {
  add(reader, name, value, 0, true);
}

static void add_ns(const struct reader *reader, const char *name, int64_t value_ns) {
  add(reader, name, value_ns, 1, true);
}

static void add_spin(const struct reader *reader, const int64_t spin_ns[SPIN_CAUSES]) {
  static const char *const names[SPIN_CAUSES] = {"spin_contended", "spin_lhp_ready",
                                                 "spin_lhp_costop", "spin_lwp", "spin_self"};
  for (unsigned i = 0; i < SPIN_CAUSES; i++) add_ns(reader, names[i], spin_ns[i]);
}

static void add_ledger(const struct reader *reader, const struct ledger *ledger) {
  static const char *const runstates[RUNSTATES] = {"running", "ready", "costop", "idle"};
  static const char *const activities[ACTIVITIES] = {"overhead", "useful", "critical", "spin",
                                                     "kernel"};
  for (unsigned i = 0; i < RUNSTATES; i++) add_ns(reader, runstates[i], ledger->runstate_ns[i]);
  for (unsigned i = 0; i < ACTIVITIES; i++) add_ns(reader, activities[i], ledger->activity_ns[i]);
  add_spin(reader, ledger->spin_ns);
  add_count(reader, "preemptions", ledger->preemptions);
  add_count(reader, "migrations", ledger->migrations);
  add_count(reader, "costops", ledger->costops);
  add_count(reader, "lhp_events", ledger->lhp_events);
  add_count(reader, "lwp_events", ledger->lwp_events);
  add_count(reader, "ple_exits", ledger->ple_exits);
  add_ns(reader, "smt_shared", ledger->smt_shared_ns);
  add_ns(reader, "polled", ledger->polled_ns);
  add_count(reader, "poll_hits", ledger->poll_hits);
  add_count(reader, "delays", ledger->delays);
  add_count(reader, "delay_timeouts", ledger->delay_timeouts);
}

static void add_latency(const struct reader *reader, const struct latency_result *latency) {
  add_count(reader, "samples", latency->n);
  add_ns(reader, "sum", latency->sum_ns);
  add(reader, "max", latency->max_ns, 1, false);
}

static void add_lock(struct reader *reader, const struct lock_result *lock) {
  add_count(reader, "acquisitions", lock->acquisitions);
  add_count(reader, "contended", lock->contended);
  add_spin(reader, lock->spin_ns);
  add_latency(reader, &lock->wait);
  add_latency(reader, &lock->hold);
}

static void read_vm(struct figures *figures, const struct vm_result *vm, const char *name) {
  struct reader reader = {.figures = figures};
  snprintf(reader.entity, sizeof reader.entity, "%s", name);
  add_ledger(&reader, &vm->total);
  add_latency(&reader, &vm->latency);
  add_count(&reader, "iterations", vm->iterations);
  add_count(&reader, "deadlocks", vm->deadlocks);
  add_ns(&reader, "hazard", vm->hazard_ns);
  add(&reader, "skew max", vm->skew_max_ns, 1, false);
  add(&reader, "skew integral", vm->skew_integral2, 2, true);
  for (uint32_t i = 0; i < vm->spec->guest.n_vcpus; i++) {
    snprintf(reader.entity, sizeof reader.entity, "%s/v%u", name, i);
    add_ledger(&reader, &vm->vcpus[i].ledger);
    add(&reader, "lead max", vm->vcpus[i].lead_max_ns, 1, false);
  }
  for (uint32_t i = 0; i < vm->n_locks; i++) {
    snprintf(reader.entity, sizeof reader.entity, "%s/%s", name, vm->locks[i].spec->name);
    add_lock(&reader, &vm->locks[i]);
  }
  for (uint32_t i = 0; i < vm->spec->guest.n_interrupts; i++) {
    const struct interrupt_result *interrupt = &vm->interrupts[i];
    snprintf(reader.entity, sizeof reader.entity, "%s/%s", name, interrupt->spec->name);
    add_count(&reader, "arrivals", interrupt->arrivals);
    add_count(&reader, "coalesced", interrupt->coalesced);
    add_count(&reader, "taken", interrupt->taken);
    add_latency(&reader, &interrupt->latency);
  }
}

void figures_read_vm(struct figures *figures, const struct vm_result *vm) {
  figures->n = 0;
  read_vm(figures, vm, "");
}

void figures_read(struct figures *figures, const struct run_result *result) {
  const struct host_result *host = &result->host;
  struct reader reader = {.figures = figures, .entity = "host"};
  figures->n = 0;
  add_ns(&reader, "window", result->window_ns);
  add_ns(&reader, "busy", host->busy_ns);
  add_ns(&reader, "fragmentation", host->fragmentation_ns);
  add_ns(&reader, "forced_idle", host->forced_idle_ns);
  add_ns(&reader, "overhead", host->overhead_ns);
  add_count(&reader, "context switches", host->context_switches);
  for (uint32_t i = 0; i < result->scenario->n_vms; i++)
    read_vm(figures, &result->vms[i], result->vms[i].spec->name);
}

/* --- comparing --- */

static void expect(const struct figure *figure, __int128 expected) {
  ck_assert_msg(figure->value == expected, "%s: %.17g, not %.17g", figure->name,
                (double)figure->value, (double)expected);
}

static __int128 scaled(const struct figure *figure, int64_t scale) {
  __int128 value = figure->value;
  for (unsigned k = 0; k < figure->power; k++) value *= scale;
  return value;
}

void figures_expect_scaled(const struct figures *a, const struct figures *b, int64_t scale) {
  ck_assert_uint_gt(a->n, 0);
  ck_assert_uint_eq(a->n, b->n);
  for (size_t i = 0; i < a->n; i++) expect(&b->list[i], scaled(&a->list[i], scale));
}

const struct figure *figures_missing(const struct figures *a, const struct figures *b,
                                     int64_t scale) {
  size_t k = 0;
  for (const struct figure *figure = a->list; figure < a->list + a->n; figure++, k++) {
    while (k < b->n && strcmp(b->list[k].name, figure->name) != 0) k++;
    if (k == b->n || b->list[k].value != scaled(figure, scale)) return figure;
  }
  return NULL;
}

void figures_expect_sum(const struct figures *first, const struct figures *second,
                        const struct figures *both) {
  ck_assert_uint_gt(first->n, 0);
  ck_assert(first->n == second->n && first->n == both->n);
  for (size_t i = 0; i < first->n; i++)
    if (first->list[i].is_additive)
      expect(&both->list[i], first->list[i].value + second->list[i].value);
}
