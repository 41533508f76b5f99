/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How many vCPUs a VM should have, from the replications of each number ("count").

   Best is the count with the best mean; of equals the smallest. The loss of a count is what it
   lacks to the best, as a share of the best. Replication i of two counts drew the same random
   numbers, so the interval of a loss is that of a paired ratio (study/paired.h).

   Chosen is the smallest count whose loss is certainly within the tolerance: the upper end of its
   95 % interval is. So noise never argues for fewer vCPUs: with few or short replications the
   choice moves towards the best, and the smaller counts whose loss may be within the tolerance are
   named as open. With one replication there are no intervals, and means decide. */
#ifndef COSTOP_STUDY_SIZING_H
#define COSTOP_STUDY_SIZING_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/arena.h"
#include "study/metrics.h"
#include "study/paired.h"
#include "study/replicate.h"

#define SIZING_TOLERANCE 0.02

/* What became of the VM's vCPU time; the parts add up to it. */
enum sizing_part {
  PART_USEFUL,
  PART_CRITICAL,
  PART_KERNEL,
  PART_OVERHEAD,
  PART_CONTENDED,
  PART_LHP,
  PART_LWP,
  PART_SELF,
  PART_READY,
  PART_COSTOP,
  PART_IDLE,
  SIZING_PARTS
};
struct sizing_part_row {
  const char *name;   /* in tables: "LHP" */
  const char *phrase; /* in sentences: "spinning for a preempted lock holder" */
  const char *metric; /* its share of vCPU time */
};
extern const struct sizing_part_row sizing_parts[SIZING_PARTS];

struct sizing_question {
  const char *vm; /* a VM, or the base name of several: then the mean over them is meant */
  const struct metric *metric;
};
/* A throughput, or a latency, of which less is better. */
bool sizing_may_ask(const struct metric *metric);
bool sizing_is_lower_better(const struct metric *metric);

/* A quantity in each replication; NAN where it has no value. */
struct sizing_series {
  const double *values;
  uint32_t n;
  struct stat_sum stat; /* of those that have one */
};

struct sizing_neighbour {
  const char *name; /* base name */
  uint32_t n_vms;
  struct sizing_series throughput; /* mean over its VMs */
};

struct sizing_count {
  uint32_t n_vcpus;
  struct sizing_series goal;
  struct sizing_series cpus[SIZING_PARTS]; /* in CPUs: they add up to n_vcpus */
  const struct sizing_neighbour *neighbours;
  uint32_t n_neighbours;
};

/* What is kept of a cell; replications are needed no longer than this call. */
struct sizing_count sizing_take(const struct sizing_question *question,
                                const struct replications *replications, struct arena *arena);

/* Shares, 0.02 being 2 %. Where the best cannot be told from 0, for lack of replications maybe, low
   and high are NAN; without values of both or with a best of 0 the mean is, too. */
struct sizing_loss {
  double mean, low, high;
};

enum { SIZING_NONE = UINT32_MAX };
struct sizing {
  const struct sizing_question *question;
  const struct sizing_count *counts; /* in ascending order */
  const struct sizing_loss *losses;  /* of each */
  uint32_t n_counts;
  uint32_t best, chosen; /* indices; SIZING_NONE if no count has a value */
  bool has_intervals;
};
/* Sorts counts. */
struct sizing sizing_conclude(const struct sizing_question *question, struct sizing_count *counts,
                              uint32_t n_counts, struct arena *arena);

/* The loss may be within the tolerance, or beyond: more replications would tell. */
bool sizing_is_open(const struct sizing *sizing, uint32_t count);
/* The index of a count, or SIZING_NONE. */
uint32_t sizing_find(const struct sizing *sizing, uint32_t n_vcpus);

/* pCPUs that the host gives a VM of this count: its vCPUs, less the share of the time in which they
   want to run that they are READY or co-stopped. */
double sizing_given(const struct sizing_count *count);
/* The index of the smallest count that is no less than what the host gives to this one: where
   VCPU-Bal (Song and others, 2013) and vScale (2016) shrink it to. */
uint32_t sizing_shrunk(const struct sizing *sizing, uint32_t count);

/* From one series to another, by replication; n_base = 0 if they have none in common. */
struct paired sizing_compare(const struct sizing_series *from, const struct sizing_series *to,
                             struct arena *arena);
/* Their sum in each replication; they are of the same count. */
struct sizing_series sizing_sum(const struct sizing_series *one, const struct sizing_series *other,
                                struct arena *arena);
/* Share of its vCPU time, 0 … 1. */
double sizing_share(const struct sizing_count *count, enum sizing_part part);

#endif
