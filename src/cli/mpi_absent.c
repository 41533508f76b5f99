/* SPDX-License-Identifier: GPL-3.0-or-later */
/* In place of mpi_link.c where there is no Open MPI to build with. */
#include <sysexits.h>

#include "cli/cli.h"
#include "cli/mpi_launch.h"
#include "cli/mpi_link.h"

const char *mpi_link_version(struct arena *arena) { return arena_strdup(arena, "none"); }

int mpi_link_join(void) {
  if (!mpi_launch_is_parallel()) return EX_OK;
  if (mpi_launch_is_first())
    cli_error("started by mpirun, but built without MPI; see docs/many-machines.md for --shard");
  return EX_UNAVAILABLE;
}

uint32_t mpi_link_size(void) { return 1; }
uint32_t mpi_link_rank(void) { return 0; }

/* Alone, there is nobody to talk to. */
void mpi_link_send(uint32_t to, enum mpi_link_kind kind, const void *bytes, size_t n_bytes) {
  (void)to, (void)kind, (void)bytes, (void)n_bytes;
}
bool mpi_link_receive(struct mpi_link_message *message) {
  (void)message;
  return false;
}
void mpi_link_leave(void) {}
