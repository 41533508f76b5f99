/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who waits for whom, as sets of a VM's threads and handlers. */
#include "naive_world.h"

static uint64_t bit(const struct naive_thread *thread) { return UINT64_C(1) << thread->index; }

static uint64_t disabled_on(const struct naive_vcpu *vcpu) {
  uint64_t set = 0;
  if (vcpu->is_handling) set |= bit(vcpu->handler);
  if (vcpu->current && naive_interrupt_are_off(vcpu->current)) set |= bit(vcpu->current);
  return set;
}

static uint64_t waited_for(const struct naive_thread *thread) {
  uint64_t set = 0;
  if (thread->waits_for && thread->waits_for->owner) set |= bit(thread->waits_for->owner);
  if (naive_interrupt_is_paused(thread)) set |= bit(thread->vcpu->handler);
  if (thread->mode != MODE_CALL_SPIN) return set;
  for (uint32_t i = 0; i < thread->vm->n_vcpus; i++)
    if (thread->call_left >> i & 1) set |= disabled_on(&thread->vm->vcpus[i]);
  return set;
}

bool naive_deadlock_has(const struct naive_thread *thread) {
  uint64_t reached = waited_for(thread), before = 0;
  while (reached != before) {
    before = reached;
    for (uint32_t i = 0; i < thread->vm->n_threads; i++)
      if (reached >> i & 1) reached |= waited_for(&thread->vm->threads[i]);
  }
  return reached & bit(thread);
}
