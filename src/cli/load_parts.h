/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of load_scenario; nobody else needs them. */
#ifndef COSTOP_CLI_LOAD_PARTS_H
#define COSTOP_CLI_LOAD_PARTS_H

#include "cli/load.h"

struct loader {
  struct diags *diags;
  struct arena *arena;
};

/* The tree with {"empirical": "file"} replaced by {"empirical": [durations]}; files are looked up
   beside the file at base. */
const struct conf *loader_inline(struct loader *loader, const struct conf *conf, const char *base);

/* The tree with everything that the command line has to say about it. */
const struct conf *loader_arguments(struct loader *loader, const struct conf *root,
                                    const struct load_request *request);

#endif
