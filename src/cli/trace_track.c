/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Idea: keep the present state of every entity whether or not it is kept, and let *_sync compare
   it with the interval that is open for it. So records of one instant may come in any order,
   states that last no time vanish, and a span that starts late finds everything in place. */
#include "cli/trace_track.h"

#include "hv/runstate.h"

enum wait_kind { WAITS_NOT, WAITS_LOCK, WAITS_BARRIER, WAITS_CALL };

struct vcpu_track {
  int64_t off_since_ns; /* when it last ceased to run */
  size_t state_slot, activity_slot;
  pcpu_id_t pcpu;
  thread_id_t current;
  uint8_t state, activity;
};

struct thread_track {
  size_t wait_slot, payment_slot;
  int64_t paying_since_ns;
  thread_id_t next_waiter;
  vcpu_id_t vcpu; /* on which it last was current */
  lock_id_t innermost;
  lock_id_t target; /* the lock or barrier it waits for */
  uint8_t waits;    /* enum wait_kind */
  uint8_t phase;    /* enum lock_phase */
  uint8_t pays;     /* enum payment */
};

struct lock_track {
  size_t hold_slot, handoff_slot;
  int64_t owned_since_ns;
  thread_id_t owner;
  thread_id_t first_waiter;
  lock_id_t outer; /* of the same owner */
  bool is_entered;
};

/* The last corner of a VM's skew. */
struct skew_track {
  int64_t at_ns, value_ns; /* value -1: there is none yet */
  size_t slot;             /* of the piece that ends there */
};

struct trace_tracker {
  struct vcpu_track *vcpus;
  struct thread_track *threads;
  struct lock_track *locks;
  struct skew_track *skews; /* by VM */
};

static vm_id_t vm_of_thread(const struct trace_log *log, thread_id_t thread) {
  return log->names->vm_of_thread[thread];
}

/* ---- vCPUs ---- */

static void state_sync(struct trace_log *log, vcpu_id_t id) {
  struct vcpu_track *vcpu = &log->tracker->vcpus[id];
  pcpu_id_t pcpu = vcpu->state == RS_RUNNING ? vcpu->pcpu : ID_NONE;
  if (vcpu->state_slot != TRACE_SLOT_NONE) {
    struct trace_interval *open = &log->intervals.items[vcpu->state_slot];
    if (open->state == vcpu->state && open->pcpu == pcpu) return;
    if (open->start_ns == log->now_ns) {
      /* In place: at the start of the span the states of all vCPUs keep their order. */
      open->state = vcpu->state;
      open->pcpu = pcpu;
      return;
    }
    trace_log_close(log, &vcpu->state_slot);
  }
  struct trace_interval *interval =
      trace_log_add(log, INTERVAL_VCPU, vcpu->state, log->names->vm_of_vcpu[id]);
  vcpu->state_slot = trace_log_slot(log, interval);
  if (!interval) return;
  interval->vcpu = id;
  interval->pcpu = pcpu;
}

static void activity_sync(struct trace_log *log, vcpu_id_t id) {
  struct vcpu_track *vcpu = &log->tracker->vcpus[id];
  bool is_active = vcpu->state == RS_RUNNING && vcpu->activity != NO_ACTIVITY;
  if (vcpu->activity_slot != TRACE_SLOT_NONE) {
    const struct trace_interval *open = &log->intervals.items[vcpu->activity_slot];
    if (is_active && open->state == vcpu->activity && open->thread == vcpu->current &&
        open->pcpu == vcpu->pcpu)
      return;
    trace_log_close(log, &vcpu->activity_slot);
  }
  if (!is_active) return;
  struct trace_interval *interval =
      trace_log_add(log, INTERVAL_ACTIVITY, vcpu->activity, log->names->vm_of_vcpu[id]);
  vcpu->activity_slot = trace_log_slot(log, interval);
  if (!interval) return;
  interval->vcpu = id;
  interval->thread = vcpu->current;
  interval->pcpu = vcpu->pcpu;
}

/* The activity ends before the state that it lies in, and starts after it. */
static void vcpu_sync(struct trace_log *log, vcpu_id_t id) {
  struct vcpu_track *vcpu = &log->tracker->vcpus[id];
  if (vcpu->state != RS_RUNNING) trace_log_close(log, &vcpu->activity_slot);
  state_sync(log, id);
  activity_sync(log, id);
}

/* ---- threads that wait ---- */

static bool is_current(const struct trace_log *log, thread_id_t id) {
  return log->tracker->vcpus[log->tracker->threads[id].vcpu].current == id;
}

/* A waiter spins if that is what its vCPU does for it. Off its pCPU, or in hypervisor overhead, it
   goes on with what it did before. */
static enum lock_phase wait_phase(const struct trace_log *log, thread_id_t id) {
  const struct thread_track *thread = &log->tracker->threads[id];
  if (thread->waits == WAITS_NOT) return PHASE_NONE;
  if (!is_current(log, id)) return PHASE_WAIT;
  switch ((enum activity)log->tracker->vcpus[thread->vcpu].activity) {
    case ACT_SPIN:
      return PHASE_SPIN;
    case ACT_USEFUL:
    case ACT_CRITICAL:
    case ACT_KERNEL:
      return PHASE_WAIT;
    case ACT_OVERHEAD:
    case ACTIVITIES:
      break;
  }
  return thread->phase == PHASE_NONE ? PHASE_WAIT : (enum lock_phase)thread->phase;
}

static void wait_sync(struct trace_log *log, thread_id_t id) {
  struct thread_track *thread = &log->tracker->threads[id];
  enum lock_phase phase = wait_phase(log, id);
  if (phase == thread->phase && (phase == PHASE_NONE || thread->wait_slot != TRACE_SLOT_NONE))
    return;
  thread->phase = (uint8_t)phase;
  trace_log_close(log, &thread->wait_slot);
  if (phase == PHASE_NONE) return;
  static const enum interval_kind kinds[] = {[WAITS_LOCK] = INTERVAL_LOCK,
                                             [WAITS_BARRIER] = INTERVAL_BARRIER,
                                             [WAITS_CALL] = INTERVAL_CALL};
  enum interval_kind kind = kinds[thread->waits];
  struct trace_interval *interval = trace_log_add(log, kind, phase, vm_of_thread(log, id));
  thread->wait_slot = trace_log_slot(log, interval);
  if (!interval) return;
  interval->thread = id;
  interval->vcpu = thread->vcpu;
  interval->lock = thread->target;
}

/* ---- payments: who spins while the owner does not run ---- */

static enum payment payment_due(const struct trace_log *log, thread_id_t id) {
  const struct trace_tracker *tracker = log->tracker;
  const struct thread_track *thread = &tracker->threads[id];
  const struct vcpu_track *vcpu = &tracker->vcpus[thread->vcpu];
  if (thread->waits != WAITS_LOCK || !is_current(log, id)) return PAYMENT_NONE;
  if (vcpu->activity != ACT_SPIN) return PAYMENT_NONE;
  const struct lock_track *lock = &tracker->locks[thread->target];
  if (lock->owner == ID_NONE || !is_current(log, lock->owner)) return PAYMENT_NONE;
  uint8_t owner_state = tracker->vcpus[tracker->threads[lock->owner].vcpu].state;
  if (owner_state != RS_READY && owner_state != RS_COSTOP) return PAYMENT_NONE;
  return lock->is_entered ? PAYMENT_LHP : PAYMENT_LWP;
}

static void payment_stop(struct trace_log *log, struct thread_track *thread) {
  if (thread->payment_slot != TRACE_SLOT_NONE) {
    struct trace_interval *interval = &log->intervals.items[thread->payment_slot];
    interval->value += log->now_ns - thread->paying_since_ns;
    interval->end_ns = log->now_ns;
  }
  thread->pays = PAYMENT_NONE;
}

/* One interval for each (absence of an owner, spinner), whatever the pauses of the spinner. */
static void payment_start(struct trace_log *log, thread_id_t id, enum payment due) {
  struct thread_track *thread = &log->tracker->threads[id];
  const struct lock_track *lock = &log->tracker->locks[thread->target];
  vcpu_id_t owner_vcpu = log->tracker->threads[lock->owner].vcpu;
  int64_t cause_ns = log->tracker->vcpus[owner_vcpu].off_since_ns;
  if (cause_ns < lock->owned_since_ns) cause_ns = lock->owned_since_ns;
  thread->pays = (uint8_t)due;
  thread->paying_since_ns = log->now_ns;
  if (thread->payment_slot != TRACE_SLOT_NONE) {
    const struct trace_interval *last = &log->intervals.items[thread->payment_slot];
    if (last->value > 0 && last->peer_thread == lock->owner && last->lock == thread->target &&
        last->cause_ns == cause_ns && last->state == due)
      return;
  }
  struct trace_interval *interval =
      trace_log_add(log, INTERVAL_PAYMENT, due, vm_of_thread(log, id));
  thread->payment_slot = trace_log_slot(log, interval);
  if (!interval) return;
  interval->thread = id;
  interval->vcpu = thread->vcpu;
  interval->peer_thread = lock->owner;
  interval->peer_vcpu = owner_vcpu;
  interval->lock = thread->target;
  interval->cause_ns = cause_ns;
}

static void payment_sync(struct trace_log *log, thread_id_t id) {
  struct thread_track *thread = &log->tracker->threads[id];
  enum payment due = payment_due(log, id);
  if (due == thread->pays) return;
  if (thread->pays != PAYMENT_NONE) payment_stop(log, thread);
  if (due != PAYMENT_NONE) payment_start(log, id, due);
}

/* ---- locks ---- */

static void waiters_sync(struct trace_log *log, lock_id_t id) {
  const struct trace_tracker *tracker = log->tracker;
  for (thread_id_t t = tracker->locks[id].first_waiter; t != ID_NONE;
       t = tracker->threads[t].next_waiter)
    payment_sync(log, t);
}

/* After anything that may concern a thread: its own wait, and those who wait for it. */
static void thread_sync(struct trace_log *log, thread_id_t id) {
  if (id == ID_NONE) return;
  wait_sync(log, id);
  payment_sync(log, id);
  for (lock_id_t lock = log->tracker->threads[id].innermost; lock != ID_NONE;
       lock = log->tracker->locks[lock].outer)
    waiters_sync(log, lock);
}

static struct trace_interval *lock_interval(struct trace_log *log, lock_id_t id,
                                            enum lock_phase phase) {
  thread_id_t owner = log->tracker->locks[id].owner;
  struct trace_interval *interval =
      trace_log_add(log, INTERVAL_LOCK, phase, vm_of_thread(log, owner));
  if (!interval) return NULL;
  interval->thread = owner;
  interval->vcpu = log->tracker->threads[owner].vcpu;
  interval->lock = id;
  return interval;
}

static void lock_open(struct trace_log *log, lock_id_t id) {
  struct lock_track *lock = &log->tracker->locks[id];
  lock->hold_slot = trace_log_slot(log, lock_interval(log, id, PHASE_HOLD));
  if (!lock->is_entered)
    lock->handoff_slot = trace_log_slot(log, lock_interval(log, id, PHASE_HANDOFF));
}

static void lock_enter(struct trace_log *log, lock_id_t id) {
  log->tracker->locks[id].is_entered = true;
  trace_log_close(log, &log->tracker->locks[id].handoff_slot);
  waiters_sync(log, id);
}

static void lock_release(struct trace_log *log, lock_id_t id) {
  struct lock_track *lock = &log->tracker->locks[id];
  if (lock->owner == ID_NONE) return;
  lock_id_t *link = &log->tracker->threads[lock->owner].innermost;
  while (*link != id) link = &log->tracker->locks[*link].outer;
  *link = lock->outer;
  lock->owner = ID_NONE;
  trace_log_close(log, &lock->handoff_slot);
  trace_log_close(log, &lock->hold_slot);
  waiters_sync(log, id);
}

static void wait_end(struct trace_log *log, thread_id_t id) {
  struct thread_track *thread = &log->tracker->threads[id];
  if (thread->waits == WAITS_LOCK) {
    thread_id_t *link = &log->tracker->locks[thread->target].first_waiter;
    while (*link != id) link = &log->tracker->threads[*link].next_waiter;
    *link = thread->next_waiter;
  }
  thread->waits = WAITS_NOT;
  thread_sync(log, id);
  thread->payment_slot = TRACE_SLOT_NONE;
}

static void wait_begin(struct trace_log *log, thread_id_t id, enum wait_kind kind,
                       uint32_t target) {
  struct thread_track *thread = &log->tracker->threads[id];
  if (thread->waits != WAITS_NOT) wait_end(log, id);
  thread->waits = (uint8_t)kind;
  thread->target = target;
  if (kind == WAITS_LOCK) {
    thread->next_waiter = log->tracker->locks[target].first_waiter;
    log->tracker->locks[target].first_waiter = id;
  }
  thread_sync(log, id);
}

static void lock_own(struct trace_log *log, thread_id_t owner, lock_id_t id) {
  struct lock_track *lock = &log->tracker->locks[id];
  lock_release(log, id);
  wait_end(log, owner);
  lock->owner = owner;
  lock->is_entered = false;
  lock->owned_since_ns = log->now_ns;
  lock->outer = log->tracker->threads[owner].innermost;
  log->tracker->threads[owner].innermost = id;
  lock_open(log, id);
  waiters_sync(log, id);
}

/* The innermost lock inside of which the current thread of a vCPU is. */
static lock_id_t lock_inside(const struct trace_log *log, const struct vcpu_track *vcpu) {
  if (vcpu->current == ID_NONE) return ID_NONE;
  lock_id_t lock = log->tracker->threads[vcpu->current].innermost;
  while (lock != ID_NONE && !log->tracker->locks[lock].is_entered)
    lock = log->tracker->locks[lock].outer;
  return lock;
}

/* ---- records ---- */

static void event_add(struct trace_log *log, enum trace_event event, vcpu_id_t id) {
  const struct vcpu_track *vcpu = &log->tracker->vcpus[id];
  struct trace_interval *interval =
      trace_log_add(log, INTERVAL_EVENT, event, log->names->vm_of_vcpu[id]);
  if (!interval) return;
  interval->end_ns = interval->start_ns;
  interval->vcpu = id;
  interval->thread = vcpu->current;
  interval->pcpu = vcpu->pcpu;
  interval->lock = lock_inside(log, vcpu);
}

static void take_runstate(struct trace_log *log, const struct trace_record *record) {
  struct vcpu_track *vcpu = &log->tracker->vcpus[record->vcpu];
  if (vcpu->state == RS_RUNNING && record->to != RS_RUNNING) {
    vcpu->off_since_ns = log->now_ns;
    vcpu->activity = NO_ACTIVITY;
  }
  if (record->to == RS_RUNNING) vcpu->pcpu = record->pcpu;
  vcpu->state = record->to;
  vcpu_sync(log, record->vcpu);
  thread_sync(log, vcpu->current);
  if (record->to == RS_COSTOP) event_add(log, EVENT_COSTOP, record->vcpu);
}

static void take_current(struct trace_log *log, vcpu_id_t id, thread_id_t thread) {
  struct vcpu_track *vcpu = &log->tracker->vcpus[id];
  thread_id_t last = vcpu->current;
  vcpu->current = thread;
  if (thread != ID_NONE) log->tracker->threads[thread].vcpu = id;
  vcpu_sync(log, id);
  thread_sync(log, last);
  thread_sync(log, thread);
}

/* Does the piece go on as the last one of this VM did? */
static bool skew_goes_on(const struct trace_interval *last, const struct trace_interval *piece) {
  return last->end_ns == piece->start_ns && last->value_end == piece->value &&
         (last->value_end > last->value) == (piece->value_end > piece->value) &&
         (last->value_end < last->value) == (piece->value_end < piece->value);
}

void trace_track_take_skew(struct trace_log *log, const struct trace_record *record) {
  struct skew_track *corner = &log->tracker->skews[record->vm];
  struct trace_interval piece = {.start_ns = corner->at_ns,
                                 .end_ns = record->at_ns,
                                 .value = corner->value_ns,
                                 .value_end = record->value};
  corner->at_ns = record->at_ns;
  corner->value_ns = record->value;
  if (piece.value < 0 || piece.end_ns <= piece.start_ns) return;
  if (piece.end_ns <= log->from_ns || piece.start_ns >= log->until_ns) return;
  struct trace_interval *interval =
      corner->slot == TRACE_SLOT_NONE ? NULL : &log->skews.items[corner->slot];
  if (!interval || !skew_goes_on(interval, &piece)) {
    interval = trace_log_add_skew(log, record->vm, piece.start_ns);
    if (!interval) return;
    interval->value = piece.value;
    corner->slot = log->skews.n - 1;
  }
  interval->end_ns = piece.end_ns;
  interval->value_end = piece.value_end;
}

void trace_track_take(struct trace_log *log, const struct trace_record *record) {
  switch (record->what) {
    case TRACE_RUNSTATE:
      take_runstate(log, record);
      break;
    case TRACE_ACTIVITY:
      log->tracker->vcpus[record->vcpu].activity = record->to;
      vcpu_sync(log, record->vcpu);
      thread_sync(log, log->tracker->vcpus[record->vcpu].current);
      break;
    case TRACE_CURRENT:
      take_current(log, record->vcpu, record->thread);
      break;
    case TRACE_LOCK_WAIT:
      wait_begin(log, record->thread, WAITS_LOCK, record->lock);
      break;
    case TRACE_LOCK_OWN:
      lock_own(log, record->thread, record->lock);
      break;
    case TRACE_LOCK_ENTER:
      lock_enter(log, record->lock);
      break;
    case TRACE_LOCK_RELEASE:
      lock_release(log, record->lock);
      break;
    case TRACE_BARRIER_WAIT:
      wait_begin(log, record->thread, WAITS_BARRIER, record->lock);
      break;
    case TRACE_CALL_WAIT:
      wait_begin(log, record->thread, WAITS_CALL, ID_NONE);
      break;
    case TRACE_BARRIER_OPEN:
    case TRACE_CALL_DONE:
      wait_end(log, record->thread);
      break;
    case TRACE_PREEMPT:
      event_add(log, EVENT_PREEMPT, record->vcpu);
      break;
    case TRACE_SKEW: /* has its own way in */
    case TRACE_SLICE:
    case TRACE_ITERATION:
      break;
  }
}

/* A thread's holds from the outermost to the innermost, so that they nest. */
static void holds_open(struct trace_log *log, lock_id_t lock) {
  if (lock == ID_NONE) return;
  holds_open(log, log->tracker->locks[lock].outer);
  lock_open(log, lock);
}

void trace_track_begin(struct trace_log *log) {
  struct trace_tracker *tracker = log->tracker;
  for (vcpu_id_t v = 0; v < log->names->n_vcpus; v++) vcpu_sync(log, v);
  for (thread_id_t t = 0; t < log->names->n_threads; t++) {
    holds_open(log, tracker->threads[t].innermost);
    wait_sync(log, t);
    tracker->threads[t].pays = PAYMENT_NONE;
    payment_sync(log, t);
  }
}

struct trace_tracker *trace_track_new(const struct trace_names *names, struct arena *arena) {
  struct trace_tracker *tracker = ARENA_NEW(arena, struct trace_tracker);
  tracker->vcpus = ARENA_ARRAY(arena, names->n_vcpus, struct vcpu_track);
  tracker->threads = ARENA_ARRAY(arena, names->n_threads, struct thread_track);
  tracker->locks = ARENA_ARRAY(arena, names->n_locks, struct lock_track);
  tracker->skews = ARENA_ARRAY(arena, names->n_vms, struct skew_track);
  for (vcpu_id_t v = 0; v < names->n_vcpus; v++)
    tracker->vcpus[v] = (struct vcpu_track){.state = RS_IDLE,
                                            .activity = NO_ACTIVITY,
                                            .current = ID_NONE,
                                            .pcpu = ID_NONE,
                                            .state_slot = TRACE_SLOT_NONE,
                                            .activity_slot = TRACE_SLOT_NONE};
  for (thread_id_t t = 0; t < names->n_threads; t++) {
    vm_id_t vm = names->vm_of_thread[t];
    uint32_t n_vcpus = names->first_vcpu[vm + 1] - names->first_vcpu[vm];
    uint32_t n_threads = names->scenario->vms[vm].guest.n_threads;
    uint32_t number = t - names->first_thread[vm];
    uint32_t home = number < n_threads ? number % n_vcpus : number - n_threads;
    tracker->threads[t] = (struct thread_track){.vcpu = names->first_vcpu[vm] + home,
                                                .next_waiter = ID_NONE,
                                                .innermost = ID_NONE,
                                                .wait_slot = TRACE_SLOT_NONE,
                                                .payment_slot = TRACE_SLOT_NONE};
  }
  for (lock_id_t l = 0; l < names->n_locks; l++)
    tracker->locks[l] = (struct lock_track){.hold_slot = TRACE_SLOT_NONE,
                                            .handoff_slot = TRACE_SLOT_NONE,
                                            .owner = ID_NONE,
                                            .first_waiter = ID_NONE,
                                            .outer = ID_NONE};
  for (vm_id_t vm = 0; vm < names->n_vms; vm++)
    tracker->skews[vm] = (struct skew_track){.value_ns = -1, .slot = TRACE_SLOT_NONE};
  return tracker;
}

void trace_track_end(struct trace_log *log) {
  for (thread_id_t t = 0; t < log->names->n_threads; t++)
    if (log->tracker->threads[t].pays) payment_stop(log, &log->tracker->threads[t]);
}
