/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The registries: X-macro lists, because constructors of static libraries are dropped by linkers.
 */
#include <stddef.h>

#include "hv/cosched.h"
#include "hv/sched.h"

const struct sched_ops *const sched_kinds[] = {
#define X(name) &sched_##name,
    SCHED_KINDS(X)
#undef X
        NULL};

const struct cosched_ops *const cosched_kinds[] = {
#define X(name) &cosched_##name,
    COSCHED_KINDS(X)
#undef X
        NULL};
