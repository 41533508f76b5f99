/* SPDX-License-Identifier: GPL-3.0-or-later */
/* VMware ESX' proportional share.

   Idea: whoever has used least in proportion to what it is entitled to runs first.
   Rule: one queue for the host by virtual time, the time used per share; VMs below their
   reservation come before all others. Slices are a quantum. Who wakes preempts the one on its last
   pCPU if it comes before that; having slept counts for a bounded lead. A VM that has used up its
   limit is parked. Reservation and limit are budgets of a period. Invariants: virtual times only
   grow; no vCPU of a VM without budget is in the queue. Cost: O(log vCPUs) per dispatch, O(vCPUs)
   per period if a VM has a limit or a reservation. Source: VMware, "The CPU Scheduler in VMware
   vSphere 5.1" (2013); ESXi's Cpu.Quantum and Cpu.BoundLagQuanta; Denneman, "Reservations and CPU
   scheduling" (2010). */
#include "hv/budget.h"
#include "hv/order.h"
#include "hv/picked.h"
#include "sim/time.h"
#include "sim/wtree.h"

static const struct param esx_params[] = {
    {.key = "quantum",
     .type = PARAM_DURATION,
     .offset = offsetof(struct sched_esx_params, quantum_ns),
     .fallback = "50ms",
     .min = 1,
     .max = 0x1p40,
     .help = "how long a vCPU may run; 50 ms in ESXi 6.0, 200 ms from 6.5 on"},
    {.key = "bound_lag",
     .type = PARAM_COUNT,
     .offset = offsetof(struct sched_esx_params, bound_lag),
     .fallback = "8",
     .min = 0,
     .max = 1000,
     .unit = "quanta",
     .help = "how much of a lead over the others one can sleep up"},
    {.key = "period",
     .type = PARAM_DURATION,
     .offset = offsetof(struct sched_esx_params, period_ns),
     .fallback = "10ms",
     .min = 1000,
     .max = 0x1p40,
     .help = "reservations and limits hold in each of these"},
};

/* All that an event touches of it; two in a cache line. */
struct __attribute__((aligned(ARENA_LINE / 2))) esx_vcpu {
  int64_t virtual_ns; /* time used x 256 / weight */
  int64_t charged_ns; /* up to when it has paid, while it runs */
  uint32_t weight;
  uint32_t leaf;    /* its own in the queue's tree: see exchange_leaves */
  pcpu_id_t stands; /* where it ran last, or will run first */
  bool is_old;      /* has been queued before */
  bool has_budget;  /* its VM has a limit or a reservation */
};

struct esx {
  struct sched_esx_params params;
  struct wtree queue;     /* by leaf: its vCPU's key, as in order.h */
  uint32_t *n_standing;   /* by pCPU: who waits and ran there last */
  struct esx_vcpu **runs; /* by pCPU: who started there last */
  struct budget limit, reservation;
  int64_t virtual_ns; /* of who was picked by its shares, the latest of all */
  int64_t lead_ns;    /* that one can sleep up */
  struct esx_vcpu vcpus[];
};

/* Where no VM has a budget: the same, but none is looked for. */
static const struct sched_ops sched_simple;

enum { WEIGHT_ONE = 256 };

static struct esx_vcpu *account_of_vcpu(const struct hv *hv, const struct vcpu *v) {
  struct esx *esx = hv->sched_state;
  return &esx->vcpus[v->id];
}

static int64_t virtual_of(const struct esx_vcpu *account, int64_t time_ns) {
  return account->weight == WEIGHT_ONE ? time_ns : time_ns * WEIGHT_ONE / account->weight;
}

static void init_vcpu(const struct hv *hv, const struct vcpu *v, struct esx_vcpu *account) {
  const struct hv_vm *vm = hv_vm_of(hv, v);
  account->leaf = v->id;
  account->stands = hv_first_pcpu(hv, v);
  account->weight = vm->weight;
  account->has_budget = vm->cap_pct > 0 || vm->reservation_pct > 0;
}

static void *esx_create(struct hv *hv, const void *params, struct arena *arena) {
  size_t vcpus_size = hv->n_vcpus * sizeof(struct esx_vcpu);
  struct esx *esx = arena_alloc(arena, 1, sizeof(struct esx) + vcpus_size);
  esx->params = *(const struct sched_esx_params *)params;
  esx->n_standing = ARENA_ARRAY(arena, hv->n_pcpus, uint32_t);
  esx->runs = ARENA_ARRAY(arena, hv->n_pcpus, struct esx_vcpu *);
  wtree_init(&esx->queue, arena, hv->n_vcpus);
  for (vcpu_id_t i = 0; i < hv->n_vcpus; i++) init_vcpu(hv, &hv->vcpus[i], &esx->vcpus[i]);
  budget_init(&esx->limit, hv, arena);
  budget_init(&esx->reservation, hv, arena);
  for (vm_id_t i = 0; i < hv->n_vms; i++) {
    const struct hv_vm *vm = &hv->vms[i];
    budget_set(&esx->limit, i, vm->cap_pct, esx->params.period_ns);
    budget_set(&esx->reservation, i, vm->reservation_pct, esx->params.period_ns);
    if (vm->cap_pct > 0 || vm->reservation_pct > 0) hv->timer_ns = esx->params.period_ns;
  }
  if (hv->timer_ns == TIME_NEVER_NS) hv->sched = &sched_simple;
  esx->lead_ns = esx->params.bound_lag * esx->params.quantum_ns;
  hv->timeslice_ns = esx->params.quantum_ns;
  return esx;
}

/* Budgets are rare; what they take is out of line, here and below. */
static __attribute__((noinline)) void draw(struct esx *esx, const struct vcpu *v, int64_t time_ns) {
  budget_draw(&esx->limit, v, time_ns);
  budget_draw(&esx->reservation, v, time_ns);
}

static inline int64_t charge_shares(const struct hv *hv, struct esx_vcpu *account) {
  int64_t now_ns = hv->sim->now_ns, time_ns = now_ns - account->charged_ns;
  account->charged_ns = now_ns;
  account->virtual_ns += virtual_of(account, time_ns);
  return time_ns;
}

static inline void charge(const struct hv *hv, const struct vcpu *v, struct esx_vcpu *account) {
  int64_t time_ns = charge_shares(hv, account);
  if (account->has_budget) draw(hv->sched_state, v, time_ns);
}

static void charge_running(const struct hv *hv, const struct hv_vm *vm) {
  for (uint32_t k = 0; k < vm->n_vcpus; k++) {
    const struct vcpu *v = &hv->vcpus[vm->first_vcpu + k];
    if (v->runstate == RS_RUNNING) charge(hv, v, account_of_vcpu(hv, v));
  }
}

/* --- the queue --- */

static inline bool is_reserved(const struct hv *hv, const struct vcpu *v,
                               const struct esx_vcpu *account) {
  const struct esx *esx = hv->sched_state;
  return account->has_budget && budget_exists(&esx->reservation, v->vm) &&
         budget_has_left(&esx->reservation, v->vm);
}

/* Who else of its VM runs has drawn on the same budget. */
static bool is_over_limit(const struct hv *hv, const struct vcpu *v) {
  const struct esx *esx = hv->sched_state;
  if (!budget_exists(&esx->limit, v->vm)) return false;
  charge_running(hv, hv_vm_of(hv, v));
  return !budget_has_left(&esx->limit, v->vm);
}

/* Reserved ones first, then by virtual time in whole us. */
#define RANK_SHARED (INT64_C(1) << 43)
#define RANK_UNIT_NS 1000
static inline int64_t rank_by_shares(const struct esx_vcpu *account) {
  int64_t rank = (int64_t)((uint64_t)account->virtual_ns / RANK_UNIT_NS);
  if (__builtin_expect(rank >= RANK_SHARED, 0)) rank = RANK_SHARED - 1;
  return rank + RANK_SHARED;
}

static inline int64_t rank_of(const struct hv *hv, const struct vcpu *v,
                              const struct esx_vcpu *account) {
  int64_t rank = rank_by_shares(account);
  return is_reserved(hv, v, account) ? rank - RANK_SHARED : rank;
}

static int64_t esx_rank(const struct hv *hv, const struct vcpu *v) {
  return rank_of(hv, v, account_of_vcpu(hv, v));
}

/* Who waits where is a toss-up: no branch depends on it. */
static inline void stand_up(struct hv *hv, struct esx *esx, const struct esx_vcpu *account) {
  pcpu_id_t p = account->stands;
  esx->n_standing[p]++;
  pcpuset_put(&hv->queued, p);
}

static inline void step_down(struct esx *esx, const struct esx_vcpu *account) {
  esx->n_standing[account->stands]--;
}

static bool esx_has_own(const struct hv *hv, pcpu_id_t p) {
  return ((const struct esx *)hv->sched_state)->n_standing[p] > 0;
}

static inline void put(struct hv *hv, const struct esx_vcpu *account, int64_t key) {
  struct esx *esx = hv->sched_state;
  stand_up(hv, esx, account);
  wtree_set(&esx->queue, account->leaf, key);
}

static inline void take_out(struct hv *hv, const struct esx_vcpu *account) {
  struct esx *esx = hv->sched_state;
  step_down(esx, account);
  wtree_set(&esx->queue, account->leaf, WTREE_NONE);
}

/* `to` leaves the queue, and `from`, whose key that is, comes to it: it takes the other one's leaf
   and leaves its own, which is empty, so only one way up the tree changes. */
static inline void exchange_leaves(struct hv *hv, struct esx_vcpu *to, struct esx_vcpu *from,
                                   int64_t key) {
  struct esx *esx = hv->sched_state;
  uint32_t leaf = to->leaf;
  to->leaf = from->leaf;
  from->leaf = leaf;
  step_down(esx, to);
  stand_up(hv, esx, from);
  wtree_set(&esx->queue, leaf, key);
}

/* The same as esx_first, where the first of all is not to be had. */
static struct vcpu *first_to_be_had(const struct hv *hv, pcpu_id_t p) {
  const struct wtree *queue = &((const struct esx *)hv->sched_state)->queue;
  int64_t least = WTREE_NONE;
  for (uint32_t leaf = 0; (leaf = wtree_find(queue, leaf, least - 1)) < queue->n_leaves; leaf++)
    if (order_may_take(hv, order_vcpu(hv, wtree_key(queue, leaf)), p))
      least = wtree_key(queue, leaf);
  return least == WTREE_NONE ? NULL : order_vcpu(hv, least);
}

/* Who comes first of those that p may take; NULL: nobody. */
ALWAYS_INLINE struct vcpu *esx_first(struct hv *hv, pcpu_id_t p) {
  const struct esx *esx = hv->sched_state;
  int64_t least = wtree_min(&esx->queue);
  if (least == WTREE_NONE) return NULL;
  struct vcpu *first = order_vcpu(hv, least);
  return order_may_take(hv, first, p) ? first : first_to_be_had(hv, p);
}

/* v, of that rank, has come to the queue: does it come before who runs where it ran? An idle pCPU
   takes it unasked. */
static inline void tickle(struct hv *hv, const struct vcpu *v, const struct esx_vcpu *account,
                          int64_t rank) {
  pcpu_id_t p = account->stands;
  const struct vcpu *current = hv_rival(hv, p);
  if (hv_has_free(hv, v) || !current) return;
  struct esx_vcpu *its = account_of_vcpu(hv, current);
  charge(hv, current, its);
  if (account->has_budget) rank = rank_of(hv, v, account); /* which both may draw on */
  if (rank < rank_of(hv, current, its)) hv_ask(hv, p);
}

/* A VM that runs as a gang is parked as one. */
static void park(struct hv *hv, struct vcpu *v) {
  const struct hv_vm *vm = hv_vm_of(hv, v);
  for (uint32_t k = 0; k < vm->n_vcpus; k++) {
    struct vcpu *sibling = &hv->vcpus[vm->first_vcpu + k];
    if (sibling != v && (!hv->cosched->shares_slice_end || sibling->is_parked)) continue;
    sibling->is_parked = true;
    if (sibling == v) continue;
    if (sibling->is_queued) take_out(hv, account_of_vcpu(hv, sibling));
    if (sibling->runstate == RS_RUNNING && !sibling->has_expired) hv_ask(hv, sibling->pcpu);
  }
}

static __attribute__((noinline)) void park_if_over(struct hv *hv, struct vcpu *v) {
  if (is_over_limit(hv, v) && !v->is_parked) park(hv, v);
}

static inline void bound_lead(const struct esx *esx, struct esx_vcpu *account) {
  int64_t least_ns = esx->virtual_ns - (account->is_old ? virtual_of(account, esx->lead_ns) : 0);
  if (account->virtual_ns < least_ns) account->virtual_ns = least_ns;
  account->is_old = true;
}

static inline void esx_enqueue(struct hv *hv, struct vcpu *v, enum queue_reason reason) {
  struct esx_vcpu *account = account_of_vcpu(hv, v);
  if (reason == QUEUE_WOKEN)
    bound_lead(hv->sched_state, account);
  else if (v->runstate == RS_RUNNING)
    charge(hv, v, account);
  if (account->has_budget) park_if_over(hv, v);
  if (v->is_parked) return;
  int64_t rank = rank_of(hv, v, account);
  put(hv, account, order_key(rank, v->id));
  if (reason == QUEUE_WOKEN || reason == QUEUE_COSTARTED) tickle(hv, v, account, rank);
}

static void esx_dequeue(struct hv *hv, struct vcpu *v) {
  if (!v->is_parked) take_out(hv, account_of_vcpu(hv, v));
}

ALWAYS_INLINE void esx_started(struct hv *hv, struct vcpu *v) {
  struct esx *esx = hv->sched_state;
  struct esx_vcpu *account = &esx->vcpus[v->id];
  account->charged_ns = hv->sim->now_ns;
  account->stands = v->pcpu;
  esx->runs[v->pcpu] = account;
}

/* v, which yields, would be picked: only if there is nobody else. It keeps its place. */
static struct vcpu *pass_over(struct hv *hv, pcpu_id_t p, struct vcpu *v) {
  const struct esx *esx = hv->sched_state;
  const struct esx_vcpu *account = &esx->vcpus[v->id];
  int64_t key = wtree_key(&esx->queue, account->leaf);
  take_out(hv, account);
  struct vcpu *other = esx_first(hv, p);
  if (other && other->has_yielded) other = pass_over(hv, p, other);
  put(hv, account, key);
  return other && !other->has_yielded ? other : v;
}

/* v is picked. */
ALWAYS_INLINE void note(struct hv *hv, const struct vcpu *v, const struct esx_vcpu *account,
                        bool has_budgets) {
  struct esx *esx = hv->sched_state;
  if (has_budgets && is_reserved(hv, v, account)) return;
  bool is_later = account->virtual_ns > esx->virtual_ns; /* a toss-up, too */
  esx->virtual_ns = is_later ? account->virtual_ns : esx->virtual_ns;
}

static struct vcpu *esx_pick(struct hv *hv, pcpu_id_t p) {
  struct vcpu *next = esx_first(hv, p);
  if (!next) return NULL;
  if (next->has_yielded) next = pass_over(hv, p, next);
  note(hv, next, account_of_vcpu(hv, next), true);
  return next;
}

/* --- compiled twice, as nearly all hosts have no budgets --- */

ALWAYS_INLINE void take(struct hv *hv, struct vcpu *v, bool has_budgets) {
  const struct esx_vcpu *account = account_of_vcpu(hv, v);
  note(hv, v, account, has_budgets);
  take_out(hv, account);
}

ALWAYS_INLINE struct vcpu *trade(struct hv *hv, struct vcpu *v, bool has_budgets) {
  const struct esx *esx = hv->sched_state;
  struct esx_vcpu *account = account_of_vcpu(hv, v);
  int64_t least = wtree_min(&esx->queue);
  struct vcpu *first = least == WTREE_NONE ? v : order_vcpu(hv, least);
  if ((has_budgets && account->has_budget) || !order_may_take(hv, first, v->pcpu)) return NULL;
  charge_shares(hv, account);
  int64_t key = order_key(rank_by_shares(account), v->id);
  if (key < least) {
    note(hv, v, account, has_budgets);
    return v;
  }
  struct esx_vcpu *its = account_of_vcpu(hv, first);
  note(hv, first, its, has_budgets);
  exchange_leaves(hv, its, account, key);
  return first;
}

/* v comes to the queue behind who runs where it ran, or that one does, which v hardly ever stands
   behind: neither is often the first of many. */
static inline void put_behind(struct hv *hv, struct esx *esx, const struct esx_vcpu *account,
                              int64_t key) {
  stand_up(hv, esx, account);
  wtree_enter(&esx->queue, account->leaf, key);
}

static __attribute__((noinline)) struct vcpu *enqueue_woken(struct hv *hv, struct vcpu *v) {
  esx_enqueue(hv, v, QUEUE_WOKEN);
  return NULL;
}

/* Of two without budgets. Which one is a toss-up, and their times are known before their ranks. */
static inline bool precedes(const struct esx_vcpu *account, const struct esx_vcpu *other) {
  return account->virtual_ns < other->virtual_ns && rank_by_shares(account) < rank_by_shares(other);
}

/* How it comes out is a toss-up that the next event waits for, so nothing is read of the vCPUs for
   it: not even their numbers. */
ALWAYS_INLINE struct vcpu *challenge(struct hv *hv, struct vcpu *v, struct vcpu **loser,
                                     bool has_budgets) {
  struct esx *esx = hv->sched_state;
  struct esx_vcpu *account = &esx->vcpus[v - hv->vcpus];
  pcpu_id_t p = account->stands;
  struct esx_vcpu *its = esx->runs[p];
  if (has_budgets && (account->has_budget || its->has_budget)) return enqueue_woken(hv, v);
  bound_lead(esx, account);
  charge_shares(hv, its);
  int64_t least = wtree_min(&esx->queue), key = order_key(rank_by_shares(account), v->id);
  if (!precedes(account, its)) {
    put_behind(hv, esx, account, key);
    return NULL;
  }
  struct vcpu *current = *loser = hv->pcpus[p].current, *next = NULL;
  bool is_quiet = vcpu_is_quiet(current, RS_RUNNING);
  if (is_quiet && key < least) {
    note(hv, v, account, has_budgets);
    put_behind(hv, esx, its, order_key(rank_by_shares(its), current->id));
    return v;
  }
  put(hv, account, key);
  if (is_quiet) next = trade(hv, current, has_budgets);
  if (!next) hv_ask(hv, p);
  return next;
}

static __attribute__((noinline)) int64_t slice_within(const struct hv *hv, const struct vcpu *v) {
  const struct esx *esx = hv->sched_state;
  int64_t slice_ns = budget_cut(&esx->limit, hv, v, esx->params.quantum_ns);
  bool is_cut = is_reserved(hv, v, &esx->vcpus[v->id]);
  return is_cut ? budget_cut(&esx->reservation, hv, v, slice_ns) : slice_ns;
}

#define ESX_WAYS(name, has_budgets)                                                           \
  ALWAYS_INLINE void name##_stopped(struct hv *hv, struct vcpu *v) {                          \
    struct esx_vcpu *account = account_of_vcpu(hv, v);                                        \
    has_budgets ? charge(hv, v, account) : (void)charge_shares(hv, account);                  \
  }                                                                                           \
  ALWAYS_INLINE void name##_take(struct hv *hv, struct vcpu *v) { take(hv, v, has_budgets); } \
  static struct vcpu *name##_trade(struct hv *hv, struct vcpu *v) {                           \
    return trade(hv, v, has_budgets);                                                         \
  }                                                                                           \
  ALWAYS_INLINE struct vcpu *name##_challenge(struct hv *hv, struct vcpu *v,                  \
                                              struct vcpu **loser) {                          \
    return challenge(hv, v, loser, has_budgets);                                              \
  }                                                                                           \
  ALWAYS_INLINE int64_t name##_slice_ns(const struct hv *hv, const struct vcpu *v) {          \
    bool is_within = has_budgets && account_of_vcpu(hv, v)->has_budget;                       \
    return is_within ? slice_within(hv, v) : hv->timeslice_ns;                                \
  }                                                                                           \
  PICKED_WAYS(name)
ESX_WAYS(esx, true)
ESX_WAYS(simple, false)

/* --- periods --- */

static void renew(struct hv *hv, const struct hv_vm *vm) {
  struct esx *esx = hv->sched_state;
  charge_running(hv, vm);
  /* Nobody owes for having had more than was reserved. */
  esx->reservation.left_ns[vm->id] = 0;
  budget_renew(&esx->reservation, vm->id);
  budget_renew(&esx->limit, vm->id);
  if (hv->free.n_members > 0) hv->must_fill = true;
  for (uint32_t k = 0; k < vm->n_vcpus; k++) {
    struct vcpu *v = &hv->vcpus[vm->first_vcpu + k];
    struct esx_vcpu *account = account_of_vcpu(hv, v);
    if (v->is_queued && !v->is_parked) take_out(hv, account);
    if (!is_over_limit(hv, v)) v->is_parked = false;
    if (!v->is_queued || v->is_parked) continue;
    int64_t rank = rank_of(hv, v, account);
    put(hv, account, order_key(rank, v->id));
    tickle(hv, v, account, rank);
  }
}

static int64_t esx_timer(struct hv *hv) {
  const struct esx *esx = hv->sched_state;
  for (vm_id_t i = 0; i < hv->n_vms; i++)
    if (budget_exists(&esx->limit, i) || budget_exists(&esx->reservation, i))
      renew(hv, &hv->vms[i]);
  return hv->sim->now_ns + esx->params.period_ns;
}

static void esx_audit(const struct hv *hv) {
  const struct esx *esx = hv->sched_state;
  uint32_t n_queued = 0, n_standing = 0;
  for (vcpu_id_t i = 0; i < hv->n_vcpus; i++) {
    const struct vcpu *v = &hv->vcpus[i];
    bool is_in_queue = v->is_queued && !v->is_parked;
    n_queued += is_in_queue;
    assert(esx->vcpus[i].virtual_ns >= 0);
    int64_t key = wtree_key(&esx->queue, esx->vcpus[i].leaf);
    assert(is_in_queue ? order_vcpu(hv, key) == v : key == WTREE_NONE);
    assert(!is_in_queue || pcpuset_has(&hv->queued, esx->vcpus[i].stands));
    assert(!v->is_parked || v->runstate != RS_RUNNING || hv_is_to_decide(hv, v));
  }
  for (pcpu_id_t p = 0; p < hv->n_pcpus; p++) {
    n_standing += esx->n_standing[p];
    const struct vcpu *current = hv->pcpus[p].current;
    assert(!current || esx->runs[p] == &esx->vcpus[current->id]);
    assert(pcpuset_has(&hv->queued, p) || esx->n_standing[p] == 0);
  }
  assert(n_standing == n_queued);
}

#define ESX_OPS(name)                                                                            \
  .enqueue = esx_enqueue, .dequeue = esx_dequeue, .pick = esx_pick, .has_own = esx_has_own,      \
  .first = esx_first, .take = name##_take, .trade = name##_trade, .challenge = name##_challenge, \
  .slice_ns = name##_slice_ns, .started = esx_started, .stopped = name##_stopped,                \
  .timer = esx_timer, .rank = esx_rank, .audit = esx_audit, PICKED_OPS(name)

const struct sched_ops sched_esx = {
    .kind = {.name = "esx",
             .help = "ESX: least used per share first; reservations before that, limits",
             .params = esx_params,
             .n_params = sizeof esx_params / sizeof *esx_params,
             .params_size = sizeof(struct sched_esx_params)},
    .honours = HONOURS_WEIGHT | HONOURS_CAP | HONOURS_RESERVATION,
    .create = esx_create,
    ESX_OPS(esx),
};

static const struct sched_ops sched_simple = {ESX_OPS(simple)};
