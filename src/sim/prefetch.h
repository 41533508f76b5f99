/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fetches a cache line that will be written soon. gcc 12 takes a function that does nothing but
   fetch for one without effects, and drops calls of it; the empty asm statement is an effect. */
#ifndef COSTOP_SIM_PREFETCH_H
#define COSTOP_SIM_PREFETCH_H

static inline void prefetch_line(const void *address) {
  __builtin_prefetch(address, 1);
  __asm__ volatile("");
}

#endif
