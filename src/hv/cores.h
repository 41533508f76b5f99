/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the threads of one core do to each other. */
#ifndef COSTOP_HV_CORES_H
#define COSTOP_HV_CORES_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/arena.h"
#include "sim/ids.h"

struct hv;
struct hv_vm;
struct vcpu;

struct core {
  uint32_t n_busy;   /* threads that run somebody */
  bool is_dirty;     /* … and who may have changed since the speeds were set last */
  uint32_t n_forced; /* threads that are kept idle beside busy ones, since then */
  /* Of core scheduling: threads that are taken, by who runs there or was chosen for it, and by
     which VM. */
  uint32_t n_taken;
  vm_id_t vm;
};

/* Full speed, in the units of struct hv_config's smt_speed. */
enum { SMT_FULL_SPEED = 1000000 };

/* Sets hv->cores, if threads of a core matter to each other. */
void cores_create(struct hv *hv, int64_t smt_speed, bool is_core_scheduled, struct arena *arena);
/* v starts on v->pcpu, in the place of one that stops now (is_swap) or of nobody. */
void cores_start(struct hv *hv, const struct vcpu *v, bool is_swap);
/* v has stopped on v->pcpu, in favour of one that starts now (is_swap) or of nobody. */
void cores_stop(struct hv *hv, struct vcpu *v, bool is_swap);
/* Everything of this instant has happened: sets the speeds of those whose cores have changed. */
void cores_flush(struct hv *hv);
/* Books what v has run beside a busy thread up to now. */
void cores_settle(const struct hv *hv, struct vcpu *v);
/* The lowest pCPU of from..behind-1, and of a set (NULL: of all), whose core is free as a whole; or
   ID_NONE. */
pcpu_id_t cores_lowest_idle(const struct hv *hv, const uint64_t *mask, pcpu_id_t from,
                            pcpu_id_t behind);
/* pCPUs in the order in which cores fill up: the first thread of each before the second ones. */
pcpu_id_t cores_nth_pcpu(const struct hv *hv, uint32_t nth);

/* --- core scheduling: hv->free has the threads of cores of which none is taken --- */

/* p, which is not taken, is for v: its core is its VM's now. */
void cores_take(struct hv *hv, const struct vcpu *v, pcpu_id_t p);
/* p is not taken any more. With the last one of its core, all are free. */
void cores_give_back(struct hv *hv, pcpu_id_t p);
/* Who has to give way if somebody else is to run on p, which is not free. */
struct vcpu *cores_rival(const struct hv *hv, pcpu_id_t p);
/* Does v, if it is queued, come before w? As the scheduler ranks them, then by place. */
bool cores_precedes(const struct hv *hv, const struct vcpu *v, const struct vcpu *w);
/* A thread of p's core, which v's VM has taken, that v may run on now: its last one, or the
   lowest; ID_NONE: none. */
pcpu_id_t cores_seat(const struct hv *hv, const struct vcpu *v, pcpu_id_t p);
/* Who comes first of those of the VM that are queued, may run now and find a seat in p's core,
   which it has taken; NULL: nobody. */
struct vcpu *cores_companion(struct hv *hv, const struct hv_vm *vm, pcpu_id_t p);
/* One of the VM waits, and there may be a seat beside another one of it: the dispatch phase is to
   look. */
void cores_invite(struct hv *hv, struct hv_vm *vm);

/* Asserts the invariants. */
void cores_check(const struct hv *hv);

#endif
