/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A guest program, flattened: {"lock": L, "do": [...]} is OP_LOCK … OP_UNLOCK, "hold" is an
   OP_COMPUTE of purpose RNG_HOLD between them. The last op is OP_END: an iteration ends, begin
   anew. */
#ifndef COSTOP_GUEST_PROGRAM_H
#define COSTOP_GUEST_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/dist.h"

enum op_code { OP_COMPUTE, OP_LOCK, OP_UNLOCK, OP_SLEEP, OP_BARRIER, OP_YIELD, OP_END };

struct op {
  enum op_code code;
  enum rng_purpose purpose; /* of an OP_COMPUTE (compute or hold) or OP_SLEEP */
  struct dist dist;         /* OP_COMPUTE, OP_SLEEP */
  uint32_t target;  /* OP_LOCK, OP_UNLOCK: index of a lock_spec; OP_BARRIER: of a barrier_spec */
  bool is_read;     /* OP_LOCK: shares the lock with other readers, if its kind knows that */
  const char *path; /* the step in the scenario: "programs.oltp.1.hold" */
};

struct program {
  const char *name;
  const struct op *ops;
  uint32_t n_ops;
};

/* Does it have an op of that code and target? A VM has an instance of each lock and barrier that
   its program uses, in the order of the scenario. */
static inline bool program_uses(const struct program *program, enum op_code code, uint32_t target) {
  for (uint32_t i = 0; i < program->n_ops; i++)
    if (program->ops[i].code == code && program->ops[i].target == target) return true;
  return false;
}

/* What a spinlock's waiter does after spin_limit, in the order of lock_on_limit_words. */
enum lock_on_limit { ON_LIMIT_YIELD, ON_LIMIT_SPIN };

struct lock_params {
  int64_t acquire_ns;
  int64_t handoff_base_ns;
  int64_t handoff_per_waiter_ns;
  int64_t block_ns;
  int64_t wake_ns;
  int64_t spin_limit_ns; /* TIME_NEVER_NS: none */
  int64_t timeout_ns;    /* of preemptable-ticket */
  uint32_t on_limit;     /* enum lock_on_limit */
};

struct lock_spec {
  const char *name;
  struct kind_choice choice; /* kind: the first member of a struct lock_ops; params: lock_params */
};

enum barrier_wait { BARRIER_BLOCK, BARRIER_SPIN };

struct barrier_spec {
  const char *name;
  enum barrier_wait wait;
  uint32_t parties; /* 0: all threads of the VM */
};

enum guest_placement { PLACEMENT_IDLE_FIRST, PLACEMENT_PINNED };
enum guest_balance { BALANCE_STEAL, BALANCE_NONE };

/* What a VM's guest needs to know; see study/scenario.h for the host's side of it. */
struct guest_spec {
  uint32_t n_vcpus, n_threads;
  const struct program *program;
  uint64_t iterations; /* of each thread; 0: for ever */
  enum guest_placement placement;
  enum guest_balance balance;
  int64_t timeslice_ns;
  int64_t switch_ns;
  int64_t ipi_latency_ns;
};

#endif
