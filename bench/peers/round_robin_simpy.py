#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of ../bare.c in SimPy, as its manual would have it: a process for each vCPU, a resource
for the pCPUs, whose queue is first come, first served.

Usage: round_robin_simpy.py PCPUS VCPUS QUANTUM_NS COMPUTE_NS SLEEP_NS DURATION_NS
"""
import random
import sys
import time

import simpy


class Count:
    """Events, and ns by state of a vCPU, as costop and bare keep them."""

    def __init__(self):
        self.events = 0
        self.running = self.ready = self.asleep = 0


def vcpu(env, pcpus, quantum_ns, compute_ns, sleep_ns, count):
    while True:
        left_ns = random.expovariate(1 / compute_ns) if sleep_ns else float("inf")
        while left_ns > 0:
            since_ns = env.now
            with pcpus.request() as turn:
                yield turn
                count.ready += env.now - since_ns
                slice_ns = min(left_ns, quantum_ns)
                yield env.timeout(slice_ns)
            count.running += slice_ns
            left_ns -= slice_ns
            count.events += 1
        slept_ns = random.expovariate(1 / sleep_ns)
        yield env.timeout(slept_ns)
        count.asleep += slept_ns
        count.events += 1


def main():
    n_pcpus, n_vcpus, quantum_ns, compute_ns, sleep_ns, duration_ns = map(int, sys.argv[1:])
    env = simpy.Environment()
    pcpus = simpy.Resource(env, capacity=n_pcpus)
    counts = [Count() for _ in range(n_vcpus)]
    for count in counts:
        env.process(vcpu(env, pcpus, quantum_ns, compute_ns, sleep_ns, count))
    start = time.process_time()
    env.run(until=duration_ns)
    spent_s = time.process_time() - start
    print(f"events {sum(count.events for count in counts)} in {spent_s:.6f} s of loop")


main()
