/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The cells of a study: the combinations of the values of its axes, the last axis fastest. A study
   without axes has one cell. Cells are bound when they are needed and can be thrown away again, so
   memory does not grow with their number. */
#ifndef COSTOP_STUDY_GRID_H
#define COSTOP_STUDY_GRID_H

#include <stdbool.h>
#include <stdint.h>

#include "study/conf.h"
#include "study/scenario.h"

struct axis {
  const char *path;          /* "vms.db.vcpus": the column's name, too */
  const struct conf *values; /* an array, never empty; values may be whole objects */
};

struct grid {
  const struct conf *root;     /* what all cells start from; says nothing of sweeps */
  const struct scenario *base; /* root, bound */
  const struct axis *axes;
  const struct conf *sweep; /* the axes as an object, by path; NULL: none */
  const struct conf *where; /* conditions on cells, an array; NULL: none */
  uint32_t n_axes, n_cells;
  bool is_zipped;        /* the axes advance together */
  const uint64_t *picks; /* the combination that each cell is; NULL: cell i is combination i */
};

/* The only cell is the scenario as it is; its axes are left aside. */
const struct grid *grid_of_one(const struct scenario *scenario, struct arena *arena);

/* A cell for each combination of the axes that meets the conditions. NULL with errors in diags if
   there are too many or none. Does not look whether they can be bound. */
const struct grid *grid_of_sweep(const struct scenario *scenario, struct diags *diags,
                                 struct arena *arena);

/* Binds every cell and reports what is wrong: each problem once, with the cells that have it.
   Returns what machine_memory says of the biggest. */
uint64_t grid_check(const struct grid *grid, struct diags *diags);

/* Which value of the axis this cell has. */
const struct conf *grid_value(const struct grid *grid, uint32_t cell, uint32_t axis);
/* "vms.db.vcpus=4, hypervisor.coscheduling.kind=none", long values cut; "" without axes. */
const char *grid_cell_name(const struct grid *grid, uint32_t cell, struct arena *arena);

/* The scenario of a cell, NULL with errors in diags. Safe from several threads at once, each with
   diags and an arena of its own. */
const struct scenario *grid_bind(const struct grid *grid, uint32_t cell, struct diags *diags,
                                 struct arena *arena);

/* All that decides the results but the program: root and axes, as a scenario file says them. */
const struct conf *grid_to_conf(const struct grid *grid, struct arena *arena);

#endif
