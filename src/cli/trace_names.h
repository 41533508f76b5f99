/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who the host-wide ids of trace records are, as people call them: "db/v0", "runq". */
#ifndef COSTOP_CLI_TRACE_NAMES_H
#define COSTOP_CLI_TRACE_NAMES_H

#include "sim/arena.h"
#include "sim/ids.h"
#include "study/scenario.h"

struct trace_names {
  const struct scenario *scenario;
  uint32_t n_vms, n_vcpus, n_threads, n_locks;
  /* By VM; the entry behind the last VM's is the number of all. */
  const uint32_t *first_vcpu, *first_thread, *first_lock;
  const vm_id_t *vm_of_vcpu, *vm_of_thread;
  const struct lock_spec *const *locks; /* by lock id */
};

const struct trace_names *trace_names_build(const struct scenario *scenario, struct arena *arena);

#endif
