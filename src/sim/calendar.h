/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The event calendar: what is due next, in the total order (time, class, entity).

   An entity is a number in the order in which simultaneous events are handled: vCPU steps first,
   then sleeps, IPIs, interrupts, VM starts, the scheduler's timer, checks, crossings, and slice
   ends last. The key of an event is its time above its entity in one int64, with bit widths chosen
   per run from the horizon. A place is a leaf of a winner tree; who never has two events at once
   shares one (a pCPU: the step of its vCPU or its slice end, whichever is first). pCPUs have a tree
   of their own: most events are theirs, and a tree of them alone is lower by levels. */
#ifndef COSTOP_SIM_CALENDAR_H
#define COSTOP_SIM_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/inline.h"
#include "sim/time.h"
#include "sim/wtree.h"

enum event_kind {
  EVENT_STEP,      /* class 0: a vCPU's next step; index: vCPU, on its pCPU */
  EVENT_SLEEP,     /* class 1: a sleep ends; index: thread */
  EVENT_IPI,       /* a wake-up IPI arrives; vCPU */
  EVENT_INTERRUPT, /* an interrupt arrives; its line, VM by VM */
  EVENT_START,     /* a VM starts; VM */
  EVENT_TIMER,     /* the hypervisor scheduler's timer; 0 */
  EVENT_POLL,      /* a co-scheduling check; 0 */
  EVENT_CROSSING,  /* a skew crosses a threshold; VM */
  EVENT_SLICE,     /* class 2: a slice ends; index: pCPU */
  EVENT_KINDS
};

struct calendar {
  struct wtree pcpus;  /* by pCPU */
  struct wtree others; /* by place */
  int64_t never_ns;    /* the first instant behind the horizon: nothing is due then, or later */
  uint32_t entity_bits;
  uint32_t first_entity[EVENT_KINDS + 1];
  uint32_t first_place[EVENT_KINDS];
};

struct event {
  int64_t at_ns;
  enum event_kind kind;
  uint32_t index;
};

/* n[kind]: how many entities of each kind there are; n[EVENT_SLICE] pCPUs. */
static inline uint32_t calendar_entity_bits(const uint32_t n[EVENT_KINDS]) {
  uint64_t entities = 0;
  for (int kind = 0; kind < EVENT_KINDS; kind++) entities += n[kind];
  uint32_t bits = 1;
  while ((UINT64_C(1) << bits) < entities) bits++;
  return bits;
}

static inline void calendar_init(struct calendar *calendar, struct arena *arena,
                                 const uint32_t n[EVENT_KINDS], int64_t horizon_ns) {
  uint32_t entity = 0, place = 0;
  for (int kind = 0; kind < EVENT_KINDS; kind++) {
    calendar->first_entity[kind] = entity;
    entity += n[kind];
    calendar->first_place[kind] = place;
    if (kind != EVENT_STEP && kind != EVENT_SLICE) place += n[kind];
  }
  calendar->first_entity[EVENT_KINDS] = entity;
  calendar->entity_bits = calendar_entity_bits(n);
  calendar->never_ns = horizon_ns + 1;
  wtree_init(&calendar->pcpus, arena, n[EVENT_SLICE]);
  wtree_init(&calendar->others, arena, place);
}

/* at_ns: not behind never_ns. */
static inline int64_t calendar_pack(const struct calendar *calendar, int64_t at_ns,
                                    uint32_t entity) {
  return (int64_t)((uint64_t)at_ns << calendar->entity_bits | entity);
}

static inline int64_t calendar_key(const struct calendar *calendar, int64_t at_ns,
                                   enum event_kind kind, uint32_t index) {
  int64_t key = calendar_pack(calendar, at_ns, calendar->first_entity[kind] + index);
  return at_ns >= calendar->never_ns ? WTREE_NONE : key;
}

/* No event up to at_ns has a greater one. */
static inline int64_t calendar_last_key(const struct calendar *calendar, int64_t at_ns) {
  return (int64_t)((uint64_t)(at_ns + 1) << calendar->entity_bits) - 1;
}

static inline int64_t calendar_slice_key(const struct calendar *calendar, uint32_t pcpu,
                                         int64_t end_ns) {
  return calendar_pack(calendar, end_ns < calendar->never_ns ? end_ns : calendar->never_ns,
                       calendar->first_entity[EVENT_SLICE] + pcpu);
}

/* The pCPU's vCPU has a step, and the pCPU a slice end: the key of the first of them, which is its
   event. Which one is a toss-up, so it is chosen without a branch. */
static inline int64_t calendar_pcpu_key(const struct calendar *calendar, uint32_t pcpu,
                                        uint32_t vcpu, int64_t step_ns, int64_t slice_end_ns) {
  int64_t end_ns = slice_end_ns < calendar->never_ns ? slice_end_ns : calendar->never_ns;
  bool is_step = step_ns <= end_ns;
  uint32_t slice = calendar->first_entity[EVENT_SLICE] + pcpu;
  uint32_t entity = slice ^ ((slice ^ vcpu) & -(uint32_t)is_step);
  return calendar_pack(calendar, is_step ? step_ns : end_ns, entity);
}

/* … of a pCPU whose slice has no end. */
static inline int64_t calendar_step_key(const struct calendar *calendar, uint32_t vcpu,
                                        int64_t step_ns) {
  return calendar_pack(calendar, step_ns < calendar->never_ns ? step_ns : calendar->never_ns, vcpu);
}

static inline void calendar_set_pcpu(struct calendar *calendar, uint32_t pcpu, uint32_t vcpu,
                                     int64_t step_ns, int64_t slice_end_ns) {
  wtree_replace(&calendar->pcpus, pcpu,
                calendar_pcpu_key(calendar, pcpu, vcpu, step_ns, slice_end_ns));
}
/* Many at once: calendar_put_pcpu or calendar_drop_pcpu for each, whatever else is set or cleared
   between, then calendar_build_pcpus before anybody asks. */
static inline void calendar_put_pcpu(struct calendar *calendar, uint32_t pcpu, uint32_t vcpu,
                                     int64_t step_ns, int64_t slice_end_ns) {
  wtree_put(&calendar->pcpus, pcpu, calendar_pcpu_key(calendar, pcpu, vcpu, step_ns, slice_end_ns));
}
static inline void calendar_drop_pcpu(struct calendar *calendar, uint32_t pcpu) {
  wtree_put(&calendar->pcpus, pcpu, WTREE_NONE);
}
static inline void calendar_build_pcpus(struct calendar *calendar) {
  wtree_build(&calendar->pcpus);
}

static inline void calendar_clear_pcpu(struct calendar *calendar, uint32_t pcpu) {
  wtree_set(&calendar->pcpus, pcpu, WTREE_NONE);
}

/* Enters a pCPU's event, which comes after at_ns, unless another pCPU has one up to then: returns
   whether none has. For who handles an event of the pCPU at at_ns, and wants to know whether it is
   the last one. */
ALWAYS_INLINE bool calendar_set_last_pcpu(struct calendar *calendar, uint32_t pcpu, int64_t at_ns,
                                          int64_t key) {
  int64_t former = wtree_key(&calendar->pcpus, pcpu);
  int64_t rest = wtree_replace(&calendar->pcpus, pcpu, key);
  bool is_last = rest >> calendar->entity_bits > at_ns;
  if (__builtin_expect(!is_last, 0)) wtree_set(&calendar->pcpus, pcpu, former);
  return is_last;
}

/* Has another pCPU an event up to at_ns? */
static inline bool calendar_has_other_pcpu(const struct calendar *calendar, uint32_t pcpu,
                                           int64_t at_ns) {
  return wtree_has_other(&calendar->pcpus, pcpu, calendar_last_key(calendar, at_ns));
}

/* The time of the earliest event that is no pCPU's; huge if there is none. */
static inline int64_t calendar_next_other_ns(const struct calendar *calendar) {
  return wtree_min(&calendar->others) >> calendar->entity_bits;
}

/* Has anybody else? */
static inline bool calendar_has_other(const struct calendar *calendar, uint32_t pcpu,
                                      int64_t at_ns) {
  return calendar_next_other_ns(calendar) <= at_ns ||
         calendar_has_other_pcpu(calendar, pcpu, at_ns);
}

static inline int64_t calendar_min(const struct calendar *calendar) {
  int64_t pcpus = wtree_min(&calendar->pcpus), others = wtree_min(&calendar->others);
  return pcpus < others ? pcpus : others;
}

/* For kinds with a place of their own. */
static inline void calendar_set(struct calendar *calendar, enum event_kind kind, uint32_t index,
                                int64_t at_ns) {
  wtree_set(&calendar->others, calendar->first_place[kind] + index,
            calendar_key(calendar, at_ns, kind, index));
}

/* … which has no event yet. */
static inline void calendar_enter(struct calendar *calendar, enum event_kind kind, uint32_t index,
                                  int64_t at_ns) {
  wtree_enter(&calendar->others, calendar->first_place[kind] + index,
              calendar_key(calendar, at_ns, kind, index));
}

static inline void calendar_clear(struct calendar *calendar, enum event_kind kind, uint32_t index) {
  wtree_set(&calendar->others, calendar->first_place[kind] + index, WTREE_NONE);
}

/* The time of the earliest event; huge if there is none. */
static inline int64_t calendar_next_ns(const struct calendar *calendar) {
  return calendar_min(calendar) >> calendar->entity_bits;
}

static inline uint32_t calendar_entity(const struct calendar *calendar, int64_t key) {
  return (uint32_t)(key & ((INT64_C(1) << calendar->entity_bits) - 1));
}

static inline struct event calendar_event(const struct calendar *calendar, int64_t key) {
  uint32_t entity = calendar_entity(calendar, key);
  const uint32_t *first = calendar->first_entity;
  enum event_kind kind;
  if (entity < first[EVENT_SLEEP])
    kind = EVENT_STEP;
  else if (entity >= first[EVENT_SLICE])
    kind = EVENT_SLICE;
  else
    for (kind = EVENT_SLEEP; entity >= first[kind + 1];) kind++;
  return (struct event){key >> calendar->entity_bits, kind, entity - first[kind]};
}

/* Keys of events that come soon, but not next: a pCPU's, and any other; WTREE_NONE: there is none.
   Asked for after every event of its kind, nearly each event is named once before it comes. */
static inline int64_t calendar_soon_on_pcpu(const struct calendar *calendar, uint32_t pcpu) {
  return wtree_min_near(&calendar->pcpus, pcpu);
}
static inline int64_t calendar_soon_asleep(const struct calendar *calendar, uint32_t thread) {
  return wtree_min_near(&calendar->others, calendar->first_place[EVENT_SLEEP] + thread);
}

#endif
