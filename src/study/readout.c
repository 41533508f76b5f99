/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/readout.h"

#include <assert.h>
#include <string.h>

#include "sim/duration.h"

static struct latency_result read_hist(struct hist *hist) {
  return (struct latency_result){.n = hist->count,
                                 .sum_ns = hist->sum,
                                 .max_ns = hist->max,
                                 .p50_ns = hist_percentile(hist, 0.50),
                                 .p99_ns = hist_percentile(hist, 0.99)};
}

static struct ledger read_ledger(const struct vcpu *v) {
  struct ledger ledger = {.dispatches = v->dispatches,
                          .preemptions = v->preemptions,
                          .migrations = v->migrations,
                          .costops = v->costops,
                          .lhp_events = v->lhp_events,
                          .lwp_events = v->lwp_events,
                          .ple_exits = v->ple_exits,
                          .delays = v->delays,
                          .delay_timeouts = v->delay_timeouts,
                          .smt_shared_ns = v->smt_shared_ns,
                          .polled_ns = v->polled_ns,
                          .poll_hits = v->poll_hits};
  memcpy(ledger.activity_ns, v->time_ns, sizeof ledger.activity_ns);
  ledger.runstate_ns[RS_RUNNING] = vcpu_running_ns(v);
  for (enum runstate state = RS_RUNNING + 1; state < RUNSTATES; state++)
    ledger.runstate_ns[state] = v->time_ns[account_of(state)];
  memcpy(ledger.spin_ns, v->spin_ns, sizeof ledger.spin_ns);
  return ledger;
}

static int64_t sum(const int64_t *values, int n) {
  int64_t total = 0;
  for (int i = 0; i < n; i++) total += values[i];
  return total;
}

/* The identities of a vCPU's time, exact in nanoseconds. */
static void assert_identities(const struct ledger *ledger, int64_t window_ns) {
  assert(sum(ledger->runstate_ns, RUNSTATES) == window_ns);
  assert(sum(ledger->activity_ns, ACTIVITIES) == ledger->runstate_ns[RS_RUNNING]);
  assert(sum(ledger->spin_ns, SPIN_CAUSES) == ledger->activity_ns[ACT_SPIN]);
  assert(ledger->smt_shared_ns <= ledger->runstate_ns[RS_RUNNING]);
  (void)ledger;
  (void)window_ns;
}

static void add_ledger(struct ledger *total, const struct ledger *part) {
  for (int i = 0; i < RUNSTATES; i++) total->runstate_ns[i] += part->runstate_ns[i];
  for (int i = 0; i < ACTIVITIES; i++) total->activity_ns[i] += part->activity_ns[i];
  for (int i = 0; i < SPIN_CAUSES; i++) total->spin_ns[i] += part->spin_ns[i];
  total->dispatches += part->dispatches;
  total->preemptions += part->preemptions;
  total->migrations += part->migrations;
  total->costops += part->costops;
  total->lhp_events += part->lhp_events;
  total->lwp_events += part->lwp_events;
  total->ple_exits += part->ple_exits;
  total->smt_shared_ns += part->smt_shared_ns;
  total->polled_ns += part->polled_ns;
  total->poll_hits += part->poll_hits;
  total->delays += part->delays;
  total->delay_timeouts += part->delay_timeouts;
}

static void read_locks(struct vm_result *result, struct guest_vm *vm, struct arena *arena) {
  struct lock_result *locks = ARENA_ARRAY(arena, vm->n_locks, struct lock_result);
  for (uint32_t i = 0; i < vm->n_locks; i++) {
    struct lock *lock = &vm->locks[i];
    locks[i] = (struct lock_result){.spec = lock->spec,
                                    .acquisitions = lock->n_acquisitions,
                                    .contended = lock->n_contended,
                                    .wait = read_hist(&lock->wait),
                                    .hold = read_hist(&lock->hold)};
    memcpy(locks[i].spin_ns, lock->spin_ns, sizeof locks[i].spin_ns);
  }
  result->locks = locks;
  result->n_locks = vm->n_locks;
}

static void read_interrupts(struct vm_result *result, struct guest_vm *vm, struct arena *arena) {
  struct interrupt_result *interrupts =
      ARENA_ARRAY(arena, vm->n_interrupts, struct interrupt_result);
  for (uint32_t i = 0; i < vm->n_interrupts; i++) {
    struct interrupt *source = &vm->interrupts[i];
    interrupts[i] = (struct interrupt_result){.spec = source->spec,
                                              .arrivals = source->n_arrivals,
                                              .coalesced = source->n_coalesced,
                                              .taken = source->n_taken,
                                              .latency = read_hist(&source->latency)};
  }
  result->interrupts = interrupts;
}

static void read_steal(struct vm_result *result, const struct hv *hv, vm_id_t vm,
                       struct arena *arena) {
  struct steal_result *steal = ARENA_ARRAY(arena, hv->n_vms + 1, struct steal_result);
  steal_read(hv, vm, &steal->ready_ns);
  result->steal = steal;
}

static void read_vm(struct vm_result *result, const struct hv *hv, const struct hv_vm *vm,
                    struct guest_vm *guest_vm, struct arena *arena) {
  struct vcpu_result *vcpus = ARENA_ARRAY(arena, vm->n_vcpus, struct vcpu_result);
  if (vm->skew) skew_finish(vm->skew);
  for (uint32_t i = 0; i < vm->n_vcpus; i++) {
    vcpus[i].ledger = read_ledger(&hv->vcpus[vm->first_vcpu + i]);
    if (vm->skew) vcpus[i].lead_max_ns = vm->skew->clock[i].lead_max_ns;
    add_ledger(&result->total, &vcpus[i].ledger);
  }
  result->vcpus = vcpus;
  result->latency = read_hist(&guest_vm->latency);
  result->iterations = result->latency.n;
  result->deadlocks = guest_vm->n_deadlocks;
  result->hazard_ns = vm->hazard_ns;
  if (vm->skew) {
    result->skew_max_ns = vm->skew->max_ns;
    result->skew_integral2 = vm->skew->integral2;
    result->skew_p99_ns = skew_percentile(vm->skew, 0.99);
  }
  read_locks(result, guest_vm, arena);
  read_interrupts(result, guest_vm, arena);
  if (hv->steal) read_steal(result, hv, vm->id, arena);
}

static const char *word_who(const struct guest_who *who, struct arena *arena) {
  if (!who->interrupt) return arena_printf(arena, "thread %u", who->number);
  return arena_printf(arena, "interrupt '%s' on v%u", who->interrupt, who->number);
}

static const char *word_link(const struct guest_link *link, const struct guest_link *next,
                             struct arena *arena) {
  char since[DURATION_TEXT_MAX];
  const char *who = word_who(&link->who, arena), *whom = word_who(&next->who, arena);
  (void)duration_format(link->since_ns, since);
  switch (link->how) {
    case LINK_WAITS:
      return arena_printf(arena, "%s waits for '%s', which %s owns since %s (%s)", who, link->lock,
                          whom, since, link->path);
    case LINK_INTERRUPTED:
      return arena_printf(arena,
                          "%s is interrupted by %s inside '%s' (%s), which enables interrupts", who,
                          whom, link->lock, link->path);
    case LINK_CALLS:
      break;
  }
  return arena_printf(arena, "%s calls v%u since %s (%s), where %s keeps interrupts disabled", who,
                      link->called, since, link->path, whom);
}

static const char *word_deadlock(const struct guest_note *note, struct arena *arena) {
  const char *text = "";
  uint32_t n = note->n_links < GUEST_NOTE_LINKS ? note->n_links : GUEST_NOTE_LINKS;
  for (uint32_t i = 0; i < n; i++) {
    const struct guest_link *next = &note->link[i + 1 < n ? i + 1 : 0];
    text = arena_printf(arena, "%s%s%s", text, i > 0 ? "; " : "",
                        word_link(&note->link[i], next, arena));
  }
  return note->n_links > n ? arena_printf(arena, "%s; … (%u in all)", text, note->n_links) : text;
}

static const char *word_order(const struct guest_note *note, struct arena *arena) {
  const struct guest_link *inner = &note->link[0], *outer = &note->link[1];
  return arena_printf(arena, "%s asks for '%s' (%s) while its vCPU owns '%s' (%s, by %s)",
                      word_who(&inner->who, arena), inner->lock, inner->path, outer->lock,
                      outer->path, word_who(&outer->who, arena));
}

static const char *word_note(const struct scenario *scenario, const struct guest_note *note,
                             struct arena *arena) {
  char at[DURATION_TEXT_MAX];
  bool is_order = note->what == NOTE_ORDER;
  return arena_printf(arena, "%s in %s at %s: %s", is_order ? "lock order broken" : "deadlock",
                      scenario->vms[note->vm].name, duration_format(note->at_ns, at),
                      is_order ? word_order(note, arena) : word_deadlock(note, arena));
}

static void read_notes(struct run_result *result, const struct guest *guest, struct arena *arena) {
  struct run_note *notes = ARENA_ARRAY(arena, guest->n_notes, struct run_note);
  for (uint32_t i = 0; i < guest->n_notes; i++) {
    const struct guest_note *note = &guest->notes[i];
    notes[i] = (struct run_note){note->at_ns, note->vm, word_note(result->scenario, note, arena)};
  }
  result->notes = notes;
  result->n_notes = guest->n_notes;
}

struct run_result *readout(const struct scenario *scenario, const struct hv *hv,
                           const struct guest *guest, const struct batches *batches,
                           struct arena *arena) {
  struct run_result *result = ARENA_NEW(arena, struct run_result);
  struct vm_result *vms = ARENA_ARRAY(arena, scenario->n_vms, struct vm_result);
  *result = (struct run_result){.scenario = scenario,
                                .seed = scenario->run.seed,
                                .window_ns = scenario->run.duration_ns,
                                .vms = vms};
  int64_t running_ns = 0;
  for (uint32_t i = 0; i < scenario->n_vms; i++) {
    vms[i].spec = &scenario->vms[i];
    read_vm(&vms[i], hv, &hv->vms[i], &guest->vms[i], arena);
    batches_read(batches, i, &vms[i]);
    running_ns += vms[i].total.runstate_ns[RS_RUNNING];
    result->host.overhead_ns += vms[i].total.activity_ns[ACT_OVERHEAD];
    /* A run that was stopped early has booked less than its window. */
    if (hv->sim->now_ns < scenario->run.warmup_ns + scenario->run.duration_ns) continue;
    for (uint32_t k = 0; k < hv->vms[i].n_vcpus; k++)
      assert_identities(&vms[i].vcpus[k].ledger, result->window_ns);
  }
  for (pcpu_id_t p = 0; p < hv->n_pcpus; p++) result->host.busy_ns += hv->pcpus[p].busy_ns;
  assert(result->host.busy_ns == running_ns);
  result->host.fragmentation_ns = hv->fragmentation_ns;
  result->host.forced_idle_ns = hv->forced_idle_ns;
  result->host.context_switches = hv->n_context_switches;
  result->host.events = hv->sim->n_events;
  read_notes(result, guest, arena);
  return result;
}
