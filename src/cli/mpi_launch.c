/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/mpi_launch.h"

#include <stdlib.h>
#include <string.h>

bool mpi_launch_is_parallel(void) {
  const char *size = getenv("OMPI_COMM_WORLD_SIZE");
  return size ? strcmp(size, "1") != 0 : getenv("PMIX_RANK") != NULL;
}

bool mpi_launch_is_first(void) {
  const char *rank = getenv("OMPI_COMM_WORLD_RANK");
  if (!rank) rank = getenv("PMIX_RANK");
  return !rank || strcmp(rank, "0") == 0;
}
