/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Life of a hypervisor: built in one arena, settled, reset after the warm-up, checked. */
#include <assert.h>
#include <string.h>

#include "hv/hv.h"
#include "hv/move.h"
#include "sim/time.h"

static uint32_t find_affinity(struct hv *hv, const uint64_t *mask) {
  uint32_t n_words = hv->free.n_words;
  if (!mask) return 0;
  for (uint32_t i = 1; i < hv->n_affinities; i++)
    if (memcmp(hv->affinities[i].mask, mask, n_words * sizeof *mask) == 0) return i;
  struct affinity_set *set = &hv->affinities[hv->n_affinities];
  set->mask = mask;
  for (uint32_t w = 0; w < n_words; w++) set->n_pcpus += (uint32_t)__builtin_popcountll(mask[w]);
  return hv->n_affinities++;
}

static void create_vms(struct hv *hv, const struct hv_config *config,
                       const struct hv_vm_config *vms, struct arena *arena) {
  vcpu_id_t next = 0;
  for (uint32_t i = 0; i < hv->n_vms; i++) {
    struct hv_vm *vm = &hv->vms[i];
    *vm = (struct hv_vm){.id = i, .first_vcpu = next, .n_vcpus = vms[i].n_vcpus};
    vm->affinity = find_affinity(hv, vms[i].affinity);
    vm->n_in[RS_IDLE] = vm->n_vcpus;
    vm->weight = vms[i].weight;
    vm->cap_pct = vms[i].cap_pct;
    vm->reservation_pct = vms[i].reservation_pct;
    if (vm->n_vcpus > 1) {
      vm->skew = ARENA_NEW(arena, struct skew);
      skew_init(vm->skew, hv->sim, i, vm->n_vcpus, config->horizon_ns, arena);
    }
    for (uint32_t k = 0; k < vm->n_vcpus; k++, next++)
      hv->vcpus[next] = (struct vcpu){.runstate = RS_IDLE,
                                      .activity = NO_ACTIVITY,
                                      .id = next,
                                      .vm = i,
                                      .index = k,
                                      .pcpu = ID_NONE,
                                      .next_pcpu = ID_NONE,
                                      .home = ID_NONE,
                                      .affinity = vm->affinity,
                                      .listeners = sim_is_traced(hv->sim) ? LISTENER_TRACE : 0};
  }
}

pcpu_id_t hv_first_pcpu(const struct hv *hv, const struct vcpu *v) {
  const struct affinity_set *set = &hv->affinities[v->affinity];
  uint32_t nth = v->id % set->n_pcpus;
  if (!set->mask) return hv->prefers_idle_cores ? cores_nth_pcpu(hv, nth) : nth;
  pcpu_id_t p = 0;
  while (!hv_may_use(hv, v, p) || nth-- > 0) p++;
  return p;
}

struct hv *hv_create(const struct hv_config *config, const struct hv_vm_config *vms,
                     struct sim *sim, struct arena *arena) {
  struct hv *hv = ARENA_NEW(arena, struct hv);
  *hv = (struct hv){.sim = sim,
                    .n_pcpus = config->n_pcpus,
                    .n_vms = config->n_vms,
                    .context_switch_ns = config->context_switch_ns,
                    .migration_ns = config->migrations_ns[DISTANCE_HOST],
                    .topology = config->topology,
                    .ple = config->ple,
                    .poll = config->poll,
                    .delay_ns = config->delay_ns,
                    .timer_ns = TIME_NEVER_NS,
                    .poll_ns = TIME_NEVER_NS,
                    .n_idle = config->n_pcpus,
                    .n_affinities = 1};
  for (int d = 0; d < DISTANCES; d++) {
    hv->migrations_ns[d] = config->migrations_ns[d];
    if (config->migrations_ns[d] != config->migrations_ns[DISTANCE_HOST])
      hv->migration_ns = MIGRATION_VARIES;
  }
  for (uint32_t i = 0; i < config->n_vms; i++) hv->n_vcpus += vms[i].n_vcpus;
  hv->pcpus = ARENA_ARRAY(arena, hv->n_pcpus, struct pcpu);
  hv->vcpus = ARENA_ARRAY(arena, hv->n_vcpus, struct vcpu);
  hv->vms = ARENA_ARRAY(arena, hv->n_vms, struct hv_vm);
  hv->dirty_vms = ARENA_ARRAY(arena, hv->n_vms, vm_id_t);
  hv->expired = ARENA_ARRAY(arena, hv->n_pcpus, struct vcpu *);
  hv->picks = ARENA_ARRAY(arena, hv->n_vcpus, struct vcpu *);
  hv->affinities = ARENA_ARRAY(arena, hv->n_vms + 1, struct affinity_set);
  hv->affinities[0].n_pcpus = hv->n_pcpus;
  pcpuset_init(&hv->free, arena, hv->n_pcpus);
  pcpuset_init(&hv->asked, arena, hv->n_pcpus);
  pcpuset_init(&hv->yielded, arena, hv->n_pcpus);
  pcpuset_init(&hv->queued, arena, hv->n_pcpus);
  for (pcpu_id_t p = 0; p < hv->n_pcpus; p++) pcpuset_add(&hv->free, p);
  create_vms(hv, config, vms, arena);
  hv->sched = (const struct sched_ops *)(const void *)config->scheduler->kind;
  hv->cosched = (const struct cosched_ops *)(const void *)config->coscheduling->kind;
  bool has_choice = hv->sched != &sched_null; /* of who runs where */
  cores_create(hv, config->smt_speed, config->is_core_scheduled && has_choice, arena);
  if (hv->sched->create)
    hv->sched_state = hv->sched->create(hv, config->scheduler->params.bytes, arena);
  if (hv->cosched->create)
    hv->cosched_state = hv->cosched->create(hv, config->coscheduling->params.bytes, arena);
  hv->is_big = hv->n_vcpus >= BIG_HOST;
  bool asks_nobody = !hv->cosched->offer && !hv->sched->slice_ns;
  bool is_simple = hv->delay_ns == 0 && !hv->is_core_scheduled;
  hv->is_plain = asks_nobody && is_simple && hv->fifo && hv->vcpus[0].home == ID_NONE;
  hv->is_picked = !hv->cosched->offer && is_simple && hv->sched->pick;
  hv_choose_ways(hv);
  bool minds_cores = hv->cores || hv->poll.max_ns > 0 || hv->migration_ns == MIGRATION_VARIES;
  bool is_told = hv->is_plain && (hv->sched->started || hv->sched->stopped);
  bool is_listened_to = minds_cores || is_told;
  for (vcpu_id_t i = 0; i < hv->n_vcpus; i++) {
    struct vcpu *v = &hv->vcpus[i];
    struct hv_vm *vm = hv_vm_of(hv, v);
    if (is_listened_to) v->listeners |= LISTENER_HOST;
    if (!vm->skew && !hv->cosched->offer) continue;
    v->group = vm;
    v->listeners |= LISTENER_VM;
  }
  if (config->has_steal_matrix) hv->steal = steal_create(hv, arena);
  return hv;
}

void hv_settle(struct hv *hv) {
  int64_t now = hv->sim->now_ns;
  for (pcpu_id_t p = 0; p < hv->n_pcpus; p++) {
    struct pcpu *pcpu = &hv->pcpus[p];
    if (pcpu->current) pcpu->busy_ns += now - pcpu->busy_since_ns;
    pcpu->busy_since_ns = now;
    if (pcpu->poller) poll_book(hv, pcpu->poller);
  }
  for (vcpu_id_t i = 0; i < hv->n_vcpus; i++) {
    struct vcpu *v = &hv->vcpus[i];
    unsigned account = v->runstate == RS_RUNNING ? v->activity : account_of(v->runstate);
    hv_book(v, account, now);
    cores_settle(hv, v);
  }
  for (vm_id_t i = 0; i < hv->n_vms; i++)
    if (hv->vms[i].skew) hv_book_siblings(hv, &hv->vms[i]);
  if (hv->steal) steal_settle(hv);
}

void hv_reset(struct hv *hv) {
  hv_settle(hv);
  hv->fragmentation_ns = hv->forced_idle_ns = 0;
  hv->n_context_switches = 0;
  for (pcpu_id_t p = 0; p < hv->n_pcpus; p++) hv->pcpus[p].busy_ns = 0;
  for (vcpu_id_t i = 0; i < hv->n_vcpus; i++) {
    struct vcpu *v = &hv->vcpus[i];
    memset(v->time_ns, 0, sizeof v->time_ns);
    memset(v->spin_ns, 0, sizeof v->spin_ns);
    v->dispatches = v->preemptions = v->migrations = v->costops = 0;
    v->lhp_events = v->lwp_events = v->ple_exits = v->delays = v->delay_timeouts = 0;
    v->smt_shared_ns = v->polled_ns = 0;
    v->poll_hits = 0;
  }
  for (vm_id_t i = 0; i < hv->n_vms; i++) {
    hv->vms[i].hazard_ns = 0;
    if (hv->vms[i].skew) skew_reset(hv->vms[i].skew);
  }
  if (hv->steal) steal_reset(hv);
}

static void check_vm(const struct hv *hv, const struct hv_vm *vm, uint32_t *n_waiting,
                     uint32_t *n_queued) {
  uint32_t n_in[RUNSTATES] = {0};
  for (uint32_t k = 0; k < vm->n_vcpus; k++) {
    const struct vcpu *v = &hv->vcpus[vm->first_vcpu + k];
    n_in[v->runstate]++;
    if (v->is_queued) (*n_queued)++;
    assert((v->runstate == RS_RUNNING) == (v->activity != NO_ACTIVITY));
    assert(!v->is_executing || v->runstate == RS_RUNNING);
    assert(!v->has_expired && (!v->has_yielded || pcpuset_has(&hv->asked, v->pcpu)));
    assert(!v->is_queued || v->runstate == RS_READY);
    assert(!v->is_delayed || (v->runstate == RS_RUNNING && hv->delay_ns > 0));
    assert(!v->is_unsafe || (v->is_delayed && guest_is_inside(hv->guest, v)));
    if (v->runstate == RS_RUNNING) assert(hv->pcpus[v->pcpu].current == v);
    if (vm->skew) {
      enum skew_where where = vm->skew->clock[k].where;
      assert((where == SKEW_OUT) == (v->runstate == RS_IDLE));
      assert(where != SKEW_ADVANCING || v->runstate == RS_RUNNING);
    }
  }
  *n_waiting += n_in[RS_READY] + n_in[RS_COSTOP];
  for (int state = 0; state < RUNSTATES; state++)
    assert(n_in[state] == vm->n_in[state] || !hv->vcpus[vm->first_vcpu].group);
  assert(vm->n_expired == 0);
}

void hv_check(const struct hv *hv) {
  uint32_t n_idle = 0, n_waiting = 0, n_queued = 0;
  for (pcpu_id_t p = 0; p < hv->n_pcpus; p++) {
    const struct vcpu *v = hv->pcpus[p].current;
    assert(!v || (v->runstate == RS_RUNNING && v->pcpu == p));
    assert(hv->is_core_scheduled || pcpuset_has(&hv->free, p) == (v == NULL));
    if (!v) n_idle++;
    const struct vcpu *poller = hv->pcpus[p].poller;
    assert(!poller || (!v && poller->runstate == RS_IDLE && poller->pcpu == p));
  }
  for (vm_id_t i = 0; i < hv->n_vms; i++) check_vm(hv, &hv->vms[i], &n_waiting, &n_queued);
  assert(n_idle == hv->n_idle && (hv->is_core_scheduled || n_idle == hv->free.n_members));
  assert(n_waiting == hv->n_waiting && n_queued == hv->n_queued);
  cores_check(hv);
  if (hv->sched->audit) hv->sched->audit(hv);
}
