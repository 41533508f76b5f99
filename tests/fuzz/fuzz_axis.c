/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The LIST of -S on the first line, the condition of --where on the second: a refusal comes with an
   error that points into the argument; what is accepted has cells, and is the same when written out
   as a scenario. */
#include <string.h>

#include "cli/load_parts.h"
#include "fuzz/fuzz.h"
#include "study/grid.h"
#include "study/scenario_bind.h"

enum { CELLS_BOUND = 50, VALUES_BOUND = 1000, LIST_MAX = 4096 };

static const char base[] =
    "{ \"host\": { \"pcpus\": 4 }, \"programs\": { \"p\": [ { \"compute\": \"1ms\" } ] },"
    "  \"vms\": { \"a\": { \"vcpus\": 2, \"program\": \"p\" } } }";

static void check_places(const struct diags *diags) {
  for (uint32_t i = 0; i < diags->n; i++) {
    const struct place place = diags->items[i].place;
    if (place.source && place.source->is_argument)
      fuzz_require(place.offset <= place.source->length);
  }
}

static const struct grid *grid_for(const struct conf *root, struct diags *diags,
                                   struct arena *arena) {
  const struct scenario *scenario = scenario_bind(root, diags, arena);
  const struct grid *grid = scenario ? grid_of_sweep(scenario, diags, arena) : NULL;
  fuzz_require(grid || diags->n_errors > 0);
  return diags->n_errors > 0 ? NULL : grid;
}

static void check_grid(const struct grid *grid, struct diags *diags, struct arena *arena) {
  fuzz_require(grid->n_cells > 0);
  if (grid->n_cells > CELLS_BOUND) return;
  grid_check(grid, diags);
  if (diags->n_errors > 0) return; /* such a study does not run */
  const char *text = conf_to_json(arena, grid_to_conf(grid, arena));
  const struct conf *root = fuzz_read(text, strlen(text), diags);
  fuzz_require(root != NULL);
  const struct grid *again = grid_for(root, diags, arena);
  fuzz_require(again && again->n_cells == grid->n_cells);
  for (uint32_t cell = 0; cell < grid->n_cells; cell++)
    fuzz_require(strcmp(grid_cell_name(grid, cell, arena), grid_cell_name(again, cell, arena)) ==
                 0);
}

static void try_list(const char *path, char *list, const char *where, struct arena *arena) {
  struct diags *diags = fuzz_diags(arena);
  struct loader loader = {diags, arena};
  const char *axis = arena_printf(arena, "%s=%s", path, list);
  const struct load_request request = {
      .axes = {&axis, 1}, .wheres = {&where, where ? 1 : 0}, .is_zipped = !where};
  const struct conf *root =
      loader_arguments(&loader, fuzz_read(base, sizeof base - 1, diags), &request);
  const struct conf *axes = conf_find(root, "sweep"), *axis_values = conf_find(axes, path);
  if (axis_values && axis_values->n_children > VALUES_BOUND) return;
  const struct grid *grid = diags->n_errors == 0 ? grid_for(root, diags, arena) : NULL;
  check_places(diags);
  if (grid) check_grid(grid, diags, arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const paths[] = {"vms.a.vcpus", "programs.p.0.compute", "run.duration",
                                      "hypervisor.coscheduling"};
  if (size > LIST_MAX || memchr(data ? data : (const uint8_t *)"", '\0', size)) return 0;
  struct arena arena = {0};
  char *list = arena_printf(&arena, "%.*s", (int)size, (const char *)data);
  char *newline = strchr(list, '\n');
  const char *where = newline ? newline + 1 : NULL;
  if (newline) *newline = '\0';
  for (size_t i = 0; i < sizeof paths / sizeof *paths && !strstr(list, "empirical"); i++)
    try_list(paths[i], list, where, &arena);
  arena_free(&arena);
  return 0;
}
