/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What runs inside the VMs: threads, the guest scheduler, locks and barriers of all VMs of a run.
   Only this room moves threads. */
#ifndef COSTOP_GUEST_GUEST_H
#define COSTOP_GUEST_GUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "guest/program.h"
#include "hv/abi.h"
#include "sim/hist.h"
#include "sim/rng.h"
#include "sim/sim.h"
#include "sim/wtree.h"

/* What a thread is at; what it needs next when its vCPU executes. */
enum phase {
  PHASE_NEXT,    /* do the step at pc */
  PHASE_WORK,    /* compute for rem_ns */
  PHASE_COST,    /* kernel work for rem_ns, then `after` */
  PHASE_SPIN,    /* wait, spinning, for waits_for */
  PHASE_HANDOFF, /* owns a lock; rem_ns of hand-off, then enter its section */
  PHASE_HALTED,  /* has halted its vCPU, and waits for waits_for */
  PHASE_RETRY,   /* woken by a release of waits_for: try to take it */
  PHASE_BARRIER, /* wait, spinning, at `barrier` */
  PHASE_CALL,    /* wait, spinning, for the other vCPUs to handle its call: see call.h */
  PHASE_ASLEEP,  /* off its vCPU: sleeps, or waits for a lock or a barrier */
  PHASE_RETURN,  /* a handler that is done */
  PHASE_DONE     /* has used up its iterations */
};

/* What follows a PHASE_COST. */
enum after_cost { AFTER_STEP_DONE, AFTER_LINE_UP, AFTER_BLOCK };

/* Cumulative time that a spinner would have lost, by cause; runs while someone spins. A spinner's
   loss is the difference of two readings. */
struct spin_clock {
  int64_t total_ns[SPIN_CAUSES];
  int64_t since_ns;
  enum spin_cause cause; /* now */
  uint32_t n_spinners;
};

struct lock_ops;
struct gsched_ops;
struct guest_vm;

/* The order of the members, here and below, keeps what one event touches in few cache lines. */
struct __attribute__((aligned(ARENA_LINE))) thread {
  const struct op *ops;
  uint32_t pc;
  uint8_t phase;              /* enum phase */
  uint8_t after;              /* enum after_cost */
  bool is_woken;              /* a wake-up was issued that it has not yet acted upon */
  bool is_solo;               /* has its VM to itself: see solo.c */
  struct guest_vcpu *at;      /* where it is, or was last */
  struct rng_stream *streams; /* by purpose */
  struct guest_vm *vm;
  int64_t iteration_since_ns;
  uint64_t iterations_left; /* UINT64_MAX: for ever */
  thread_id_t id;
  uint32_t n_instant; /* steps since time passed for it */

  int64_t rem_ns;
  struct lock *waits_for;
  struct lock *held;              /* the locks it owns, latest first */
  uint32_t n_entered;             /* sections it is in */
  uint32_t n_spin_entered;        /* sections of spinlocks it is in */
  uint32_t n_spin_owned;          /* spinlocks it owns, entered or not */
  uint32_t index;                 /* in its VM */
  int64_t handoff_ns;             /* of the lock granted to it, fixed at the grant */
  int64_t wait_since_ns;          /* its request for waits_for */
  int64_t spun_ns;                /* guest time of the present spin, up to its last suspension */
  struct thread *next, *previous; /* in its vCPU's queue */
  struct thread *next_waiter, *previous_waiter; /* in the queue of waits_for */
  struct barrier *barrier;                      /* waits at it */
  uint8_t n_masked; /* locks owned or awaited that keep interrupts disabled */
  bool is_handler;  /* of interrupts: no thread of the guest's scheduler */
  bool is_reader;   /* its latest request is to share the lock */
  /* See deadlock.c. */
  uint32_t n_look;               /* the latest search that came by */
  struct thread *came_from, *to; /* whom it came from; next to go on from, or on the cycle */
};

/* The guest's side of a vCPU. */
struct __attribute__((aligned(ARENA_LINE))) guest_vcpu {
  struct thread *current;    /* NULL: nothing to run */
  const struct thread *last; /* whom it ran last */
  struct guest *guest;
  struct vcpu *v;
  int64_t work_end_ns; /* end of what is timed: cost, hand-off, switch, spin limit, work that is not
                          steady */
  int64_t boundary_ns; /* next guest-timeslice end that matters */
  int64_t clock_ns;    /* guest time of v when current became current */
  uint32_t n_ready;    /* threads in its queue */
  bool is_kicked;      /* goes on with its thread at the armed instant, which is now */
  bool owes_switch;    /* switch_ns is to be paid before current goes on */
  bool is_idle;        /* IDLE, and no IPI under way */
  bool is_polling : 1; /* looks out for a thread, before it halts */
  bool must_resched : 1; /* a timeslice end was put off */
  bool may_steal : 1;
  bool is_alone : 1; /* the VM's only vCPU: its threads need not look for it */

  struct guest_vm *vm;
  struct thread *head, *tail;        /* of the queue */
  int64_t switch_ns;                 /* what is left of a guest context switch, or of polling */
  int64_t phase_since_ns;            /* a spin or hand-off is booked from here */
  struct spin_clock *spin;           /* not NULL: spinning, against this clock … */
  int64_t spin_from_ns[SPIN_CAUSES]; /* … whose readings were these */
  struct handler *handler;           /* NULL: its VM has no interrupts */
};

/* What handles a vCPU's interrupts, one at a time: a context on top of the thread that was current,
   in whose place it is current until it returns. */
struct handler {
  struct thread *context;
  struct guest_vcpu *at;
  bool is_active;            /* it is current … */
  bool has_begun;            /* … and the vCPU has executed since */
  bool owed_switch;          /* owes_switch of the interrupted thread */
  struct thread *below;      /* that was interrupted; NULL: none */
  const struct thread *last; /* whom the vCPU ran last */
  uint32_t n_pending;        /* lines and calls that wait for this vCPU */
  const struct interrupt *handles;
  struct spin_clock self;     /* spinning for a lock that `below` owns */
  struct rng_stream *streams; /* by source and purpose */
  struct call *call;          /* NULL: nobody in its VM calls */
};

/* A vCPU's part in cross calls. */
struct call {
  /* As the caller, while its thread waits: other vCPUs that have not handled the call, … */
  uint32_t n_missing[RUNSTATES];
  struct spin_clock clock; /* … the blame for the time that it spins, … */
  int64_t since_ns, handler_ns;
  /* As one that is called: vCPUs (bits) whose calls it has not handled, and how many; the one
     whose call it is at. */
  uint64_t *callers;
  uint32_t n_callers;
  struct guest_vcpu *handles;
};

/* A source: its arrivals, and what became of them. */
struct interrupt {
  const struct interrupt_spec *spec;
  uint64_t n_arrivals, n_coalesced, n_taken;
  struct hist latency; /* from arrival to the handler's start */
  struct interrupt_line *lines;
  uint32_t n_lines;
};

/* By which a source reaches vCPUs: a timer has one for each vCPU. */
struct interrupt_line {
  struct interrupt *source;
  struct guest_vm *vm;
  struct rng_stream stream;
  uint64_t n_due;                /* times that it was due */
  struct guest_vcpu *pending_at; /* NULL: nothing is pending */
  int64_t pending_since_ns;
};

struct lock {
  const struct lock_ops *ops;
  const struct lock_spec *spec;
  struct lock_params cost;
  struct guest_vm *vm;
  lock_id_t id;
  struct thread *owner;
  bool is_entered;                           /* the owner has entered its section */
  bool masks_interrupts;                     /* of who waits for it or owns it */
  bool is_classed;                           /* has a class that demands an order */
  struct lock *next_held;                    /* of its owner */
  struct lock *whole;                        /* itself, but for a reader's part: see rw.h */
  struct lock *readers, *next_reader;        /* parts that are owned */
  struct lock *parts;                        /* of a reader-writer lock, by thread */
  struct thread *first_waiter, *last_waiter; /* of those that queue */
  uint32_t n_late;                           /* waiters that do not stand in line yet */
  uint32_t n_running_waiters;                /* waiters that are current on a RUNNING vCPU */
  uint64_t *executing; /* vCPUs (bits) that spin for it, executing guest code */
  struct spin_clock clock;
  struct rng_stream *race;
  int64_t owned_since_ns;
  int64_t free_since_ns; /* though some wait, while nobody owns it */
  uint64_t n_acquisitions, n_contended;
  struct hist wait, hold;
  int64_t spin_ns[SPIN_CAUSES];
};

struct barrier {
  const struct barrier_spec *spec;
  struct guest_vm *vm;
  uint32_t parties, n_arrived;
  struct thread **arrived;       /* in order */
  struct spin_clock clock;       /* spinning barriers only, as what follows */
  uint32_t n_missing[RUNSTATES]; /* threads current or queued on a vCPU but not waiting here */
  uint32_t *n_here;              /* by vCPU: threads on it that wait here */
};

struct __attribute__((aligned(ARENA_LINE))) guest_vm {
  struct guest *guest;
  const struct guest_spec *spec;
  const struct gsched_ops *gsched;
  struct guest_vcpu *vcpus;
  int64_t ipi_latency_ns; /* spec's, which would be one more line to fetch */
  uint64_t *idle;         /* idle vCPUs (bits) … */
  uint32_t n_idle;        /* … and how many */
  uint32_t n_ready;       /* threads in all queues */
  vm_id_t id;
  bool has_spinning_barrier;
  uint32_t n_interrupts;
  struct interrupt *interrupts;
  struct interrupt *calls; /* one of these; NULL: its program makes no calls */

  uint64_t n_deadlocks;
  void *gsched_state;                       /* the guest scheduler's own */
  int64_t poll_ns;                          /* an idle vCPU polls for so long before it halts */
  _Alignas(ARENA_LINE) struct hist latency; /* of iterations; its count is theirs */
  uint32_t n_locks, n_barriers;
  uint32_t n_words; /* of a bit set over its vCPUs */
  struct thread *threads;
  struct lock *locks; /* n_locks: those that its program uses */
  struct barrier *barriers;
  struct lock **lock_of; /* by number in the scenario; NULL: not used */
  struct barrier **barrier_of;
  struct wtree stealable; /* by vCPU: negated length of its FIFO if one can be taken */
};

enum { GUEST_NOTES = 16, GUEST_NOTE_LINKS = 8 };

/* A thread, or the handler of an interrupt. */
struct guest_who {
  uint32_t number;       /* of the thread in its VM; of the vCPU that runs the handler */
  const char *interrupt; /* NULL: a thread */
};

/* A deadlock: who of link[i] cannot go on before who of the next one (of the last: the first) does.
   Or an order of locks that is broken: one link. */
struct guest_note {
  enum { NOTE_DEADLOCK, NOTE_ORDER } what;
  int64_t at_ns;
  vm_id_t vm;
  uint32_t n_links; /* of the cycle; those beyond GUEST_NOTE_LINKS are not kept */
  struct guest_link {
    struct guest_who who;
    enum {
      LINK_WAITS,       /* for `lock`, of the next one */
      LINK_INTERRUPTED, /* by the next one, inside of `lock` */
      LINK_CALLS        /* the next one's vCPU, where that keeps interrupts disabled */
    } how;
    const char *lock;
    const char *path; /* the step by which the lock's owner took it, or of the call */
    int64_t since_ns; /* when it did so */
    uint32_t called;  /* number of the vCPU */
  } link[GUEST_NOTE_LINKS];
};

struct guest {
  struct sim *sim;
  struct hv *hv;
  struct guest_vm *vms;
  uint32_t n_vms;
  struct guest_vcpu *vcpus; /* host-wide, as vcpu.id */
  struct vcpu *hv_vcpus;    /* the hypervisor's array; the guest borrows it */
  struct thread *threads;   /* host-wide, as thread.id; behind a VM's threads its handlers */
  /* Compact copies of what is otherwise found step by step, by thread and by vCPU. */
  struct {
    vcpu_id_t vcpu; /* that it ran on last */
    vm_id_t vm;
  } * wake_hint;
  thread_id_t *current_id;      /* that became current last */
  struct interrupt_line *lines; /* host-wide, as the index of their events */
  bool is_all_solo;             /* every thread has its VM to itself */
  struct rng_stream *streams;   /* n_streams of each thread: for the purposes up to … */
  uint32_t n_streams;
  uint32_t n_vcpus, n_threads;        /* with handlers */
  const struct lock_spec *lock_specs; /* of the scenario */
  const struct barrier_spec *barrier_specs;
  struct guest_note *notes;
  uint32_t n_notes, n_notes_lost;
  uint32_t n_looks; /* searches for deadlocks */
};

/* --- build.c --- */
struct guest_vm_config {
  const char *name;
  const struct guest_spec *spec;
};
struct guest_config {
  uint32_t n_vms;
  const struct guest_vm_config *vms;
  const struct lock_spec *locks;
  const struct barrier_spec *barriers;
  uint32_t n_locks, n_barriers;
  uint64_t seed;
  uint32_t replication;
  int64_t horizon_ns;
};
struct guest *guest_create(const struct guest_config *config, struct hv *hv, struct vcpu *vcpus,
                           struct sim *sim, struct arena *arena);
void guest_start_vm(struct guest *guest, vm_id_t vm); /* its threads become ready */
/* Books spins that go on, up to now. */
void guest_settle(struct guest *guest);
void guest_reset(struct guest *guest);
void guest_check(const struct guest *guest);

/* --- run.c: from one instant to the next --- */
void guest_on_sleep_end(struct guest *guest, thread_id_t thread);
void guest_on_ipi(struct guest *guest, vcpu_id_t vcpu);
/* The vCPU's step, or the thread's wake-up, comes soon: fetches what that will touch. */
void guest_prefetch_step(const struct guest *guest, vcpu_id_t vcpu);
void guest_prefetch_wake(const struct guest *guest, thread_id_t thread);

/* Goes on from one instant to the next, after a step of the thread. */
void guest_run(struct guest_vcpu *g);
/* v goes on with its thread as a step of its own at this instant. */
void guest_kick(struct guest_vcpu *g);
/* Arms v for whatever comes first. */
void guest_rearm(struct guest_vcpu *g);
/* Begins the phase of the current thread, without touching other vCPUs; kicks if that cannot be. */
void guest_begin_phase(struct guest_vcpu *g);
/* What g is at stops here; what is left of it is kept. */
void guest_pause(struct guest_vcpu *g);
/* Owns or waits for a spinlock, or for its call: not to be switched out. */
bool guest_is_bound(const struct thread *t);
/* g is going to be woken: draws what its thread computes next, so that the hypervisor can start it
   alone. Streams are a thread's own: nobody can tell when it draws. */
void guest_prepare(struct guest_vcpu *g);
/* The step at pc is done, and with it an iteration. */
void guest_iteration_done(struct sim *sim, struct thread *t);
/* The step at pc is done: the next one is up. */
ALWAYS_INLINE void guest_next_step(struct sim *sim, struct thread *t) {
  t->phase = PHASE_NEXT;
  t->pc++;
  if (t->ops[t->pc].code == OP_END) guest_iteration_done(sim, t);
}
static inline void guest_step_done(struct thread *t) { guest_next_step(t->vm->guest->sim, t); }

/* --- solo.c: threads that have their VM to themselves --- */
bool solo_is(const struct guest *guest, const struct guest_spec *spec);
/* The work of the thread, current on v, is done. */
void solo_work_done(struct guest *guest, struct vcpu *v, thread_id_t thread);
void solo_sleep_end(struct guest *guest, thread_id_t thread);

/* --- threads.c: the guest scheduler --- */
void guest_wake_thread(struct thread *t);
/* t, ready, goes to another vCPU, which may have been idle. */
void guest_move(struct thread *t, struct guest_vcpu *to);
/* g, IDLE and spoken for, is to run: now, or when the IPI arrives. */
void guest_wake_vcpu(struct guest_vcpu *g);
void guest_put(struct guest_vcpu *g, struct thread *t); /* onto a vCPU: current, or to the tail */
void guest_leave(struct guest_vcpu *g);                 /* current is current no more */
void guest_rotate(struct guest_vcpu *g);                /* current to the queue, its head current */
bool guest_find_thread(struct guest_vcpu *g);           /* from the queue, or stolen */
void guest_set_boundary(struct guest_vcpu *g);
void guest_set_idle(struct guest_vcpu *g, bool is_idle);
/* The work that g is at is no longer all that may happen to it. */
void guest_cease_steady(struct guest_vcpu *g);
/* Its current has changed from and to a handler. */
void guest_trace_current(struct guest_vcpu *g);

/* Must the hypervisor tell of what it does to g? */
void guest_update_watch(struct guest_vcpu *g);

/* --- spin.c: where spun time goes --- */
void spin_clock_set(struct sim *sim, struct spin_clock *clock, enum spin_cause cause);
void spin_begin(struct guest_vcpu *g, struct spin_clock *clock, enum spin_cause cause);
/* Books the spin up to now and ends it; lock_ns (may be NULL) gets the same split. */
void spin_end(struct guest_vcpu *g, int64_t lock_ns[SPIN_CAUSES]);
void spin_book_contended(struct guest_vcpu *g, int64_t lock_ns[SPIN_CAUSES], int64_t elapsed_ns);

/* From phase_since_ns on g spins until somebody else ends it, or until left_ns have passed, or the
   hypervisor's patience. */
void spin_arm(struct guest_vcpu *g, int64_t left_ns);
/* It spins for a lock, and may do so for longer, or less long, than it could before. */
void spin_look_again(struct guest_vcpu *g);
/* The armed instant has come. Has t, its current, spun for as long as the hypervisor lets it, and
   not for as long as the lock does? */
bool spin_must_exit(const struct guest_vcpu *g, const struct thread *t);
/* … or is what it was to do sooner no longer to be done? */
bool spin_is_put_off(const struct guest_vcpu *g, const struct thread *t);

/* --- barrier.c --- */
/* t, executing, arrives. True: it opened the barrier and goes on; else it waits (its phase says
 * how). */
bool barrier_arrive(struct thread *t, struct barrier *barrier);
/* The current thread of g, which waits at one, spins from now on. */
void barrier_begin_spin(struct guest_vcpu *g);
/* t is from now on (+1), or no longer (-1), current or queued on g. */
void barrier_present(struct guest_vcpu *g, const struct thread *t, int change);
void barrier_runstate_changed(struct guest_vcpu *g, enum runstate from);

/* --- deadlock.c --- */
/* Called when t begins to wait, or whom it waits for can no longer go on: is there a cycle of waits
   through it? Counts and names it. */
void deadlock_look(struct thread *t);
/* A new note of now; NULL: there are too many. */
struct guest_note *deadlock_note(struct guest_vm *vm);
struct guest_who deadlock_who(const struct thread *t);
/* The step by which its owner asked for the lock. */
const char *deadlock_taken_path(const struct lock *lock);

static inline struct guest_vcpu *guest_vcpu_of(const struct thread *t) { return t->at; }
static inline int64_t guest_now(const struct guest *guest) { return guest->sim->now_ns; }
/* Interrupted: its vCPU runs a handler on top of it. */
static inline bool guest_is_interrupted(const struct thread *t) {
  const struct handler *handler = guest_vcpu_of(t)->handler;
  return handler && handler->below == t;
}
/* … which does not make it less current to the guest's scheduler. */
static inline bool guest_is_current(const struct thread *t) {
  return guest_vcpu_of(t)->current == t || guest_is_interrupted(t);
}
/* Current on a vCPU that executes guest code, and not interrupted. */
static inline bool guest_executes(const struct thread *t) {
  return guest_vcpu_of(t)->current == t && guest_vcpu_of(t)->v->is_executing;
}
/* The current thread of g, if need be the one that is interrupted. */
static inline struct thread *guest_thread_of(const struct guest_vcpu *g) {
  return g->handler && g->handler->is_active ? g->handler->below : g->current;
}

#endif
