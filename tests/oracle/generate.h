/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Random small scenarios, with few distinct durations so that much happens at the same instant. */
#ifndef COSTOP_TESTS_ORACLE_GENERATE_H
#define COSTOP_TESTS_ORACLE_GENERATE_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/arena.h"
#include "study/scenario.h"

/* A pure function of the seed; what it points to lives in arena. */
const struct scenario *generate_scenario(uint64_t seed, struct arena *arena);

/* What `check` would refuse a scenario for, as far as generating and shrinking can bring it about.
 */
bool generate_is_valid(const struct scenario *scenario);

#endif
