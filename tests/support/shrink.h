/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef COSTOP_TESTS_SUPPORT_SHRINK_H
#define COSTOP_TESTS_SUPPORT_SHRINK_H

#include <stdbool.h>

#include "sim/arena.h"
#include "study/scenario.h"

/* The smallest scenario found by leaving out one thing after the other that still fails. */
const struct scenario *shrink_scenario(const struct scenario *scenario,
                                       bool (*fails)(const struct scenario *scenario),
                                       struct arena *arena);

#endif
