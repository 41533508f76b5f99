/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/grid.h"

#include <string.h>

#include "study/grid_parts.h"
#include "study/preset.h"
#include "study/scenario_bind.h"

enum { CELLS_MAX = 1000000 /* more are a slip of the pen */, NAME_VALUE_MAX = 60 };

/* The scenario without its axes. */
static const struct scenario *grid_base(const struct scenario *scenario, struct arena *arena) {
  struct scenario *base = ARENA_NEW(arena, struct scenario);
  *base = *scenario;
  base->written = conf_without(arena, scenario->written, "sweep");
  base->sweep = base->sweep_where = NULL;
  base->n_sweep_axes = 0;
  base->is_sweep_zipped = false;
  return base;
}

const struct grid *grid_of_one(const struct scenario *scenario, struct arena *arena) {
  struct grid *grid = ARENA_NEW(arena, struct grid);
  const struct scenario *base = grid_base(scenario, arena);
  *grid = (struct grid){.root = base->written, .base = base, .n_cells = 1};
  return grid;
}

/* 0: there are too many. */
static uint32_t count_product(const struct grid *grid) {
  uint64_t n = 1;
  for (uint32_t i = 0; i < grid->n_axes; i++) {
    n *= grid->axes[i].values->n_children;
    if (n > CELLS_MAX) return 0;
  }
  return (uint32_t)n;
}

/* 0: the axes have different lengths. */
static uint32_t count_zipped(const struct grid *grid, struct diags *diags, struct arena *arena) {
  if (grid->n_axes == 0) return 1;
  const char *lengths = "";
  bool is_even = true;
  uint32_t n = grid->axes[0].values->n_children;
  for (uint32_t i = 0; i < grid->n_axes; i++) {
    const struct axis *axis = &grid->axes[i];
    is_even &= axis->values->n_children == n;
    lengths = arena_printf(arena, "%s%s%s has %u", lengths, i ? ", " : "", axis->path,
                           axis->values->n_children);
  }
  if (is_even) return n;
  diag_error(diags, grid->sweep->place, "sweep", NULL,
             "axes that advance together have as many values each: %s", lengths);
  return 0;
}

const struct grid *grid_of_sweep(const struct scenario *scenario, struct diags *diags,
                                 struct arena *arena) {
  struct axis *axes = ARENA_ARRAY(arena, scenario->n_sweep_axes, struct axis);
  for (uint32_t i = 0; i < scenario->n_sweep_axes; i++)
    axes[i] = (struct axis){scenario->sweep->children[i]->key, scenario->sweep->children[i]};
  struct grid *grid = ARENA_NEW(arena, struct grid);
  const struct scenario *base = grid_base(scenario, arena);
  *grid = (struct grid){.root = base->written,
                        .base = base,
                        .axes = axes,
                        .sweep = scenario->sweep,
                        .where = scenario->sweep_where,
                        .n_axes = scenario->n_sweep_axes,
                        .is_zipped = scenario->is_sweep_zipped};
  uint32_t errors_before = diags->n_errors;
  grid->n_cells = grid->is_zipped ? count_zipped(grid, diags, arena) : count_product(grid);
  if (grid->n_cells == 0 && !grid->is_zipped)
    diag_error(diags, grid->sweep->place, "sweep", NULL, "more than %d cells", CELLS_MAX);
  if (grid->n_cells > 0 && grid->where) grid_pick(grid, diags, arena);
  return diags->n_errors > errors_before ? NULL : grid;
}

const struct conf *grid_value(const struct grid *grid, uint32_t cell, uint32_t axis) {
  uint64_t index = grid->picks ? grid->picks[cell] : cell;
  for (uint32_t i = grid->n_axes - 1; !grid->is_zipped && i > axis; i--)
    index /= grid->axes[i].values->n_children;
  const struct conf *values = grid->axes[axis].values;
  return values->children[index % values->n_children];
}

const char *grid_name_axes(const struct grid *grid, uint32_t cell, uint32_t axes,
                           struct arena *arena) {
  const char *name = "";
  for (uint32_t axis = 0; axis < grid->n_axes; axis++) {
    if (!(axes >> axis & 1)) continue;
    const char *value = conf_to_line(arena, grid_value(grid, cell, axis));
    bool is_long = strlen(value) > NAME_VALUE_MAX;
    name = arena_printf(arena, "%s%s%s=%.*s%s", name, *name ? ", " : "", grid->axes[axis].path,
                        NAME_VALUE_MAX, value, is_long ? "..." : "");
  }
  return name;
}

const char *grid_cell_name(const struct grid *grid, uint32_t cell, struct arena *arena) {
  return grid_name_axes(grid, cell, UINT32_MAX, arena);
}

const struct conf *grid_root(const struct grid *grid, uint32_t cell, struct diags *diags,
                             struct arena *arena) {
  const struct conf *root = grid->root;
  /* A preset goes under the other axes, wherever it stands among them. */
  for (int is_preset = 1; is_preset >= 0; is_preset--)
    for (uint32_t axis = 0; axis < grid->n_axes; axis++) {
      const char *path = grid->axes[axis].path;
      if ((strcmp(path, PRESET_PATH) == 0) != is_preset) continue;
      const struct conf *value = grid_value(grid, cell, axis);
      const struct conf *changed = scenario_set(root, path, value, diags, arena);
      if (changed) root = changed;
    }
  return root;
}

const struct scenario *grid_bind(const struct grid *grid, uint32_t cell, struct diags *diags,
                                 struct arena *arena) {
  uint32_t errors_before = diags->n_errors;
  const struct conf *root = grid_root(grid, cell, diags, arena);
  const struct scenario *scenario = scenario_bind_cell(grid->base, root, grid->sweep, diags, arena);
  return diags->n_errors > errors_before ? NULL : scenario;
}

const struct conf *grid_to_conf(const struct grid *grid, struct arena *arena) {
  struct scenario whole = *grid->base;
  whole.sweep = grid->sweep;
  whole.n_sweep_axes = grid->n_axes;
  whole.is_sweep_zipped = grid->is_zipped;
  whole.sweep_where = grid->where;
  return scenario_resolve(&whole, arena);
}
