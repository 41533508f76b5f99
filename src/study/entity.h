/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a measure is of: a VM, one of its vCPUs, one of its locks, one of its sources of
   interrupts, one of those who ran while it was READY, or the host. */
#ifndef COSTOP_STUDY_ENTITY_H
#define COSTOP_STUDY_ENTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/arena.h"
#include "study/result.h"

enum scope { SCOPE_VM, SCOPE_VCPU, SCOPE_LOCK, SCOPE_INTERRUPT, SCOPE_STEAL, SCOPE_HOST, SCOPES };

extern const char *const scope_names[SCOPES + 1]; /* "vm" …, NULL-terminated */

/* The same in every replication of a scenario. */
struct entity {
  enum scope scope;
  uint32_t vm;     /* index of the VM; 0 for the host */
  uint32_t member; /* index of the vCPU, lock, source or stealer in its VM, else 0 */
};

/* Walks all entities of a scope, VMs in the order of the file; false behind the last:
     struct entity entity;
     for (bool more = entity_first(run, scope, &entity); more; more = entity_next(run, &entity)) */
bool entity_first(const struct run_result *run, enum scope scope, struct entity *entity);
bool entity_next(const struct run_result *run, struct entity *entity);

/* Among how many a VM's READY time is shared out: all VMs, and idle pCPUs; 0 if it is not. */
uint32_t entity_n_stealers(const struct scenario *scenario);
/* One of these; "(idle)". */
const char *entity_stealer(const struct scenario *scenario, uint32_t member);

/* "db", "db/v0", "db/runq", "db/noise", "host": the SCOPE of an expectation. */
const char *entity_name(const struct run_result *run, struct entity entity, struct arena *arena);

#endif
