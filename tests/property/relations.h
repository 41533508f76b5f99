/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Relations between the results of a random scenario and of the same one, changed. */
#ifndef COSTOP_TESTS_PROPERTY_RELATIONS_H
#define COSTOP_TESTS_PROPERTY_RELATIONS_H

#include <stdbool.h>

#include "study/result.h"
#include "support/draft.h"

struct relation {
  const char *name;
  /* Scenarios that can be made such as it is about; NULL: all. */
  bool (*suits)(const struct scenario *scenario);
  void (*prepare)(struct draft *draft); /* makes one; NULL: nothing to do */
  void (*change)(struct draft *draft);  /* NULL: nothing, but the second run is traced */
  /* The first thing that is not as it should be; NULL: there is none. */
  const char *(*broken)(const struct run_result *one, const struct run_result *other);
};

/* Ended by one without a name: what a scenario says that should not matter, and rules and pCPUs. */
extern const struct relation relations_of_texts[], relations_of_rules[];

/* --- what several of them need --- */

/* Of `credit2`, whose queues lend nobody to each other. */
void relations_use_one_queue(struct draft *draft);
/* Every vCPU has a pCPU, and moving costs nothing. */
void relations_make_room(struct draft *draft);
void relations_use_none(struct draft *draft);
/* No spinner gives its pCPU away. */
void relations_forbid_yields(struct draft *draft);

/* Every integer of the run (the second may have more). */
const char *relations_all_same(const struct run_result *one, const struct run_result *other);
/* Every integer of VMs of the same name; … but for how often vCPUs moved. */
const char *relations_vms_same(const struct run_result *one, const struct run_result *other);
const char *relations_vms_same_elsewhere(const struct run_result *one,
                                         const struct run_result *other);

/* Looks at n scenarios of each relation and prints how many; of those that break it, what is left
   of the first when all that does not matter is left out. What main returns.
   Arguments: [N [FIRST [part of a relation's name]]] */
int relations_main(int argc, char **argv, uint64_t n);

#endif
