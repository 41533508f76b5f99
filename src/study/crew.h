/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Worker threads that run replications for one coordinating thread. The queue of what is to be done
   and the list of what is done are all that they share, and the scenarios, which are const. */
#ifndef COSTOP_STUDY_CREW_H
#define COSTOP_STUDY_CREW_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "sim/trace.h"
#include "study/result.h"
#include "study/run_guard.h"
#include "study/shared_cell.h"

/* One replication of a cell: what is to be done, then what has come of it. */
struct crew_unit {
  struct crew_unit *next;
  struct shared_cell *cell;
  uint32_t replication;
  struct trace_sink *trace;     /* NULL: none */
  struct arena arena;           /* of the result */
  const struct run_result *run; /* NULL: it did not finish … */
  enum run_status status;
  const char *message; /* … for this reason */
  bool is_unbound;     /* … for its cell has no scenario: see cell->diags */
};

struct crew;

struct crew_config {
  uint32_t n_workers; /* 0: all is taken by others, see crew_take */
  struct run_guard guard;
};

/* Starts the workers, or as many of them as the system lets it. They leave signals to others. */
struct crew *crew_start(const struct crew_config *config);
uint32_t crew_size(const struct crew *crew);

/* Everything below is for the coordinating thread. */

/* A unit to fill in and give away; one that is not needed any more. */
struct crew_unit *crew_new_unit(struct crew *crew);
void crew_drop_unit(struct crew *crew, struct crew_unit *unit);

/* To the end of the queue, from whose head workers take. */
void crew_give(struct crew *crew, struct crew_unit *unit);
/* For those who work elsewhere: the head of the queue; NULL if it is empty, or if its head has to
   be run here because it is traced. And back again. */
struct crew_unit *crew_take(struct crew *crew);
void crew_hand_in(struct crew *crew, struct crew_unit *unit);

/* Waits until something is finished and fewer than n_open units are not, or until this time of
   CLOCK_MONOTONIC; true if it was not the time. */
bool crew_wait(struct crew *crew, uint32_t n_open, const struct timespec *until);
/* The units that are not finished. */
uint32_t crew_n_open(struct crew *crew);
/* What has been finished since the last time, in that order, linked by next. */
struct crew_unit *crew_collect(struct crew *crew);

/* Nothing that is queued begins any more. What of it crew_collect brings back has the status
   RUN_INTERRUPTED. */
void crew_clear(struct crew *crew);
/* The same, and what is running is interrupted. */
void crew_stop(struct crew *crew);
/* Waits for the workers; all units are gone. */
void crew_end(struct crew *crew);

#endif
