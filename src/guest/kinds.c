/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The registry of locks; see hv/kinds.c. */
#include <stddef.h>

#include "guest/lock.h"
#include "guest/lock_rows.h"

const char *const lock_on_limit_words[] = {"yield", "spin", NULL};

const struct lock_ops *const lock_kinds[] = {
#define X(name) &lock_##name,
    LOCK_KINDS(X)
#undef X
        NULL};
