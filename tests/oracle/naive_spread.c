/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Balance scheduling: siblings stay apart. Of schedulers whose pCPUs have queues of their own. */
#include "naive_world.h"

bool naive_spread_has_sibling(const struct naive_vcpu *vcpu, uint32_t pcpu, bool is_running_too) {
  for (uint32_t i = 0; i < vcpu->vm->n_vcpus; i++) {
    const struct naive_vcpu *sibling = &vcpu->vm->vcpus[i];
    if (sibling == vcpu || sibling->stands != pcpu) continue;
    if (naive_host_is_waiting(sibling)) return true;
    if (is_running_too && sibling->runstate == RS_RUNNING) return true;
  }
  return false;
}

uint32_t naive_spread_apart(const struct naive_world *world, const struct naive_vcpu *vcpu,
                            uint32_t pcpu) {
  uint32_t next = pcpu;
  if (!naive_spread_has_sibling(vcpu, pcpu, true)) return pcpu;
  for (uint32_t i = world->n_pcpus; i-- > 1;) {
    uint32_t p = (pcpu + i) % world->n_pcpus;
    if (naive_host_may_use(world, vcpu, p) && !naive_spread_has_sibling(vcpu, p, true)) next = p;
  }
  for (uint32_t p = world->n_pcpus; p-- > 0;) {
    bool is_idle = !world->pcpus[p].runs && naive_host_may_use(world, vcpu, p);
    if (is_idle && !naive_spread_has_sibling(vcpu, p, true)) next = p;
  }
  return next;
}
