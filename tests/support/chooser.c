/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/chooser.h"

#include <string.h>

#include "guest/lock.h"

enum { OPS_MAX = 48, DEPTH_MAX = 3, INTERRUPTS_MAX = 3 };

struct dist chooser_uniform(int64_t min_ns, int64_t max_ns) {
  struct dist dist = {.kind = &dist_kind_uniform};
  const int64_t ends_ns[2] = {min_ns, max_ns};
  for (unsigned i = 0; i < 2; i++)
    memcpy(dist.params.bytes + dist.kind->kind.params[i].offset, &ends_ns[i], sizeof ends_ns[i]);
  dist.kind->finish(&dist);
  return dist;
}

struct dist chooser_dist(struct chooser *chooser, bool is_short) {
  int64_t mean_ns = is_short ? ONE_OF(chooser, 0, 100, 200, 500, 1000, 2000)
                             : ONE_OF(chooser, 100, 500, 1000, 1000, 2000, 3000, 5000);
  if (mean_ns == 0 || !chooser->is_random || chooser_chance(chooser, 30))
    return dist_constant(mean_ns);
  if (chooser_chance(chooser, 50)) return dist_exponential(mean_ns);
  return chooser_uniform(chooser_chance(chooser, 50) ? 0 : mean_ns / 2, 2 * mean_ns);
}

int64_t chooser_cost(struct chooser *chooser) { return ONE_OF(chooser, 0, 0, 0, 100, 200, 500); }

/* Only what the kind has a row for: the reader of scenarios leaves the rest 0. */
static void fill_costs(struct chooser *chooser, struct lock_spec *lock) {
  const struct kind *kind = lock->choice.kind;
  for (size_t i = 0; i < kind->n_params; i++) {
    const struct param *row = &kind->params[i];
    unsigned char *to = lock->choice.params.bytes + row->offset;
    int64_t cost_ns = chooser_cost(chooser);
    if (cost_ns < (int64_t)row->min) cost_ns = ONE_OF(chooser, 100, 500, 2000);
    if (row->offset == offsetof(struct lock_params, spin_limit_ns))
      cost_ns = ONE_OF(chooser, TIME_NEVER_NS, row->min > 0 ? 50 : 0, 200, 1000);
    if (row->type == PARAM_DURATION)
      memcpy(to, &cost_ns, sizeof cost_ns);
    else
      memcpy(to, &(uint32_t){chooser_below(chooser, 2)}, sizeof(uint32_t));
  }
}

static void pick_locks(struct chooser *chooser) {
  struct scenario *scenario = chooser->scenario;
  uint32_t n_kinds = 0;
  while (lock_kinds[n_kinds]) n_kinds++;
  scenario->n_locks = 1 + chooser_below(chooser, 3);
  struct lock_spec *locks = ARENA_ARRAY(chooser->arena, scenario->n_locks, struct lock_spec);
  for (uint32_t i = 0; i < scenario->n_locks; i++) {
    locks[i].name = arena_printf(chooser->arena, "l%u", i);
    locks[i].choice.kind = &lock_kinds[chooser_below(chooser, n_kinds)]->kind;
    fill_costs(chooser, &locks[i]);
  }
  scenario->locks = locks;
}

static void pick_barriers(struct chooser *chooser) {
  struct scenario *scenario = chooser->scenario;
  scenario->n_barriers = 2;
  struct barrier_spec *barriers = ARENA_ARRAY(chooser->arena, 2, struct barrier_spec);
  for (uint32_t i = 0; i < 2; i++) {
    barriers[i].name = arena_printf(chooser->arena, "b%u", i);
    barriers[i].wait = chooser_chance(chooser, 50) ? BARRIER_SPIN : BARRIER_BLOCK;
    barriers[i].parties = chooser_chance(chooser, 60) ? 0 : 1 + chooser_below(chooser, 4);
  }
  scenario->barriers = barriers;
}

struct sketch {
  struct op ops[OPS_MAX];
  uint32_t n;
  uint32_t held[DEPTH_MAX + 1], depth;
  bool in_spinlock;
};

static struct op *add_op(struct sketch *sketch, enum op_code code) {
  struct op *op = &sketch->ops[sketch->n++];
  *op = (struct op){.code = code, .dist = dist_constant(0), .path = "programs"};
  return op;
}

static void add_compute(struct chooser *chooser, struct sketch *sketch, enum rng_purpose purpose) {
  struct op *op = add_op(sketch, OP_COMPUTE);
  op->purpose = purpose;
  op->dist = chooser_dist(chooser, sketch->depth > 0);
}

static void add_steps(struct chooser *chooser, struct sketch *sketch, uint32_t n);

static void add_lock(struct chooser *chooser, struct sketch *sketch) {
  uint32_t lock = chooser_below(chooser, chooser->scenario->n_locks);
  const struct lock_ops *ops = (const void *)chooser->scenario->locks[lock].choice.kind;
  if (sketch->in_spinlock && !ops->is_spinlock) return;
  bool may_read = ops->is_shared;
  for (uint32_t i = 0; i < sketch->depth; i++) {
    if (sketch->held[i] != lock) continue;
    if (!chooser_chance(chooser, 3)) return;
    may_read = false;
  }
  bool was_in_spinlock = sketch->in_spinlock;
  struct op *op = add_op(sketch, OP_LOCK);
  op->target = lock;
  op->is_read = may_read && chooser_chance(chooser, 50);
  sketch->held[sketch->depth++] = lock;
  sketch->in_spinlock |= ops->is_spinlock;
  if (chooser_chance(chooser, 65) || sketch->depth > DEPTH_MAX) {
    add_compute(chooser, sketch, RNG_HOLD);
  } else {
    add_compute(chooser, sketch, RNG_COMPUTE);
    add_steps(chooser, sketch, 1 + chooser_below(chooser, 2));
  }
  sketch->in_spinlock = was_in_spinlock;
  sketch->depth--;
  add_op(sketch, OP_UNLOCK)->target = lock;
}

static void add_steps(struct chooser *chooser, struct sketch *sketch, uint32_t n) {
  for (uint32_t i = 0; i < n && sketch->n < OPS_MAX / 2; i++) {
    uint32_t what =
        chooser->is_crowd ? 45 + chooser_below(chooser, 39) : chooser_below(chooser, 100);
    if (what < 45) {
      add_lock(chooser, sketch);
    } else if (what < 70 || sketch->in_spinlock) {
      add_compute(chooser, sketch, RNG_COMPUTE);
    } else if (what < 84) {
      struct op *op = add_op(sketch, OP_SLEEP);
      op->purpose = RNG_SLEEP;
      op->dist = chooser_dist(chooser, chooser_chance(chooser, 50));
    } else if (what < 92) {
      add_op(sketch, OP_YIELD);
    } else if (what >= 94 && chooser->has_interrupts && sketch->depth == 0) {
      struct op *op = add_op(sketch, OP_SHOOTDOWN);
      op->purpose = RNG_COMPUTE;
      op->dist = chooser_dist(chooser, true);
    } else if (sketch->depth == 0 || chooser_chance(chooser, 20)) {
      add_op(sketch, OP_BARRIER)->target = chooser_below(chooser, 2);
    }
  }
}

void chooser_pick_programs(struct chooser *chooser) {
  pick_locks(chooser);
  pick_barriers(chooser);
  struct scenario *scenario = chooser->scenario;
  scenario->n_programs = 2;
  struct program *programs = ARENA_ARRAY(chooser->arena, 2, struct program);
  for (uint32_t i = 0; i < 2; i++) {
    struct sketch sketch = {.n = 0};
    if (chooser_chance(chooser, 90)) add_compute(chooser, &sketch, RNG_COMPUTE);
    add_steps(chooser, &sketch, 1 + chooser_below(chooser, 4));
    add_compute(chooser, &sketch, RNG_COMPUTE);
    sketch.ops[sketch.n - 1].dist = dist_constant(ONE_OF(chooser, 100, 200, 500, 1000));
    if (chooser_chance(chooser, 50)) { /* the last step need not be a compute */
      add_steps(chooser, &sketch, 1);
    }
    add_op(&sketch, OP_END);
    struct op *ops = ARENA_ARRAY(chooser->arena, sketch.n, struct op);
    memcpy(ops, sketch.ops, sketch.n * sizeof *ops);
    programs[i] = (struct program){
        .name = arena_printf(chooser->arena, "p%u", i), .ops = ops, .n_ops = sketch.n};
  }
  scenario->programs = programs;
}

/* --- interrupts --- */

static struct program pick_handler(struct chooser *chooser) {
  const struct scenario *scenario = chooser->scenario;
  struct sketch sketch = {.n = 0};
  uint32_t lock = chooser_below(chooser, scenario->n_locks);
  const struct lock_ops *ops = (const void *)scenario->locks[lock].choice.kind;
  add_op(&sketch, OP_ENTRY);
  if (chooser_chance(chooser, 70)) add_compute(chooser, &sketch, RNG_COMPUTE);
  if (ops->is_spinlock && chooser_chance(chooser, 40)) {
    add_op(&sketch, OP_LOCK)->target = lock;
    sketch.depth++;
    add_compute(chooser, &sketch, RNG_HOLD);
    add_op(&sketch, OP_UNLOCK)->target = lock;
  }
  add_op(&sketch, OP_RETURN);
  struct op *copy = ARENA_ARRAY(chooser->arena, sketch.n, struct op);
  memcpy(copy, sketch.ops, sketch.n * sizeof *copy);
  return (struct program){.name = "handler", .ops = copy, .n_ops = sketch.n};
}

/* The calls of its threads come first. */
void chooser_pick_interrupts(struct chooser *chooser, struct guest_spec *guest) {
  static const struct op frame[] = {{.code = OP_ENTRY}, {.code = OP_RETURN}};
  struct interrupt_spec *specs = ARENA_ARRAY(chooser->arena, INTERRUPTS_MAX, struct interrupt_spec);
  guest->interrupts = specs;
  if (program_uses(guest->program, OP_SHOOTDOWN, 0))
    specs[guest->n_interrupts++] =
        (struct interrupt_spec){.name = "shootdown",
                                .kind = INTERRUPT_CALL,
                                .every = dist_constant(0),
                                .handler = {.name = "shootdown", .ops = frame, .n_ops = 2}};
  if (!chooser->has_interrupts) return;
  for (uint32_t n = chooser_below(chooser, INTERRUPTS_MAX); n > 0; n--) {
    bool is_timer = chooser_chance(chooser, 40), rotates = chooser_chance(chooser, 40);
    struct dist every = dist_constant(ONE_OF(chooser, 1000, 2000, 5000, 5000));
    if (chooser->is_random && chooser_chance(chooser, 50))
      every = dist_exponential(ONE_OF(chooser, 3000, 10000));
    specs[guest->n_interrupts] = (struct interrupt_spec){
        .name = arena_printf(chooser->arena, "i%u", guest->n_interrupts),
        .kind = is_timer ? INTERRUPT_TIMER : INTERRUPT_DEVICE,
        .every = every,
        .vcpu = rotates ? INTERRUPT_ROTATES : chooser_below(chooser, guest->n_vcpus),
        .entry_ns = chooser_cost(chooser),
        .handler = pick_handler(chooser)};
    guest->n_interrupts++;
  }
}
