/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The registry of locks and guest schedulers; see hv/kinds.c. */
#include <stddef.h>

#include "guest/gsched.h"
#include "guest/lock.h"
#include "guest/lock_rows.h"

const char *const lock_on_limit_words[] = {"yield", "spin", NULL};
const char *const lock_interrupts_words[] = {
    [LOCK_INTERRUPTS_ENABLED] = "enabled", [LOCK_INTERRUPTS_DISABLED] = "disabled", NULL};
const char *const lock_class_words[] = {[LOCK_CLASS_NONE] = "none",
                                        [LOCK_CLASS_KERNEL] = "kernel",
                                        [LOCK_CLASS_DRIVER] = "driver",
                                        NULL};

const struct lock_ops *const lock_kinds[] = {
#define X(name) &lock_##name,
    LOCK_KINDS(X)
#undef X
        NULL};

const struct gsched_ops *const gsched_kinds[] = {
#define X(name) &gsched_##name,
    GSCHED_KINDS(X)
#undef X
        NULL};
