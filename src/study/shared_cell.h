/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A cell while replications of it are run by several threads: whoever needs its scenario first
   binds it, and all others share that. */
#ifndef COSTOP_STUDY_SHARED_CELL_H
#define COSTOP_STUDY_SHARED_CELL_H

#include <pthread.h>

#include "study/diag.h"
#include "study/grid.h"

struct shared_cell {
  const struct grid *grid;
  uint32_t number;
  pthread_mutex_t lock; /* of all below */
  bool is_bound;
  const struct scenario *scenario;
  struct diags diags;
  struct arena arena;
};

void shared_cell_init(struct shared_cell *cell);
/* For another cell of this or another grid; nobody uses the last one any more. */
void shared_cell_open(struct shared_cell *cell, const struct grid *grid, uint32_t number);
/* NULL: it cannot be bound; cell->diags say why. */
const struct scenario *shared_cell_scenario(struct shared_cell *cell);
void shared_cell_destroy(struct shared_cell *cell);

#endif
