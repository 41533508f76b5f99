/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The registry of subcommands; see COMMANDS. */
#include <stddef.h>

#include "cli/cli.h"

const struct command *const commands[] = {
#define X(name) &cmd_##name,
    COMMANDS(X)
#undef X
        NULL};
