/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The border between hypervisor and guest: what a guest may ask of the hypervisor (hv_*), and what
   the hypervisor tells a guest (guest_*, defined in guest/; hv's tests link a fake). Plain
   functions, inlined by link-time optimisation. */
#ifndef COSTOP_HV_ABI_H
#define COSTOP_HV_ABI_H

#include <stdbool.h>
#include <stdint.h>

#include "hv/runstate.h"
#include "sim/ids.h"
#include "sim/prefetch.h"
#include "sim/sim.h"

struct hv;
struct guest;

struct hv_vm;

/* Where the time of a vCPU goes: to its activity while it is RUNNING, else to its runstate. */
enum { ACCOUNTS = ACTIVITIES + RUNSTATES - 1 };
/* NO_ACTIVITY of a RUNNING one, which never lasts, is an account too: nothing is booked to it. */
static inline unsigned account_of(enum runstate waiting) { return ACTIVITIES - 1u + waiting; }

/* Whom a vCPU's changes of runstate concern, besides itself. */
enum listener {
  LISTENER_VM = 1,
  LISTENER_GUEST = 2,
  LISTENER_TRACE = 4,
  LISTENER_STEAL = 8,
  LISTENER_HOST = 16 /* whoever keeps more of it than its time: cores, polling, the scheduler */
};

/* A vCPU as both sides see it. Guests read it; only hv/ writes, but for what the guest alone can
   tell: is_steady with the two members that go with it, has_exited, its bit of listeners, and the
   counters named towards the end. What one event touches comes first, in two cache lines. */
struct __attribute__((aligned(ARENA_LINE))) vcpu {
  union {
    struct {
      uint8_t runstate;        /* enum runstate */
      uint8_t activity;        /* enum activity; NO_ACTIVITY unless RUNNING */
      uint8_t steady_activity; /* while is_steady */
      uint8_t listeners;       /* enum listener, or-ed */
      bool is_executing;       /* RUNNING and past the dispatch overhead: guest code runs */
      bool is_queued;          /* in the scheduler's queue */
      bool has_expired : 1; /* its slice ended at this instant; still RUNNING until it is decided */
      bool has_yielded : 1; /* its guest lets others go first at this instant */
      bool is_parked : 1;   /* may not run now: its VM has used up its cap */
      bool is_exiting : 1;  /* RUNNING, in the exit of a pause loop */
      bool is_delayed : 1;  /* RUNNING though it was to be decided about, which is put off (delay.c)
                             */
      bool is_unsafe : 1;   /* … and its guest still owns the spinlock for which that is */
      /* It has exited from its present wait since it was dispatched: window_ns counts. The guest
         clears it when another wait begins. */
      bool has_exited : 1;
      bool is_shared : 1; /* another thread of its core is busy: it works at the share of both */
      /* Its guest needs not be asked when it stops and goes on: all it is at is steady_activity,
         and while it does not execute, left_ns of it are left. */
      bool is_steady;
    };
    uint64_t word; /* all of these: see vcpu_is_quiet */
  };
  int64_t left_ns;
  int64_t since_ns;  /* booked up to here */
  pcpu_id_t pcpu;    /* where it runs or last ran; ID_NONE before its first run */
  uint32_t affinity; /* number of its VM's set; 0: all pCPUs */
  uint64_t dispatches, preemptions, migrations;
  vcpu_id_t id;
  uint32_t queue_slot; /* in its queue */

  int64_t time_ns[ACCOUNTS];

  struct hv_vm *group; /* its VM, if that has siblings or the rule minds them; else NULL */
  uint64_t place;      /* in the queue: host-wide, earlier is smaller; for rules and affinity */
  vm_id_t vm;
  uint32_t index;      /* in its VM */
  pcpu_id_t next_pcpu; /* where the running dispatch phase puts it; ID_NONE: not decided */
  pcpu_id_t home;      /* the only pCPU it may use; ID_NONE: any of its VM's set */
  uint64_t costops;

  /* The guest's to count. */
  uint64_t lhp_events, lwp_events;
  int64_t spin_ns[SPIN_CAUSES];

  int64_t window_ns; /* guest time that it may spin before it exits again */
  uint64_t ple_exits;

  int64_t smt_shared_ns, shared_since_ns; /* time as is_shared; booked up to there */
  int64_t due_ns;                         /* while is_delayed: when it was to be decided about */
  int64_t overrun_ns;                     /* to be taken off its next slice */
  uint64_t delays, delay_timeouts;

  int64_t poll_ns; /* how long its pCPU polls for it once it has halted */
  int64_t halted_ns, polled_up_to_ns, polled_ns;
  uint64_t poll_hits;
};

/* Is v in that state, with nothing unusual about it: its guest is steady, nobody listens? running:
   executing; READY: queued. One look at all that can make it take a longer way. */
static const struct vcpu vcpu_quiet[RUNSTATES] = {
    [RS_RUNNING] = {.runstate = RS_RUNNING, .is_executing = true, .is_steady = true},
    [RS_READY] = {.runstate = RS_READY,
                  .activity = NO_ACTIVITY,
                  .is_queued = true,
                  .is_steady = true},
    [RS_IDLE] = {.runstate = RS_IDLE, .activity = NO_ACTIVITY, .is_steady = true},
};
static inline bool vcpu_is_quiet(const struct vcpu *v, enum runstate state) {
  static const struct vcpu irrelevant = {.activity = UINT8_MAX, .steady_activity = UINT8_MAX};
  return __builtin_expect(((v->word ^ vcpu_quiet[state].word) & ~irrelevant.word) == 0, 1);
}
/* From now on it is. What is looked at as a whole is best written so, too. */
static inline void vcpu_set_quiet(struct vcpu *v, enum runstate state) {
  static const struct vcpu kept = {.steady_activity = 1},
                           both = {.activity = 1, .steady_activity = 1};
  uint64_t activity = v->steady_activity;
  v->word = vcpu_quiet[state].word + activity * (state == RS_RUNNING ? both.word : kept.word);
}

/* It is going to run, to stop or to be woken soon: fetches what that will touch. */
static inline void vcpu_prefetch(const struct vcpu *v) {
  prefetch_line(v);
  prefetch_line(&v->time_ns);
}

/* How long it was RUNNING. */
static inline int64_t vcpu_running_ns(const struct vcpu *v) {
  int64_t sum_ns = 0;
  for (int i = 0; i < ACTIVITIES; i++) sum_ns += v->time_ns[i];
  return sum_ns;
}
/* … and executed guest code, up to now. */
static inline int64_t vcpu_guest_ns(const struct vcpu *v, int64_t now_ns) {
  bool is_open = v->activity != NO_ACTIVITY && v->activity != ACT_OVERHEAD;
  int64_t open_ns = is_open ? now_ns - v->since_ns : 0;
  return vcpu_running_ns(v) - v->time_ns[ACT_OVERHEAD] + open_ns;
}

/* --- work and time: while v is_shared, work takes longer than its length --- */

int64_t hv_shared_time_ns(const struct hv *hv, int64_t work_ns);
int64_t hv_shared_work_ns(const struct hv *hv, int64_t time_ns);
/* How long so much work takes as things are; v is RUNNING. */
static inline int64_t hv_time_ns(const struct hv *hv, const struct vcpu *v, int64_t work_ns) {
  return __builtin_expect(v->is_shared, 0) ? hv_shared_time_ns(hv, work_ns) : work_ns;
}
/* … and how much of it is left, if it would take so long. */
static inline int64_t hv_work_ns(const struct hv *hv, const struct vcpu *v, int64_t time_ns) {
  return __builtin_expect(v->is_shared, 0) ? hv_shared_work_ns(hv, time_ns) : time_ns;
}
/* Work that would have taken so long before is_shared changed, now takes … */
int64_t hv_retimed_ns(const struct hv *hv, const struct vcpu *v, int64_t left_ns);

/* --- what a guest may ask; v is executing unless said otherwise --- */

/* Call guest_step for v at at_ns (>= now); TIME_NEVER_NS: not by itself. Replaces the former. */
void hv_arm(struct hv *hv, struct vcpu *v, int64_t at_ns);
/* The instant that v is armed for. */
int64_t hv_armed_ns(const struct hv *hv, const struct vcpu *v);
/* What v's guest does from now on. */
void hv_set_activity(struct hv *hv, struct vcpu *v, enum activity activity);
/* v's guest has nothing to run: RUNNING -> IDLE. The guest has left v (guest_suspend is not
 * called). */
void hv_halt(struct hv *hv, struct vcpu *v);
/* v, IDLE, has something to run again: IDLE -> READY. */
void hv_wake(struct hv *hv, struct vcpu *v);

/* Would v, IDLE, see at once that it is woken? */
bool hv_is_polling(const struct hv *hv, const struct vcpu *v);

/* v, executing, lets others go first: its pCPU decides anew in the dispatch phase of this instant.
 */
void hv_yield(struct hv *hv, struct vcpu *v);

/* What is left of the slice of v, RUNNING; TIME_NEVER_NS: it does not end by itself. */
int64_t hv_slice_left_ns(const struct hv *hv, const struct vcpu *v);

/* Guest time after which v, which begins to spin now, exits; TIME_NEVER_NS: it does not. */
int64_t hv_spin_window_ns(const struct hv *hv, const struct vcpu *v);
/* v has spun for so long: it exits (guest_suspend, and later guest_resume, are called), and lets
   others go first as hypervisor.ple says. */
void hv_spin_exit(struct hv *hv, struct vcpu *v);

/* v, is_unsafe, has released its outermost spinlock: it may be decided about. */
void hv_become_safe(struct hv *hv, struct vcpu *v);

/* --- what the hypervisor tells --- */

/* v, not steady, begins to execute guest code, after its dispatch overhead. The guest arms v. Must
   not touch other vCPUs: what would is put off to an armed step at this instant. */
void guest_resume(struct guest *guest, struct vcpu *v);
/* The armed instant has come. */
void guest_step(struct guest *guest, struct vcpu *v);
/* v, executing and not steady, is about to lose its pCPU. */
void guest_suspend(struct guest *guest, struct vcpu *v);
/* v's is_shared, which is executing and not steady, has changed. */
void guest_speed_changed(struct guest *guest, struct vcpu *v);
/* Is a thread of v, RUNNING, inside of a spinlock's section? */
bool guest_is_inside(const struct guest *guest, const struct vcpu *v);
/* v, to which the guest listens, has gone from one runstate to another. */
void guest_runstate_changed(struct guest *guest, struct vcpu *v, enum runstate from);
/* v, to which the guest listens, is descheduled against its will: counts lhp_events and lwp_events.
 */
void guest_count_preemption(struct guest *guest, struct vcpu *v);

#endif
