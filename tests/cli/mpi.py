# SPDX-License-Identifier: GPL-3.0-or-later
"""Studies under mpirun: the same bytes as without it, one voice, and orderly ends when a process is
lost or a signal comes. Several processes on one machine stand in for several machines."""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROGRAM = os.path.abspath(sys.argv[1])
ROOT = Path(__file__).resolve().parents[2]
LONG_MS = 1000 // int(os.environ.get("COSTOP_SLOWER", "1"))
STUDY = ["sweep", ROOT / "scenarios" / "vcpu-sweep.json", "-w", "5ms", "-d", "30ms"]
LONG = ["-d", f"{LONG_MS}ms", "-r", "4"]
MPIRUN = ["mpirun", "--oversubscribe", "-n"]
# Root has to insist; Open MPI itself leaks and races.
ENVIRONMENT = {
    **os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "LSAN_OPTIONS": f"suppressions={ROOT}/tests/support/open_mpi.supp:print_suppressions=0",
    "ASAN_OPTIONS": "fast_unwind_on_malloc=0",  # or the suppression sees no callers
    "TSAN_OPTIONS": "ignore_noninstrumented_modules=1"}


def start(n, *arguments, **options):
    command = [*MPIRUN, str(n), PROGRAM, "-q", *map(str, arguments)]
    return subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            env=ENVIRONMENT, **options)


def end(process, code):
    out, err = process.communicate(timeout=300)
    assert process.returncode == code, (process.args, process.returncode, err[-2000:])
    return out, err


def mpirun(n, *arguments, code=0, text=None):
    process = start(n, *arguments, stdin=subprocess.PIPE)
    if text:
        process.stdin.write(text)
    process.stdin.close()
    process.stdin = None
    return end(process, code)


def costop(*arguments):
    return subprocess.run([PROGRAM, "-q", *map(str, arguments)], capture_output=True, text=True,
                          check=True).stdout


def files(directory):
    return {path.name: path.read_bytes() for path in Path(directory).glob("*.csv")}


def the_same_as_without():
    for name, rule in (("fixed", ["-r", "3"]),
                       ("precise", ["-p", "throughput@db=25", "-m", "2", "-M", "7"])):
        costop(*STUDY, *rule, "-o", name)
        for n, jobs in ((3, "-j1"), (2, "-j2")):
            mpirun(n, *STUDY, *rule, jobs, "-o", f"{name}-{n}")
            assert files(f"{name}-{n}") == files(name) != {}, (name, n)
    scenario = STUDY[1].read_text(encoding="utf-8")
    out, _ = mpirun(3, "sweep", "-", *STUDY[2:], "-r", "2", "-F", "csv", text=scenario)
    assert out == costop(*STUDY, "-r", "2", "-F", "csv")
    arguments = ["run", ROOT / "scenarios" / "osv-mutex.json", "-d", "20ms", "-o"]
    mpirun(2, *arguments, "traced-2")
    costop(*arguments, "traced")
    assert files("traced-2") == files("traced") and "trace.csv" in files("traced")
    compared = ["compare", ROOT / "scenarios" / "barrier.json", "-d", "20ms", "-S",
                "hypervisor.coscheduling.kind=none,strict"]
    assert mpirun(2, *compared)[0] == costop(*compared), "two studies one after the other"


def one_voice():
    out, _ = mpirun(3, "--version")
    assert out.count("costop") == 1, out
    out, err = mpirun(3, "run", code=64)
    assert err.count("SCENARIO is missing") == 1, err
    assert mpirun(2, "run", "missing.json", code=66)[1].count("missing.json: error") == 1
    assert mpirun(2, *STUDY, "-s", "host.pcpus=0", code=65)[1].count("must be at least 1") == 1
    out, err = mpirun(2, "run", ROOT / "scenarios" / "barrier.json", "-d", "5ms", "--expect",
                      "throughput@hpc < 0", code=1)
    assert "\033" not in out, "mpirun's terminal is no terminal"
    _, err = mpirun(3, *STUDY, "-r", "100000", "--max-wall", "1s", "-o", "wall", code=75)
    assert err.count("--max-wall is over") == 1, err


def ranks(process):
    """The processes that mpirun has started, by rank."""
    found = {}
    for children in Path(f"/proc/{process.pid}/task").glob("*/children"):
        for pid in children.read_text(encoding="ascii").split():
            variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
            rank = [v for v in variables if v.startswith(b"OMPI_COMM_WORLD_RANK=")]
            if rank:
                found[int(rank[0].partition(b"=")[2])] = int(pid)
    return found


def long_study(where):
    """A study that has come some way."""
    process = start(3, *STUDY, *LONG, "-o", where)
    log = Path(where, "results.sqlite-wal")
    for _ in range(1200):
        if log.exists() and log.stat().st_size > 100000:
            return process
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    raise AssertionError("nothing comes of it")


def interrupted_and_resumed():
    costop(*STUDY, *LONG, "-o", "long")
    cases = {"worker-lost": (1, signal.SIGKILL, 137), "first-lost": (0, signal.SIGKILL, 137),
             "first-told": (0, signal.SIGTERM, 143), "mpirun-told": (None, signal.SIGINT, 1)}
    for name, (rank, number, code) in cases.items():
        process = long_study(name)
        os.kill(process.pid if rank is None else ranks(process)[rank], number)
        _, err = end(process, code)
        # Nobody speaks for rank 0, and mpirun may go before it has passed the last words on.
        if name != "first-lost" and (err or rank is not None):
            found = re.search(r"interrupted: \d+ of 27 cells are complete, (\d+) replications in "
                              r"all; go on with the same command and --resume", err)
            assert found and 0 < int(found[1]) < 108, (name, err)
        mpirun(2, *STUDY, *LONG, "-o", name, "--resume")
        assert files(name) == files("long"), name


def main():
    told = subprocess.run([PROGRAM, "-v", "--version"], capture_output=True, text=True, check=True)
    version = re.search(r"^mpi (.*)$", told.stdout, re.M)[1]
    if version == "none":
        done = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=False,
                              env={**os.environ, "OMPI_COMM_WORLD_SIZE": "2"})
        assert done.returncode == 69 and "built without MPI" in done.stderr, done
        print("built without MPI: nothing else to test")
        return
    assert version.startswith("Open MPI "), version
    assert shutil.which("mpirun"), "no mpirun: install openmpi-bin"
    the_same_as_without()
    one_voice()
    interrupted_and_resumed()


with tempfile.TemporaryDirectory() as scratch:
    os.chdir(scratch)
    main()
