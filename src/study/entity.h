/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a measure is of: a VM, one of its vCPUs, one of its locks, one of its sources of
   interrupts, or the host. */
#ifndef COSTOP_STUDY_ENTITY_H
#define COSTOP_STUDY_ENTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/arena.h"
#include "study/result.h"

enum scope { SCOPE_VM, SCOPE_VCPU, SCOPE_LOCK, SCOPE_INTERRUPT, SCOPE_HOST, SCOPES };

extern const char *const scope_names[SCOPES + 1]; /* "vm" …, NULL-terminated */

/* The same in every replication of a scenario. */
struct entity {
  enum scope scope;
  uint32_t vm;     /* index of the VM; 0 for the host */
  uint32_t member; /* index of the vCPU, lock or source in its VM, else 0 */
};

/* Walks all entities of a scope, VMs in the order of the file; false behind the last:
     struct entity entity;
     for (bool more = entity_first(run, scope, &entity); more; more = entity_next(run, &entity)) */
bool entity_first(const struct run_result *run, enum scope scope, struct entity *entity);
bool entity_next(const struct run_result *run, struct entity *entity);

/* "db", "db/v0", "db/runq", "host": the SCOPE of an expectation. */
const char *entity_name(const struct run_result *run, struct entity entity, struct arena *arena);

#endif
