/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What all subcommands do that run a study: a store for it, the work, and what comes of it. */
#ifndef COSTOP_CLI_STUDY_COMMAND_H
#define COSTOP_CLI_STUDY_COMMAND_H

#include "cli/report.h"

/* All that is looked at here. */
#define OPTION_BITS_RESULTS                                                            \
  (OPTION_BIT(OPTION_OUTPUT) | OPTION_BIT(OPTION_RESUME) | OPTION_BIT(OPTION_FORMAT) | \
   OPTION_BIT(OPTION_TABLE) | OPTION_BIT(OPTION_TRACE_MS))

/* Do the options go together, may -o be made? To be asked before a study is loaded. EX_OK, or an
   exit code with a message. */
int study_check_output(const struct cli *cli);

/* Runs a study from beginning to end; returns the exit code of the subcommand. */
int study_command(const struct cli *cli, const struct study_plan *plan,
                  const struct report_format *format);

/* The same in steps, for subcommands that have more to say. */

/* A store: that of -o, new or resumed, or a temporary one if path is NULL. EX_OK, or an exit code
   with a message. */
int study_open(const struct cli *cli, const struct study_plan *plan, const char *path,
               struct results *results);
/* Runs what is lacking; see conduct_run. */
int study_conduct(const struct results *results);
/* Is there something to be told, after study_conduct has ended with that code? */
bool study_may_tell(int code);
/* Writes the files of path (NULL: none) and, if a format is given, the report on standard output.
   EX_OK, EXIT_NO if an expectation has failed, or an exit code with a message. */
int study_tell(const struct results *results, const char *path, const struct report_format *format);
/* Removes the directory if there is nothing in it. Returns code, or if that is EX_OK what went
   wrong here. */
int study_close(const struct results *results, const char *path, int code);

/* "1/1", "2/3": the fact of a store that says which part of the study it has. */
#define STUDY_FACT_SHARD "shard"

/* What -F and --table ask for. */
const struct report_format *study_format(const struct cli *cli);

#endif
