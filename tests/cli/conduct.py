#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How studies are run: whatever the number of threads, however often they are killed or stopped, in
however many parts, the files come out the same; and what people see meanwhile."""
import csv
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

PROGRAM = os.path.abspath(sys.argv[1])
ROOT = Path(__file__).resolve().parents[2]
EX_USAGE, EX_WALL = 64, 75
STUDY = ["sweep", ROOT / "scenarios" / "vcpu-sweep.json", "-w", "5ms", "-d", "30ms"]
# Long enough to be caught at work; a sanitizer makes it slower anyway.
LONG_MS = 800 // int(os.environ.get("COSTOP_SLOWER", "1"))
RULES = {"fixed": ["-r", "3"], "precise": ["-p", "throughput@db=25", "-m", "2", "-M", "7"]}


def command(*arguments):
    return [PROGRAM, "-q", *map(str, arguments)]


def costop(*arguments, code=0, **options):
    done = subprocess.run(command(*arguments), capture_output=True, text=True, timeout=300,
                          check=False, **options)
    assert done.returncode == code, (arguments, done.returncode, done.stderr)
    return done


def files(directory):
    found = {path.name: path.read_bytes() for path in Path(directory).glob("*.csv")}
    assert {"vm.csv", "vcpu.csv", "lock.csv", "host.csv", "summary.csv"} <= set(found), directory
    return found


def watched(arguments, n_done):
    """The process, as soon as its progress says that so much is done."""
    process = subprocess.Popen(command("--progress=always", *arguments), stderr=subprocess.PIPE,
                               stdout=subprocess.DEVNULL)
    text = b""
    while True:
        text += os.read(process.stderr.fileno(), 4096)
        assert process.poll() is None, (process.returncode, text)
        if any(int(n) >= n_done for n in re.findall(rb"(\d+)/\d+", text)):
            return process


def ended(process, code):
    text = process.stderr.read().decode()
    process.stderr.close()
    assert process.wait(timeout=60) == code, (process.returncode, text)
    return text


def one_study_many_ways(name, rule):
    costop(*STUDY, *rule, "-j1", "-o", f"{name}-j1")
    wanted = files(f"{name}-j1")
    for jobs in (2, 5):
        costop(*STUDY, *rule, f"-j{jobs}", "-o", f"{name}-j{jobs}")
        assert files(f"{name}-j{jobs}") == wanted, jobs
    shards = [f"{name}-{i}" for i in (1, 2, 3)]
    for i, shard in enumerate(shards, 1):
        costop(*STUDY, *rule, "--shard", f"{i}/3", "-o", shard)
    costop("merge", *shards, "-o", f"{name}-merged")
    assert files(f"{name}-merged") == wanted, "shards"


def killed_and_resumed(name, rule):
    study = [*STUDY, "-d", f"{LONG_MS}ms", *rule]
    resume = []
    for n_done in (3, 11, 19):
        process = watched([*study, "-j1", "-o", f"{name}-killed", *resume], n_done)
        process.kill()
        ended(process, -signal.SIGKILL)
        resume = ["--resume"]
    costop(*study, "-o", f"{name}-killed", "--resume")
    costop(*study, "-o", f"{name}-undisturbed")
    assert files(f"{name}-killed") == files(f"{name}-undisturbed"), "killed three times"


def one_cell_in_parts():
    one = ["run", ROOT / "scenarios" / "barrier.json", "-d", "20ms", "-r", "5", "-o"]
    costop(*one, "one")
    for i in (1, 2, 3):
        costop(*one, f"one-{i}", "--shard", f"{i}/3")
    costop("merge", "one-1", "one-2", "one-3", "-o", "one-merged")
    assert files("one-merged") == files("one")


def a_signal_saves(number):
    where = f"signal-{number}"
    whole = [*STUDY, "-d", f"{LONG_MS}ms", "-r", "3", "-j1", "-o", where]
    process = watched(whole, 5)
    started = time.monotonic()
    process.send_signal(number)
    text = ended(process, 128 + number)
    assert time.monotonic() - started < 20, "workers stop at once"
    found = re.search(r"interrupted: (\d+) of 27 cells are complete, (\d+) replications in all; "
                      r"go on with the same command and --resume", text)
    assert found and 5 <= int(found[2]) < 81, text
    rows = files(where)["host.csv"].count(b"\n") - 1
    assert rows == int(found[2]), (rows, text)


def real_time_is_limited():
    endless = ["sweep", ROOT / "scenarios" / "vcpu-sweep.json", "-r", "100000", "-o", "wall"]
    done = costop(*endless, "--max-wall", "1500ms", code=EX_WALL)
    assert "--max-wall is over: 0 of 27 cells are complete" in done.stderr, done.stderr
    before = files("wall")["host.csv"]
    done = costop(*endless, "--max-wall", "1s", "--resume", code=EX_WALL)
    assert len(files("wall")["host.csv"]) > len(before)
    done = costop("run", ROOT / "scenarios" / "barrier.json", "-r", "100000", "--max-wall", "500ms",
                  code=EX_WALL)
    assert "with -o DIR, --resume could go on" in done.stderr, done.stderr
    assert "hpc" in done.stdout, "what there is is told"
    done = costop("run", ROOT / "scenarios" / "barrier.json", "-w", "auto", "-d", "2h",
                  "--max-wall", "500ms", code=EX_WALL)
    assert "--max-wall is over, and the pilot for the warm-up is not" in done.stderr, done.stderr


def events_are_limited():
    """What is enough is told by host.events, which the warm-up adds to: here there is none."""
    barrier = ["run", ROOT / "scenarios" / "barrier.json", "-r", "2", "-w", "0"]
    done = costop(*barrier, "-F", "csv", "--table", "host")
    most = max(int(row["events"]) for row in csv.DictReader(done.stdout.splitlines()))
    costop(*barrier, "--max-events", most)
    done = costop(*barrier, "--max-events", most - 1, code=EX_WALL)
    assert f"more than {most - 1} events: it came to " in done.stderr, done.stderr
    done = costop(*barrier, "-w", "auto", "--max-events", "10", code=EX_WALL)
    assert "the pilot for the warm-up: more than 10 events" in done.stderr, done.stderr
    # The first cell of four vCPUs, whoever runs it: those of one and two take fewer.
    sweep = ["sweep", ROOT / "scenarios" / "vcpu-sweep.json", "-r", "1", "-d", "20ms", "-w", "0"]
    for jobs in ("1", "2"):
        done = costop(*sweep, "-j", jobs, "--max-events", "3000", "-o", f"few-{jobs}", code=EX_WALL)
        for words in ("cell 6 (vms.db.vcpus=4", "more than 3000 events"):
            assert words in done.stderr, done.stderr


def contradictions_are_refused():
    for arguments in (["-p", "throughput@db=1", "-r", "5"], ["-m", "3"], ["-M", "3"],
                      ["-p", "throughput@db=1", "-m", "9", "-M", "8"],
                      ["-p", "throughput@db=1", "--replication", "2"],
                      ["-p", "throughput@db"], ["-p", "nonsense=1"], ["-p", "throughput@db=0"],
                      ["-p", "throughput@db=1", "-m", "0"],
                      ["-j", "0"], ["-j", "-1"], ["-j", "5000"], ["-j", "many"],
                      ["--max-wall", "0"], ["--max-wall", "soon"], ["--max-events", "0"],
                      ["--shard", "1/2"], *[["--shard", shard, "-o", "refused"] for shard in
                                            ("0/2", "3/2", "1", "1/", "/2", "1/0", "-1/2", "1/2x",
                                             "1/10000000", "+1/2", "1 /2")]):
        done = costop(*STUDY, *arguments, code=EX_USAGE)
        assert done.stdout == "" and done.stderr, arguments
    assert not Path("refused").exists()


def what_stays_too_wide_is_told():
    arguments = ["run", ROOT / "scenarios" / "barrier.json", "-d", "20ms", "-M", "3"]
    loud = subprocess.run([PROGRAM, *map(str, arguments), "-p", "throughput@hpc=0.001"],
                          capture_output=True, text=True, check=True)
    assert "1 of 1 cells are less precise than -p demands after 3 replications (-M)" in loud.stderr
    rows = costop(*arguments, "-p", "throughput@hpc=100", "-F", "csv", "--table", "host").stdout
    assert rows.count("\n") == 1 + 3, rows  # never fewer than the least, which -M has lowered


def cores_are_those_that_may_be_used():
    few = {min(os.sched_getaffinity(0))}
    done = subprocess.run([PROGRAM, "-v", "run", ROOT / "scenarios" / "barrier.json", "-d", "5ms"],
                          capture_output=True, text=True, check=True,
                          preexec_fn=lambda: os.sched_setaffinity(0, few))
    assert "10 replications took" in done.stderr and ", 1 at a time" in done.stderr, done.stderr
    done = subprocess.run([PROGRAM, "-v", "run", ROOT / "scenarios" / "barrier.json", "-d", "5ms",
                           "-j", "7"], capture_output=True, text=True, check=True)
    assert ", 7 at a time" in done.stderr, done.stderr


def on_a_terminal(columns, *arguments):
    """What appears on standard error, a terminal of so many columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen([PROGRAM, *map(str, arguments)], stderr=theirs,
                               stdout=subprocess.DEVNULL)
    os.close(theirs)
    text = b""
    try:
        while data := os.read(ours, 4096):
            text += data
    except OSError:  # that is how a terminal ends
        pass
    os.close(ours)
    assert process.wait() == 0
    return text.decode()


def progress_fits_and_goes_away():
    for columns in (80, 17, 4, 1):
        text = on_a_terminal(columns, *STUDY, "-d", f"{LONG_MS}ms", "-r", "2")
        drawing, removed, _ = text.rpartition("\r\033[K")
        assert removed, f"the line is removed before anything else is said: {text}"
        first, *drawn = drawing.split("\r")
        assert first == "" and len(drawn) > 1, text
        assert all(line.endswith("\033[K") for line in drawn), text
        lines = [line.removesuffix("\033[K") for line in drawn]
        assert all(len(line) < columns for line in lines), text
        assert any("/54" in line for line in lines) == (columns > 4), text
        assert any("vms.db.vcpus=" in line for line in lines) == (columns >= 80), text
    assert on_a_terminal(80, *STUDY, "-r", "2", "--progress=never", "-q") == ""
    assert on_a_terminal(80, *STUDY, "-r", "2", "-q") == ""
    assert costop(*STUDY, "-r", "2").stderr == "", "a pipe is no terminal"


def main():
    for name, rule in RULES.items():
        one_study_many_ways(name, rule)
        killed_and_resumed(name, rule)
    one_cell_in_parts()
    a_signal_saves(signal.SIGINT)
    a_signal_saves(signal.SIGTERM)
    real_time_is_limited()
    events_are_limited()
    contradictions_are_refused()
    what_stays_too_wide_is_told()
    cores_are_those_that_may_be_used()
    progress_fits_and_goes_away()


with tempfile.TemporaryDirectory() as scratch:
    os.chdir(scratch)
    main()
