/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef COSTOP_TESTS_SUPPORT_PRINT_SCENARIO_H
#define COSTOP_TESTS_SUPPORT_PRINT_SCENARIO_H

#include <stdio.h>

#include "study/scenario.h"

/* As JSON that `costop run` reads. */
void print_scenario(FILE *file, const struct scenario *scenario);

#endif
