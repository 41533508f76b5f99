/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How often an interval holds what it is of. N vCPUs on pCPUs of their own share one FIFO lock,
   thinking for 9 us and holding it for 1 us, both exponential: M/M/1//N, whose throughput is known
   (model.md 9, row 9). */
#ifndef COSTOP_TESTS_CONFORMANCE_COVERAGE_H
#define COSTOP_TESTS_CONFORMANCE_COVERAGE_H

#include <stdint.h>

struct coverage {
  uint32_t n_vcpus, window_us;
  double pct; /* -p throughput=pct; 0: always min_reps replications */
  uint32_t min_reps, max_reps;
};

struct covered {
  uint32_t n;      /* studies, each with a seed of its own */
  uint32_t n_held; /* whose interval holds the true value */
  double mean_reps;
  double mean_error; /* of the means, relative to the true value */
};

struct covered coverage_count(const struct coverage *coverage, uint32_t n_studies);

#endif
