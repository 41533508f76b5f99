/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What happened, instant by instant, in the machine and in the naive simulator. */
#ifndef COSTOP_TESTS_ORACLE_TIMELINE_H
#define COSTOP_TESTS_ORACLE_TIMELINE_H

#include <stdio.h>

#include "study/scenario.h"

/* Runs both and prints what each of them did, side by side, up to a few instants behind the first
   at which they did not do the same. */
void timeline_print(FILE *file, const struct scenario *scenario);

#endif
