/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hypervisor schedulers: who is offered a pCPU next, and for how long. They advise; only
   hv/dispatch.c and hv/batch.c change who runs. To add one: a file sched_<kind>.c and a line in
   SCHED_KINDS. */
#ifndef COSTOP_HV_SCHED_H
#define COSTOP_HV_SCHED_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/arena.h"
#include "sim/ids.h"
#include "sim/param.h"

#define SCHED_KINDS(X) \
  X(null)              \
  X(rr)                \
  X(credit)            \
  X(credit2)           \
  X(eevdf)             \
  X(esx)

struct hv;
struct vcpu;

/* Why a vCPU comes to the queue. */
enum queue_reason {
  QUEUE_WOKEN,       /* it was IDLE */
  QUEUE_COSTARTED,   /* it was COSTOP */
  QUEUE_DESCHEDULED, /* its slice ended, or its pCPU was asked to decide anew */
  QUEUE_YIELDED      /* … and its guest wanted that */
};

/* What a scheduler makes of a VM's keys. */
enum { HONOURS_WEIGHT = 1, HONOURS_CAP = 2, HONOURS_RESERVATION = 4 };

/* Optional operations may be NULL. */
struct sched_ops {
  struct kind kind;
  unsigned honours; /* of the above, or-ed */
  /* Returns the scheduler's state, kept in hv->sched_state. The vCPUs exist, all IDLE. May put
     another table into hv->sched, of the same rule where its params make that simpler. */
  void *(*create)(struct hv *hv, const void *params, struct arena *arena);
  /* v became READY; or it is to be decided about anew: then it is RUNNING still, has_expired, and
     leaves its pCPU only if it is not chosen again. v->place has been set. Parked ones count as
     queued, too. May hv_ask, but for the latter ones. */
  void (*enqueue)(struct hv *hv, struct vcpu *v, enum queue_reason reason);
  /* v leaves the queue, wherever it stands. */
  void (*dequeue)(struct hv *hv, struct vcpu *v);
  /* Either of these two: the next queued vCPU to offer a pCPU to, given hv->free and hv->n_left >
     0, from a host-wide queue; or who of all queued ones should run on p, which is free. NULL:
     nobody. Whoever is offered leaves the queue, so that the next call goes on behind it. Free
     pCPUs pick one after another; hv_may_move says whom. */
  struct vcpu *(*next)(struct hv *hv);
  struct vcpu *(*pick)(struct hv *hv, pcpu_id_t p);
  /* With pick: hv->queued has all pCPUs in whose own queues somebody stands, or in a common one at
     them. If it may have others, too: does anybody stand there? */
  bool (*has_own)(const struct hv *hv, pcpu_id_t p);
  /* With pick, optional: pick and dequeue, while nobody yields, as two others: whom p would pick;
     v is picked and leaves the queue. */
  struct vcpu *(*first)(struct hv *hv, pcpu_id_t p);
  void (*take)(struct hv *hv, struct vcpu *v);
  /* With these two, optional: undoes a take that has just been made. Then slice_ns is asked behind
     it, as it depends on who is left; and first only says whom p, which has just been left, would
     pick if it is simple: NULL: pick knows. */
  void (*untake)(struct hv *hv, struct vcpu *v);
  /* With pick, optional: enqueue of v, which runs and has not yielded, pick by its pCPU, dequeue of
     who is picked, and if that is another one, stopped of v, in one; NULL: it is not as simple as
     that, and v is not queued. */
  struct vcpu *(*trade)(struct hv *hv, struct vcpu *v);
  /* With trade, optional: undoes one that has just been made, of v for next. */
  void (*untrade)(struct hv *hv, struct vcpu *v, struct vcpu *next);
  /* With trade, optional: enqueue of v, which is woken while no pCPU is free and none has been
     asked; and if one would be by that, trade of *loser, quiet, which runs there, as far as it is
     simple. Returns who takes over, or NULL: that part was not made. */
  struct vcpu *(*challenge)(struct hv *hv, struct vcpu *v, struct vcpu **loser);
  /* With pick: PICKED_OPS (hv/picked.h). v is woken; v halts; p alone decides about its vCPU, and
     no other pCPU is free. */
  void (*wake)(struct hv *hv, struct vcpu *v);
  void (*halt)(struct hv *hv, struct vcpu *v);
  void (*decide)(struct hv *hv, pcpu_id_t p);
  /* The slice of p's vCPU ends, and no pCPU is asked: decides about it, unless another slice ends
     now, or another pCPU is free: returns whether none does or is. */
  bool (*end_slice)(struct hv *hv, pcpu_id_t p);
  /* All that are asked decide, and no pCPU is free. Returns whether they have; if not, or if it is
     NULL, that is batch.c's to do. */
  bool (*decide_all)(struct hv *hv);
  /* Length of the slice that v would start now; TIME_NEVER_NS: endless. NULL: always
     hv->timeslice_ns, which create sets. v is RUNNING if it was chosen again where it runs. */
  int64_t (*slice_ns)(const struct hv *hv, const struct vcpu *v);
  bool is_endless; /* … and mostly says so */
  /* v has started on v->pcpu; v is going to stop. Not told of one that is chosen again. */
  void (*started)(struct hv *hv, struct vcpu *v);
  void (*stopped)(struct hv *hv, struct vcpu *v);
  /* v has left the queue not to start, but to become COSTOP. */
  void (*withdrawn)(struct hv *hv, struct vcpu *v);
  /* At hv->timer_ns, which create sets if it wants; returns the next instant. */
  int64_t (*timer)(struct hv *hv);
  /* Of schedulers with SPREAD_ROW (hv/spread.h): the pCPU in whose queue v stands, or where it
     runs. */
  pcpu_id_t (*queue_of)(const struct hv *hv, const struct vcpu *v);
  /* How early v, which is queued, comes; less is earlier, and equals go by place. NULL: all are. */
  int64_t (*rank)(const struct hv *hv, const struct vcpu *v);
  /* Asserts its invariants (the paranoid mode). */
  void (*audit)(const struct hv *hv);
};
#define X(name) extern const struct sched_ops sched_##name;
SCHED_KINDS(X)
#undef X

/* NULL-terminated, in the order of SCHED_KINDS. */
extern const struct sched_ops *const sched_kinds[];

enum sched_placement { SCHED_PLACE_ANY, SCHED_PLACE_BALANCE };

struct sched_credit_params {
  int64_t timeslice_ns, ratelimit_ns;
  uint32_t placement; /* enum sched_placement */
};

enum sched_runqueue { RUNQUEUE_CPU, RUNQUEUE_CORE, RUNQUEUE_SOCKET, RUNQUEUE_ALL };

struct sched_credit2_params {
  int64_t init_ns, min_timer_ns, ratelimit_ns, migrate_resist_ns;
  uint32_t runqueue; /* enum sched_runqueue */
};

struct sched_eevdf_params {
  int64_t base_slice_ns, tick_ns, balance_interval_ns;
  uint32_t hrtick;    /* 0: off */
  uint32_t placement; /* enum sched_placement */
};

struct sched_esx_params {
  int64_t quantum_ns, period_ns;
  uint32_t bound_lag; /* in quanta */
};

struct sched_rr_params {
  int64_t timeslice_ns;
};

#endif
