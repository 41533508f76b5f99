/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What vm.csv of a result directory says: the axes of the study, its cells, its VMs; and, for one
   of the VMs, the values of some metrics in every replication. */
#ifndef COSTOP_CLI_PLOT_STUDY_H
#define COSTOP_CLI_PLOT_STUDY_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/arena.h"

/* Room for one more item behind n of them, which doubles at every power of two: there is no
   capacity to keep. Returns where they are now. */
void *plot_room(struct arena *arena, void *items, uint32_t n, size_t size);

struct plot_axis {
  const char *path;    /* as the column is called */
  const char **values; /* in the order in which they come up; as the file says them */
  uint32_t n_values;
};

struct plot_cell {
  const char *id;     /* as the file says it */
  uint32_t *value_of; /* which of its values each axis has */
};

/* The instances of a counted VM are one, under its base name. */
struct plot_vm {
  const char *name;
  uint32_t vcpus; /* of an instance, where it first comes up */
};

struct plot_study {
  const char *path; /* of vm.csv */
  struct plot_axis *axes;
  struct plot_cell *cells;
  struct plot_vm *vms;
  uint32_t n_axes, n_cells, n_vms;
};

/* Is it the VM of this base name, or one of its instances? */
bool plot_is_instance(const char *vm, const char *base);

/* EX_OK, or an exit code with a message. */
int plot_study_read(const char *path, struct plot_study *study, struct arena *arena);
/* Of each replication, the mean over the instances of the VM; NAN where there is nothing. */
struct plot_samples {
  uint32_t n_metrics;
  uint32_t *first; /* per cell: its first replication; first[n_cells] is the number of them all */
  double *values;  /* replication by replication, n_metrics each */
  double *vcpus;   /* of all VMs of the host, per replication */
};

/* metrics: names of columns, NULL-terminated. */
int plot_samples_read(const struct plot_study *study, const char *vm, const char *const *metrics,
                      struct plot_samples *samples, struct arena *arena);

static inline uint32_t plot_samples_n(const struct plot_samples *samples, uint32_t cell) {
  return samples->first[cell + 1] - samples->first[cell];
}
/* The values of a metric in a cell, replication by replication; as many as plot_samples_n. */
const double *plot_samples_of(const struct plot_samples *samples, uint32_t cell, uint32_t metric,
                              struct arena *arena);

#endif
