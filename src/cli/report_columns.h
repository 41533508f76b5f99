/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The columns of VMs in summaries for people. */
#ifndef COSTOP_CLI_REPORT_COLUMNS_H
#define COSTOP_CLI_REPORT_COLUMNS_H

#include "cli/text_grid.h"
#include "study/grid.h"
#include "study/replicate.h"

enum { REPORT_COLUMNS = 10 };
extern const struct text_column report_columns[REPORT_COLUMNS];

/* Of n VMs of one kind from the given one on: means over all of them. */
const char *report_column_text(const struct replications *replications, uint32_t vm, uint32_t n,
                               uint32_t column, struct arena *arena);

/* Over the replications, of a VM's metric by its column name. */
struct stat_sum report_vm_stat(const struct replications *replications, uint32_t vm,
                               const char *metric);

/* "4 pCPUs, rr 10ms, relaxed", without what the grid (NULL: none) sweeps. */
const char *report_host_text(const struct scenario *scenario, const struct grid *grid,
                             struct arena *arena);

#endif
