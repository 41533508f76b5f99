/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/trace_names.h"

static const struct lock_spec **list_locks(const struct scenario *scenario, uint32_t *first,
                                           struct arena *arena) {
  const struct lock_spec **locks =
      ARENA_ARRAY(arena, (size_t)scenario->n_vms * scenario->n_locks, const struct lock_spec *);
  for (uint32_t v = 0; v < scenario->n_vms; v++) {
    first[v + 1] = first[v];
    for (uint32_t l = 0; l < scenario->n_locks; l++)
      if (guest_uses(&scenario->vms[v].guest, OP_LOCK, l))
        locks[first[v + 1]++] = &scenario->locks[l];
  }
  return locks;
}

/* Turns first members into the owner of every member. */
static vm_id_t *list_owners(const uint32_t *first, uint32_t n_vms, struct arena *arena) {
  vm_id_t *owners = ARENA_ARRAY(arena, first[n_vms], vm_id_t);
  for (vm_id_t vm = 0; vm < n_vms; vm++)
    for (uint32_t i = first[vm]; i < first[vm + 1]; i++) owners[i] = vm;
  return owners;
}

const struct trace_names *trace_names_build(const struct scenario *scenario, struct arena *arena) {
  struct trace_names *names = ARENA_NEW(arena, struct trace_names);
  uint32_t n_vms = scenario->n_vms;
  uint32_t *first_vcpu = ARENA_ARRAY(arena, n_vms + 1, uint32_t);
  uint32_t *first_thread = ARENA_ARRAY(arena, n_vms + 1, uint32_t);
  uint32_t *first_lock = ARENA_ARRAY(arena, n_vms + 1, uint32_t);
  for (uint32_t v = 0; v < n_vms; v++) {
    first_vcpu[v + 1] = first_vcpu[v] + scenario->vms[v].guest.n_vcpus;
    first_thread[v + 1] = first_thread[v] + guest_n_contexts(&scenario->vms[v].guest);
  }
  names->locks = list_locks(scenario, first_lock, arena);
  names->scenario = scenario;
  names->n_vms = n_vms;
  names->n_vcpus = first_vcpu[n_vms];
  names->n_threads = first_thread[n_vms];
  names->n_locks = first_lock[n_vms];
  names->first_vcpu = first_vcpu;
  names->first_thread = first_thread;
  names->first_lock = first_lock;
  names->vm_of_vcpu = list_owners(first_vcpu, n_vms, arena);
  names->vm_of_thread = list_owners(first_thread, n_vms, arena);
  return names;
}
