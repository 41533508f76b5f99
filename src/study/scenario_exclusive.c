/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pCPUs that belong to one VM: everybody else is kept off them. */
#include <string.h>

#include "study/scenario_parts.h"
#include "study/scenario_rows.h"

static struct site site_of(struct bind *bind, struct site vms, const struct vm_spec *vm,
                           const char *key) {
  return site_child(bind, site_child(bind, vms, vm->base_name), key);
}

static bool overlap(const uint64_t *a, const uint64_t *b, uint32_t n_words) {
  for (uint32_t w = 0; w < n_words; w++)
    if (a[w] & b[w]) return true;
  return false;
}

/* owner has its pCPUs for itself; vm is of another entry of the file. */
static void keep_off(struct bind *bind, struct site vms, const struct vm_spec *owner,
                     const struct vm_spec *vm, uint32_t n_words) {
  if (!vm->affinity || !overlap(owner->affinity, vm->affinity, n_words)) return;
  struct site site = site_of(bind, vms, vm, "affinity");
  diag_error(bind->diags, site.place, site.path, NULL,
             "has pCPUs that belong to '%s' alone (%s; %s)", owner->base_name,
             scenario_name_site(bind, site_of(bind, vms, owner, "exclusive")),
             scenario_name_site(bind, site_of(bind, vms, owner, "affinity")));
}

/* Those without affinity get what the exclusive ones leave. */
static void share_rest(struct bind *bind, struct site vms, struct vm_spec *specs, uint32_t n,
                       uint32_t n_pcpus) {
  uint32_t n_words = n_pcpus / 64 + 1;
  uint64_t *rest = ARENA_ARRAY(bind->arena, n_words, uint64_t);
  const struct vm_spec *owner = NULL;
  for (uint32_t p = 0; p < n_pcpus; p++) rest[p / 64] |= UINT64_C(1) << p % 64;
  for (uint32_t i = 0; i < n; i++) {
    if (!specs[i].is_exclusive || !specs[i].affinity) continue;
    owner = &specs[i];
    for (uint32_t w = 0; w < n_words; w++) rest[w] &= ~owner->affinity[w];
  }
  for (uint32_t i = 0; owner && i < n; i++) {
    if (specs[i].affinity) continue;
    specs[i].affinity = rest;
    if (overlap(rest, rest, n_words)) continue;
    struct site site = site_of(bind, vms, owner, "exclusive");
    diag_error(bind->diags, site.place, site.path, NULL, "leaves no pCPU for '%s' (%s)",
               specs[i].base_name,
               scenario_name_site(bind, site_child(bind, vms, specs[i].base_name)));
    return;
  }
}

/* VMs of one entry stand side by side and are alike. */
static bool is_same_entry(const struct vm_spec *a, const struct vm_spec *b) {
  return strcmp(a->base_name, b->base_name) == 0;
}

static bool is_first_of_entry(const struct vm_spec *specs, uint32_t i) {
  return i == 0 || !is_same_entry(&specs[i - 1], &specs[i]);
}

/* "all" is no answer to the question which pCPUs; a bad answer has been reported. */
static void want_affinity(struct bind *bind, struct site vms, const struct vm_spec *owner) {
  struct site affinity = site_of(bind, vms, owner, "affinity");
  struct site site = site_of(bind, vms, owner, "exclusive");
  if (affinity.node && strcmp(affinity.node->text, AFFINITY_ALL) != 0) return;
  diag_error(bind->diags, site.place, site.path, NULL, "wants to know which pCPUs: 'affinity' (%s)",
             scenario_name_site(bind, affinity));
}

void scenario_bind_exclusive(struct bind *bind, struct site vms, struct vm_spec *specs, uint32_t n,
                             uint32_t n_pcpus) {
  for (uint32_t i = 0; i < n; i++) {
    const struct vm_spec *owner = &specs[i];
    if (!owner->is_exclusive || !is_first_of_entry(specs, i)) continue;
    if (!owner->affinity) want_affinity(bind, vms, owner);
    for (uint32_t k = 0; owner->affinity && k < n; k++) {
      bool is_told = specs[k].is_exclusive && k < i; /* as the owner, of this one */
      if (is_told || is_same_entry(owner, &specs[k]) || !is_first_of_entry(specs, k)) continue;
      keep_off(bind, vms, owner, &specs[k], n_pcpus / 64 + 1);
    }
  }
  share_rest(bind, vms, specs, n, n_pcpus);
}
