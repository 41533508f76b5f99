/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A second simulator of the same model, written for plainness: at every instant it looks at every
   vCPU, thread and lock anew, and between two instants it books every integral from the state that
   it sees. It shares the random streams and distributions with the program, and nothing else. */
#ifndef COSTOP_TESTS_ORACLE_NAIVE_H
#define COSTOP_TESTS_ORACLE_NAIVE_H

#include <stdint.h>

#include "sim/arena.h"
#include "sim/trace.h"
#include "study/result.h"
#include "study/scenario.h"

/* Percentiles, host.events and ledger.dispatches are left 0. */
struct run_result *oracle_run(const struct scenario *scenario, uint32_t replication,
                              struct arena *arena);

/* The same, telling sink of changes of runstates, current threads, locks, barriers, iterations. */
struct run_result *oracle_run_traced(const struct scenario *scenario, uint32_t replication,
                                     struct trace_sink *sink, struct arena *arena);

#endif
