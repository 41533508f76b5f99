/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of a grid; nobody else needs them. */
#ifndef COSTOP_STUDY_GRID_PARTS_H
#define COSTOP_STUDY_GRID_PARTS_H

#include "study/grid.h"

/* What a cell is bound from. A value whose path leads nowhere is an error, and left out. */
const struct conf *grid_root(const struct grid *grid, uint32_t cell, struct diags *diags,
                             struct arena *arena);

/* The name of a cell with some of its axes, bit by bit. */
const char *grid_name_axes(const struct grid *grid, uint32_t cell, uint32_t axes,
                           struct arena *arena);

/* Leaves the cells that meet grid->where. Errors in diags if a condition makes no sense, or if
   there are none. */
void grid_pick(struct grid *grid, struct diags *diags, struct arena *arena);

#endif
