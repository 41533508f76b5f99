/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Xen's credit2 scheduler.

   Idea: everybody has the same credits, and who has a smaller weight burns them faster; who has
   most left runs. Rule: a queue for each socket. Running burns credits in proportion to the highest
   weight over the own one. When the one that is to run next has none left, all of its queue get new
   ones, and this queue and the most different one exchange vCPUs. Who wakes preempts the one with
   the least credits, if that has less. Slices last until the credits are those of the next in the
   queue, within bounds. Caps are budgets of a period.
   Invariants: credits lie between -init and init + min_timer; no queued vCPU of a VM without
   budget. Cost: O(log vCPUs) per dispatch, O(vCPUs) per reset; per wake-up O(pCPUs whose ratelimit
   is over), where weights differ O(pCPUs). Source: Xen, xen/common/sched/credit2.c.
   Here is who runs, and for how long; whom somebody preempts is in credit2_tickle.c, what happens
   when credits are used up in credit2_reset.c. */
#include "hv/credit2.h"
#include "hv/picked.h"
#include "sim/time.h"

#define ROW(name, member, standard, least, text)                                                  \
  {                                                                                               \
    .key = name, .type = PARAM_DURATION, .offset = offsetof(struct sched_credit2_params, member), \
    .fallback = standard, .min = least, .max = TIMER_MOST_NS, .help = text                        \
  }
/* As enum sched_runqueue. */
static const char *const runqueue_words[] = {"cpu", "core", "socket", "all", NULL};

/* So that credits fit into a rank. */
#define TIMER_MOST_NS 1e12

static const struct param credit2_params[] = {
    ROW("init", init_ns, "10ms", 1, "credits that all get at a reset; also the longest slice"),
    ROW("min_timer", min_timer_ns, "500us", 1, "shortest slice, and what a reset lets one keep"),
    ROW("ratelimit", ratelimit_ns, "1ms", 0,
        "how long a vCPU runs at least before another one may preempt it"),
    ROW("migrate_resist", migrate_resist_ns, "500us", 0,
        "how many more credits it takes to get the pCPU of another one if one ran elsewhere"),
    {.key = "runqueue",
     .type = PARAM_CHOICE,
     .offset = offsetof(struct sched_credit2_params, runqueue),
     .fallback = "socket",
     .choices = runqueue_words,
     .help = "which pCPUs share a queue; between queues balancing moves vCPUs"},
};

/* What Xen has as constants. */
#define CAP_PERIOD_NS INT64_C(10000000)
#define YIELD_BIAS_NS INT64_C(1000000)

static uint32_t pcpus_in_queue(const struct hv *hv, enum sched_runqueue runqueue) {
  const uint32_t n[] = {[RUNQUEUE_CPU] = 1,
                        [RUNQUEUE_CORE] = hv->topology.n_in[DISTANCE_CORE],
                        [RUNQUEUE_SOCKET] = hv->topology.n_in[DISTANCE_SOCKET],
                        [RUNQUEUE_ALL] = hv->n_pcpus};
  return n[runqueue];
}

static void *credit2_create(struct hv *hv, const void *params, struct arena *arena) {
  struct credit2 *credit2 = ARENA_NEW(arena, struct credit2);
  credit2->params = *(const struct sched_credit2_params *)params;
  credit2->most_ns = credit2->params.init_ns + credit2->params.min_timer_ns;
  credit2->worst_ns = credit2->most_ns + credit2->params.init_ns;
  uint32_t n_in_queue = pcpus_in_queue(hv, credit2->params.runqueue);
  order_init(&credit2->order, hv, n_in_queue, arena);
  loads_init(&credit2->loads, hv, n_in_queue, arena);
  credit2->is_uniform = true;
  budget_init(&credit2->cap, hv, arena);
  for (vcpu_id_t i = 0; i < hv->n_vcpus; i++)
    credit2->order.entries[i].rank = credit2->params.min_timer_ns;
  for (vm_id_t i = 0; i < hv->n_vms; i++) {
    const struct hv_vm *vm = &hv->vms[i];
    if (vm->weight > credit2->highest_weight) credit2->highest_weight = vm->weight;
    budget_set(&credit2->cap, i, vm->cap_pct, CAP_PERIOD_NS);
    if (vm->cap_pct > 0) hv->timer_ns = CAP_PERIOD_NS;
    credit2->is_uniform &= vm->weight == hv->vms[0].weight;
  }
  credit2->is_simple = credit2->is_uniform && !credit2->cap.is_used && !hv->is_core_scheduled;
  starts_init(&credit2->starts, arena, hv->n_pcpus, n_in_queue);
  credit2->paid_ns = ARENA_ARRAY(arena, hv->n_pcpus, int64_t);
  hv->timeslice_ns = credit2->params.init_ns;
  return credit2;
}

static const char *credit2_check(const void *params, const char **key) {
  const struct sched_credit2_params *credit2 = params;
  if (credit2->ratelimit_ns <= credit2->init_ns && credit2->min_timer_ns <= credit2->init_ns)
    return NULL;
  *key = credit2->ratelimit_ns > credit2->init_ns ? "ratelimit" : "min_timer";
  return "is longer than the longest slice, init";
}

int64_t credit2_burn(const struct hv *hv, const struct vcpu *v) {
  struct credit2 *credit2 = hv->sched_state;
  int64_t now = hv->sim->now_ns, time_ns = now - credit2->paid_ns[v->pcpu];
  credit2->paid_ns[v->pcpu] = now;
  budget_draw(&credit2->cap, v, time_ns);
  if (credit2->is_uniform) return time_ns;
  /* Who runs for so long has no credits whatever its weight is; and nothing overflows. */
  if (time_ns > credit2->params.init_ns * 3) time_ns = credit2->params.init_ns * 3;
  return time_ns * credit2->highest_weight / hv_vm_of(hv, v)->weight;
}

static void charge_running(const struct hv *hv, const struct hv_vm *vm) {
  for (uint32_t k = 0; k < vm->n_vcpus; k++) {
    const struct vcpu *v = &hv->vcpus[vm->first_vcpu + k];
    if (v->runstate == RS_RUNNING) credit2_charge(hv, v, credit2_of(hv, v));
  }
}

/* --- the queue --- */

/* Who else of its VM runs has drawn on the same budget. */
static bool has_budget(const struct hv *hv, const struct vcpu *v) {
  const struct credit2 *credit2 = hv->sched_state;
  if (!budget_exists(&credit2->cap, v->vm)) return true;
  charge_running(hv, hv_vm_of(hv, v));
  return budget_has_left(&credit2->cap, v->vm);
}

/* A VM that runs as a gang is parked and unparked as one. */
static __attribute__((noinline)) void park(struct hv *hv, struct vcpu *v) {
  struct credit2 *credit2 = hv->sched_state;
  const struct hv_vm *vm = hv_vm_of(hv, v);
  for (uint32_t k = 0; k < vm->n_vcpus; k++) {
    struct vcpu *sibling = &hv->vcpus[vm->first_vcpu + k];
    if (sibling != v && !hv->cosched->shares_slice_end) continue;
    if (sibling->is_queued && !sibling->is_parked && sibling != v) credit2_take_out(hv, sibling);
    sibling->is_parked = true;
    if (sibling->runstate != RS_RUNNING) loads_count(&credit2->loads, hv, sibling, false);
    if (sibling != v && sibling->runstate == RS_RUNNING && !sibling->has_expired)
      hv_ask(hv, sibling->pcpu);
  }
}

static inline void credit2_enqueue(struct hv *hv, struct vcpu *v, enum queue_reason reason) {
  if (v->runstate == RS_RUNNING) credit2_charge(hv, v, credit2_of(hv, v));
  if (!has_budget(hv, v) && !v->is_parked) park(hv, v);
  if (v->is_parked) return;
  credit2_put(hv, v);
  if (reason == QUEUE_WOKEN || reason == QUEUE_COSTARTED) credit2_tickle(hv, v, ID_NONE);
}

ALWAYS_INLINE void credit2_dequeue(struct hv *hv, struct vcpu *v) {
  if (!v->is_parked) credit2_take_out(hv, v);
}

ALWAYS_INLINE void credit2_started(struct hv *hv, struct vcpu *v) {
  struct credit2 *credit2 = hv->sched_state;
  struct order_entry *entry = credit2_of(hv, v);
  int64_t now = hv->sim->now_ns;
  pcpu_id_t p = entry->stands = v->pcpu;
  uint32_t queue = loads_queue_at(&credit2->loads, p);
  loads_move(&credit2->loads, hv, v, queue);
  loads_count(&credit2->loads, hv, v, true);
  starts_renew(&credit2->starts, queue, p, now + credit2->params.ratelimit_ns, now - entry->rank);
  credit2->paid_ns[p] = now;
}

ALWAYS_INLINE void credit2_stopped(struct hv *hv, struct vcpu *v) {
  struct credit2 *credit2 = hv->sched_state;
  credit2_charge(hv, v, credit2_of(hv, v));
  starts_end(&credit2->starts, v->pcpu);
  /* Who has been chosen for another pCPU can run all the time. */
  bool can_run = v->is_queued || (v->has_expired && v->next_pcpu != v->pcpu);
  if (!can_run || v->is_parked) loads_count(&credit2->loads, hv, v, false);
}

static int64_t credit2_rank(const struct hv *hv, const struct vcpu *v) {
  return credit2_of(hv, v)->rank;
}

static void credit2_withdrawn(struct hv *hv, struct vcpu *v) {
  loads_count(&((struct credit2 *)hv->sched_state)->loads, hv, v, false);
}

/* --- who runs on p --- */

static inline struct vcpu *vcpu_of(const struct hv *hv, int64_t key, struct vcpu *otherwise) {
  return key == WTREE_NONE ? otherwise : order_vcpu(hv, key);
}

/* The key of who has more credits than the one that runs on p, and if it ran elsewhere, enough of
   them; WTREE_NONE: nobody. */
static inline int64_t challenger(const struct hv *hv, pcpu_id_t p, int64_t rank) {
  const struct credit2 *credit2 = hv->sched_state;
  const struct order *order = &credit2->order;
  int64_t first = order_first(hv, order, p), ahead_ns = rank - order_rank(first);
  if (ahead_ns <= 0) return WTREE_NONE;
  bool is_far_ahead = ahead_ns >= credit2->params.migrate_resist_ns;
  if (is_far_ahead || order->entries[order_id(first)].stands == p) return first;
  return order_first_standing(order, p, rank);
}

/* The key of who is to run on p instead of current, which runs there and could go on; WTREE_NONE:
   it does. */
static inline int64_t successor(const struct hv *hv, const struct vcpu *current,
                                const struct order_entry *its, pcpu_id_t p) {
  if (current->has_yielded) return challenger(hv, p, its->rank + YIELD_BIAS_NS);
  return credit2_limit_left_ns(hv, p) > 0 ? WTREE_NONE : challenger(hv, p, its->rank);
}

static inline struct vcpu *choose(struct hv *hv, pcpu_id_t p) {
  struct credit2 *credit2 = hv->sched_state;
  struct vcpu *current = hv->pcpus[p].current; /* to be decided about, given away, or NULL */
  bool is_there = current && current->is_queued && !current->is_parked;
  if (!is_there || !credit2_is_of_queue_at(credit2, current, p))
    return vcpu_of(hv, order_first(hv, &credit2->order, p), NULL);
  if (current->has_yielded) credit2_take_out(hv, current);
  int64_t next = successor(hv, current, credit2_of(hv, current), p);
  if (current->has_yielded) credit2_put(hv, current);
  return vcpu_of(hv, next, current);
}

ALWAYS_INLINE struct vcpu *credit2_pick(struct hv *hv, pcpu_id_t p) {
  const struct credit2 *credit2 = hv->sched_state;
  struct vcpu *next = choose(hv, p);
  if (next && credit2_of(hv, next)->rank >= credit2->most_ns) credit2_reset(hv, p, next);
  return next;
}

static bool credit2_has_own(const struct hv *hv, pcpu_id_t p) {
  const struct credit2 *credit2 = hv->sched_state;
  return order_has_own(&credit2->order, p);
}

/* Unless it needs a reset. */
static inline struct vcpu *credit2_first(struct hv *hv, pcpu_id_t p) {
  const struct credit2 *credit2 = hv->sched_state;
  int64_t first = order_first(hv, &credit2->order, p);
  return order_rank(first) < credit2->most_ns ? order_vcpu(hv, first) : NULL;
}

static void credit2_untake(struct hv *hv, struct vcpu *v) {
  struct credit2 *credit2 = hv->sched_state;
  order_put(hv, &credit2->order, credit2_of(hv, v));
}

/* They change places, unless caps or a reset take a longer way. */
ALWAYS_INLINE struct vcpu *credit2_trade(struct hv *hv, struct vcpu *v) {
  struct credit2 *credit2 = hv->sched_state;
  struct order_entry *its = credit2_of(hv, v);
  if (credit2->cap.is_used) return NULL;
  credit2_charge(hv, v, its);
  int64_t next = successor(hv, v, its, v->pcpu);
  if (next == WTREE_NONE) return its->rank < credit2->most_ns ? v : NULL;
  if (order_rank(next) >= credit2->most_ns) return NULL;
  order_replace(hv, &credit2->order, &credit2->order.entries[order_id(next)], its);
  return order_vcpu(hv, next);
}

static void credit2_untrade(struct hv *hv, struct vcpu *v, struct vcpu *next) {
  struct credit2 *credit2 = hv->sched_state;
  order_replace(hv, &credit2->order, credit2_of(hv, v), credit2_of(hv, next));
}

static __attribute__((noinline)) struct vcpu *enqueue_woken(struct hv *hv, struct vcpu *v) {
  credit2_enqueue(hv, v, QUEUE_WOKEN);
  return NULL;
}

/* Whom v preempts is decided before it comes to the queue: mostly it has more credits than all who
   wait, so that it needs not come there. */
ALWAYS_INLINE struct vcpu *credit2_challenge(struct hv *hv, struct vcpu *v, struct vcpu **loser) {
  struct credit2 *credit2 = hv->sched_state;
  const struct order_entry *its = credit2_of(hv, v);
  if (!credit2->is_simple || v->affinity != 0) return enqueue_woken(hv, v);
  struct credit2_target best = credit2_target_among_equals(credit2, its, hv->sim->now_ns);
  if (best.score_ns <= 0) {
    credit2_put(hv, v);
    return NULL;
  }
  struct vcpu *current = *loser = hv->pcpus[best.p].current, *next = NULL;
  bool is_quiet = vcpu_is_quiet(current, RS_RUNNING);
  int64_t key = order_key_of(&credit2->order, its);
  if (is_quiet && its->rank < credit2->most_ns && key < order_least(&credit2->order, best.p)) {
    credit2_charge(hv, current, credit2_of(hv, current));
    credit2_put(hv, current);
    return v;
  }
  credit2_put(hv, v);
  if (is_quiet) next = credit2_trade(hv, current);
  if (!next) hv_ask(hv, best.p);
  return next;
}

/* Until its credits are used up, or those of the next in the queue are more. */
ALWAYS_INLINE int64_t credit2_slice_ns(const struct hv *hv, const struct vcpu *v) {
  const struct credit2 *credit2 = hv->sched_state;
  const struct sched_credit2_params *params = &credit2->params;
  const struct order_entry *its = credit2_of(hv, v);
  int64_t next_ns = order_rank(order_least(&credit2->order, its->stands));
  int64_t slice_ns = (next_ns < credit2->most_ns ? next_ns : credit2->most_ns) - its->rank;
  int64_t least_ns =
      v->runstate == RS_RUNNING ? credit2_limit_left_ns(hv, v->pcpu) : params->ratelimit_ns;
  if (!credit2->is_uniform) slice_ns = slice_ns * hv_vm_of(hv, v)->weight / credit2->highest_weight;
  if (least_ns < params->min_timer_ns) least_ns = params->min_timer_ns;
  /* Mostly so: a branch, as the next event needs not wait for the queue then. */
  if (__builtin_expect(slice_ns <= least_ns, 1)) slice_ns = least_ns;
  if (slice_ns > params->init_ns) slice_ns = params->init_ns;
  return budget_cut(&credit2->cap, hv, v, slice_ns);
}

/* --- caps --- */

static void replenish(struct hv *hv, const struct hv_vm *vm) {
  struct credit2 *credit2 = hv->sched_state;
  charge_running(hv, vm);
  budget_renew(&credit2->cap, vm->id);
  if (!budget_has_left(&credit2->cap, vm->id)) return;
  if (hv->free.n_members > 0) hv->must_fill = true;
  for (uint32_t k = 0; k < vm->n_vcpus; k++) {
    struct vcpu *v = &hv->vcpus[vm->first_vcpu + k];
    bool comes_back = v->is_parked && v->is_queued;
    v->is_parked = false;
    if (!comes_back) continue;
    credit2_put(hv, v);
    credit2_tickle(hv, v, ID_NONE);
  }
}

static int64_t credit2_timer(struct hv *hv) {
  const struct credit2 *credit2 = hv->sched_state;
  for (vm_id_t i = 0; i < hv->n_vms; i++)
    if (budget_exists(&credit2->cap, i)) replenish(hv, &hv->vms[i]);
  return hv->sim->now_ns + CAP_PERIOD_NS;
}

static void credit2_audit(const struct hv *hv) {
  const struct credit2 *credit2 = hv->sched_state;
  order_audit(hv, &credit2->order);
  loads_audit(&credit2->loads, hv);
  for (vcpu_id_t i = 0; i < hv->n_vcpus; i++) {
    const struct vcpu *v = &hv->vcpus[i];
    const struct order_entry *entry = &credit2->order.entries[i];
    assert(entry->rank >= 0 && entry->rank <= credit2->worst_ns);
    bool is_in_queue = v->is_queued && !v->is_parked;
    assert(credit2->loads.n_queues == 1 ||
           credit2->loads.vcpus[i].load.n == (is_in_queue || v->runstate == RS_RUNNING));
    assert(order_has(&credit2->order, entry) == is_in_queue);
    assert(!v->is_parked || v->runstate != RS_RUNNING || hv_is_to_decide(hv, v));
  }
}

PICKED_WAYS(credit2)

const struct sched_ops sched_credit2 = {
    .kind = {.name = "credit2",
             .help = "Xen's credit2 scheduler: queues by credits, which burn inversely to weight",
             .params = credit2_params,
             .n_params = sizeof credit2_params / sizeof *credit2_params,
             .params_size = sizeof(struct sched_credit2_params),
             .check = credit2_check},
    .honours = HONOURS_WEIGHT | HONOURS_CAP,
    .create = credit2_create,
    .enqueue = credit2_enqueue,
    .dequeue = credit2_dequeue,
    .pick = credit2_pick,
    .has_own = credit2_has_own,
    .first = credit2_first,
    .take = credit2_dequeue,
    .untake = credit2_untake,
    .trade = credit2_trade,
    .untrade = credit2_untrade,
    .challenge = credit2_challenge,
    PICKED_OPS(credit2),
    .slice_ns = credit2_slice_ns,
    .started = credit2_started,
    .stopped = credit2_stopped,
    .withdrawn = credit2_withdrawn,
    .timer = credit2_timer,
    .rank = credit2_rank,
    .audit = credit2_audit,
};
