/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Output files that appear under their name only when they are complete. */
#ifndef COSTOP_CLI_SAVE_H
#define COSTOP_CLI_SAVE_H

#include <stdio.h>

#include "sim/arena.h"

struct save {
  FILE *to;
  const char *path;      /* as it was given; "-" is standard output */
  const char *target;    /* what the symbolic links in path lead to */
  const char *temporary; /* NULL: written to directly */
};

/* Opens it for writing. Returns EX_OK, or EX_CANTCREAT with a message. */
int save_open(struct save *save, const char *path, struct arena *arena);
/* Puts it in its place. Returns EX_OK; or, with a message and nothing left behind, EX_IOERR if
   something could not be written, EX_CANTCREAT if its place cannot be taken. */
int save_close(struct save *save);
/* Closes a stream. Returns 0, or the errno of what was lost on the way to it. */
int save_close_stream(FILE *to);
/* Leaves nothing behind. */
void save_drop(struct save *save);

#endif
