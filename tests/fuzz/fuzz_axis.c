/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The LIST of -S on the first line, the condition of --where on the second: a refusal comes with an
   error that points into the argument; what is accepted has cells, and is the same when written out
   as a scenario. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/json_read.h"
#include "cli/load_parts.h"
#include "study/grid.h"
#include "study/scenario_bind.h"

enum { CELLS_BOUND = 50, LIST_MAX = 4096 };

static const char base[] =
    "{ \"host\": { \"pcpus\": 4 }, \"programs\": { \"p\": [ { \"compute\": \"1ms\" } ] },"
    "  \"vms\": { \"a\": { \"vcpus\": 2, \"program\": \"p\" } } }";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int is_true) {
  if (!is_true) abort();
}

static const struct conf *read_text(const char *text, struct diags *diags, struct arena *arena) {
  struct source *source = ARENA_NEW(arena, struct source);
  *source = (struct source){.name = "fuzz", .text = text, .length = (uint32_t)strlen(text)};
  return json_read(source, diags, arena);
}

static void check_places(const struct diags *diags) {
  for (uint32_t i = 0; i < diags->n; i++) {
    const struct place place = diags->items[i].place;
    if (place.source && place.source->is_argument) require(place.offset <= place.source->length);
  }
}

static const struct grid *grid_for(const struct conf *root, struct diags *diags,
                                   struct arena *arena) {
  const struct scenario *scenario = scenario_bind(root, diags, arena);
  const struct grid *grid = scenario ? grid_of_sweep(scenario, diags, arena) : NULL;
  require(grid || diags->n_errors > 0);
  return diags->n_errors > 0 ? NULL : grid;
}

static void check_grid(const struct grid *grid, struct diags *diags, struct arena *arena) {
  require(grid->n_cells > 0);
  if (grid->n_cells > CELLS_BOUND) return;
  grid_check(grid, diags);
  if (diags->n_errors > 0) return; /* such a study does not run */
  const char *text = conf_to_json(arena, grid_to_conf(grid, arena));
  const struct conf *root = read_text(text, diags, arena);
  require(root != NULL);
  const struct grid *again = grid_for(root, diags, arena);
  require(again && again->n_cells == grid->n_cells);
  for (uint32_t cell = 0; cell < grid->n_cells; cell++)
    require(strcmp(grid_cell_name(grid, cell, arena), grid_cell_name(again, cell, arena)) == 0);
}

static void try_list(const char *path, char *list, const char *where, struct arena *arena) {
  struct diags *diags = ARENA_NEW(arena, struct diags);
  diags->arena = arena;
  struct loader loader = {diags, arena};
  const char *axis = arena_printf(arena, "%s=%s", path, list);
  const struct load_request request = {
      .axes = {&axis, 1}, .wheres = {&where, where ? 1 : 0}, .is_zipped = !where};
  const struct conf *root = loader_arguments(&loader, read_text(base, diags, arena), &request);
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
