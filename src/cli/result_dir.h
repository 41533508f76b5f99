/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The directory that -o makes: everything that a run has to say, or nothing at all. */
#ifndef COSTOP_CLI_RESULT_DIR_H
#define COSTOP_CLI_RESULT_DIR_H

#include "cli/report.h"
#include "cli/trace_log.h"

/* EX_OK, or EX_CANTCREAT with a message if something of that name is there. */
int result_dir_check(const char *path);

struct result_dir {
  const char *path;
  const struct report *report;
  const char *scenario_json;
  const struct trace_log *trace; /* NULL: no trace.csv */
};

/* Writes under a temporary name and renames. EX_OK; or, with a message and nothing left behind,
   EX_CANTCREAT or EX_IOERR. */
int result_dir_write(const struct result_dir *dir);

#endif
