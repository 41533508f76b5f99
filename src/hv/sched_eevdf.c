/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Linux' EEVDF, as it schedules the vCPU threads of KVM.

   Idea: of those who have not had more than their share, the one whose slice would be over first.
   Rule: one queue per pCPU. Virtual runtime advances inversely to weight while a vCPU runs; who is
   not ahead of the queue's mean is eligible; of the eligible ones the earliest virtual deadline
   runs, until its slice is over, which ticks find out. A sleeper keeps its lag, within bounds. Who
   wakes goes to an idle pCPU; else it preempts if it would be picked. Idle pCPUs take from the
   longest queue, and busy ones now and then.
   Invariants: who runs is a member of its pCPU's queue, and charged whenever that matters.
   Cost: O(length of a queue) per dispatch, and what taking from others costs (fairhost.h). Source:
   Stoica and Abdel-Wahab (1995); Linux 6.6, kernel/sched/fair.c. Groups, energy and NUMA are left
   out. */
#include "hv/fairhost.h"
#include "hv/picked.h"
#include "hv/spread.h"
#include "sim/time.h"

static const char *const switch_words[] = {"off", "on", NULL};
enum { BASE_SLICE_SCALED = -1 };

#define DURATION(name, member, standard, most, text)                                            \
  {                                                                                             \
    .key = name, .type = PARAM_DURATION, .offset = offsetof(struct sched_eevdf_params, member), \
    .fallback = standard, .min = 1, .max = most, .help = text                                   \
  }

static const struct param eevdf_params[] = {
    {.key = "base_slice",
     .type = PARAM_DURATION,
     .offset = offsetof(struct sched_eevdf_params, base_slice_ns),
     .fallback = "scaled",
     .min = 1,
     .max = 0x1p40,
     .word = "scaled",
     .word_value = BASE_SLICE_SCALED,
     .help = "time that a vCPU asks for; scaled: 0.7 ms, times 1 to 4 with the number of pCPUs"},
    DURATION("tick", tick_ns, "4ms", 0x1p40, "how often it is looked whether slices are over"),
    {.key = "hrtick",
     .type = PARAM_CHOICE,
     .offset = offsetof(struct sched_eevdf_params, hrtick),
     .fallback = "off",
     .choices = switch_words,
     .help = "on: slices end when they are over, not at the next tick"},
    DURATION("balance_interval", balance_interval_ns, "64ms", 0x1p62,
             "how often, at a tick, pCPUs take work from longer queues"),
    SPREAD_ROW(struct sched_eevdf_params),
};

struct eevdf {
  struct sched_eevdf_params params;
  struct fairhost host;
};

/* Where slices end at ticks, and siblings may stand at one pCPU. */
static const struct sched_ops sched_simple;

static struct fairqueue_member *member_of(const struct hv *hv, const struct vcpu *v) {
  const struct eevdf *eevdf = hv->sched_state;
  return &eevdf->host.members[v->id];
}

static struct vcpu *vcpu_of(const struct hv *hv, const struct fairqueue_member *member) {
  const struct eevdf *eevdf = hv->sched_state;
  return fairhost_vcpu(&eevdf->host, hv, member);
}

static pcpu_id_t eevdf_queue_of(const struct hv *hv, const struct vcpu *v) {
  return member_of(hv, v)->queue;
}

static bool eevdf_has_own(const struct hv *hv, pcpu_id_t p) {
  const struct eevdf *eevdf = hv->sched_state;
  return !fairqueue_is_empty(&eevdf->host.queues[p]);
}

static void *eevdf_create(struct hv *hv, const void *params, struct arena *arena) {
  struct eevdf *eevdf = ARENA_NEW(arena, struct eevdf);
  eevdf->params = *(const struct sched_eevdf_params *)params;
  if (eevdf->params.base_slice_ns == BASE_SLICE_SCALED) {
    int log2 = 31 - __builtin_clz(hv->n_pcpus);
    eevdf->params.base_slice_ns = INT64_C(700000) * (1 + (log2 < 3 ? log2 : 3));
  }
  int64_t base_ns = eevdf->params.base_slice_ns, tick_ns = eevdf->params.tick_ns;
  eevdf->host.base_ns = base_ns;
  eevdf->host.most_lag_ns = tick_ns > 2 * base_ns ? tick_ns : 2 * base_ns;
  fairhost_init(&eevdf->host, hv, arena);
  hv->timeslice_ns = base_ns;
  hv->is_spread = eevdf->params.placement == SCHED_PLACE_BALANCE;
  if (!hv->is_spread && !eevdf->params.hrtick) hv->sched = &sched_simple;
  hv->timer_ns = tick_ns;
  return eevdf;
}

/* --- coming and going --- */

static inline void charge(const struct hv *hv, struct fairqueue *queue) {
  fairqueue_charge(queue, hv->sim->now_ns, hv->timeslice_ns);
}

static inline void push(struct hv *hv, struct fairqueue_member *member, pcpu_id_t p) {
  struct eevdf *eevdf = hv->sched_state;
  fairhost_push(&eevdf->host, hv, member, p);
}

/* member has come to p's queue, where nobody runs: who runs on another thread of the core, which
   has one VM, may have to go. */
static __attribute__((noinline)) void check_core(struct hv *hv,
                                                 const struct fairqueue_member *member,
                                                 pcpu_id_t p) {
  const struct eevdf *eevdf = hv->sched_state;
  const struct vcpu *rival = hv_rival(hv, p);
  if (!rival || rival->has_expired) return;
  struct fairqueue *queue = &eevdf->host.queues[rival->pcpu];
  charge(hv, queue);
  bool is_timed = eevdf->params.hrtick && hv->pcpus[rival->pcpu].slice_end_ns == TIME_NEVER_NS;
  bool is_next = fairqueue_earliest(&eevdf->host.queues[p]) == member;
  if (is_timed || (is_next && fairqueue_is_over(queue))) hv_ask(hv, p);
}

/* member comes to the queue that has been found for it. */
static inline void arrive(struct hv *hv, struct fairqueue_member *member) {
  struct eevdf *eevdf = hv->sched_state;
  pcpu_id_t p = member->queue;
  struct fairqueue *queue = &eevdf->host.queues[p];
  if (queue->running) charge(hv, queue);
  fairhost_join(&eevdf->host, member, p);
  bool is_better = queue->running && fairqueue_preempts(queue, member);
  push(hv, member, p);
  if (!queue->running) {
    if (hv->is_core_scheduled) check_core(hv, member, p);
    return;
  }
  bool is_timed = eevdf->params.hrtick && hv->pcpus[p].slice_end_ns == TIME_NEVER_NS;
  if ((is_timed || is_better) && !hv->pcpus[p].current->has_expired) hv_ask(hv, p);
}

/* Where who wakes goes: where it ran if that is idle, else to an idle pCPU, by the same cache if
   there is one. There is one that it may use. */
static __attribute__((noinline)) pcpu_id_t select_idle(const struct hv *hv, const struct vcpu *v,
                                                       pcpu_id_t last) {
  if (pcpuset_has(&hv->free, last)) return last;
  const uint64_t *mask = hv->affinities[v->affinity].mask;
  pcpu_id_t n = hv->topology.n_in[DISTANCE_LLC], first = last / n * n, p = first;
  pcpu_id_t idle = hv->prefers_idle_cores ? cores_lowest_idle(hv, mask, first, first + n) : ID_NONE;
  if (idle != ID_NONE) return idle;
  while ((p = pcpuset_next(&hv->free, p)) < first + n && !hv_may_use(hv, v, p)) p++;
  return p < first + n ? p : hv_lowest_free(hv, mask);
}

/* v runs, and is to be decided about. */
static void requeue(struct hv *hv, struct vcpu *v, enum queue_reason reason) {
  const struct eevdf *eevdf = hv->sched_state;
  struct fairqueue_member *member = member_of(hv, v);
  charge(hv, &eevdf->host.queues[v->pcpu]);
  if (reason == QUEUE_YIELDED)
    member->ring.deadline_ns += fairqueue_virtual_ns(member, hv->timeslice_ns);
  push(hv, member, v->pcpu);
}

ALWAYS_INLINE void eevdf_enqueue(struct hv *hv, struct vcpu *v, enum queue_reason reason) {
  if (reason == QUEUE_DESCHEDULED || reason == QUEUE_YIELDED) {
    requeue(hv, v, reason);
    return;
  }
  struct fairqueue_member *member = member_of(hv, v);
  if (hv_has_free(hv, v)) member->queue = select_idle(hv, v, member->queue);
  if (hv->is_spread) member->queue = spread_place(hv, v, member->queue);
  arrive(hv, member);
}

ALWAYS_INLINE void eevdf_dequeue(struct hv *hv, struct vcpu *v) {
  struct fairqueue_member *member = member_of(hv, v);
  fairqueue_pull(member);
}

static void eevdf_withdrawn(struct hv *hv, struct vcpu *v) {
  const struct eevdf *eevdf = hv->sched_state;
  struct fairqueue_member *member = member_of(hv, v);
  fairhost_leave(&eevdf->host, member, member->queue);
}

/* It starts on another pCPU than the one in whose queue it stands, or stands in none. */
static __attribute__((noinline)) void move_to(const struct fairhost *host,
                                              struct fairqueue_member *member, pcpu_id_t p) {
  if (member->is_member) fairhost_leave(host, member, member->queue);
  member->queue = p;
  fairhost_join(host, member, p);
  fairhost_weigh(host, p);
}

ALWAYS_INLINE void eevdf_started(struct hv *hv, struct vcpu *v) {
  struct eevdf *eevdf = hv->sched_state;
  struct fairqueue_member *member = member_of(hv, v);
  pcpu_id_t p = v->pcpu;
  if (member->queue != p || !member->is_member) move_to(&eevdf->host, member, p);
  fairqueue_start(&eevdf->host.queues[p], member, hv->sim->now_ns);
}

/* keeps_slice: somebody asks how much of its slice one had left that has left its queue. */
ALWAYS_INLINE void stop(struct hv *hv, struct vcpu *v, bool keeps_slice) {
  const struct eevdf *eevdf = hv->sched_state;
  struct fairqueue *queue = &eevdf->host.queues[v->pcpu];
  if (v->is_queued || keeps_slice)
    charge(hv, queue);
  else
    fairqueue_advance(queue, hv->sim->now_ns);
  if (!v->is_queued) fairhost_leave(&eevdf->host, queue->running, v->pcpu);
  queue->running = NULL;
}

ALWAYS_INLINE void eevdf_stopped(struct hv *hv, struct vcpu *v) { stop(hv, v, true); }
ALWAYS_INLINE void simple_stopped(struct hv *hv, struct vcpu *v) { stop(hv, v, false); }

/* --- who runs on p --- */

/* None of those who wait at p is eligible, which is for rounding, or nobody waits. */
static __attribute__((noinline)) struct fairqueue_member *search(const struct hv *hv, pcpu_id_t p) {
  const struct fairhost *host = &((const struct eevdf *)hv->sched_state)->host;
  bool has_any = !fairqueue_is_empty(&host->queues[p]);
  return has_any ? fairhost_longest(host, hv, p, p, 0) : fairhost_victim(host, hv, p, 0);
}

/* Who runs stands in the queue only to be decided about, so it is picked if it comes first. */
ALWAYS_INLINE struct vcpu *eevdf_first(struct hv *hv, pcpu_id_t p) {
  const struct eevdf *eevdf = hv->sched_state;
  struct fairqueue *queue = &eevdf->host.queues[p];
  struct fairqueue_member *first = fairqueue_earliest(queue);
  if (!first && !(first = search(hv, p))) return NULL;
  if (first == queue->running) fairqueue_pick_again(queue);
  return vcpu_of(hv, first);
}

static inline struct vcpu *eevdf_pick(struct hv *hv, pcpu_id_t p) {
  const struct eevdf *eevdf = hv->sched_state;
  struct fairqueue *queue = &eevdf->host.queues[p];
  struct vcpu *current = hv->pcpus[p].current; /* to be decided about, or NULL */
  if (current && current->is_queued && !current->has_yielded && fairqueue_goes_on(queue))
    return current;
  return eevdf_first(hv, p);
}

/* v, which runs and has been charged, is picked again, or changes places with next. */
ALWAYS_INLINE struct vcpu *exchange(struct hv *hv, struct vcpu *v, struct fairqueue *queue,
                                    struct fairqueue_member *next) {
  struct eevdf *eevdf = hv->sched_state;
  if (next == queue->running) {
    fairqueue_pick_again(queue);
    return v;
  }
  fairqueue_pull(next);
  fairqueue_push(queue, queue->running, eevdf->host.n_arrivals++);
  queue->running = NULL;
  return vcpu_of(hv, next);
}

ALWAYS_INLINE struct vcpu *eevdf_trade(struct hv *hv, struct vcpu *v) {
  const struct eevdf *eevdf = hv->sched_state;
  struct fairqueue *queue = &eevdf->host.queues[v->pcpu];
  charge(hv, queue);
  struct fairqueue_member *next = fairqueue_next(queue);
  return next ? exchange(hv, v, queue, next) : NULL;
}

/* v never comes to the queue if it takes over: who has run until now does. */
ALWAYS_INLINE struct vcpu *simple_challenge(struct hv *hv, struct vcpu *v, struct vcpu **loser) {
  struct eevdf *eevdf = hv->sched_state;
  /* Where it is can be told before v itself is at hand. */
  struct fairqueue_member *member = &eevdf->host.members[v - hv->vcpus];
  pcpu_id_t p = member->queue;
  struct fairqueue *queue = &eevdf->host.queues[p];
  charge(hv, queue);
  fairhost_join(&eevdf->host, member, p);
  if (!fairqueue_preempts(queue, member)) {
    push(hv, member, p);
    return NULL;
  }
  struct vcpu *current = hv->pcpus[p].current;
  if (!vcpu_is_quiet(current, RS_RUNNING)) {
    push(hv, member, p);
    hv_ask(hv, p);
    return NULL;
  }
  push(hv, queue->running, p);
  queue->running = NULL;
  *loser = current;
  return v;
}

/* A gang that was refused waits in no queue, for any pCPU. */
static __attribute__((noinline)) bool has_refused_gang(const struct hv *hv) {
  for (vm_id_t i = 0; i < hv->n_vms; i++)
    if (hv->vms[i].n_in[RS_COSTOP] > 0 && !hv->vms[i].is_starting) return true;
  return false;
}

/* Does anybody wait for p? */
static bool is_wanted(const struct hv *hv, pcpu_id_t p) {
  if (eevdf_has_own(hv, p)) return true;
  if (hv->cosched->shares_slice_end && has_refused_gang(hv)) return true;
  if (!hv->is_core_scheduled) return false;
  pcpu_id_t n = hv->topology.n_in[DISTANCE_CORE], first = p - p % n, q = first;
  while (q < first + n && !eevdf_has_own(hv, q)) q++;
  return q < first + n;
}

/* With hrtick: until it has what it asked for, if anybody but v itself waits for it. */
ALWAYS_INLINE int64_t eevdf_slice_ns(const struct hv *hv, const struct vcpu *v) {
  const struct eevdf *eevdf = hv->sched_state;
  const struct fairqueue_member *member = member_of(hv, v);
  if (!eevdf->params.hrtick || !is_wanted(hv, member->queue)) return TIME_NEVER_NS;
  if (fairqueue_is_alone(&eevdf->host.queues[member->queue], member)) return TIME_NEVER_NS;
  return fairqueue_left_ns(member);
}

/* A tick ends it, if anything does. */
ALWAYS_INLINE int64_t simple_slice_ns(const struct hv *hv, const struct vcpu *v) {
  (void)hv, (void)v;
  return TIME_NEVER_NS;
}

/* --- ticks --- */

/* p takes one from the queue with the greatest load. */
static void balance(struct hv *hv, pcpu_id_t p) {
  struct eevdf *eevdf = hv->sched_state;
  struct fairhost *host = &eevdf->host;
  if (pcpuset_has(&host->balanced, p)) return;
  struct fairqueue_member *member = fairhost_victim(host, hv, p, host->queues[p].weight);
  if (!member) return;
  pcpu_id_t q = member->queue;
  fairqueue_pull(member);
  fairhost_leave(host, member, q);
  member->queue = p;
  arrive(hv, member);
  fairhost_exclude(host, p);
  fairhost_exclude(host, q);
}

static void balance_all(struct hv *hv) {
  struct eevdf *eevdf = hv->sched_state;
  for (pcpu_id_t p = 0; p < hv->n_pcpus; p++) balance(hv, p);
  fairhost_include_all(&eevdf->host);
}

/* Charges who runs on first..first+63; where a slice is over then, by bit, as that is a toss-up. */
static uint64_t charge_all(const struct hv *hv, pcpu_id_t first) {
  const struct eevdf *eevdf = hv->sched_state;
  struct fairqueue *queue = &eevdf->host.queues[first];
  int64_t now = hv->sim->now_ns, base_ns = hv->timeslice_ns;
  uint32_t n = hv->n_pcpus - first < 64 ? hv->n_pcpus - first : 64;
  uint64_t over = 0;
  for (uint32_t i = 0; i < n; i++, queue++) {
    if (!queue->running) continue;
    fairqueue_charge(queue, now, base_ns);
    over |= (uint64_t)fairqueue_is_over(queue) << i;
  }
  return over;
}

static int64_t eevdf_timer(struct hv *hv) {
  const struct eevdf *eevdf = hv->sched_state;
  int64_t now = hv->sim->now_ns, tick_ns = eevdf->params.tick_ns;
  int64_t interval_ns = eevdf->params.balance_interval_ns;
  for (pcpu_id_t first = 0; first < hv->n_pcpus; first += 64) {
    for (uint64_t over = charge_all(hv, first); over != 0; over &= over - 1) {
      pcpu_id_t p = first + (pcpu_id_t)__builtin_ctzll(over);
      if (is_wanted(hv, p)) hv_ask(hv, p);
    }
  }
  if (now / interval_ns != (now - tick_ns) / interval_ns && hv->n_queued > 0) balance_all(hv);
  return now + tick_ns;
}

static void eevdf_audit(const struct hv *hv) {
  const struct eevdf *eevdf = hv->sched_state;
  fairhost_audit(&eevdf->host, hv);
  spread_audit(hv);
}

PICKED_WAYS(eevdf)
PICKED_WAYS(simple)

/* Whom p picks instead of who runs there, or to go on; NULL: one of them is not quiet, or nobody is
   eligible. All pCPUs that are asked decide now, so to charge who runs there changes nothing. */
static inline struct vcpu *quiet_next(const struct hv *hv, pcpu_id_t p) {
  const struct eevdf *eevdf = hv->sched_state;
  struct fairqueue *queue = &eevdf->host.queues[p];
  struct vcpu *v = hv->pcpus[p].current;
  charge(hv, queue);
  struct vcpu *next = vcpu_of(hv, fairqueue_next(queue));
  if (!next || !vcpu_is_quiet(v, RS_RUNNING)) return NULL;
  return next == v || vcpu_is_quiet(next, RS_READY) ? next : NULL;
}

/* As the vCPU that each of them decides about stands in its own queue then, none takes any from
   another. */
static bool simple_decide_all(struct hv *hv) {
  const struct eevdf *eevdf = hv->sched_state;
  uint32_t n = 0;
  for (pcpu_id_t p = ID_NONE; (p = pcpuset_next(&hv->asked, p + 1)) != ID_NONE; n++)
    if (!(hv->picks[n] = quiet_next(hv, p))) return false;
  bool are_many = move_are_many(hv, n);
  for (uint32_t i = 0; i < n; i++) {
    struct vcpu *next = hv->picks[i];
    struct fairqueue_member *member = member_of(hv, next);
    pcpu_id_t p = member->queue;
    struct vcpu *v = hv->pcpus[p].current;
    pcpuset_remove(&hv->asked, p);
    exchange(hv, v, &eevdf->host.queues[p], member);
    if (are_many && next != v)
      picked_swap_one(hv, v, next, &sched_simple);
    else
      picked_settle(hv, v, next, &sched_simple);
  }
  if (are_many) calendar_build_pcpus(&hv->sim->calendar);
  return true;
}

#define EEVDF_OPS                                                                              \
  .enqueue = eevdf_enqueue, .dequeue = eevdf_dequeue, .pick = eevdf_pick,                      \
  .has_own = eevdf_has_own, .first = eevdf_first, .take = eevdf_dequeue, .trade = eevdf_trade, \
  .is_endless = true, .started = eevdf_started, .withdrawn = eevdf_withdrawn,                  \
  .timer = eevdf_timer, .queue_of = eevdf_queue_of, .audit = eevdf_audit

const struct sched_ops sched_eevdf = {
    .kind = {.name = "eevdf",
             .help = "Linux (KVM): the earliest virtual deadline of those not ahead of their share",
             .params = eevdf_params,
             .n_params = sizeof eevdf_params / sizeof *eevdf_params,
             .params_size = sizeof(struct sched_eevdf_params)},
    .honours = HONOURS_WEIGHT,
    .create = eevdf_create,
    EEVDF_OPS,
    .slice_ns = eevdf_slice_ns,
    .stopped = eevdf_stopped,
    PICKED_OPS(eevdf),
};

static const struct sched_ops sched_simple = {
    EEVDF_OPS,
    .slice_ns = simple_slice_ns,
    .stopped = simple_stopped,
    .challenge = simple_challenge,
    PICKED_OPS(simple),
    .decide_all = simple_decide_all,
};
