# SPDX-License-Identifier: GPL-3.0-or-later
"""`costop compare`: numbers worked out again from the runs, what is paired, what is said."""
import csv
import io
import json
import math
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

COSTOP = str(Path(sys.argv[1]).resolve())
ROOT = Path(__file__).resolve().parents[2]
WORK = Path(tempfile.mkdtemp(prefix="costop-compare-"))
T_4 = 2.7764451  # t(0.975; 4): of five replications

SCENARIO = {
    "name": "pair", "host": {"pcpus": 2},
    "hypervisor": {"scheduler": {"kind": "rr", "timeslice": "1ms"}},
    "locks": {"l": {"kind": "ticket"}},
    "programs": {
        "p": [{"compute": {"exponential": "40us"}}, {"lock": "l", "hold": {"exponential": "10us"}}],
        "hog": [{"compute": "1h"}]},
    "vms": {"db": {"vcpus": 2, "program": "p"},
            "app": {"count": 2, "vcpus": 1, "program": "p"},
            "noise": {"vcpus": 1, "program": "hog"}},
    "run": {"duration": "50ms", "warmup": "5ms", "replications": 5, "seed": 1},
}
AXIS = ["-S", "hypervisor.coscheduling.kind=none,relaxed,strict"]


def costop(*arguments, code=0):
    done = subprocess.run([COSTOP, *map(str, arguments)], capture_output=True, check=False,
                          cwd=WORK)
    done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode()
    assert done.returncode == code, (arguments, done.returncode, done.stdout, done.stderr)
    return done


def scenario(name, **changes):
    path = WORK / f"{name}.json"
    path.write_text(json.dumps({**SCENARIO, **changes}), encoding="utf-8")
    return path


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def compare(*arguments, code=0):
    return rows_of(costop("compare", *arguments, "-F", "csv", "-q", code=code).stdout)


def near(value, expected):
    assert math.isclose(float(value), expected, rel_tol=1e-6, abs_tol=1e-9), (value, expected)


def mean(values):
    return sum(values) / len(values)


def values_of(path, cell, vms, metric):
    """Per replication, the mean over the VMs."""
    found = {}
    for row in rows_of((path / "vm.csv").read_text(encoding="utf-8")):
        if int(row["cell"]) == cell and row["vm"] in vms:
            found.setdefault(int(row["replication"]), []).append(float(row[metric]))
    return [mean(found[replication]) for replication in sorted(found)]


def check_row(row, base, other):
    differences = [b - a for a, b in zip(base, other)]
    middle = mean(differences)
    spread = sum((d - middle) ** 2 for d in differences) / (len(differences) - 1)
    half = T_4 * math.sqrt(spread / len(differences))
    assert (row["pairing"], row["n_base"], row["n_other"]) == ("paired", "5", "5"), row
    near(row["base_mean"], mean(base))
    near(row["other_mean"], mean(other))
    near(row["difference"], middle)
    near(row["difference_low"], middle - half)
    near(row["difference_high"], middle + half)
    if row["ratio"]:
        near(row["ratio"], mean(other) / mean(base))
        # The bounds of the ratio and of the difference lie on the same side of nothing at all.
        assert (float(row["ratio_low"]) > 1) == (float(row["difference_low"]) > 0)
        assert (float(row["ratio_high"]) < 1) == (float(row["difference_high"]) < 0)


def check_family(rows):
    """Holm, and what is said because of it."""
    ordered = sorted(range(len(rows)), key=lambda i: float(rows[i]["p"]))
    least = 0
    for place, i in enumerate(ordered):
        least = max(least, min(1, float(rows[i]["p"]) * (len(rows) - place)))
        near(rows[i]["p_holm"], least)
        word = "no difference"
        if least < 0.05:
            word = "more" if float(rows[i]["difference"]) > 0 else "less"
        assert rows[i]["found"] == word, rows[i]


def test_cells():
    path = scenario("cells")
    done = costop("compare", path, *AXIS, "-o", "out", "-F", "csv", "-q")
    rows = rows_of(done.stdout)
    assert (WORK / "out/compare.csv").read_bytes().decode() == done.stdout
    assert {(row["base"], row["other"]) for row in rows} == {("none", "relaxed"),
                                                             ("none", "strict")}
    seen = set()
    for row in rows:
        seen.add((row["entity"], row["metric"]))
        if row["scope"] != "vm":
            continue
        vms = ["app.0", "app.1"] if row["entity"] == "app" else [row["entity"]]
        base = values_of(WORK / "out", 0, vms, row["metric"])
        other = values_of(WORK / "out", int(row["other_cell"]), vms, row["metric"])
        check_row(row, base, other)
    check_family(rows)
    # noise finishes nothing in 50 ms: its running time is compared; db's is not.
    assert ("noise", "run_pct") in seen and ("noise", "throughput_per_s") not in seen
    assert ("db", "throughput_per_s") in seen and ("db", "run_pct") not in seen
    assert ("host", "utilisation_pct") in seen
    # From the results, on another number of cores, and as JSON: the same.
    assert compare("out") == rows
    assert compare(path, *AXIS, "-j", "1") == rows
    told = json.loads(costop("compare", "out", "-F", "json").stdout)
    assert told["tests"] == len(rows) and len(told["comparisons"]) == len(rows)
    assert told["comparisons"][0]["difference"] == float(rows[0]["difference"])
    markdown = costop("compare", "out", "-F", "markdown").stdout
    assert markdown.count("\n") == len(rows) + 2


def test_words():
    text = costop("compare", "out", "--metric", "throughput@db", "--metric", "costop_pct@db",
                  "--metric", "ready_pct@noise").stdout
    rows = compare("out", "--metric", "throughput@db", "--metric", "costop_pct@db",
                   "--metric", "ready_pct@noise")
    assert [row["metric"] for row in rows[:3]] == ["throughput_per_s", "costop_pct", "ready_pct"]
    assert "pair   95 % confidence, p corrected for 6 comparisons (Holm)" in text
    assert "relaxed against none   5 replications, paired" in text
    for row in rows:
        verb = {"throughput_per_s": "does", "costop_pct": "is co-stopped", "ready_pct": "waits"}
        lines = [line for line in text.splitlines()
                 if line.startswith(f"{row['entity']}: {row['other']} {verb[row['metric']]} ")]
        assert len(lines) == (row["found"] != "no difference"), (row, lines)
        if lines:
            assert f" {row['found']} " in lines[0] and lines[0].endswith("than none.")
            assert " ± " in lines[0]
    assert any(row["found"] != "no difference" for row in rows)


def test_base():
    rows = compare("out", "--metric", "throughput@db", "--base", "strict")
    assert [(row["base"], row["other"]) for row in rows] == [("strict", "none"),
                                                            ("strict", "relaxed")]
    assert compare("out", "--metric", "throughput@db", "--base", "2") == rows
    assert "did you mean 'strict'" in costop("compare", "out", "--base", "stric", code=64).stderr
    costop("compare", "out", "--base", "3", code=64)


def test_several():
    """Scenarios and directories with one another; without a seed in common there are no pairs."""
    a, b = scenario("a"), scenario("b", host={"pcpus": 3})
    costop("run", a, "-o", "a", "-q")
    costop("run", a, "-o", "seed", "-q", "--seed", "2", "-r", "7")
    row, = compare(a, b, "--metric", "throughput@db", "-o", "several")
    assert (row["base"], row["other"], row["pairing"], row["found"]) == ("a", "b", "paired", "more")
    assert (WORK / "several/a/results.sqlite").exists() and (WORK / "several/b/vm.csv").exists()
    again, = compare("several/a", "several/b", "--metric", "throughput@db")
    assert again == row
    costop("compare", a, b, "-o", "several", code=73)
    kept = (WORK / "several/compare.csv").read_bytes()
    costop("compare", a, b, "--metric", "throughput@db", "-o", "several", "--resume")
    assert (WORK / "several/compare.csv").read_bytes() == kept
    row, = compare("a", "seed", "--metric", "throughput@db")
    assert (row["pairing"], row["n_base"], row["n_other"]) == ("unpaired", "5", "7")
    assert "not paired" in costop("compare", "a", "seed").stdout
    assert "The same results." in costop("compare", "a", a, "--metric", "throughput").stdout
    # VMs of other names draw other numbers; the host is all that both have.
    other = scenario("other", vms={"web": {"vcpus": 2, "program": "p"}})
    assert [(r["entity"], r["pairing"]) for r in compare(a, other)] == [("host", "unpaired")]
    assert "p corrected for 1 comparison (Holm)" in costop("compare", a, other).stdout
    costop("run", other, "-o", "web", "-q")
    assert "nothing in common" in costop("compare", "web", "a", "--metric",
                                         "throughput@web").stdout


def test_sweeps_cell_by_cell():
    a, b = scenario("a"), scenario("b", host={"pcpus": 3})
    for name, path in (("sweep-a", a), ("sweep-b", b)):
        costop("compare", path, "-S", "vms.db.vcpus=1,2", "-o", name, "-q")
    rows = compare("sweep-a", "sweep-b", "--metric", "throughput@db")
    assert [(row["at"], row["base"], row["other"]) for row in rows] == [
        ("vcpus=1", "sweep-a", "sweep-b"), ("vcpus=2", "sweep-a", "sweep-b")]
    assert "sweep-b against sweep-a at vcpus=2" in costop("compare", "sweep-a", "sweep-b").stdout
    assert "do not have the same cells" in costop("compare", "sweep-a", "a", code=65).stderr


def test_a_crowd():
    """People see twenty; all are in the CSV."""
    question = [scenario("a"), "-S", "run.seed=1..23", "-r", "2", "--metric", "throughput@db"]
    text = costop("compare", *question).stdout
    assert text.count(" against ") == 20 and "... and 2 more of these; -F csv prints all." in text
    assert len(compare(*question)) == 22


def test_one_replication():
    question = [scenario("cells"), *AXIS, "-r", "1", "--metric", "throughput@db"]
    assert "One replication proves nothing" in costop("compare", *question).stdout
    row = compare(*question)[0]
    assert row["ratio"] and not row["ratio_low"] and not row["p"]


def test_refusals():
    a = scenario("a")
    assert "is one configuration" in costop("compare", a, code=64).stderr
    assert "no metric" in costop("compare", a, *AXIS, "--metric", "x", code=64).stderr
    assert "METRIC[@SCOPE]" in costop("compare", a, *AXIS, "--metric", "throughput@db > 3",
                                      code=64).stderr
    assert "no VM" in costop("compare", a, *AXIS, "--metric", "throughput@bd", code=64).stderr
    assert "go with scenarios" in costop("compare", "a", "seed", "-r", "3", code=64).stderr
    costop("compare", a, "nothing.json", code=66)
    costop("compare", a, ".", code=66)
    costop("compare", code=64)
    costop("compare", a, *AXIS, "-o", "no/such/place", code=73)
    # Nothing has been left behind, and a failed expectation says so.
    assert not (WORK / "no").exists()
    done = costop("compare", a, *AXIS, "--expect", "costop_pct@db <= 0", code=1)
    assert "strict against none" in done.stdout and "costop_pct@db" in done.stderr


def test_warm_up():
    """-w auto: the same for all cells, told, kept, and found again."""
    late = {**SCENARIO["vms"], "app": {**SCENARIO["vms"]["app"], "start": "10ms"}}
    path = scenario("late", vms=late, host={"pcpus": 5}, run={**SCENARIO["run"], "replications": 2})
    done = costop("compare", path, *AXIS, "-w", "auto", "-o", "warm")
    assert "found by MSER-5 in a pilot of 60ms" in done.stderr, done.stderr
    manifest = json.loads((WORK / "warm/manifest.json").read_text(encoding="utf-8"))
    warmup = manifest["warmup"]
    assert manifest["warmup_auto"] == f"{warmup}, found by MSER-5 in a pilot of 60ms"
    costop("run", path, "-o", "cold", "-q")
    assert "warmup_auto" not in (WORK / "cold/manifest.json").read_text(encoding="utf-8")
    assert f"warm-up: {warmup}," in done.stderr and warmup.endswith("ms")
    assert 9 <= float(warmup[:-2]) <= 20, warmup  # app starts at 10 ms
    again = costop("compare", path, *AXIS, "-w", "auto", "-o", "warm", "--resume")
    assert f"warm-up: {warmup}," in again.stderr
    assert compare(path, *AXIS, "-w", "auto") == compare(path, *AXIS, "-w", warmup)
    costop("check", path, "-w", "auto", code=64)
    costop("compare", path, "-S", "run.warmup=1ms,2ms", "-w", "auto", code=64)
    # A VM that comes at 45 of 60 ms: there is no steady half.
    tick = {"vcpus": 1, "program": "tick"}
    path = scenario("never", programs={"tick": [{"compute": "100us"}]},
                    vms={"early": tick, "late": {**tick, "start": "45ms"}})
    done = costop("run", path, "-w", "auto")
    assert "warning: the pilot saw no end of the warm-up: 30ms," in done.stderr, done.stderr
    # The last -w counts.
    assert "MSER" not in costop("run", path, "-w", "auto", "-w", "3ms").stderr


def test_short_runs_are_doubted():
    path = scenario("short")
    done = costop("run", path, "-d", "10ms")
    assert "rounds of timeslices" in done.stderr and "-d 50ms would hold 20" in done.stderr
    assert done.stderr.count("\n") == 1
    assert costop("run", path, "-d", "10ms", "-q").stderr == ""
    assert "rounds" not in costop("run", path, "-d", "60ms").stderr


def main():
    for name, test in list(globals().items()):
        if name.startswith("test_"):
            test()
    shutil.rmtree(WORK)


main()
