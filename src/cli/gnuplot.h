/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef COSTOP_CLI_GNUPLOT_H
#define COSTOP_CLI_GNUPLOT_H

#include <stdio.h>

#include "cli/cli.h"

/* Runs a script with orders before it ("input='x'; width=900"). What the script reads as
   GNUPLOT_DATA is data (NULL: nothing); what it draws goes to picture. EX_OK; or, with a message,
   EX_UNAVAILABLE if gnuplot is not there, the exit code with which the script refused, EX_SOFTWARE
   if gnuplot fails. */
int gnuplot_run(const struct cli *cli, const char *script, const char *orders, FILE *data,
                FILE *picture);

#define GNUPLOT_DATA "/dev/fd/3"

#endif
