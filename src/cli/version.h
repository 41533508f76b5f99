/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What this program is: for --version and the manifest. */
#ifndef COSTOP_CLI_VERSION_H
#define COSTOP_CLI_VERSION_H

#include "sim/arena.h"

/* Counts the changes of the model that change results. */
#define VERSION_MODEL "1"

const char *version_number(void);
const char *version_commit(void); /* "unknown" outside of a checkout */
const char *version_compiler(void);
const char *version_libraries(struct arena *arena);

#endif
