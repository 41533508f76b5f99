/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Random small scenarios, with few distinct durations so that much happens at the same instant. */
#ifndef COSTOP_TESTS_SUPPORT_GENERATE_H
#define COSTOP_TESTS_SUPPORT_GENERATE_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/arena.h"
#include "study/scenario.h"

/* A pure function of seed and suits, which says whether a scenario is one that is wanted: the first
   such one. What it points to lives in arena. */
const struct scenario *generate_scenario(uint64_t seed,
                                         bool (*suits)(const struct scenario *scenario),
                                         struct arena *arena);

/* What `check` would refuse a scenario for, as far as generating and shrinking can bring it about.
 */
bool generate_is_valid(const struct scenario *scenario);

#endif
