/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of scenario_bind; nobody else needs them. */
#ifndef COSTOP_STUDY_SCENARIO_PARTS_H
#define COSTOP_STUDY_SCENARIO_PARTS_H

#include "study/bind.h"
#include "study/scenario.h"

/* Errors if a name in an object of named things is none. */
void scenario_check_names(struct bind *bind, struct site site);

/* Each fills its part of the scenario; programs want locks and barriers, VMs want programs. */
void scenario_bind_programs(struct bind *bind, struct site root, struct scenario *scenario);
void scenario_bind_vms(struct bind *bind, struct site root, struct scenario *scenario);
/* "osv" is short for {"kind": "osv"}; whatever else it is stays so. */
const struct conf *scenario_spell_out(const struct conf *choice, struct arena *arena);

/* Of a VM: where its sources of interrupts are written, and its vCPUs. */
void scenario_bind_interrupts(struct bind *bind, struct site site, const struct scenario *scenario,
                              struct guest_spec *guest);
/* The steps of a handler; site.node may be NULL. */
void scenario_bind_handler(struct bind *bind, struct site site, const struct scenario *scenario,
                           struct program *handler);

/* What no part can see alone. */
void scenario_check(struct bind *bind, struct site root, const struct scenario *scenario);

/* … of what VMs claim of the pCPUs. */
void scenario_check_shares(struct bind *bind, struct site root, const struct scenario *scenario);
/* "vms.db.reservation, line 9" */
const char *scenario_name_site(struct bind *bind, struct site site);
/* Keeps VMs off pCPUs that belong to another one alone. */
void scenario_bind_exclusive(struct bind *bind, struct site vms, struct vm_spec *specs, uint32_t n,
                             uint32_t n_pcpus);
/* How many pCPUs it may use. */
uint32_t scenario_count_pcpus(const struct scenario *scenario, const struct vm_spec *vm);

/* What the file says of `sweep`; whether the cells can be is another question. */
void sweep_bind(struct bind *bind, struct site root, struct scenario *scenario);

/* Indices; UINT32_MAX: no such name. */
uint32_t scenario_find_lock(const struct scenario *scenario, const char *name);
uint32_t scenario_find_barrier(const struct scenario *scenario, const char *name);

#endif
