/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/table.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Room for rows is made once: the number of rows is counted before they are filled. */
struct table_filler {
  struct cell *next;
  const struct cell *place; /* of the cell: its number, and the values of its axes */
  uint32_t n_place;
};

static void table_put(struct table_filler *filler, struct cell cell) { *filler->next++ = cell; }

static void table_put_place(struct table_filler *filler) {
  for (uint32_t i = 0; i < filler->n_place; i++) table_put(filler, filler->place[i]);
}

static const struct table_column run_labels[] = {{"replication", ""}, {"seed", ""}};
static const struct table_column vm_labels[] = {{"vm", ""}, {"vcpus", ""}};
static const struct table_column vcpu_labels[] = {{"vm", ""}, {"vcpu", ""}};
static const struct table_column lock_labels[] = {{"vm", ""}, {"lock", ""}, {"kind", ""}};
static const struct table_column interrupt_labels[] = {{"vm", ""}, {"interrupt", ""}};
static const struct table_column steal_labels[] = {{"vm", ""}, {"by", ""}};
enum { RUN_LABELS = sizeof run_labels / sizeof *run_labels };

static const struct {
  const struct table_column *columns;
  uint32_t n;
} scope_labels[SCOPES] = {
    [SCOPE_VM] = {vm_labels, 2},       [SCOPE_VCPU] = {vcpu_labels, 2},
    [SCOPE_LOCK] = {lock_labels, 3},   [SCOPE_INTERRUPT] = {interrupt_labels, 2},
    [SCOPE_STEAL] = {steal_labels, 2}, [SCOPE_HOST] = {NULL, 0},
};

struct cell table_axis_value(const struct grid *grid, uint32_t cell, uint32_t axis,
                             struct arena *arena) {
  const struct conf *value = grid_value(grid, cell, axis);
  if (value->kind != CONF_NUMBER) return cell_text(conf_to_line(arena, value));
  return cell_real(strtod(value->text, NULL));
}

static struct table_filler table_filler(struct cell *cells, const struct grid *grid, uint32_t cell,
                                        struct arena *arena) {
  uint32_t n_place = 1 + grid->n_axes;
  struct cell *place = ARENA_ARRAY(arena, n_place, struct cell);
  place[0] = cell_count(cell);
  for (uint32_t i = 0; i < grid->n_axes; i++) place[1 + i] = table_axis_value(grid, cell, i, arena);
  return (struct table_filler){cells, place, n_place};
}

/* Copies columns behind the first *n. */
static void table_add_columns(struct table_column *columns, uint32_t *n,
                              const struct table_column *more, uint32_t n_more) {
  if (n_more > 0) memcpy(columns + *n, more, n_more * sizeof *more);
  *n += n_more;
}

/* With room for others behind cell and axes, which *n counts. */
static struct table_column *table_columns(const struct grid *grid, uint32_t n_others, uint32_t *n,
                                          struct arena *arena) {
  *n = 1 + grid->n_axes;
  struct table_column *columns = ARENA_ARRAY(arena, *n + n_others, struct table_column);
  columns[0] = (struct table_column){"cell", ""};
  for (uint32_t i = 0; i < grid->n_axes; i++)
    columns[1 + i] = (struct table_column){grid->axes[i].path, ""};
  return columns;
}

static uint32_t table_n_metrics(enum scope scope) {
  uint32_t n = 0;
  while (metrics_of[scope][n]) n++;
  return n;
}

static uint32_t table_n_entities(const struct replications *replications, enum scope scope) {
  uint32_t n = 0;
  struct entity entity;
  if (replications->n == 0) return 0;
  const struct run_result *run = replications->runs[0];
  for (bool more = entity_first(run, scope, &entity); more; more = entity_next(run, &entity)) n++;
  return n;
}

static struct table table_scope_header(const struct grid *grid, enum scope scope,
                                       struct arena *arena) {
  uint32_t n, n_metrics = table_n_metrics(scope);
  struct table_column *columns =
      table_columns(grid, RUN_LABELS + scope_labels[scope].n + n_metrics, &n, arena);
  table_add_columns(columns, &n, run_labels, RUN_LABELS);
  table_add_columns(columns, &n, scope_labels[scope].columns, scope_labels[scope].n);
  for (uint32_t i = 0; i < n_metrics; i++)
    columns[n++] = (struct table_column){metrics_of[scope][i]->name, metrics_of[scope][i]->unit};
  return (struct table){.columns = columns, .n_columns = n};
}

static void table_put_labels(struct table_filler *filler, const struct run_result *run,
                             struct entity entity) {
  table_put_place(filler);
  table_put(filler, cell_count(run->replication));
  table_put(filler, cell_count(run->seed));
  if (entity.scope == SCOPE_HOST) return;
  const struct vm_result *vm = &run->vms[entity.vm];
  table_put(filler, cell_text(vm->spec->name));
  if (entity.scope == SCOPE_VM) table_put(filler, cell_count(vm->spec->guest.n_vcpus));
  if (entity.scope == SCOPE_VCPU) table_put(filler, cell_count(entity.member));
  if (entity.scope == SCOPE_INTERRUPT)
    table_put(filler, cell_text(vm->interrupts[entity.member].spec->name));
  if (entity.scope == SCOPE_STEAL)
    table_put(filler, cell_text(entity_stealer(run->scenario, entity.member)));
  if (entity.scope != SCOPE_LOCK) return;
  const struct lock_spec *lock = vm->locks[entity.member].spec;
  table_put(filler, cell_text(lock->name));
  table_put(filler, cell_text(lock->choice.kind->name));
}

static struct table table_of_scope(const struct grid *grid, uint32_t cell,
                                   const struct replications *replications, enum scope scope,
                                   struct arena *arena) {
  struct table table = table_scope_header(grid, scope, arena);
  table.n_rows = replications->n * table_n_entities(replications, scope);
  struct cell *cells = ARENA_ARRAY(arena, (size_t)table.n_rows * table.n_columns, struct cell);
  struct table_filler filler = table_filler(cells, grid, cell, arena);
  for (uint32_t i = 0; i < replications->n; i++) {
    const struct run_result *run = replications->runs[i];
    struct entity entity;
    for (bool more = entity_first(run, scope, &entity); more; more = entity_next(run, &entity)) {
      struct metric_subject subject = metric_subject(run, entity);
      table_put_labels(&filler, run, entity);
      for (const struct metric *const *metric = metrics_of[scope]; *metric; metric++)
        table_put(&filler, metric_value(*metric, &subject));
    }
  }
  assert(filler.next == cells + (size_t)table.n_rows * table.n_columns);
  table.cells = cells;
  return table;
}

static const struct table_column summary_columns[] = {
    {"scope", ""}, {"entity", ""}, {"metric", ""}, {"unit", ""},    {"n", "1"},
    {"mean", ""},  {"sd", ""},     {"ci_low", ""}, {"ci_high", ""}, {"rel_half_width_pct", "%"}};
enum { SUMMARY_COLUMNS = sizeof summary_columns / sizeof *summary_columns };

static void table_put_summary(struct table_filler *filler, const char *name, enum scope scope,
                              const struct metric *metric, const struct stat_sum *stat) {
  struct stat_interval interval = stat_interval(stat, REPLICATE_CONFIDENCE);
  bool has_interval = stat->n >= 2;
  table_put_place(filler);
  table_put(filler, cell_text(scope_names[scope]));
  table_put(filler, cell_text(name));
  table_put(filler, cell_text(metric->name));
  table_put(filler, cell_text(metric->unit));
  table_put(filler, cell_count(stat->n));
  table_put(filler, stat->n > 0 ? cell_real(stat->mean) : cell_none());
  table_put(filler, has_interval ? cell_real(stat_sd(stat)) : cell_none());
  table_put(filler, has_interval ? cell_real(interval.low) : cell_none());
  table_put(filler, has_interval ? cell_real(interval.high) : cell_none());
  bool has_relative = has_interval && stat->mean != 0;
  double relative_pct = 100 * interval.half_width / fabs(stat->mean);
  table_put(filler, has_relative ? cell_real(relative_pct) : cell_none());
}

static struct table table_summary_header(const struct grid *grid, struct arena *arena) {
  uint32_t n;
  struct table_column *columns = table_columns(grid, SUMMARY_COLUMNS, &n, arena);
  table_add_columns(columns, &n, summary_columns, SUMMARY_COLUMNS);
  return (struct table){.columns = columns, .n_columns = n};
}

static struct table table_summary(const struct grid *grid, uint32_t cell,
                                  const struct replications *replications, struct arena *arena) {
  struct table table = table_summary_header(grid, arena);
  for (enum scope scope = 0; scope < SCOPES; scope++)
    table.n_rows += table_n_entities(replications, scope) * table_n_metrics(scope);
  struct cell *cells = ARENA_ARRAY(arena, (size_t)table.n_rows * table.n_columns, struct cell);
  struct table_filler filler = table_filler(cells, grid, cell, arena);
  for (enum scope scope = 0; scope < SCOPES && replications->n > 0; scope++) {
    const struct run_result *run = replications->runs[0];
    struct entity entity;
    for (bool more = entity_first(run, scope, &entity); more; more = entity_next(run, &entity)) {
      const char *name = entity_name(run, entity, arena);
      for (const struct metric *const *metric = metrics_of[scope]; *metric; metric++) {
        struct stat_sum stat = replicate_stat(replications, *metric, entity);
        table_put_summary(&filler, name, scope, *metric, &stat);
      }
    }
  }
  assert(filler.next == cells + (size_t)table.n_rows * table.n_columns);
  table.cells = cells;
  return table;
}

/* SCOPES stands for the summary. */
static enum scope table_scope(enum result_table which) {
  switch (which) {
    case TABLE_VM:
      return SCOPE_VM;
    case TABLE_VCPU:
      return SCOPE_VCPU;
    case TABLE_LOCK:
      return SCOPE_LOCK;
    case TABLE_INTERRUPT:
      return SCOPE_INTERRUPT;
    case TABLE_STEAL:
      return SCOPE_STEAL;
    case TABLE_HOST:
      return SCOPE_HOST;
    case TABLE_SUMMARY:
    case RESULT_TABLES:
      break;
  }
  return SCOPES;
}

struct table table_build(const struct grid *grid, uint32_t cell,
                         const struct replications *replications, enum result_table which,
                         struct arena *arena) {
  enum scope scope = table_scope(which);
  return scope == SCOPES ? table_summary(grid, cell, replications, arena)
                         : table_of_scope(grid, cell, replications, scope, arena);
}

struct table table_header(const struct grid *grid, enum result_table which, struct arena *arena) {
  enum scope scope = table_scope(which);
  return scope == SCOPES ? table_summary_header(grid, arena)
                         : table_scope_header(grid, scope, arena);
}

const char *const table_names[RESULT_TABLES + 1] = {
    [TABLE_VM] = "vm",          [TABLE_VCPU] = "vcpu",
    [TABLE_LOCK] = "lock",      [TABLE_INTERRUPT] = "interrupt",
    [TABLE_STEAL] = "steal",    [TABLE_HOST] = "host",
    [TABLE_SUMMARY] = "summary"};
