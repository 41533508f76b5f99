# SPDX-License-Identifier: GPL-3.0-or-later
"""What bench/run measures: programs at some work, and how long an event takes each."""
import re
import sys
from pathlib import Path

import work

MS = 1_000_000
FIRST_MS = 20  # simulated at first, to find out how much takes the wanted time

# By host: pCPUs, vCPUs, quantum, mean computation, mean sleep.
NUMBERS = {"4x8": (4, 8, MS, 2 * MS, 2 * MS), "64x256": (64, 256, MS, 2 * MS, 2 * MS),
           "1024x8192": (1024, 8192, MS, 2 * MS, 2 * MS), "hogs": (4, 8, 10 * MS, 0, 0)}


class Measured:
    """A program, and what it took in each round."""

    def __init__(self):
        self.duration_ms = FIRST_MS
        self.peak_mb = 0
        self.n_events = 0
        self.spent_s = []  # by round: (all that was run, what is no event loop)

    def loop_s(self):
        _, _, whole_s, part_s = self.spend()
        return whole_s - part_s

    def calibrate(self, seconds):
        while (spent_s := self.loop_s()) < seconds / 2:
            more = min(20, max(2, seconds / max(spent_s, 1e-6)))
            self.duration_ms = round(self.duration_ms * more)

    def measure(self):
        """Events per simulated ms."""
        self.n_events, simulated_ms, whole_s, part_s = self.spend()
        self.spent_s.append((whole_s, part_s))
        return self.n_events / simulated_ms

    def ns(self):
        """Per event, by round."""
        return [1e9 * (whole_s - part_s) / self.n_events for whole_s, part_s in self.spent_s]

    def least_ns(self):
        """Of an event, undisturbed. Each of both parts has its least: the least of differences
        would be one of which the second part was disturbed."""
        whole_s, part_s = map(min, zip(*self.spent_s))
        return 1e9 * (whole_s - part_s) / self.n_events


class Costop(Measured):
    def __init__(self, host, directory):
        super().__init__()
        self.path = work.write_host(host, directory)

    def spend(self):
        """(events, simulated ms, s of all, s of what is no event loop)"""
        whole_us, part_us = work.lengths_us(self.duration_ms)
        whole, part = (work.run(work.costop(self.path, us)) for us in (whole_us, part_us))
        self.peak_mb = max(self.peak_mb, whole.peak_mb)
        n_events = work.events(whole) - work.events(part)
        return n_events, (whole_us - part_us) / 1000, whole.cpu_s, part.cpu_s


class Switches(Costop):
    """An event is that half of the vCPUs stop and the others start, once in a period."""

    def __init__(self, host, period_ms, directory):
        super().__init__(host, directory)
        self.period_ms = period_ms

    def spend(self):
        _, simulated_ms, whole_s, part_s = super().spend()
        return simulated_ms / self.period_ms, simulated_ms, whole_s, part_s


class Other(Measured):
    """A program at the same work as costop at one of its hosts, which times its event loop."""

    def __init__(self, host, command):
        super().__init__()
        self.host, self.command = host, command

    def spend(self):
        text = work.run([*self.command, *NUMBERS[self.host], self.duration_ms * MS]).text
        found = re.fullmatch(r"events (\d+) in ([0-9.]+) s of loop.*\n", text)
        if not found:
            sys.exit(f"bench/run: {self.command[0]} printed {text!r}")
        return int(found[1]), self.duration_ms, float(found[2]), 0.0


def bare(host):
    return Other(host, [work.BUILD / "bench" / "bare"])


def simpy():
    return Other("4x8", ["/usr/bin/python3", work.ROOT / "bench/peers/round_robin_simpy.py"])


def simgrid(directory):
    peers = work.ROOT / "bench" / "peers"
    program = Path(directory) / "round_robin_simgrid"
    work.run(["cc", "-O2", peers / "round_robin_simgrid.c", "-o", program, "-lsimgrid", "-lm"])
    quiet = ["--log=root.thresh:error", "--cfg=surf/precision:1e-12"]
    return Other("4x8", [program, *quiet, peers / "one_host.xml"])


def create(name, directory):
    """bare HOST, SimPy, SimGrid, or costop at a host."""
    kind, _, rest = name.partition(" ")
    if kind == "bare":
        return bare(rest)
    if kind == "SimPy":
        return simpy()
    if kind == "SimGrid":
        return simgrid(directory)
    if kind in work.PERIODS_MS:
        return Switches(name, work.PERIODS_MS[kind], directory)
    return Costop(name, directory)
