/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Strict co-scheduling: gangs.

   Idea: the vCPUs of a VM start and stop together, so that none ever waits for one that is stopped.
   Rule: when the scan reaches a VM of which nothing runs, all its non-idle vCPUs start at once,
   with one slice end, or it is refused and its READY vCPUs become COSTOP in place. A vCPU that
   wakes while siblings run joins them. If one is left READY until the skew reaches skew_limit, all
   stop. Narrower VMs may overtake a refused gang for `patience`; then freed pCPUs are kept for it.
   Invariants: at a gang's start its skew is 0; a running spinner never waits for a spinlock holder
   that is not running.
   Cost: a refused gang waits in a lane by its width and is looked at again only when that many
   pCPUs are free (or a member woke): O(distinct widths) per scan, O(width) per start, stop or
   refusal. Source: VMware, "Co-scheduling SMP VMs in VMware ESX Server" (2008); Ousterhout (1982).
 */
#include "hv/hv.h"
#include "sim/time.h"

const char *const cosched_progress_words[] = {"guest", "pre4", NULL};

static const struct param strict_params[] = {
    {.key = "skew_limit",
     .type = PARAM_DURATION,
     .offset = offsetof(struct cosched_strict_params, skew_limit_ns),
     .fallback = "3ms",
     .min = 1,
     .max = 0x1p62,
     .help = "the skew at which a VM with a member left behind is co-stopped as a whole"},
    {.key = "patience",
     .type = PARAM_DURATION,
     .offset = offsetof(struct cosched_strict_params, patience_ns),
     .fallback = "timeslice",
     .min = 0,
     .max = 0x1p62,
     .word = "timeslice",
     .word_value = PATIENCE_TIMESLICE,
     .help =
         "how long narrower VMs may overtake a refused gang before freed pCPUs are kept for it"},
    {.key = "progress",
     .type = PARAM_CHOICE,
     .offset = offsetof(struct cosched_strict_params, progress),
     .fallback = "guest",
     .choices = cosched_progress_words,
     .help = "what counts as progress: guest execution, or (pre4) hypervisor overhead too"},
};

/* A stopped gang sits in up to two lists: a lane, from which it is offered, and one of those that
   watch its patience. */
enum seat_kind { SEAT_LANE, SEAT_PATIENCE, SEAT_KINDS };

struct gang_list {
  struct gang *head, *tail;
};

struct seat {
  struct gang *next, *previous;
  struct gang_list *list; /* NULL: not seated */
  uint64_t order;         /* lists are in ascending order */
};

struct gang {
  struct seat seat[SEAT_KINDS];
  vm_id_t vm;
  uint64_t place;           /* that of its earliest member */
  int64_t refused_since_ns; /* first refusal after the last co-start; -1: none */
  bool is_stopped;          /* its members are COSTOP, but for those that woke since */
};

/* Of one affinity set: lane[w] holds the gangs that need w free pCPUs, lane[1] also those to be
   offered anew because a member woke. */
struct lanes {
  struct gang_list *lane;
  struct gang_list waited_for; /* by place */
};

struct strict {
  struct cosched_strict_params params;
  struct gang *gangs;       /* by VM */
  struct lanes *lanes;      /* by affinity set */
  struct gang_list patient; /* by refused_since_ns */
  uint32_t widest;
};

static void *strict_create(struct hv *hv, const void *params, struct arena *arena) {
  struct strict *strict = ARENA_NEW(arena, struct strict);
  strict->params = *(const struct cosched_strict_params *)params;
  hv->overhead_is_progress = strict->params.progress == PROGRESS_PRE4;
  hv->has_crossings = true;
  strict->gangs = ARENA_ARRAY(arena, hv->n_vms, struct gang);
  for (vm_id_t i = 0; i < hv->n_vms; i++) {
    strict->gangs[i] = (struct gang){.vm = i, .refused_since_ns = -1};
    if (hv->vms[i].n_vcpus > strict->widest) strict->widest = hv->vms[i].n_vcpus;
  }
  strict->lanes = ARENA_ARRAY(arena, hv->n_affinities, struct lanes);
  for (uint32_t i = 0; i < hv->n_affinities; i++)
    strict->lanes[i].lane = ARENA_ARRAY(arena, strict->widest + 1, struct gang_list);
  return strict;
}

static void seat_leave(struct gang *gang, enum seat_kind kind) {
  struct seat *seat = &gang->seat[kind];
  if (!seat->list) return;
  if (seat->previous)
    seat->previous->seat[kind].next = seat->next;
  else
    seat->list->head = seat->next;
  if (seat->next)
    seat->next->seat[kind].previous = seat->previous;
  else
    seat->list->tail = seat->previous;
  *seat = (struct seat){0};
}

/* From the tail, where newcomers nearly always belong. */
static void seat_join(struct gang *gang, enum seat_kind kind, struct gang_list *list,
                      uint64_t order) {
  seat_leave(gang, kind);
  struct gang *before = list->tail;
  while (before && before->seat[kind].order > order) before = before->seat[kind].previous;
  struct gang *behind = before ? before->seat[kind].next : list->head;
  gang->seat[kind] = (struct seat){behind, before, list, order};
  if (before)
    before->seat[kind].next = gang;
  else
    list->head = gang;
  if (behind)
    behind->seat[kind].previous = gang;
  else
    list->tail = gang;
}

static bool strict_fits_host(const struct hv *hv, const struct hv_vm *vm) {
  return vm->n_vcpus <= hv->affinities[vm->affinity].n_pcpus;
}

static enum verdict strict_offer(struct hv *hv, struct vcpu *v) {
  const struct hv_vm *vm = hv_vm_of(hv, v);
  if (vm->n_in[RS_RUNNING] > vm->n_expired) return VERDICT_ADMIT;
  bool fits = strict_fits_host(hv, vm) && hv_has_room(hv, vm, hv_n_not_idle(vm));
  return fits ? VERDICT_ADMIT_GANG : VERDICT_REFUSE_GANG;
}

static void strict_gang_started(struct hv *hv, struct hv_vm *vm) {
  struct strict *strict = hv->cosched_state;
  struct gang *gang = &strict->gangs[vm->id];
  gang->is_stopped = false;
  gang->refused_since_ns = -1;
  seat_leave(gang, SEAT_LANE);
  seat_leave(gang, SEAT_PATIENCE);
}

static uint64_t earliest_place(const struct hv *hv, const struct hv_vm *vm) {
  uint64_t place = UINT64_MAX;
  for (uint32_t i = 0; i < vm->n_vcpus; i++) {
    const struct vcpu *v = &hv->vcpus[vm->first_vcpu + i];
    if (v->runstate != RS_IDLE && v->place < place) place = v->place;
  }
  return place;
}

/* The gang is stopped as a whole, and looked at again when `needed` pCPUs of its set are free. */
static void stop_gang(struct hv *hv, const struct hv_vm *vm, struct gang *gang, uint32_t needed) {
  struct strict *strict = hv->cosched_state;
  gang->is_stopped = true;
  gang->place = earliest_place(hv, vm);
  if (strict_fits_host(hv, vm))
    seat_join(gang, SEAT_LANE, &strict->lanes[vm->affinity].lane[needed], gang->place);
  else
    seat_leave(gang, SEAT_LANE); /* will never start: nothing to look for until a member wakes */
}

static void strict_gang_refused(struct hv *hv, struct hv_vm *vm) {
  struct strict *strict = hv->cosched_state;
  struct gang *gang = &strict->gangs[vm->id];
  stop_gang(hv, vm, gang, hv_n_not_idle(vm));
  if (gang->refused_since_ns >= 0 || !strict_fits_host(hv, vm)) return;
  gang->refused_since_ns = hv->sim->now_ns;
  seat_join(gang, SEAT_PATIENCE, &strict->patient, (uint64_t)gang->refused_since_ns);
}

static void strict_woken(struct hv *hv, struct vcpu *v) {
  struct strict *strict = hv->cosched_state;
  struct gang *gang = &strict->gangs[v->vm];
  if (!gang->is_stopped) return;
  seat_join(gang, SEAT_LANE, &strict->lanes[hv_vm_of(hv, v)->affinity].lane[1], gang->place);
}

/* Gangs whose patience has passed are waited for from now on. */
static void lose_patience(struct hv *hv, struct strict *strict) {
  int64_t patience_ns = strict->params.patience_ns;
  if (patience_ns == PATIENCE_TIMESLICE) patience_ns = hv->timeslice_ns;
  struct gang *gang;
  while ((gang = strict->patient.head) && hv->sim->now_ns - gang->refused_since_ns >= patience_ns) {
    uint32_t affinity = hv->vms[gang->vm].affinity;
    seat_join(gang, SEAT_PATIENCE, &strict->lanes[affinity].waited_for, gang->place);
  }
}

/* The first of a list that may run. A gang is parked as a whole. */
static const struct gang *first_unparked(const struct hv *hv, const struct gang_list *list,
                                         enum seat_kind kind) {
  const struct gang *gang = list->head;
  while (gang && hv->vcpus[hv->vms[gang->vm].first_vcpu].is_parked) gang = gang->seat[kind].next;
  return gang;
}

static struct vcpu *strict_next_gang(struct hv *hv, const struct vcpu *queued, bool *must_end) {
  struct strict *strict = hv->cosched_state;
  const struct gang *next = NULL;
  uint64_t place = queued ? queued->place : UINT64_MAX, barrier = UINT64_MAX;
  lose_patience(hv, strict);
  for (uint32_t i = 0; i < hv->n_affinities; i++) {
    const struct lanes *lanes = &strict->lanes[i];
    const uint64_t *mask = hv->affinities[i].mask;
    uint32_t n_free = mask ? pcpuset_count_of(&hv->free, mask) : hv->n_left;
    if (n_free > hv->n_left) n_free = hv->n_left;
    if (n_free == 0) continue;
    const struct gang *awaited = first_unparked(hv, &lanes->waited_for, SEAT_PATIENCE);
    if (awaited && awaited->place < barrier) barrier = awaited->place;
    for (uint32_t width = 1; width <= n_free && width <= strict->widest; width++) {
      const struct gang *head = first_unparked(hv, &lanes->lane[width], SEAT_LANE);
      if (!head || head->place >= place) continue;
      next = head;
      place = head->place;
    }
  }
  *must_end = barrier < place;
  return next ? &hv->vcpus[hv->vms[next->vm].first_vcpu] : NULL;
}

static int64_t strict_crossing_ns(const struct hv *hv, const struct hv_vm *vm) {
  const struct strict *strict = hv->cosched_state;
  if (vm->n_in[RS_READY] == 0 || vm->n_in[RS_RUNNING] == 0) return TIME_NEVER_NS;
  return skew_reaches_ns(vm->skew, strict->params.skew_limit_ns);
}

/* Those that ran go to the tail, a READY one keeps its place. */
static void strict_crossing(struct hv *hv, struct hv_vm *vm) {
  struct strict *strict = hv->cosched_state;
  for (uint32_t i = 0; i < vm->n_vcpus; i++) {
    struct vcpu *v = &hv->vcpus[vm->first_vcpu + i];
    if (v->runstate == RS_IDLE) continue;
    if (v->runstate == RS_RUNNING) hv_requeue_place(hv, v);
    hv_costop(hv, v);
  }
  stop_gang(hv, vm, &strict->gangs[vm->id], 1);
}

const struct cosched_ops cosched_strict = {
    .kind = {.name = "strict",
             .help = "a gang: all non-idle vCPUs of a VM start and stop together (ESX 2)",
             .params = strict_params,
             .n_params = sizeof strict_params / sizeof *strict_params,
             .params_size = sizeof(struct cosched_strict_params)},
    .create = strict_create,
    .offer = strict_offer,
    .next_gang = strict_next_gang,
    .gang_started = strict_gang_started,
    .gang_refused = strict_gang_refused,
    .woken = strict_woken,
    .crossing_ns = strict_crossing_ns,
    .crossing = strict_crossing,
    .shares_slice_end = true,
};
