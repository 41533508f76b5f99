/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/sizing_axes.h"

#include <string.h>

#include "study/conf.h"

enum { COUNTS = 16 /* about as many are tried */ };

static const struct vm_spec *first_vm(const struct scenario *scenario, const char *name) {
  for (uint32_t i = 0; i < scenario->n_vms; i++)
    if (strcmp(scenario->vms[i].name, name) == 0 || strcmp(scenario->vms[i].base_name, name) == 0)
      return &scenario->vms[i];
  return NULL;
}

const char *sizing_vm(const struct scenario *scenario, const char *name) {
  const struct vm_spec *vm = first_vm(scenario, name);
  return vm ? vm->base_name : NULL;
}

const char *sizing_path(const char *vm, struct arena *arena) {
  return arena_printf(arena, "vms.%s.vcpus", vm);
}

uint32_t sizing_n_vcpus(const struct scenario *scenario, const char *vm) {
  return first_vm(scenario, vm)->guest.n_vcpus;
}

/* Those that it may run on. */
static uint32_t pcpus_of(const struct scenario *scenario, const struct vm_spec *vm) {
  if (!vm->affinity) return scenario->host.n_pcpus;
  uint32_t n = 0;
  for (uint32_t i = 0; i < (scenario->host.n_pcpus + 63) / 64; i++)
    n += (uint32_t)__builtin_popcountll(vm->affinity[i]);
  return n;
}

/* 64: 1, 2, 4, then each fourth. */
static struct conf *default_counts(const struct scenario *scenario, const struct vm_spec *vm,
                                   struct arena *arena) {
  struct conf *counts = conf_array(arena);
  uint32_t now = vm->guest.n_vcpus, n_pcpus = pcpus_of(scenario, vm), step = 1;
  uint32_t most = now > n_pcpus ? now : n_pcpus;
  while (step * COUNTS < most) step *= 2;
  for (uint32_t n = 1; n <= most; n++) {
    bool is_step = n < step ? (n & (n - 1)) == 0 : n % step == 0;
    if (is_step || n == now || n == most)
      conf_add(arena, counts, NULL, conf_literal(arena, arena_printf(arena, "%u", n)));
  }
  return counts;
}

static void add_axis(struct conf *sweep, const struct conf *axis, const char *path,
                     struct arena *arena) {
  struct conf *copy = ARENA_NEW(arena, struct conf);
  *copy = *axis;
  conf_add(arena, sweep, path, copy);
}

const struct scenario *sizing_scenario(const struct scenario *scenario, const char *vm,
                                       struct arena *arena) {
  const char *path = sizing_path(vm, arena);
  struct conf *sweep = conf_object(arena);
  for (uint32_t i = 0; i < scenario->n_sweep_axes; i++) {
    const struct conf *axis = scenario->sweep->children[i];
    if (conf_is_argument(axis) && strcmp(axis->key, path) != 0)
      add_axis(sweep, axis, axis->key, arena);
  }
  const struct conf *counts = conf_find(scenario->sweep, path);
  if (!counts) counts = default_counts(scenario, first_vm(scenario, vm), arena);
  add_axis(sweep, counts, path, arena);
  struct scenario *sized = ARENA_NEW(arena, struct scenario);
  *sized = *scenario;
  sized->sweep = sweep;
  sized->n_sweep_axes = sweep->n_children;
  sized->is_sweep_zipped = false;
  return sized;
}
