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
#include "sim/sim.h"

struct hv;
struct guest;

struct hv_vm;

/* A vCPU as both sides see it. Guests read it; only hv/ writes, but for is_watched, spin_ns and the
   two counters below it, which the guest alone can tell. The order of the members keeps what one
   dispatch touches in few cache lines. */
struct __attribute__((aligned(ARENA_LINE))) vcpu {
  uint8_t runstate;  /* enum runstate */
  uint8_t activity;  /* enum activity; NO_ACTIVITY unless RUNNING */
  bool is_executing; /* RUNNING and past the dispatch overhead: guest code runs */
  bool has_expired;  /* its slice ended at this instant; still RUNNING until it is decided */
  bool is_queued;    /* in the scheduler's queue */
  bool is_watched;   /* the guest wants to be told of its runstates and preemptions */
  vcpu_id_t id;
  vm_id_t vm;
  uint32_t index;      /* in its VM */
  pcpu_id_t pcpu;      /* where it runs or last ran; ID_NONE before its first run */
  pcpu_id_t next_pcpu; /* where the running dispatch phase puts it; ID_NONE: not decided */
  pcpu_id_t home;      /* the only pCPU it may use; ID_NONE: any of its VM's set */
  uint32_t affinity;   /* number of that set; 0: all pCPUs */
  struct vcpu *queue_next, *queue_previous;
  uint64_t place; /* in the queue: host-wide, earlier is smaller */

  int64_t runstate_since_ns, activity_since_ns;
  int64_t runstate_ns[RUNSTATES];
  struct hv_vm *group;     /* its VM, if that has siblings or the rule minds them; else NULL */
  uint64_t dispatch_order; /* of its latest dispatch */

  int64_t activity_ns[ACTIVITIES];
  uint64_t dispatches, preemptions, migrations;

  int64_t spin_ns[SPIN_CAUSES];
  uint64_t lhp_events, lwp_events;
  uint64_t costops;
};

/* --- what a guest may ask; v is executing unless said otherwise --- */

/* Call guest_step for v at at_ns (>= now); TIME_NEVER_NS: not by itself. Replaces the former. */
void hv_arm(struct hv *hv, struct vcpu *v, int64_t at_ns);
/* What v's guest does from now on. */
void hv_set_activity(struct hv *hv, struct vcpu *v, enum activity activity);
/* v's guest has nothing to run: RUNNING -> IDLE. The guest has left v (guest_suspend is not
 * called). */
void hv_halt(struct hv *hv, struct vcpu *v);
/* v, IDLE, has something to run again: IDLE -> READY. */
void hv_wake(struct hv *hv, struct vcpu *v);

/* A vCPU is going to be woken: fetches what that touches. */
void hv_prefetch_wake(const struct hv *hv, vcpu_id_t vcpu);

/* --- what the hypervisor tells --- */

/* A vCPU is going to run, or to stop, soon: fetches what that will touch: first itself; then, some
   work later, what its thread needs to begin a computation, or to end it. */
enum prefetch_stage { PREFETCH_ITSELF, PREFETCH_BEGIN, PREFETCH_END };
void guest_prefetch(const struct guest *guest, vcpu_id_t vcpu, enum prefetch_stage stage);
/* v begins to execute guest code, after its dispatch overhead. The guest arms v. Must not touch
   other vCPUs: what would is put off to an armed step at this instant. */
void guest_resume(struct guest *guest, struct vcpu *v);
/* The armed instant has come. */
void guest_step(struct guest *guest, struct vcpu *v);
/* v, executing, is about to lose its pCPU. */
void guest_suspend(struct guest *guest, struct vcpu *v);
/* v, which is watched, has gone from one runstate to another. */
void guest_runstate_changed(struct guest *guest, struct vcpu *v, enum runstate from);
/* v, which is watched, is descheduled against its will: counts lhp_events and lwp_events. */
void guest_count_preemption(struct guest *guest, struct vcpu *v);

#endif
