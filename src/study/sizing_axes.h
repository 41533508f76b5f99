/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which cells a sizing needs. */
#ifndef COSTOP_STUDY_SIZING_AXES_H
#define COSTOP_STUDY_SIZING_AXES_H

#include "study/scenario.h"

/* The base name of a VM that goes by its name or its base name; NULL: there is none. */
const char *sizing_vm(const struct scenario *scenario, const char *name);
/* "vms.db.vcpus". */
const char *sizing_path(const char *vm, struct arena *arena);
/* What the scenario says. */
uint32_t sizing_n_vcpus(const struct scenario *scenario, const char *vm);

/* The scenario with the axes that arguments have given it, and last the vCPUs of the VM. Their
   counts are those of its own axis if it has one; else 1 up to as many as there are pCPUs for it,
   or as it has: all of them up to 16, then with wider steps. */
const struct scenario *sizing_scenario(const struct scenario *scenario, const char *vm,
                                       struct arena *arena);

#endif
