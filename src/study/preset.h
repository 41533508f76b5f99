/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Presets: a hypervisor that people run, in one word. It stands for values of keys, each with its
   source, and expands at the level where it is written (a file, --set, an axis): over the levels
   below, under that level's own keys. */
#ifndef COSTOP_STUDY_PRESET_H
#define COSTOP_STUDY_PRESET_H

#include <stddef.h>

#include "study/conf.h"

#define PRESET_PATH "hypervisor.preset"

struct preset_value {
  const char *path, *value, *source;
};

struct preset {
  const char *name, *help;
  const struct preset_value *values;
  size_t n_values;
};

enum { PRESETS_MAX = 16 };
/* NULL behind the last. */
const struct preset *preset_at(size_t index);
/* Fills words with the names, NULL-terminated; returns words. */
const char *const *preset_names(const char *words[PRESETS_MAX + 1]);

/* The level with what its preset, if it has one, stands for put under its own keys, and without the
   word itself. */
const struct conf *preset_expand(const struct conf *level, struct diags *diags,
                                 struct arena *arena);
/* What is below an expanded level that has a preset: without the objects that presets state as a
   whole. */
const struct conf *preset_clear(const struct conf *below, struct arena *arena);
/* … and the preset called name put over it. */
const struct conf *preset_put(const struct conf *below, const struct conf *name,
                              struct diags *diags, struct arena *arena);

#endif
