/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Are the runs of a study long enough to mean something? Two doubts, which every cell is asked:

   - Rounds. Where vCPUs wait for pCPUs, each gets one timeslice per round of the queue, and what it
     got in the window is right to a slice: fewer than 20 rounds, more than 5 % off. A round is the
     timeslice times the vCPUs per pCPU, on the fullest pCPU, if each VM's vCPUs that have a thread
     spread over those that they may use. Who had twice as many turns, because they were not used
     up, is left in peace.
   - Batches. If the iterations of a batch of the window resemble those of the one before
     (batches.h), something in it is as slow as the window is long: a transient, or phases. The mean
     over the replications must be beyond chance at 1 % for all VMs and cells together
     (Bonferroni), and matter: with the correlation taken into account (as that of an autoregressive
     process) the throughput of a run must be uncertain by 3 %. */
#ifndef COSTOP_STUDY_ADEQUACY_H
#define COSTOP_STUDY_ADEQUACY_H

#include "study/grid.h"
#include "study/replicate.h"

#define ADEQUACY_ROUNDS 20
#define ADEQUACY_ERROR 0.03 /* share of the mean */

/* The worst case of a doubt, and how many cells share it. */
struct adequacy_doubt {
  uint32_t n_cells, last_cell;
  uint32_t cell;
  const char *vm;  /* NULL: there is none */
  double severity; /* the correlation; the rounds, negative */
};

struct adequacy {
  const struct grid *grid;
  struct arena *arena;
  struct adequacy_doubt rounds, batches;
  int64_t enough_ns; /* the window that would have rounds enough */
  double chance;     /* the correlation that chance might have brought about in that cell */
};

void adequacy_init(struct adequacy *adequacy, const struct grid *grid, struct arena *arena);
/* A finished cell; replications need not live on. */
void adequacy_add(struct adequacy *adequacy, uint32_t cell,
                  const struct replications *replications);
/* One line that names metric, VM and cell and says what to do; NULL if there is no doubt. */
const char *adequacy_text(const struct adequacy *adequacy);

#endif
