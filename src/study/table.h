/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Result tables as plain data, for whatever prints them. */
#ifndef COSTOP_STUDY_TABLE_H
#define COSTOP_STUDY_TABLE_H

#include <stdint.h>

#include "sim/arena.h"
#include "study/cell.h"
#include "study/grid.h"
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

enum result_table {
  TABLE_VM,
  TABLE_VCPU,
  TABLE_LOCK,
  TABLE_INTERRUPT,
  TABLE_STEAL,
  TABLE_HOST,
  TABLE_SUMMARY,
  RESULT_TABLES
};

extern const char *const table_names[RESULT_TABLES + 1]; /* "vm" …, NULL-terminated */

/* Of one cell of a study. The entities' tables have one row per (replication, entity): cell, axes,
   replication, seed, labels, metrics. The summary has one row per (entity, metric): what the
   replications come to. */
struct table table_build(const struct grid *grid, uint32_t cell,
                         const struct replications *replications, enum result_table which,
                         struct arena *arena);
/* The columns without any rows: the same for all cells. */
struct table table_header(const struct grid *grid, enum result_table which, struct arena *arena);

/* The value of an axis: a number or a text; objects and arrays as JSON. */
struct cell table_axis_value(const struct grid *grid, uint32_t cell, uint32_t axis,
                             struct arena *arena);

#endif
