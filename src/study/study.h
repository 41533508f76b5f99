/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A study: which cells are to be run, how often, and when a cell has been run often enough. */
#ifndef COSTOP_STUDY_STUDY_H
#define COSTOP_STUDY_STUDY_H

#include <stdbool.h>
#include <stdint.h>

#include "study/expect.h"
#include "study/grid.h"
#include "study/replicate.h"

/* A metric whose interval is to be narrow: half its width at most pct per cent of the mean. */
struct precision {
  const char *text; /* as written: "throughput@db=1" */
  enum scope scope;
  const struct metric *metric;
  const char *vm, *member; /* as in struct expect */
  double pct;
};

struct study {
  const struct grid *grid;
  uint32_t first;              /* replication; 0 unless a single one is asked for */
  uint32_t min_reps, max_reps; /* equal if the number is fixed */
  const struct precision *precisions;
  uint32_t n_precisions;    /* 0: the number of replications is fixed */
  uint32_t shard, n_shards; /* this process runs the units of shard 0 … n_shards - 1; n_shards 1 */
  struct run_guard guard;   /* of each replication */
  uint64_t memory;          /* bytes that the machine of its biggest cell takes */
};

/* With the replications first … first + done->n - 1 of a cell finished: is that enough? A pure
   function of this prefix, so that the answer does not depend on who ran what when. */
bool study_is_enough(const struct study *study, const struct replications *done);

/* Are all intervals narrow enough? They may be too wide still when there are max_reps. */
bool study_is_precise(const struct study *study, const struct replications *done);

/* Does this process run it? With a fixed number of replications units are dealt out one by one,
   else by whole cells. */
bool study_owns(const struct study *study, uint32_t cell, uint32_t replication);

#endif
