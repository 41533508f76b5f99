/* SPDX-License-Identifier: GPL-3.0-or-later */
/* METRIC[@SCOPE]=PCT: how narrow the interval of a metric is to be. */
#ifndef COSTOP_STUDY_PRECISION_H
#define COSTOP_STUDY_PRECISION_H

#include "study/study.h"

/* NULL if all is well, else what is wrong, in one clause. SCOPE as in an expectation. */
const char *precision_parse(const struct scenario *scenario, const char *text, struct arena *arena,
                            struct precision *precision);

/* Is the interval of every entity that it is about narrow enough? An entity without values, or with
   one only, is not; where a cell has no such entity there is nothing to be narrowed. */
bool precision_holds(const struct precision *precision, const struct replications *done);

#endif
