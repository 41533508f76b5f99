/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/preset_print.h"

#include <stdio.h>

enum { SETTING_WIDTH = 53 };

void preset_print(const struct preset *preset, struct arena *arena) {
  for (size_t i = 0; i < preset->n_values; i++) {
    const struct preset_value *value = &preset->values[i];
    const char *setting = arena_printf(arena, "%s=%s", value->path, value->value);
    (void)printf("    %-*s %s\n", SETTING_WIDTH, setting, value->source);
  }
}
