/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Xen's credit scheduler.

   Idea: time is earned in proportion to weight and spent by running; who has some left goes before
   who has none, and who wakes with some left goes before both.
   Rule: one queue per pCPU, in classes BOOST, UNDER and OVER, each first-in first-out. Every tick
   (a third of a timeslice) charges whoever runs and ends his boost; every third one hands out the
   credits of a timeslice on all pCPUs by weight. A vCPU that wakes preempts one of a lower class. A
   pCPU about to run an OVER one, or nobody, takes better work from the queues of others.
   Invariants: nobody has credits for more than a timeslice; a queued vCPU stands in the queue of
   its class on a pCPU that it may use. Cost: O(1) per dispatch and O(pCPUs / 64) per theft, if
   affinity forbids none; O(pCPUs) per tick, O(vCPUs) per accounting. Source: Xen,
   xen/common/sched/credit.c. Here credits are counted in ns and shared out at once. */
#include "hv/picked.h"
#include "hv/shares.h"
#include "hv/spread.h"
#include "sim/time.h"

static const struct param credit_params[] = {
    {.key = "timeslice",
     .type = PARAM_DURATION,
     .offset = offsetof(struct sched_credit_params, timeslice_ns),
     .fallback = "30ms",
     .min = 3,
     .max = 0x1p62,
     .help = "how long a vCPU may run; a third of it is the tick, all of it the accounting period"},
    {.key = "ratelimit",
     .type = PARAM_DURATION,
     .offset = offsetof(struct sched_credit_params, ratelimit_ns),
     .fallback = "1ms",
     .min = 0,
     .max = 0x1p62,
     .help = "how long a vCPU runs at least before another one may preempt it"},
    SPREAD_ROW(struct sched_credit_params),
};

enum { TICKS_PER_TIMESLICE = 3 };

/* Best first; NOBODY stands for a pCPU without work. */
enum prio { BOOST, UNDER, OVER, PRIOS, NOBODY = PRIOS };
enum { URGENT = 1 << BOOST | 1 << UNDER };

/* A class of a queue is a ring: whoever joins or leaves needs not look who else is there. */
struct link {
  struct link *before, *behind;
};

/* All that an event touches of it, in one cache line. */
struct __attribute__((aligned(ARENA_LINE))) credit_vcpu {
  struct link link; /* comes first, see account_at */
  struct vcpu *vcpu;
  int64_t credit_ns;  /* what it may run before it is OVER */
  int64_t charged_ns; /* up to when it has paid, while it runs */
  int64_t started_ns; /* its latest start */
  pcpu_id_t queue;    /* the pCPU in whose queue it stands, or will */
  uint8_t prio;       /* enum prio */
  bool is_active;     /* earns credits */
};

/* Those who stand at a pCPU. */
struct __attribute__((aligned(ARENA_LINE))) queue {
  struct link ends[PRIOS]; /* of each class: before its first, behind its last */
  uint32_t classes;        /* those with somebody in them, a bit each */
};

struct credit {
  struct sched_credit_params params;
  struct queue *queues; /* by pCPU */
  uint64_t *urgent;     /* pCPUs with queued ones better than OVER; with any: hv->queued */
  uint32_t *n_active;   /* by VM */
  struct share *shares; /* by VM, of the latest accounting */
  int64_t balance_ns;   /* sum of all credits after the latest accounting */
  int64_t n_ticks;
  bool is_in_word; /* there is one socket of 64 pCPUs at most */
  struct credit_vcpu vcpus[];
};

static struct credit_vcpu *credit_of(const struct hv *hv, const struct vcpu *v) {
  struct credit *credit = hv->sched_state;
  return &credit->vcpus[v->id];
}

/* A third of a timeslice is no whole number of ns, three of them are. */
static int64_t tick_ns(const struct credit *credit) {
  int64_t n = credit->n_ticks + 1, slice_ns = credit->params.timeslice_ns;
  int64_t thirds = n % TICKS_PER_TIMESLICE;
  return n / TICKS_PER_TIMESLICE * slice_ns + slice_ns * thirds / TICKS_PER_TIMESLICE;
}

static void *credit_create(struct hv *hv, const void *params, struct arena *arena) {
  size_t vcpus_size = hv->n_vcpus * sizeof(struct credit_vcpu);
  struct credit *credit = arena_alloc(arena, 1, sizeof(struct credit) + vcpus_size);
  credit->params = *(const struct sched_credit_params *)params;
  credit->queues = ARENA_ARRAY(arena, hv->n_pcpus, struct queue);
  for (pcpu_id_t p = 0; p < hv->n_pcpus; p++)
    for (int prio = 0; prio < PRIOS; prio++) {
      struct link *ends = &credit->queues[p].ends[prio];
      ends->before = ends->behind = ends;
    }
  credit->n_active = ARENA_ARRAY(arena, hv->n_vms, uint32_t);
  credit->shares = ARENA_ARRAY(arena, hv->n_vms, struct share);
  credit->is_in_word = hv->n_pcpus <= 64 && hv->topology.n_in[DISTANCE_SOCKET] == hv->n_pcpus;
  credit->urgent = ARENA_ARRAY(arena, hv->queued.n_words, uint64_t);
  for (vcpu_id_t i = 0; i < hv->n_vcpus; i++) {
    struct vcpu *v = &hv->vcpus[i];
    credit->vcpus[i] =
        (struct credit_vcpu){.vcpu = v, .prio = UNDER, .queue = hv_first_pcpu(hv, v)};
  }
  hv->timeslice_ns = credit->params.timeslice_ns;
  hv->is_spread = credit->params.placement == SCHED_PLACE_BALANCE;
  hv->timer_ns = tick_ns(credit);
  return credit;
}

static const char *credit_check(const void *params, const char **key) {
  const struct sched_credit_params *credit = params;
  if (credit->ratelimit_ns <= credit->timeslice_ns) return NULL;
  *key = "ratelimit";
  return "is longer than the timeslice";
}

/* --- queues --- */

static const struct credit_vcpu *account_at(const struct link *link) {
  return (const struct credit_vcpu *)(const void *)link;
}

/* Who stands where is a toss-up: no branch depends on it, here and below. */
static inline void push(struct hv *hv, struct credit_vcpu *account) {
  struct credit *credit = hv->sched_state;
  pcpu_id_t p = account->queue;
  uint32_t prio = account->prio;
  struct queue *queue = &credit->queues[p];
  struct link *ends = &queue->ends[prio], *last = ends->before;
  account->link.before = last;
  last->behind = &account->link;
  account->link.behind = ends;
  ends->before = &account->link;
  pcpuset_put(&hv->queued, p);
  queue->classes |= 1u << prio;
  credit->urgent[p / 64] |= (uint64_t)(prio < OVER) << p % 64;
}

static inline void take_out(struct hv *hv, const struct credit_vcpu *account) {
  struct credit *credit = hv->sched_state;
  pcpu_id_t p = account->queue;
  struct queue *queue = &credit->queues[p];
  struct link link = account->link;
  bool is_only = link.before == link.behind;
  link.before->behind = link.behind;
  link.behind->before = link.before;
  queue->classes &= ~((uint32_t)is_only << account->prio);
  credit->urgent[p / 64] &= ~((uint64_t)((queue->classes & URGENT) == 0) << p % 64);
  pcpuset_drop(&hv->queued, p, queue->classes == 0);
}

static void credit_dequeue(struct hv *hv, struct vcpu *v) {
  if (!v->is_parked) take_out(hv, credit_of(hv, v));
}

static pcpu_id_t credit_queue_of(const struct hv *hv, const struct vcpu *v) {
  return credit_of(hv, v)->queue;
}

static int64_t credit_rank(const struct hv *hv, const struct vcpu *v) {
  return credit_of(hv, v)->prio;
}

static bool stands_in_queue(const struct vcpu *v) { return v->is_queued && !v->is_parked; }

static inline void credit_enqueue(struct hv *hv, struct vcpu *v, enum queue_reason reason) {
  struct credit_vcpu *account = credit_of(hv, v);
  bool has_come = reason == QUEUE_WOKEN || reason == QUEUE_COSTARTED;
  if (v->is_parked) return;
  if (reason == QUEUE_WOKEN) account->prio = account->prio == OVER ? OVER : BOOST;
  if (has_come) account->queue = spread_place(hv, v, account->queue);
  push(hv, account);
  if (!has_come || hv_has_free(hv, v)) return; /* an idle pCPU takes it unasked */
  const struct vcpu *current = hv_rival(hv, account->queue);
  if (account->prio < credit_of(hv, current)->prio) hv_ask(hv, account->queue);
}

static void charge(const struct hv *hv, struct credit_vcpu *account) {
  int64_t now_ns = hv->sim->now_ns;
  account->credit_ns -= now_ns - account->charged_ns;
  account->charged_ns = now_ns;
}

static void credit_started(struct hv *hv, struct vcpu *v) {
  struct credit_vcpu *account = credit_of(hv, v);
  account->started_ns = account->charged_ns = hv->sim->now_ns;
  account->queue = v->pcpu;
}

static void credit_stopped(struct hv *hv, struct vcpu *v) { charge(hv, credit_of(hv, v)); }

/* --- who runs on p --- */

static bool is_limited(const struct hv *hv, const struct vcpu *v) {
  const struct credit *credit = hv->sched_state;
  return hv->sim->now_ns - credit_of(hv, v)->started_ns < credit->params.ratelimit_ns;
}

/* The first of the best of these classes. */
static const struct credit_vcpu *first_of(const struct queue *queue, uint32_t classes) {
  return account_at(queue->ends[__builtin_ctz(classes)].behind);
}

/* The first in a queue, which is not empty, but for one that has yielded if there is another. */
static const struct credit_vcpu *first_queued(const struct queue *queue) {
  const struct credit_vcpu *first = first_of(queue, queue->classes);
  if (!first->vcpu->has_yielded) return first;
  if (first->link.behind != &queue->ends[first->prio]) return account_at(first->link.behind);
  uint32_t others = queue->classes & ~(1u << first->prio);
  return others ? first_of(queue, others) : first;
}

/* The first in a queue, of a class better than `than`, that may move to p. */
static const struct credit_vcpu *victim(const struct hv *hv, const struct queue *queue, pcpu_id_t p,
                                        enum prio than) {
  uint32_t classes = queue->classes & ((1u << than) - 1);
  for (; classes != 0; classes &= classes - 1) {
    const struct link *ends = &queue->ends[__builtin_ctz(classes)];
    for (const struct link *link = ends->behind; link != ends; link = link->behind)
      if (spread_may_take(hv, account_at(link)->vcpu, p)) return account_at(link);
  }
  return NULL;
}

/* From the pCPUs first..behind-1. */
static const struct credit_vcpu *steal_between(const struct hv *hv, pcpu_id_t p, enum prio than,
                                               pcpu_id_t first, pcpu_id_t behind) {
  const struct credit *credit = hv->sched_state;
  const uint64_t *better = than == OVER ? credit->urgent : hv->queued.word;
  uint64_t mask = ~UINT64_C(0) << first % 64;
  for (uint32_t w = first / 64; w * 64 < behind; w++, mask = ~UINT64_C(0))
    for (uint64_t rest = better[w] & mask; rest != 0; rest &= rest - 1) {
      pcpu_id_t q = w * 64 + (uint32_t)__builtin_ctzll(rest);
      if (q >= behind) return NULL;
      const struct credit_vcpu *account = victim(hv, &credit->queues[q], p, than);
      if (account) return account;
    }
  return NULL;
}

/* The pCPUs behind p come first, then those from 0 on; the own socket before the others. */
static const struct credit_vcpu *steal(const struct hv *hv, pcpu_id_t p, enum prio than) {
  uint32_t n_in_socket = hv->topology.n_in[DISTANCE_SOCKET], n_pcpus = hv->n_pcpus;
  pcpu_id_t first = p - p % n_in_socket, behind = first + n_in_socket;
  const struct credit_vcpu *account = steal_between(hv, p, than, p + 1, behind);
  if (!account) account = steal_between(hv, p, than, first, p);
  if (!account && behind < n_pcpus) account = steal_between(hv, p, than, behind, n_pcpus);
  if (!account && first > 0) account = steal_between(hv, p, than, 0, first);
  return account;
}

/* Whom p picks, but for one that goes on to its ratelimit. */
static __attribute__((noinline)) const struct credit_vcpu *search(const struct hv *hv,
                                                                  pcpu_id_t p) {
  const struct credit *credit = hv->sched_state;
  const struct queue *queue = &credit->queues[p];
  if (queue->classes == 0) return steal(hv, p, NOBODY);
  const struct credit_vcpu *first = first_queued(queue);
  const struct credit_vcpu *stolen = first->prio == OVER ? steal(hv, p, OVER) : NULL;
  return stolen ? stolen : first;
}

/* The same where all pCPUs are in a word: the first in the queue of the first pCPU from p on that
   has better work than p's own. Which one that is, is a toss-up: no branch depends on it. */
static inline const struct credit_vcpu *look_around(const struct hv *hv, pcpu_id_t p) {
  const struct credit *credit = hv->sched_state;
  uint64_t better = credit->queues[p].classes == 0 ? *hv->queued.word : *credit->urgent;
  uint64_t from_p = better >> p | better << (64 - p) % 64;
  pcpu_id_t q = (p + (uint32_t)__builtin_ctzll(from_p ? from_p : 1)) % 64;
  const struct queue *queue = &credit->queues[q];
  if (queue->classes == 0) return NULL;
  const struct credit_vcpu *first = first_of(queue, queue->classes);
  const struct vcpu *v = first->vcpu;
  return ((q == p) | spread_may_take(hv, v, p)) && !v->has_yielded ? first : search(hv, p);
}

static inline struct vcpu *credit_first(struct hv *hv, pcpu_id_t p) {
  const struct credit *credit = hv->sched_state;
  const struct credit_vcpu *best = credit->is_in_word ? look_around(hv, p) : search(hv, p);
  return best ? best->vcpu : NULL;
}

static struct vcpu *credit_pick(struct hv *hv, pcpu_id_t p) {
  struct vcpu *current = hv->pcpus[p].current; /* to be decided about, or NULL */
  if (current && stands_in_queue(current) && !current->has_yielded && is_limited(hv, current))
    return current;
  return credit_first(hv, p);
}

static inline void credit_take(struct hv *hv, struct vcpu *v) { take_out(hv, credit_of(hv, v)); }

static inline struct vcpu *credit_trade(struct hv *hv, struct vcpu *v) {
  if (is_limited(hv, v)) return v;
  struct credit_vcpu *account = credit_of(hv, v);
  push(hv, account);
  struct vcpu *next = credit_first(hv, v->pcpu);
  credit_take(hv, next);
  if (next != v) charge(hv, account);
  return next;
}

/* One that was asked to go before its ratelimit goes on to that. */
static int64_t credit_slice_ns(const struct hv *hv, const struct vcpu *v) {
  const struct credit *credit = hv->sched_state;
  if (v->runstate != RS_RUNNING || !is_limited(hv, v)) return credit->params.timeslice_ns;
  return credit->params.ratelimit_ns - (hv->sim->now_ns - credit_of(hv, v)->started_ns);
}

/* --- accounting --- */

static void set_prio(struct hv *hv, struct vcpu *v, enum prio prio) {
  struct credit_vcpu *account = credit_of(hv, v);
  if (account->prio == prio) return;
  if (v->is_queued) credit_dequeue(hv, v);
  account->prio = (uint8_t)prio;
  if (v->is_queued) credit_enqueue(hv, v, QUEUE_DESCHEDULED);
}

static void park(struct hv *hv, struct vcpu *v) {
  if (v->is_parked) return;
  if (v->is_queued) credit_dequeue(hv, v);
  v->is_parked = true;
  if (v->runstate == RS_RUNNING) hv_ask(hv, v->pcpu);
}

static void unpark(struct hv *hv, struct vcpu *v) {
  if (!v->is_parked) return;
  v->is_parked = false;
  if (hv->free.n_members > 0) hv->must_fill = true;
  if (v->is_queued) credit_enqueue(hv, v, QUEUE_COSTARTED);
}

/* What a VM may use of the pCPUs in one accounting period; INT64_MAX: all. */
static int64_t cap_ns(const struct credit *credit, const struct hv_vm *vm) {
  if (vm->cap_pct == 0) return INT64_MAX;
  return (int64_t)((double)credit->params.timeslice_ns * vm->cap_pct / 100);
}

/* Shares the pCPUs' time out by weight; nobody can use more than a slice for each of its vCPUs, and
   its part of what all owe. */
static void share_out(struct hv *hv, struct credit *credit) {
  int64_t slice_ns = credit->params.timeslice_ns;
  int64_t debt_ns = credit->balance_ns < 0 ? -credit->balance_ns : 0;
  uint64_t weight = 0;
  for (vm_id_t i = 0; i < hv->n_vms; i++)
    weight += credit->shares[i].weight = (uint64_t)hv->vms[i].weight * credit->n_active[i];
  for (vm_id_t i = 0; i < hv->n_vms; i++) {
    struct share *share = &credit->shares[i];
    if (share->weight == 0) continue;
    share->most_ns = slice_ns * credit->n_active[i];
    if (debt_ns > 0) share->most_ns += shares_part_ns(debt_ns, share->weight, weight);
    int64_t most_by_cap_ns = cap_ns(credit, &hv->vms[i]);
    if (most_by_cap_ns < share->most_ns) share->most_ns = most_by_cap_ns;
  }
  shares_settle(credit->shares, hv->n_vms, slice_ns * hv->n_pcpus + debt_ns);
}

/* Pays v and puts it into its class. Returns whether it is beyond its part of the cap. */
static bool settle(struct hv *hv, struct vcpu *v, int64_t due_ns, int64_t cap_each_ns) {
  struct credit *credit = hv->sched_state;
  struct credit_vcpu *account = credit_of(hv, v);
  int64_t slice_ns = credit->params.timeslice_ns;
  account->credit_ns += due_ns;
  bool is_beyond = account->credit_ns < -cap_each_ns;
  set_prio(hv, v, account->credit_ns < 0 ? OVER : UNDER);
  if (account->credit_ns < -slice_ns) account->credit_ns = -slice_ns;
  if (account->credit_ns > slice_ns) {
    account->credit_ns /= 2;
    if (account->credit_ns > slice_ns) account->credit_ns = slice_ns;
    account->is_active = false;
    credit->n_active[v->vm]--;
  }
  return is_beyond;
}

/* A VM that runs as a gang is parked as one, until none of it is in debt. */
static void park_gang(struct hv *hv, const struct hv_vm *vm, bool is_beyond) {
  struct credit *credit = hv->sched_state;
  bool is_in_debt = false;
  for (uint32_t k = 0; k < vm->n_vcpus; k++)
    is_in_debt |= credit->vcpus[vm->first_vcpu + k].credit_ns < 0;
  for (uint32_t k = 0; k < vm->n_vcpus; k++) {
    struct vcpu *v = &hv->vcpus[vm->first_vcpu + k];
    if (is_beyond)
      park(hv, v);
    else if (!is_in_debt)
      unpark(hv, v);
  }
}

static void account_vm(struct hv *hv, const struct hv_vm *vm) {
  struct credit *credit = hv->sched_state;
  uint32_t n_active = credit->n_active[vm->id];
  if (n_active == 0) return;
  bool is_gang = hv->cosched->shares_slice_end, is_any_beyond = false;
  int64_t due_ns = credit->shares[vm->id].due_ns / n_active;
  int64_t cap_each_ns = vm->cap_pct > 0 ? cap_ns(credit, vm) / n_active : INT64_MAX;
  for (uint32_t k = 0; k < vm->n_vcpus; k++) {
    struct vcpu *v = &hv->vcpus[vm->first_vcpu + k];
    const struct credit_vcpu *account = credit_of(hv, v);
    if (!account->is_active) continue;
    bool is_beyond = settle(hv, v, due_ns, cap_each_ns);
    credit->balance_ns += account->credit_ns;
    is_any_beyond |= is_beyond;
    if (is_gang) continue;
    if (is_beyond)
      park(hv, v);
    else if (account->credit_ns >= 0)
      unpark(hv, v);
  }
  if (is_gang && vm->cap_pct > 0) park_gang(hv, vm, is_any_beyond);
}

/* Who is found running pays, loses its boost, and earns from now on. */
static void tick(struct hv *hv, struct vcpu *v) {
  struct credit *credit = hv->sched_state;
  struct credit_vcpu *account = credit_of(hv, v);
  if (account->prio == BOOST) set_prio(hv, v, UNDER);
  charge(hv, account);
  if (account->is_active) return;
  account->is_active = true;
  credit->n_active[v->vm]++;
}

static int64_t credit_timer(struct hv *hv) {
  struct credit *credit = hv->sched_state;
  for (pcpu_id_t p = 0; p < hv->n_pcpus; p++)
    if (hv->pcpus[p].current) tick(hv, hv->pcpus[p].current);
  if (++credit->n_ticks % TICKS_PER_TIMESLICE == 0) {
    share_out(hv, credit);
    credit->balance_ns = 0;
    for (vm_id_t i = 0; i < hv->n_vms; i++) account_vm(hv, &hv->vms[i]);
  }
  return tick_ns(credit);
}

/* --- paranoia --- */

static void credit_audit(const struct hv *hv) {
  const struct credit *credit = hv->sched_state;
  uint32_t n_queued = 0;
  for (pcpu_id_t p = 0; p < hv->n_pcpus; p++) {
    const struct queue *queue = &credit->queues[p];
    for (int prio = 0; prio < PRIOS; prio++) {
      const struct link *ends = &queue->ends[prio], *link;
      assert((ends->behind != ends) == (queue->classes >> prio & 1));
      for (link = ends->behind; link != ends; link = link->behind) {
        const struct credit_vcpu *account = account_at(link);
        assert(link->before->behind == link && link->behind->before == link);
        assert(account->queue == p && account->prio == prio);
        assert(stands_in_queue(account->vcpu) && hv_may_use(hv, account->vcpu, p));
        n_queued++;
      }
    }
    assert(pcpuset_has(&hv->queued, p) == (queue->classes != 0));
    assert((credit->urgent[p / 64] >> p % 64 & 1) == ((queue->classes & URGENT) != 0));
  }
  for (vcpu_id_t i = 0; i < hv->n_vcpus; i++) {
    const struct vcpu *v = &hv->vcpus[i];
    if (v->is_queued && v->is_parked) n_queued++;
    assert(!v->is_parked || v->runstate != RS_RUNNING || hv_is_to_decide(hv, v));
    assert(credit->vcpus[i].credit_ns <= credit->params.timeslice_ns);
  }
  assert(n_queued == hv->n_queued);
  spread_audit(hv);
}

PICKED_WAYS(credit)

const struct sched_ops sched_credit = {
    .kind = {.name = "credit",
             .help = "Xen's credit scheduler: a queue per pCPU, credits by weight, caps, a boost "
                     "for those who wake",
             .params = credit_params,
             .n_params = sizeof credit_params / sizeof *credit_params,
             .params_size = sizeof(struct sched_credit_params),
             .check = credit_check},
    .honours = HONOURS_WEIGHT | HONOURS_CAP,
    .create = credit_create,
    .enqueue = credit_enqueue,
    .dequeue = credit_dequeue,
    .pick = credit_pick,
    .first = credit_first,
    .take = credit_take,
    .trade = credit_trade,
    PICKED_OPS(credit),
    .slice_ns = credit_slice_ns,
    .started = credit_started,
    .stopped = credit_stopped,
    .timer = credit_timer,
    .queue_of = credit_queue_of,
    .rank = credit_rank,
    .audit = credit_audit,
};
