/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who ran while a VM was READY: a matrix, VM by VM. */
#ifndef COSTOP_HV_STEAL_H
#define COSTOP_HV_STEAL_H

#include <stdint.h>

#include "hv/runstate.h"
#include "sim/arena.h"

struct hv;
struct vcpu;

struct steal *steal_create(struct hv *hv, struct arena *arena);
/* What steal_create takes. */
uint64_t steal_memory(uint64_t n_vms, uint64_t n_affinities);
/* v, which has just changed from one runstate to another. */
void steal_runstate_changed(struct hv *hv, const struct vcpu *v, enum runstate from);
/* Books everything up to now. */
void steal_settle(struct hv *hv);
void steal_reset(struct hv *hv);
/* The READY time of VM i, split in whole ns among all VMs and, behind them, idle pCPUs. */
void steal_read(const struct hv *hv, uint32_t i, int64_t *ready_ns);

#endif
