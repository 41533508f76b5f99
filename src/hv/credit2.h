/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parts of credit2 share: its state, how credits burn, its queues, whom to preempt. */
#ifndef COSTOP_HV_CREDIT2_H
#define COSTOP_HV_CREDIT2_H

#include "hv/budget.h"
#include "hv/loads.h"
#include "hv/order.h"
#include "hv/starts.h"

/* All that an event touches of it, in one cache line. */
struct __attribute__((aligned(ARENA_LINE))) credit2_vcpu {
  struct order_entry entry;
  int64_t credit_ns;
  int64_t charged_ns; /* up to when it has paid, while it runs */
};

struct credit2 {
  struct sched_credit2_params params;
  struct order *order;
  struct loads loads;
  struct budget cap;
  uint32_t highest_weight;
  bool is_uniform; /* all weights are the same: then zero_ns of starts is kept */
  bool is_simple;  /* … nobody has a cap, and pCPUs are decided about one by one */
  struct starts starts;
  struct credit2_vcpu vcpus[];
};

/* Without a look at v, which may take longer. */
static inline struct credit2_vcpu *credit2_of(const struct hv *hv, const struct vcpu *v) {
  struct credit2 *credit2 = hv->sched_state;
  return &credit2->vcpus[v - hv->vcpus];
}

/* --- burning --- */

/* What v, which has run for so long, burns; its VM's budget is drawn on. Out of line, as budgets
   and weights are rare. */
int64_t credit2_burn(const struct hv *hv, const struct vcpu *v, int64_t time_ns);

static inline void credit2_charge(const struct hv *hv, const struct vcpu *v) {
  const struct credit2 *credit2 = hv->sched_state;
  struct credit2_vcpu *credit = credit2_of(hv, v);
  int64_t now = hv->sim->now_ns, time_ns = now - credit->charged_ns;
  credit->charged_ns = now;
  if (!credit2->is_simple) time_ns = credit2_burn(hv, v, time_ns);
  int64_t left_ns = credit->credit_ns - time_ns, init_ns = credit2->params.init_ns;
  credit->credit_ns = left_ns > -init_ns ? left_ns : -init_ns;
}

/* For how long nobody may preempt v, which runs; not more than 0: others may. */
static inline int64_t credit2_limit_left_ns(const struct hv *hv, const struct vcpu *v) {
  const struct credit2 *credit2 = hv->sched_state;
  return credit2->starts.latest[v->pcpu].limited_ns - hv->sim->now_ns;
}

/* --- the queue --- */

static inline bool credit2_is_of_queue_at(const struct credit2 *credit2, const struct vcpu *v,
                                          pcpu_id_t p) {
  const struct loads *loads = &credit2->loads;
  return loads_queue_at(loads, credit2->vcpus[v->id].entry.stands) == loads_queue_at(loads, p);
}

/* Most credits first. */
static inline int64_t credit2_rank_of(const struct sched_credit2_params *params,
                                      int64_t credit_ns) {
  return params->init_ns + params->min_timer_ns - credit_ns;
}

static inline int64_t credit2_rank(const struct hv *hv, const struct vcpu *v) {
  const struct credit2 *credit2 = hv->sched_state;
  return credit2_rank_of(&credit2->params, credit2_of(hv, v)->credit_ns);
}

static inline void credit2_put(struct hv *hv, const struct vcpu *v) {
  struct credit2 *credit2 = hv->sched_state;
  loads_count(&credit2->loads, hv, v, true);
  order_put(hv, credit2->order, &credit2_of(hv, v)->entry, credit2_rank(hv, v));
}

static inline void credit2_take_out(struct hv *hv, const struct vcpu *v) {
  struct credit2 *credit2 = hv->sched_state;
  order_remove(hv, credit2->order, &credit2_of(hv, v)->entry);
}

/* --- whom to preempt --- */

/* Where somebody is best, and by how much it is better than who runs there. */
struct credit2_target {
  pcpu_id_t p;
  int64_t score_ns;
};

/* The best pCPU of its queue for somebody, if all weights are equal and it may use any: who has the
   least credits has the earliest zero, so nothing is read of those who run. */
static inline struct credit2_target credit2_target_among_equals(const struct credit2 *credit2,
                                                                const struct credit2_vcpu *its,
                                                                int64_t now) {
  pcpu_id_t stand = its->entry.stands;
  const struct start *own = &credit2->starts.latest[stand];
  int64_t zero_ns = now + its->credit_ns, floor_ns = now - credit2->params.init_ns;
  struct least_start least =
      starts_least(&credit2->starts, loads_queue_at(&credit2->loads, stand), now, floor_ns);
  least.zero_ns += credit2->params.migrate_resist_ns;
  if (own->limited_ns <= now && own->zero_ns <= least.zero_ns)
    least = (struct least_start){stand, own->zero_ns > floor_ns ? own->zero_ns : floor_ns};
  return (struct credit2_target){least.p, zero_ns - least.zero_ns};
}

/* --- credit2_tickle.c --- */

/* v has come to the queue: whom is it to preempt, if no pCPU is idle that takes it? One that is,
   but for p, is returned; else ID_NONE. */
pcpu_id_t credit2_tickle(struct hv *hv, const struct vcpu *v, pcpu_id_t p);

/* --- credit2_reset.c --- */

/* All of p's queue get new credits; what is left of the old ones counts up to min_timer. Then it
   and the most different one exchange vCPUs; next will run on p. */
void credit2_reset(struct hv *hv, pcpu_id_t p, const struct vcpu *next);

#endif
