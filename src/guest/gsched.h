/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Guest schedulers: a kind answers "where does a woken thread go", "who is next on this vCPU" and
   "until when"; threads.c and run.c act on it. To add one: a file gsched_<kind>.c and a line in
   GSCHED_KINDS. */
#ifndef COSTOP_GUEST_GSCHED_H
#define COSTOP_GUEST_GSCHED_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/arena.h"
#include "sim/param.h"

#define GSCHED_KINDS(X) \
  X(rr)                 \
  X(osv)

struct guest_vcpu;
struct guest_vm;
struct thread;

struct gsched_ops {
  struct kind kind;
  bool has_timeslices; /* guest_timeslice counts */
  bool steals;         /* a vCPU about to halt takes a ready thread of a sibling */
  /* Where t, woken, goes. */
  struct guest_vcpu *(*wake_place)(const struct thread *t);
  /* g executes, and threads are ready there: when has it to look up next? Now or later. */
  int64_t (*boundary_ns)(const struct guest_vcpu *g);
  /* That instant has come: has its current thread to make way for the head of the queue? */
  bool (*turn_is_over)(struct guest_vcpu *g);
  /* What the kind wants to know besides; NULL: nothing. */
  const struct gsched_hooks *hooks;
};

/* All of them must be there. */
struct gsched_hooks {
  /* Returns the kind's state, kept in vm->gsched_state; the vCPUs and threads are there. */
  void *(*create)(struct guest_vm *vm, const void *params, struct arena *arena);
  /* g's current thread has become so; is about to be so no more. Not told of handlers. */
  void (*started)(struct guest_vcpu *g);
  void (*stopping)(struct guest_vcpu *g);
  /* Who of g's queue, which is in order, comes behind t, which is about to join it? NULL: nobody.
   */
  struct thread *(*follower)(const struct guest_vcpu *g, const struct thread *t);
  /* A thread has come to g's queue from elsewhere; an IPI arrives at g, which has not halted. */
  void (*came)(struct guest_vcpu *g);
  void (*notified)(struct guest_vcpu *g);
  /* g halts; maybe for a lock, with a current thread. */
  void (*halting)(struct guest_vcpu *g);
};
#define X(name) extern const struct gsched_ops gsched_##name;
GSCHED_KINDS(X)
#undef X

/* NULL-terminated, in the order of GSCHED_KINDS. */
extern const struct gsched_ops *const gsched_kinds[];

struct gsched_osv_params {
  int64_t decay_ns, hysteresis_ns, balance_interval_ns, idle_poll_ns;
};

#endif
