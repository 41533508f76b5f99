/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every scheduler with every co-scheduling rule and every kind of lock must keep. A kind that
   is registered is tested here, with its default parameters. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest/gsched.h"
#include "guest/lock.h"
#include "hv/cosched.h"
#include "hv/sched.h"
#include "support/figures.h"
#include "support/suite.h"
#include "support/world.h"

enum { WINDOW_MS = 100, VCPUS = 7, THREADS_ROOM = 16, LOCKS_ROOM = 8, PCPUS_ROOM = 8 };

static struct world world;
static void forget(void) { world_free(&world); }

/* --- combinations --- */

/* What may be added to a scheduler, a rule and a lock. */
struct setting {
  const char *scheduler; /* keys of hypervisor.scheduler */
  const char *hypervisor;
  bool needs_queues; /* a queue for each pCPU, that is */
  const char *host;
  const struct lock_ops *lock; /* if it is about this kind only … */
  const char *lock_keys;       /* … and its keys */
};

static const struct setting settings[] = {
    {.scheduler = "", .hypervisor = ""},
    {.scheduler = ", 'placement': 'balance'", .hypervisor = "", .needs_queues = true},
    {.scheduler = "",
     .hypervisor = ", 'ple': { 'yield': 'directed', 'window': '10us', 'exit_cost': '2us' }"},
    {.scheduler = "", .hypervisor = ", 'ple': { 'yield': 'undirected', 'window': '10us' }"},
    {.scheduler = "",
     .hypervisor = ", 'core_scheduling': 'on'",
     .host = ", 'topology': { 'threads_per_core': 2, 'smt_factor': 0.7 }"},
    {.scheduler = ", 'placement': 'balance'",
     .hypervisor = ", 'core_scheduling': 'on', 'delay_preemption': '80us',"
                   "'halt_polling': { 'max': '50us' },"
                   "'ple': { 'yield': 'directed', 'window': '10us' }",
     .needs_queues = true,
     .host = ", 'topology': { 'threads_per_core': 2 }"},
    {.scheduler = "",
     .hypervisor = "",
     .host = ", 'topology': { 'sockets': 2, 'threads_per_core': 2, 'smt_factor': 0.7 }"},
    {.scheduler = "",
     .hypervisor = ", 'delay_preemption': '80us', 'halt_polling': { 'max': '50us' }"}};
enum { SETTINGS = sizeof settings / sizeof *settings };
static const struct setting lock_settings[] = {{.scheduler = "",
                                                .hypervisor = "",
                                                .lock = &lock_adaptive,
                                                .lock_keys = ", 'watches': 'vcpu'"}};
enum { LOCK_SETTINGS = sizeof lock_settings / sizeof *lock_settings };

struct combination {
  const struct sched_ops *sched;
  const struct cosched_ops *cosched;
  const struct lock_ops *lock;
  const struct setting *with;
  const struct gsched_ops *db, *web; /* in their guests */
};

/* Whole cores, and fewer pCPUs than vCPUs where a scheduler can do with that. */
static int pcpus_of(const struct combination *is) {
  if (is->sched == &sched_null) return PCPUS_ROOM;
  return is->with->host ? 4 : 3;
}

/* Two VMs of siblings that contend for a lock, one of which calls its vCPUs, and two hogs; sections
   are long against slices. */
static void watch(struct world *into, const struct combination *is, int warmup_ms,
                  int duration_ms) {
  world_watch(into,
              "{ 'host': { 'pcpus': %d %s,"
              "'costs': { 'context_switch': '3us', 'migration': '5us' } },"
              "'hypervisor': { 'scheduler': { 'kind': '%s', 'timeslice': '1ms',"
              "'tick': '250us', 'quantum': '1ms' %s },"
              "'coscheduling': { 'kind': '%s', 'skew_limit': '600us', 'costop_threshold': '600us',"
              "'costart_threshold': '300us', 'poll': '200us' } %s },"
              "'locks': { 'l': { 'kind': '%s', 'handoff_cost': { 'base': '1us' }%s } },"
              "'programs': { 'hog': [ { 'compute': '1s' } ],"
              "'db': [ { 'compute': { 'exponential': '200us' } }, { 'lock': 'l', 'hold':"
              "{ 'exponential': '100us' } }, { 'shootdown': { 'handler': '2us' } },"
              "{ 'sleep': { 'exponential': '20us' } } ],"
              "'web': [ { 'compute': { 'uniform': [ '20us', '90us' ] } }, { 'lock': 'l', 'do':"
              "[ { 'compute': '30us' } ] } ] }, 'vms': {"
              "'db': { 'vcpus': 3, 'threads': 5, 'program': 'db', 'guest_timeslice': '150us',"
              "'guest_switch': '1us', 'ipi_latency': '2us', 'guest_scheduler': '%s' },"
              "'web': { 'vcpus': 2, 'program': 'web', 'guest_scheduler': '%s', 'interrupts': {"
              "'nic': { 'every': { 'exponential': '400us' }, 'entry': '1us', 'handler':"
              "[ { 'compute': { 'exponential': '10us' } } ] },"
              "'tick': { 'kind': 'timer', 'every': '1ms', 'entry': '2us' } } },"
              "'noise': { 'vcpus': 1, 'count': 2, 'program': 'hog', 'start': '300us' } },"
              "'run': { 'warmup': '%dms', 'duration': '%dms', 'steal_matrix': 'on' } }",
              pcpus_of(is), is->with->host ? is->with->host : "", is->sched->kind.name,
              is->with->scheduler, is->cosched->kind.name, is->with->hypervisor,
              is->lock->kind.name, is->with->lock_keys ? is->with->lock_keys : "",
              is->db->kind.name, is->web->kind.name, warmup_ms, duration_ms);
}

static int gscheds_count(void) {
  int n = 0;
  while (gsched_kinds[n]) n++;
  return n;
}

static int locks_count(void) {
  int n = 0;
  while (lock_kinds[n]) n++;
  return n;
}

/* Check says which test failed, and this says where in it. */
static struct combination now;
static void say_combination(void) {
  if (now.sched)
    printf("with %s%s, %s%s, %s, %s and %s%s:\n", now.sched->kind.name, now.with->scheduler,
           now.cosched->kind.name, now.with->hypervisor, now.lock->kind.name, now.db->kind.name,
           now.web->kind.name, now.with->host ? now.with->host : "");
}

/* All schedulers and rules with one lock and one setting are one test: a process for each would
   cost more than the run. All kinds of lock see all schedulers and rules; a setting that concerns
   neither queues of locks nor their owners meets one spinlock that is FIFO, one that is not, and
   one lock that sleeps. */
static const struct lock_ops *const few[] = {&lock_tas, &lock_mcs, &lock_mutex};
enum { FEW = sizeof few / sizeof *few };

static void for_every_kind(int index, void (*check)(const struct combination *is)) {
  int beyond = index - locks_count(), last = beyond - (SETTINGS - 1) * FEW;
  now.with = last >= 0 ? &lock_settings[last] : &settings[beyond < 0 ? 0 : 1 + beyond / FEW];
  now.lock = beyond < 0 ? lock_kinds[index] : few[beyond % FEW];
  if (now.with->lock) now.lock = now.with->lock;
  now.db = gsched_kinds[index % gscheds_count()];
  now.web = gsched_kinds[(index + 1) % gscheds_count()];
  atexit(say_combination);
  for (size_t s = 0; sched_kinds[s]; s++) {
    if (now.with->needs_queues && !sched_kinds[s]->queue_of) continue;
    for (size_t c = 0; cosched_kinds[c]; c++) {
      now.sched = sched_kinds[s];
      now.cosched = cosched_kinds[c];
      check(&now);
      forget();
    }
  }
  now.sched = NULL;
}

/* --- books --- */

static int64_t sum(const int64_t *values_ns, size_t n) {
  int64_t total_ns = 0;
  for (size_t i = 0; i < n; i++) {
    ck_assert_int_ge(values_ns[i], 0);
    total_ns += values_ns[i];
  }
  return total_ns;
}

static void expect_balanced(const struct ledger *ledger, int64_t time_ns) {
  ck_assert_int_eq(sum(ledger->runstate_ns, RUNSTATES), time_ns);
  ck_assert_int_eq(sum(ledger->activity_ns, ACTIVITIES), ledger->runstate_ns[RS_RUNNING]);
  ck_assert_int_eq(sum(ledger->spin_ns, SPIN_CAUSES), ledger->activity_ns[ACT_SPIN]);
}

/* What it spins is not all for locks. */
static bool makes_calls(const struct vm_result *vm) {
  return guest_uses(&vm->spec->guest, OP_SHOOTDOWN, 0);
}

static int64_t expect_vm_balanced(const struct vm_result *vm, int64_t window_ns) {
  int64_t running_ns = 0, lock_spin_ns = 0;
  for (uint32_t i = 0; i < vm->spec->guest.n_vcpus; i++) {
    expect_balanced(&vm->vcpus[i].ledger, window_ns);
    ck_assert_int_le(vm->vcpus[i].lead_max_ns, vm->skew_max_ns);
    running_ns += vm->vcpus[i].ledger.runstate_ns[RS_RUNNING];
  }
  expect_balanced(&vm->total, window_ns * vm->spec->guest.n_vcpus);
  ck_assert_int_le(vm->total.smt_shared_ns, running_ns);
  ck_assert_int_eq(vm->total.runstate_ns[RS_RUNNING], running_ns);
  for (uint32_t i = 0; i < vm->n_locks; i++) lock_spin_ns += sum(vm->locks[i].spin_ns, SPIN_CAUSES);
  ck_assert_int_le(lock_spin_ns, vm->total.activity_ns[ACT_SPIN]);
  if (!makes_calls(vm)) ck_assert_int_eq(lock_spin_ns, vm->total.activity_ns[ACT_SPIN]);
  ck_assert_int_le(vm->hazard_ns, window_ns);
  int64_t ready_ns = 0;
  for (uint32_t i = 0; i <= world.result->scenario->n_vms; i++) ready_ns += vm->steal[i].ready_ns;
  ck_assert_int_eq(ready_ns, vm->total.runstate_ns[RS_READY]);
  return running_ns;
}

static void check_books(const struct combination *is) {
  watch(&world, is, 10, 40);
  const struct host_result *host = &world.result->host;
  int64_t running_ns = 0, overhead_ns = 0, window_ns = world.result->window_ns;
  ck_assert_int_eq(world.result->status, RUN_DONE);
  for (uint32_t i = 0; i < world.result->scenario->n_vms; i++) {
    running_ns += expect_vm_balanced(&world.result->vms[i], window_ns);
    overhead_ns += world.result->vms[i].total.activity_ns[ACT_OVERHEAD];
  }
  ck_assert_int_eq(host->busy_ns, running_ns);
  ck_assert_int_eq(host->overhead_ns, overhead_ns);
  int64_t idle_ns = world.result->scenario->host.n_pcpus * window_ns - host->busy_ns;
  ck_assert(host->fragmentation_ns >= 0 && host->fragmentation_ns <= idle_ns);
  ck_assert_int_le(host->forced_idle_ns, host->fragmentation_ns);
  /* A waiter that yields to hogs every 10 us may get nothing done in so short a window. */
  if (is->with == settings) ck_assert_uint_gt(world_lock(&world, "db", "l")->acquisitions, 0);
}

START_TEST(all_books_balance) { for_every_kind(_i, check_books); }
END_TEST

static void check_windows(const struct combination *is) {
  static struct figures first, second, both;
  watch(&world, is, 0, 15);
  figures_read(&first, world.result);
  forget();
  watch(&world, is, 15, 20);
  figures_read(&second, world.result);
  forget();
  watch(&world, is, 0, 35);
  figures_read(&both, world.result);
  figures_expect_sum(&first, &second, &both);
}

START_TEST(windows_add_up) { for_every_kind(_i, check_windows); }
END_TEST

static void check_repetition(const struct combination *is) {
  static struct figures figures, again;
  struct world other = {0};
  watch(&world, is, 5, 15);
  watch(&other, is, 5, 15);
  figures_read(&figures, world.result);
  figures_read(&again, other.result);
  figures_expect_same(&figures, &again);
  ck_assert_uint_eq(world.n_records, other.n_records);
  for (size_t i = 0; i < world.n_records; i++) {
    const struct trace_record *a = &world.records[i], *b = &other.records[i];
    EXPECT(a->at_ns == b->at_ns && a->what == b->what && a->to == b->to);
    EXPECT(a->vcpu == b->vcpu && a->pcpu == b->pcpu && a->thread == b->thread);
  }
  world_free(&other);
}

START_TEST(runs_repeat) { for_every_kind(_i, check_repetition); }
END_TEST

/* --- what the trace tells --- */

/* The books, kept a second time from the records alone. */
struct observed {
  unsigned runstate[VCPUS], activity[VCPUS];
  int64_t runstate_since_ns[VCPUS], activity_since_ns[VCPUS];
  int64_t runstate_ns[VCPUS][RUNSTATES], activity_ns[VCPUS][ACTIVITIES + 1];
  bool is_busy[PCPUS_ROOM];
};

static void observe_runstate(struct observed *seen, const struct trace_record *record) {
  uint32_t v = record->vcpu;
  EXPECT(seen->runstate[v] == record->from);
  EXPECT(record->from != record->to);
  seen->runstate_ns[v][record->from] += record->at_ns - seen->runstate_since_ns[v];
  seen->runstate_since_ns[v] = record->at_ns;
  seen->runstate[v] = record->to;
  if (record->from != RS_RUNNING && record->to != RS_RUNNING) return;
  bool runs = record->to == RS_RUNNING;
  EXPECT(seen->is_busy[record->pcpu] != runs);
  seen->is_busy[record->pcpu] = runs;
}

static void observe_activity(struct observed *seen, const struct trace_record *record) {
  uint32_t v = record->vcpu;
  EXPECT(seen->activity[v] == record->from);
  EXPECT(seen->runstate[v] == RS_RUNNING);
  seen->activity_ns[v][record->from] += record->at_ns - seen->activity_since_ns[v];
  seen->activity_since_ns[v] = record->at_ns;
  seen->activity[v] = record->to;
}

static void expect_trace(void) {
  struct observed seen = {0};
  for (uint32_t v = 0; v < VCPUS; v++) {
    seen.runstate[v] = RS_IDLE;
    seen.activity[v] = NO_ACTIVITY;
  }
  int64_t now_ns = 0;
  for (size_t i = 0; i < world.n_records; i++) {
    const struct trace_record *record = &world.records[i];
    if (record->what == TRACE_SKEW) continue;
    EXPECT(record->at_ns >= now_ns);
    now_ns = record->at_ns;
    if (record->what == TRACE_RUNSTATE) observe_runstate(&seen, record);
    if (record->what == TRACE_ACTIVITY) observe_activity(&seen, record);
  }
  uint32_t v = 0;
  for (uint32_t i = 0; i < world.result->scenario->n_vms; i++)
    for (uint32_t k = 0; k < world.result->vms[i].spec->guest.n_vcpus; k++, v++) {
      const struct ledger *ledger = &world.result->vms[i].vcpus[k].ledger;
      seen.runstate_ns[v][seen.runstate[v]] += WINDOW_MS * MS - seen.runstate_since_ns[v];
      seen.activity_ns[v][seen.activity[v]] += WINDOW_MS * MS - seen.activity_since_ns[v];
      for (int s = 0; s < RUNSTATES; s++)
        ck_assert_int_eq(seen.runstate_ns[v][s], ledger->runstate_ns[s]);
      for (int a = 0; a < ACTIVITIES; a++)
        ck_assert_int_eq(seen.activity_ns[v][a], ledger->activity_ns[a]);
    }
  ck_assert_uint_eq(v, VCPUS);
}

/* A lock as its records show it. */
struct observed_lock {
  thread_id_t owner;
  bool is_entered;
  thread_id_t queue[THREADS_ROOM]; /* in the order in which they asked */
  uint32_t n_waiting;
  uint64_t n_owned;
};

static bool is_fifo(const struct lock_ops *lock) {
  return (lock->is_fifo && !lock->spin_left_ns) || lock == &lock_handoff;
}
/* Who finds it free takes it, whoever waits for it. */
static bool may_steal(const struct lock_ops *lock) { return lock->wakes_sleeper; }

static void stop_waiting(struct observed_lock *lock, thread_id_t thread,
                         const struct lock_ops *ops) {
  uint32_t at = 0;
  while (at < lock->n_waiting && lock->queue[at] != thread) at++;
  bool is_newcomer = at == lock->n_waiting;
  if (is_fifo(ops) && !(is_newcomer && may_steal(ops))) EXPECT(at == 0);
  if (is_newcomer) return;
  memmove(&lock->queue[at], &lock->queue[at + 1],
          (lock->n_waiting - at - 1) * sizeof lock->queue[0]);
  lock->n_waiting--;
}

static void observe_lock(struct observed_lock *lock, const struct trace_record *record,
                         const struct lock_ops *ops) {
  switch (record->what) {
    case TRACE_LOCK_WAIT:
      EXPECT(lock->owner != ID_NONE || (ops->spin_left_ns && lock->n_waiting > 0) ||
             ops == &lock_i_spinlock);
      EXPECT(lock->n_waiting < THREADS_ROOM);
      lock->queue[lock->n_waiting++] = record->thread;
      break;
    case TRACE_LOCK_OWN:
      EXPECT(lock->owner == ID_NONE);
      lock->owner = record->thread;
      lock->n_owned++;
      stop_waiting(lock, record->thread, ops);
      break;
    case TRACE_LOCK_ENTER:
      EXPECT(lock->owner == record->thread && !lock->is_entered);
      lock->is_entered = true;
      break;
    case TRACE_LOCK_RELEASE:
      EXPECT(lock->owner == record->thread && lock->is_entered);
      lock->is_entered = false;
      lock->owner = ID_NONE;
      break;
    case TRACE_RUNSTATE:
    case TRACE_ACTIVITY:
    case TRACE_CURRENT:
    case TRACE_BARRIER_WAIT:
    case TRACE_BARRIER_OPEN:
    case TRACE_CALL_WAIT:
    case TRACE_CALL_DONE:
    case TRACE_PREEMPT:
    case TRACE_SKEW:
    case TRACE_SLICE:
    case TRACE_ITERATION:
      break;
  }
}

/* One owner at a time; whoever asks a FIFO lock first owns it first. */
static void expect_exclusion(const struct combination *is) {
  struct observed_lock locks[LOCKS_ROOM] = {0};
  for (size_t i = 0; i < LOCKS_ROOM; i++) locks[i].owner = ID_NONE;
  for (size_t i = 0; i < world.n_records; i++)
    if (world.records[i].lock < LOCKS_ROOM)
      observe_lock(&locks[world.records[i].lock], &world.records[i], is->lock);
  ck_assert_uint_eq(locks[0].n_owned, world_lock(&world, "db", "l")->acquisitions);
  ck_assert_uint_eq(locks[1].n_owned, world_lock(&world, "web", "l")->acquisitions);
  ck_assert_uint_gt(world_lock(&world, "web", "l")->contended, 0);
}

/* A queue for each socket: an idle pCPU takes nobody from the other. */
static bool may_waste(const struct combination *is) {
  return is->cosched != &cosched_none || (is->sched == &sched_credit2 && is->with->host);
}

static void expect_promises(const struct combination *is) {
  bool may_spin = is->lock->is_spinlock || is->lock->spins_while_owner_current;
  for (uint32_t i = 0; i < world.result->scenario->n_vms; i++) {
    const struct ledger *ledger = &world.result->vms[i].total;
    bool is_about_locks = !makes_calls(&world.result->vms[i]);
    if (!may_spin && is_about_locks) ck_assert_int_eq(ledger->activity_ns[ACT_SPIN], 0);
    ck_assert_int_eq(ledger->spin_ns[SPIN_SELF], 0);
    if (is->cosched == &cosched_none) ck_assert_int_eq(ledger->runstate_ns[RS_COSTOP], 0);
    if (is->cosched == &cosched_none) ck_assert_uint_eq(ledger->costops, 0);
    if (!may_waste(is))
      ck_assert_int_eq(world.result->host.fragmentation_ns, world.result->host.forced_idle_ns);
    if (is->cosched == &cosched_strict && is->lock->is_spinlock && is_about_locks)
      ck_assert_int_eq(world_spin_lhp_ns(ledger), 0);
    if (is->sched != &sched_null) continue;
    ck_assert_int_eq(ledger->runstate_ns[RS_READY] + ledger->runstate_ns[RS_COSTOP], 0);
    ck_assert_uint_eq(ledger->preemptions + ledger->migrations, 0);
  }
}

/* One run shows all of it. */
static void check_run(const struct combination *is) {
  watch(&world, is, 0, WINDOW_MS);
  expect_trace();
  expect_exclusion(is);
  expect_promises(is);
}

START_TEST(records_agree_locks_exclude_promises_are_kept) { for_every_kind(_i, check_run); }
END_TEST

/* --- fairness --- */

/* Five computing vCPUs on two pCPUs: whoever goes to the tail is behind four, which start at the
   latest two by two, so it waits for two slices at most. Each gets two fifths of 200 ms; 1 ms for
   the last, unfinished round. */
START_TEST(round_robin_starves_nobody) {
  int64_t ready_since_ns[5] = {0};
  world_watch(&world,
              "{ 'host': { 'pcpus': 2 }, 'hypervisor': { 'scheduler': { 'kind': 'rr',"
              "'timeslice': '1ms' } }, 'programs': { 'hog': [ { 'compute': '1s' } ] },"
              "'vms': { 'a': { 'vcpus': 2, 'program': 'hog', 'start': '300us' },"
              "'b': { 'vcpus': 1, 'count': 3, 'program': 'hog' } },"
              "'run': { 'duration': '200ms' } }");
  uint64_t n = 0;
  for (size_t i = 0; i < world.n_records; i++) {
    const struct trace_record *record = &world.records[i];
    if (record->what != TRACE_RUNSTATE) continue;
    if (record->to == RS_READY) ready_since_ns[record->vcpu] = record->at_ns;
    if (record->to != RS_RUNNING) continue;
    n++;
    ck_assert_int_le(record->at_ns - ready_since_ns[record->vcpu], 2 * MS);
  }
  ck_assert_uint_gt(n, 300);
  for (uint32_t i = 0; i < 4; i++)
    ck_assert_int_le(world.result->vms[i].vcpus[0].ledger.runstate_ns[RS_READY], 121 * MS);
}
END_TEST

int main(void) {
  int n = locks_count() + (SETTINGS - 1) * FEW + LOCK_SETTINGS;
  TCase *tests = tcase_create("every kind");
  tcase_add_checked_fixture(tests, NULL, forget);
  tcase_add_loop_test(tests, all_books_balance, 0, n);
  tcase_add_loop_test(tests, windows_add_up, 0, n);
  tcase_add_loop_test(tests, runs_repeat, 0, n);
  tcase_add_loop_test(tests, records_agree_locks_exclude_promises_are_kept, 0, n);
  tcase_add_test(tests, round_robin_starves_nobody);
  return suite_run(tests, "every kind");
}
