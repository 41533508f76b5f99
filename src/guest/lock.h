/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Locks: a kind answers "granted, spin or block" and "who owns next"; lock.c acts on it. To add
   one: a file lock_<kind>.c and a line in LOCK_KINDS. */
#ifndef COSTOP_GUEST_LOCK_H
#define COSTOP_GUEST_LOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "guest/program.h"
#include "hv/runstate.h"
#include "sim/param.h"

#define LOCK_KINDS(X)   \
  X(tas)                \
  X(ttas)               \
  X(ticket)             \
  X(mcs)                \
  X(preemptable_ticket) \
  X(i_spinlock)         \
  X(pv)                 \
  X(rw_spin)            \
  X(os2)                \
  X(mutex)              \
  X(handoff)            \
  X(adaptive)           \
  X(rw_mutex)

struct lock;
struct thread;
struct vcpu;

enum lock_answer {
  LOCK_OWN,
  LOCK_SPIN, /* wait, spinning */
  LOCK_BLOCK /* queue, pay `block`, sleep */
};

/* What a waiter does that has spun for spin_limit. */
enum lock_limit {
  LIMIT_YIELD, /* lets other vCPUs go first, then spins on; unless on_limit says otherwise */
  LIMIT_BLOCK, /* goes to sleep */
  LIMIT_TAKE,  /* takes the lock if that is free */
  LIMIT_ASK,   /* asks for it anew, then spins on */
  LIMIT_HALT   /* halts its vCPU until it is kicked */
};

struct lock_ops {
  struct kind kind;
  bool is_spinlock; /* waiters never give up the vCPU: no sleep, yield, barrier or blocking lock
                       inside */
  bool is_fifo;     /* waiters queue, and a preempted one holds up all behind it */
  bool is_shared;   /* readers may own it together: next_owner is asked until it says NULL */
  bool spins_while_owner_current; /* else, spinners never mind who the owner is */
  enum lock_limit at_limit;
  uint32_t max_disturbers; /* waiters that handoff_cost.per_waiter counts at most */
  /* t asks (or, woken, asks again) for the lock; it is not in the queue unless asking again. */
  enum lock_answer (*request)(const struct lock *lock, const struct thread *t);
  /* The owner has let go: who owns it now? NULL (also for the operation): nobody, it is free. */
  struct thread *(*next_owner)(struct lock *lock);
  /* Guest time that t may spin on end; NULL: spin_limit says it. A FIFO lock that has it may be
     free while others than the first in line spin. */
  int64_t (*spin_left_ns)(const struct lock *lock, const struct thread *t);
  /* The vCPU of its owner runs, or runs no longer. May be NULL. */
  void (*owner_moved)(struct lock *lock);
  bool wakes_sleeper; /* a release then wakes the first in the queue, to try for it; of a FIFO lock
                         only if that is free now */
};
#define X(name) extern const struct lock_ops lock_##name;
LOCK_KINDS(X)
#undef X

/* NULL-terminated, in the order of LOCK_KINDS. */
extern const struct lock_ops *const lock_kinds[];

enum { DISTURBERS_ALL = UINT32_MAX };

/* --- lock.c: for run.c and threads.c --- */
/* t, executing, asks for the lock: it owns it and has entered, or waits; its phase says how. */
void lock_request(struct thread *t, struct lock *lock);
/* A woken waiter, or a spinning one that need not spin on, tries again. */
void lock_retry(struct thread *t);
/* Has a spinning waiter nothing better to do than to spin on? */
bool lock_must_spin(const struct thread *t);
/* Guest time that it may still spin. */
int64_t lock_spin_left_ns(const struct thread *t);
/* `line_up` has been paid: t stands in line now, or owns the lock if that was left to it. */
void lock_stands_in_line(struct thread *t);
/* `block` has been paid. True: t sleeps now; false: it was woken or granted the lock meanwhile. */
bool lock_falls_asleep(struct thread *t);
/* A spinning, executing waiter has spun for spin_limit. */
void lock_reach_limit(struct thread *t);
/* The hand-off has been paid: the owner enters its section. */
void lock_enter(struct thread *t);
/* t, executing, releases the lock that it took last; returns what it has to pay for waking. */
int64_t lock_release(struct thread *t);
/* A waiting thread begins, or ceases, to execute its spin. */
void lock_begin_spin(struct thread *t);
void lock_end_spin(struct thread *t);
/* A waiting thread became current on a RUNNING vCPU (+1), or is so no longer (-1). */
void lock_waiter_runs(struct thread *t, int change);
/* The runstate of the vCPU of a lock's owner has changed. */
void lock_owner_moved(struct thread *t);
/* t is about to be current no more: those who spin only while it is must stop. */
void lock_owner_leaves(struct thread *t);

/* What is the matter with the owner of a lock, or of a part of one. */
enum spin_cause lock_part_cause(const struct lock *part);
/* Does the order of classes allow to take inner while its vCPU owns outer? */
static inline bool lock_may_nest(const struct lock_params *outer, const struct lock_params *inner) {
  if (outer->order == LOCK_CLASS_NONE || inner->order == LOCK_CLASS_NONE) return true;
  return outer->order == LOCK_CLASS_KERNEL && inner->order == LOCK_CLASS_KERNEL &&
         inner->level > outer->level;
}
/* As they were written; kinds without a row for one have 0 for it. */
static inline struct lock_params lock_params_of(const struct lock_spec *spec) {
  struct lock_params params;
  memcpy(&params, spec->choice.params.bytes, sizeof params);
  return params;
}

/* --- for the kinds --- */
/* Does t, in line, execute its spin? */
bool lock_is_spun_by(const struct thread *t);
/* It is free though some wait: they look again how long they spin on. */
void lock_leave_free(struct lock *lock);
/* How long t, spinning for a free lock, has done so on end before that was free. */
int64_t lock_spun_before_free_ns(const struct lock *lock, const struct thread *t);
/* As far as its waiters look: a taken lock. */
bool lock_owner_seems_to_run(const struct lock *lock);
struct thread *lock_race(
    struct lock *lock); /* uniformly one of those who spin, executing; or NULL */

#endif
