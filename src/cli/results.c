/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/results.h"

#include "cli/diag_print.h"

/* The scenario of a cell that has been run: there is one. */
static const struct scenario *bind_cell(const struct results *results, uint32_t cell,
                                        struct arena *arena) {
  struct diags *diags = ARENA_NEW(arena, struct diags);
  diags->arena = arena;
  const struct scenario *scenario = grid_bind(results->plan->study.grid, cell, diags, arena);
  if (!scenario)
    diags_print(diags, (struct diag_style){cli_has_color(results->cli, stderr), false}, stderr);
  return scenario;
}

static int get_cell(const struct results *results, struct results_cell *cell) {
  if (!store_has_cell(results->store, cell->number)) return EX_OK;
  const struct scenario *scenario = bind_cell(results, cell->number, cell->arena);
  if (!scenario) return EX_DATAERR;
  int code = store_get(results->store, cell->number, scenario, cell->arena, &cell->replications);
  if (code != EX_OK) return code;
  cell->is_finished = store_is_finished(results->store, cell->number);
  cell->verdicts = verdict_reach(&cell->replications, results->plan->expects,
                                 results->plan->n_expects, cell->arena);
  return EX_OK;
}

int results_walk(const struct results *results,
                 void (*visit)(void *context, const struct results_cell *cell), void *context) {
  struct arena arena = {0};
  int code = store_begin_reading(results->store);
  if (code != EX_OK) return code;
  for (uint32_t i = 0; code == EX_OK && i < results->plan->study.grid->n_cells; i++) {
    struct results_cell cell = {.number = i, .arena = &arena};
    code = get_cell(results, &cell);
    if (code == EX_OK && cell.replications.n > 0) visit(context, &cell);
    arena_reset(&arena);
  }
  arena_free(&arena);
  int end = store_commit(results->store);
  return code == EX_OK ? end : code;
}
