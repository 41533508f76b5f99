/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/cell_cost.h"

#include <time.h>

#include "study/machine.h"

enum {
  SAMPLES = 8,            /* cells at most, spread evenly */
  SAMPLE_EVENTS = 100000, /* a moment of a cell has as many events, or is all of it … */
  FIRST_NS = 100000,      /* … and begins as short as that */
  GROWTH = 4
};

/* Of a cell, per replication. */
struct moment {
  double events, cpu_s;
};

static double seconds_since(const struct timespec *start) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

static int64_t horizon_ns(const struct scenario *scenario) {
  return scenario->run.warmup_ns + scenario->run.duration_ns;
}

/* Runs the first length_ns of the cell; false if that cannot be done. */
static bool moment_run(const struct scenario *cell, int64_t length_ns, const struct cli *cli,
                       struct moment *moment) {
  struct scenario scenario = *cell;
  scenario.run.warmup_ns = 0;
  scenario.run.duration_ns = length_ns;
  struct arena arena = {0};
  struct timespec start;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start);
  const struct machine_options options = {.interrupt = cli->interrupt};
  const struct run_result *run = machine_run(&scenario, &options, &arena);
  moment->events = (double)run->host.events;
  moment->cpu_s = seconds_since(&start);
  bool is_done = run->status == RUN_DONE;
  arena_free(&arena);
  return is_done;
}

/* What takes time without any event is told apart by a second moment with hardly any. */
static bool cell_sample(const struct scenario *cell, const struct cli *cli, struct moment *whole) {
  struct moment least, most;
  int64_t length_ns = FIRST_NS, whole_ns = horizon_ns(cell);
  if (!moment_run(cell, 1, cli, &least)) return false;
  for (;; length_ns *= GROWTH) {
    if (length_ns > whole_ns) length_ns = whole_ns;
    if (!moment_run(cell, length_ns, cli, &most)) return false;
    if (most.events >= SAMPLE_EVENTS || length_ns == whole_ns) break;
  }
  double times = (double)whole_ns / (double)length_ns;
  whole->events = most.events * times;
  whole->cpu_s = least.cpu_s;
  if (most.cpu_s > least.cpu_s) whole->cpu_s += (most.cpu_s - least.cpu_s) * times;
  return true;
}

/* The index-th of n cells that lie as far apart as they can. */
static bool is_sampled(uint32_t cell, uint32_t n_cells, uint32_t index) {
  uint32_t n = n_cells < SAMPLES ? n_cells : SAMPLES;
  return index < n && cell == (n == 1 ? 0 : (uint64_t)index * (n_cells - 1) / (n - 1));
}

struct cell_cost cell_cost_estimate(const struct cli *cli, const struct study *study) {
  const struct grid *grid = study->grid;
  struct cell_cost cost = {0};
  struct moment sum = {0};
  double sampled_ns = 0;
  struct arena arena = {0};
  for (uint32_t cell = 0, next = 0; cell < grid->n_cells && !*cli->interrupt; cell++) {
    struct diags *diags = ARENA_NEW(&arena, struct diags);
    diags->arena = &arena;
    const struct scenario *scenario = grid_bind(grid, cell, diags, &arena);
    struct moment moment;
    cost.simulated_ns += (double)horizon_ns(scenario);
    if (is_sampled(cell, grid->n_cells, next)) {
      next++;
      if (cell_sample(scenario, cli, &moment)) {
        sum.events += moment.events;
        sum.cpu_s += moment.cpu_s;
        sampled_ns += (double)horizon_ns(scenario);
        cost.n_sampled++;
      }
    }
    arena_reset(&arena);
  }
  arena_free(&arena);
  if (cost.n_sampled == 0) return cost;
  cost.events = sum.events / sampled_ns * cost.simulated_ns;
  cost.cpu_s = sum.cpu_s / sampled_ns * cost.simulated_ns;
  return cost;
}
