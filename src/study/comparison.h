/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Configurations compared with one of them, measure by measure. VMs that came of one `count` are
   taken together: their mean is compared. */
#ifndef COSTOP_STUDY_COMPARISON_H
#define COSTOP_STUDY_COMPARISON_H

#include "study/expect.h"
#include "study/paired.h"
#include "study/replicate.h"

/* What is compared: a metric of the host, of VMs of one base name, of one vCPU or lock of them. */
struct comparison_item {
  struct expect subject;
  const char *entity; /* "db", "db/v0", "host" */
  bool is_asked_for;  /* else it is left out where it is 0 in all replications of both … */
  bool is_stand_in;   /* … or if the item before it is not */
};

struct comparison_items {
  const struct comparison_item *items;
  uint32_t n;
};

/* Of METRIC[@SCOPE]s, without a VM for each of the scenario's. NULL, or what is wrong with
   texts[*at] in one clause. */
const char *comparison_items_parse(const struct scenario *scenario, const char *const *texts,
                                   uint32_t n, struct arena *arena, struct comparison_items *items,
                                   uint32_t *at);
/* What is worth knowing: work done, spinning, waiting for a pCPU, co-stop, and how full the host
   is. Where a VM finishes no iteration its running time stands for the work. */
struct comparison_items comparison_items_default(const struct scenario *scenario,
                                                 struct arena *arena);

/* What the replications of one configuration say about the items. Borrows nothing of them; label,
   at and cell are the caller's business. */
struct comparison_side {
  const char *label;
  const char *at; /* what both sides have in common: "vcpus=4"; "" if there is nothing to say */
  uint32_t cell;
  uint64_t seed;
  const char *const *vms;                  /* base names, NULL-terminated */
  const struct comparison_sample *samples; /* one per item */
};

struct comparison_side comparison_read(const struct comparison_items *items,
                                       const struct replications *replications,
                                       struct arena *arena);

struct comparison_row {
  const struct comparison_side *base, *other;
  const struct comparison_item *item;
  struct paired paired;
  double p_holm; /* of all rows together */
  int found;     /* other is more: 1, less: -1; no difference found: 0 */
};

/* A growing list of rows. */
struct comparison {
  struct arena *arena;
  struct comparison_row *rows;
  uint32_t n;
};

/* A row for each item that both have values of. Paired by replication if the sides have the seed
   and the VM (of the host's metrics: any VM) in common. */
void comparison_add(struct comparison *comparison, const struct comparison_items *items,
                    const struct comparison_side *base, const struct comparison_side *other);
/* When all rows are there: corrects the p-values, and judges. */
void comparison_judge(struct comparison *comparison);

#endif
