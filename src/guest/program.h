/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A guest program, flattened: {"lock": L, "do": [...]} is OP_LOCK … OP_UNLOCK, "hold" is an
   OP_COMPUTE of purpose RNG_HOLD between them. The last op is OP_END: an iteration ends, begin
   anew. An interrupt's handler begins with OP_ENTRY and ends with OP_RETURN. */
#ifndef COSTOP_GUEST_PROGRAM_H
#define COSTOP_GUEST_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/dist.h"
#include "sim/param.h"

enum op_code {
  OP_COMPUTE,
  OP_LOCK,
  OP_UNLOCK,
  OP_SLEEP,
  OP_BARRIER,
  OP_YIELD,
  OP_SHOOTDOWN,
  OP_ENTRY,
  OP_RETURN,
  OP_END
};

struct op {
  enum op_code code;
  enum rng_purpose purpose; /* of an OP_COMPUTE (compute or hold), OP_SLEEP or OP_SHOOTDOWN */
  struct dist dist;         /* … of these */
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
   its program or a handler uses, in the order of the scenario. */
static inline bool program_uses(const struct program *program, enum op_code code, uint32_t target) {
  for (uint32_t i = 0; i < program->n_ops; i++)
    if (program->ops[i].code == code && program->ops[i].target == target) return true;
  return false;
}

/* What a spinlock's waiter does after spin_limit, in the order of lock_on_limit_words. */
enum lock_on_limit { ON_LIMIT_YIELD, ON_LIMIT_SPIN };
enum lock_interrupts { LOCK_INTERRUPTS_ENABLED, LOCK_INTERRUPTS_DISABLED };
enum lock_class { LOCK_CLASS_NONE, LOCK_CLASS_KERNEL, LOCK_CLASS_DRIVER };

/* What adaptive looks at, in the order of its words. */
enum lock_watches { WATCHES_THREAD, WATCHES_VCPU };

struct lock_params {
  int64_t acquire_ns;
  int64_t handoff_base_ns;
  int64_t handoff_per_waiter_ns;
  int64_t line_up_ns; /* of handoff */
  int64_t block_ns;
  int64_t wake_ns;
  int64_t spin_limit_ns; /* TIME_NEVER_NS: none */
  int64_t timeout_ns;    /* of preemptable-ticket */
  int64_t room_ns;       /* of i-spinlock */
  uint32_t watches;      /* enum lock_watches */
  uint32_t on_limit;     /* enum lock_on_limit */
  uint32_t interrupts;   /* enum lock_interrupts: while a vCPU waits for it or owns it */
  uint32_t order;        /* enum lock_class */
  uint32_t level;
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

enum interrupt_kind { INTERRUPT_DEVICE, INTERRUPT_TIMER, INTERRUPT_CALL };
enum { INTERRUPT_ROTATES = UINT32_MAX };

/* A source of interrupts. One of INTERRUPT_CALL, with the handler's mere frame, stands for the
   calls of the VM's threads. */
struct interrupt_spec {
  const char *name;
  enum interrupt_kind kind;
  struct dist every; /* from one arrival to the next */
  uint32_t vcpu;     /* of a device: whom it interrupts, or INTERRUPT_ROTATES */
  int64_t entry_ns;
  struct program handler; /* from OP_ENTRY to OP_RETURN */
};

enum guest_placement { PLACEMENT_IDLE_FIRST, PLACEMENT_PINNED };
enum guest_balance { BALANCE_STEAL, BALANCE_NONE };

/* What a VM's guest needs to know; see study/scenario.h for the host's side of it. */
struct guest_spec {
  uint32_t n_vcpus, n_threads;
  const struct program *program;
  uint64_t iterations;          /* of each thread; 0: for ever */
  struct kind_choice scheduler; /* kind: the first member of a struct gsched_ops */
  enum guest_placement placement;
  enum guest_balance balance;
  int64_t timeslice_ns;
  int64_t switch_ns;
  int64_t ipi_latency_ns;
  const struct interrupt_spec *interrupts;
  uint32_t n_interrupts;
};

/* Does its program, or the handler of an interrupt? */
static inline bool guest_uses(const struct guest_spec *spec, enum op_code code, uint32_t target) {
  for (uint32_t i = 0; i < spec->n_interrupts; i++)
    if (program_uses(&spec->interrupts[i].handler, code, target)) return true;
  return program_uses(spec->program, code, target);
}
/* Its threads and, behind them, for each vCPU what handles its interrupts: all that may own locks.
 */
static inline uint32_t guest_n_contexts(const struct guest_spec *spec) {
  return spec->n_threads + (spec->n_interrupts > 0 ? spec->n_vcpus : 0);
}
/* By which a source reaches vCPUs: a timer is one on each of them. */
static inline uint32_t interrupt_n_lines(const struct interrupt_spec *spec, uint32_t n_vcpus) {
  switch (spec->kind) {
    case INTERRUPT_DEVICE:
      return 1;
    case INTERRUPT_TIMER:
      return n_vcpus;
    case INTERRUPT_CALL:
      break;
  }
  return 0;
}
static inline uint32_t guest_n_lines(const struct guest_spec *spec) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < spec->n_interrupts; i++)
    n += interrupt_n_lines(&spec->interrupts[i], spec->n_vcpus);
  return n;
}

#endif
