#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every command and a moment of every scenario under valgrind: nothing is read that was not
written, nothing is touched that is not there, nothing is lost. $1: the costop binary."""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

PROGRAM = os.path.abspath(sys.argv[1])
SCENARIOS = sorted((Path(__file__).resolve().parents[2] / "scenarios").glob("*.json"))
FOUND = 99
VALGRIND = ["valgrind", "-q", f"--error-exitcode={FOUND}", "--leak-check=full",
            "--errors-for-leak-kinds=definite"]
MOMENT = ["-w", "1ms", "-d", "3ms"]
EX_EXPECT, EX_USAGE, EX_DATAERR, EX_LIMIT = 1, 64, 65, 75


def scenario(name):
    return next(str(path) for path in SCENARIOS if path.stem == name)


def checked(arguments, codes):
    done = subprocess.run([*VALGRIND, PROGRAM, *map(str, arguments)], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False)
    assert done.returncode in codes, (arguments, done.returncode, done.stderr)


def commands():
    sweep, compare = scenario("vcpu-sweep"), scenario("policy-comparison")
    Path("wrong.json").write_text('{ "host": { "pcpus": "two" }, "vms": [] ', encoding="utf-8")
    Path("odd.json").write_text('{ "host": { "pcpus": 0 }, "vm": { "a": 1 } }', encoding="utf-8")
    return (
        (["check", *SCENARIOS], 0),
        (["check", "wrong.json", "odd.json"], EX_DATAERR),
        (["run", "--no-such-option"], EX_USAGE),
        (["run", scenario("lock-zoo"), *MOMENT, "--paranoid", "-r", "2", "-F", "json"], 0),
        (["run", scenario("barrier"), *MOMENT, "-w", "auto", "-p", "throughput@hpc=50"], 0),
        (["run", scenario("barrier"), "-r", "1", "--max-events", "10"], EX_LIMIT),
        (["run", scenario("barrier"), "-r", "9", "-d", "1h", "--max-wall", "2s"], EX_LIMIT),
        (["sweep", sweep, "-L"], 0),
        (["sweep", sweep, *MOMENT, "-j2", "-r", "2", "-o", "sweep"], 0),
        (["sweep", sweep, *MOMENT, "-j2", "-r", "2", "-o", "sweep", "--resume"], 0),
        (["rerun", "sweep"], 0),
        (["plot", "sweep", "sizing", "-o", "sizing.svg"], 0),
        (["sweep", sweep, *MOMENT, "-r", "2", "--shard", "1/2", "-o", "one"], 0),
        (["sweep", sweep, *MOMENT, "-r", "2", "--shard", "2/2", "-o", "two"], 0),
        (["merge", "one", "two", "-o", "merged"], 0),
        (["compare", compare, *MOMENT, "-r", "2"], 0),
        (["size", scenario("right-size-db"), "--vm", "db", *MOMENT, "-r", "2"], 0),
        (["trace", scenario("shootdown"), "-d", "5ms", "-o", "trace.json"], 0),
        (["trace", scenario("rw-locks"), "-d", "5ms", "-o", "trace.csv"], 0),
        (["show", compare], 0),
        (["schema"], 0),
        (["new", "mutex"], 0),
        (["list", "metrics"], 0),
        (["explain", "spin_pct"], 0),
        (["completion", "man"], 0),
        # What they expect of a whole run need not hold for a moment.
        *((["run", path, *MOMENT, "-r", "1"], (0, EX_EXPECT)) for path in SCENARIOS))


def main():
    todo = commands()
    for arguments, code in todo:
        checked(arguments, code if isinstance(code, tuple) else (code,))
    print(f"{len(todo)} commands: no errors, nothing lost")


with tempfile.TemporaryDirectory() as scratch:
    os.chdir(scratch)
    sys.exit(main())
