/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For what every event does: inlined, whatever the compiler thinks of it. */
#ifndef COSTOP_SIM_INLINE_H
#define COSTOP_SIM_INLINE_H

#define ALWAYS_INLINE static inline __attribute__((always_inline))

#endif
