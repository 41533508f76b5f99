/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef COSTOP_CLI_READ_FILE_H
#define COSTOP_CLI_READ_FILE_H

#include <sys/types.h>

#include "study/diag.h"

enum { FILE_SIZE_MAX = 16 << 20 };

struct file_read {
  const struct source *source; /* NULL if it failed */
  const char *fault;           /* why: "no such file or directory" */
  bool is_too_large;           /* … which is the fault of the file, not of its reader */
  dev_t device;                /* with inode: which file it is, whatever it is called */
  ino_t inode;
};

/* "-" is standard input. The text is followed by a NUL. */
struct file_read read_file(const char *path, struct arena *arena);

/* name as seen from the directory of the file at path. */
const char *read_file_beside(const char *path, const char *name, struct arena *arena);

#endif
