/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of scenario_bind; nobody else needs them. */
#ifndef COSTOP_STUDY_SCENARIO_PARTS_H
#define COSTOP_STUDY_SCENARIO_PARTS_H

#include "study/bind.h"
#include "study/scenario.h"

/* Errors if a name in an object of named things is none. */
void scenario_check_names(struct bind *bind, struct site site);

/* Each fills its part of the scenario; programs want locks and barriers, VMs want programs. */
void scenario_bind_programs(struct bind *bind, struct site root, struct scenario *scenario);
void scenario_bind_vms(struct bind *bind, struct site root, struct scenario *scenario);

/* What no part can see alone. */
void scenario_check(struct bind *bind, struct site root, const struct scenario *scenario);

/* The axes of `sweep`: an object of arrays; NULL if there are none. Does not look at values. */
const struct conf *sweep_expand(struct bind *bind, struct site sweep);
/* Is every value acceptable at its path, all else being as in the file? */
void sweep_check(struct bind *bind, const struct conf *root, const struct conf *axes);
/* Appends the values of "1..8", "1ms..5ms step 1ms" or "1..64*2" to array. Returns NULL, or what is
   wrong in one clause. */
const char *sweep_range(struct arena *arena, const struct conf *range, struct conf *array);

/* Indices; UINT32_MAX: no such name. */
uint32_t scenario_find_lock(const struct scenario *scenario, const char *name);
uint32_t scenario_find_barrier(const struct scenario *scenario, const char *name);

#endif
