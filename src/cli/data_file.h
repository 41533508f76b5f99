/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The files that are installed with the program; cmake/install.cmake says where. */
#ifndef COSTOP_CLI_DATA_FILE_H
#define COSTOP_CLI_DATA_FILE_H

#include "sim/arena.h"

/* Where it is: below $COSTOP_DATADIR if that is set; else in its place beside the program,
   installed or in the build directory. NULL, with a message, if it cannot be found. name:
   "plots/sizing.gp" */
const char *data_file(const char *name, struct arena *arena);

#endif
