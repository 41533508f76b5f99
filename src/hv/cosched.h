/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Co-scheduling rules: may this vCPU start now, who must stop or start with it. They advise; only
   hv/dispatch.c and hv/batch.c change who runs. To add one: a file cosched_<kind>.c and a line in
   COSCHED_KINDS. */
#ifndef COSTOP_HV_COSCHED_H
#define COSTOP_HV_COSCHED_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/arena.h"
#include "sim/param.h"

#define COSCHED_KINDS(X) \
  X(none)                \
  X(strict)              \
  X(relaxed)

struct hv;
struct hv_vm;
struct vcpu;

enum verdict {
  VERDICT_ADMIT,      /* start it */
  VERDICT_ADMIT_GANG, /* start all non-idle vCPUs of its VM, with one common slice end */
  VERDICT_REFUSE,     /* co-stop it; it leaves the queue */
  VERDICT_REFUSE_GANG /* co-stop all READY vCPUs of its VM; they keep their places */
};

/* Optional operations may be NULL. */
struct cosched_ops {
  struct kind kind;
  /* Returns the rule's state, kept in hv->cosched_state; may set hv->overhead_is_progress. */
  void *(*create)(struct hv *hv, const void *params, struct arena *arena);
  /* The scan has reached v while a pCPU is left. NULL: always VERDICT_ADMIT. */
  enum verdict (*offer)(struct hv *hv, struct vcpu *v);
  /* Would each READY vCPU of the VM be admitted now, whoever of them starts? Only asked after one
     of them was. May be false where that takes long to find out. */
  bool (*admits_all)(const struct hv *hv, const struct hv_vm *vm);
  /* The refused gang to offer before `queued` (which may be NULL), by its earliest vCPU; NULL if
     none; *must_end is set if a gang that is waited for ends the scan before `queued`. */
  struct vcpu *(*next_gang)(struct hv *hv, const struct vcpu *queued, bool *must_end);
  /* The gang of VERDICT_ADMIT_GANG or VERDICT_REFUSE_GANG has been carried out. */
  void (*gang_started)(struct hv *hv, struct hv_vm *vm);
  void (*gang_refused)(struct hv *hv, struct hv_vm *vm);
  /* v became READY by a wake-up. */
  void (*woken)(struct hv *hv, struct vcpu *v);
  /* Every hv->poll_ns, which create sets if the rule has periodic checks. */
  void (*poll)(struct hv *hv);
  /* If create sets hv->has_crossings: when the VM's skew crosses a threshold if nothing changes,
     now, later, or TIME_NEVER_NS; and what to do then. */
  int64_t (*crossing_ns)(const struct hv *hv, const struct hv_vm *vm);
  void (*crossing)(struct hv *hv, struct hv_vm *vm);
  /* Gang rules: a vCPU that joins siblings which run already gets their slice end. */
  bool shares_slice_end;
};
#define X(name) extern const struct cosched_ops cosched_##name;
COSCHED_KINDS(X)
#undef X

enum cosched_progress { PROGRESS_GUEST, PROGRESS_PRE4 };
enum cosched_boost { BOOST_NONE, BOOST_LAGGARD };
enum { PATIENCE_TIMESLICE = -1 };

struct cosched_strict_params {
  int64_t skew_limit_ns;
  int64_t patience_ns; /* or PATIENCE_TIMESLICE */
  uint32_t progress;   /* enum cosched_progress */
};

struct cosched_relaxed_params {
  int64_t costop_threshold_ns, costart_threshold_ns, poll_ns;
  uint32_t progress; /* enum cosched_progress */
  uint32_t boost;    /* enum cosched_boost */
};

extern const char *const cosched_progress_words[];

/* NULL-terminated, in the order of COSCHED_KINDS. */
extern const struct cosched_ops *const cosched_kinds[];

#endif
