/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ranges of an axis, inclusive, in exact decimals: "1..8", "1ms..5ms step 500us", "1..64*2". */
#ifndef COSTOP_STUDY_RANGE_H
#define COSTOP_STUDY_RANGE_H

#include <stdbool.h>

#include "study/conf.h"

enum { RANGE_MAX = 100000 }; /* values of an axis */

/* Does text begin as a range does? */
bool range_is_one(const char *text);
/* Appends the values to array, each with this place. Returns NULL, or what is wrong in one clause.
 */
const char *range_expand(struct arena *arena, const char *text, struct place place,
                         struct conf *array);

#endif
