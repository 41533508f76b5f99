#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random hosts under the schedulers that have weights: all invariants hold after every event, the
runstates of a vCPU add up, and nobody uses more than its cap."""
import csv
import io
import json
import random
import subprocess
import sys

COSTOP = sys.argv[1]
RUNS = 100
PROGRAMS = {
    "hog": [{"compute": "1s"}],
    "db": [{"compute": {"exponential": "200us"}}, {"lock": "l", "hold": {"exponential": "80us"}}],
    "web": [{"compute": {"uniform": ["20us", "900us"]}}, {"lock": "l", "hold": "30us"},
            {"sleep": {"exponential": "50us"}}],
    "io": [{"compute": "100us"}, {"sleep": "400us"}],
}


def us(low, high):
    return f"{random.randint(low, high)}us"


def random_scheduler():
    scheduler = random.choice([
        {"kind": "credit", "timeslice": us(1000, 8000), "ratelimit": us(0, 1000)},
        {"kind": "credit2", "init": us(2000, 10000), "ratelimit": us(0, 2000),
         "min_timer": us(1, 2000),
         "runqueue": random.choice(["cpu", "core", "socket", "socket", "all"])},
        {"kind": "eevdf", "tick": us(100, 4000), "hrtick": random.choice(["off", "on"]),
         "base_slice": us(50, 3000), "balance_interval": us(100, 9000)},
        {"kind": "esx", "quantum": us(300, 20000), "bound_lag": random.randint(0, 8),
         "period": us(200, 10000)},
    ])
    if scheduler["kind"] in ("credit", "eevdf") and random.random() < 0.5:
        scheduler["placement"] = "balance"
    return scheduler


def random_topology(n_pcpus):
    sockets = random.choice([n for n in (1, 2) if n_pcpus % n == 0])
    threads = random.choice([n for n in (1, 2) if n_pcpus // sockets % n == 0])
    cores = n_pcpus // sockets // threads
    llcs = random.choice([n for n in (1, 2) if cores % n == 0])
    return {"sockets": sockets, "threads_per_core": threads, "llcs_per_socket": llcs,
            "smt_factor": random.choice([1, 1, 0.6])}


def random_rule():
    return random.choice([
        {"kind": "none"},
        {"kind": "strict", "skew_limit": us(100, 3000),
         "patience": random.choice(["0", "timeslice", us(100, 9000)])},
        {"kind": "relaxed", "costop_threshold": "700us", "costart_threshold": us(0, 600),
         "poll": random.choice(["0", us(50, 1000)]), "boost": random.choice(["none", "laggard"])},
    ])


def random_vm(n_pcpus):
    vm = {"vcpus": random.randint(1, 4), "program": random.choice(list(PROGRAMS)),
          "weight": random.choice([256, 256, 512, 1, 100, 100000]), "start": us(0, 5000)}
    usable = n_pcpus
    if random.random() < 0.35:
        pcpus = sorted(random.sample(range(n_pcpus), random.randint(1, n_pcpus)))
        vm["affinity"] = ",".join(map(str, pcpus))
        usable = len(pcpus)
    if random.random() < 0.3:
        vm["cap"] = random.randint(1, 100 * vm["vcpus"])
    if random.random() < 0.3:  # at most 5 VMs, so there is room for all reservations
        vm["reservation"] = random.randint(1, 20 * min(vm["vcpus"], usable))
        vm["cap"] = max(vm.get("cap", 400), vm["reservation"])
    return vm


def random_scenario(seed):
    random.seed(seed)
    n_pcpus = random.choice([1, 2, 3, 4, 5, 8])
    return {
        "host": {"pcpus": n_pcpus, "topology": random_topology(n_pcpus),
                 "costs": {"context_switch": random.choice(["0", "2us"]),
                           "migration": random.choice(["0", "3us"]),
                           "migration_in_core": random.choice(["migration", "1us"])}},
        "hypervisor": {"scheduler": random_scheduler(), "coscheduling": random_rule(),
                       "core_scheduling": random.choice(["off", "on"])},
        "locks": {"l": {"kind": random.choice(["tas", "ticket", "mutex", "handoff", "adaptive"])}},
        "programs": PROGRAMS,
        "vms": {f"v{i}": random_vm(n_pcpus) for i in range(random.randint(1, 5))},
        "run": {"duration": "60ms", "warmup": "7ms", "replications": 1, "seed": seed},
    }


def check(seed):
    scenario = random_scenario(seed)
    done = subprocess.run([COSTOP, "-q", "run", "-", "--paranoid", "-F", "csv"],
                          input=json.dumps(scenario), capture_output=True, text=True, timeout=120)
    where = f"seed {seed}: {json.dumps(scenario['hypervisor'])}"
    assert done.returncode == 0, f"{where}: exit {done.returncode}: {done.stderr[-500:]}"
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert len(rows) == len(scenario["vms"]), where
    for row in rows:
        vm = scenario["vms"][row["vm"]]
        shares = [float(row[f"{state}_pct"]) for state in ("run", "ready", "costop", "idle")]
        assert abs(sum(shares) - 100) < 1e-6, f"{where}: {row}"
        if scenario["hypervisor"]["scheduler"]["kind"] == "eevdf":
            continue  # has no caps
        # What was saved up, or taken in advance, is at most two timeslices of 8 ms each.
        used_ms = shares[0] / 100 * 60 * vm["vcpus"]
        spare_ms = 2 * 8 * vm["vcpus"]
        assert used_ms <= vm.get("cap", 400) / 100 * 60 + spare_ms, f"{where}: {row}"


for number in range(RUNS):
    check(number)
print(f"{RUNS} random hosts")
