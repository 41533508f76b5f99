/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The plug-ins by family, as far as scenarios are concerned: their kinds. */
#ifndef COSTOP_STUDY_FAMILY_H
#define COSTOP_STUDY_FAMILY_H

#include "sim/param.h"

enum family {
  FAMILY_SCHEDULER,
  FAMILY_COSCHEDULING,
  FAMILY_GUEST_SCHEDULER,
  FAMILY_LOCK,
  FAMILY_DISTRIBUTION
};

/* The index-th kind, NULL behind the last. */
const struct kind *family_kind(enum family family, size_t index);
const struct kind *family_find(enum family family, const char *name);

enum { FAMILY_MAX = 32 };
/* Fills words with the names, NULL-terminated; returns words. */
const char *const *family_names(enum family family, const char *words[FAMILY_MAX + 1]);

/* The row of the first kind that has this key; *owner gets the kind. NULL if no kind has it. */
const struct param *family_row(enum family family, const char *key, const struct kind **owner);

#endif
