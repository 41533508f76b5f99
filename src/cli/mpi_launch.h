/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the environment says of who has started us. */
#ifndef COSTOP_CLI_MPI_LAUNCH_H
#define COSTOP_CLI_MPI_LAUNCH_H

#include <stdbool.h>

/* mpirun, or srun --mpi=pmix; and not one process alone. */
bool mpi_launch_is_parallel(void);
/* The process that speaks for all. */
bool mpi_launch_is_first(void);

#endif
