/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scenario -> conf tree, by the rows that made it. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/duration.h"
#include "study/scenario_bind.h"
#include "study/scenario_rows.h"

static struct conf *resolve_dist(struct arena *arena, const struct dist *dist);

static struct conf *resolve_duration(struct arena *arena, int64_t value_ns) {
  char text[DURATION_TEXT_MAX];
  return conf_string(arena, arena_strdup(arena, duration_format(value_ns, text)));
}

/* The fewest digits that read back exactly. */
static struct conf *resolve_real(struct arena *arena, double value) {
  char text[40];
  for (int digits = 1; digits <= 17; digits++) {
    (void)snprintf(text, sizeof text, "%.*g", digits, value);
    if (strtod(text, NULL) == value) break;
  }
  return conf_literal(arena, arena_strdup(arena, text));
}

static struct conf *resolve_integer(struct arena *arena, uint64_t value) {
  const char *text = arena_printf(arena, "%" PRIu64, value);
  bool is_exact = value <= UINT64_C(1) << 53;
  return is_exact ? conf_literal(arena, text) : conf_string(arena, text);
}

static struct conf *resolve_durations(struct arena *arena, const struct duration_list *list) {
  struct conf *array = conf_array(arena);
  for (uint32_t i = 0; i < list->n; i++)
    conf_add(arena, array, NULL, resolve_duration(arena, list->values_ns[i]));
  return array;
}

static struct conf *resolve_value(struct arena *arena, const struct param *row,
                                  const void *params) {
  const char *at = (const char *)params + row->offset;
  union {
    int64_t duration_ns;
    uint64_t integer;
    uint32_t count;
    double real;
    const char *text;
    struct duration_list list;
    struct dist dist;
  } value = {0};
  switch (row->type) {
    case PARAM_DURATION:
      memcpy(&value.duration_ns, at, sizeof value.duration_ns);
      if (row->word && value.duration_ns == row->word_value) return conf_string(arena, row->word);
      return resolve_duration(arena, value.duration_ns);
    case PARAM_COUNT:
      memcpy(&value.count, at, sizeof value.count);
      if (row->word && value.count == (uint32_t)row->word_value)
        return conf_string(arena, row->word);
      return resolve_integer(arena, value.count);
    case PARAM_REAL:
      memcpy(&value.real, at, sizeof value.real);
      if (row->word && value.real == (double)row->word_value) return conf_string(arena, row->word);
      return resolve_real(arena, value.real);
    case PARAM_CHOICE:
      memcpy(&value.count, at, sizeof value.count);
      return conf_string(arena, row->choices[value.count]);
    case PARAM_DIST:
      memcpy(&value.dist, at, sizeof value.dist);
      return resolve_dist(arena, &value.dist);
    case PARAM_DURATIONS:
      memcpy(&value.list, at, sizeof value.list);
      return resolve_durations(arena, &value.list);
    case PARAM_INTEGER:
      memcpy(&value.integer, at, sizeof value.integer);
      if (row->word && value.integer == (uint64_t)row->word_value)
        return conf_string(arena, row->word);
      return resolve_integer(arena, value.integer);
    case PARAM_TEXT:
      memcpy(&value.text, at, sizeof value.text);
      return conf_string(arena, value.text);
  }
  return NULL;
}

/* Rows "group.key" of one group stand side by side. */
static void resolve_rows(struct arena *arena, struct conf *object, const struct param *rows,
                         size_t n_rows, const void *params) {
  struct conf *group = NULL;
  for (size_t i = 0; i < n_rows; i++) {
    const char *dot = strchr(rows[i].key, '.');
    struct conf *value = resolve_value(arena, &rows[i], params);
    if (!dot) {
      conf_add(arena, object, rows[i].key, value);
      continue;
    }
    assert(!strchr(dot + 1, '.'));
    const char *name = arena_printf(arena, "%.*s", (int)(dot - rows[i].key), rows[i].key);
    if (!group || strcmp(group->key, name) != 0)
      conf_add(arena, object, name, group = conf_object(arena));
    conf_add(arena, group, dot + 1, value);
  }
}

static struct conf *resolve_dist(struct arena *arena, const struct dist *dist) {
  if (dist_is_constant(dist)) return resolve_duration(arena, dist->constant_ns);
  const struct kind *kind = &dist->kind->kind;
  struct conf *object = conf_object(arena), *inner = NULL;
  switch (kind->form) {
    case PARAM_FORM_SCALAR:
      inner = resolve_value(arena, &kind->params[0], &dist->params);
      break;
    case PARAM_FORM_PAIR:
      inner = conf_array(arena);
      for (size_t i = 0; i < kind->n_params; i++)
        conf_add(arena, inner, NULL, resolve_value(arena, &kind->params[i], &dist->params));
      break;
    case PARAM_FORM_OBJECT:
      inner = conf_object(arena);
      resolve_rows(arena, inner, kind->params, kind->n_params, &dist->params);
      break;
  }
  conf_add(arena, object, kind->name, inner);
  return object;
}

static struct conf *resolve_set(struct arena *arena, const struct row_set *set,
                                const void *params) {
  struct conf *object = conf_object(arena);
  resolve_rows(arena, object, set->rows, set->n, params);
  return object;
}

/* Nodes know their parents' key for them: what goes elsewhere is a copy. */
static void resolve_keep(struct arena *arena, struct conf *parent, const char *key,
                         const struct conf *child) {
  struct conf *copy = ARENA_NEW(arena, struct conf);
  *copy = *child;
  conf_add(arena, parent, key, copy);
}

/* Where an axis switches the kind, keys of other kinds stay: some cell needs them. */
static void resolve_choice(struct arena *arena, const struct scenario *scenario,
                           struct conf *parent, const char *path,
                           const struct kind_choice *choice) {
  struct conf *object = conf_object(arena);
  conf_add(arena, object, "kind", conf_string(arena, choice->kind->name));
  resolve_rows(arena, object, choice->kind->params, choice->kind->n_params, &choice->params);
  const struct conf *written = conf_find_path(scenario->written, path);
  bool is_axis = conf_find(scenario->sweep, arena_printf(arena, "%s.kind", path));
  resolve_keep(arena, parent, strrchr(path, '.') + 1,
               is_axis && written ? conf_merge(arena, written, object) : object);
}

static bool ends_steps(enum op_code code) {
  return code == OP_END || code == OP_RETURN || code == OP_UNLOCK;
}

/* Steps from ops[*at] up to the end of the program or of the section around; moves *at there. */
static struct conf *resolve_steps(struct arena *arena, const struct scenario *scenario,
                                  const struct op *ops, uint32_t *at) {
  struct conf *steps = conf_array(arena);
  for (; !ends_steps(ops[*at].code); ++*at) {
    const struct op *op = &ops[*at];
    struct conf *step = conf_object(arena);
    if (op->code == OP_COMPUTE) conf_add(arena, step, "compute", resolve_dist(arena, &op->dist));
    if (op->code == OP_SLEEP) conf_add(arena, step, "sleep", resolve_dist(arena, &op->dist));
    if (op->code == OP_YIELD) conf_add(arena, step, "yield", conf_literal(arena, "true"));
    if (op->code == OP_BARRIER)
      conf_add(arena, step, "barrier", conf_string(arena, scenario->barriers[op->target].name));
    if (op->code == OP_SHOOTDOWN) {
      struct conf *call = conf_object(arena);
      conf_add(arena, call, "handler", resolve_dist(arena, &op->dist));
      conf_add(arena, step, SHOOTDOWN, call);
    }
    if (op->code == OP_LOCK) {
      conf_add(arena, step, "lock", conf_string(arena, scenario->locks[op->target].name));
      if (op->is_read) conf_add(arena, step, "mode", conf_string(arena, "read"));
      ++*at;
      bool is_hold = op[1].code == OP_COMPUTE && op[1].purpose == RNG_HOLD;
      if (is_hold) conf_add(arena, step, "hold", resolve_dist(arena, &op[1].dist));
      if (is_hold) ++*at;
      if (!is_hold) conf_add(arena, step, "do", resolve_steps(arena, scenario, ops, at));
    }
    conf_add(arena, steps, NULL, step);
  }
  return steps;
}

static const char *resolve_affinity(struct arena *arena, const uint64_t *set, uint32_t n_pcpus) {
  if (!set) return AFFINITY_ALL;
  const char *text = "";
  for (uint32_t first = 0; first < n_pcpus; first++) {
    if (!(set[first / 64] >> first % 64 & 1)) continue;
    uint32_t last = first;
    while (last + 1 < n_pcpus && (set[(last + 1) / 64] >> (last + 1) % 64 & 1)) last++;
    text = arena_printf(arena, "%s%s%u", text, *text ? "," : "", first);
    if (last > first) text = arena_printf(arena, "%s-%u", text, last);
    first = last;
  }
  return text;
}

static struct conf *resolve_interrupts(struct arena *arena, const struct scenario *scenario,
                                       const struct guest_spec *guest) {
  struct conf *object = conf_object(arena);
  for (uint32_t i = 0; i < guest->n_interrupts; i++) {
    const struct interrupt_spec *spec = &guest->interrupts[i];
    if (spec->kind == INTERRUPT_CALL) continue;
    struct conf *interrupt = resolve_set(arena, &interrupt_rows, spec);
    uint32_t at = 1; /* behind OP_ENTRY */
    conf_add(arena, interrupt, INTERRUPT_HANDLER,
             resolve_steps(arena, scenario, spec->handler.ops, &at));
    conf_add(arena, object, spec->name, interrupt);
  }
  return object;
}

/* VMs that one entry of the file made stand side by side. */
static struct conf *resolve_vms(struct arena *arena, const struct scenario *scenario) {
  struct conf *object = conf_object(arena);
  for (uint32_t i = 0; i < scenario->n_vms;) {
    const struct vm_spec *vm = &scenario->vms[i];
    struct vm_keys keys = {.spec = *vm, .program = vm->guest.program->name};
    if (vm->is_thread_per_vcpu) keys.spec.guest.n_threads = 0; /* sweeps of vcpus take it along */
    keys.affinity = resolve_affinity(arena, vm->affinity, scenario->host.n_pcpus);
    uint32_t n = 1;
    while (i + n < scenario->n_vms && strcmp(scenario->vms[i + n].base_name, vm->base_name) == 0)
      n++;
    if (strcmp(vm->name, vm->base_name) != 0) keys.count = n;
    struct conf *resolved = resolve_set(arena, &vm_rows, &keys);
    resolve_choice(arena, scenario, resolved,
                   arena_printf(arena, "vms.%s." VM_SCHEDULER, vm->base_name),
                   &vm->guest.scheduler);
    struct conf *interrupts = resolve_interrupts(arena, scenario, &vm->guest);
    if (interrupts->n_children > 0) conf_add(arena, resolved, VM_INTERRUPTS, interrupts);
    conf_add(arena, object, vm->base_name, resolved);
    i += n;
  }
  return object;
}

static void resolve_named(struct arena *arena, const struct scenario *scenario, struct conf *root) {
  struct conf *locks = conf_object(arena), *barriers = conf_object(arena);
  for (uint32_t i = 0; i < scenario->n_locks; i++)
    resolve_choice(arena, scenario, locks, arena_printf(arena, "locks.%s", scenario->locks[i].name),
                   &scenario->locks[i].choice);
  for (uint32_t i = 0; i < scenario->n_barriers; i++)
    conf_add(arena, barriers, scenario->barriers[i].name,
             resolve_set(arena, &barrier_rows, &scenario->barriers[i]));
  struct conf *programs = conf_object(arena);
  for (uint32_t i = 0; i < scenario->n_programs; i++) {
    uint32_t at = 0;
    conf_add(arena, programs, scenario->programs[i].name,
             resolve_steps(arena, scenario, scenario->programs[i].ops, &at));
  }
  conf_add(arena, root, "locks", locks);
  conf_add(arena, root, "barriers", barriers);
  conf_add(arena, root, "programs", programs);
}

static void resolve_sweep(struct arena *arena, const struct scenario *scenario, struct conf *root) {
  struct conf *sweep = conf_object(arena);
  for (uint32_t i = 0; i < scenario->n_sweep_axes; i++) {
    const struct conf *axis = scenario->sweep->children[i];
    resolve_keep(arena, sweep, axis->key, axis);
  }
  if (scenario->is_sweep_zipped) conf_add(arena, sweep, SWEEP_ZIP, conf_literal(arena, "true"));
  if (scenario->sweep_where) resolve_keep(arena, sweep, SWEEP_WHERE, scenario->sweep_where);
  if (sweep->n_children > 0) conf_add(arena, root, "sweep", sweep);
}

const struct conf *scenario_resolve(const struct scenario *scenario, struct arena *arena) {
  struct conf *root = conf_object(arena), *hypervisor = conf_object(arena);
  struct top_keys keys = {SCENARIO_VERSION, scenario->name, scenario->description};
  conf_add(arena, root, "$schema", conf_string(arena, SCENARIO_SCHEMA_FILE));
  resolve_rows(arena, root, top_rows.rows, top_rows.n, &keys);
  conf_add(arena, root, "host", resolve_set(arena, &host_rows, &scenario->host));
  resolve_choice(arena, scenario, hypervisor, "hypervisor.scheduler",
                 &scenario->hypervisor.scheduler);
  resolve_choice(arena, scenario, hypervisor, "hypervisor.coscheduling",
                 &scenario->hypervisor.coscheduling);
  resolve_rows(arena, hypervisor, hypervisor_rows.rows, hypervisor_rows.n, &scenario->hypervisor);
  conf_add(arena, root, "hypervisor", hypervisor);
  resolve_named(arena, scenario, root);
  conf_add(arena, root, "vms", resolve_vms(arena, scenario));
  conf_add(arena, root, "run", resolve_set(arena, &run_rows, &scenario->run));
  resolve_sweep(arena, scenario, root);
  struct conf *expects = conf_array(arena);
  for (uint32_t i = 0; i < scenario->n_expects; i++)
    conf_add(arena, expects, NULL, conf_string(arena, scenario->expects[i]));
  conf_add(arena, root, "expect", expects);
  return root;
}
