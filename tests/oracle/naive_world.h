/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The state of the naive simulator. Queues are not lists: a member carries its place, a number from
   world.places, and whoever wants the head looks for the least. */
#ifndef COSTOP_TESTS_ORACLE_NAIVE_WORLD_H
#define COSTOP_TESTS_ORACLE_NAIVE_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "hv/cosched.h"
#include "hv/runstate.h"
#include "hv/sched.h"
#include "sim/arena.h"
#include "sim/ids.h"
#include "sim/rng.h"
#include "sim/trace.h"
#include "study/result.h"
#include "study/scenario.h"

enum { NAIVE_STEPS_MAX = 10000 };

enum naive_lock_kind {
  NAIVE_TAS,
  NAIVE_TTAS,
  NAIVE_TICKET,
  NAIVE_MCS,
  NAIVE_PV,
  NAIVE_MUTEX,
  NAIVE_HANDOFF,
  NAIVE_ADAPTIVE
};

enum naive_rule { NAIVE_NONE, NAIVE_STRICT, NAIVE_RELAXED };

/* Why a vCPU comes to the queue. */
enum naive_reason { REASON_WOKEN, REASON_COSTARTED, REASON_STOPPED };

enum naive_mode {
  MODE_NEXT,           /* begins the op at pc when it executes */
  MODE_WORK,           /* computes for left_ns */
  MODE_PAY,            /* pays a cost of left_ns, then `after` */
  MODE_SPIN,           /* busy-waits for waits_for */
  MODE_BARRIER_SPIN,   /* busy-waits at barrier */
  MODE_CALL_SPIN,      /* busy-waits for its cross call */
  MODE_HALTED,         /* has halted its vCPU until it is kicked */
  MODE_RETRY,          /* was woken: tries to take waits_for when it executes */
  MODE_ASLEEP,         /* until wake_at_ns */
  MODE_LOCK_ASLEEP,    /* until woken for waits_for */
  MODE_BARRIER_ASLEEP, /* until barrier opens */
  MODE_DONE
};

enum naive_after { AFTER_NEXT, AFTER_ENTER, AFTER_LINED_UP, AFTER_BLOCKED };

/* A thread of a guest, or what handles the interrupts of a vCPU: those stand behind its VM's
   threads, one for each vCPU. */
struct naive_thread {
  struct naive_vm *vm;
  uint32_t id, index; /* host-wide; in its VM */
  struct naive_vcpu *home, *vcpu;
  uint64_t fifo_place; /* in vcpu's FIFO; 0: not queued */
  int64_t queued_at_ns;
  enum naive_mode mode;
  enum naive_after after;
  enum activity pay_as;
  int64_t left_ns, spin_left_ns, wake_at_ns;
  uint32_t pc;
  struct naive_lock *pays_for;  /* the lock whose cost is paid, for the spin split */
  struct naive_lock *waits_for; /* from the request to ownership */
  uint64_t lock_place;          /* in the queue of waits_for; 0: not queued */
  bool is_woken;                /* a wake is outstanding */
  int64_t asked_at_ns;
  int64_t handoff_ns; /* what a grant charged, until it is being paid */
  struct naive_barrier *barrier;
  uint64_t barrier_place;
  uint64_t iterations;
  int64_t iteration_from_ns;
  int64_t steps_at_ns;
  uint32_t steps;
  struct rng_stream *stream; /* by purpose */
  const struct program *program;
  uint32_t call_left, call_untaken; /* bits of the vCPUs that have not handled, not begun to */
  int64_t call_at_ns, call_ns;
  struct naive_thread *answers; /* a handler's: who has called */
};

/* A device, or a timer on one vCPU. */
struct naive_line {
  struct naive_vm *vm;
  uint32_t source;
  struct naive_vcpu *vcpu; /* a timer's */
  int64_t at_ns;           /* of the next arrival */
  uint32_t n_arrivals;
  struct naive_vcpu *pending_on; /* NULL: not pending */
  int64_t pending_since_ns;
  struct rng_stream stream;
};

struct naive_lock {
  struct naive_vm *vm;
  uint32_t id;        /* host-wide */
  uint32_t spec_slot; /* in scenario->locks */
  const struct lock_spec *spec;
  const struct lock_params *params;
  enum naive_lock_kind kind;
  struct naive_thread *owner;
  bool has_entered;
  int64_t owned_at_ns;
  struct rng_stream race;
  struct lock_result result;
};

struct naive_barrier {
  const struct barrier_spec *spec;
  uint32_t slot, parties;
};

/* How many can run, and the average of that. */
struct naive_load {
  uint32_t n;
  int64_t average, since;
};

struct naive_vcpu {
  struct naive_vm *vm;
  uint32_t id, index; /* host-wide; in its VM */
  enum runstate runstate;
  uint32_t pcpu, last_pcpu; /* ID_NONE */
  int64_t overhead_left_ns;
  bool is_resuming; /* dispatched; has not executed guest code since */
  bool has_yielded; /* at this instant */
  int64_t slice_end_ns;
  uint64_t dispatch_place, queue_place; /* 0: not queued */
  int64_t progress_ns;
  int64_t ipi_at_ns; /* TIME_NEVER_NS: none in flight */
  struct naive_thread *current, *last_ran;
  struct naive_thread *handler; /* NULL: its VM has no interrupts */
  bool is_handling;             /* on top of the current thread, if there is one */
  bool is_fresh;                /* the current thread has not executed since it became current */
  bool is_switching;            /* pays guest_switch */
  bool has_deferred;            /* a guest timeslice ended while a spinlock forbade the switch */
  int64_t switch_left_ns;
  int64_t guest_ns;       /* guest time of the current thread since it became current */
  int64_t boundary_at_ns; /* when guest_ns last reached a multiple of the guest timeslice */
  bool is_expired, is_chosen, is_refused; /* in the dispatch phase */
  uint32_t placed_on;
  uint64_t choice;
  /* of schedulers where pCPUs pick */
  uint32_t stands; /* in the queue of which pCPU */
  bool is_parked;
  int64_t paid_until_ns, started_at_ns;
  /* of credit */
  int class;
  uint64_t tail_place; /* in its class; of eevdf: in its queue */
  bool is_active;
  int64_t credits;
  /* of credit2 */
  uint32_t queue;
  struct naive_load load;
  /* of esx */
  bool has_come_before, came_reserved;
  int64_t virtual_ns;
  /* of eevdf, too */
  bool is_member; /* of the queue where it stands */
  int64_t rest;   /* of what virtual_ns has been due, in 1/weight ns */
  int64_t deadline_ns, picked_deadline_ns, lag_ns;
  struct vcpu_result result;
};

struct naive_vm {
  const struct vm_spec *spec;
  uint32_t id, n_vcpus, n_threads, n_locks, n_lines; /* n_threads: with handlers */
  struct naive_vcpu *vcpus;
  struct naive_thread *threads;
  struct naive_lock *locks;
  struct naive_barrier *barriers; /* scenario->n_barriers */
  struct naive_line *lines;       /* in the order of their sources */
  struct rng_stream *streams;     /* of handlers: by vCPU, source and purpose */
  struct interrupt_result *interrupts;
  int64_t start_ns;
  bool has_started;
  int64_t refused_since_ns;                     /* -1: not since its last co-start */
  int64_t slice_end_ns;                         /* of a gang that was just chosen */
  int64_t limit_drawn_ns, reservation_drawn_ns; /* of credit2 and esx, in this period */
  struct vm_result result;
};

struct naive_pcpu {
  struct naive_vcpu *runs, *last_ran;
  bool is_taken; /* by a choice of the running scan */
  bool is_asked; /* to decide anew */
  bool is_done;  /* has found nobody in the running scan */
};

struct naive_world;

/* A scheduler under which each pCPU picks for itself; their work is in the file of that name. */
struct naive_sched {
  void (*queue)(struct naive_world *world, struct naive_vcpu *vcpu, enum naive_reason reason);
  void (*pay)(struct naive_world *world, struct naive_vcpu *vcpu); /* for the time since it did */
  struct naive_vcpu *(*pick)(struct naive_world *world, uint32_t pcpu);
  int64_t (*slice_end)(const struct naive_world *world, const struct naive_vcpu *vcpu,
                       bool is_picked_again);
  int64_t (*tick_at)(const struct naive_world *world, int64_t nth);
  void (*tick)(struct naive_world *world);
  /* May be NULL: it begins to run there; at the beginning; behind each dispatch phase. */
  void (*start)(struct naive_world *world, struct naive_vcpu *vcpu, uint32_t pcpu);
  void (*begin)(struct naive_world *world);
  void (*follow)(struct naive_world *world);
};
extern const struct naive_sched naive_credit, naive_credit2, naive_eevdf, naive_esx;

struct naive_world {
  const struct scenario *scenario;
  struct trace_sink *sink;
  struct naive_pcpu *pcpus;
  struct naive_vm *vms;
  struct naive_vcpu *vcpus;
  struct naive_thread *threads;
  struct naive_lock *locks;
  uint32_t n_pcpus, n_vms, n_vcpus, n_threads, n_locks;
  bool is_null;
  const struct naive_sched *sched; /* NULL: null and rr */
  int64_t timeslice_ns;            /* TIME_NEVER_NS: endless */
  enum naive_rule rule;
  bool counts_overhead; /* progress: pre4 */
  struct cosched_strict_params strict;
  struct cosched_relaxed_params relaxed;
  struct sched_credit_params credit;
  int64_t credit_sum;
  struct sched_credit2_params credit2;
  struct naive_load loads[64]; /* of credit2: by queue */
  uint32_t turns[64];          /* … the pCPU that got who came last by balancing */
  struct sched_eevdf_params eevdf;
  struct sched_esx_params esx;
  int64_t virtual_ns; /* of esx: the host's */
  int64_t n_ticks;
  int64_t now_ns;
  uint64_t places; /* the last place given out */
  bool is_batch_done, is_check_done, is_stuck;
  bool must_fill; /* a pCPU became free or a vCPU was queued since pCPUs were last filled */
  struct host_result host;
};

/* naive_world.c */
/* Whether all of it is simulated here. */
bool naive_world_knows(const struct scenario *scenario);
struct naive_world *naive_world_build(const struct scenario *scenario, uint32_t replication,
                                      struct arena *arena);
struct run_result *naive_world_result(struct naive_world *world, uint32_t replication,
                                      struct arena *arena);
void naive_world_emit(struct naive_world *world, enum trace_what what,
                      const struct naive_vcpu *vcpu, const struct naive_thread *thread,
                      const struct naive_lock *lock);

/* naive_guest.c: threads and their programs */
bool naive_guest_is_due(const struct naive_world *world, const struct naive_vcpu *vcpu);
void naive_guest_step(struct naive_world *world, struct naive_vcpu *vcpu);
/* The cost of another thread than the last; true while there is some to pay. */
bool naive_guest_pays_switch(struct naive_vcpu *vcpu);
void naive_guest_start(struct naive_world *world, struct naive_vm *vm);
void naive_guest_wake(struct naive_world *world, struct naive_thread *thread);
void naive_guest_send_ipi(struct naive_world *world, struct naive_vcpu *vcpu);
/* The current thread stops being current. */
void naive_guest_leave(struct naive_world *world, struct naive_vcpu *vcpu);
void naive_guest_step_done(struct naive_world *world, struct naive_thread *thread);
bool naive_guest_is_executing(const struct naive_vcpu *vcpu);
/* Interrupted or not. */
bool naive_guest_is_current(const struct naive_thread *thread);
const struct naive_thread *naive_guest_head(const struct naive_vcpu *vcpu);

/* naive_interrupt.c */
void naive_interrupt_build(struct naive_world *world, struct naive_vm *vm, uint32_t replication,
                           struct arena *arena);
void naive_interrupt_reset(struct naive_vm *vm);
void naive_interrupt_start(struct naive_world *world, struct naive_vm *vm);
int64_t naive_interrupt_next(const struct naive_world *world);
/* What is first of those that arrive now; false if nothing does. */
bool naive_interrupt_arrive(struct naive_world *world);
/* The handler, if the vCPU runs it, else its current thread. */
struct naive_thread *naive_interrupt_on_top(const struct naive_vcpu *vcpu);
/* Whether something is pending that may be taken where guest code executes. */
bool naive_interrupt_is_due(const struct naive_vcpu *vcpu);
void naive_interrupt_take(struct naive_world *world, struct naive_vcpu *vcpu);
void naive_interrupt_return(struct naive_world *world, struct naive_thread *handler);
bool naive_interrupt_call(struct naive_world *world, struct naive_thread *thread, int64_t span_ns);
bool naive_interrupt_is_paused(const struct naive_thread *thread);
bool naive_interrupt_is_handler(const struct naive_thread *thread);
/* Whether that context keeps the interrupts of its vCPU disabled. */
bool naive_interrupt_are_off(const struct naive_thread *thread);

/* naive_deadlock.c: whether the thread waits for itself */
bool naive_deadlock_has(const struct naive_thread *thread);

/* naive_lock.c: a function that returns bool says whether the vCPU's step goes on */
bool naive_lock_request(struct naive_world *world, struct naive_thread *thread,
                        struct naive_lock *lock);
/* Returns what waking costs the releaser. */
int64_t naive_lock_release(struct naive_world *world, struct naive_lock *lock);
bool naive_lock_respin(struct naive_world *world, struct naive_thread *thread);
/* Resumed now, it spins on; else it looks at its lock first, in a step of its own. */
bool naive_lock_must_spin(const struct naive_thread *thread);
/* Its owner seems to run no longer. */
bool naive_lock_has_lost_sight(const struct naive_thread *thread);
bool naive_lock_retry(struct naive_world *world, struct naive_thread *thread);
bool naive_lock_line_up_paid(struct naive_world *world, struct naive_thread *thread);
bool naive_lock_block_paid(struct naive_world *world, struct naive_thread *thread);
void naive_lock_enter(struct naive_world *world, struct naive_thread *thread);
void naive_lock_owner_left(struct naive_world *world, struct naive_thread *owner);
bool naive_lock_is_spinlock(const struct naive_lock *lock);
bool naive_lock_has_entered(const struct naive_thread *thread, bool only_spinlocks);
bool naive_lock_forbids_switch(const struct naive_thread *thread);
bool naive_lock_is_granted(const struct naive_thread *thread);

/* naive_host.c: runstates, queue, pCPUs */
void naive_host_change(struct naive_world *world, struct naive_vcpu *vcpu, enum runstate to);
void naive_host_enqueue(struct naive_world *world, struct naive_vcpu *vcpu,
                        enum naive_reason reason);
void naive_host_wake(struct naive_world *world, struct naive_vcpu *vcpu);
void naive_host_halt(struct naive_world *world, struct naive_vcpu *vcpu);
/* RUNNING to READY or COSTOP; frees the pCPU. */
void naive_host_desched(struct naive_world *world, struct naive_vcpu *vcpu, enum runstate to);
void naive_host_dispatch(struct naive_world *world, struct naive_vcpu *vcpu, uint32_t pcpu,
                         int64_t slice_end_ns);
bool naive_host_may_use(const struct naive_world *world, const struct naive_vcpu *vcpu,
                        uint32_t pcpu);
/* In some queue, for a pCPU to pick it. */
bool naive_host_is_waiting(const struct naive_vcpu *vcpu);
/* Whether pcpu, which picks, may pick it. */
bool naive_host_may_take(const struct naive_world *world, const struct naive_vcpu *vcpu,
                         uint32_t pcpu);
/* Whether a pCPU that it may use is idle. */
bool naive_host_has_idle(const struct naive_world *world, const struct naive_vcpu *vcpu);
/* Those of it that run are to leave. */
void naive_host_park(struct naive_world *world, struct naive_vcpu *vcpu);
void naive_host_ask(struct naive_world *world, uint32_t pcpu);
int64_t naive_host_tick_ns(const struct naive_world *world); /* the next one */
bool naive_host_shares_socket(const struct naive_world *world, uint32_t a, uint32_t b);
void naive_host_phase(struct naive_world *world);

/* naive_spread.c: siblings are kept apart */
bool naive_spread_has_sibling(const struct naive_vcpu *vcpu, uint32_t pcpu, bool is_running_too);
/* Where it goes that would come to pcpu: to the lowest idle one without a sibling, else the next.
 */
uint32_t naive_spread_apart(const struct naive_world *world, const struct naive_vcpu *vcpu,
                            uint32_t pcpu);

/* naive_cosched.c: progress, skew, checks */
bool naive_cosched_advances(const struct naive_world *world, const struct naive_vcpu *vcpu);
/* after_ns from now, if nothing else happens */
int64_t naive_cosched_lead(const struct naive_world *world, const struct naive_vcpu *vcpu,
                           int64_t after_ns);
int64_t naive_cosched_skew(const struct naive_world *world, const struct naive_vm *vm,
                           int64_t after_ns);
/* Does what is due of checks and crossings; false if nothing was. */
bool naive_cosched_check(struct naive_world *world);
int64_t naive_cosched_next(const struct naive_world *world);

/* naive_measure.c */
void naive_measure_pass(struct naive_world *world, int64_t span_ns);
void naive_measure_peaks(struct naive_world *world);
void naive_measure_reset(struct naive_world *world);
void naive_measure_latency(struct latency_result *latency, int64_t value_ns);

#endif
