/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hv/spread.h"

const char *const spread_words[] = {
    [SCHED_PLACE_ANY] = "any", [SCHED_PLACE_BALANCE] = "balance", NULL};

static bool is_in_queue(const struct vcpu *v) { return v->is_queued && !v->is_parked; }

static bool has(const struct hv *hv, const struct vcpu *v, pcpu_id_t p, bool is_running_too) {
  const struct hv_vm *vm = hv_vm_of(hv, v);
  for (uint32_t k = 0; k < vm->n_vcpus; k++) {
    const struct vcpu *sibling = &hv->vcpus[vm->first_vcpu + k];
    bool counts = is_in_queue(sibling) || (is_running_too && sibling->runstate == RS_RUNNING);
    if (sibling != v && counts && hv->sched->queue_of(hv, sibling) == p) return true;
  }
  return false;
}

bool spread_has_queued(const struct hv *hv, const struct vcpu *v, pcpu_id_t p) {
  return has(hv, v, p, false);
}

bool spread_has_sibling(const struct hv *hv, const struct vcpu *v, pcpu_id_t p) {
  return has(hv, v, p, true);
}

/* The first pCPU without a sibling from `from` on; idle ones only, or all. */
static pcpu_id_t find(const struct hv *hv, const struct vcpu *v, pcpu_id_t from, bool is_idle) {
  for (pcpu_id_t i = 0; i < hv->n_pcpus; i++) {
    pcpu_id_t p = (from + i) % hv->n_pcpus;
    if (is_idle && !pcpuset_has(&hv->free, p)) continue;
    if (hv_may_use(hv, v, p) && !spread_has_sibling(hv, v, p)) return p;
  }
  return ID_NONE;
}

pcpu_id_t spread_apart(const struct hv *hv, const struct vcpu *v, pcpu_id_t p) {
  if (!spread_has_sibling(hv, v, p)) return p;
  pcpu_id_t place = find(hv, v, 0, true);
  if (place == ID_NONE) place = find(hv, v, p, false);
  return place == ID_NONE ? p : place;
}

void spread_audit(const struct hv *hv) {
  for (vcpu_id_t i = 0; hv->is_spread && i < hv->n_vcpus; i++) {
    const struct vcpu *v = &hv->vcpus[i];
    bool is_there = is_in_queue(v) || v->runstate == RS_RUNNING;
    bool has_room = hv_vm_of(hv, v)->n_vcpus <= hv->affinities[v->affinity].n_pcpus;
    assert(!is_there || !has_room || !spread_has_sibling(hv, v, hv->sched->queue_of(hv, v)));
  }
}
