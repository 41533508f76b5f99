/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Processes on this and other machines that work beside the threads of process 0: they take units
   from the same queue and hand results back into the same list. */
#ifndef COSTOP_CLI_MPI_CREW_H
#define COSTOP_CLI_MPI_CREW_H

#include "study/crew.h"
#include "study/study.h"

struct mpi_crew;

/* NULL if nobody else is there. jobs: threads of each process. */
struct mpi_crew *mpi_crew_start(struct crew *crew, const struct study *study, uint32_t jobs);
/* Threads elsewhere. */
uint32_t mpi_crew_size(const struct mpi_crew *mpi);
/* As crew_wait, while units are sent and results received. */
void mpi_crew_wait(struct mpi_crew *mpi, uint32_t n_open, const struct timespec *until);
/* After crew_stop: what is out comes back as interrupted. is_hasty: without a word to the others,
   of whom some may be gone; the program is about to end. */
void mpi_crew_stop(struct mpi_crew *mpi, bool is_hasty);
void mpi_crew_end(struct mpi_crew *mpi);

/* Process 0 ends the program with this code: so do all others, if there are any. */
void mpi_crew_dismiss(int code);

#endif
