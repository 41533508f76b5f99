/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Result tables as plain data, for whatever prints them. */
#ifndef COSTOP_STUDY_TABLE_H
#define COSTOP_STUDY_TABLE_H

#include <stdint.h>

#include "sim/arena.h"
#include "study/cell.h"
#include "study/replicate.h"

struct table_column {
  const char *name;
  const char *unit; /* "" for labels */
};

struct table {
  const struct table_column *columns;
  const struct cell *cells; /* row by row */
  uint32_t n_columns, n_rows;
};

static inline const struct cell *table_row(const struct table *table, uint32_t row) {
  return table->cells + (size_t)row * table->n_columns;
}

enum result_table { TABLE_VM, TABLE_VCPU, TABLE_LOCK, TABLE_HOST, TABLE_SUMMARY, RESULT_TABLES };

extern const char *const table_names[RESULT_TABLES + 1]; /* "vm" …, NULL-terminated */

/* The entities' tables have one row per (replication, entity): cell, replication, seed, labels,
   metrics. The summary has one row per (entity, metric): what the replications come to. */
struct table table_build(const struct replications *replications, enum result_table which,
                         struct arena *arena);
/* The columns without any rows. */
struct table table_header(enum result_table which, struct arena *arena);

#endif
