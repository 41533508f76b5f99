/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The figure of the steal matrix, from steal.csv. */
#include <math.h>
#include <string.h>

#include "cli/csv_read.h"
#include "cli/plot_grid.h"

enum column { CELL, VM, BY, SHARE, COLUMNS };
static const char *const columns[COLUMNS] = {"cell", "vm", "by", "steal_pct"};

/* One vm by one other, in all replications of the cell. */
struct pair {
  const char *vm, *by;
  double *values;
  uint32_t n;
};

struct reader {
  const char *path, *cell;
  uint32_t columns[COLUMNS];
  struct pair *pairs;
  uint32_t n_pairs, at; /* the pair of the latest row */
  struct arena *arena;
};

static int on_header(void *context, const char *const *names, uint32_t n) {
  struct reader *reader = context;
  return csv_find_columns(reader->path, names, n, columns, COLUMNS, reader->columns);
}

static bool is_pair(const struct pair *pair, const char *vm, const char *by) {
  return strcmp(pair->vm, vm) == 0 && strcmp(pair->by, by) == 0;
}

/* Each replication has the pairs in the same order: the next one is nearly always it. */
static struct pair *find_pair(struct reader *reader, const char *vm, const char *by) {
  for (uint32_t i = 1; i <= reader->n_pairs; i++) {
    uint32_t at = (reader->at + i) % reader->n_pairs;
    if (!is_pair(&reader->pairs[at], vm, by)) continue;
    reader->at = at;
    return &reader->pairs[at];
  }
  reader->pairs = plot_room(reader->arena, reader->pairs, reader->n_pairs, sizeof(struct pair));
  reader->at = reader->n_pairs++;
  reader->pairs[reader->at] =
      (struct pair){arena_strdup(reader->arena, vm), arena_strdup(reader->arena, by), NULL, 0};
  return &reader->pairs[reader->at];
}

static int on_row(void *context, const struct csv_row *row) {
  struct reader *reader = context;
  const uint32_t *at = reader->columns;
  if (strcmp(row->fields[at[CELL]], reader->cell) != 0) return EX_OK;
  struct pair *pair = find_pair(reader, row->fields[at[VM]], row->fields[at[BY]]);
  pair->values = plot_room(reader->arena, pair->values, pair->n, sizeof(double));
  pair->values[pair->n++] = csv_number(row->fields[at[SHARE]]);
  return EX_OK;
}

/* Rows and columns in the order in which they first come up. */
static void put_pairs(struct plot_grid *grid, const struct reader *reader) {
  uint32_t row = 0, column = 0;
  for (uint32_t i = 0; i < reader->n_pairs; i++) {
    const struct pair *pair = &reader->pairs[i];
    bool is_next_vm = i == 0 || strcmp(pair->vm, pair[-1].vm) != 0;
    row += is_next_vm;
    column = is_next_vm ? 1 : column + 1;
    plot_grid_put(grid, cell_text(pair->vm));
    plot_grid_put(grid, cell_count(row));
    plot_grid_put(grid, cell_text(pair->by));
    plot_grid_put(grid, cell_count(column));
    plot_grid_put(grid, cell_count(column));
    plot_grid_put(grid, cell_count(pair->n));
    plot_grid_put_mean(grid, pair->values, pair->n);
  }
}

static int steal_make(const struct plot_source *source, struct picture *picture) {
  static const char *const metrics[] = {"ready_pct", NULL};
  static const char *const means[] = {"steal_pct", "steal_pct_low", "steal_pct_high", NULL};
  struct plot_grid grid;
  int code = plot_grid_read(&grid, source);
  if (code == EX_OK) code = plot_grid_show(&grid, PLOT_NONE, PLOT_NONE, metrics);
  if (code != EX_OK) return code;
  struct reader reader = {.path = plot_path(source, "steal.csv"),
                          .cell = grid.study.cells[plot_view_cell(&grid.view, 0, 0)].id,
                          .arena = source->arena};
  code = csv_read(reader.path, &(const struct csv_reader){on_header, on_row, &reader});
  if (code != EX_OK) return code;
  if (reader.n_pairs == 0) {
    picture->missing = "the steal matrix was not measured";
    return EX_OK;
  }
  plot_grid_begin(&grid, picture, reader.n_pairs, means);
  put_pairs(&grid, &reader);
  plot_grid_end(&grid, picture);
  grid.hides_intervals = true;
  plot_grid_say(&grid, picture, "who ran while a VM was READY");
  return EX_OK;
}

const struct plot_figure plot_steal = {
    .name = "steal",
    .help = "heat map, VM by VM: who ran while one was READY",
    .file = "steal.csv",
    .command = "run",
    .arguments = "-s run.steal_matrix=on",
    .make = steal_make,
};
