/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "did you mean": the candidate nearest to a mistyped word. */
#ifndef COSTOP_STUDY_SUGGEST_H
#define COSTOP_STUDY_SUGGEST_H

/* Words are NULL-terminated. Returns the nearest one by edit distance (insert, delete, replace,
   swap of neighbours; case aside), the earliest of equals, or NULL if none is near enough. */
const char *suggest_word(const char *typed, const char *const *words);

#endif
