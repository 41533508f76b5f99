/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Linux' EEVDF, as it schedules the vCPU threads of KVM.

   Idea: of those who have not had more than their share, the one whose slice would be over first.
   Rule: one queue per pCPU. Virtual runtime advances inversely to weight while a vCPU runs; who is
   not ahead of the queue's mean is eligible; of the eligible ones the earliest virtual deadline
   runs, until its slice is over, which ticks find out. A sleeper keeps its lag, within bounds. Who
   wakes goes to an idle pCPU; else it preempts if it would be picked. Idle pCPUs take from the
   longest queue, and busy ones now and then.
   Invariants: the sums of a queue are those of its members; a queued vCPU may use its pCPU.
   Cost: O(length of a queue) per dispatch, O(pCPUs) per balancing. Source: Stoica and Abdel-Wahab
   (1995); Linux 6.6, kernel/sched/fair.c. Groups, energy and NUMA are left out. */
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

/* Who waits at a pCPU: by deadline, of equals as they came, in a ring that the queue closes. */
struct ring {
  struct ring *before, *behind;
  int64_t deadline_ns; /* virtual; of the end: before all others */
};

/* All that an event touches of it, in one cache line. */
struct __attribute__((aligned(ARENA_LINE))) eevdf_vcpu {
  struct ring ring;
  int64_t v_ns; /* virtual runtime */
  union {
    int64_t lag_ns;   /* the mean less v_ns, when it left its queue; until it is in one again */
    uint64_t arrival; /* while it waits: which one of all it was */
  };
  int64_t charged_ns; /* up to when v_ns has advanced, while it runs */
  uint32_t rest;      /* what of v_ns is no whole ns yet, times its weight */
  uint32_t weight;
  pcpu_id_t queue;
  bool is_member;    /* counts in the sums of its queue: it waits there or runs */
  bool is_old;       /* has been placed before */
  bool is_protected; /* has the deadline that it had when it was picked */
};

struct __attribute__((aligned(ARENA_LINE))) queue {
  struct ring waiting;
  int64_t zero_ns;  /* near the mean */
  int64_t sum_ns;   /* of weight x (v_ns - zero_ns) over all members */
  int64_t weight;   /* of all members */
  bool is_balanced; /* has given or taken in the running pass */
};

#define QUEUE_FOREACH(entity, queue)                                                              \
  for (entity = (struct eevdf_vcpu *)(queue)->waiting.behind; &entity->ring != &(queue)->waiting; \
       entity = (struct eevdf_vcpu *)entity->ring.behind)

struct eevdf {
  struct sched_eevdf_params params;
  struct eevdf_vcpu *vcpus;
  struct queue *queues; /* by pCPU */
  int64_t most_lag_ns;  /* that a sleeper keeps, of standard weight */
  uint64_t n_arrivals;
};

static struct eevdf_vcpu *entity_of(const struct hv *hv, const struct vcpu *v) {
  const struct eevdf *eevdf = hv->sched_state;
  return &eevdf->vcpus[v->id];
}

static struct vcpu *vcpu_of(const struct hv *hv, const struct eevdf_vcpu *entity) {
  const struct eevdf *eevdf = hv->sched_state;
  return entity ? &hv->vcpus[entity - eevdf->vcpus] : NULL;
}

static pcpu_id_t eevdf_queue_of(const struct hv *hv, const struct vcpu *v) {
  return entity_of(hv, v)->queue;
}

static void *eevdf_create(struct hv *hv, const void *params, struct arena *arena) {
  struct eevdf *eevdf = ARENA_NEW(arena, struct eevdf);
  eevdf->params = *(const struct sched_eevdf_params *)params;
  if (eevdf->params.base_slice_ns == BASE_SLICE_SCALED) {
    int log2 = 31 - __builtin_clz(hv->n_pcpus);
    eevdf->params.base_slice_ns = INT64_C(700000) * (1 + (log2 < 3 ? log2 : 3));
  }
  eevdf->vcpus = ARENA_ARRAY(arena, hv->n_vcpus, struct eevdf_vcpu);
  eevdf->queues = ARENA_ARRAY(arena, hv->n_pcpus, struct queue);
  for (pcpu_id_t p = 0; p < hv->n_pcpus; p++) {
    struct ring *ends = &eevdf->queues[p].waiting;
    *ends = (struct ring){ends, ends, INT64_MIN};
  }
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

/* --- virtual time --- */

/* Weights are relative to that of a VM that says nothing. */
enum { WEIGHT_ONE = 256 };

static int64_t virtual_ns(const struct eevdf_vcpu *entity, int64_t time_ns) {
  return entity->weight == WEIGHT_ONE ? time_ns : time_ns * WEIGHT_ONE / entity->weight;
}

static int64_t mean_ns(const struct queue *queue) {
  return queue->weight ? queue->zero_ns + queue->sum_ns / queue->weight : queue->zero_ns;
}

static bool is_eligible(const struct queue *queue, const struct eevdf_vcpu *entity) {
  return (entity->v_ns - queue->zero_ns) * queue->weight <= queue->sum_ns;
}

static void add(struct queue *queue, struct eevdf_vcpu *entity) {
  int64_t shift_ns = mean_ns(queue) - queue->zero_ns; /* keeps the sums small */
  queue->zero_ns += shift_ns;
  queue->sum_ns -= shift_ns * queue->weight;
  queue->weight += entity->weight;
  queue->sum_ns += entity->weight * (entity->v_ns - queue->zero_ns);
  entity->is_member = true;
}

static void subtract(struct queue *queue, struct eevdf_vcpu *entity) {
  queue->sum_ns -= entity->weight * (entity->v_ns - queue->zero_ns);
  queue->weight -= entity->weight;
  entity->is_member = false;
}

static int64_t slice_of(const struct eevdf *eevdf, const struct eevdf_vcpu *entity) {
  return virtual_ns(entity, eevdf->params.base_slice_ns);
}

static void set_deadline(struct eevdf_vcpu *entity, int64_t deadline_ns) {
  entity->is_protected &= deadline_ns == entity->ring.deadline_ns;
  entity->ring.deadline_ns = deadline_ns;
}

/* How far v_ns has come in time_ns, and what is left over. */
static int64_t advance(struct eevdf_vcpu *entity, int64_t time_ns) {
  if (entity->weight == WEIGHT_ONE) return time_ns;
  int64_t due = time_ns * WEIGHT_ONE + entity->rest;
  entity->rest = (uint32_t)(due % entity->weight);
  return due / entity->weight;
}

/* Brings one that runs up to now. A slice that is over is followed by a new one. */
static inline void charge(const struct hv *hv, struct eevdf_vcpu *entity) {
  struct eevdf *eevdf = hv->sched_state;
  int64_t time_ns = hv->sim->now_ns - entity->charged_ns;
  if (time_ns == 0) return;
  entity->charged_ns = hv->sim->now_ns;
  int64_t advance_ns = advance(entity, time_ns);
  entity->v_ns += advance_ns;
  eevdf->queues[entity->queue].sum_ns += entity->weight * advance_ns;
  if (entity->v_ns >= entity->ring.deadline_ns)
    set_deadline(entity, entity->v_ns + slice_of(eevdf, entity));
}

/* --- coming and going --- */

/* entity comes to a queue with the lag that it had, and more, as joining moves the mean. */
static inline void join(struct eevdf *eevdf, struct eevdf_vcpu *entity) {
  struct queue *queue = &eevdf->queues[entity->queue];
  int64_t slice_ns = slice_of(eevdf, entity), lag_ns = entity->lag_ns;
  if (queue->weight > 0) lag_ns += lag_ns * entity->weight / queue->weight;
  entity->v_ns = mean_ns(queue) - (queue->weight > 0 ? lag_ns : 0);
  entity->ring.deadline_ns = entity->v_ns + (entity->is_old ? slice_ns : slice_ns / 2);
  entity->is_old = true;
  add(queue, entity);
}

static inline void leave(struct eevdf *eevdf, struct eevdf_vcpu *entity) {
  struct queue *queue = &eevdf->queues[entity->queue];
  int64_t most_ns = virtual_ns(entity, eevdf->most_lag_ns);
  entity->lag_ns = mean_ns(queue) - entity->v_ns;
  if (entity->lag_ns > most_ns) entity->lag_ns = most_ns;
  if (entity->lag_ns < -most_ns) entity->lag_ns = -most_ns;
  subtract(queue, entity);
}

/* Whether somebody else waits there is a toss-up: no branch depends on that. */
static void push(struct hv *hv, struct eevdf_vcpu *entity) {
  struct eevdf *eevdf = hv->sched_state;
  struct ring *ends = &eevdf->queues[entity->queue].waiting, *at = ends->before;
  pcpuset_put(&hv->queued, entity->queue, at == ends);
  while (at->deadline_ns > entity->ring.deadline_ns) at = at->before;
  entity->arrival = eevdf->n_arrivals++;
  entity->ring = (struct ring){at, at->behind, entity->ring.deadline_ns};
  at->behind = at->behind->before = &entity->ring;
}

static void pull(struct hv *hv, struct eevdf_vcpu *entity) {
  struct ring *before = entity->ring.before, *behind = entity->ring.behind;
  before->behind = behind;
  behind->before = before;
  pcpuset_drop(&hv->queued, entity->queue, before == behind);
}

/* The eligible one with the earliest deadline, of equals the first that came. */
static struct eevdf_vcpu *earliest(const struct queue *queue) {
  struct eevdf_vcpu *entity;
  QUEUE_FOREACH(entity, queue) {
    if (is_eligible(queue, entity)) return entity;
  }
  return NULL;
}

/* entity has come to a queue whose pCPU is busy: does it preempt? */
static inline void check_preemption(struct hv *hv, const struct eevdf_vcpu *entity) {
  struct eevdf *eevdf = hv->sched_state;
  const struct queue *queue = &eevdf->queues[entity->queue];
  const struct vcpu *current = hv_rival(hv, entity->queue);
  if (!current || current->has_expired) return;
  struct eevdf_vcpu *running = entity_of(hv, current);
  charge(hv, running);
  bool is_beside = running->queue != entity->queue; /* on another thread of a core that it has */
  bool must_go = !is_beside && !is_eligible(queue, running);
  bool is_earlier = is_beside || entity->ring.deadline_ns < running->ring.deadline_ns;
  bool is_better = must_go || (!running->is_protected && is_earlier);
  bool is_timed = eevdf->params.hrtick && hv->pcpus[current->pcpu].slice_end_ns == TIME_NEVER_NS;
  if (is_timed || (is_better && earliest(queue) == entity)) hv_ask(hv, entity->queue);
}

/* entity comes to the queue that has been found for it. */
static void arrive(struct hv *hv, struct eevdf_vcpu *entity) {
  const struct vcpu *current = hv->pcpus[entity->queue].current;
  if (current) charge(hv, entity_of(hv, current));
  join(hv->sched_state, entity);
  push(hv, entity);
  check_preemption(hv, entity);
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

static inline void eevdf_enqueue(struct hv *hv, struct vcpu *v, enum queue_reason reason) {
  struct eevdf *eevdf = hv->sched_state;
  struct eevdf_vcpu *entity = entity_of(hv, v);
  if (v->runstate == RS_RUNNING) {
    charge(hv, entity);
    if (reason == QUEUE_YIELDED)
      set_deadline(entity, entity->ring.deadline_ns + slice_of(eevdf, entity));
    push(hv, entity);
    return;
  }
  if (hv_has_free(hv, v)) entity->queue = select_idle(hv, v, entity->queue);
  if (hv->is_spread) entity->queue = spread_place(hv, v, entity->queue);
  arrive(hv, entity);
}

static inline void eevdf_dequeue(struct hv *hv, struct vcpu *v) { pull(hv, entity_of(hv, v)); }

static void eevdf_withdrawn(struct hv *hv, struct vcpu *v) {
  leave(hv->sched_state, entity_of(hv, v));
}

static inline void eevdf_started(struct hv *hv, struct vcpu *v) {
  struct eevdf *eevdf = hv->sched_state;
  struct eevdf_vcpu *entity = entity_of(hv, v);
  if (entity->queue != v->pcpu && entity->is_member) leave(eevdf, entity);
  entity->queue = v->pcpu;
  if (!entity->is_member) join(eevdf, entity);
  entity->is_protected = true;
  entity->charged_ns = hv->sim->now_ns;
}

static inline void eevdf_stopped(struct hv *hv, struct vcpu *v) {
  struct eevdf_vcpu *entity = entity_of(hv, v);
  charge(hv, entity);
  if (!v->is_queued) leave(hv->sched_state, entity);
}

/* --- who runs on p --- */

/* p, which goes on, gets no sibling of who runs there. */
static bool runs_sibling(const struct hv *hv, const struct vcpu *v, pcpu_id_t p) {
  const struct vcpu *current = hv->pcpus[p].current;
  return hv->is_spread && current && current->vm == v->vm;
}

/* Who has waited longest in q's queue, of those that may move to p, or stay there, and are no
   heavier than the difference to `load`; NULL: nobody. */
static struct eevdf_vcpu *longest_waiting(const struct hv *hv, pcpu_id_t q, pcpu_id_t p,
                                          int64_t load) {
  const struct eevdf *eevdf = hv->sched_state;
  const struct queue *queue = &eevdf->queues[q];
  if (queue->is_balanced) return NULL;
  struct eevdf_vcpu *best = NULL, *entity;
  QUEUE_FOREACH(entity, queue) {
    const struct vcpu *v = vcpu_of(hv, entity);
    if (best && entity->arrival > best->arrival) continue;
    if (q != p && !spread_may_take(hv, v, p)) continue;
    if (entity->weight > queue->weight - load) continue;
    if (load == 0 || !runs_sibling(hv, v, p)) best = entity;
  }
  return best;
}

/* The first of first..behind-1 with the greatest load, of those where somebody waits; else p. */
static pcpu_id_t heaviest(const struct hv *hv, pcpu_id_t first, pcpu_id_t behind, pcpu_id_t p) {
  const struct eevdf *eevdf = hv->sched_state;
  int64_t most = 0;
  for (uint32_t w = first / 64; w * 64 < behind; w++)
    for (uint64_t rest = pcpuset_word(&hv->queued, w, first, behind); rest; rest &= rest - 1) {
      pcpu_id_t q = w * 64 + (uint32_t)__builtin_ctzll(rest);
      int64_t weight = eevdf->queues[q].weight;
      p = weight > most ? q : p; /* a toss-up */
      most = weight > most ? weight : most;
    }
  return p;
}

/* … from the queue with the greatest load of the nearest ones: nearly always the heaviest of all
   has such a one. */
static __attribute__((noinline)) struct eevdf_vcpu *victim(const struct hv *hv, pcpu_id_t p,
                                                           int64_t load) {
  const struct eevdf *eevdf = hv->sched_state;
  struct eevdf_vcpu *best = NULL, *entity;
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
      if (eevdf->queues[q].weight <= most) continue;
      if (!(entity = longest_waiting(hv, q, p, load))) continue;
      best = entity;
      most = eevdf->queues[q].weight;
    }
  }
  return best;
}

static inline struct vcpu *eevdf_pick(struct hv *hv, pcpu_id_t p) {
  const struct eevdf *eevdf = hv->sched_state;
  const struct queue *queue = &eevdf->queues[p];
  struct vcpu *current = hv->pcpus[p].current; /* to be decided about, or NULL */
  if (current && current->is_queued && !current->has_yielded) {
    const struct eevdf_vcpu *entity = entity_of(hv, current);
    if (is_eligible(queue, entity) && entity->is_protected) return current;
  }
  struct eevdf_vcpu *next = earliest(queue);
  if (!next) next = longest_waiting(hv, p, p, 0); /* rounding has left nobody eligible */
  if (!next) next = victim(hv, p, 0);
  if (next) next->is_protected = true;
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

/* With hrtick: until it has what it asked for, if anybody waits for it. */
static inline int64_t eevdf_slice_ns(const struct hv *hv, const struct vcpu *v) {
  const struct eevdf *eevdf = hv->sched_state;
  const struct eevdf_vcpu *entity = entity_of(hv, v);
  if (!eevdf->params.hrtick || !is_wanted(hv, entity->queue)) return TIME_NEVER_NS;
  int64_t wanted = (entity->ring.deadline_ns - entity->v_ns) * entity->weight - entity->rest;
  return wanted > WEIGHT_ONE ? (wanted + WEIGHT_ONE - 1) / WEIGHT_ONE : 1;
}

/* --- ticks --- */

/* p takes one from the queue with the greatest load. */
static void balance(struct hv *hv, pcpu_id_t p) {
  struct eevdf *eevdf = hv->sched_state;
  if (eevdf->queues[p].is_balanced) return;
  struct eevdf_vcpu *entity = victim(hv, p, eevdf->queues[p].weight);
  if (!entity) return;
  eevdf->queues[p].is_balanced = eevdf->queues[entity->queue].is_balanced = true;
  pull(hv, entity);
  leave(eevdf, entity);
  entity->queue = p;
  arrive(hv, entity);
}

static int64_t eevdf_timer(struct hv *hv) {
  struct eevdf *eevdf = hv->sched_state;
  int64_t now = hv->sim->now_ns, tick_ns = eevdf->params.tick_ns;
  int64_t interval_ns = eevdf->params.balance_interval_ns;
  for (pcpu_id_t p = 0; p < hv->n_pcpus; p++) {
    const struct vcpu *current = hv->pcpus[p].current;
    if (!current) continue;
    struct eevdf_vcpu *running = entity_of(hv, current);
    charge(hv, running);
    if (!running->is_protected && is_wanted(hv, p)) hv_ask(hv, p);
  }
  if (now / interval_ns != (now - tick_ns) / interval_ns && hv->queued.n_members > 0) {
    for (pcpu_id_t p = 0; p < hv->n_pcpus; p++) balance(hv, p);
    for (pcpu_id_t p = 0; p < hv->n_pcpus; p++) eevdf->queues[p].is_balanced = false;
  }
  return now + tick_ns;
}

static void eevdf_audit(const struct hv *hv) {
  const struct eevdf *eevdf = hv->sched_state;
  uint32_t n_queued = 0;
  for (pcpu_id_t p = 0; p < hv->n_pcpus; p++) {
    const struct queue *queue = &eevdf->queues[p];
    const struct vcpu *current = hv->pcpus[p].current;
    int64_t weight = 0, sum_ns = 0;
    const struct eevdf_vcpu *entity;
    if (current) {
      entity = entity_of(hv, current);
      assert(entity->queue == p && entity->is_member);
      weight += entity->weight;
      sum_ns += entity->weight * (entity->v_ns - queue->zero_ns);
    }
    QUEUE_FOREACH(entity, queue) {
      assert(entity->queue == p && entity->is_member && hv_may_use(hv, vcpu_of(hv, entity), p));
      assert(entity->ring.before->deadline_ns <= entity->ring.deadline_ns);
      weight += entity->weight;
      sum_ns += entity->weight * (entity->v_ns - queue->zero_ns);
      n_queued++;
    }
    assert(weight == queue->weight && sum_ns == queue->sum_ns);
    assert(pcpuset_has(&hv->queued, p) == (queue->waiting.behind != &queue->waiting));
  }
  assert(n_queued == hv->n_queued);
  spread_audit(hv);
}

PICKED_WAYS(eevdf)

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
    PICKED_OPS(eevdf),
    .slice_ns = eevdf_slice_ns,
    .started = eevdf_started,
    .stopped = eevdf_stopped,
    .withdrawn = eevdf_withdrawn,
    .timer = eevdf_timer,
    .queue_of = eevdf_queue_of,
    .audit = eevdf_audit,
};
