/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef COSTOP_CLI_PRESET_PRINT_H
#define COSTOP_CLI_PRESET_PRINT_H

#include "study/preset.h"

/* The values that it stands for, with their sources, one a line. */
void preset_print(const struct preset *preset, struct arena *arena);

#endif
