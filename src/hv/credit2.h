/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parts of credit2 share: its state, how credits burn, its queues, whom to preempt. */
#ifndef COSTOP_HV_CREDIT2_H
#define COSTOP_HV_CREDIT2_H

#include "hv/budget.h"
#include "hv/loads.h"
#include "hv/order.h"
#include "hv/starts.h"

/* A vCPU's rank is what it lacks of the most credits that it may have. */
struct credit2 {
  struct sched_credit2_params params;
  int64_t most_ns;  /* credits, so that who has rank most_ns has none left */
  int64_t worst_ns; /* rank */
  struct order order;
  struct loads loads;
  struct budget cap;
  uint32_t highest_weight;
  bool is_uniform; /* all weights are the same: then full_ns of starts is kept */
  bool is_simple;  /* … nobody has a cap, and pCPUs are decided about one by one */
  struct starts starts;
  int64_t *paid_ns; /* by pCPU: up to when who runs there has paid; unless is_simple */
};

/* Without a look at v, which may take longer. */
static inline struct order_entry *credit2_of(const struct hv *hv, const struct vcpu *v) {
  const struct credit2 *credit2 = hv->sched_state;
  return &credit2->order.entries[v - hv->vcpus];
}

/* --- burning --- */

/* What v, which runs, burns since it paid last, which is now from now on; its VM's budget is drawn
   on. Out of line, as budgets and weights are rare. */
int64_t credit2_burn(const struct hv *hv, const struct vcpu *v);

static inline void credit2_charge(const struct hv *hv, const struct vcpu *v,
                                  struct order_entry *entry) {
  const struct credit2 *credit2 = hv->sched_state;
  int64_t rank = credit2->is_simple ? hv->sim->now_ns - credit2->starts.latest[v->pcpu].full_ns
                                    : entry->rank + credit2_burn(hv, v);
  entry->rank = rank < credit2->worst_ns ? rank : credit2->worst_ns;
}

/* For how long nobody may preempt who runs on p; not more than 0: others may. */
static inline int64_t credit2_limit_left_ns(const struct hv *hv, pcpu_id_t p) {
  const struct credit2 *credit2 = hv->sched_state;
  return credit2->starts.latest[p].limited_ns - hv->sim->now_ns;
}

/* --- the queue --- */

static inline bool credit2_is_of_queue_at(const struct credit2 *credit2, const struct vcpu *v,
                                          pcpu_id_t p) {
  const struct loads *loads = &credit2->loads;
  return loads_queue_at(loads, credit2->order.entries[v->id].stands) == loads_queue_at(loads, p);
}

static inline void credit2_put(struct hv *hv, const struct vcpu *v) {
  struct credit2 *credit2 = hv->sched_state;
  loads_count(&credit2->loads, hv, v, true);
  order_put(hv, &credit2->order, credit2_of(hv, v));
}

static inline void credit2_take_out(struct hv *hv, const struct vcpu *v) {
  struct credit2 *credit2 = hv->sched_state;
  order_remove(&credit2->order, credit2_of(hv, v));
}

/* --- whom to preempt --- */

/* Where somebody is best, and by how much it is better than who runs there. */
struct credit2_target {
  pcpu_id_t p;
  int64_t score_ns;
};

/* The best pCPU of its queue for somebody, if all weights are equal and it may use any: who has the
   least credits had all of them the longest ago, so nothing is read of those who run. */
static inline struct credit2_target credit2_target_among_equals(const struct credit2 *credit2,
                                                                const struct order_entry *its,
                                                                int64_t now) {
  pcpu_id_t stand = its->stands;
  const struct start *own = &credit2->starts.latest[stand];
  int64_t floor_ns = now - credit2->worst_ns;
  struct least_start least =
      starts_least(&credit2->starts, loads_queue_at(&credit2->loads, stand), now, floor_ns);
  least.full_ns += credit2->params.migrate_resist_ns;
  if (own->limited_ns <= now && own->full_ns <= least.full_ns)
    least = (struct least_start){stand, own->full_ns > floor_ns ? own->full_ns : floor_ns};
  return (struct credit2_target){least.p, now - its->rank - least.full_ns};
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
