/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A study as a text from which it can be made again, and by which stores know each other. */
#ifndef COSTOP_CLI_STUDY_IDENTITY_H
#define COSTOP_CLI_STUDY_IDENTITY_H

#include "cli/store.h"
#include "cli/study_load.h"

/* Of this program. */
struct store_identity study_identity(const struct study *study, struct arena *arena);

/* "costop 0.1.0, model 1": what results must agree in to be mixed. */
const char *study_version(struct arena *arena);

/* The study of a store, all shards in one. EX_OK, or EX_DATAERR with a message. */
int study_of_store(const struct cli *cli, struct store *store, struct study_plan *plan);

/* The fact of a store that says what -w auto found, in words. */
#define STUDY_FACT_WARMUP "warmup_auto"

#endif
