/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the messages of mpi_link.h hold. All processes run the same program on machines of the same
   kind. */
#ifndef COSTOP_CLI_MPI_WIRE_H
#define COSTOP_CLI_MPI_WIRE_H

#include "study/crew.h"
#include "study/grid.h"

struct mpi_wire {
  const void *bytes;
  size_t n_bytes;
};

/* Followed by the scenario with its axes, as JSON. */
struct mpi_study {
  uint32_t jobs; /* threads of each process */
  struct run_guard guard;
};
struct mpi_wire mpi_wire_of_study(const struct mpi_study *study, const struct grid *grid,
                                  struct arena *arena);
/* The grid; NULL: it is none. */
const struct grid *mpi_wire_to_grid(struct mpi_wire wire, struct mpi_study *study,
                                    struct arena *arena);

struct mpi_unit {
  uint32_t cell, replication;
};

struct mpi_wire mpi_wire_of_result(const struct crew_unit *unit, struct arena *arena);
/* Whose result it is. */
struct mpi_unit mpi_wire_to_unit(struct mpi_wire wire);
/* Completes the unit that was given away as if it had been run here. */
void mpi_wire_to_result(struct mpi_wire wire, struct crew_unit *unit);

#endif
