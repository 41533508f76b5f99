/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The keys of a scenario that belong to no plug-in. The rows bind, resolve and describe them. */
#ifndef COSTOP_STUDY_SCENARIO_ROWS_H
#define COSTOP_STUDY_SCENARIO_ROWS_H

#include "sim/param.h"
#include "study/scenario.h"

/* Sizes beyond these are slips of the pen. */
enum {
  SCENARIO_VERSION = 1,
  PCPUS_MAX = 65536,
  VCPUS_MAX = 4096, /* of one VM */
  VCPUS_OF_HOST_MAX = 1 << 18,
  THREADS_MAX = 65536, /* of one VM */
  THREADS_OF_HOST_MAX = 1 << 20,
  VMS_MAX = 65536,
  WEIGHT_MAX = 1000000,
  WEIGHT_STANDARD = 256, /* as in its row */
  REPLICATIONS_MAX = 1000000
};
#define SCENARIO_MEMORY_MAX (UINT64_C(8) << 30)

struct row_set {
  const struct param *rows;
  size_t n;
  const char *const *others; /* keys of the same object with a shape of their own */
};

struct top_keys {
  uint32_t version;
  const char *name, *description;
};

/* A VM as it is written. */
struct vm_keys {
  struct vm_spec spec;
  uint32_t count; /* 0: not given */
  const char *program;
  const char *affinity;
};

extern const struct row_set top_rows;        /* struct top_keys */
extern const struct row_set host_rows;       /* struct host_spec */
extern const struct row_set hypervisor_rows; /* struct hypervisor_spec */
extern const struct row_set run_rows;        /* struct run_params */
extern const struct row_set vm_rows;         /* struct vm_keys */
extern const struct row_set barrier_rows;    /* struct barrier_spec */
extern const struct row_set interrupt_rows;  /* struct interrupt_spec */
#define VM_INTERRUPTS "interrupts"
#define VM_SCHEDULER "guest_scheduler"
#define SHOOTDOWN "shootdown" /* a step, and the source of interrupts that stands for it */
#define INTERRUPT_HANDLER "handler"

#define SCENARIO_SCHEMA_FILE "costop-scenario.schema.json"
/* Keys of `sweep` that are no paths. */
#define SWEEP_ZIP "zip"
#define SWEEP_WHERE "where"
#define AFFINITY_ALL "all"
#define SCHEDULER_FALLBACK "rr"
#define COSCHEDULING_FALLBACK "none"
#define GUEST_SCHEDULER_FALLBACK "rr"

#endif
