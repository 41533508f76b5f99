/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a window went on: it is divided into batches of equal length, at whose ends the machine is
   looked at (and nothing else done). From the iterations per batch follows whether one batch still
   feels the one before: then the window is short for what happens in it. */
#ifndef COSTOP_STUDY_BATCHES_H
#define COSTOP_STUDY_BATCHES_H

#include <stdint.h>

#include "guest/guest.h"
#include "hv/hv.h"
#include "sim/stat.h"
#include "study/result.h"

/* Of every window, unless somebody wants a series. */
enum { BATCHES = 32 };

/* The whole machine, batch by batch. */
struct batch_series {
  uint32_t n;
  double *iterations; /* of all VMs */
  double *busy_ns;    /* of all pCPUs */
};

/* A VM's. */
struct batch_sum {
  uint64_t iterations; /* up to the last look */
  double last;         /* iterations of the last batch */
  struct stat_sum stat;
  double steps2; /* sum of the squares of last - the one before */
};

struct batches {
  uint32_t n, n_done;
  uint32_t n_vms;
  struct batch_sum *vms;
  struct batch_series *series; /* NULL: not wanted */
  uint64_t iterations;
  int64_t busy_ns;
};

void batches_init(struct batches *batches, uint32_t n_vms, struct batch_series *series,
                  struct arena *arena);
/* When the running batch of a window of this length ends. */
int64_t batches_end_ns(const struct batches *batches, int64_t duration_ns);
/* The running batch is over. */
void batches_take(struct batches *batches, const struct hv *hv, const struct guest *guest);
void batches_read(const struct batches *batches, vm_id_t vm, struct vm_result *result);

/* Standard deviation of the mean of vm_result's batch_correlation over n runs whose batches know
   nothing of each other; its expectation is 0 then. */
double batches_chance(uint32_t n);

#endif
