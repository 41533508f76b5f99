/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Linux' EEVDF, as it schedules the vCPU threads of KVM.

   Idea: of those who have not had more than their share, the one whose slice would be over first.
   Rule: one queue per pCPU. Virtual runtime advances inversely to weight while a vCPU runs; who is
   not ahead of the queue's mean is eligible; of the eligible ones the earliest virtual deadline
   runs, until its slice is over, which ticks find out. A sleeper keeps its lag, within bounds. Who
   wakes goes to an idle pCPU; else it preempts if it would be picked. Idle pCPUs take from the
   longest queue, and busy ones now and then.
   Invariants: the sums of a queue are those of its members; a queued vCPU may use its pCPU.
   Cost: O(length of a queue) per dispatch; who takes from others looks at one number for each OCTET
   of pCPUs and at few queues. Source: Stoica and Abdel-Wahab (1995); Linux 6.6,
   kernel/sched/fair.c. Groups, energy and NUMA are left out. */
#include "hv/fairqueue.h"
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

/* pCPUs among whose queues the heaviest is looked for together. */
enum { OCTET = 8 };

struct eevdf {
  struct sched_eevdf_params params;
  struct fairqueue_member *vcpus;
  struct fairqueue *queues; /* by pCPU */
  int64_t *bounds;          /* of each OCTET of pCPUs: none of its queues is heavier */
  struct pcpuset balanced;  /* have given or taken in the running pass */
  int64_t most_lag_ns;      /* that a sleeper keeps, of standard weight */
  uint64_t n_arrivals;
};

static struct fairqueue_member *member_of(const struct hv *hv, const struct vcpu *v) {
  const struct eevdf *eevdf = hv->sched_state;
  return &eevdf->vcpus[v->id];
}

static struct vcpu *vcpu_of(const struct hv *hv, const struct fairqueue_member *member) {
  const struct eevdf *eevdf = hv->sched_state;
  return member ? &hv->vcpus[member - eevdf->vcpus] : NULL;
}

static pcpu_id_t eevdf_queue_of(const struct hv *hv, const struct vcpu *v) {
  return member_of(hv, v)->queue;
}

static void *eevdf_create(struct hv *hv, const void *params, struct arena *arena) {
  struct eevdf *eevdf = ARENA_NEW(arena, struct eevdf);
  eevdf->params = *(const struct sched_eevdf_params *)params;
  if (eevdf->params.base_slice_ns == BASE_SLICE_SCALED) {
    int log2 = 31 - __builtin_clz(hv->n_pcpus);
    eevdf->params.base_slice_ns = INT64_C(700000) * (1 + (log2 < 3 ? log2 : 3));
  }
  eevdf->vcpus = ARENA_ARRAY(arena, hv->n_vcpus, struct fairqueue_member);
  uint32_t n_octets = (hv->n_pcpus + OCTET - 1) / OCTET;
  eevdf->queues = ARENA_ARRAY(arena, n_octets * OCTET, struct fairqueue);
  eevdf->bounds = ARENA_ARRAY(arena, n_octets, int64_t);
  pcpuset_init(&eevdf->balanced, arena, hv->n_pcpus);
  for (pcpu_id_t p = 0; p < hv->n_pcpus; p++) fairqueue_init(&eevdf->queues[p]);
  for (vcpu_id_t i = 0; i < hv->n_vcpus; i++) {
    const struct vcpu *v = &hv->vcpus[i];
    eevdf->vcpus[i].weight = hv_vm_of(hv, v)->weight;
    eevdf->vcpus[i].queue = hv_first_pcpu(hv, v);
  }
  eevdf->most_lag_ns = 2 * eevdf->params.base_slice_ns;
  if (eevdf->params.tick_ns > eevdf->most_lag_ns) eevdf->most_lag_ns = eevdf->params.tick_ns;
  hv->timeslice_ns = eevdf->params.base_slice_ns;
  hv->is_spread = eevdf->params.placement == SCHED_PLACE_BALANCE;
  hv->timer_ns = eevdf->params.tick_ns;
  return eevdf;
}

/* --- coming and going --- */

static inline struct fairqueue *queue_of(const struct eevdf *eevdf,
                                         const struct fairqueue_member *member) {
  return &eevdf->queues[member->queue];
}

static inline void charge(const struct hv *hv, struct fairqueue_member *running) {
  const struct eevdf *eevdf = hv->sched_state;
  fairqueue_charge(queue_of(eevdf, running), running, hv->sim->now_ns, eevdf->params.base_slice_ns);
}

static inline void join(const struct eevdf *eevdf, struct fairqueue_member *member) {
  struct fairqueue *queue = queue_of(eevdf, member);
  int64_t *bound = &eevdf->bounds[member->queue / OCTET];
  fairqueue_join(queue, member, eevdf->params.base_slice_ns);
  *bound = *bound < queue->weight ? queue->weight : *bound;
}

static inline void leave(const struct eevdf *eevdf, struct fairqueue_member *member) {
  fairqueue_leave(queue_of(eevdf, member), member, eevdf->most_lag_ns);
}

static inline void push(struct hv *hv, struct fairqueue_member *member) {
  struct eevdf *eevdf = hv->sched_state;
  pcpuset_put(&hv->queued, member->queue);
  fairqueue_push(queue_of(eevdf, member), member, eevdf->n_arrivals++);
}

static inline void pull(struct hv *hv, struct fairqueue_member *member) {
  fairqueue_pull(member);
  pcpuset_drop(&hv->queued, member->queue, member->ring.before == member->ring.behind);
}

/* member has come to the queue of a pCPU where nobody runs: who runs on another thread of the core,
   which has one VM, may have to go. */
static __attribute__((noinline)) void check_core(struct hv *hv,
                                                 const struct fairqueue_member *member) {
  const struct eevdf *eevdf = hv->sched_state;
  const struct vcpu *rival = hv_rival(hv, member->queue);
  if (!rival || rival->has_expired) return;
  struct fairqueue_member *running = member_of(hv, rival);
  charge(hv, running);
  bool is_timed = eevdf->params.hrtick && hv->pcpus[rival->pcpu].slice_end_ns == TIME_NEVER_NS;
  bool is_over = !running->is_protected && fairqueue_earliest(queue_of(eevdf, member)) == member;
  if (is_timed || is_over) hv_ask(hv, member->queue);
}

/* member comes to the queue that has been found for it. */
static inline void arrive(struct hv *hv, struct fairqueue_member *member) {
  struct eevdf *eevdf = hv->sched_state;
  struct fairqueue *queue = queue_of(eevdf, member);
  pcpu_id_t p = member->queue;
  struct fairqueue_member *running = queue->running;
  if (running) charge(hv, running);
  join(eevdf, member);
  push(hv, member);
  if (!running) {
    if (hv->is_core_scheduled) check_core(hv, member);
    return;
  }
  bool is_timed = eevdf->params.hrtick && hv->pcpus[p].slice_end_ns == TIME_NEVER_NS;
  if ((is_timed || fairqueue_preempts(queue, member, running)) &&
      !hv->pcpus[p].current->has_expired)
    hv_ask(hv, p);
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
  charge(hv, member);
  if (reason == QUEUE_YIELDED) {
    int64_t slice_ns = fairqueue_virtual_ns(member, eevdf->params.base_slice_ns);
    fairqueue_set_deadline(member, member->ring.deadline_ns + slice_ns);
  }
  push(hv, member);
}

MOVE_INLINE void eevdf_enqueue(struct hv *hv, struct vcpu *v, enum queue_reason reason) {
  if (reason == QUEUE_DESCHEDULED || reason == QUEUE_YIELDED) {
    requeue(hv, v, reason);
    return;
  }
  struct eevdf *eevdf = hv->sched_state;
  /* Where it is can be told before v itself is at hand. */
  struct fairqueue_member *member = &eevdf->vcpus[v - hv->vcpus];
  if (hv_has_free(hv, v)) member->queue = select_idle(hv, v, member->queue);
  if (hv->is_spread) member->queue = spread_place(hv, v, member->queue);
  arrive(hv, member);
}

static inline void eevdf_dequeue(struct hv *hv, struct vcpu *v) { pull(hv, member_of(hv, v)); }

static void eevdf_withdrawn(struct hv *hv, struct vcpu *v) {
  leave(hv->sched_state, member_of(hv, v));
}

/* It starts on another pCPU than the one in whose queue it stands, or stands in none. */
static __attribute__((noinline)) void move_to(const struct eevdf *eevdf,
                                              struct fairqueue_member *member, pcpu_id_t p) {
  if (member->is_member) leave(eevdf, member);
  member->queue = p;
  join(eevdf, member);
}

MOVE_INLINE void eevdf_started(struct hv *hv, struct vcpu *v) {
  struct eevdf *eevdf = hv->sched_state;
  struct fairqueue_member *member = member_of(hv, v);
  if (member->queue != v->pcpu || !member->is_member) move_to(eevdf, member, v->pcpu);
  member->is_protected = true;
  member->charged_ns = hv->sim->now_ns;
  queue_of(eevdf, member)->running = member;
}

static inline void eevdf_stopped(struct hv *hv, struct vcpu *v) {
  struct eevdf *eevdf = hv->sched_state;
  struct fairqueue_member *member = member_of(hv, v);
  charge(hv, member);
  queue_of(eevdf, member)->running = NULL;
  if (!v->is_queued) leave(eevdf, member);
}

/* --- who runs on p --- */

/* p, which goes on, gets no sibling of who runs there. */
static bool runs_sibling(const struct hv *hv, const struct vcpu *v, pcpu_id_t p) {
  const struct vcpu *current = hv->pcpus[p].current;
  return hv->is_spread && current && current->vm == v->vm;
}

/* Who has waited longest in q's queue, of those that may move to p, or stay there, and are no
   heavier than the difference to `load`; NULL: nobody. */
static struct fairqueue_member *longest_waiting(const struct hv *hv, pcpu_id_t q, pcpu_id_t p,
                                                int64_t load) {
  const struct eevdf *eevdf = hv->sched_state;
  const struct fairqueue *queue = &eevdf->queues[q];
  struct fairqueue_member *best = NULL, *member;
  FAIRQUEUE_FOREACH(member, queue) {
    const struct vcpu *v = vcpu_of(hv, member);
    if (best && member->arrival > best->arrival) continue;
    if (q != p && !spread_may_take(hv, v, p)) continue;
    if (member->weight > queue->weight - load) continue;
    if (load == 0 || !runs_sibling(hv, v, p)) best = member;
  }
  return best;
}

/* Who of the octet that begins at `first` may give, by bit, and is the first that is heavier than
   most; else p. */
static pcpu_id_t heaviest_of(const struct eevdf *eevdf, pcpu_id_t first, uint64_t givers,
                             int64_t most, pcpu_id_t p) {
  int64_t bound = 0;
  for (uint32_t i = 0; i < OCTET; i++) {
    int64_t weight = eevdf->queues[first + i].weight;
    int64_t given = weight & -(int64_t)(givers >> i & 1);
    bound = weight > bound ? weight : bound;
    p = given > most ? first + i : p; /* a toss-up */
    most = given > most ? given : most;
  }
  eevdf->bounds[first / OCTET] = bound;
  return p;
}

/* The first of first..behind-1 with the greatest load, of those where somebody waits who may leave
   in the running pass of balancing; else p. */
static pcpu_id_t heaviest(const struct hv *hv, pcpu_id_t first, pcpu_id_t behind, pcpu_id_t p) {
  const struct eevdf *eevdf = hv->sched_state;
  int64_t most = 0;
  for (uint32_t w = first / 64; w * 64 < behind; w++) {
    uint64_t rest = pcpuset_word(&hv->queued, w, first, behind) & ~eevdf->balanced.word[w];
    for (uint32_t octet = w * 64; rest; rest >>= OCTET, octet += OCTET) {
      if (eevdf->bounds[octet / OCTET] <= most || !(rest & 0xff)) continue;
      p = heaviest_of(eevdf, octet, rest, most, p);
      most = eevdf->queues[p].weight;
    }
  }
  return p;
}

/* … from the queue with the greatest load of the nearest ones: nearly always the heaviest of all
   has such a one. */
static __attribute__((noinline)) struct fairqueue_member *victim(const struct hv *hv, pcpu_id_t p,
                                                                 int64_t load) {
  const struct eevdf *eevdf = hv->sched_state;
  struct fairqueue_member *best = NULL, *member;
  uint32_t n_before = 1;
  for (int distance = DISTANCE_CORE; !best && distance < DISTANCES; distance++) {
    uint32_t n = hv->topology.n_in[distance];
    if (n <= n_before) continue;
    n_before = n;
    pcpu_id_t first = n < hv->n_pcpus ? p / n * n : 0, q = heaviest(hv, first, first + n, p);
    if (eevdf->queues[q].weight <= load) continue;
    best = longest_waiting(hv, q, p, load);
    if (best) break;
    int64_t most = load;
    for (q = first; (q = pcpuset_next(&hv->queued, q)) < first + n; q++) {
      if (eevdf->queues[q].weight <= most || pcpuset_has(&eevdf->balanced, q)) continue;
      if (!(member = longest_waiting(hv, q, p, load))) continue;
      best = member;
      most = eevdf->queues[q].weight;
    }
  }
  return best;
}

/* None of those who wait at p is eligible, which is for rounding, or nobody waits. */
static __attribute__((noinline)) struct fairqueue_member *search(const struct hv *hv, pcpu_id_t p) {
  struct fairqueue_member *next = longest_waiting(hv, p, p, 0);
  return next ? next : victim(hv, p, 0);
}

static inline struct vcpu *eevdf_first(struct hv *hv, pcpu_id_t p) {
  const struct eevdf *eevdf = hv->sched_state;
  struct fairqueue_member *first = fairqueue_earliest(&eevdf->queues[p]);
  return vcpu_of(hv, first ? first : search(hv, p));
}

static inline struct vcpu *eevdf_pick(struct hv *hv, pcpu_id_t p) {
  const struct eevdf *eevdf = hv->sched_state;
  const struct fairqueue *queue = &eevdf->queues[p];
  struct vcpu *current = hv->pcpus[p].current; /* to be decided about, or NULL */
  if (current && current->is_queued && !current->has_yielded &&
      fairqueue_goes_on(queue, member_of(hv, current)))
    return current;
  struct vcpu *next = eevdf_first(hv, p);
  if (next) member_of(hv, next)->is_protected = true;
  return next;
}

static inline void eevdf_take(struct hv *hv, struct vcpu *v) {
  struct fairqueue_member *member = member_of(hv, v);
  member->is_protected = true;
  pull(hv, member);
}

/* Of two with the same deadline the one who waits comes first. */
static inline struct vcpu *eevdf_trade(struct hv *hv, struct vcpu *v) {
  struct eevdf *eevdf = hv->sched_state;
  struct fairqueue_member *running = member_of(hv, v);
  struct fairqueue *queue = queue_of(eevdf, running);
  charge(hv, running);
  if (fairqueue_goes_on(queue, running)) return v;
  struct fairqueue_member *next = fairqueue_earliest(queue);
  if (!next) return NULL;
  bool is_first = running->ring.deadline_ns < next->ring.deadline_ns;
  if (is_first && fairqueue_is_eligible(queue, running)) next = running;
  next->is_protected = true;
  if (next == running) return v;
  fairqueue_pull(next);
  fairqueue_push(queue, running, eevdf->n_arrivals++);
  queue->running = NULL;
  return vcpu_of(hv, next);
}

/* Does anybody wait for p? A gang that was refused waits in no queue, for any pCPU. */
static bool is_wanted(const struct hv *hv, pcpu_id_t p) {
  bool has_gangs = hv->cosched->shares_slice_end && hv->n_waiting > hv->n_queued;
  if (has_gangs || pcpuset_has(&hv->queued, p)) return true;
  if (!hv->is_core_scheduled) return false;
  pcpu_id_t n = hv->topology.n_in[DISTANCE_CORE], first = p - p % n;
  return pcpuset_next(&hv->queued, first) < first + n;
}

/* With hrtick: until it has what it asked for, if anybody but v itself waits for it. */
MOVE_INLINE int64_t eevdf_slice_ns(const struct hv *hv, const struct vcpu *v) {
  const struct eevdf *eevdf = hv->sched_state;
  const struct fairqueue_member *member = member_of(hv, v);
  if (!eevdf->params.hrtick || !is_wanted(hv, member->queue)) return TIME_NEVER_NS;
  if (fairqueue_is_alone(queue_of(eevdf, member), member)) return TIME_NEVER_NS;
  int64_t wanted = (member->ring.deadline_ns - member->v_ns) * member->weight - member->rest;
  return wanted > FAIRQUEUE_WEIGHT_ONE ? (wanted + FAIRQUEUE_WEIGHT_ONE - 1) / FAIRQUEUE_WEIGHT_ONE
                                       : 1;
}

/* --- ticks --- */

/* p takes one from the queue with the greatest load. */
static void balance(struct hv *hv, pcpu_id_t p) {
  struct eevdf *eevdf = hv->sched_state;
  if (pcpuset_has(&eevdf->balanced, p)) return;
  struct fairqueue_member *member = victim(hv, p, eevdf->queues[p].weight);
  if (!member) return;
  pcpuset_add(&eevdf->balanced, p);
  pcpuset_add(&eevdf->balanced, member->queue);
  pull(hv, member);
  leave(eevdf, member);
  member->queue = p;
  arrive(hv, member);
}

static int64_t eevdf_timer(struct hv *hv) {
  struct eevdf *eevdf = hv->sched_state;
  int64_t now = hv->sim->now_ns, tick_ns = eevdf->params.tick_ns;
  int64_t interval_ns = eevdf->params.balance_interval_ns;
  for (pcpu_id_t p = 0; p < hv->n_pcpus; p++) {
    struct fairqueue_member *running = eevdf->queues[p].running;
    if (!running) continue;
    fairqueue_charge(&eevdf->queues[p], running, now, eevdf->params.base_slice_ns);
    if (!running->is_protected && is_wanted(hv, p)) hv_ask(hv, p);
  }
  if (now / interval_ns != (now - tick_ns) / interval_ns && hv->n_queued > 0) {
    for (pcpu_id_t p = 0; p < hv->n_pcpus; p++) balance(hv, p);
    while (eevdf->balanced.n_members > 0)
      pcpuset_remove(&eevdf->balanced, pcpuset_first(&eevdf->balanced));
  }
  return now + tick_ns;
}

static void eevdf_audit(const struct hv *hv) {
  const struct eevdf *eevdf = hv->sched_state;
  uint32_t n_queued = 0;
  for (pcpu_id_t p = 0; p < hv->n_pcpus; p++) {
    const struct fairqueue *queue = &eevdf->queues[p];
    int64_t weight = 0, sum_ns = 0;
    const struct fairqueue_member *member = queue->running;
    assert(vcpu_of(hv, member) == hv->pcpus[p].current);
    if (member) {
      assert(member->queue == p && member->is_member);
      weight += member->weight;
      sum_ns += member->weight * (member->v_ns - queue->zero_ns);
    }
    FAIRQUEUE_FOREACH(member, queue) {
      assert(member->queue == p && member->is_member && hv_may_use(hv, vcpu_of(hv, member), p));
      assert(member->ring.before->deadline_ns <= member->ring.deadline_ns);
      weight += member->weight;
      sum_ns += member->weight * (member->v_ns - queue->zero_ns);
      n_queued++;
    }
    assert(weight <= eevdf->bounds[p / OCTET]);
    assert(weight == queue->weight && sum_ns == queue->sum_ns);
    assert(pcpuset_has(&hv->queued, p) == !fairqueue_is_empty(queue));
  }
  assert(n_queued == hv->n_queued);
  spread_audit(hv);
}

PICKED_WAYS(eevdf)

static bool is_quiet_queue(const struct hv *hv, const struct fairqueue *queue) {
  const struct fairqueue_member *member;
  FAIRQUEUE_FOREACH(member, queue) {
    if (!vcpu_is_quiet(vcpu_of(hv, member), RS_READY)) return false;
  }
  return vcpu_is_quiet(vcpu_of(hv, queue->running), RS_RUNNING);
}

/* As the vCPU that each of them decides about stands in its own queue then, none takes any from
   another. */
static bool eevdf_decide_all(struct hv *hv) {
  const struct eevdf *eevdf = hv->sched_state;
  pcpu_id_t p = ID_NONE;
  while ((p = pcpuset_next(&hv->asked, p + 1)) != ID_NONE)
    if (!is_quiet_queue(hv, &eevdf->queues[p])) return false;
  while ((p = pcpuset_first(&hv->asked)) != ID_NONE) {
    pcpuset_remove(&hv->asked, p);
    eevdf_decide(hv, p);
  }
  return true;
}

const struct sched_ops sched_eevdf = {
    .kind = {.name = "eevdf",
             .help = "Linux (KVM): the earliest virtual deadline of those not ahead of their share",
             .params = eevdf_params,
             .n_params = sizeof eevdf_params / sizeof *eevdf_params,
             .params_size = sizeof(struct sched_eevdf_params)},
    .honours = HONOURS_WEIGHT,
    .create = eevdf_create,
    .enqueue = eevdf_enqueue,
    .dequeue = eevdf_dequeue,
    .pick = eevdf_pick,
    .first = eevdf_first,
    .take = eevdf_take,
    .trade = eevdf_trade,
    PICKED_OPS(eevdf),
    .decide_all = eevdf_decide_all,
    .slice_ns = eevdf_slice_ns,
    .started = eevdf_started,
    .stopped = eevdf_stopped,
    .withdrawn = eevdf_withdrawn,
    .timer = eevdf_timer,
    .queue_of = eevdf_queue_of,
    .audit = eevdf_audit,
};
