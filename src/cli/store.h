/* SPDX-License-Identifier: GPL-3.0-or-later */
/* results.sqlite: every finished replication of a study, in integers, in tables that SQL can ask.
   Everything else in a result directory is written from it. One thread, one writer: the file is
   locked as long as it is open for writing. All functions print what went wrong. */
#ifndef COSTOP_CLI_STORE_H
#define COSTOP_CLI_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/arena.h"
#include "study/replicate.h"
#include "study/study.h"

struct store;

/* What a store must agree with to be gone on with. */
struct store_identity {
  const char *study_json; /* all that decides the results: scenario, axes, rule of replications */
  const char *version;    /* of program and model */
};

/* Each returns EX_OK and a store, or an exit code with a message. */
/* path NULL: a temporary one, which lives on disk if it grows and is gone afterwards. */
int store_create(const char *path, const struct store_identity *identity, struct store **store);
/* EX_DATAERR if it is damaged, or of another study or version, which the message names. */
int store_resume(const char *path, const struct store_identity *identity, struct store **store);
int store_read(const char *path, struct store **store);
int store_close(struct store *store);

/* What it was created with; lives as long as the store. */
const struct store_identity *store_identity(const struct store *store);
/* EX_OK if it is of this study and version, else EX_DATAERR and a message that says what differs.
 */
int store_compare_identity(const struct store *store, const struct store_identity *identity);

/* Between begin and commit: one transaction. */
int store_begin(struct store *store);
int store_begin_reading(struct store *store);
int store_commit(struct store *store);
/* Once a second is often enough: after a power cut what was committed since is lost. */
int store_sync(struct store *store);

int store_put(struct store *store, uint32_t cell, const struct run_result *run);
/* The cell is complete with these replications; what lies beyond them is removed. */
int store_finish_cell(struct store *store, uint32_t cell, uint32_t n_replications);

bool store_has(struct store *store, uint32_t cell, uint32_t replication);
bool store_is_finished(struct store *store, uint32_t cell);
bool store_has_cell(struct store *store, uint32_t cell); /* any replication of it */
/* Of all cells. */
int store_count(struct store *store, uint64_t *n_replications, uint32_t *n_finished);
/* The replications of a cell in order, as if they had just been run; n = 0 if there are none. */
int store_get(struct store *store, uint32_t cell, const struct scenario *scenario,
              struct arena *arena, struct replications *replications);

/* Small facts about the study by name: the warm-up that was found, say. value NULL: none. */
int store_set_fact(struct store *store, const char *name, const char *value);
const char *store_fact(struct store *store, const char *name, struct arena *arena);

#endif
