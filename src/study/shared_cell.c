/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/shared_cell.h"

void shared_cell_init(struct shared_cell *cell) {
  *cell = (struct shared_cell){0};
  pthread_mutex_init(&cell->lock, NULL);
}

void shared_cell_open(struct shared_cell *cell, const struct grid *grid, uint32_t number) {
  arena_reset(&cell->arena);
  cell->grid = grid;
  cell->number = number;
  cell->is_bound = false;
}

const struct scenario *shared_cell_scenario(struct shared_cell *cell) {
  pthread_mutex_lock(&cell->lock);
  if (!cell->is_bound) {
    cell->diags = (struct diags){.arena = &cell->arena};
    cell->scenario = grid_bind(cell->grid, cell->number, &cell->diags, &cell->arena);
    cell->is_bound = true;
  }
  const struct scenario *scenario = cell->scenario;
  pthread_mutex_unlock(&cell->lock);
  return scenario;
}

void shared_cell_destroy(struct shared_cell *cell) {
  pthread_mutex_destroy(&cell->lock);
  arena_free(&cell->arena);
}
