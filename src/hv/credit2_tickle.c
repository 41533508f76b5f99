/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A part of credit2: who has come to a queue wants a pCPU. */
#include "hv/credit2.h"

/* By how much v is better than who runs on p; never, before that one's ratelimit. */
static int64_t score(const struct hv *hv, const struct vcpu *v, pcpu_id_t p) {
  const struct credit2 *credit2 = hv->sched_state;
  const struct vcpu *current = hv_rival(hv, p);
  if (!current || credit2_limit_left_ns(hv, current->pcpu) > 0) return INT64_MIN;
  const struct order_entry *its = credit2_of(hv, v);
  struct order_entry *rival = credit2_of(hv, current);
  credit2_charge(hv, current, rival);
  int64_t score_ns = rival->rank - its->rank;
  return its->stands == p ? score_ns : score_ns - credit2->params.migrate_resist_ns;
}

/* Is it better on another pCPU than where it stands, best->p? */
static void look_elsewhere(const struct hv *hv, const struct vcpu *v, struct credit2_target *best) {
  const struct credit2 *credit2 = hv->sched_state;
  pcpu_id_t stand = best->p, first = loads_first_beside(&credit2->loads, stand);
  for (pcpu_id_t p = first; p < first + credit2->loads.n_in_queue; p++) {
    if (p == stand || !hv_may_use(hv, v, p)) continue;
    int64_t score_ns = score(hv, v, p);
    if (score_ns > best->score_ns) *best = (struct credit2_target){p, score_ns};
  }
}

/* The lowest idle pCPU of v's queue, but for p, that v may use, or ID_NONE. */
static pcpu_id_t idle_beside(const struct hv *hv, const struct vcpu *v, pcpu_id_t p) {
  const struct credit2 *credit2 = hv->sched_state;
  pcpu_id_t idle = loads_first_beside(&credit2->loads, credit2_of(hv, v)->stands);
  pcpu_id_t behind = idle + credit2->loads.n_in_queue;
  while ((idle = pcpuset_next(&hv->free, idle)) < behind && (idle == p || !hv_may_use(hv, v, idle)))
    idle++;
  return idle < behind ? idle : ID_NONE;
}

/* v has come to the queue, and no pCPU is idle that takes it: whom is it to preempt? */
static void preempt(struct hv *hv, const struct vcpu *v) {
  const struct credit2 *credit2 = hv->sched_state;
  const struct order_entry *its = credit2_of(hv, v);
  pcpu_id_t stand = its->stands;
  struct credit2_target best;
  if (credit2->is_uniform && v->affinity == 0 && !hv->is_core_scheduled) {
    best = credit2_target_among_equals(credit2, its, hv->sim->now_ns);
  } else {
    best = (struct credit2_target){stand, score(hv, v, stand)};
    look_elsewhere(hv, v, &best);
  }
  if (best.score_ns > 0) hv_ask(hv, best.p);
}

/* … and an idle one but p, which is returned, would take it. */
pcpu_id_t credit2_tickle(struct hv *hv, const struct vcpu *v, pcpu_id_t p) {
  pcpu_id_t idle = hv_has_free(hv, v) ? idle_beside(hv, v, p) : ID_NONE;
  if (idle == ID_NONE) preempt(hv, v);
  return idle;
}
