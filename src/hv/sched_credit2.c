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
   is over), where weights differ O(pCPUs). Source: Xen, xen/common/sched/credit2.c. */
#include "hv/budget.h"
#include "hv/loads.h"
#include "hv/order.h"
#include "hv/picked.h"
#include "hv/starts.h"
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
  struct starts starts;
  struct credit2_vcpu vcpus[];
};

static inline struct credit2_vcpu *credit_of(const struct hv *hv, const struct vcpu *v) {
  struct credit2 *credit2 = hv->sched_state;
  return &credit2->vcpus[v->id];
}

static uint32_t pcpus_in_queue(const struct hv *hv, enum sched_runqueue runqueue) {
  const uint32_t n[] = {[RUNQUEUE_CPU] = 1,
                        [RUNQUEUE_CORE] = hv->topology.n_in[DISTANCE_CORE],
                        [RUNQUEUE_SOCKET] = hv->topology.n_in[DISTANCE_SOCKET],
                        [RUNQUEUE_ALL] = hv->n_pcpus};
  return n[runqueue];
}

static bool is_of_queue_at(const struct credit2 *credit2, const struct vcpu *v, pcpu_id_t p) {
  const struct loads *loads = &credit2->loads;
  return loads_queue_at(loads, credit2->vcpus[v->id].entry.stands) == loads_queue_at(loads, p);
}

static void *credit2_create(struct hv *hv, const void *params, struct arena *arena) {
  size_t vcpus_size = hv->n_vcpus * sizeof(struct credit2_vcpu);
  struct credit2 *credit2 = arena_alloc(arena, 1, sizeof(struct credit2) + vcpus_size);
  credit2->params = *(const struct sched_credit2_params *)params;
  uint32_t n_in_queue = pcpus_in_queue(hv, credit2->params.runqueue);
  credit2->order = order_create(hv, n_in_queue, arena);
  loads_init(&credit2->loads, hv, n_in_queue, arena);
  credit2->is_uniform = true;
  budget_init(&credit2->cap, hv, arena);
  for (vcpu_id_t i = 0; i < hv->n_vcpus; i++) {
    credit2->vcpus[i].credit_ns = credit2->params.init_ns;
    order_init_entry(hv, &credit2->vcpus[i].entry, &hv->vcpus[i]);
  }
  for (vm_id_t i = 0; i < hv->n_vms; i++) {
    const struct hv_vm *vm = &hv->vms[i];
    if (vm->weight > credit2->highest_weight) credit2->highest_weight = vm->weight;
    budget_set(&credit2->cap, i, vm->cap_pct, CAP_PERIOD_NS);
    if (vm->cap_pct > 0) hv->timer_ns = CAP_PERIOD_NS;
    credit2->is_uniform &= vm->weight == hv->vms[0].weight;
  }
  starts_init(&credit2->starts, arena, hv->n_pcpus, n_in_queue);
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

/* --- burning --- */

static int64_t burnt_ns(const struct hv *hv, const struct vcpu *v, int64_t time_ns) {
  const struct credit2 *credit2 = hv->sched_state;
  if (credit2->is_uniform) return time_ns;
  /* Who runs for so long has no credits whatever its weight is; and nothing overflows. */
  if (time_ns > credit2->params.init_ns * 3) time_ns = credit2->params.init_ns * 3;
  return time_ns * credit2->highest_weight / hv_vm_of(hv, v)->weight;
}

static inline void charge(const struct hv *hv, const struct vcpu *v) {
  struct credit2 *credit2 = hv->sched_state;
  struct credit2_vcpu *credit = credit_of(hv, v);
  int64_t now = hv->sim->now_ns, time_ns = now - credit->charged_ns;
  credit->charged_ns = now;
  budget_draw(&credit2->cap, v, time_ns);
  int64_t left_ns = credit->credit_ns - burnt_ns(hv, v, time_ns), init_ns = credit2->params.init_ns;
  credit->credit_ns = left_ns > -init_ns ? left_ns : -init_ns;
}

static void charge_running(const struct hv *hv, const struct hv_vm *vm) {
  for (uint32_t k = 0; k < vm->n_vcpus; k++) {
    const struct vcpu *v = &hv->vcpus[vm->first_vcpu + k];
    if (v->runstate == RS_RUNNING) charge(hv, v);
  }
}

/* --- the queue --- */

/* Most credits first. */
static int64_t rank_of(const struct sched_credit2_params *params, int64_t credit_ns) {
  return params->init_ns + params->min_timer_ns - credit_ns;
}

/* For how long nobody may preempt v, which runs; not more than 0: others may. */
static int64_t limit_left_ns(const struct hv *hv, const struct vcpu *v) {
  const struct credit2 *credit2 = hv->sched_state;
  return credit2->starts.latest[v->pcpu].limited_ns - hv->sim->now_ns;
}

/* Who else of its VM runs has drawn on the same budget. */
static bool has_budget(const struct hv *hv, const struct vcpu *v) {
  const struct credit2 *credit2 = hv->sched_state;
  if (!budget_exists(&credit2->cap, v->vm)) return true;
  charge_running(hv, hv_vm_of(hv, v));
  return budget_has_left(&credit2->cap, v->vm);
}

/* By how much v is better than who runs on p; never, before that one's ratelimit. */
static int64_t score(const struct hv *hv, const struct vcpu *v, pcpu_id_t p) {
  const struct credit2 *credit2 = hv->sched_state;
  const struct vcpu *current = hv_rival(hv, p);
  if (!current || limit_left_ns(hv, current) > 0) return INT64_MIN;
  charge(hv, current);
  int64_t score_ns = credit_of(hv, v)->credit_ns - credit_of(hv, current)->credit_ns;
  return credit_of(hv, v)->entry.stands == p ? score_ns
                                             : score_ns - credit2->params.migrate_resist_ns;
}

/* Where v is best. */
struct target {
  pcpu_id_t p;
  int64_t score_ns;
};

/* Is it better on another pCPU than where it stands, best->p? */
static void look_elsewhere(const struct hv *hv, const struct vcpu *v, struct target *best) {
  const struct credit2 *credit2 = hv->sched_state;
  pcpu_id_t stand = best->p, first = loads_first_beside(&credit2->loads, stand);
  for (pcpu_id_t p = first; p < first + credit2->loads.n_in_queue; p++) {
    if (p == stand || !hv_may_use(hv, v, p)) continue;
    int64_t score_ns = score(hv, v, p);
    if (score_ns > best->score_ns) *best = (struct target){p, score_ns};
  }
}

/* The same where all weights are equal: who has the least credits has the earliest zero. */
static inline void look_among_equals(const struct hv *hv, const struct vcpu *v,
                                     struct target *best) {
  const struct credit2 *credit2 = hv->sched_state;
  int64_t now = hv->sim->now_ns, floor_ns = now - credit2->params.init_ns;
  struct least_start least =
      starts_least(&credit2->starts, loads_queue_at(&credit2->loads, best->p), now, floor_ns);
  if (least.p == ID_NONE) return;
  int64_t score_ns =
      credit_of(hv, v)->credit_ns - (least.zero_ns - now) - credit2->params.migrate_resist_ns;
  if (score_ns > best->score_ns) *best = (struct target){least.p, score_ns};
}

/* The lowest idle pCPU of v's queue, but for p, that v may use, or ID_NONE. */
static pcpu_id_t idle_beside(const struct hv *hv, const struct vcpu *v, pcpu_id_t p) {
  const struct credit2 *credit2 = hv->sched_state;
  pcpu_id_t idle = loads_first_beside(&credit2->loads, credit_of(hv, v)->entry.stands);
  pcpu_id_t behind = idle + credit2->loads.n_in_queue;
  while ((idle = pcpuset_next(&hv->free, idle)) < behind && (idle == p || !hv_may_use(hv, v, idle)))
    idle++;
  return idle < behind ? idle : ID_NONE;
}

/* v has come to the queue, and no pCPU is idle that takes it: whom is it to preempt? */
static void preempt(struct hv *hv, const struct vcpu *v) {
  const struct credit2 *credit2 = hv->sched_state;
  pcpu_id_t stand = credit_of(hv, v)->entry.stands;
  struct target best = {stand, score(hv, v, stand)};
  if (credit2->is_uniform && v->affinity == 0 && !hv->is_core_scheduled)
    look_among_equals(hv, v, &best);
  else
    look_elsewhere(hv, v, &best);
  if (best.score_ns > 0) hv_ask(hv, best.p);
}

/* … and an idle one but p, which is returned, would take it. */
static inline pcpu_id_t tickle(struct hv *hv, const struct vcpu *v, pcpu_id_t p) {
  pcpu_id_t idle = hv_has_free(hv, v) ? idle_beside(hv, v, p) : ID_NONE;
  if (idle == ID_NONE) preempt(hv, v);
  return idle;
}

static int64_t credit2_rank(const struct hv *hv, const struct vcpu *v) {
  const struct credit2 *credit2 = hv->sched_state;
  return rank_of(&credit2->params, credit_of(hv, v)->credit_ns);
}

static inline void put(struct hv *hv, const struct vcpu *v) {
  struct credit2 *credit2 = hv->sched_state;
  loads_count(&credit2->loads, hv, v, true);
  order_put(hv, credit2->order, &credit_of(hv, v)->entry, credit2_rank(hv, v));
}

static inline void take_out(struct hv *hv, const struct vcpu *v) {
  struct credit2 *credit2 = hv->sched_state;
  order_remove(hv, credit2->order, &credit_of(hv, v)->entry);
}

/* A VM that runs as a gang is parked and unparked as one. */
static __attribute__((noinline)) void park(struct hv *hv, struct vcpu *v) {
  struct credit2 *credit2 = hv->sched_state;
  const struct hv_vm *vm = hv_vm_of(hv, v);
  for (uint32_t k = 0; k < vm->n_vcpus; k++) {
    struct vcpu *sibling = &hv->vcpus[vm->first_vcpu + k];
    if (sibling != v && !hv->cosched->shares_slice_end) continue;
    if (sibling->is_queued && !sibling->is_parked && sibling != v) take_out(hv, sibling);
    sibling->is_parked = true;
    if (sibling->runstate != RS_RUNNING) loads_count(&credit2->loads, hv, sibling, false);
    if (sibling != v && sibling->runstate == RS_RUNNING && !sibling->has_expired)
      hv_ask(hv, sibling->pcpu);
  }
}

static inline void credit2_enqueue(struct hv *hv, struct vcpu *v, enum queue_reason reason) {
  if (v->runstate == RS_RUNNING) charge(hv, v);
  if (!has_budget(hv, v) && !v->is_parked) park(hv, v);
  if (v->is_parked) return;
  put(hv, v);
  if (reason == QUEUE_WOKEN || reason == QUEUE_COSTARTED) tickle(hv, v, ID_NONE);
}

static inline void credit2_dequeue(struct hv *hv, struct vcpu *v) {
  if (!v->is_parked) take_out(hv, v);
}

static inline void credit2_started(struct hv *hv, struct vcpu *v) {
  struct credit2 *credit2 = hv->sched_state;
  struct credit2_vcpu *credit = credit_of(hv, v);
  int64_t now = credit->charged_ns = hv->sim->now_ns;
  credit->entry.stands = v->pcpu;
  uint32_t queue = loads_queue_at(&credit2->loads, v->pcpu);
  loads_move(&credit2->loads, hv, v, queue);
  loads_count(&credit2->loads, hv, v, true);
  starts_renew(&credit2->starts, queue, v->pcpu, now + credit2->params.ratelimit_ns,
               now + credit->credit_ns);
}

static inline void credit2_stopped(struct hv *hv, struct vcpu *v) {
  struct credit2 *credit2 = hv->sched_state;
  charge(hv, v);
  starts_end(&credit2->starts, v->pcpu);
  /* Who has been chosen for another pCPU can run all the time. */
  bool can_run = v->is_queued || (v->has_expired && v->next_pcpu != v->pcpu);
  if (!can_run || v->is_parked) loads_count(&credit2->loads, hv, v, false);
}

static void credit2_withdrawn(struct hv *hv, struct vcpu *v) {
  loads_count(&((struct credit2 *)hv->sched_state)->loads, hv, v, false);
}

/* --- who runs on p --- */

/* All of p's queue get new credits; what is left of the old ones counts up to min_timer. */
static __attribute__((noinline)) void reset(struct hv *hv, pcpu_id_t p) {
  struct credit2 *credit2 = hv->sched_state;
  int64_t init_ns = credit2->params.init_ns, most_ns = init_ns + credit2->params.min_timer_ns;
  for (vcpu_id_t i = 0; i < hv->n_vcpus; i++) {
    const struct vcpu *v = &hv->vcpus[i];
    struct credit2_vcpu *credit = &credit2->vcpus[i];
    bool is_in_queue = v->is_queued && !v->is_parked;
    if (!is_of_queue_at(credit2, v, p)) continue;
    if (v->runstate == RS_RUNNING) charge(hv, v);
    if (is_in_queue) take_out(hv, v);
    credit->credit_ns += init_ns;
    if (credit->credit_ns > most_ns) credit->credit_ns = most_ns;
    if (v->runstate == RS_RUNNING)
      credit2->starts.latest[v->pcpu].zero_ns = hv->sim->now_ns + credit->credit_ns;
    if (is_in_queue) put(hv, v);
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
  if (is_in_queue) take_out(hv, v);
  credit_of(hv, v)->entry.stands = loads_place(&credit2->loads, hv, v, queue);
  loads_move(&credit2->loads, hv, v, queue);
  if (!is_in_queue) return;
  put(hv, v);
  pcpu_id_t idle = tickle(hv, v, p);
  if (idle != ID_NONE) hv_ask(hv, idle);
}

/* p's queue and the most different one exchange vCPUs; next will run on p. */
static __attribute__((noinline)) void balance(struct hv *hv, pcpu_id_t p, const struct vcpu *next) {
  struct credit2 *credit2 = hv->sched_state;
  if (credit2->loads.n_queues == 1) return;
  uint32_t own = loads_queue_at(&credit2->loads, p);
  struct decision made = {p, next};
  struct load_exchange exchange = loads_balance(&credit2->loads, hv, own, may_change_queue, &made);
  if (exchange.push) change_queue(hv, exchange.push, exchange.other, p);
  if (exchange.pull) change_queue(hv, exchange.pull, own, p);
}

/* Who has more credits than the one that runs on p, and if it ran elsewhere, enough of them. */
static inline struct vcpu *challenger(struct hv *hv, struct vcpu *current, struct vcpu *first,
                                      pcpu_id_t p) {
  const struct credit2 *credit2 = hv->sched_state;
  int64_t own_ns = credit_of(hv, current)->credit_ns - (current->has_yielded ? YIELD_BIAS_NS : 0);
  int64_t first_ns = first ? credit_of(hv, first)->credit_ns : own_ns;
  if (first_ns <= own_ns) return current;
  bool is_local = credit_of(hv, first)->entry.stands == p;
  if (is_local || first_ns >= own_ns + credit2->params.migrate_resist_ns) return first;
  first = order_first_standing(hv, credit2->order, p, rank_of(&credit2->params, own_ns));
  return first ? first : current;
}

/* Who is to run on p instead of current, which runs there and could go on; or that one. */
static inline struct vcpu *successor(struct hv *hv, struct vcpu *current, pcpu_id_t p) {
  const struct credit2 *credit2 = hv->sched_state;
  if (!current->has_yielded && limit_left_ns(hv, current) > 0) return current;
  return challenger(hv, current, order_first(hv, credit2->order, p), p);
}

static inline struct vcpu *choose(struct hv *hv, pcpu_id_t p) {
  struct credit2 *credit2 = hv->sched_state;
  struct vcpu *current = hv->pcpus[p].current; /* to be decided about, given away, or NULL */
  bool is_there = current && current->is_queued && !current->is_parked;
  if (!is_there || !is_of_queue_at(credit2, current, p)) return order_first(hv, credit2->order, p);
  if (current->has_yielded) take_out(hv, current);
  struct vcpu *next = successor(hv, current, p);
  if (current->has_yielded) put(hv, current);
  return next;
}

MOVE_INLINE struct vcpu *credit2_pick(struct hv *hv, pcpu_id_t p) {
  struct vcpu *next = choose(hv, p);
  if (next && credit_of(hv, next)->credit_ns <= 0) {
    reset(hv, p);
    balance(hv, p, next);
  }
  return next;
}

/* They change places, unless caps or a reset take a longer way. */
MOVE_INLINE struct vcpu *credit2_trade(struct hv *hv, struct vcpu *v) {
  struct credit2 *credit2 = hv->sched_state;
  if (credit2->cap.is_used) return NULL;
  charge(hv, v);
  struct vcpu *next = successor(hv, v, v->pcpu);
  struct credit2_vcpu *its = credit_of(hv, next);
  if (its->credit_ns <= 0) return NULL;
  if (next != v)
    order_replace(hv, credit2->order, &its->entry, &credit_of(hv, v)->entry, credit2_rank(hv, v));
  return next;
}

/* Until its credits are used up, or those of the next in the queue are more. */
static inline int64_t credit2_slice_ns(const struct hv *hv, const struct vcpu *v) {
  const struct credit2 *credit2 = hv->sched_state;
  const struct sched_credit2_params *params = &credit2->params;
  const struct credit2_vcpu *credit = credit_of(hv, v);
  int64_t rank = order_lowest(credit2->order, credit->entry.stands);
  int64_t next_ns = rank == WTREE_NONE ? 0 : rank_of(params, rank);
  int64_t slice_ns = credit->credit_ns - (next_ns > 0 ? next_ns : 0);
  int64_t least_ns = v->runstate == RS_RUNNING ? limit_left_ns(hv, v) : params->ratelimit_ns;
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
    put(hv, v);
    tickle(hv, v, ID_NONE);
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
  const struct sched_credit2_params *params = &credit2->params;
  order_audit(hv, credit2->order);
  loads_audit(&credit2->loads, hv);
  for (vcpu_id_t i = 0; i < hv->n_vcpus; i++) {
    const struct vcpu *v = &hv->vcpus[i];
    int64_t credit_ns = credit2->vcpus[i].credit_ns;
    assert(credit_ns <= params->init_ns + params->min_timer_ns && credit_ns >= -params->init_ns);
    bool is_in_queue = v->is_queued && !v->is_parked;
    assert(credit2->loads.n_queues == 1 ||
           credit2->loads.vcpus[i].load.n == (is_in_queue || v->runstate == RS_RUNNING));
    int64_t key = is_in_queue ? order_key(rank_of(params, credit_ns), i) : WTREE_NONE;
    assert(credit2->vcpus[i].entry.key == key);
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
    .trade = credit2_trade,
    PICKED_OPS(credit2),
    .slice_ns = credit2_slice_ns,
    .started = credit2_started,
    .stopped = credit2_stopped,
    .withdrawn = credit2_withdrawn,
    .timer = credit2_timer,
    .rank = credit2_rank,
    .audit = credit2_audit,
};
