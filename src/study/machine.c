/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A scenario's machine: built in one arena, run event by event, read out. Owns the event loop. */
#include "study/machine.h"

#include <assert.h>
#include <string.h>

#include "guest/call.h"
#include "guest/guest.h"
#include "guest/interrupt.h"
#include "guest/lock.h"
#include "hv/hv.h"
#include "sim/duration.h"
#include "study/batches.h"
#include "study/readout.h"

/* How many events pass between two looks at the interrupt flag. */
enum { INTERRUPT_STRIDE = 1 << 14 };

struct machine {
  const struct scenario *scenario;
  const struct machine_options *options;
  struct arena *arena;
  struct sim sim;
  struct hv *hv;
  struct guest *guest;
  uint64_t n_events_warmup;
  struct batches batches;
  struct trace_sink gate; /* lets records of the traced span through */
  enum run_status status;
};

/* --- building --- */

static void count_entities(const struct scenario *scenario, bool has_timer, bool has_polls,
                           bool has_crossings, uint32_t n[EVENT_KINDS]) {
  for (int kind = 0; kind < EVENT_KINDS; kind++) n[kind] = 0;
  bool has_ipis = false, has_starts = false;
  for (uint32_t i = 0; i < scenario->n_vms; i++) {
    const struct vm_spec *vm = &scenario->vms[i];
    n[EVENT_STEP] += vm->guest.n_vcpus;
    n[EVENT_SLEEP] += guest_n_contexts(&vm->guest);
    n[EVENT_INTERRUPT] += guest_n_lines(&vm->guest);
    if (vm->guest.ipi_latency_ns > 0) has_ipis = true;
    if (vm->start.constant_ns != 0) has_starts = true;
  }
  if (has_ipis) n[EVENT_IPI] = n[EVENT_STEP];
  if (has_starts) n[EVENT_START] = scenario->n_vms;
  if (has_crossings) n[EVENT_CROSSING] = scenario->n_vms;
  n[EVENT_TIMER] = has_timer;
  n[EVENT_POLL] = has_polls;
  n[EVENT_SLICE] = scenario->host.n_pcpus;
}

static int64_t horizon_of(const struct scenario *scenario) {
  return scenario->run.warmup_ns + scenario->run.duration_ns;
}

bool machine_horizon_fits(const struct scenario *scenario, int64_t *longest_ns) {
  uint32_t n[EVENT_KINDS];
  count_entities(scenario, true, true, true, n);
  *longest_ns = (INT64_MAX >> calendar_entity_bits(n)) - 1;
  return scenario->run.warmup_ns <= *longest_ns &&
         scenario->run.duration_ns <= *longest_ns - scenario->run.warmup_ns;
}

/* Bytes that schedulers, co-scheduling rules, queues and the calendar keep of each, at most; what
   is rounded up to cache lines is in them. */
enum {
  KEPT_OF_PCPU = 384,
  KEPT_OF_VM = 512,
  KEPT_OF_VCPU = 320,
  KEPT_OF_SIBLING = 256, /* a vCPU of several: its clocks, and its leaves in the trees of skews */
  KEPT_OF_THREAD = 128,
  KEPT_OF_LINE = 64,
  KEPT_OF_HOST = 16384,
  STREAMS_OF_THREAD = 3
};

static uint64_t hist_memory(const struct scenario *scenario) {
  uint64_t octaves = 64u - (uint64_t)__builtin_clzll((uint64_t)horizon_of(scenario) | 1);
  return (octaves + 1) * HIST_SUB * (sizeof(uint8_t) + sizeof(uint32_t));
}

static uint64_t locks_memory(const struct scenario *scenario, const struct guest_spec *guest) {
  uint64_t n_contexts = guest_n_contexts(guest), n_words = (guest->n_vcpus + 63) / 64;
  uint64_t bytes = scenario->n_locks * (sizeof(struct lock) + sizeof(void *));
  for (uint32_t i = 0; i < scenario->n_locks; i++) {
    if (!guest_uses(guest, OP_LOCK, i)) continue;
    const struct kind *kind = scenario->locks[i].choice.kind;
    bool is_shared = ((const struct lock_ops *)(const void *)kind)->is_shared;
    bytes += sizeof(struct lock_result) + sizeof(struct rng_stream) + n_words * sizeof(uint64_t) +
             2 * hist_memory(scenario) + 2 * ARENA_LINE;
    if (is_shared) bytes += n_contexts * sizeof(struct lock);
  }
  return bytes;
}

static uint64_t barriers_memory(const struct scenario *scenario, const struct guest_spec *guest) {
  uint64_t each = guest->n_threads * sizeof(struct thread *) + guest->n_vcpus * sizeof(uint32_t);
  return scenario->n_barriers * (sizeof(struct barrier) + sizeof(void *) + each + 2 * ARENA_LINE);
}

static uint64_t interrupts_memory(const struct scenario *scenario, const struct guest_spec *guest) {
  if (guest->n_interrupts == 0) return 0;
  uint64_t words = (guest->n_vcpus + 63) / 64 * sizeof(uint64_t);
  uint64_t bytes = guest->n_vcpus * (sizeof(struct handler) + sizeof(struct call) + words);
  bytes += guest_n_lines(guest) * (sizeof(struct interrupt_line) + KEPT_OF_LINE);
  for (uint32_t i = 0; i < guest->n_interrupts; i++) {
    uint64_t name = strlen(guest->interrupts[i].name) + KEPT_OF_LINE;
    bytes += sizeof(struct interrupt) + sizeof(struct interrupt_result) + hist_memory(scenario);
    bytes += guest->n_vcpus * (2 * name + STREAMS_OF_THREAD * sizeof(struct rng_stream));
  }
  return bytes;
}

static uint64_t vm_memory(const struct scenario *scenario, const struct guest_spec *guest) {
  uint64_t hist = hist_memory(scenario), n_vcpus = guest->n_vcpus;
  uint64_t bytes = sizeof(struct hv_vm) + sizeof(struct guest_vm) + sizeof(struct vm_result) +
                   sizeof(struct batch_sum) + KEPT_OF_VM + hist;
  bytes += n_vcpus * (sizeof(struct vcpu) + sizeof(struct guest_vcpu) + sizeof(struct vcpu_result) +
                      KEPT_OF_VCPU);
  if (n_vcpus > 1) bytes += sizeof(struct skew) + 7 * hist + n_vcpus * KEPT_OF_SIBLING;
  bytes += guest_n_contexts(guest) *
           (sizeof(struct thread) + STREAMS_OF_THREAD * sizeof(struct rng_stream) + KEPT_OF_THREAD);
  return bytes + locks_memory(scenario, guest) + barriers_memory(scenario, guest) +
         interrupts_memory(scenario, guest);
}

uint64_t machine_memory(const struct scenario *scenario) {
  uint64_t n_affinities = 1, widest = 0, bytes = sizeof(struct machine) + KEPT_OF_HOST;
  for (uint32_t i = 0; i < scenario->n_vms; i++) {
    const struct vm_spec *vm = &scenario->vms[i];
    bytes += vm_memory(scenario, &vm->guest);
    n_affinities += vm->affinity != NULL;
    if (vm->guest.n_vcpus > widest) widest = vm->guest.n_vcpus;
  }
  if (scenario->run.has_steal_matrix)
    bytes += steal_memory(scenario->n_vms, n_affinities) +
             scenario->n_vms * (scenario->n_vms + UINT64_C(1)) * sizeof(struct steal_result);
  /* Strict co-scheduling has a lane for gangs of each width in each set of pCPUs. */
  bytes += n_affinities * (widest + 2) * 2 * sizeof(void *);
  return bytes + scenario->host.n_pcpus * (sizeof(struct pcpu) + KEPT_OF_PCPU);
}

static struct topology topology_of(const struct host_spec *host) {
  uint32_t n_in_socket = host->n_pcpus / host->n_sockets;
  return (struct topology){{[DISTANCE_CORE] = host->threads_per_core,
                            [DISTANCE_LLC] = n_in_socket / host->llcs_per_socket,
                            [DISTANCE_SOCKET] = n_in_socket,
                            [DISTANCE_HOST] = host->n_pcpus}};
}

static int64_t smt_speed_of(const struct host_spec *host) {
  return (int64_t)(host->smt_factor * SMT_FULL_SPEED + 0.5);
}

static void build_hv(struct machine *machine) {
  const struct scenario *scenario = machine->scenario;
  struct hv_vm_config *vms = ARENA_ARRAY(machine->arena, scenario->n_vms, struct hv_vm_config);
  for (uint32_t i = 0; i < scenario->n_vms; i++) {
    vms[i].n_vcpus = scenario->vms[i].guest.n_vcpus;
    vms[i].affinity = scenario->vms[i].affinity;
    vms[i].weight = scenario->vms[i].weight;
    vms[i].cap_pct = vm_cap_pct(&scenario->vms[i]);
    vms[i].reservation_pct = scenario->vms[i].reservation_pct;
  }
  struct hv_config config = {.n_pcpus = scenario->host.n_pcpus,
                             .n_vms = scenario->n_vms,
                             .context_switch_ns = scenario->host.context_switch_ns,
                             .topology = topology_of(&scenario->host),
                             .smt_speed = smt_speed_of(&scenario->host),
                             .is_core_scheduled = scenario->hypervisor.is_core_scheduled,
                             .scheduler = &scenario->hypervisor.scheduler,
                             .ple = ple_resolve(scenario->hypervisor.ple, scenario->host.ghz),
                             .poll = scenario->hypervisor.halt_polling,
                             .has_steal_matrix = scenario->run.has_steal_matrix,
                             .delay_ns = scenario->hypervisor.delay_preemption_ns,
                             .coscheduling = &scenario->hypervisor.coscheduling,
                             .horizon_ns = horizon_of(scenario)};
  for (enum distance d = 0; d < DISTANCES; d++)
    config.migrations_ns[d] = host_migration_ns(&scenario->host, d);
  machine->hv = hv_create(&config, vms, &machine->sim, machine->arena);
}

static void build_guest(struct machine *machine) {
  const struct scenario *scenario = machine->scenario;
  struct guest_vm_config *vms =
      ARENA_ARRAY(machine->arena, scenario->n_vms, struct guest_vm_config);
  for (uint32_t i = 0; i < scenario->n_vms; i++) {
    vms[i].name = scenario->vms[i].name;
    vms[i].spec = &scenario->vms[i].guest;
  }
  struct guest_config config = {.n_vms = scenario->n_vms,
                                .vms = vms,
                                .locks = scenario->locks,
                                .barriers = scenario->barriers,
                                .n_locks = scenario->n_locks,
                                .n_barriers = scenario->n_barriers,
                                .seed = scenario->run.seed,
                                .replication = machine->options->replication,
                                .horizon_ns = horizon_of(scenario)};
  machine->guest =
      guest_create(&config, machine->hv, machine->hv->vcpus, &machine->sim, machine->arena);
  machine->hv->guest = machine->guest;
}

static void gate_emit(struct trace_sink *sink, const struct trace_record *record) {
  struct machine *machine =
      (struct machine *)(void *)((char *)sink - offsetof(struct machine, gate));
  const struct machine_options *options = machine->options;
  if (record->at_ns < options->trace_from_ns) return;
  if (options->trace_until_ns > 0 && record->at_ns > options->trace_until_ns) return;
  options->trace->emit(options->trace, record);
}

/* VMs that start at 0 are there before the first event; the others have a start event. */
static void start_vms(struct machine *machine) {
  const struct scenario *scenario = machine->scenario;
  for (uint32_t i = 0; i < scenario->n_vms; i++) {
    const struct vm_spec *vm = &scenario->vms[i];
    struct rng_stream stream;
    rng_stream_init(&stream, scenario->run.seed, machine->options->replication, RNG_START, vm->name,
                    "0");
    int64_t start_ns = dist_draw(&vm->start, &stream);
    if (start_ns == 0)
      guest_start_vm(machine->guest, i);
    else
      calendar_set(&machine->sim.calendar, EVENT_START, i, start_ns);
  }
}

static void build(struct machine *machine) {
  const struct scenario *scenario = machine->scenario;
  if (machine->options->trace) {
    machine->gate.emit = gate_emit;
    machine->sim.trace = &machine->gate;
  }
  build_hv(machine);
  if (machine->hv->is_big) machine->sim.tally = ARENA_NEW(machine->arena, struct hist_tally);
  uint32_t n[EVENT_KINDS];
  bool has_timer = machine->hv->timer_ns < TIME_NEVER_NS;
  bool has_polls = machine->hv->poll_ns < TIME_NEVER_NS;
  count_entities(scenario, has_timer, has_polls, machine->hv->has_crossings, n);
  calendar_init(&machine->sim.calendar, machine->arena, n, horizon_of(scenario));
  build_guest(machine);
  batches_init(&machine->batches, scenario->n_vms, machine->options->series, machine->arena);
  if (has_timer) calendar_set(&machine->sim.calendar, EVENT_TIMER, 0, machine->hv->timer_ns);
  if (has_polls) calendar_set(&machine->sim.calendar, EVENT_POLL, 0, machine->hv->poll_ns);
  start_vms(machine);
}

/* --- running --- */

static __attribute__((noinline)) void handle_rare(struct machine *machine, int64_t key) {
  struct sim *sim = &machine->sim;
  struct hv *hv = machine->hv;
  struct event event = calendar_event(&sim->calendar, key);
  switch (event.kind) {
    case EVENT_IPI:
      guest_on_ipi(machine->guest, event.index);
      break;
    case EVENT_INTERRUPT:
      guest_on_interrupt(machine->guest, event.index);
      break;
    case EVENT_START:
      calendar_clear(&sim->calendar, EVENT_START, event.index);
      guest_start_vm(machine->guest, event.index);
      break;
    case EVENT_TIMER:
      sim->n_events++;
      calendar_set(&sim->calendar, EVENT_TIMER, 0, hv->sched->timer(hv));
      break;
    case EVENT_POLL:
      sim->n_events++;
      calendar_set(&sim->calendar, EVENT_POLL, 0, sim->now_ns + hv->poll_ns);
      hv->cosched->poll(hv);
      break;
    case EVENT_CROSSING:
      sim->n_events++;
      calendar_clear(&sim->calendar, EVENT_CROSSING, event.index);
      hv->cosched->crossing(hv, &hv->vms[event.index]);
      break;
    case EVENT_STEP:
    case EVENT_SLEEP:
    case EVENT_SLICE:
    case EVENT_KINDS:
      assert(false && "no rare event");
  }
}

/* An event of a big host touches memory that is in no cache: has it fetched for one that comes
   soon, close to the one that was just handled: on p … */
static void look_ahead_of_pcpu(const struct machine *machine, pcpu_id_t p) {
  const struct calendar *calendar = &machine->sim.calendar;
  const struct hv *hv = machine->hv;
  int64_t key = calendar_soon_on_pcpu(calendar, p);
  if (key == WTREE_NONE) return;
  uint32_t entity = calendar_entity(calendar, key);
  uint32_t first_slice = calendar->first_entity[EVENT_SLICE];
  /* A step or a slice end is a toss-up: no branch on it. What a slice end needs nothing of is
     fetched of vCPU 0, where it costs nothing. */
  uint32_t step = -(uint32_t)(entity < first_slice), slice_of = entity - first_slice;
  const struct vcpu *soon[] = {hv->pcpus[slice_of ^ ((slice_of ^ p) & step)].current,
                               &hv->vcpus[entity & step]};
  vcpu_prefetch(soon[step & 1]);
  guest_prefetch_step(machine->guest, entity & step);
}

/* … or the next wake-up. */
static void look_ahead_of_sleep(const struct machine *machine, thread_id_t thread) {
  const struct calendar *calendar = &machine->sim.calendar;
  int64_t key = calendar_soon_asleep(calendar, thread);
  if (key == WTREE_NONE) return;
  struct event soon = calendar_event(calendar, key);
  if (soon.kind == EVENT_SLEEP) guest_prefetch_wake(machine->guest, soon.index);
}

/* Nearly all events are of three kinds: told apart here with few branches, as which one it is
   cannot be predicted. Of the two questions the more even one comes last, as then it is asked less
   often: ends of sleeps are seldom more than a third. */
static inline void handle(struct machine *machine, int64_t key) {
  const struct calendar *calendar = &machine->sim.calendar;
  struct hv *hv = machine->hv;
  uint32_t entity = calendar_entity(calendar, key);
  uint32_t first_sleep = calendar->first_entity[EVENT_SLEEP];
  uint32_t first_slice = calendar->first_entity[EVENT_SLICE];
  uint32_t n_sleeps = calendar->first_entity[EVENT_SLEEP + 1] - first_sleep;
  if (entity - first_sleep < n_sleeps) { /* wraps around for steps */
    guest_on_sleep_end(machine->guest, entity - first_sleep);
    if (hv->is_big) look_ahead_of_sleep(machine, entity - first_sleep);
  } else if (entity >= first_slice) {
    hv_dispatch(hv, entity - first_slice);
    if (hv->is_big) look_ahead_of_pcpu(machine, entity - first_slice);
  } else if (entity < first_sleep) {
    struct vcpu *v = &hv->vcpus[entity];
    hv_on_step(hv, v);
    if (hv->is_big) look_ahead_of_pcpu(machine, v->pcpu);
  } else {
    handle_rare(machine, key);
  }
}

static bool is_over_limit(const struct machine *machine) {
  uint64_t max = machine->options->guard.max_events;
  return max > 0 && machine->n_events_warmup + machine->sim.n_events > max;
}

static bool must_stop(struct machine *machine) {
  if (machine->sim.stuck_path) machine->status = RUN_STUCK;
  if (is_over_limit(machine)) machine->status = RUN_LIMITED;
  const volatile sig_atomic_t *interrupt = machine->options->interrupt;
  if (interrupt && __atomic_load_n(interrupt, __ATOMIC_RELAXED)) machine->status = RUN_INTERRUPTED;
  return machine->status != RUN_DONE;
}

/* Now and then, and whenever sim->n_unwatched has come to 0: must the run end here? Out of line:
   the compiler's patience with the loop around it is for what happens all the time. */
static __attribute__((noinline)) bool look_after(struct machine *machine) {
  bool is_paranoid = machine->options->guard.paranoid;
  machine->sim.n_unwatched = is_paranoid ? 1 : INTERRUPT_STRIDE;
  if (is_paranoid) {
    hv_check(machine->hv);
    guest_check(machine->guest);
  }
  return must_stop(machine);
}

/* What changes of this instant have left to do before time passes, if this instant is over. False:
   nothing, or it is not. */
static bool settle(struct machine *machine) {
  struct hv *hv = machine->hv;
  if (hv->n_dirty > 0) hv_flush_crossings(hv);
  if (calendar_next_ns(&machine->sim.calendar) <= machine->sim.now_ns) return false;
  if (hv->must_fill)
    hv_fill(hv);
  else if (hv->n_dirty_cores > 0)
    cores_flush(hv);
  else
    return false;
  return true;
}

/* Handles everything up to and including until_ns. */
static void run_until(struct machine *machine, int64_t until_ns) {
  struct sim *sim = &machine->sim;
  struct hv *hv = machine->hv;
  sim->n_unwatched = 1;
  for (;;) {
    bool is_unsettled = (hv->n_dirty | hv->must_fill | hv->n_dirty_cores) != 0;
    if (!is_unsettled || !settle(machine)) {
      int64_t key = calendar_min(&sim->calendar), at_ns = key >> sim->calendar.entity_bits;
      if (at_ns > until_ns) break;
      hv_pass_time(hv, at_ns);
      handle(machine, key);
    }
    if (__builtin_expect(--sim->n_unwatched == 0, 0) && look_after(machine)) return;
  }
  hv_pass_time(hv, until_ns);
}

static void reset(struct machine *machine) {
  guest_reset(machine->guest);
  hv_reset(machine->hv);
  machine->n_events_warmup = machine->sim.n_events;
  machine->sim.n_events = 0;
}

/* Looking at the machine between two batches changes nothing in it. */
static void run_window(struct machine *machine) {
  const struct run_params *run = &machine->scenario->run;
  struct batches *batches = &machine->batches;
  while (machine->status == RUN_DONE && batches->n_done < batches->n) {
    run_until(machine, run->warmup_ns + batches_end_ns(batches, run->duration_ns));
    if (machine->status == RUN_DONE) batches_take(batches, machine->hv, machine->guest);
  }
}

struct run_result *machine_run(const struct scenario *scenario,
                               const struct machine_options *options, struct arena *arena) {
  arena_reserve(arena, machine_memory(scenario));
  struct machine *machine = ARENA_NEW(arena, struct machine);
  *machine = (struct machine){
      .scenario = scenario, .options = options, .arena = arena, .status = RUN_DONE};
  build(machine);
  if (scenario->run.warmup_ns > 0) {
    run_until(machine, scenario->run.warmup_ns);
    if (machine->status == RUN_DONE) reset(machine);
  }
  run_window(machine);
  if (machine->status == RUN_DONE && is_over_limit(machine)) machine->status = RUN_LIMITED;
  guest_settle(machine->guest);
  hv_settle(machine->hv);
  struct run_result *result =
      readout(scenario, machine->hv, machine->guest, &machine->batches, arena);
  result->status = machine->status;
  result->replication = options->replication;
  if (machine->status == RUN_STUCK)
    result->message = arena_printf(
        arena, "%s: a thread did more than 10000 steps at %lld ns without time passing",
        machine->sim.stuck_path, (long long)machine->sim.now_ns);
  if (machine->status == RUN_LIMITED) {
    char came_to[DURATION_TEXT_MAX], end[DURATION_TEXT_MAX];
    result->message =
        arena_printf(arena, "more than %llu events: it came to %s of %s",
                     (unsigned long long)options->guard.max_events,
                     duration_format(machine->sim.now_ns, came_to),
                     duration_format(scenario->run.warmup_ns + scenario->run.duration_ns, end));
  }
  if (machine->status == RUN_INTERRUPTED) result->message = "interrupted";
  return result;
}
