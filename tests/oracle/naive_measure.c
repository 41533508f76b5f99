/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Books a span of time in which nothing changes, from the state as it stands, and lets the clocks
   of that state run on. */
#include <assert.h>

#include "naive_world.h"

static int64_t greater(int64_t a, int64_t b) { return a > b ? a : b; }

static enum activity activity_of(const struct naive_vcpu *vcpu) {
  if (vcpu->is_resuming) return ACT_OVERHEAD;
  if (vcpu->is_switching && !vcpu->is_handling) return ACT_KERNEL;
  const struct naive_thread *thread = naive_interrupt_on_top(vcpu);
  if (thread->mode == MODE_PAY) return thread->pay_as;
  if (thread->mode == MODE_SPIN || thread->mode == MODE_BARRIER_SPIN ||
      thread->mode == MODE_CALL_SPIN)
    return ACT_SPIN;
  assert(thread->mode == MODE_WORK);
  return naive_lock_has_entered(thread, false) ? ACT_CRITICAL : ACT_USEFUL;
}

static enum spin_cause lock_cause(const struct naive_lock *lock, const struct naive_vcpu *spinner) {
  const struct naive_thread *owner = lock->owner;
  if (owner && owner->vcpu == spinner && naive_interrupt_is_paused(owner)) return SPIN_SELF;
  if (!owner || owner->vcpu->runstate == RS_RUNNING || owner->vcpu->runstate == RS_IDLE)
    return SPIN_CONTENDED;
  if (!lock->has_entered) return SPIN_LWP;
  return owner->vcpu->runstate == RS_READY ? SPIN_LHP_READY : SPIN_LHP_COSTOP;
}

static enum spin_cause barrier_cause(const struct naive_thread *spinner) {
  enum spin_cause cause = SPIN_CONTENDED;
  const struct naive_vm *vm = spinner->vm;
  for (uint32_t i = 0; i < vm->n_threads; i++) {
    const struct naive_thread *thread = &vm->threads[i];
    bool is_runnable = thread->fifo_place || thread->vcpu->current == thread;
    if (!is_runnable || thread->barrier == spinner->barrier) continue;
    if (thread->vcpu->runstate == RS_COSTOP) return SPIN_LHP_COSTOP;
    if (thread->vcpu->runstate == RS_READY) cause = SPIN_LHP_READY;
  }
  return cause;
}

static enum spin_cause call_cause(const struct naive_thread *caller) {
  enum spin_cause cause = SPIN_CONTENDED;
  for (uint32_t i = 0; i < caller->vm->n_vcpus; i++) {
    if (!(caller->call_left >> i & 1)) continue;
    if (caller->vm->vcpus[i].runstate == RS_COSTOP) return SPIN_LHP_COSTOP;
    if (caller->vm->vcpus[i].runstate == RS_READY) cause = SPIN_LHP_READY;
  }
  return cause;
}

static void book_spin(struct naive_vcpu *vcpu, int64_t span_ns) {
  const struct naive_thread *thread = naive_interrupt_on_top(vcpu);
  struct naive_lock *lock = NULL;
  enum spin_cause cause = SPIN_CONTENDED;
  if (thread->mode == MODE_BARRIER_SPIN) {
    cause = barrier_cause(thread);
  } else if (thread->mode == MODE_CALL_SPIN) {
    cause = call_cause(thread);
  } else if (thread->mode == MODE_SPIN) {
    lock = thread->waits_for;
    cause = lock_cause(lock, vcpu);
  } else {
    lock = thread->pays_for;
  }
  vcpu->result.ledger.spin_ns[cause] += span_ns;
  if (lock) lock->result.spin_ns[cause] += span_ns;
}

static void book_vcpu(struct naive_world *world, struct naive_vcpu *vcpu, int64_t span_ns) {
  struct ledger *ledger = &vcpu->result.ledger;
  ledger->runstate_ns[vcpu->runstate] += span_ns;
  if (vcpu->runstate != RS_RUNNING) return;
  enum activity activity = activity_of(vcpu);
  ledger->activity_ns[activity] += span_ns;
  if (activity == ACT_SPIN) book_spin(vcpu, span_ns);
  if (activity == ACT_OVERHEAD) world->host.overhead_ns += span_ns;
}

static void book_host(struct naive_world *world, int64_t span_ns) {
  int64_t n_busy = 0, n_idle = 0;
  bool is_wanted = false;
  for (uint32_t i = 0; i < world->n_pcpus; i++) {
    if (world->pcpus[i].runs)
      n_busy++;
    else
      n_idle++;
  }
  for (uint32_t i = 0; i < world->n_vcpus; i++) {
    enum runstate runstate = world->vcpus[i].runstate;
    is_wanted |= runstate == RS_READY || runstate == RS_COSTOP;
  }
  world->host.busy_ns += n_busy * span_ns;
  if (is_wanted) world->host.fragmentation_ns += n_idle * span_ns;
}

/* The skew is linear between the instants at which the foremost or the hindmost clock changes from
   a standing to a running one; the sum of trapezoids is then exact. */
static void book_skew(const struct naive_world *world, struct naive_vm *vm, int64_t span_ns) {
  int64_t bound[2][2] = {{INT64_MIN, INT64_MAX}, {INT64_MIN, INT64_MAX}}; /* [runs][max, min] */
  bool is_there[2] = {false, false};
  for (uint32_t i = 0; i < vm->n_vcpus; i++) {
    const struct naive_vcpu *vcpu = &vm->vcpus[i];
    if (vcpu->runstate == RS_IDLE) continue;
    unsigned runs = naive_cosched_advances(world, vcpu);
    is_there[runs] = true;
    if (vcpu->progress_ns > bound[runs][0]) bound[runs][0] = vcpu->progress_ns;
    if (vcpu->progress_ns < bound[runs][1]) bound[runs][1] = vcpu->progress_ns;
  }
  int64_t knot_ns[4] = {0, 0, 0, span_ns};
  if (is_there[0] && is_there[1]) {
    for (unsigned end = 0; end < 2; end++) {
      int64_t at_ns = bound[0][end] - bound[1][end];
      knot_ns[1 + end] = at_ns < 0 ? 0 : at_ns > span_ns ? span_ns : at_ns;
    }
    if (knot_ns[1] > knot_ns[2]) {
      int64_t later_ns = knot_ns[1];
      knot_ns[1] = knot_ns[2];
      knot_ns[2] = later_ns;
    }
  }
  for (unsigned i = 0; i < 3; i++) {
    int64_t sum_ns =
        naive_cosched_skew(world, vm, knot_ns[i]) + naive_cosched_skew(world, vm, knot_ns[i + 1]);
    vm->result.skew_integral2 += (__int128)sum_ns * (knot_ns[i + 1] - knot_ns[i]);
  }
}

/* Leads are convex while nothing changes, so their greatest values lie at the ends of a span. */
static void book_peaks(const struct naive_world *world, struct naive_vm *vm, int64_t after_ns) {
  vm->result.skew_max_ns = greater(vm->result.skew_max_ns, naive_cosched_skew(world, vm, after_ns));
  for (uint32_t i = 0; i < vm->n_vcpus; i++) {
    struct naive_vcpu *vcpu = &vm->vcpus[i];
    vcpu->result.lead_max_ns =
        greater(vcpu->result.lead_max_ns, naive_cosched_lead(world, vcpu, after_ns));
  }
}

static void book_vm(const struct naive_world *world, struct naive_vm *vm, int64_t span_ns) {
  bool is_running = false, is_waiting = false;
  for (uint32_t i = 0; i < vm->n_vcpus; i++) {
    enum runstate runstate = vm->vcpus[i].runstate;
    is_running |= runstate == RS_RUNNING;
    is_waiting |= runstate == RS_READY || runstate == RS_COSTOP;
  }
  if (is_running && is_waiting) vm->result.hazard_ns += span_ns;
  book_skew(world, vm, span_ns);
  book_peaks(world, vm, span_ns);
}

static void run_on(struct naive_world *world, struct naive_vcpu *vcpu, int64_t span_ns) {
  if (vcpu->runstate != RS_RUNNING) return;
  if (naive_cosched_advances(world, vcpu)) vcpu->progress_ns += span_ns;
  if (vcpu->is_resuming) {
    vcpu->overhead_left_ns -= span_ns;
    return;
  }
  struct naive_thread *thread = naive_interrupt_on_top(vcpu);
  if (vcpu->is_switching && !vcpu->is_handling)
    vcpu->switch_left_ns -= span_ns;
  else if (thread->mode == MODE_WORK || thread->mode == MODE_PAY)
    thread->left_ns -= span_ns;
  else if (thread->mode == MODE_SPIN && thread->spin_left_ns != TIME_NEVER_NS)
    thread->spin_left_ns -= span_ns;
  vcpu->guest_ns += span_ns;
  if (vcpu->guest_ns % vcpu->vm->spec->guest.timeslice_ns == 0)
    vcpu->boundary_at_ns = world->now_ns + span_ns;
}

void naive_measure_pass(struct naive_world *world, int64_t span_ns) {
  assert(span_ns > 0);
  book_host(world, span_ns);
  for (uint32_t i = 0; i < world->n_vms; i++) book_vm(world, &world->vms[i], span_ns);
  for (uint32_t i = 0; i < world->n_vcpus; i++) book_vcpu(world, &world->vcpus[i], span_ns);
  for (uint32_t i = 0; i < world->n_vcpus; i++) run_on(world, &world->vcpus[i], span_ns);
}

void naive_measure_peaks(struct naive_world *world) {
  for (uint32_t i = 0; i < world->n_vms; i++) book_peaks(world, &world->vms[i], 0);
}

void naive_measure_reset(struct naive_world *world) {
  world->host = (struct host_result){0};
  for (uint32_t i = 0; i < world->n_vms; i++) {
    world->vms[i].result = (struct vm_result){.spec = world->vms[i].spec};
    naive_interrupt_reset(&world->vms[i]);
  }
  for (uint32_t i = 0; i < world->n_vcpus; i++) world->vcpus[i].result = (struct vcpu_result){0};
  for (uint32_t i = 0; i < world->n_locks; i++)
    world->locks[i].result = (struct lock_result){.spec = world->locks[i].spec};
}

void naive_measure_latency(struct latency_result *latency, int64_t value_ns) {
  latency->n++;
  latency->sum_ns += value_ns;
  latency->max_ns = greater(latency->max_ns, value_ns);
}
