/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The registry of metrics. One row says how a metric is called, computed and explained, and what
   other tools call it; tables, summary, JSON, `list metrics`, `explain` and expectations follow.
   To add one: its row in metrics.c, and its place in the list of each table that shows it. */
#ifndef COSTOP_STUDY_METRICS_H
#define COSTOP_STUDY_METRICS_H

#include "study/cell.h"
#include "study/entity.h"
#include "study/result.h"

/* An entity of one run, looked up. */
struct metric_subject {
  const struct run_result *run;
  const struct vm_result *vm;               /* NULL for the host */
  const struct vcpu_result *vcpu;           /* of a vCPU, else NULL */
  const struct lock_result *lock;           /* of a lock, else NULL */
  const struct interrupt_result *interrupt; /* of a source of interrupts, else NULL */
  struct ledger ledger; /* the vCPU's, the VM's total, or a lock's share of spinning */
  int64_t time_ns;      /* what 100 % is: the window times vCPUs (pCPUs for the host) */
};

struct metric {
  const char *name;    /* the column; ends in its unit */
  const char *unit;    /* "%", "us", "ns", "1/s", "cycles", or "1" for counts */
  const char *help;    /* one clause, no full stop */
  const char *formula; /* in words and symbols */
  const char *details; /* how to read it; NULL if help says it all */
  const char *esxtop, *vcenter, *linux_name, *xen; /* NULL: has no such counter */
  struct cell (*value)(const struct metric *metric, const struct metric_subject *subject);
  size_t at; /* where value looks: offset into the ledger or the result */
};

/* The columns of a scope's table in their order; NULL-terminated. */
extern const struct metric *const *const metrics_of[SCOPES];
/* Integers behind them, which JSON shows, too. */
extern const struct metric *const *const metrics_raw_of[SCOPES];

struct metric_subject metric_subject(const struct run_result *run, struct entity entity);

static inline struct cell metric_value(const struct metric *metric,
                                       const struct metric_subject *subject) {
  return metric->value(metric, subject);
}

/* By name, or by its name without the unit if that is one metric of the scope only. NULL: unknown,
   or *is_ambiguous. */
const struct metric *metric_find(enum scope scope, const char *name, bool *is_ambiguous);

/* Is it what a metric's name may end in: "_pct", "_us" …? */
bool metric_is_unit(const char *suffix);

#endif
