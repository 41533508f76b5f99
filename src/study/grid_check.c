/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Binds all cells of a grid for their errors and warnings. What a thousand cells have in common is
   said once. */
#include <ctype.h>
#include <string.h>

#include "study/grid_parts.h"
#include "study/machine.h"

enum { PROBLEMS_MAX = 20 /* errors, and as many warnings; the rest is counted */ };

struct problem {
  uint32_t diag; /* index into diags->items */
  uint32_t first_cell, last_cell, n_cells;
  uint32_t common; /* axes that have one value in all of these cells, and others in other cells */
};

struct checker {
  const struct grid *grid;
  struct diags *diags;
  struct problem problems[2 * PROBLEMS_MAX];
  uint32_t n, n_of[2]; /* by severity */
  uint32_t varying;    /* axes with several values, bit by bit */
};

/* "starts 5 vCPUs together" and "starts 6 vCPUs together" are one piece of advice. */
static bool is_alike_but_for_numbers(const char *a, const char *b) {
  size_t length = strcspn(a, "0123456789");
  return strncmp(a, b, length) == 0 &&
         !isdigit((unsigned char)a[length]) == !isdigit((unsigned char)b[length]);
}

static bool is_alike(const struct diag *a, const struct diag *b) {
  if (a->severity != b->severity || strcmp(a->path, b->path) != 0) return false;
  if (a->severity == DIAG_WARNING) return is_alike_but_for_numbers(a->message, b->message);
  return a->place.source == b->place.source && a->place.offset == b->place.offset &&
         strcmp(a->message, b->message) == 0;
}

static void problem_add_cell(struct problem *problem, const struct grid *grid, uint32_t cell) {
  if (problem->last_cell == cell) return;
  problem->last_cell = cell;
  problem->n_cells++;
  for (uint32_t axis = 0; axis < grid->n_axes; axis++)
    if (grid_value(grid, cell, axis) != grid_value(grid, problem->first_cell, axis))
      problem->common &= ~(UINT32_C(1) << axis);
}

static void note(struct checker *checker, const struct diag *diag, uint32_t cell) {
  struct diags *diags = checker->diags;
  for (uint32_t i = 0; i < checker->n; i++) {
    struct problem *problem = &checker->problems[i];
    if (!is_alike(&diags->items[problem->diag], diag)) continue;
    problem_add_cell(problem, checker->grid, cell);
    return;
  }
  bool is_error = diag->severity == DIAG_ERROR;
  if (checker->n_of[is_error] == PROBLEMS_MAX || diags->n == DIAGS_MAX) {
    diags->n_errors += is_error;
    diags->n_dropped++;
    return;
  }
  checker->n_of[is_error]++;
  checker->problems[checker->n++] = (struct problem){diags->n, cell, cell, 1, checker->varying};
  if (is_error)
    diag_error(diags, diag->place, diag->path, diag->hint, "%s", diag->message);
  else
    diag_warning(diags, diag->place, diag->path, diag->hint, "%s", diag->message);
}

/* Which cells have the problem, and what they have in common. */
static const char *problem_cells(const struct problem *problem, const struct grid *grid,
                                 struct arena *arena) {
  const char *cells = arena_printf(arena, "cell %u", problem->first_cell);
  if (problem->n_cells > 1)
    cells = arena_printf(arena, "%s and %u more", cells, problem->n_cells - 1);
  const char *name = grid_name_axes(grid, problem->first_cell, problem->common, arena);
  return *name ? arena_printf(arena, "%s: %s", cells, name) : cells;
}

uint64_t grid_check(const struct grid *grid, struct diags *diags) {
  struct checker checker = {.grid = grid, .diags = diags};
  for (uint32_t axis = 0; axis < grid->n_axes; axis++)
    if (grid->axes[axis].values->n_children > 1) checker.varying |= UINT32_C(1) << axis;
  struct diags *found = ARENA_NEW(diags->arena, struct diags);
  struct arena scratch = {0};
  uint64_t memory_max = 0;
  for (uint32_t cell = 0; cell < grid->n_cells; cell++) {
    found->arena = &scratch;
    found->n = found->n_errors = found->n_dropped = 0;
    const struct scenario *scenario = grid_bind(grid, cell, found, &scratch);
    uint64_t memory = scenario && found->n_errors == 0 ? machine_memory(scenario) : 0;
    if (memory > memory_max) memory_max = memory;
    for (uint32_t i = 0; i < found->n; i++) note(&checker, &found->items[i], cell);
    arena_reset(&scratch);
  }
  for (uint32_t i = 0; i < checker.n; i++) {
    const struct problem *problem = &checker.problems[i];
    if (problem->n_cells < grid->n_cells) /* a problem of all cells is none of a cell */
      diags->items[problem->diag].cells = problem_cells(problem, grid, diags->arena);
  }
  arena_free(&scratch);
  return memory_max;
}
