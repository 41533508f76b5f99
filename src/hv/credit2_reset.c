/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A part of credit2: who is to run next has no credits left. */
#include "hv/credit2.h"

/* All of p's queue get new credits; what is left of the old ones counts up to min_timer. */
static void renew(struct hv *hv, pcpu_id_t p) {
  struct credit2 *credit2 = hv->sched_state;
  for (vcpu_id_t i = 0; i < hv->n_vcpus; i++) {
    const struct vcpu *v = &hv->vcpus[i];
    struct order_entry *entry = &credit2->order.entries[i];
    bool is_in_queue = v->is_queued && !v->is_parked;
    if (!credit2_is_of_queue_at(credit2, v, p)) continue;
    if (v->runstate == RS_RUNNING) credit2_charge(hv, v, entry);
    if (is_in_queue) credit2_take_out(hv, v);
    entry->rank -= credit2->params.init_ns;
    if (entry->rank < 0) entry->rank = 0;
    if (v->runstate == RS_RUNNING)
      credit2->starts.latest[v->pcpu].full_ns = hv->sim->now_ns - entry->rank;
    if (is_in_queue) credit2_put(hv, v);
  }
}

/* A pCPU decides: who runs on others, and who is about to run, stays where it is. */
struct decision {
  pcpu_id_t p;
  const struct vcpu *next;
};

static bool may_change_queue(const struct hv *hv, const struct vcpu *v, const void *context) {
  const struct decision *decision = context;
  bool is_chosen = v->runstate == RS_READY && !v->is_queued;
  is_chosen |= v->runstate == RS_COSTOP && hv_vm_of(hv, v)->is_starting;
  if (v == decision->next || is_chosen) return false;
  return v->runstate != RS_RUNNING || (v->is_queued && v->pcpu == decision->p);
}

/* v moves to another queue. p, which decides, is not idle, though it may be free. */
static void change_queue(struct hv *hv, struct vcpu *v, uint32_t queue, pcpu_id_t p) {
  struct credit2 *credit2 = hv->sched_state;
  bool is_in_queue = v->is_queued && !v->is_parked;
  if (is_in_queue) credit2_take_out(hv, v);
  credit2_of(hv, v)->stands = loads_place(&credit2->loads, hv, v, queue);
  loads_move(&credit2->loads, hv, v, queue);
  if (!is_in_queue) return;
  credit2_put(hv, v);
  pcpu_id_t idle = credit2_tickle(hv, v, p);
  if (idle != ID_NONE) hv_ask(hv, idle);
}

/* p's queue and the most different one exchange vCPUs; next will run on p. */
static void balance(struct hv *hv, pcpu_id_t p, const struct vcpu *next) {
  struct credit2 *credit2 = hv->sched_state;
  if (credit2->loads.n_queues == 1) return;
  uint32_t own = loads_queue_at(&credit2->loads, p);
  struct decision made = {p, next};
  struct load_exchange exchange = loads_balance(&credit2->loads, hv, own, may_change_queue, &made);
  if (exchange.push) change_queue(hv, exchange.push, exchange.other, p);
  if (exchange.pull) change_queue(hv, exchange.pull, own, p);
}

void credit2_reset(struct hv *hv, pcpu_id_t p, const struct vcpu *next) {
  renew(hv, p);
  balance(hv, p, next);
}
