/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of what is compared: as short as tells them apart. */
#ifndef COSTOP_CLI_COMPARE_LABELS_H
#define COSTOP_CLI_COMPARE_LABELS_H

#include "study/grid.h"

/* Of a cell among the others of its grid: "relaxed", "vcpus=4", "db.vcpus=4/web.vcpus=2". */
const char *compare_label_cell(const struct grid *grid, uint32_t cell, struct arena *arena);
/* Of files and directories: the ends of their paths that differ, without .json; if
   nothing differs, a number behind it. labels has room for n. */
void compare_label_files(const char *const *paths, uint32_t n, const char **labels,
                         struct arena *arena);

#endif
