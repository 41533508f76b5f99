/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the other processes do: they run what process 0 sends them, print nothing and end when it
   does, with its exit code. */
#ifndef COSTOP_CLI_MPI_WORK_H
#define COSTOP_CLI_MPI_WORK_H

int mpi_work(void);

#endif
