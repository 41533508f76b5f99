/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How much of this machine a study may take: cores, memory, time. */
#ifndef COSTOP_CLI_LIMITS_H
#define COSTOP_CLI_LIMITS_H

#include "cli/cli.h"

/* Cores that the process may use; of a machine with many cores and little memory as many as have
   room for replications of that size. */
uint32_t limits_cores(uint64_t bytes_each);

/* EX_OK, or EX_SOFTWARE with a message: a replication of that size has no room. */
int limits_check_memory(const char *path, uint64_t bytes);

/* Of CLOCK_MONOTONIC. */
int64_t limits_now_ns(void);
/* Is --max-wall over? */
bool limits_is_late(const struct cli *cli);
/* When that, signals, results and the progress want to be looked at again. */
struct timespec limits_next_look(void);

#endif
