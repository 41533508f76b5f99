/* SPDX-License-Identifier: GPL-3.0-or-later */
/* VMs: counts expanded, names looked up, affinities as bit sets. */
#include <stdlib.h>
#include <string.h>

#include "guest/gsched.h"
#include "study/scenario_parts.h"
#include "study/scenario_rows.h"

static const struct program *find_program(struct bind *bind, struct site vm, const char *name,
                                          const struct scenario *scenario) {
  const char **names = ARENA_ARRAY(bind->arena, scenario->n_programs + 1u, const char *);
  for (uint32_t i = 0; i < scenario->n_programs; i++) {
    names[i] = scenario->programs[i].name;
    if (strcmp(names[i], name) == 0) return &scenario->programs[i];
  }
  struct site site = site_child(bind, vm, "program");
  diag_error(bind->diags, site.place, site.path, bind_known(bind, name, "declared programs", names),
             "no program '%s' is declared in programs", name);
  return NULL;
}

/* One number of an affinity; moves *at behind it. UINT32_MAX if there is none. */
static uint32_t affinity_number(const char **at) {
  *at += strspn(*at, " ");
  size_t n = strspn(*at, "0123456789");
  if (n == 0 || n > 9) return UINT32_MAX;
  uint32_t number = (uint32_t)strtoul(*at, NULL, 10);
  *at += n;
  *at += strspn(*at, " ");
  return number;
}

/* NULL, or what is wrong in one clause. */
static const char *affinity_parse(struct bind *bind, const char *text, uint32_t n_pcpus,
                                  struct site pcpus, uint64_t *set) {
  for (const char *at = text;; at++) {
    uint32_t first = affinity_number(&at), last = first;
    if (first != UINT32_MAX && *at == '-') {
      at++;
      last = affinity_number(&at);
    }
    if (first == UINT32_MAX || last == UINT32_MAX || (*at && *at != ','))
      return "is no list of pCPUs such as \"0-3,7\"";
    if (last < first) return arena_printf(bind->arena, "counts down from %u to %u", first, last);
    if (last >= n_pcpus)
      return arena_printf(bind->arena, "names pCPU %u; the host's are 0-%u (%s)", last, n_pcpus - 1,
                          scenario_name_site(bind, pcpus));
    for (uint32_t pcpu = first; pcpu <= last; pcpu++) set[pcpu / 64] |= UINT64_C(1) << pcpu % 64;
    if (!*at) return NULL;
  }
}

static const uint64_t *bind_affinity(struct bind *bind, struct site vm, const char *text,
                                     struct site pcpus, uint32_t n_pcpus) {
  if (strcmp(text, AFFINITY_ALL) == 0 || n_pcpus == 0) return NULL;
  uint64_t *set = ARENA_ARRAY(bind->arena, n_pcpus / 64 + 1u, uint64_t);
  const char *fault = affinity_parse(bind, text, n_pcpus, pcpus, set);
  if (!fault) return set;
  struct site site = site_child(bind, vm, "affinity");
  diag_error(bind->diags, site.place, site.path, NULL, "\"%s\" %s", text, fault);
  return NULL;
}

const struct conf *scenario_spell_out(const struct conf *choice, struct arena *arena) {
  if (!choice || choice->kind != CONF_STRING) return choice;
  struct conf *object = conf_new(arena, CONF_OBJECT, NULL, choice->place);
  conf_add(arena, object, "kind", conf_new(arena, CONF_STRING, choice->text, choice->place));
  return object;
}

static void bind_scheduler(struct bind *bind, struct site vm, struct guest_spec *guest) {
  struct site site = site_child(bind, vm, VM_SCHEDULER);
  site.node = scenario_spell_out(site.node, bind->arena);
  bind_choice(bind, site, FAMILY_GUEST_SCHEDULER, GUEST_SCHEDULER_FALLBACK, &guest->scheduler);
  const struct gsched_ops *ops = (const void *)guest->scheduler.kind;
  struct site timeslice = site_child(bind, vm, "guest_timeslice");
  bool is_switched =
      (site.node && conf_is_argument(site.node)) || conf_find(bind->sweep, site.path);
  if (ops && !ops->has_timeslices && timeslice.node && !is_switched)
    diag_warning(bind->diags, timeslice.place, timeslice.path, NULL, "no effect under '%s'",
                 ops->kind.name);
}

static struct vm_keys bind_vm(struct bind *bind, struct site site, struct site pcpus,
                              const struct scenario *scenario) {
  struct vm_keys keys = {.spec = {.base_name = site.node->key, .start = dist_constant(0)}};
  struct object_rules rules = {.rows = vm_rows.rows, .n_rows = vm_rows.n, .others = vm_rows.others};
  bind_object(bind, site, &rules, &keys);
  if (strcmp(site.node->key, "host") == 0)
    diag_error(bind->diags, site.node->key_place, site.path, NULL,
               "a VM cannot be named 'host', which stands for the host itself");
  struct guest_spec *guest = &keys.spec.guest;
  keys.spec.is_thread_per_vcpu = guest->n_threads == 0;
  if (guest->n_threads == 0) guest->n_threads = guest->n_vcpus;
  bind_scheduler(bind, site, guest);
  if (keys.program) guest->program = find_program(bind, site, keys.program, scenario);
  scenario_bind_interrupts(bind, site_child(bind, site, VM_INTERRUPTS), scenario, guest);
  if (keys.affinity)
    keys.spec.affinity = bind_affinity(bind, site, keys.affinity, pcpus, scenario->host.n_pcpus);
  return keys;
}

void scenario_bind_vms(struct bind *bind, struct site root, struct scenario *scenario) {
  struct site site = site_child(bind, root, "vms");
  struct site pcpus = site_child(bind, site_child(bind, root, "host"), "pcpus");
  if (!bind_expect(bind, site, CONF_OBJECT, "an object of VMs")) return;
  if (!site.node || site.node->n_children == 0) {
    diag_error(bind->diags, site.place, site.node ? "vms" : "", NULL,
               site.node ? "there is no VM" : "missing key 'vms'");
    return;
  }
  scenario_check_names(bind, site);
  struct vm_keys *keys = ARENA_ARRAY(bind->arena, site.node->n_children, struct vm_keys);
  uint64_t n_vms = 0;
  for (uint32_t i = 0; i < site.node->n_children; i++) {
    struct site vm = site_element(bind, site, i);
    keys[i] = bind_vm(bind, vm, pcpus, scenario);
    n_vms += keys[i].count ? keys[i].count : 1;
  }
  if (n_vms > VMS_MAX) {
    diag_error(bind->diags, site.place, site.path, NULL, "%ju VMs are above the most, %d",
               (uintmax_t)n_vms, VMS_MAX);
    return;
  }
  struct vm_spec *vms = ARENA_ARRAY(bind->arena, n_vms, struct vm_spec);
  uint32_t n = 0;
  for (uint32_t i = 0; i < site.node->n_children; i++) {
    for (uint32_t copy = 0; copy < keys[i].count; copy++) {
      vms[n] = keys[i].spec;
      vms[n++].name = arena_printf(bind->arena, "%s.%u", keys[i].spec.base_name, copy);
    }
    if (keys[i].count) continue;
    vms[n] = keys[i].spec;
    vms[n++].name = keys[i].spec.base_name;
  }
  if (scenario->host.n_pcpus > 0)
    scenario_bind_exclusive(bind, site, vms, n, scenario->host.n_pcpus);
  scenario->vms = vms;
  scenario->n_vms = n;
}
