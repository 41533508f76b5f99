/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef COSTOP_GUEST_LOCK_H
#define COSTOP_GUEST_LOCK_H

#include <stdbool.h>

#include "sim/param.h"

#define LOCK_KINDS(X) \
  X(tas)              \
  X(ttas)             \
  X(ticket)           \
  X(mcs)              \
  X(mutex)            \
  X(handoff)          \
  X(adaptive)

struct lock_ops {
  struct kind kind;
  bool is_spinlock; /* waiters never give up the vCPU: no sleep, yield, barrier or blocking lock
                       inside */
};
#define X(name) extern const struct lock_ops lock_##name;
LOCK_KINDS(X)
#undef X

/* NULL-terminated, in the order of LOCK_KINDS. */
extern const struct lock_ops *const lock_kinds[];

#endif
