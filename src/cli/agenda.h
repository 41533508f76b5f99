/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which replications of a study are still to be run, in which order, and what becomes of their
   results. Cells are open from their first replication until they are complete; few are at a time,
   so memory does not grow with their number. */
#ifndef COSTOP_CLI_AGENDA_H
#define COSTOP_CLI_AGENDA_H

#include "cli/store.h"
#include "sim/trace.h"
#include "study/crew.h"
#include "study/study.h"

struct agenda_cell;

/* A replication that cannot be run; of several the first one in order. */
struct agenda_fault {
  bool is_there, is_limit;
  uint32_t cell, replication;
  const char *message; /* NULL: the cell's scenario is refused */
};

struct agenda {
  const struct study *study;
  struct store *store;
  struct crew *crew;
  struct trace_sink *trace; /* of cell 0, its first replication; or NULL */
  uint32_t n_workers;
  bool is_fresh;                           /* nothing was in the store when all began */
  struct agenda_cell *open, *last, *spare; /* open … last: in order */
  uint32_t next_cell;                      /* the ones before it are open or complete */
  uint32_t n_open_cells;
  uint32_t n_out; /* units: given, and not absorbed yet */
  struct arena arena;
  struct agenda_fault fault;
  /* For those who watch. */
  uint64_t n_done, n_total; /* replications, those of earlier sessions included; n_total 0: nobody
                               knows, for precisions decide */
  uint64_t n_run;           /* of them those that were run now */
  uint32_t n_complete, n_complete_before; /* cells; of them those of earlier sessions */
  uint32_t n_imprecise; /* of them those that have max_reps and are still too imprecise */
};

/* All members up to n_workers are set, the others are zero. EX_OK, or what the store says. */
int agenda_start(struct agenda *agenda);
/* The crew has ended. */
void agenda_end(struct agenda *agenda);

/* Gives the crew what is known to be needed until it has n_wanted units; to workers that would be
   idle otherwise also what may be needed. EX_OK, or what the store says. */
int agenda_fill(struct agenda *agenda, uint32_t n_wanted);
/* Takes a finished unit back. This and agenda_fill: between store_begin and store_commit. */
int agenda_absorb(struct agenda *agenda, struct crew_unit *unit);

/* Every cell, or what this process owns of it, is in the store. */
bool agenda_is_complete(const struct agenda *agenda);
/* Is there anything that was given and has not been absorbed? It may be finished already. */
bool agenda_is_waiting(const struct agenda *agenda);
/* The first open cell; UINT32_MAX: there is none. */
uint32_t agenda_current_cell(const struct agenda *agenda);

#endif
