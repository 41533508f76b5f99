/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Balance scheduling: siblings are never in one pCPU's queue.

   Idea: siblings in one queue run one after the other, so one that holds a lock makes the others
   wait for whole slices. Apart they may run at the same time, without being forced to.
   Rule: who comes to a queue looks for a pCPU without a sibling; no pCPU takes a vCPU from another
   queue while it has a sibling of it.
   Invariant: of a VM with no more vCPUs than it has pCPUs at most one stands or runs on each.
   Cost: O(vCPUs of the VM) per look at a pCPU; nothing if it is off. Source: Sukwong and Kim, "Is
   co-scheduling too expensive for SMP VMs?" (EuroSys 2011). */
#ifndef COSTOP_HV_SPREAD_H
#define COSTOP_HV_SPREAD_H

#include "hv/hv.h"

extern const char *const spread_words[];

/* The row of schedulers whose pCPUs have queues of their own. */
#define SPREAD_ROW(params)                                                              \
  {                                                                                     \
    .key = "placement", .type = PARAM_CHOICE, .offset = offsetof(params, placement),    \
    .fallback = "any", .choices = spread_words,                                         \
    .help = "balance: never two vCPUs of a VM in one pCPU's queue (balance scheduling)" \
  }

/* Does a sibling of v stand in p's queue? One that runs on p alone is p's own affair. */
__attribute__((cold)) bool spread_has_queued(const struct hv *hv, const struct vcpu *v,
                                             pcpu_id_t p);
/* … or run there? */
bool spread_has_sibling(const struct hv *hv, const struct vcpu *v, pcpu_id_t p);
/* Where v goes, if siblings are to be apart and p is where it would go otherwise. */
__attribute__((cold)) pcpu_id_t spread_apart(const struct hv *hv, const struct vcpu *v,
                                             pcpu_id_t p);
/* Asserts the invariant. */
void spread_audit(const struct hv *hv);

/* Where v, which has come to a queue, goes if p is where it would go otherwise. */
static inline pcpu_id_t spread_place(const struct hv *hv, const struct vcpu *v, pcpu_id_t p) {
  return hv->is_spread ? spread_apart(hv, v, p) : p;
}

/* May p, which decides who runs, take v from another pCPU's queue? */
static inline bool spread_may_take(const struct hv *hv, const struct vcpu *v, pcpu_id_t p) {
  return hv_may_move(hv, v, p) && !(hv->is_spread && spread_has_queued(hv, v, p));
}

#endif
