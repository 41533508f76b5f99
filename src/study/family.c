/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/family.h"

#include <assert.h>
#include <string.h>

#include "guest/gsched.h"
#include "guest/lock.h"
#include "hv/cosched.h"
#include "hv/sched.h"
#include "sim/dist.h"

const struct kind *family_kind(enum family family, size_t index) {
  switch (family) {
    case FAMILY_SCHEDULER:
      return sched_kinds[index] ? &sched_kinds[index]->kind : NULL;
    case FAMILY_COSCHEDULING:
      return cosched_kinds[index] ? &cosched_kinds[index]->kind : NULL;
    case FAMILY_GUEST_SCHEDULER:
      return gsched_kinds[index] ? &gsched_kinds[index]->kind : NULL;
    case FAMILY_LOCK:
      return lock_kinds[index] ? &lock_kinds[index]->kind : NULL;
    case FAMILY_DISTRIBUTION:
      return dist_kinds[index] ? &dist_kinds[index]->kind : NULL;
  }
  return NULL;
}

const struct kind *family_find(enum family family, const char *name) {
  for (size_t i = 0; family_kind(family, i); i++)
    if (strcmp(family_kind(family, i)->name, name) == 0) return family_kind(family, i);
  return NULL;
}

const char *const *family_names(enum family family, const char *words[FAMILY_MAX + 1]) {
  size_t n = 0;
  for (; family_kind(family, n); n++) {
    assert(n < FAMILY_MAX);
    words[n] = family_kind(family, n)->name;
  }
  words[n] = NULL;
  return words;
}

const struct param *family_row(enum family family, const char *key, const struct kind **owner) {
  for (size_t i = 0; family_kind(family, i); i++) {
    const struct kind *kind = family_kind(family, i);
    for (size_t row = 0; row < kind->n_params; row++) {
      if (strcmp(kind->params[row].key, key) != 0) continue;
      *owner = kind;
      return &kind->params[row];
    }
  }
  return NULL;
}
