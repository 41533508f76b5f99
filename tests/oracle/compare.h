/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef COSTOP_TESTS_ORACLE_COMPARE_H
#define COSTOP_TESTS_ORACLE_COMPARE_H

#include <stdbool.h>
#include <stdio.h>

#include "study/result.h"

/* Whether two results of one scenario are equal in every integer but events and dispatches. If not
   and file is given, says of each entity what differs first. */
bool compare_results(FILE *file, const struct run_result *machine, const struct run_result *oracle);

#endif
