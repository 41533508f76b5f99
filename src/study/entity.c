/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/entity.h"

const char *const scope_names[SCOPES + 1] = {
    [SCOPE_VM] = "vm",       [SCOPE_VCPU] = "vcpu",
    [SCOPE_LOCK] = "lock",   [SCOPE_INTERRUPT] = "interrupt",
    [SCOPE_STEAL] = "steal", [SCOPE_HOST] = "host"};

uint32_t entity_n_stealers(const struct scenario *scenario) {
  return scenario->run.has_steal_matrix ? scenario->n_vms + 1 : 0;
}

const char *entity_stealer(const struct scenario *scenario, uint32_t member) {
  return member < scenario->n_vms ? scenario->vms[member].name : "(idle)";
}

static uint32_t entity_n_members(const struct run_result *run, struct entity entity) {
  const struct vm_result *vm = &run->vms[entity.vm];
  switch (entity.scope) {
    case SCOPE_VM:
      return 1;
    case SCOPE_VCPU:
      return vm->spec->guest.n_vcpus;
    case SCOPE_LOCK:
      return vm->n_locks;
    case SCOPE_INTERRUPT:
      return vm->spec->guest.n_interrupts;
    case SCOPE_STEAL:
      return entity_n_stealers(run->scenario);
    case SCOPE_HOST:
    case SCOPES:
      break;
  }
  return 0;
}

/* Goes on to the next VM until there is a member. */
static bool entity_settle(const struct run_result *run, struct entity *entity) {
  while (entity->vm < run->scenario->n_vms) {
    if (entity->member < entity_n_members(run, *entity)) return true;
    entity->vm++;
    entity->member = 0;
  }
  return false;
}

bool entity_first(const struct run_result *run, enum scope scope, struct entity *entity) {
  *entity = (struct entity){.scope = scope};
  return scope == SCOPE_HOST || entity_settle(run, entity);
}

bool entity_next(const struct run_result *run, struct entity *entity) {
  if (entity->scope == SCOPE_HOST) return false;
  entity->member++;
  return entity_settle(run, entity);
}

const char *entity_name(const struct run_result *run, struct entity entity, struct arena *arena) {
  const struct vm_result *vm = entity.scope == SCOPE_HOST ? NULL : &run->vms[entity.vm];
  switch (entity.scope) {
    case SCOPE_VM:
      return vm->spec->name;
    case SCOPE_VCPU:
      return arena_printf(arena, "%s/v%u", vm->spec->name, entity.member);
    case SCOPE_LOCK:
      return arena_printf(arena, "%s/%s", vm->spec->name, vm->locks[entity.member].spec->name);
    case SCOPE_INTERRUPT:
      return arena_printf(arena, "%s/%s", vm->spec->name, vm->interrupts[entity.member].spec->name);
    case SCOPE_STEAL:
      return arena_printf(arena, "%s/%s", vm->spec->name,
                          entity_stealer(run->scenario, entity.member));
    case SCOPE_HOST:
    case SCOPES:
      break;
  }
  return scope_names[SCOPE_HOST];
}
