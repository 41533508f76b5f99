#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong around a study, done to one: whatever happens, nothing that was finished is
lost, nothing is there twice, and the same command with --resume comes to the same bytes as a study
that nothing happened to. $1: the costop binary; --kills N: how often it is killed of each kind."""
import argparse
import contextlib
import json
import os
import random
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EX_DATAERR, EX_CANTCREAT, EX_IOERR, EX_SOFTWARE = 65, 73, 74, 70
CELLS, REPLICATIONS = 27, 3
STUDY = ["sweep", ROOT / "scenarios" / "vcpu-sweep.json", "-w", "5ms", "-d", "100ms",
         "-r", REPLICATIONS]
MPI = {**os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
       # No shared memory: who is killed leaves it behind for ever.
       "OMPI_MCA_btl": "self,tcp", "OMPI_MCA_btl_tcp_if_include": "lo",
       "OMPI_MCA_oob_tcp_if_include": "lo"}
chance = random.Random(20090528)  # the same instants each time, as far as a machine allows


def words(*arguments):
    return [OPTIONS.program, "-q", *map(str, arguments)]


def costop(*arguments, code=0, **options):
    done = subprocess.run(words(*arguments), capture_output=True, text=True, errors="replace",
                          timeout=300, check=False, **options)
    codes = code if isinstance(code, tuple) else (code,)
    assert done.returncode in codes, (arguments, done.returncode, done.stderr[-2000:])
    return done


def files(directory):
    return {path.name: path.read_bytes() for path in Path(directory).iterdir()
            if path.suffix == ".csv" or path.name == "scenario.resolved.json"}


def n_kept(directory):
    """Finished replications in the store, each of which is there once by its key."""
    store = Path(directory) / "results.sqlite"
    if not store.exists():
        return 0
    with contextlib.closing(sqlite3.connect(store)) as database:
        tables = {row[0] for row in database.execute("SELECT name FROM sqlite_master")}
        if "host" not in tables:
            return 0
        return database.execute("SELECT count(*) FROM host").fetchone()[0]


def wait_for_work(directory):
    """Until replications have been put into a store that only its owner may read."""
    log, empty = Path(directory) / "results.sqlite-wal", None
    while empty is None or log.stat().st_size == empty:
        time.sleep(0.05)
        if log.exists() and empty is None:
            empty = log.stat().st_size
    time.sleep(0.5)


def end_of_it(directory):
    """Gone on with to the end, it is as if nothing had happened."""
    costop(*STUDY, "-o", directory, "--resume")
    assert n_kept(directory) == CELLS * REPLICATIONS
    assert files(directory) == files("whole"), directory
    assert not list(Path(directory).glob("*.tmp")), "something is left behind"
    shutil.rmtree(directory)


# --- killed ---

def kill_all(process):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def killed(kind, command, environment, span_s):
    """Again and again in one directory, until a study gets to its end by itself; then a new one."""
    n_kept_before, n_directories, n_caught = 0, 0, 0
    for _ in range(OPTIONS.kills):
        directory = f"killed-{kind}-{n_directories}"
        process = subprocess.Popen([*command, *words(*STUDY, "-o", directory, "--resume")],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   env=environment, start_new_session=True)
        time.sleep(chance.uniform(0, span_s))
        has_ended = process.poll() is not None
        assert not has_ended or process.returncode == 0, process.returncode
        kill_all(process)
        n_caught += not has_ended
        n = n_kept(directory) if Path(directory).exists() else 0
        assert n >= n_kept_before, f"{n_kept_before - n} replications are lost"
        n_kept_before = n
        if n == CELLS * REPLICATIONS:
            end_of_it(directory)
            n_directories += 1
            n_kept_before = 0
    if n_kept_before > 0:
        end_of_it(directory)
    print(f"killed ({kind}): {OPTIONS.kills} times, {n_caught} of them at work")


def took_s(command, environment):
    start = time.monotonic()
    subprocess.run([*command, *words(*STUDY, "-F", "csv")], stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, env=environment, check=True)
    return time.monotonic() - start


def kills():
    mpirun = ["mpirun", "--oversubscribe", "-n", "3"]
    for kind, command, environment in (("threads", [], None), ("processes", mpirun, MPI)):
        if command and not shutil.which("mpirun"):
            print("mpirun is missing: processes were not killed")
            continue
        killed(kind, command, environment, took_s(command, environment))


def one_process_of_many_is_lost():
    """The others end, and say so; what was finished is kept."""
    if not shutil.which("mpirun"):
        return
    process = subprocess.Popen(["mpirun", "--oversubscribe", "-n", "3",
                                *words(*STUDY, "-d", "2s", "-o", "orphaned")],
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                               env=MPI, start_new_session=True)
    children = []
    while len(children) < 3:
        time.sleep(0.05)
        found = subprocess.run(["pgrep", "-P", str(process.pid), "costop"], capture_output=True,
                               text=True, check=False)
        children = found.stdout.split()
    wait_for_work("orphaned")
    os.kill(int(children[-1]), signal.SIGKILL)
    _, err = process.communicate(timeout=120)
    assert process.returncode != 0 and err
    kept = n_kept("orphaned")
    assert 0 < kept < CELLS * REPLICATIONS
    costop(*STUDY, "-d", "2s", "-o", "orphaned", "--resume")
    assert n_kept("orphaned") == CELLS * REPLICATIONS


def terminated_while_files_are_written():
    """SIGTERM at all times of a study that mostly writes."""
    short = [*STUDY[:-2], "-d", "1us", "-w", "0", "-r", "1",
             "-S", "hypervisor.scheduler.timeslice=1ms..12ms step 1ms", "-o"]
    start = time.monotonic()
    costop(*short, "written")
    spent_s = time.monotonic() - start
    for i in range(10):
        process = subprocess.Popen(words(*short, "torn"), stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        time.sleep(spent_s * (i + 1) / 11)
        process.terminate()
        assert process.wait(60) in (0, 128 + signal.SIGTERM, -signal.SIGTERM)
        if Path("torn").exists():
            costop(*short, "torn", "--resume")
            assert files("torn") == files("written")
            assert not list(Path("torn").glob("*.tmp"))
            shutil.rmtree("torn")


# --- disks and pipes ---

@contextlib.contextmanager
def disk(options):
    Path("disk").mkdir(exist_ok=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", "disk"],
                             stderr=subprocess.DEVNULL, check=False).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "disk"], check=True)


def full_disk():
    for size_kb in (64, 128, 256, 384, 512):
        with disk(f"size={size_kb}k") as mounted:
            if not mounted:
                print("no disk can be made here: a full one was not tried")
                return
            done = costop(*STUDY, "-o", "disk/full", code=(EX_IOERR, EX_CANTCREAT))
            assert "No space" in done.stderr or "full" in done.stderr, done.stderr
            if Path("disk/full").exists():
                shutil.copytree("disk/full", "full")
        if Path("full").exists():
            end_of_it("full")


def directory_that_cannot_be_written():
    with disk("ro,size=1m") as mounted:
        if not mounted:
            return
        done = costop(*STUDY, "-o", "disk/never", code=EX_CANTCREAT)
        assert "Read-only" in done.stderr, done.stderr


def pipe_that_is_closed():
    command = " ".join(map(str, words(*STUDY, "-F", "csv")))
    done = subprocess.run(["bash", "-c", f"set -o pipefail; {command} | head -n 1"],
                          capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.startswith("cell,"), done.stdout
    assert done.returncode in (0, EX_IOERR, 128 + signal.SIGPIPE), done.returncode


def memory_that_is_not_there():
    """With all sorts of too little it says so, or does the whole; it never crashes."""
    n_refused = 0
    for mb in (*range(16, 64, 4), *range(64, 400, 48)):
        limit = (mb << 20, mb << 20)
        done = costop(*STUDY, "-d", "5ms", "-j2", "-F", "csv", code=(0, EX_SOFTWARE, 127),
                      preexec_fn=lambda limit=limit: resource.setrlimit(resource.RLIMIT_AS, limit))
        if done.returncode == EX_SOFTWARE:
            assert "memory" in done.stderr or "thread" in done.stderr, done.stderr
        n_refused += done.returncode != 0
    assert n_refused > 0, "none of it was too little"
    print(f"memory: {n_refused} limits were too low")


def replication_that_has_no_room():
    """It is refused before anything runs, by the biggest of its cells."""
    text = {"host": {"pcpus": 1}, "programs": {"p": [{"compute": "1ms"}]},
            "vms": {"a": {"vcpus": 1, "program": "p"}}, "run": {"duration": "1ms"}}
    Path("big.json").write_text(json.dumps(text), encoding="utf-8")
    axis, cell = ["-S", "vms.a.count=1,60000"], ["-s", "vms.a.count=60000"]
    told = re.search(r"sweep cells 2, memory (\d+) MiB", costop("check", "big.json", *axis).stdout)
    assert told and 200 < int(told[1]) < 2000, told
    for arguments in (["check", *axis], ["sweep", *axis], ["run", *cell],
                      ["trace", *cell, "-o", "-", "-F", "csv"]):
        done = costop(arguments[0], "big.json", *arguments[1:], code=EX_SOFTWARE,
                      preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (190 << 20,) * 2))
        assert f"takes {told[1]} MiB of memory, and there are 190 MiB here" in done.stderr, done


# --- the store ---

def two_at_one_directory():
    process = subprocess.Popen(words(*STUDY, "-d", "5s", "-o", "shared"),
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for_work("shared")
    done = costop(*STUDY, "-d", "5s", "-o", "shared", "--resume", code=EX_CANTCREAT)
    assert "in use" in done.stderr, done.stderr
    process.kill()
    process.wait()
    shutil.rmtree("shared")


def damaged_store():
    """A byte here and there: it is told, or it did not matter."""
    whole = Path("whole/results.sqlite").read_bytes()
    n_told = 0
    for _ in range(OPTIONS.kills * 4):
        shutil.copytree("whole", "damaged")
        torn = bytearray(whole)
        for _ in range(chance.choice((1, 1, 8, 64))):
            torn[chance.randrange(len(torn))] ^= 1 << chance.randrange(8)
        if chance.random() < 0.2:
            del torn[chance.randrange(len(torn)):]
        Path("damaged/results.sqlite").write_bytes(torn)
        done = costop(*STUDY, "-o", "damaged", "--resume", code=(0, EX_DATAERR, EX_IOERR))
        assert done.returncode == 0 or done.stderr
        n_told += done.returncode != 0
        assert files("damaged") == files("whole"), done.stderr
        shutil.rmtree("damaged")
    shutil.copytree("whole", "damaged")
    with contextlib.closing(sqlite3.connect("damaged/results.sqlite")) as database:
        database.execute("ALTER TABLE vcpu RENAME COLUMN migrations TO migrathons")
    told = costop(*STUDY, "-o", "damaged", "--resume", code=EX_DATAERR).stderr
    assert "is damaged: no such column: migrations" in told, told
    shutil.rmtree("damaged")
    print(f"damaged: {OPTIONS.kills * 4} stores, {n_told} of them refused, the others unharmed")


def clock_that_goes_back():
    if not shutil.which("faketime"):
        print("faketime is missing: the clock was not put back")
        return
    for shift in ("-1 year", "+1 year", "-2 years"):
        done = subprocess.run(["faketime", shift, *words(*STUDY, "-o", "earlier", "--resume",
                                                         "--max-wall", "100s")],
                              capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr
        assert files("earlier") == files("whole")
    shutil.rmtree("earlier")


FAULTS = (kills, one_process_of_many_is_lost, terminated_while_files_are_written, full_disk,
          directory_that_cannot_be_written, pipe_that_is_closed, memory_that_is_not_there,
          replication_that_has_no_room, two_at_one_directory, damaged_store, clock_that_goes_back)


def main():
    costop(*STUDY, "-o", "whole")
    for fault in FAULTS:
        start = time.monotonic()
        fault()
        print(f"ok {fault.__name__}, {time.monotonic() - start:.1f} s", flush=True)
    print(f"{len(FAULTS)} kinds of faults")


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("program", type=os.path.abspath)
parser.add_argument("--kills", type=int, default=10)
OPTIONS = parser.parse_args()
with tempfile.TemporaryDirectory() as scratch:
    os.chdir(scratch)
    sys.exit(main())
