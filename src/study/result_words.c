/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/result_words.h"

#include <assert.h>
#include <string.h>

#define INTEGER(type, word, member) \
  { word, WORD_INTEGER, offsetof(struct type, member) }
#define REAL(type, word, member) \
  { word, WORD_REAL, offsetof(struct type, member) }

#define LEDGER(type, ledger)                                                                    \
  INTEGER(type, "running_ns", ledger.runstate_ns[RS_RUNNING]),                                  \
      INTEGER(type, "ready_ns", ledger.runstate_ns[RS_READY]),                                  \
      INTEGER(type, "costop_ns", ledger.runstate_ns[RS_COSTOP]),                                \
      INTEGER(type, "idle_ns", ledger.runstate_ns[RS_IDLE]),                                    \
      INTEGER(type, "overhead_ns", ledger.activity_ns[ACT_OVERHEAD]),                           \
      INTEGER(type, "useful_ns", ledger.activity_ns[ACT_USEFUL]),                               \
      INTEGER(type, "critical_ns", ledger.activity_ns[ACT_CRITICAL]),                           \
      INTEGER(type, "spin_ns", ledger.activity_ns[ACT_SPIN]),                                   \
      INTEGER(type, "kernel_ns", ledger.activity_ns[ACT_KERNEL]), SPIN(type, ledger.spin_ns),   \
      INTEGER(type, "dispatches", ledger.dispatches),                                           \
      INTEGER(type, "preemptions", ledger.preemptions),                                         \
      INTEGER(type, "migrations", ledger.migrations), INTEGER(type, "costops", ledger.costops), \
      INTEGER(type, "lhp_events", ledger.lhp_events),                                           \
      INTEGER(type, "lwp_events", ledger.lwp_events),                                           \
      INTEGER(type, "ple_exits", ledger.ple_exits), INTEGER(type, "delays", ledger.delays),     \
      INTEGER(type, "delay_timeouts", ledger.delay_timeouts),                                   \
      INTEGER(type, "smt_shared_ns", ledger.smt_shared_ns),                                     \
      INTEGER(type, "polled_ns", ledger.polled_ns), INTEGER(type, "poll_hits", ledger.poll_hits)

#define SPIN(type, causes)                                          \
  INTEGER(type, "spin_contended_ns", causes[SPIN_CONTENDED]),       \
      INTEGER(type, "spin_lhp_ready_ns", causes[SPIN_LHP_READY]),   \
      INTEGER(type, "spin_lhp_costop_ns", causes[SPIN_LHP_COSTOP]), \
      INTEGER(type, "spin_lwp_ns", causes[SPIN_LWP]),               \
      INTEGER(type, "spin_self_ns", causes[SPIN_SELF])

#define LATENCY(type, prefix, latency)                                                             \
  INTEGER(type, prefix "n", latency.n), INTEGER(type, prefix "sum_ns", latency.sum_ns),            \
      INTEGER(type, prefix "max_ns", latency.max_ns), REAL(type, prefix "p50_ns", latency.p50_ns), \
      REAL(type, prefix "p99_ns", latency.p99_ns)

static const struct result_word host_words[] = {
    INTEGER(host_result, "busy_ns", busy_ns),
    INTEGER(host_result, "fragmentation_ns", fragmentation_ns),
    INTEGER(host_result, "forced_idle_ns", forced_idle_ns),
    INTEGER(host_result, "overhead_ns", overhead_ns),
    INTEGER(host_result, "context_switches", context_switches),
    INTEGER(host_result, "events", events),
};

/* Where the halves of a 128-bit integer are. */
enum {
  LOW = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 0 : sizeof(int64_t),
  HIGH = sizeof(int64_t) - LOW
};

static const struct result_word vm_words[] = {
    LEDGER(vm_result, total),
    INTEGER(vm_result, "iterations", iterations),
    LATENCY(vm_result, "latency_", latency),
    INTEGER(vm_result, "skew_max_ns", skew_max_ns),
    {"skew_integral2_high", WORD_INTEGER, offsetof(struct vm_result, skew_integral2) + HIGH},
    {"skew_integral2_low", WORD_INTEGER, offsetof(struct vm_result, skew_integral2) + LOW},
    REAL(vm_result, "skew_p99_ns", skew_p99_ns),
    INTEGER(vm_result, "hazard_ns", hazard_ns),
    INTEGER(vm_result, "deadlocks", deadlocks),
    REAL(vm_result, "batch_correlation", batch_correlation),
    REAL(vm_result, "batch_variation", batch_variation),
};

static const struct result_word vcpu_words[] = {
    LEDGER(vcpu_result, ledger),
    INTEGER(vcpu_result, "lead_max_ns", lead_max_ns),
};

static const struct result_word lock_words[] = {
    INTEGER(lock_result, "acquisitions", acquisitions),
    INTEGER(lock_result, "contended", contended),
    LATENCY(lock_result, "wait_", wait),
    LATENCY(lock_result, "hold_", hold),
    SPIN(lock_result, spin_ns),
};

static const struct result_word interrupt_words[] = {
    INTEGER(interrupt_result, "arrivals", arrivals),
    INTEGER(interrupt_result, "coalesced", coalesced),
    INTEGER(interrupt_result, "taken", taken),
    LATENCY(interrupt_result, "latency_", latency),
};

static const struct result_word steal_words[] = {
    INTEGER(steal_result, "ready_ns", ready_ns),
};

/* A struct is its words and what binds it to the scenario, of this size, or a row is missing. */
#define ASSERT_COMPLETE(type, words, others)                                                 \
  _Static_assert(sizeof(struct type) == (sizeof(words) / sizeof *(words) * sizeof(int64_t) + \
                                         (others) + _Alignof(struct type) - 1) /             \
                                            _Alignof(struct type) * _Alignof(struct type),   \
                 "every measure in struct " #type " has its row here")
ASSERT_COMPLETE(host_result, host_words, 0);
ASSERT_COMPLETE(vm_result, vm_words, 5 * sizeof(void *) + sizeof(uint64_t));
ASSERT_COMPLETE(vcpu_result, vcpu_words, 0);
ASSERT_COMPLETE(lock_result, lock_words, sizeof(void *));
ASSERT_COMPLETE(interrupt_result, interrupt_words, sizeof(void *));
ASSERT_COMPLETE(steal_result, steal_words, 0);

#define WORDS(words, type) \
  { words, sizeof(words) / sizeof *(words), sizeof(struct type) }
static const struct {
  const struct result_word *words;
  uint32_t n;
  size_t size; /* of the entity's struct */
} scopes[SCOPES] = {
    [SCOPE_VM] = WORDS(vm_words, vm_result),
    [SCOPE_VCPU] = WORDS(vcpu_words, vcpu_result),
    [SCOPE_LOCK] = WORDS(lock_words, lock_result),
    [SCOPE_INTERRUPT] = WORDS(interrupt_words, interrupt_result),
    [SCOPE_STEAL] = WORDS(steal_words, steal_result),
    [SCOPE_HOST] = WORDS(host_words, host_result),
};

const struct result_word *result_words_of(enum scope scope, uint32_t *n) {
  *n = scopes[scope].n;
  return scopes[scope].words;
}

static uint32_t n_locks_of(const struct scenario *scenario, const struct vm_spec *vm) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < scenario->n_locks; i++) n += guest_uses(&vm->guest, OP_LOCK, i);
  return n;
}

void result_words_entities(const struct scenario *scenario, uint32_t n[SCOPES]) {
  n[SCOPE_HOST] = 1;
  n[SCOPE_VM] = scenario->n_vms;
  n[SCOPE_STEAL] = scenario->n_vms * entity_n_stealers(scenario);
  n[SCOPE_VCPU] = n[SCOPE_LOCK] = n[SCOPE_INTERRUPT] = 0;
  for (uint32_t i = 0; i < scenario->n_vms; i++) {
    n[SCOPE_VCPU] += scenario->vms[i].guest.n_vcpus;
    n[SCOPE_LOCK] += n_locks_of(scenario, &scenario->vms[i]);
    n[SCOPE_INTERRUPT] += scenario->vms[i].guest.n_interrupts;
  }
}

size_t result_words_count(const struct scenario *scenario) {
  uint32_t n[SCOPES];
  size_t n_words = 0;
  result_words_entities(scenario, n);
  for (enum scope scope = 0; scope < SCOPES; scope++) n_words += (size_t)n[scope] * scopes[scope].n;
  return n_words;
}

static const void *entity_of(const struct run_result *run, struct entity entity) {
  const struct vm_result *vm = &run->vms[entity.vm];
  switch (entity.scope) {
    case SCOPE_VM:
      return vm;
    case SCOPE_VCPU:
      return &vm->vcpus[entity.member];
    case SCOPE_LOCK:
      return &vm->locks[entity.member];
    case SCOPE_INTERRUPT:
      return &vm->interrupts[entity.member];
    case SCOPE_STEAL:
      return &vm->steal[entity.member];
    case SCOPE_HOST:
    case SCOPES:
      break;
  }
  return &run->host;
}

void result_words_pack(const struct run_result *run, int64_t *words) {
  for (enum scope scope = 0; scope < SCOPES; scope++) {
    struct entity entity;
    for (bool more = entity_first(run, scope, &entity); more; more = entity_next(run, &entity)) {
      const char *from = entity_of(run, entity);
      for (uint32_t i = 0; i < scopes[scope].n; i++)
        memcpy(words++, from + scopes[scope].words[i].at, sizeof *words);
    }
  }
}

/* The results of all entities of a scope side by side, in the order in which they are walked. */
static void *unpack_scope(enum scope scope, uint32_t n, const int64_t **words,
                          struct arena *arena) {
  char *entities = arena_alloc(arena, n, scopes[scope].size);
  for (uint32_t entity = 0; entity < n; entity++)
    for (uint32_t i = 0; i < scopes[scope].n; i++)
      memcpy(entities + entity * scopes[scope].size + scopes[scope].words[i].at, (*words)++,
             sizeof **words);
  return entities;
}

struct run_result *result_words_unpack(const struct scenario *scenario, uint32_t replication,
                                       const int64_t *words, struct arena *arena) {
  uint32_t n[SCOPES];
  result_words_entities(scenario, n);
  struct vm_result *vms = unpack_scope(SCOPE_VM, n[SCOPE_VM], &words, arena);
  const struct vcpu_result *vcpus = unpack_scope(SCOPE_VCPU, n[SCOPE_VCPU], &words, arena);
  struct lock_result *locks = unpack_scope(SCOPE_LOCK, n[SCOPE_LOCK], &words, arena);
  struct interrupt_result *interrupts =
      unpack_scope(SCOPE_INTERRUPT, n[SCOPE_INTERRUPT], &words, arena);
  const struct steal_result *steal = unpack_scope(SCOPE_STEAL, n[SCOPE_STEAL], &words, arena);
  const struct host_result *host = unpack_scope(SCOPE_HOST, 1, &words, arena);
  for (uint32_t i = 0; i < scenario->n_vms; i++) {
    vms[i].spec = &scenario->vms[i];
    vms[i].vcpus = vcpus;
    vms[i].locks = locks;
    vms[i].interrupts = interrupts;
    if (n[SCOPE_STEAL] > 0) vms[i].steal = steal + i * entity_n_stealers(scenario);
    vcpus += vms[i].spec->guest.n_vcpus;
    for (uint32_t k = 0; k < vms[i].spec->guest.n_interrupts; k++)
      interrupts++->spec = &vms[i].spec->guest.interrupts[k];
    for (uint32_t lock = 0; lock < scenario->n_locks; lock++) {
      if (!guest_uses(&vms[i].spec->guest, OP_LOCK, lock)) continue;
      locks++->spec = &scenario->locks[lock];
      vms[i].n_locks++;
    }
  }
  struct run_result *run = ARENA_NEW(arena, struct run_result);
  *run = (struct run_result){.scenario = scenario,
                             .replication = replication,
                             .seed = scenario->run.seed,
                             .window_ns = scenario->run.duration_ns,
                             .host = *host,
                             .vms = vms};
  return run;
}
