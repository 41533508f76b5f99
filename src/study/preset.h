/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Presets: a hypervisor that people run, or what a guest's lock was measured to go through, in one
   word. It stands for values of keys, each with its source, and expands at the level where it is
   written (a file, --set, an axis): over the levels below, under that level's own keys. */
#ifndef COSTOP_STUDY_PRESET_H
#define COSTOP_STUDY_PRESET_H

#include <stddef.h>

#include "study/conf.h"

#define PRESET_PATH "hypervisor.preset"

/* Where the word stands: hypervisor.preset, or preset in the program of a VM. */
enum preset_place { PRESET_HYPERVISOR, PRESET_PROGRAM, PRESET_PLACES };

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
const struct preset *preset_at(enum preset_place place, size_t index);
/* Fills words with the names, NULL-terminated; returns words. */
const char *const *preset_names(enum preset_place place, const char *words[PRESETS_MAX + 1]);

/* The level with what its presets, if it has some, stand for put under its own keys, and without
   the words themselves: a program that is one has its name. */
const struct conf *preset_expand(const struct conf *level, struct diags *diags,
                                 struct arena *arena);
/* What is below an expanded level that has a preset: without the objects, and the switch, that
   presets state as a whole. */
const struct conf *preset_clear(const struct conf *below, struct arena *arena);
/* … and the preset called name put over it. */
const struct conf *preset_put(const struct conf *below, const struct conf *name,
                              struct diags *diags, struct arena *arena);

#endif
