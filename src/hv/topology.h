/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which pCPUs are near each other. They are numbered thread by thread, core by core, last-level
   cache by last-level cache, socket by socket, so everything that holds some is an interval. */
#ifndef COSTOP_HV_TOPOLOGY_H
#define COSTOP_HV_TOPOLOGY_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/ids.h"

/* What two pCPUs have in common at least. */
enum distance { DISTANCE_CORE, DISTANCE_LLC, DISTANCE_SOCKET, DISTANCE_HOST, DISTANCES };

/* How many pCPUs each has; the host has all. */
struct topology {
  uint32_t n_in[DISTANCES];
};

static inline bool topology_is_within(const struct topology *topology, enum distance distance,
                                      pcpu_id_t a, pcpu_id_t b) {
  uint32_t n = topology->n_in[distance];
  return a / n == b / n;
}

static inline enum distance topology_distance(const struct topology *topology, pcpu_id_t a,
                                              pcpu_id_t b) {
  enum distance distance = DISTANCE_CORE;
  while (distance < DISTANCE_HOST && !topology_is_within(topology, distance, a, b)) distance++;
  return distance;
}

#endif
