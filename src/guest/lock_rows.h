/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parameter rows that several kinds of lock share. */
#ifndef COSTOP_GUEST_LOCK_ROWS_H
#define COSTOP_GUEST_LOCK_ROWS_H

#include "guest/program.h"
#include "sim/param.h"
#include "sim/time.h"

#define LOCK_COST_ROW(name, member, text)                                                \
  {                                                                                      \
    .key = name, .type = PARAM_DURATION, .offset = offsetof(struct lock_params, member), \
    .fallback = "0", .min = 0, .max = 0x1p62, .help = text                               \
  }
#define LOCK_ROW_ACQUIRE \
  LOCK_COST_ROW("acquire", acquire_ns, "kernel time of an acquirer who finds the lock free")
#define LOCK_ROW_BASE                                 \
  LOCK_COST_ROW("handoff_cost.base", handoff_base_ns, \
                "time from a release to the next owner's section")
#define LOCK_ROW_PER_WAITER                                       \
  LOCK_COST_ROW("handoff_cost.per_waiter", handoff_per_waiter_ns, \
                "added to it for each other waiter whose vCPU is running")
#define LOCK_ROW_BLOCK LOCK_COST_ROW("block", block_ns, "kernel time of going to sleep")
#define LOCK_ROW_WAKE \
  LOCK_COST_ROW("wake", wake_ns, "kernel time that waking a sleeper costs the releaser")
#define LOCK_LIMIT_ROW(preset, least, text)                                                  \
  {                                                                                          \
    .key = "spin_limit", .type = PARAM_DURATION,                                             \
    .offset = offsetof(struct lock_params, spin_limit_ns), .fallback = preset, .min = least, \
    .max = 0x1p62, .word = "none", .word_value = TIME_NEVER_NS, .help = text                 \
  }
#define LOCK_ROW_SPIN_LIMIT \
  LOCK_LIMIT_ROW("none", 0, "guest time after which a spinning waiter goes to sleep")

/* Of spinlocks whose waiters may yield. */
extern const char *const lock_on_limit_words[];
#define LOCK_ROW_YIELD_LIMIT \
  LOCK_LIMIT_ROW("none", 1,  \
                 "guest time of a wait after which on_limit says what to do, each time anew")
#define LOCK_ROW_ON_LIMIT                                                                      \
  {                                                                                            \
    .key = "on_limit", .type = PARAM_CHOICE, .offset = offsetof(struct lock_params, on_limit), \
    .fallback = "yield", .choices = lock_on_limit_words,                                       \
    .help =                                                                                    \
        "what a waiter that has spun for spin_limit does: yield lets other vCPUs "             \
        "go first, spin goes on"                                                               \
  }

/* Of the spinlocks. */
extern const char *const lock_interrupts_words[], *const lock_class_words[];
#define LOCK_ROWS_ORDER(standard)                                                             \
  {.key = "interrupts",                                                                       \
   .type = PARAM_CHOICE,                                                                      \
   .offset = offsetof(struct lock_params, interrupts),                                        \
   .fallback = standard,                                                                      \
   .choices = lock_interrupts_words,                                                          \
   .help = "disabled: from asking for it to releasing it, the vCPU takes no interrupts"},     \
      {.key = "class",                                                                        \
       .type = PARAM_CHOICE,                                                                  \
       .offset = offsetof(struct lock_params, order),                                         \
       .fallback = "none",                                                                    \
       .choices = lock_class_words,                                                           \
       .help =                                                                                \
           "a kernel lock may nest in kernel locks of a lower level, a driver lock not at "   \
           "all; of none nothing is demanded"},                                               \
  {                                                                                           \
    .key = "level", .type = PARAM_COUNT, .offset = offsetof(struct lock_params, level),       \
    .fallback = "0", .max = 1000000, .help = "of a kernel lock: where in the order it stands" \
  }

#endif
