/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A resolved scenario: every key has a value, every name is looked up, every kind is bound. Const
   after scenario_bind; everything it points to lives in its arena. */
#ifndef COSTOP_STUDY_SCENARIO_H
#define COSTOP_STUDY_SCENARIO_H

#include <stdbool.h>
#include <stdint.h>

#include "guest/program.h"
#include "hv/ple.h"
#include "hv/poll.h"
#include "hv/topology.h"
#include "sim/arena.h"
#include "sim/param.h"

struct conf;

struct host_spec {
  uint32_t n_pcpus;
  double ghz;
  int64_t context_switch_ns, migration_ns;
  int64_t near_migration_ns[DISTANCE_HOST]; /* or MIGRATION_FAR: migration_ns */
  uint32_t n_sockets;
  uint32_t cores_per_socket; /* 0: as many as there are */
  uint32_t threads_per_core, llcs_per_socket;
  double smt_factor; /* speed of a busy thread beside another one of its core */
};

enum { MIGRATION_FAR = -1 };
static inline int64_t host_migration_ns(const struct host_spec *host, enum distance distance) {
  bool is_far = distance == DISTANCE_HOST || host->near_migration_ns[distance] == MIGRATION_FAR;
  return is_far ? host->migration_ns : host->near_migration_ns[distance];
}

struct hypervisor_spec {
  struct kind_choice scheduler;    /* kind is the first member of a struct sched_ops (hv/sched.h) */
  struct kind_choice coscheduling; /* … of a struct cosched_ops (hv/cosched.h) */
  struct ple_params ple;
  struct poll_params halt_polling;
  int64_t delay_preemption_ns; /* 0: off */
  uint32_t is_core_scheduled;  /* a core runs one VM at a time */
};

/* One VM: `count` has been expanded, noise.0, noise.1 … in the order of the file. */
struct vm_spec {
  const char *name;      /* "noise.0", or "db" if the file gives no count */
  const char *base_name; /* "noise" */
  struct guest_spec guest;
  bool is_thread_per_vcpu; /* the file leaves threads at its default */
  struct dist start;
  uint32_t weight;          /* of each of its vCPUs */
  double cap_pct;           /* … of a pCPU; 0: none */
  double limit_pct;         /* likewise: the lower of both counts */
  double reservation_pct;   /* … of a pCPU; 0: none */
  uint32_t is_exclusive;    /* nobody else may use the pCPUs of its affinity */
  const uint64_t *affinity; /* bit p of word p / 64 = may run on pCPU p; NULL: everywhere */
};

static inline double vm_cap_pct(const struct vm_spec *vm) {
  bool is_limit_lower = vm->limit_pct > 0 && (vm->cap_pct == 0 || vm->limit_pct < vm->cap_pct);
  return is_limit_lower ? vm->limit_pct : vm->cap_pct;
}

struct run_params {
  int64_t duration_ns, warmup_ns;
  uint32_t replications;
  uint64_t seed;
  uint32_t has_steal_matrix;
};

struct scenario {
  const char *name, *description; /* description may be "" */
  struct host_spec host;
  struct hypervisor_spec hypervisor;
  const struct lock_spec *locks;
  uint32_t n_locks;
  const struct barrier_spec *barriers;
  uint32_t n_barriers;
  const struct program *programs;
  uint32_t n_programs;
  const struct vm_spec *vms;
  uint32_t n_vms;
  struct run_params run;
  const char *const *expects;
  uint32_t n_expects;
  const struct conf *written; /* what it was bound from */
  const struct conf *sweep;   /* an object: path -> array of values; NULL: no axes */
  uint32_t n_sweep_axes;
  bool is_sweep_zipped;           /* the axes advance together */
  const struct conf *sweep_where; /* an array of conditions on cells; NULL: none */
};

#endif
