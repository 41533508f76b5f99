#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""`costop sweep`: which cells there are, that each is the scenario with its values set, what -L
says, and what is refused before anything runs."""
import csv
import io
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

PROGRAM = os.path.abspath(sys.argv[1])
ROOT = Path(__file__).resolve().parents[2]
EX_USAGE, EX_DATAERR, EX_CANTCREAT = 64, 65, 73
SHORT = ["-d", "20ms", "-w", "3ms", "-r", "2"]

# One thread that computes for 1 ms again and again on a pCPU of its own: 1000 events a second.
METRONOME = {"name": "metronome", "host": {"pcpus": 4},
             "hypervisor": {"scheduler": {"kind": "null"}},
             "programs": {"tick": [{"compute": "1ms"}]},
             "vms": {"a": {"vcpus": 1, "program": "tick"}},
             "run": {"duration": "2s", "warmup": "1s", "replications": 5}}


def costop(*arguments, text=None, code=0, cwd=ROOT):
    done = subprocess.run([PROGRAM, *map(str, arguments)], input=text, capture_output=True,
                          text=True, timeout=120, check=False, cwd=cwd)
    assert done.returncode == code, (arguments, done.returncode, done.stderr)
    return done


def rows(*arguments, text=None):
    """Header and rows of a table."""
    table = list(csv.reader(io.StringIO(costop("-q", *arguments, text=text).stdout)))
    return table[0], table[1:]


def metronome(sweep=None, **changes):
    scenario = METRONOME | changes
    return json.dumps(scenario | {"sweep": sweep} if sweep else scenario)


def cells(sweep, *arguments):
    """The values of the axes, cell by cell."""
    header, listed = rows("sweep", "-", "-L", "-F", "csv", *arguments, text=metronome(sweep))
    assert header[0] == "cell" and header[-2:] == ["replications", "simulated_s"]
    assert [row[0] for row in listed] == [str(i) for i in range(len(listed))]
    return header[1:-2], [row[1:-2] for row in listed]


def check_cells_are_runs(path, tables, *sweep):
    """A row of a cell is the row of `run` with the values of the cell set."""
    axes, values = rows("sweep", path, *SHORT, *sweep, "-L", "-F", "csv")
    axes, n = axes[1:-2], len(values)
    for table in tables:
        header, swept = rows("sweep", path, *SHORT, *sweep, "--table", table)
        assert header[1:1 + len(axes)] == axes
        for cell in range(n):
            settings = [f"-s{axis}={value}" for axis, value in zip(axes, values[cell][1:])]
            plain, run = rows("run", path, *SHORT, *settings, "--table", table)
            assert plain == [header[0]] + header[1 + len(axes):]
            mine = [row for row in swept if row[0] == str(cell)]
            assert all(row[1:1 + len(axes)] == values[cell][1:-2] for row in mine)
            assert [row[1 + len(axes):] for row in mine] == [row[1:] for row in run], (table, cell)
        assert {row[0] for row in swept} == {str(i) for i in range(n)}


def check_common_random_numbers():
    path = ROOT / "scenarios" / "three-policies.json"
    check_cells_are_runs(path, ["vm", "vcpu", "lock", "host", "summary"], "-S", "vms.db.vcpus=1,3")
    check_cells_are_runs(
        path, ["vm", "host"], "-S",
        'hypervisor.coscheduling={"kind":"strict","skew_limit":"1ms"},{"kind":"relaxed"}',
        "-S", 'programs.oltp.0.compute=15us,{"erlang":{"mean":"20us","k":2}}', "-S",
        "host.costs.context_switch=0,0.5us")


def check_axes():
    file = {"vms.a.vcpus": "1..2", "host.ghz": [2, 3]}
    assert cells(file) == (["vms.a.vcpus", "host.ghz"],
                           [["1", "2"], ["1", "3"], ["2", "2"], ["2", "3"]])
    # In place of the file's, or behind it.
    assert cells(file, "-S", "host.pcpus=8", "-S", "vms.a.vcpus=4")[0] == [
        "vms.a.vcpus", "host.ghz", "host.pcpus"]
    assert cells(file, "-S", "vms.a.vcpus=4")[1] == [["4", "2"], ["4", "3"]]
    # A whole takes the place of its parts.
    assert cells(file, "-S", 'host={"pcpus":3},{"pcpus":2,"ghz":1}') == (
        ["vms.a.vcpus", "host"], [[vcpus, host] for vcpus in "12" for host in
                                  ('{ "pcpus": 3 }', '{ "pcpus": 2, "ghz": 1 }')])
    assert cells(None, "-S", "run.duration=1ms..2ms step 0.5ms, 1s")[1] == [
        ["1ms"], ["1.5ms"], ["2ms"], ["1s"]]
    assert cells(None, "-S", "host.ghz=0.1..0.3 step 0.1,1..8*2")[1] == [
        [text] for text in ("0.1", "0.2", "0.3", "1", "2", "4", "8")]
    assert cells(None, "-S", 'vms.a.affinity="0-1,3",all')[1] == [["0-1,3"], ["all"]]
    assert cells(file, "--zip")[1] == [["1", "2"], ["2", "3"]]
    assert cells(file | {"zip": True})[1] == [["1", "2"], ["2", "3"]]
    assert cells(file, "--where", "vms.a.vcpus < host.ghz")[1] == [
        ["1", "2"], ["1", "3"], ["2", "3"]]
    assert cells(file | {"where": ["host.ghz == 3"]}, "--where", "vms.a.vcpus!=1")[1] == [
        ["2", "3"]]
    # show says all of it, so that a study can be kept as a scenario.
    shown = costop("show", "-", text=metronome(file | {"where": ["host.ghz == 3"], "zip": True}))
    assert json.loads(shown.stdout)["sweep"] == {
        "vms.a.vcpus": [1, 2], "host.ghz": [2, 3], "zip": True, "where": ["host.ghz == 3"]}


LISTED = """\
  cell  vms.a.vcpus  run.duration  simulated
     0            1            1s      2.0 s
     1            1            3s      4.0 s
     2            2            1s      2.0 s
     3            2            3s      4.0 s
4 cells × 5 replications: 60.0 s simulated, about 9.0e4 events
"""
LISTED_CSV = "cell,host.ghz,replications,simulated_s\n0,2,5,3\n1,3,5,3\n"


def check_list():
    """2 + 4 + 2 + 4 seconds, one and two vCPUs with 1000 events a second: (6 + 12) * 5 * 1000."""
    axes = ["-S", "vms.a.vcpus=1,2", "-S", "run.duration=1s,3s"]
    done = costop("sweep", "-", "-L", *axes, text=metronome())
    assert done.stdout == LISTED, done.stdout
    assert "estimated from moments of 4 cells" in done.stderr
    assert costop("-q", "sweep", "-", "-L", *axes, text=metronome()).stderr == ""
    done = costop("sweep", "-", "-L", "-F", "csv", "-S", "host.ghz=2,3", text=metronome())
    assert done.stdout == LISTED_CSV, done.stdout
    found = json.loads(costop("sweep", "-", "-L", "-F", "json", *axes, text=metronome()).stdout)
    assert found["cells"][3] == {
        "cell": 3, "axes": {"vms.a.vcpus": 2, "run.duration": "3s"}, "simulated_s": 4}
    assert found["estimated_events"] == 90000 and found["simulated_s"] == 60
    done = costop("sweep", "-", "-L", "-p", "throughput=1", "-m", "3", "-M", "9", text=metronome())
    assert "1 cell × 3 to 9 replications: 9.0 s to 27.0 s simulated" in done.stdout
    done = costop("sweep", "-", "-L", "-F", "markdown", "--shard", "1/2", "-o", "part", *axes,
                  text=metronome())
    assert done.stdout.count("\n") == 2 + 4 and done.stdout.startswith("| cell |"), done.stdout
    done = costop("sweep", "-", "-L", "--shard", "1/2", "-o", "part", "-w", "auto",
                  text=metronome({"host.ghz": [2, 3]}))
    assert "; shard 1/2 is one part of that" in done.stdout, done.stdout
    assert "the warm-up of -w auto, not looked for here, comes on top" in done.stderr
    done = costop("run", "-", "-L", text=metronome({"host.ghz": [2, 3]}))
    assert "1 cell × 5 replications: 15.0 s simulated, about 1.5e4 events" in done.stdout
    assert "base cell" in done.stderr


def check_output(directory):
    axes = [*SHORT, "-S", "vms.a.vcpus=1,2"]
    default = costop("sweep", "-", *axes, text=metronome())
    assert default.stdout.startswith("cell,vms.a.vcpus,replication,seed,vm,vcpus,")
    assert default.stderr == ""
    assert costop("sweep", "-", *axes, "-F", "csv", text=metronome()).stdout == default.stdout
    table = costop("sweep", "-", *axes, "-F", "markdown", text=metronome()).stdout
    assert table.startswith("| cell")
    found = json.loads(costop("sweep", "-", *axes, "-F", "json", text=metronome()).stdout)
    assert [cell["axes"] for cell in found["cells"]] == [{"vms.a.vcpus": 1}, {"vms.a.vcpus": 2}]
    shown = costop("sweep", "-", *axes, "-F", "table", text=metronome()).stdout
    told = costop("sweep", "-", *axes, "-o", "out", text=metronome(), cwd=directory).stdout
    assert shown == told and "2 cells" in shown
    assert (Path(directory) / "out" / "vm.csv").read_text() == default.stdout
    costop("sweep", "-", *axes, "-o", "out", text=metronome(), cwd=directory, code=EX_CANTCREAT)
    assert "no axes" in costop("sweep", "-", *SHORT, text=metronome()).stderr


def check_refusals(directory):
    """Nothing has run, and no directory been made."""
    for code, text, arguments in [
            (EX_USAGE, "is not PATH=LIST", ["-S", "vms.a.vcpus"]),
            (EX_USAGE, "is not PATH=LIST", ["-S", "=1"]),
            (EX_DATAERR, "      |   a.b=1", ["-S", "  a.b=1"]),
            (EX_DATAERR, "= in cell 1: vms.a.vcpus=5", ["-S", "vms.a.vcpus=4,5"]),
            (EX_DATAERR, "no cell is left", ["-S", "vms.a.vcpus=1,2", "--where", "vms.a.vcpus>2"]),
            (EX_DATAERR, "did you mean 'vcpus'?", ["--where", "vms.a.vcpu>2"]),
            (EX_DATAERR, "host.ghz has 3, vms.a.vcpus has 2",
             ["-S", "host.ghz=1..3", "-S", "vms.a.vcpus=1,2", "--zip"])]:
        done = costop("sweep", "-", "-o", "none", *arguments, text=metronome(), code=code,
                      cwd=directory)
        assert text in done.stderr and done.stdout == "", (arguments, done.stderr)
        assert not (Path(directory) / "none").exists()
    # A thousand bad cells, twenty messages.
    done = costop("sweep", "-", "-S", "vms.a.vcpus=5..1004", text=metronome(), code=EX_DATAERR)
    assert done.stderr.count("error: ") == 20 and "980 more problems" in done.stderr
    costop("run", "-", "-S", "vms.a.vcpus=1", text=metronome(), code=EX_USAGE)


def check_gangs():
    """A gang wider than the host is a row without throughput, and one warning for all of them."""
    scenario = metronome(hypervisor={"coscheduling": {"kind": "strict"}})
    done = costop("sweep", "-", *SHORT, "-S", "vms.a.vcpus=1..100", "-F", "csv", text=scenario)
    assert done.stderr.count("never runs") == 1 and "= in cell 4 and 95 more" in done.stderr
    for row in csv.DictReader(io.StringIO(done.stdout)):
        is_too_wide = int(row["vms.a.vcpus"]) > 4
        assert (float(row["throughput_per_s"]) == 0) == is_too_wide, row
        assert float(row["costop_pct"]) == (100 if is_too_wide else 0), row


def main():
    check_axes()
    check_list()
    check_gangs()
    check_common_random_numbers()
    with tempfile.TemporaryDirectory() as directory:
        check_output(directory)
        check_refusals(directory)


if __name__ == "__main__":
    main()
