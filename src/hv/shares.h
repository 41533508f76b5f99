/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sharing time out by weight, where nobody gets more than it may have.

   Rule: whoever may have less than its share gets that, and the others share the rest. Cost: a
   round of all for each time that somebody turns out to be such a one; a division is made wherever
   the weight is not that of the one before. */
#ifndef COSTOP_HV_SHARES_H
#define COSTOP_HV_SHARES_H

#include <stdbool.h>
#include <stdint.h>

struct share {
  uint64_t weight; /* 0: it gets nothing */
  int64_t most_ns; /* that it may have */
  int64_t due_ns;  /* what it gets */
  bool has_most;   /* … which is most_ns */
};

/* total_ns x weight / of, rounded down; of > 0. */
int64_t shares_part_ns(int64_t total_ns, uint64_t weight, uint64_t of);
/* Sets due_ns, of the n that there are. */
void shares_settle(struct share *shares, uint32_t n, int64_t total_ns);

#endif
