/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scenarios from texts, for tests. */
#ifndef COSTOP_TESTS_SUPPORT_BOUND_H
#define COSTOP_TESTS_SUPPORT_BOUND_H

#include "study/conf.h"
#include "study/scenario.h"

/* A text and what became of it. Zero at first; bound_free in the end. */
struct bound {
  struct arena arena;
  struct diags diags;
  const struct conf *root;         /* NULL: no JSON */
  const struct scenario *scenario; /* NULL: refused */
};

/* JSON with ' in place of ", for the sake of the reader. */
void bound_read(struct bound *bound, const char *text);
void bound_bind(struct bound *bound, const char *text);
void bound_free(struct bound *bound);

/* The one diagnostic whose path is this; fails the test if there is none. */
const struct diag *bound_diag(const struct bound *bound, const char *path);

#endif
