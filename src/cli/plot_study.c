/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/plot_study.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/csv_read.h"

/* The columns that rows are known by; the axes are those between cell and replication. */
enum vm_column { CELL, REPLICATION, VM, VCPUS, VM_COLUMNS };
static const char *const vm_columns[VM_COLUMNS] = {"cell", "replication", "vm", "vcpus"};

static int find_vm_columns(const char *path, const char *const *names, uint32_t n,
                           uint32_t columns[VM_COLUMNS]) {
  int code = csv_find_columns(path, names, n, vm_columns, VM_COLUMNS, columns);
  if (code != EX_OK || columns[CELL] < columns[REPLICATION]) return code;
  cli_error("%s: the column 'replication' comes before 'cell'", path);
  return EX_DATAERR;
}

void *plot_room(struct arena *arena, void *items, uint32_t n, size_t size) {
  if ((n & (n - 1)) != 0) return items;
  void *fresh = arena_alloc(arena, n ? 2 * (size_t)n : 1, size);
  if (n > 0) memcpy(fresh, items, n * size);
  return fresh;
}

/* --- axes, cells, VMs --- */

struct study_reader {
  struct plot_study *study;
  struct arena *arena;
  uint32_t columns[VM_COLUMNS];
};

static int study_on_header(void *context, const char *const *names, uint32_t n) {
  struct study_reader *reader = context;
  struct plot_study *study = reader->study;
  int code = find_vm_columns(study->path, names, n, reader->columns);
  if (code != EX_OK) return code;
  study->n_axes = reader->columns[REPLICATION] - reader->columns[CELL] - 1;
  study->axes = ARENA_ARRAY(reader->arena, study->n_axes, struct plot_axis);
  for (uint32_t i = 0; i < study->n_axes; i++)
    study->axes[i].path = arena_strdup(reader->arena, names[reader->columns[CELL] + 1 + i]);
  return EX_OK;
}

/* Which value of the axis this is; a new one if need be. */
static uint32_t axis_value(struct plot_axis *axis, const char *text, struct arena *arena) {
  for (uint32_t i = 0; i < axis->n_values; i++)
    if (strcmp(axis->values[i], text) == 0) return i;
  axis->values = plot_room(arena, axis->values, axis->n_values, sizeof *axis->values);
  axis->values[axis->n_values] = arena_strdup(arena, text);
  return axis->n_values++;
}

static void study_add_cell(struct study_reader *reader, const char *const *fields) {
  struct plot_study *study = reader->study;
  study->cells = plot_room(reader->arena, study->cells, study->n_cells, sizeof *study->cells);
  struct plot_cell *cell = &study->cells[study->n_cells++];
  cell->id = arena_strdup(reader->arena, fields[reader->columns[CELL]]);
  cell->value_of = ARENA_ARRAY(reader->arena, study->n_axes, uint32_t);
  for (uint32_t i = 0; i < study->n_axes; i++)
    cell->value_of[i] =
        axis_value(&study->axes[i], fields[reader->columns[CELL] + 1 + i], reader->arena);
}

/* Without the number of an instance. */
static size_t base_length(const char *name) { return strcspn(name, "."); }

bool plot_is_instance(const char *vm, const char *base) {
  return base_length(vm) == strlen(base) && strncmp(vm, base, strlen(base)) == 0;
}

static void study_add_vm(struct study_reader *reader, const char *name, const char *vcpus) {
  struct plot_study *study = reader->study;
  for (uint32_t i = 0; i < study->n_vms; i++)
    if (plot_is_instance(name, study->vms[i].name)) return;
  study->vms = plot_room(reader->arena, study->vms, study->n_vms, sizeof *study->vms);
  study->vms[study->n_vms++] =
      (struct plot_vm){.name = arena_printf(reader->arena, "%.*s", (int)base_length(name), name),
                       .vcpus = (uint32_t)strtoul(vcpus, NULL, 10)};
}

/* Rows of one cell follow one another. */
static bool is_same_cell(const struct plot_study *study, const char *id) {
  return study->n_cells > 0 && strcmp(study->cells[study->n_cells - 1].id, id) == 0;
}

static int study_on_row(void *context, const struct csv_row *row) {
  struct study_reader *reader = context;
  const uint32_t *columns = reader->columns;
  if (!is_same_cell(reader->study, row->fields[columns[CELL]])) study_add_cell(reader, row->fields);
  study_add_vm(reader, row->fields[columns[VM]], row->fields[columns[VCPUS]]);
  return EX_OK;
}

int plot_study_read(const char *path, struct plot_study *study, struct arena *arena) {
  *study = (struct plot_study){.path = path};
  struct study_reader reader = {.study = study, .arena = arena};
  int code = csv_read(path, &(const struct csv_reader){study_on_header, study_on_row, &reader});
  if (code != EX_OK || study->n_cells > 0) return code;
  cli_error("%s has no rows", path);
  return EX_DATAERR;
}

/* --- values --- */

struct sample_reader {
  const struct plot_study *study;
  const char *vm;
  const char *const *metrics;
  struct plot_samples *samples;
  struct arena *arena;
  uint32_t columns[VM_COLUMNS];
  uint32_t *metric_columns;
  uint32_t cell, n, n_instances; /* cells and replications so far; instances in the last */
  uint64_t replication;
};

static int sample_on_header(void *context, const char *const *names, uint32_t n) {
  struct sample_reader *reader = context;
  struct plot_samples *samples = reader->samples;
  reader->metric_columns = ARENA_ARRAY(reader->arena, samples->n_metrics, uint32_t);
  int code = find_vm_columns(reader->study->path, names, n, reader->columns);
  if (code != EX_OK) return code;
  return csv_find_columns(reader->study->path, names, n, reader->metrics, samples->n_metrics,
                          reader->metric_columns);
}

static void sample_begin(struct sample_reader *reader) {
  struct plot_samples *samples = reader->samples;
  uint32_t n = reader->n++;
  samples->values = plot_room(reader->arena, samples->values, n,
                              (samples->n_metrics ? samples->n_metrics : 1) * sizeof(double));
  samples->vcpus = plot_room(reader->arena, samples->vcpus, n, sizeof(double));
  samples->vcpus[n] = 0;
  for (uint32_t i = 0; i < samples->n_metrics; i++)
    samples->values[(size_t)n * samples->n_metrics + i] = (double)NAN;
  reader->n_instances = 0;
}

static int changes_meanwhile(const struct plot_study *study) {
  cli_error("%s changes while it is read", study->path);
  return EX_DATAERR;
}

static int sample_on_row(void *context, const struct csv_row *row) {
  struct sample_reader *reader = context;
  struct plot_samples *samples = reader->samples;
  const struct plot_study *study = reader->study;
  const uint32_t *columns = reader->columns;
  uint64_t replication = strtoull(row->fields[columns[REPLICATION]], NULL, 10);
  bool is_new_cell =
      reader->n == 0 || strcmp(study->cells[reader->cell].id, row->fields[columns[CELL]]) != 0;
  if (is_new_cell && reader->n > 0) reader->cell++;
  if (reader->cell == study->n_cells) return changes_meanwhile(study);
  if (is_new_cell) samples->first[reader->cell] = reader->n;
  if (is_new_cell || replication != reader->replication) sample_begin(reader);
  reader->replication = replication;
  samples->vcpus[reader->n - 1] += csv_number(row->fields[columns[VCPUS]]);
  if (!plot_is_instance(row->fields[columns[VM]], reader->vm)) return EX_OK;
  double *values = &samples->values[(size_t)(reader->n - 1) * samples->n_metrics];
  double n = ++reader->n_instances;
  for (uint32_t i = 0; i < samples->n_metrics; i++) {
    double value = csv_number(row->fields[reader->metric_columns[i]]);
    values[i] = n == 1 ? value : values[i] + (value - values[i]) / n;
  }
  return EX_OK;
}

int plot_samples_read(const struct plot_study *study, const char *vm, const char *const *metrics,
                      struct plot_samples *samples, struct arena *arena) {
  *samples = (struct plot_samples){.first = ARENA_ARRAY(arena, study->n_cells + 1, uint32_t)};
  while (metrics[samples->n_metrics]) samples->n_metrics++;
  struct sample_reader reader = {
      .study = study, .vm = vm, .metrics = metrics, .samples = samples, .arena = arena};
  int code =
      csv_read(study->path, &(const struct csv_reader){sample_on_header, sample_on_row, &reader});
  if (code != EX_OK) return code;
  if (reader.cell + 1 != study->n_cells) return changes_meanwhile(study);
  samples->first[study->n_cells] = reader.n;
  return EX_OK;
}

const double *plot_samples_of(const struct plot_samples *samples, uint32_t cell, uint32_t metric,
                              struct arena *arena) {
  uint32_t n = plot_samples_n(samples, cell), first = samples->first[cell];
  double *values = ARENA_ARRAY(arena, n, double);
  for (uint32_t i = 0; i < n; i++)
    values[i] = samples->values[(size_t)(first + i) * samples->n_metrics + metric];
  return values;
}
