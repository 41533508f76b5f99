/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The work of ../bare.c in SimGrid: an actor for each vCPU, a semaphore for the pCPUs, whose queue
   is first come, first served.

   Usage: round_robin_simgrid PLATFORM PCPUS VCPUS QUANTUM_NS COMPUTE_NS SLEEP_NS DURATION_NS */
#include <math.h>
#include <simgrid/actor.h>
#include <simgrid/engine.h>
#include <simgrid/host.h>
#include <simgrid/semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static struct {
  sg_sem_t pcpus;
  double quantum_s, compute_s, sleep_s;
  uint64_t events;
  double running_s, ready_s, asleep_s; /* as costop and bare keep them */
} world;

static double exponential(double mean_s) { return -mean_s * log1p(-drand48()); }

static void vcpu(int argc, char **argv) {
  (void)argc, (void)argv;
  for (;;) {
    double left_s = world.sleep_s > 0 ? exponential(world.compute_s) : INFINITY;
    while (left_s > 0) {
      double since_s = simgrid_get_clock(), slice_s = fmin(left_s, world.quantum_s);
      sg_sem_acquire(world.pcpus);
      world.ready_s += simgrid_get_clock() - since_s;
      sg_actor_sleep_for(slice_s);
      sg_sem_release(world.pcpus);
      world.running_s += slice_s;
      left_s -= slice_s;
      world.events++;
    }
    double slept_s = exponential(world.sleep_s);
    sg_actor_sleep_for(slept_s);
    world.asleep_s += slept_s;
    world.events++;
  }
}

int main(int argc, char **argv) {
  simgrid_init(&argc, argv);
  if (argc != 8) return EXIT_FAILURE;
  simgrid_load_platform(argv[1]);
  world.pcpus = sg_sem_init(atoi(argv[2]));
  world.quantum_s = 1e-9 * atof(argv[4]);
  world.compute_s = 1e-9 * atof(argv[5]);
  world.sleep_s = 1e-9 * atof(argv[6]);
  for (int i = atoi(argv[3]); i > 0; i--)
    sg_actor_create("vcpu", sg_host_by_name("host"), vcpu, 0, NULL);
  clock_t start = clock();
  simgrid_run_until(1e-9 * atof(argv[7]));
  printf("events %llu in %.6f s of loop\n", (unsigned long long)world.events,
         (double)(clock() - start) / CLOCKS_PER_SEC);
  (void)fflush(stdout);
  _Exit(EXIT_SUCCESS); /* the actors never end */
}
