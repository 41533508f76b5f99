# SPDX-License-Identifier: GPL-3.0-or-later
"""`costop trace`: rows nest and tile, agree with the run's totals, and arrows tell the truth."""
import csv
import io
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
from bisect import bisect_left
from collections import defaultdict
from decimal import Decimal
from itertools import islice
from pathlib import Path

COSTOP = str(Path(sys.argv[1]).resolve())
ROOT = Path(__file__).resolve().parents[2]
SCENARIOS = sorted((ROOT / "scenarios").glob("*.json"))
STORY = ROOT / "scenarios" / "lock-holder-preemption.json"
SPAN_NS = 24_000_000
WHOLE = ["-w", "0", "-d", f"{SPAN_NS}ns"]
COLUMNS = ["kind", "vm", "vcpu", "thread", "pcpu", "lock", "state", "start_ns", "end_ns",
           "value", "value_end", "peer_vcpu", "peer_thread"]
WORK = Path(tempfile.mkdtemp(prefix="costop-trace-"))


def costop(*arguments, code=0):
    done = subprocess.run([COSTOP, *map(str, arguments)], capture_output=True, check=False)
    done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode()
    assert done.returncode == code, (arguments, done.returncode, done.stderr)
    return done


def csv_text(scenario, *arguments):
    path = WORK / "x.csv"
    costop("trace", scenario, "-o", path, *arguments)
    return path.read_bytes().decode()


def trace_csv(scenario, *arguments):
    return parse_csv(csv_text(scenario, *arguments))


def parse_csv(text):
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    assert reader.fieldnames == COLUMNS
    rows = []
    for row in reader:
        for key in ("start_ns", "end_ns"):
            row[key] = int(row[key])
        for key in ("vcpu", "thread", "pcpu", "value", "value_end", "peer_vcpu", "peer_thread"):
            row[key] = int(row[key]) if row[key] else None
        rows.append(row)
    return rows


def trace_json(scenario, *arguments):
    path = WORK / "x.json"
    costop("trace", scenario, "-o", path, *arguments)
    return parse_json(path.read_text(encoding="utf-8"))


def parse_json(text):
    return json.loads(text, parse_float=Decimal)


def ns(us):
    value = Decimal(us) * 1000
    assert value == int(value)
    return int(value)


def of(rows, kind, *states):
    return [r for r in rows if r["kind"] == kind and (not states or r["state"] in states)]


def check_rows(rows, from_ns, until_ns):
    """States tile the span, activities tile the running ones, and nothing leaves the span."""
    starts = [r["start_ns"] for r in rows if r["kind"] != "skew"]
    assert starts == sorted(starts)
    states, activities, runs = defaultdict(list), defaultdict(list), defaultdict(list)
    for row in rows:
        assert from_ns <= row["start_ns"] <= row["end_ns"] <= until_ns, row
        assert (row["start_ns"] == row["end_ns"]) == (row["kind"] == "event"), row
        key, times = (row["vm"], row["vcpu"]), (row["start_ns"], row["end_ns"])
        if row["kind"] == "vcpu":
            states[key].append(times)
            assert (row["pcpu"] is not None) == (row["state"] == "running"), row
            if row["state"] == "running":
                runs[key].append(times)
        if row["kind"] == "activity":
            activities[key].append(times)
    for key, pieces in states.items():
        assert joined(pieces) == [(from_ns, until_ns)], key
        assert joined(activities[key]) == joined(runs[key]), key
    occupied = defaultdict(list)
    for row in of(rows, "vcpu", "running"):
        occupied[row["pcpu"]].append((row["start_ns"], row["end_ns"]))
    for pieces in occupied.values():
        joined(sorted(pieces))


def joined(pieces):
    """Neighbours made one; they must not overlap."""
    whole = []
    for start, end in pieces:
        assert not whole or whole[-1][1] <= start, (whole[-1], start)
        if whole and whole[-1][1] == start:
            whole[-1] = (whole[-1][0], end)
        else:
            whole.append((start, end))
    return whole


def row_names(events):
    """Of a JSON trace, with the CSV's word for the interrupts of a vCPU: the threads after the
    VM's own, in the order of the vCPUs."""
    names, n_locks, n_handlers = {}, defaultdict(int), defaultdict(int)
    for event in events:
        if event["ph"] != "M" or event["name"] != "thread_name":
            continue
        name, pid = event["args"]["name"], event["pid"]
        if name.endswith(" interrupts' locks"):
            vm, vcpu = name.removesuffix(" interrupts' locks").rsplit("/", 1)
            assert vcpu == f"v{n_handlers[pid]}"
            n_handlers[pid] += 1
            name = f"{vm}/t{n_locks[pid]} locks"
        n_locks[pid] += name.endswith(" locks")
        names[pid, event["tid"]] = name
    return names


def check_nesting(events):
    rows, ends = set(), defaultdict(list)
    for event in events:
        if event["ph"] == "M" and event["name"] == "thread_name":
            rows.add((event["pid"], event["tid"]))
    slices = defaultdict(list)
    for event in events:
        if event["ph"] == "X":
            start = ns(event["ts"])
            slices[event["pid"], event["tid"]].append((start, start + ns(event["dur"]),
                                                       event["name"]))
    for row, found in slices.items():
        assert row in rows
        found.sort(key=lambda piece: piece[0])  # stable, as in the viewers
        for start, end, name in found:
            while ends[row] and ends[row][-1] <= start:
                ends[row].pop()
            assert not ends[row] or end <= ends[row][-1], (row, start, name)
            ends[row].append(end)
    return slices


def check_flows(events, slices, rows):
    """Each arrow joins two lock slices, and while it is there the spinner pays for the holder."""
    names = row_names(events)
    starts = {e["id"]: e for e in events if e["ph"] == "s"}
    ends = {e["id"]: e for e in events if e["ph"] == "f"}
    assert starts.keys() == ends.keys()
    assert len(starts) == sum(e["ph"] == "s" for e in events)
    payments = of(rows, "payment")
    assert len(payments) == len(starts)
    for payment, key in zip(payments, sorted(starts)):
        tail, head = starts[key], ends[key]
        lock = tail["args"]["lock"]
        assert head["bp"] == "e" and lock == payment["lock"]
        assert ns(tail["ts"]) <= ns(head["ts"]) == payment["start_ns"]
        assert names[tail["pid"], tail["tid"]] == f"{payment['vm']}/t{payment['peer_thread']} locks"
        assert names[head["pid"], head["tid"]] == f"{payment['vm']}/t{payment['thread']} locks"
        assert f"hold {lock}" in enclosing(slices, tail), tail
        assert f"spin {lock}" in enclosing(slices, head), head
    check_payments(rows, payments)


def enclosing(slices, flow):
    at = ns(flow["ts"])
    return [name for start, end, name in slices[flow["pid"], flow["tid"]] if start <= at < end]


def common(pieces, others):
    """Both are sorted and do not overlap themselves."""
    found = []
    for start, end in pieces:
        first = max(0, bisect_left(others, (start,)) - 1)
        for other in islice(others, first, None):
            if other[0] >= end:
                break
            if start < other[1]:
                found.append((max(start, other[0]), min(end, other[1])))
    return found


def check_payments(rows, payments):
    """What is paid is the time in which the spinner spins while the owner has no pCPU."""
    spins, away, locks = defaultdict(list), defaultdict(list), defaultdict(list)
    for row in rows:
        vm, state, time_ns = row["vm"], row["state"], (row["start_ns"], row["end_ns"])
        if row["kind"] == "activity" and state == "spin":
            spins[vm, row["vcpu"], row["thread"]].append(time_ns)
        elif row["kind"] == "vcpu" and state in ("ready", "costop"):
            away[vm, row["vcpu"]].append(time_ns)
        elif row["kind"] == "lock":
            locks[vm, row["thread"], row["lock"], state].append(time_ns)
    for payment in payments:
        vm, lock = payment["vm"], payment["lock"]
        paid = [(payment["start_ns"], payment["end_ns"])]
        for pieces in (spins[vm, payment["vcpu"], payment["thread"]],
                       away[vm, payment["peer_vcpu"]],
                       locks[vm, payment["peer_thread"], lock, "hold"],
                       locks[vm, payment["thread"], lock, "spin"]):
            paid = common(paid, pieces)
        assert sum(e - s for s, e in paid) == payment["value"] > 0, payment
        assert paid[0][0] == payment["start_ns"] and paid[-1][1] == payment["end_ns"], payment


def intervals_of_json(events):
    """The rows of the CSV that have a length, read from the JSON."""
    rows = row_names(events)
    found = []
    for event in events:
        if event["ph"] == "X":
            start = ns(event["ts"])
            found.append((event["cat"], rows[event["pid"], event["tid"]], event["name"], start,
                          start + ns(event["dur"])))
    return sorted(found)


def intervals_of_csv(rows):
    found = []
    for row in rows:
        vm, times_ns = row["vm"], (row["start_ns"], row["end_ns"])
        if row["kind"] in ("vcpu", "activity"):
            found.append((row["kind"], f"{vm}/v{row['vcpu']}", row["state"], *times_ns))
        if row["kind"] == "vcpu" and row["state"] == "running":
            found.append(("pcpu", f"pCPU {row['pcpu']}", f"{vm}/v{row['vcpu']}", *times_ns))
        if row["kind"] in ("lock", "barrier", "call"):
            found.append((row["kind"], f"{vm}/t{row['thread']} locks",
                          f"{row['state']} {row['lock']}", *times_ns))
    return sorted(found)


def check_totals(scenario, rows):
    """Sums of intervals are what the run measured."""
    run = json.loads(costop("run", scenario, *WHOLE, "--replication", "0", "-F", "json").stdout)
    replication = run["cells"][0]["replications"][0]
    spins_for_no_lock = bool(of(rows, "barrier", "spin") + of(rows, "call", "spin"))
    for vm, result in replication["vms"].items():
        mine = [r for r in rows if r["vm"] == vm]
        for number, vcpu in enumerate(result["vcpus"]):
            own = [r for r in mine if r["vcpu"] == number]
            for state in ("running", "ready", "costop", "idle"):
                assert vcpu[f"{state}_ns"] == length(of(own, "vcpu", state)), (vm, number, state)
            for state in ("overhead", "useful", "critical", "spin", "kernel"):
                assert vcpu[f"{state}_ns"] == length(of(own, "activity", state)), (vm, state)
        paid = {s: sum(r["value"] for r in of(mine, "payment", s)) for s in ("lhp", "lwp")}
        if not spins_for_no_lock:
            assert result["spin_lhp_ns"] == paid["lhp"], vm
        assert result["spin_lwp_ns"] == paid["lwp"], vm
        check_skew(result, of(mine, "skew"))


def check_skew(result, pieces):
    """The pieces of a VM's skew tile the span; their maximum and mean are what was measured."""
    if len(result["vcpus"]) == 1:
        assert not pieces
        return
    assert joined([(p["start_ns"], p["end_ns"]) for p in pieces]) == [(0, SPAN_NS)]
    assert max(max(p["value"], p["value_end"]) for p in pieces) == result["skew_max_ns"]
    integral2 = sum((p["value"] + p["value_end"]) * (p["end_ns"] - p["start_ns"]) for p in pieces)
    assert math.isclose(integral2 / 2 / SPAN_NS / 1000, result["skew_mean_us"], rel_tol=1e-9)


def length(rows):
    return sum(r["end_ns"] - r["start_ns"] for r in rows)


def clip(rows, from_ns, until_ns):
    """Intervals of known length, cut to a span."""
    cut = []
    for row in rows:
        start, end = max(row["start_ns"], from_ns), min(row["end_ns"], until_ns)
        if start < end and row["kind"] in ("vcpu", "activity", "lock", "barrier", "call"):
            cut.append((row["kind"], row["vm"], row["vcpu"], row["thread"], row["pcpu"],
                        row["lock"], row["state"], start, end))
    return sorted(cut, key=str)


def check_part(scenario, whole):
    part = trace_csv(scenario, *WHOLE, "--from", "12.345678ms", "--to", "15ms")
    check_rows(part, 12_345_678, 15_000_000)
    assert clip(part, 0, SPAN_NS) == clip(whole, 12_345_678, 15_000_000), scenario


def test_every_scenario():
    assert SCENARIOS
    for scenario in SCENARIOS:
        text = csv_text(scenario, *WHOLE)
        assert csv_text(scenario, *WHOLE, "--to", "1s") == text, scenario
        rows = parse_csv(text)
        check_rows(rows, 0, SPAN_NS)
        check_part(scenario, rows)
        trace = trace_json(scenario, *WHOLE)
        assert trace["otherData"]["is_cut"] is False
        slices = check_nesting(trace["traceEvents"])
        check_flows(trace["traceEvents"], slices, rows)
        assert intervals_of_json(trace["traceEvents"]) == intervals_of_csv(rows), scenario
        check_totals(scenario, rows)
        print(f"{scenario.name}: {len(rows)} intervals, {len(of(rows, 'payment'))} payments")


def test_story_shows_what_it_is_about():
    rows = trace_csv(STORY, "--to", "500ms")
    assert of(rows, "payment", "lhp")
    assert any(r["lock"] for r in of(rows, "event", "preempt"))


def test_waits_have_names():
    scenario = WORK / "waits.json"
    scenario.write_text(json.dumps({
        "host": {"pcpus": 2}, "barriers": {"unused": {}, "meet": {}},
        "programs": {"p": [{"compute": {"exponential": "10us"}}, {"barrier": "meet"},
                           {"shootdown": {"handler": "1us"}}]},
        "vms": {"db": {"vcpus": 2, "program": "p"}}, "run": {"duration": "1ms"}}))
    rows = trace_csv(scenario, *WHOLE)
    assert {r["lock"] for r in of(rows, "barrier", "wait")} == {"meet"}
    assert {r["lock"] for r in of(rows, "call", "spin")} == {"shootdown"}


def test_run_writes_the_same():
    results = WORK / "results"
    costop("run", STORY, "-r", 2, "-d", "100ms", "-o", results, "--trace-ms", 60)
    costop("trace", STORY, "-d", "100ms", "--to", "60ms", "-o", WORK / "x.csv")
    assert (results / "trace.csv").read_bytes() == (WORK / "x.csv").read_bytes()


def test_limit():
    path = WORK / "cut.json"
    done = costop("trace", STORY, *WHOLE, "--limit", 500, "-o", path)
    assert "--limit" in done.stderr and "500" in done.stderr
    trace = parse_json(path.read_text(encoding="utf-8"))
    assert trace["otherData"]["is_cut"] is True
    check_nesting(trace["traceEvents"])
    rows = trace_csv(STORY, *WHOLE, "--limit", 500)
    assert 400 < len(rows) <= 500
    until_ns = ns(trace["otherData"]["to_us"])
    assert 0 < until_ns < SPAN_NS
    check_rows(rows, 0, until_ns)
    assert clip(rows, 0, SPAN_NS) == clip(trace_csv(STORY, *WHOLE), 0, until_ns)


def test_too_many_events():
    """What came before is there."""
    path = WORK / "few.csv"
    done = costop("trace", STORY, *WHOLE, "--max-events", 100, "-o", path, code=75)
    assert "more than 100 events: it came to " in done.stderr, done.stderr
    rows = parse_csv(path.read_text(encoding="utf-8"))
    assert rows and max(r["end_ns"] for r in rows) < SPAN_NS


def test_standard_output():
    text = costop("trace", STORY, *WHOLE, "-o", "-", "-F", "csv").stdout
    assert parse_csv(text) == trace_csv(STORY, *WHOLE)
    trace = parse_json(costop("trace", STORY, *WHOLE, "-o", "-", "-F", "json").stdout)
    assert trace == trace_json(STORY, *WHOLE)


def test_replications_differ():
    again = trace_csv(STORY, *WHOLE)
    assert again == trace_csv(STORY, *WHOLE)
    assert again != trace_csv(STORY, *WHOLE, "--replication", 1)
    assert again != trace_csv(STORY, *WHOLE, "--seed", 77)


def test_refusals():
    for arguments, code, said in (
            (("-o", WORK / "x.png"), 64, "-F"),
            ((), 64, "-o"),
            (("-o", "-"), 64, "-F"),
            (("-o", "-", "-F", "markdown"), 64, "csv"),
            (("-o", WORK / "x.csv", "--from", "2ms", "--to", "1ms"), 64, "--from"),
            (("-o", WORK / "x.csv", "--from", "1h"), 64, "--from"),
            (("-o", WORK / "none" / "x.csv"), 73, "No such file"),
            (("-o", WORK, "-F", "csv"), 73, "directory"),
            (("-o", "/dev/full", "-F", "csv"), 74, "No space")):
        done = costop("trace", STORY, *WHOLE, *arguments, code=code)
        assert said in done.stderr, (arguments, done.stderr)
        assert done.stdout == "", arguments
    assert not list(WORK.glob("*.tmp"))


def test_files_are_replaced_whole():
    path, link = WORK / "kept.csv", WORK / "link.csv"
    path.write_text("old", encoding="utf-8")
    link.symlink_to(path)
    costop("trace", STORY, *WHOLE, "-o", link)
    assert link.is_symlink() and path.stat().st_size > 1000
    assert path.stat().st_mode & 0o777 == 0o666 & ~umask()
    assert not list(WORK.glob("*.tmp"))


def umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def draw(scenario, ending, settings=""):
    data, picture = WORK / f"{scenario.stem}.csv", WORK / f"{scenario.stem}.{ending}"
    span = ("--to", "24ms") if scenario == STORY else ("--from", "20ms", "--to", "21ms")
    costop("trace", scenario, *span, "-o", data)
    done = subprocess.run(["gnuplot", "-e", f"input='{data}'; output='{picture}'; {settings}",
                           ROOT / "plots/timeline.gp"], capture_output=True, check=False)
    assert done.returncode == 0 and not done.stderr, (scenario, done.stderr.decode())
    assert picture.stat().st_size > 5000
    return picture


def test_timeline():
    if not shutil.which("gnuplot"):
        print("gnuplot is missing: plots/timeline.gp was not tried")
        return
    for scenario in SCENARIOS:
        picture = draw(scenario, "svg").read_text(encoding="utf-8")
        for text in ("pCPU 0", "/v0", "simulated time (ms)", scenario.stem):
            assert text in picture, (scenario, text)
    for ending in ("png", "pdf"):
        draw(STORY, ending)
    part = draw(STORY, "svg", "from_ms=10; to_ms=20; title='ten to twenty'")
    assert "ten to twenty" in part.read_text(encoding="utf-8")


def main():
    tests = [test for name, test in globals().items() if name.startswith("test_")]
    try:
        for test in tests:
            test()
            print(f"ok {test.__name__}")
    finally:
        shutil.rmtree(WORK)


main()
