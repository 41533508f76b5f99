/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is wrong with the user's input, collected in one pass: where, what, and how to mend it.
   Nothing here prints; the command line does. */
#ifndef COSTOP_STUDY_DIAG_H
#define COSTOP_STUDY_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/arena.h"

/* A text that people wrote: a file, or an argument of the command line. */
struct source {
  const char *name; /* "db.json", "<stdin>", "--set" */
  const char *text;
  uint32_t length;
  bool is_argument; /* … which has no lines to count */
};

/* A stretch of a source; source NULL: nowhere in particular. Length 0: the source as a whole. */
struct place {
  const struct source *source;
  uint32_t offset, length;
};

/* The line of a place, for people. Lines and columns count from 1, columns in bytes. */
struct place_line {
  uint32_t line, column;
  const char *text;
  uint32_t length; /* of text, without the newline */
};
struct place_line place_line(struct place place);

enum diag_severity { DIAG_WARNING, DIAG_ERROR };

struct diag {
  enum diag_severity severity;
  struct place place;
  const char *path;    /* "vms.db", or "" */
  const char *message; /* "unknown key 'vcpu'" */
  const char *hint;    /* "did you mean 'vcpus'?", or NULL */
  const char *cells;   /* of a sweep, if not all have it: "cell 3 and 5 more"; else NULL */
};

enum { DIAGS_MAX = 100 }; /* more than anybody reads; the rest is counted */

struct diags {
  struct arena *arena; /* of the texts; set it, the rest is zero at first */
  struct diag items[DIAGS_MAX];
  uint32_t n, n_dropped, n_errors; /* n_errors includes dropped ones */
  bool is_input_missing;           /* some input could not be read at all */
};

/* path and hint are copied; both may be NULL. */
void diag_error(struct diags *diags, struct place place, const char *path, const char *hint,
                const char *format, ...) __attribute__((format(printf, 5, 6)));
void diag_warning(struct diags *diags, struct place place, const char *path, const char *hint,
                  const char *format, ...) __attribute__((format(printf, 5, 6)));

#endif
