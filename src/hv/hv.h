/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The hypervisor: pCPUs, vCPUs, the dispatch protocol. */
#ifndef COSTOP_HV_HV_H
#define COSTOP_HV_HV_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "hv/abi.h"
#include "hv/cores.h"
#include "hv/cosched.h"
#include "hv/pcpuset.h"
#include "hv/ple.h"
#include "hv/poll.h"
#include "hv/sched.h"
#include "hv/skew.h"
#include "hv/steal.h"
#include "hv/topology.h"
#include "sim/arena.h"
#include "sim/inline.h"
#include "sim/param.h"

struct __attribute__((aligned(ARENA_LINE))) pcpu {
  struct vcpu *current; /* NULL: idle */
  struct vcpu *last;    /* who ran here before; NULL: nobody yet */
  int64_t step_ns;      /* the current vCPU's next step */
  int64_t slice_end_ns;
  uint64_t dispatch_order; /* of its latest dispatch */
  int64_t busy_since_ns, busy_ns;
  struct vcpu *poller; /* that it polls for, if it is idle and the window is not over */
};

/* A distinct affinity; set 0 is all pCPUs. */
struct affinity_set {
  const uint64_t *mask; /* NULL: all */
  uint32_t n_pcpus;
};

struct hv_vm {
  vm_id_t id;
  vcpu_id_t first_vcpu;
  uint32_t n_vcpus;
  uint32_t affinity;         /* number of its affinity set */
  uint32_t weight;           /* of each of its vCPUs */
  double cap_pct;            /* most that it may use, in percent of a pCPU; 0: no such bound */
  double reservation_pct;    /* what it gets before others go by their weights */
  uint32_t n_in[RUNSTATES];  /* vCPUs by runstate */
  uint32_t last_boosted;     /* vCPU in it that a directed yield went to last */
  uint32_t n_expired;        /* RUNNING ones that wait for the dispatch phase's decision */
  bool is_dirty;             /* its next crossing must be worked out */
  bool is_invited;           /* is in hv->invited */
  bool is_starting;          /* a gang that the running dispatch phase starts */
  int64_t gang_slice_end_ns; /* under strict */
  int64_t hazard_since_ns, hazard_ns;
  uint32_t n_stolen_from; /* READY vCPUs, where the steal matrix is kept */
  struct skew *skew;      /* NULL for a single vCPU */
};

struct hv {
  struct sim *sim;
  struct guest *guest;
  struct pcpu *pcpus;
  struct vcpu *vcpus;
  struct hv_vm *vms;
  int64_t timeslice_ns; /* of schedulers without an operation for it; the patience of gangs */
  int64_t timer_ns;     /* first instant of the scheduler's timer; TIME_NEVER_NS: none */
  int64_t poll_ns;      /* between checks; TIME_NEVER_NS: none */
  uint32_t n_pcpus, n_vcpus, n_vms, n_affinities;
  int64_t context_switch_ns;
  int64_t migration_ns; /* MIGRATION_VARIES: as migrations_ns says */
  int64_t migrations_ns[DISTANCES];
  struct topology topology;
  struct ple_params ple;
  struct core *cores; /* NULL: threads of a core do not matter to each other */
  int64_t smt_speed;  /* of each busy thread beside another, of SMT_FULL_SPEED */
  uint32_t *dirty_cores;
  uint32_t n_dirty_cores, n_forced; /* … threads kept idle beside busy ones */
  vm_id_t *invited;                 /* VMs of which one may find a seat beside another */
  uint32_t n_invited;
  struct poll_params poll;
  int64_t delay_ns; /* longest delay of a preemption; 0: none is delayed */

  const struct sched_ops *sched;
  void *sched_state;
  struct runqueue *fifo; /* all of the scheduler's order, if that is one queue; else NULL */
  const struct cosched_ops *cosched;
  void *cosched_state;
  bool overhead_is_progress; /* co-scheduling option progress: "pre4" */
  bool has_crossings;        /* the rule wants to know exact crossings */
  bool is_big;               /* its state does not fit into a core's own caches */
  bool is_plain;             /* one queue, no rule, no homes: whoever is next may go anywhere … */
  bool is_spread;            /* siblings are kept out of each other's queues (spread.h) */
  bool prefers_idle_cores;   /* as busy threads slow each other down */
  bool is_core_scheduled;    /* a core runs one VM at a time */
  bool is_picked;            /* no rule, and pCPUs pick: what one decides concerns no other … */
                             /* … and nothing is delayed: short ways of dispatch.c and picked.h */

  /* How a vCPU is woken, and halts, on a host of its kind: see hv_choose_ways. */
  void (*wake)(struct hv *hv, struct vcpu *v);
  void (*halt)(struct hv *hv, struct vcpu *v);

  struct pcpuset free;    /* pCPUs without a vCPU, or whose vCPU has expired, and not yet claimed */
  struct pcpuset taken;   /* of core scheduling: those that run somebody or are claimed */
  struct pcpuset asked;   /* pCPUs that are to decide anew in this instant's dispatch phase */
  struct pcpuset yielded; /* of those, the ones that only a yield of their vCPU has asked */
  struct pcpuset queued;  /* pCPUs in whose own queue somebody stands, and others: see batch.c */
  pcpu_id_t offering;     /* of the running scan: pCPUs below found nobody to take */
  pcpu_id_t next_pcpu;    /* … and the one that picked the latest offer */
  uint32_t n_left;        /* free pCPUs less those promised in the running scan */
  bool must_fill;         /* since the last scan something was queued or a pCPU was freed */
  uint64_t next_place, next_dispatch;
  struct affinity_set *affinities;
  struct vcpu **expired; /* the slice-end batch */
  struct vcpu **picks;   /* the running scan's choices, in scan order */
  uint32_t n_expired, n_picks;
  vm_id_t *dirty_vms;
  uint32_t n_dirty;

  /* measures of the host */
  uint32_t n_queued;  /* vCPUs in the scheduler's queue */
  uint32_t n_waiting; /* vCPUs READY or COSTOP */
  uint32_t n_idle;    /* pCPUs without a vCPU */
  int64_t fragmentation_ns, forced_idle_ns;
  uint64_t n_context_switches;
  struct steal *steal; /* NULL: nobody wants it */
};

enum { MIGRATION_VARIES = -1 };

struct hv_vm_config {
  uint32_t n_vcpus;
  const uint64_t *affinity; /* NULL: all pCPUs */
  uint32_t weight;
  double cap_pct, reservation_pct; /* as in struct hv_vm */
};

/* vCPUs, of which each has about half a KiB that is used all the time, from which on fetching ahead
   pays: they no longer fit into a core's second cache, with all that lies between. */
enum { BIG_HOST = 1024 };

struct hv_config {
  uint32_t n_pcpus, n_vms;
  int64_t context_switch_ns;
  int64_t migrations_ns[DISTANCES];
  struct topology topology;
  int64_t smt_speed; /* of SMT_FULL_SPEED */
  bool is_core_scheduled;
  struct ple_params ple; /* words put into ns */
  struct poll_params poll;
  int64_t delay_ns;
  bool has_steal_matrix;
  const struct kind_choice *scheduler, *coscheduling;
  int64_t horizon_ns;
};

/* --- build.c: life of a hypervisor --- */
/* vms: config->n_vms of them. The guest is attached afterwards (hv->guest). */
struct hv *hv_create(const struct hv_config *config, const struct hv_vm_config *vms,
                     struct sim *sim, struct arena *arena);
/* Books everything up to now; the ledgers can be read after it. */
void hv_settle(struct hv *hv);
/* Warm-up is over: all integrals and counters restart, maxima at their current value. */
void hv_reset(struct hv *hv);
/* Asserts every invariant that can be told from outside (the paranoid mode). */
void hv_check(const struct hv *hv);

/* --- dispatch.c and batch.c: the only code that changes who runs --- */
void hv_on_step(struct hv *hv, struct vcpu *v);
/* Class 2 of this instant: the slice-end batch, then filling. Nothing earlier may be due. p: the
   lowest pCPU whose slice ends now. */
void hv_dispatch(struct hv *hv, pcpu_id_t p);
/* … where none does. */
void hv_fill(struct hv *hv);
/* By what is known of the host when it is built. */
void hv_choose_ways(struct hv *hv);

/* Its place is now the tail of the host-wide order. */
static inline void hv_requeue_place(struct hv *hv, struct vcpu *v) { v->place = hv->next_place++; }

/* For schedulers: p decides anew who runs there, in the dispatch phase of this instant. */
void hv_ask(struct hv *hv, pcpu_id_t p);

/* Is v, RUNNING, to be decided about at this instant, or as soon as that is not put off? */
bool hv_is_to_decide(const struct hv *hv, const struct vcpu *v);

/* For co-scheduling rules. */
void hv_costop(struct hv *hv, struct vcpu *v); /* RUNNING or READY -> COSTOP, out of the queue */
/* vCPUs of one VM, by index: RUNNING -> COSTOP; COSTOP -> READY, queued as if woken. */
void hv_costop_running(struct hv *hv, struct hv_vm *vm, const uint32_t *which, uint32_t n);
void hv_costart(struct hv *hv, struct hv_vm *vm, const uint32_t *which, uint32_t n);
/* A READY vCPU takes over a pCPU that is free now, until slice_end_ns. */
void hv_take_over(struct hv *hv, struct vcpu *v, pcpu_id_t p, int64_t slice_end_ns);
/* Can width vCPUs of the VM start now, given what this scan has promised already? */
bool hv_has_room(const struct hv *hv, const struct hv_vm *vm, uint32_t width);

/* --- account.c: what hangs on a change of runstate --- */
/* The VM's skew and hazard up to now, counts, progress clock, trace, and the guest: for those whom
   it concerns. */
void hv_runstate_changed(struct hv *hv, struct vcpu *v, enum runstate from);
/* Books the skew and hazard of a VM that has siblings up to now … */
void hv_book_siblings(const struct hv *hv, struct hv_vm *vm);
/* … once at an instant, before it changes. */
static inline void hv_account_siblings(struct hv *hv, struct hv_vm *vm) {
  if (vm->hazard_since_ns != hv->sim->now_ns) hv_book_siblings(hv, vm);
  if (!hv->has_crossings || vm->is_dirty) return;
  vm->is_dirty = true;
  hv->dirty_vms[hv->n_dirty++] = vm->id;
}
/* v, which has siblings or a rule that minds it, begins to execute guest code. */
void hv_begin_progress(struct hv *hv, struct vcpu *v);
/* … and ceases to, but goes on RUNNING. */
void hv_end_progress(struct hv *hv, struct vcpu *v);
/* Time passes, up to at_ns, while nothing changes. */
static inline void hv_pass_time(struct hv *hv, int64_t at_ns) {
  if ((uint64_t)hv->n_waiting * hv->n_idle > 0) { /* one branch, as either alone is a toss-up */
    hv->fragmentation_ns += (at_ns - hv->sim->now_ns) * hv->n_idle;
    hv->forced_idle_ns += (at_ns - hv->sim->now_ns) * hv->n_forced;
  }
  hv->sim->now_ns = at_ns;
}
static inline bool hv_is_waiting(enum runstate state) {
  return state == RS_READY || state == RS_COSTOP;
}

/* Books v's time up to now to one of its accounts. */
static inline void hv_book(struct vcpu *v, unsigned account, int64_t now) {
  v->time_ns[account] += now - v->since_ns;
  v->since_ns = now;
}

/* The one function that changes a runstate, and books the former one; but for RUNNING, which is
   booked by activity. Inlined: its callers know from and to. */
static inline void hv_set_runstate(struct hv *hv, struct vcpu *v, enum runstate from,
                                   enum runstate to, int64_t now) {
  static const bool allowed[RUNSTATES][RUNSTATES] = {
      [RS_RUNNING] = {[RS_READY] = true, [RS_COSTOP] = true, [RS_IDLE] = true},
      [RS_READY] = {[RS_RUNNING] = true, [RS_COSTOP] = true},
      [RS_COSTOP] = {[RS_RUNNING] = true, [RS_READY] = true},
      [RS_IDLE] = {[RS_READY] = true},
  };
  assert(v->runstate == from && allowed[from][to] && v->activity == NO_ACTIVITY);
  if (from != RS_RUNNING) hv_book(v, account_of(from), now);
  v->runstate = (uint8_t)to;
  if (hv_is_waiting(from) != hv_is_waiting(to))
    hv->n_waiting += hv_is_waiting(to) ? 1u : UINT32_MAX;
  if (v->listeners) hv_runstate_changed(hv, v, from);
}

void hv_trace_activity(struct hv *hv, const struct vcpu *v, unsigned to);
void hv_trace_vcpu(struct hv *hv, const struct vcpu *v, enum trace_what what, int64_t value);

/* The one function that changes an activity (also to and from NO_ACTIVITY), and books the former.
   Who has none yet is booked up to now already. */
static inline void hv_change_activity(struct hv *hv, struct vcpu *v, unsigned to, int64_t now) {
  hv_book(v, v->activity, now);
  if (v->listeners & LISTENER_TRACE && v->activity != to) hv_trace_activity(hv, v, to);
  v->activity = (uint8_t)to;
}

/* Works out the next crossing of every VM that changed. Before time may pass. */
void hv_flush_crossings(struct hv *hv);

/* May v run on p? */
ALWAYS_INLINE bool hv_may_use(const struct hv *hv, const struct vcpu *v, pcpu_id_t p) {
  return v->affinity == 0 || (hv->affinities[v->affinity].mask[p / 64] >> p % 64 & 1) != 0;
}
/* Is a pCPU free that v may use? */
static inline bool hv_has_free(const struct hv *hv, const struct vcpu *v) {
  if (hv->free.n_members == 0) return false;
  const uint64_t *mask = hv->affinities[v->affinity].mask;
  return !mask || pcpuset_first_of(&hv->free, mask) != ID_NONE;
}
/* p, which was v's or was promised to nobody, is free from now on; it is v's from now on. */
static inline void hv_free(struct hv *hv, pcpu_id_t p) {
  if (hv->is_core_scheduled)
    cores_give_back(hv, p);
  else
    pcpuset_add(&hv->free, p);
}
static inline void hv_take(struct hv *hv, const struct vcpu *v, pcpu_id_t p) {
  if (hv->is_core_scheduled)
    cores_take(hv, v, p);
  else
    pcpuset_remove(&hv->free, p);
}
/* The lowest free pCPU of a set (NULL: of all), or ID_NONE. */
static inline pcpu_id_t hv_lowest_free(const struct hv *hv, const uint64_t *mask) {
  pcpu_id_t p = hv->prefers_idle_cores ? cores_lowest_idle(hv, mask, 0, hv->n_pcpus) : ID_NONE;
  if (p != ID_NONE) return p;
  return mask ? pcpuset_first_of(&hv->free, mask) : pcpuset_first(&hv->free);
}
/* Who has to give way if somebody is to run on p; NULL: nobody. */
static inline struct vcpu *hv_rival(const struct hv *hv, pcpu_id_t p) {
  return hv->is_core_scheduled ? cores_rival(hv, p) : hv->pcpus[p].current;
}
/* May p take v from another pCPU's queue? Who still runs there stays until that has decided. */
ALWAYS_INLINE bool hv_may_move(const struct hv *hv, const struct vcpu *v, pcpu_id_t p) {
  bool must_stay = v->runstate == RS_RUNNING && pcpuset_has(&hv->free, v->pcpu);
  return !must_stay && hv_may_use(hv, v, p);
}
/* Where v stands before its first run: the pCPUs of its set in turn, by the vCPU's number. */
pcpu_id_t hv_first_pcpu(const struct hv *hv, const struct vcpu *v);
static inline struct hv_vm *hv_vm_of(const struct hv *hv, const struct vcpu *v) {
  return &hv->vms[v->vm];
}
static inline uint32_t hv_n_not_idle(const struct hv_vm *vm) {
  return vm->n_vcpus - vm->n_in[RS_IDLE];
}

#endif
