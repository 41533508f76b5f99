# SPDX-License-Identifier: GPL-3.0-or-later
"""Do the CSV tables and the JSON of one run parse, add up, and agree?

Arguments: directory, JSON."""
import csv
import json
import math
import sys
from pathlib import Path

folder = Path(sys.argv[1])
whole = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))


def read(name):
    text = (folder / f"{name}.csv").read_bytes()
    assert text.endswith(b"\r\n") and text.count(b"\n") == text.count(b"\r\n"), f"{name}: lines"
    with open(folder / f"{name}.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, strict=True))
    assert rows, f"{name}: no rows"
    for row in rows:
        assert None not in row and None not in row.values(), f"{name}: ragged"
    assert list(rows[0]) == list(whole["columns"][name]), f"{name}: columns of the manifest"
    return rows


def close(one, other):
    return math.isclose(one, other, rel_tol=1e-12, abs_tol=1e-9)


def check_shares(row):
    def total(*names):
        return sum(float(row[f"{name}_pct"]) for name in names)

    assert close(total("run", "ready", "costop", "idle"), 100), row
    assert close(total("useful", "critical", "spin", "kernel", "overhead"), total("run")), row
    assert close(total("spin_contended", "spin_lhp", "spin_lwp", "spin_self"), total("spin")), row
    assert total("spin_lhp_costop") <= total("spin_lhp") + 1e-9, row


def check_raw(entity, time_ns):
    def total(*names):
        return sum(entity[f"{name}_ns"] for name in names)

    assert total("running", "ready", "costop", "idle") == time_ns, entity
    assert total("useful", "critical", "spin", "kernel", "overhead") == total("running"), entity
    assert total("spin_contended", "spin_lhp", "spin_lwp", "spin_self") == total("spin"), entity


def check_same(row, entity, name):
    for column in whole["columns"][name]:
        if column not in entity or column in ("vcpus",):
            continue
        value = entity[column]
        text = "" if value is None else str(value)
        assert row[column] == text or float(row[column]) == value, (column, row[column], value)


vms, vcpus, locks, hosts = read("vm"), read("vcpu"), read("lock"), read("host")
for row in vms + vcpus:
    check_shares(row)
replications = whole["cells"][0]["replications"]
window_ns = 50_000_000
assert whole["duration"] == "50ms"
for vm_row in vms:
    vm = replications[int(vm_row["replication"])]["vms"][vm_row["vm"]]
    check_same(vm_row, vm, "vm")
    assert len(vm["vcpus"]) == int(vm_row["vcpus"])
    check_raw(vm, window_ns * len(vm["vcpus"]))
    for vcpu in vm["vcpus"]:
        check_raw(vcpu, window_ns)
    for name in ("running", "ready", "costop", "idle", "spin", "spin_lhp"):
        assert vm[f"{name}_ns"] == sum(vcpu[f"{name}_ns"] for vcpu in vm["vcpus"]), name
for row in vcpus:
    vm = replications[int(row["replication"])]["vms"][row["vm"]]
    check_same(row, vm["vcpus"][int(row["vcpu"])], "vcpu")
for row in locks:
    lock = replications[int(row["replication"])]["vms"][row["vm"]]["locks"][row["lock"]]
    check_same(row, lock, "lock")
for row in hosts:
    check_same(row, replications[int(row["replication"])]["host"], "host")

# Mean and spread, once more by hand.
summary = {(row["entity"], row["metric"]): row for row in read("summary")}
values = [float(row["throughput_per_s"]) for row in vms if row["vm"] == "db"]
mean = sum(values) / len(values)
sd = math.sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1))
row = summary["db", "throughput_per_s"]
assert int(row["n"]) == len(values) == 3
assert close(float(row["mean"]), mean) and close(float(row["sd"]), sd)
half = 4.302652729749464 * sd / math.sqrt(3)
assert math.isclose(float(row["ci_high"]) - mean, half, rel_tol=1e-6), (row, half)
assert math.isclose(mean - float(row["ci_low"]), half, rel_tol=1e-6), (row, half)
print(f"{len(vms)} VM rows, {len(vcpus)} vCPU rows, {len(locks)} lock rows agree")
