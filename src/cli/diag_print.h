/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef COSTOP_CLI_DIAG_PRINT_H
#define COSTOP_CLI_DIAG_PRINT_H

#include <stdio.h>

#include "study/diag.h"

struct diag_style {
  bool has_color;
  bool is_quiet; /* errors only */
};

/* As gcc does: file:line:column, the line, a caret; and a line "= hint". In the order of the texts
   that they are about. Nothing in them can move the cursor of a terminal. */
void diags_print(const struct diags *diags, struct diag_style style, FILE *to);

#endif
