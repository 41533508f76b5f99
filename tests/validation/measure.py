# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs scenarios, and works formulas out, replication by replication.

A formula is arithmetic on words of the form `metric@entity`, such as `spin_pct@db / run_pct@db`. An
entity is host, a VM, or VM/vN, VM/lock, VM/interrupt, VM/who (of the steal matrix); db.* stands for
the mean over all VMs that match. `metric@entity[-s key=value]` is of the same scenario with these
settings added. Metrics are those of `costop run -F json`, and these:

    longest_run_ms, shortest_run_ms    how long a vCPU (VM/vN) was RUNNING at a stretch in the
                                       trace, or a thread (VM/tN) current; what begins or ends
                                       with the trace is left out
    trace_length@host                  lines of the trace
    trace_differs@host[-s …]           of these, how many are not in the other one's trace
    unlike_times@host[K FILE]          integers of the results that are not K times (counters:
                                       once) those of another scenario
"""
import csv
import json
import re
import shlex
import subprocess
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORD = re.compile(r"([a-z]\w*)@([\w./*-]+)(?:\[([^\]]+)\])?")


def joined(arguments, added):
    """Both; what is set anew is set once."""
    for key in re.findall(r"-s ([\w.]+)=", added):
        arguments = re.sub(rf" -s {re.escape(key)}=\S+", "", arguments)
    return f"{arguments} {added}".strip()


def runs_of(formula, arguments):
    """The arguments of all runs that it needs."""
    return {arguments if metric in PROBES else joined(arguments, other)
            for metric, _, other in WORD.findall(formula)}


class Program:
    """costop, with what it has printed."""

    def __init__(self, path):
        self.path = str(Path(path).resolve())
        self.replications = lru_cache(None)(self.replications)
        self.trace = lru_cache(None)(self.trace)

    def output(self, command, arguments):
        words = [self.path, "-q", command, *shlex.split(arguments)]
        done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, check=False)
        assert done.returncode in (0, 1), f"{shlex.join(words)}: {done.stderr}"
        return done.stdout

    def replications(self, arguments):
        results = json.loads(self.output("run", f"{arguments} -j 1 -F json"))
        return results["cells"][0]["replications"]

    def trace(self, arguments):
        return self.output("trace", f"{arguments} -F csv -o -").splitlines()

    def values(self, formula, arguments):
        """The formula's value in each replication."""
        n = len(self.replications(arguments))
        return [self.value(formula, arguments, k) for k in range(n)]

    def value(self, formula, arguments, replication):
        def number(match):
            metric, entity, other = match.groups()
            if metric in PROBES:
                return repr(PROBES[metric](self, arguments, entity, other))
            run = joined(arguments, other or "")
            return repr(find(self.replications(run)[replication], metric, entity))

        arithmetic = WORD.sub(number, formula)
        return float(eval(arithmetic, {"__builtins__": {}}, {"max": max}))


def find(replication, metric, entity):
    """The mean of a metric over the entities that match."""
    if entity == "host":
        return replication["host"][metric]
    name, _, part = entity.partition("/")
    found = [vm for vm_name, vm in replication["vms"].items() if fnmatchcase(vm_name, name)]
    if re.fullmatch(r"v\d+", part):
        found = [vm["vcpus"][int(part[1:])] for vm in found]
    elif part:
        found = [{**vm["locks"], **vm["interrupts"], **vm["steal"]}[part] for vm in found]
    assert found, f"nothing is called {entity}"
    return sum(each[metric] for each in found) / len(found)


# --- metrics that are read off traces and whole results ------------------------------------------

def stretches_ms(program, arguments, entity):
    vm, _, part = entity.partition("/")
    wanted = {"vm": vm, "kind": "vcpu", "vcpu": part[1:], "state": "running"}
    if part.startswith("t"):
        wanted = {"vm": vm, "kind": "activity", "thread": part[1:]}
    rows = list(csv.DictReader(program.trace(arguments)))
    end_of_trace_ns = max(int(row["end_ns"]) for row in rows)
    times = sorted((int(row["start_ns"]), int(row["end_ns"])) for row in rows
                   if wanted.items() <= row.items())
    stretches = []
    for start_ns, end_ns in times:
        if stretches and stretches[-1][1] == start_ns:
            start_ns = stretches.pop()[0]
        stretches.append((start_ns, end_ns))
    return [(end_ns - start_ns) / 1e6 for start_ns, end_ns in stretches
            if 0 < start_ns and end_ns < end_of_trace_ns]


def longest_run_ms(program, arguments, entity, _):
    return max(stretches_ms(program, arguments, entity))


def shortest_run_ms(program, arguments, entity, _):
    return min(stretches_ms(program, arguments, entity))


def trace_length(program, arguments, *_):
    return len(program.trace(arguments))


def trace_differs(program, arguments, _, other):
    own, others = program.trace(arguments), program.trace(joined(arguments, other))
    return sum(a != b for a, b in zip(own, others)) + abs(len(own) - len(others))


def integers(results, path=()):
    """(path, is it a time, integer) of all times and counters; shares and means follow."""
    for key, value in results.items():
        if isinstance(value, list):
            value = dict(enumerate(value))
        if isinstance(value, dict):
            yield from integers(value, (*path, key))
        elif isinstance(value, int) and not str(key).endswith(("_us", "_pct", "_per_s")):
            yield (*path, key), str(key).endswith(("_ns", "_cycles")), value


def unlike_times(program, arguments, _, other):
    factor, _, scenario = other.partition(" ")
    own = list(integers(program.replications(arguments)[0]))
    others = list(integers(program.replications(scenario)[0]))
    assert len(own) == len(others) > 100, "too little to compare"
    return sum((path, value) != (other_path, other_value * (int(factor) if is_time else 1))
               for (path, is_time, value), (other_path, _, other_value) in zip(own, others))


PROBES = {probe.__name__: probe for probe in
          (longest_run_ms, shortest_run_ms, trace_length, trace_differs, unlike_times)}
