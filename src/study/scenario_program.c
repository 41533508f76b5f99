/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Programs: steps -> ops, with what can be told from the text about locks. */
#include <string.h>

#include "guest/lock.h"
#include "study/scenario_parts.h"
#include "study/scenario_rows.h"

enum { HELD_MAX = 64 /* deeper than files nest */ };

struct compiler {
  struct bind *bind;
  const struct scenario *scenario;
  struct op *ops;
  uint32_t n_ops;
  bool takes_time;
  bool is_handler;         /* of an interrupt */
  uint32_t held[HELD_MAX]; /* locks around this step, the outermost first */
  const char *held_paths[HELD_MAX];
  bool is_held_read[HELD_MAX];
  uint32_t n_held;
};

static void compile_steps(struct compiler *compiler, struct site steps);

static void emit(struct compiler *compiler, struct op op) {
  uint32_t n = compiler->n_ops;
  if ((n & (n - 1)) == 0) { /* room doubles whenever n has reached a power of two */
    struct op *room = ARENA_ARRAY(compiler->bind->arena, n ? 2 * (size_t)n : 1, struct op);
    if (n) memcpy(room, compiler->ops, n * sizeof *room);
    compiler->ops = room;
  }
  compiler->ops[compiler->n_ops++] = op;
}

uint32_t scenario_find_lock(const struct scenario *scenario, const char *name) {
  for (uint32_t i = 0; i < scenario->n_locks; i++)
    if (strcmp(scenario->locks[i].name, name) == 0) return i;
  return UINT32_MAX;
}

uint32_t scenario_find_barrier(const struct scenario *scenario, const char *name) {
  for (uint32_t i = 0; i < scenario->n_barriers; i++)
    if (strcmp(scenario->barriers[i].name, name) == 0) return i;
  return UINT32_MAX;
}

/* Names that a reference may have, for did-you-mean. */
static const char *const *declared(struct compiler *compiler, bool is_lock) {
  const struct scenario *scenario = compiler->scenario;
  uint32_t n = is_lock ? scenario->n_locks : scenario->n_barriers;
  const char **names = ARENA_ARRAY(compiler->bind->arena, n + 1u, const char *);
  for (uint32_t i = 0; i < n; i++)
    names[i] = is_lock ? scenario->locks[i].name : scenario->barriers[i].name;
  return names;
}

/* UINT32_MAX after an error. */
static uint32_t compile_reference(struct compiler *compiler, struct site site, bool is_lock) {
  struct bind *bind = compiler->bind;
  const char *what = is_lock ? "lock" : "barrier", *name = bind_text(site.node);
  if (!name) {
    (void)bind_expect(bind, site, CONF_STRING, arena_printf(bind->arena, "the name of a %s", what));
    return UINT32_MAX;
  }
  uint32_t index = is_lock ? scenario_find_lock(compiler->scenario, name)
                           : scenario_find_barrier(compiler->scenario, name);
  if (index == UINT32_MAX)
    diag_error(bind->diags, site.place, site.path,
               bind_known(bind, name, is_lock ? "declared locks" : "declared barriers",
                          declared(compiler, is_lock)),
               "no %s '%s' is declared in %ss", what, name, what);
  return index;
}

static bool is_spinlock(const struct scenario *scenario, uint32_t lock) {
  const struct lock_ops *ops = (const void *)scenario->locks[lock].choice.kind;
  return ops && ops->is_spinlock;
}

static void check_is_no_handler(struct compiler *compiler, struct site site, const char *what) {
  if (compiler->is_handler)
    diag_error(compiler->bind->diags, site.place, site.path, NULL,
               "%s in a handler of interrupts, which may compute and take spinlocks only", what);
}

/* Whoever holds a spinlock, or handles an interrupt, must not give up its vCPU. */
static void check_may_block(struct compiler *compiler, struct site site, const char *what) {
  check_is_no_handler(compiler, site, what);
  for (uint32_t i = 0; i < compiler->n_held; i++) {
    if (!is_spinlock(compiler->scenario, compiler->held[i])) continue;
    diag_error(compiler->bind->diags, site.place, site.path, NULL,
               "%s inside spinlock '%s' (taken at %s)", what,
               compiler->scenario->locks[compiler->held[i]].name, compiler->held_paths[i]);
    return;
  }
}

static void compile_time(struct compiler *compiler, struct site site, enum op_code code,
                         enum rng_purpose purpose) {
  struct op op = {.code = code, .purpose = purpose, .path = site.path};
  if (!bind_dist(compiler->bind, site, &op.dist)) op.dist = dist_constant(1);
  compiler->takes_time |= op.dist.mean_ns > 0;
  emit(compiler, op);
}

static void compile_section(struct compiler *compiler, struct site step) {
  struct site hold = site_child(compiler->bind, step, "hold");
  struct site body = site_child(compiler->bind, step, "do");
  if (!hold.node == !body.node)
    diag_error(compiler->bind->diags, step.place, step.path, NULL,
               "a lock takes either \"hold\": DURATION or \"do\": [STEPS]%s",
               hold.node ? ", not both" : "");
  if (hold.node) compile_time(compiler, hold, OP_COMPUTE, RNG_HOLD);
  if (body.node) compile_steps(compiler, body);
}

/* Kinds without readers take everybody for a writer. */
static bool compile_mode(struct compiler *compiler, struct site step) {
  struct site site = site_child(compiler->bind, step, "mode");
  if (!site.node) return false;
  const char *word = bind_text(site.node);
  bool is_read = word && strcmp(word, "read") == 0;
  if (!is_read && !(word && strcmp(word, "write") == 0))
    diag_error(compiler->bind->diags, site.place, site.path, NULL,
               "the mode of a lock is \"read\" or \"write\"");
  return is_read;
}

static void check_not_held(struct compiler *compiler, struct site site, uint32_t lock,
                           bool is_read) {
  struct diags *diags = compiler->bind->diags;
  const char *name = compiler->scenario->locks[lock].name;
  for (uint32_t i = 0; i < compiler->n_held; i++) {
    if (compiler->held[i] != lock) continue;
    if (is_read && compiler->is_held_read[i])
      diag_error(diags, site.place, site.path, NULL, "reads lock '%s' twice: it does since %s",
                 name, compiler->held_paths[i]);
    else
      diag_warning(diags, site.place, site.path, NULL,
                   "deadlocks itself: lock '%s' is held since %s", name, compiler->held_paths[i]);
    return;
  }
}

/* Locks of a class, inside of others that have one. */
static void check_order(struct compiler *compiler, struct site site, uint32_t lock) {
  const struct lock_spec *spec = &compiler->scenario->locks[lock];
  struct lock_params inner = lock_params_of(spec);
  for (uint32_t i = compiler->n_held; inner.order != LOCK_CLASS_NONE && i-- > 0;) {
    const struct lock_spec *held = &compiler->scenario->locks[compiler->held[i]];
    struct lock_params outer = lock_params_of(held);
    if (lock_may_nest(&outer, &inner)) continue;
    bool is_level = outer.order == LOCK_CLASS_KERNEL && inner.order == LOCK_CLASS_KERNEL;
    const char *why = is_level ? arena_printf(compiler->bind->arena,
                                              "kernel locks nest in increasing levels, %u "
                                              "is not above %u",
                                              inner.level, outer.level)
                               : "a driver lock does not nest";
    diag_error(compiler->bind->diags, site.place, site.path, NULL,
               "lock '%s' inside '%s' (taken at %s): %s", spec->name, held->name,
               compiler->held_paths[i], why);
    return;
  }
}

static void compile_lock(struct compiler *compiler, struct site step) {
  struct bind *bind = compiler->bind;
  struct site site = site_child(bind, step, "lock");
  uint32_t lock = compile_reference(compiler, site, true);
  if (lock == UINT32_MAX) {
    compile_section(compiler, step);
    return;
  }
  const struct lock_spec *spec = &compiler->scenario->locks[lock];
  if (spec->choice.kind && !is_spinlock(compiler->scenario, lock))
    check_may_block(compiler, site, arena_printf(bind->arena, "blocking lock '%s'", spec->name));
  bool is_read = compile_mode(compiler, step);
  check_not_held(compiler, site, lock, is_read);
  check_order(compiler, site, lock);
  emit(compiler,
       (struct op){.code = OP_LOCK, .target = lock, .is_read = is_read, .path = step.path});
  compiler->held[compiler->n_held] = lock;
  compiler->is_held_read[compiler->n_held] = is_read;
  compiler->held_paths[compiler->n_held++] = step.path;
  compile_section(compiler, step);
  compiler->n_held--;
  emit(compiler, (struct op){.code = OP_UNLOCK, .target = lock, .path = step.path});
}

static void compile_compute(struct compiler *compiler, struct site step) {
  compile_time(compiler, site_child(compiler->bind, step, "compute"), OP_COMPUTE, RNG_COMPUTE);
}

static void compile_sleep(struct compiler *compiler, struct site step) {
  struct site site = site_child(compiler->bind, step, "sleep");
  check_may_block(compiler, site, "sleep");
  compile_time(compiler, site, OP_SLEEP, RNG_SLEEP);
}

static void compile_barrier(struct compiler *compiler, struct site step) {
  struct site site = site_child(compiler->bind, step, "barrier");
  check_may_block(compiler, site, "barrier");
  uint32_t barrier = compile_reference(compiler, site, false);
  emit(compiler, (struct op){.code = OP_BARRIER, .target = barrier, .path = step.path});
}

static void compile_yield(struct compiler *compiler, struct site step) {
  struct site site = site_child(compiler->bind, step, "yield");
  check_may_block(compiler, site, "yield");
  if (site.node->kind != CONF_BOOL || strcmp(site.node->text, "true") != 0)
    diag_error(compiler->bind->diags, site.place, site.path, NULL, "write \"yield\": true");
  emit(compiler, (struct op){.code = OP_YIELD, .path = step.path});
}

/* Two that call each other with interrupts disabled wait for ever. */
static void check_may_call(struct compiler *compiler, struct site site) {
  check_is_no_handler(compiler, site, SHOOTDOWN);
  for (uint32_t i = 0; i < compiler->n_held; i++) {
    const struct lock_spec *spec = &compiler->scenario->locks[compiler->held[i]];
    if (lock_params_of(spec).interrupts != LOCK_INTERRUPTS_DISABLED) continue;
    diag_error(compiler->bind->diags, site.place, site.path, NULL,
               "shootdown inside lock '%s' (taken at %s), which disables interrupts", spec->name,
               compiler->held_paths[i]);
    return;
  }
}

static void compile_shootdown(struct compiler *compiler, struct site step) {
  static const char *const keys[] = {"handler", NULL};
  struct object_rules rules = {.others = keys};
  struct bind *bind = compiler->bind;
  struct site site = site_child(bind, step, SHOOTDOWN);
  check_may_call(compiler, site);
  if (!bind_expect(bind, site, CONF_OBJECT, "an object such as {\"handler\": \"2us\"}")) return;
  bind_object(bind, site, &rules, NULL);
  struct op op = {.code = OP_SHOOTDOWN, .purpose = RNG_COMPUTE, .path = step.path};
  struct site handler = site_child(bind, site, "handler");
  if (!handler.node)
    diag_error(bind->diags, site.place, site.path, NULL, "missing key 'handler'");
  else
    (void)bind_dist(bind, handler, &op.dist);
  if (scenario_find_lock(compiler->scenario, SHOOTDOWN) != UINT32_MAX)
    diag_error(bind->diags, site.place, site.path, NULL,
               "'" SHOOTDOWN "' is a lock, too: give the lock another name");
  emit(compiler, op);
}

static const char *const all_keys[] = {"compute", "lock",    "mode",  "hold",    "do",
                                       "sleep",   "barrier", "yield", SHOOTDOWN, NULL};
static const struct verb {
  const char *key;
  void (*compile)(struct compiler *compiler, struct site step);
  const char *keys[5]; /* that such a step may have; NULL-terminated */
} verbs[] = {
    {"compute", compile_compute, {"compute"}},
    {"lock", compile_lock, {"lock", "mode", "hold", "do"}},
    {"sleep", compile_sleep, {"sleep"}},
    {"barrier", compile_barrier, {"barrier"}},
    {"yield", compile_yield, {"yield"}},
    {SHOOTDOWN, compile_shootdown, {SHOOTDOWN}},
};

static void compile_step(struct compiler *compiler, struct site step) {
  struct bind *bind = compiler->bind;
  if (!bind_expect(bind, step, CONF_OBJECT, "a step such as {\"compute\": \"5us\"}")) return;
  const struct verb *verb = NULL;
  for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
    if (!conf_find(step.node, verbs[i].key)) continue;
    if (verb) {
      diag_error(bind->diags, step.place, step.path, NULL,
                 "a step does one thing, this does '%s' and '%s'", verb->key, verbs[i].key);
      return;
    }
    verb = &verbs[i];
  }
  struct object_rules rules = {.others = verb ? verb->keys : all_keys};
  uint32_t errors_before = bind->diags->n_errors;
  bind_object(bind, step, &rules, NULL);
  if (verb)
    verb->compile(compiler, step);
  else if (bind->diags->n_errors == errors_before)
    diag_error(bind->diags, step.place, step.path, NULL,
               "a step has one of compute, lock, sleep, barrier, yield, shootdown");
}

static void compile_steps(struct compiler *compiler, struct site steps) {
  if (!bind_expect(compiler->bind, steps, CONF_ARRAY, "an array of steps")) return;
  for (uint32_t i = 0; i < steps.node->n_children; i++)
    compile_step(compiler, site_element(compiler->bind, steps, i));
}

static void compile_program(struct bind *bind, struct site site, const struct scenario *scenario,
                            struct program *program) {
  struct compiler compiler = {.bind = bind, .scenario = scenario};
  uint32_t errors_before = bind->diags->n_errors;
  compile_steps(&compiler, site);
  if (!compiler.takes_time && bind->diags->n_errors == errors_before)
    diag_error(bind->diags, site.place, site.path, "add a step that computes or sleeps",
               compiler.n_ops ? "takes no time: all its steps have mean 0" : "has no steps");
  emit(&compiler, (struct op){.code = OP_END, .path = site.path});
  *program = (struct program){.name = site.node->key, .ops = compiler.ops, .n_ops = compiler.n_ops};
}

void scenario_bind_handler(struct bind *bind, struct site site, const struct scenario *scenario,
                           struct program *handler) {
  struct compiler compiler = {.bind = bind, .scenario = scenario, .is_handler = true};
  emit(&compiler, (struct op){.code = OP_ENTRY, .path = site.path});
  if (site.node) compile_steps(&compiler, site);
  emit(&compiler, (struct op){.code = OP_RETURN, .path = site.path});
  *handler = (struct program){.name = "handler", .ops = compiler.ops, .n_ops = compiler.n_ops};
}

void scenario_bind_programs(struct bind *bind, struct site root, struct scenario *scenario) {
  struct site site = site_child(bind, root, "programs");
  if (!bind_expect(bind, site, CONF_OBJECT, "an object of programs") || !site.node) return;
  scenario_check_names(bind, site);
  struct program *programs = ARENA_ARRAY(bind->arena, site.node->n_children, struct program);
  for (uint32_t i = 0; i < site.node->n_children; i++)
    compile_program(bind, site_element(bind, site, i), scenario, &programs[i]);
  scenario->programs = programs;
  scenario->n_programs = site.node->n_children;
}
