/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/grid.h"

#include "study/scenario_bind.h"

/* Slips of the pen are larger than this. */
enum { CELLS_MAX = 1000000 };

/* The scenario without its axes. */
static const struct scenario *grid_base(const struct scenario *scenario, struct arena *arena) {
  struct scenario *base = ARENA_NEW(arena, struct scenario);
  *base = *scenario;
  base->written = conf_without(arena, scenario->written, "sweep");
  base->sweep = NULL;
  base->n_sweep_axes = 0;
  return base;
}

const struct grid *grid_of_one(const struct scenario *scenario, struct arena *arena) {
  struct grid *grid = ARENA_NEW(arena, struct grid);
  const struct scenario *base = grid_base(scenario, arena);
  *grid = (struct grid){.root = base->written, .base = base, .n_cells = 1};
  return grid;
}

const struct grid *grid_of_sweep(const struct scenario *scenario, struct diags *diags,
                                 struct arena *arena) {
  if (!scenario->sweep) return grid_of_one(scenario, arena);
  uint64_t n_cells = 1;
  struct axis *axes = ARENA_ARRAY(arena, scenario->n_sweep_axes, struct axis);
  for (uint32_t i = 0; i < scenario->n_sweep_axes; i++) {
    const struct conf *values = scenario->sweep->children[i];
    axes[i] = (struct axis){.path = values->key, .values = values};
    if (n_cells <= CELLS_MAX) n_cells *= values->n_children;
  }
  if (n_cells > CELLS_MAX) {
    diag_error(diags, scenario->sweep->place, "sweep", NULL, "more than %d cells", CELLS_MAX);
    return NULL;
  }
  struct grid *grid = ARENA_NEW(arena, struct grid);
  const struct scenario *base = grid_base(scenario, arena);
  *grid = (struct grid){.root = base->written,
                        .base = base,
                        .axes = axes,
                        .sweep = scenario->sweep,
                        .n_axes = scenario->n_sweep_axes,
                        .n_cells = (uint32_t)n_cells};
  return grid;
}

const struct conf *grid_value(const struct grid *grid, uint32_t cell, uint32_t axis) {
  uint64_t index = grid->picks ? grid->picks[cell] : cell;
  for (uint32_t i = grid->n_axes - 1; !grid->is_zipped && i > axis; i--)
    index /= grid->axes[i].values->n_children;
  const struct conf *values = grid->axes[axis].values;
  return values->children[index % values->n_children];
}

const char *grid_cell_name(const struct grid *grid, uint32_t cell, struct arena *arena) {
  const char *name = "";
  for (uint32_t axis = 0; axis < grid->n_axes; axis++)
    name = arena_printf(arena, "%s%s%s=%s", name, axis ? ", " : "", grid->axes[axis].path,
                        conf_to_line(arena, grid_value(grid, cell, axis)));
  return name;
}

const struct scenario *grid_bind(const struct grid *grid, uint32_t cell, struct diags *diags,
                                 struct arena *arena) {
  const struct conf *root = grid->root;
  for (uint32_t axis = 0; root && axis < grid->n_axes; axis++)
    root = scenario_set(root, grid->axes[axis].path, grid_value(grid, cell, axis), diags, arena);
  return root ? scenario_bind_cell(grid->base, root, grid->sweep, diags, arena) : NULL;
}

const struct conf *grid_to_conf(const struct grid *grid, struct arena *arena) {
  struct scenario whole = *grid->base;
  whole.sweep = grid->sweep;
  return scenario_resolve(&whole, arena);
}
