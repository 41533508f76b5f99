/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/limits.h"

#include <sched.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { NS_PER_S = 1000000000, LOOK_NS = 50000000 };

/* Bytes that the process may have. */
static uint64_t memory(void) {
  uint64_t bytes = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
  struct rlimit limit;
  if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur < bytes) bytes = limit.rlim_cur;
  return bytes;
}

uint32_t limits_cores(uint64_t bytes_each) {
  cpu_set_t cores;
  long n = sched_getaffinity(0, sizeof cores, &cores) == 0 ? CPU_COUNT(&cores)
                                                           : sysconf(_SC_NPROCESSORS_ONLN);
  uint64_t room = memory() / 2;
  if (n > 0 && (uint64_t)n * bytes_each > room) n = (long)(room / bytes_each);
  return n < 1 ? 1 : (uint32_t)n;
}

int limits_check_memory(const char *path, uint64_t bytes) {
  uint64_t room = memory();
  if (bytes <= room) return EX_OK;
  cli_error("%s: a replication takes %ju MiB of memory, and there are %ju MiB here", path,
            (uintmax_t)(bytes >> 20) + 1, (uintmax_t)(room >> 20));
  return EX_SOFTWARE;
}

static int64_t ns_of(struct timespec time) { return time.tv_sec * NS_PER_S + time.tv_nsec; }

int64_t limits_now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return ns_of(now);
}

bool limits_is_late(const struct cli *cli) {
  return cli->max_wall_ns > 0 && limits_now_ns() - ns_of(cli->started) >= cli->max_wall_ns;
}

struct timespec limits_next_look(void) {
  int64_t next_ns = limits_now_ns() + LOOK_NS;
  return (struct timespec){next_ns / NS_PER_S, next_ns % NS_PER_S};
}
