/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Conf trees -> scenarios and back. */
#ifndef COSTOP_STUDY_SCENARIO_BIND_H
#define COSTOP_STUDY_SCENARIO_BIND_H

#include "study/conf.h"
#include "study/scenario.h"

/* Checks everything and reports all of it. NULL if there is any error. root is what a file says,
   with `extends` followed and the data of empirical distributions in place of file names. */
const struct scenario *scenario_bind(const struct conf *root, struct diags *diags,
                                     struct arena *arena);

/* A cell of a sweep: base, whose root has been given one value of each axis. axes: an object with
   the axes' paths as keys. Expectations are those of base. */
const struct scenario *scenario_bind_cell(const struct scenario *base, const struct conf *root,
                                          const struct conf *axes, struct diags *diags,
                                          struct arena *arena);

/* The tree in which path ("vms.db.vcpus", "programs.oltp.1.hold") has this value. Objects that the
   file leaves out are added; new VMs, locks, programs and barriers only as a whole. NULL with an
   error in diags if there is no such place. */
const struct conf *scenario_set(const struct conf *root, const char *path, const struct conf *value,
                                struct diags *diags, struct arena *arena);

/* The scenario with every key written out; binding it gives the same scenario. */
const struct conf *scenario_resolve(const struct scenario *scenario, struct arena *arena);

/* The JSON Schema of scenario files. */
const struct conf *scenario_schema(struct arena *arena);

#endif
