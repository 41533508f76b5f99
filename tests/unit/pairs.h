/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Are two uniform numbers that are drawn beside each other independent? */
#ifndef COSTOP_TESTS_UNIT_PAIRS_H
#define COSTOP_TESTS_UNIT_PAIRS_H

#include <stdint.h>

#include "sim/rng.h"

enum { PAIRS_SIDE = 64 };

/* Zero at first. */
struct pairs {
  uint64_t count[PAIRS_SIDE * PAIRS_SIDE]; /* of a square of equal cells */
  double products;                         /* sum of those of the deviations from 1/2 */
  uint64_t n;
};

void pairs_add(struct pairs *pairs, double u, double v);
/* Of counts and correlation the lesser one. */
double pairs_p_value(const struct pairs *pairs);

/* What streams may be neighbours in. */
enum pairs_axis { PAIRS_SEED, PAIRS_REPLICATION, PAIRS_VM, PAIRS_INDEX, PAIRS_PURPOSE, PAIRS_AXES };

/* Two neighbours, draw by draw. */
double pairs_of_neighbours(enum pairs_axis axis, uint64_t n, uint64_t seed);
/* The first draws of many neighbours; not of purposes, which are few. */
double pairs_of_first_draws(enum pairs_axis axis, uint64_t n, uint64_t seed);
/* A stream, and the same some draws later. */
double pairs_of_lag(uint32_t lag, uint64_t n, uint64_t seed);

#endif
