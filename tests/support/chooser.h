/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the makers of random scenarios share. */
#ifndef COSTOP_TESTS_SUPPORT_CHOOSER_H
#define COSTOP_TESTS_SUPPORT_CHOOSER_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/arena.h"
#include "sim/rng.h"
#include "study/scenario.h"

struct chooser {
  struct rng_stream stream;
  struct arena *arena;
  struct scenario *scenario;
  bool is_random; /* distributions, not constants only */
  bool is_crowd;  /* many VMs of one vCPU whose one thread computes and sleeps */
  bool is_slow;   /* times are such that budgets cut slices, which last 0.1 ms at least */
  bool has_interrupts;
};

static inline uint32_t chooser_below(struct chooser *chooser, uint32_t n) {
  return (uint32_t)(rng_u64(&chooser->stream) >> 33) % n;
}

static inline bool chooser_chance(struct chooser *chooser, uint32_t percent) {
  return chooser_below(chooser, 100) < percent;
}

#define ONE_OF(chooser, ...)                       \
  (((const int64_t[]){__VA_ARGS__})[chooser_below( \
      (chooser), (uint32_t)(sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t)))])

struct dist chooser_uniform(int64_t min_ns, int64_t max_ns);
struct dist chooser_dist(struct chooser *chooser, bool is_short);
int64_t chooser_cost(struct chooser *chooser);

/* Locks, barriers and programs of the scenario; interrupts of a VM, whose program is known. */
void chooser_pick_programs(struct chooser *chooser);
void chooser_pick_interrupts(struct chooser *chooser, struct guest_spec *guest);

#endif
