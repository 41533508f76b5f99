/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Results that no machine has run, but that add up: for tests of what is made of results. */
#ifndef COSTOP_TESTS_SUPPORT_FAKE_RESULT_H
#define COSTOP_TESTS_SUPPORT_FAKE_RESULT_H

#include "sim/arena.h"
#include "study/result.h"

enum { FAKE_WINDOW_NS = 3000000, FAKE_VCPUS = 2 };

/* 2 pCPUs at 2 GHz, rr, relaxed; VM "db" with 2 vCPUs and a ticket lock "runq", VM "noise.0" with
   one vCPU and no lock. */
const struct scenario *fake_scenario(struct arena *arena);

/* db: of 2 × 3 ms it runs 2 ms (1 ms of it useful, 0.25 critical, 0.5 spin, 0.125 kernel and
   overhead), is READY for 2 ms, COSTOP for 1 ms and IDLE for 1 ms. Of the spinning 20 % is
   contended, 40 % waits for a READY and 20 % for a co-stopped holder, 20 % for a waiter. Its
   iterations are 300 + 10 × replication. noise.0 has no iterations, hence no latency. */
struct run_result *fake_result(const struct scenario *scenario, uint32_t replication,
                               struct arena *arena);

#endif
