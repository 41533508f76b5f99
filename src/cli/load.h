/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a path and arguments to a scenario: reads files, follows `extends`, reads the data of
   empirical distributions, sets what --set, --sweep, --zip and --where say. */
#ifndef COSTOP_CLI_LOAD_H
#define COSTOP_CLI_LOAD_H

#include "cli/cli.h"
#include "study/conf.h"
#include "study/scenario.h"

struct load_request {
  const char *path;             /* "-": standard input */
  struct text_list sets;        /* "PATH=VALUE", in the order of the command line */
  struct text_list set_options; /* … by which option each is set, as "--set" */
  struct text_list axes;        /* "PATH=LIST"; one of a path that has an axis replaces it */
  struct text_list wheres;      /* conditions on cells */
  bool is_zipped;
};

/* What the command line says of the scenario at path. */
struct load_request load_request_of(const struct cli *cli, const char *path);

/* NULL if there is any error; all of them are in diags, whose arena is the caller's business. */
const struct scenario *load_scenario(const struct load_request *request, struct diags *diags,
                                     struct arena *arena);

/* EX_OK, EX_NOINPUT if some file could not be read, else EX_DATAERR. */
int load_exit_code(const struct diags *diags);

/* Loads with the command line's settings and prints what there is to complain about. NULL: give up
   with *exit_code. */
const struct scenario *load_or_report(const struct cli *cli, const char *path, int *exit_code);

#endif
