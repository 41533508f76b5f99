# SPDX-License-Identifier: GPL-3.0-or-later
"""What the scripts here have in common: the hosts that costop simulates for them, how it is built
and run, and where results are written."""
import csv
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import namedtuple
from pathlib import Path

sys.dont_write_bytecode = True

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build" / "release"
DOCUMENT = ROOT / "docs" / "performance.md"
PROGRAM = f"bench/{Path(sys.argv[0]).name}"

# --- hosts ---

COMPUTE = {"compute": {"exponential": "2ms"}}
SLEEP = {"sleep": {"exponential": "2ms"}}
FOR_EVER = {"compute": "1h"}


def host(pcpus, vms, program, scheduler, rule="none", lock=None):
    scheduler = scheduler if isinstance(scheduler, dict) else {"kind": scheduler}
    rule = rule if isinstance(rule, dict) else {"kind": rule}
    return {"version": 1, "name": "bench", "host": {"pcpus": pcpus},
            "hypervisor": {"scheduler": scheduler, "coscheduling": rule},
            "locks": {"l": {"kind": lock}} if lock else {},
            "programs": {"work": program},
            "vms": {"w": {"program": "work", **vms}},
            "run": {"warmup": "0", "replications": 1, "seed": 1}}


def round_robin(timeslice):
    return {"kind": "rr", "timeslice": timeslice}


def sleepers(pcpus, vcpus, scheduler):
    """VMs of one vCPU that compute and sleep."""
    return host(pcpus, {"count": vcpus, "vcpus": 1}, [COMPUTE, SLEEP], scheduler)


def locking(kind, rule):
    """Four VMs at one lock each, twice as many vCPUs as pCPUs."""
    program = [{"compute": {"exponential": "40us"}}, {"lock": "l", "hold": {"exponential": "2us"}}]
    return host(16, {"count": 4, "vcpus": 8}, program, round_robin("10ms"), rule, kind)


def gangs(width):
    """Two gangs that take turns: every ms one stops and the other starts."""
    return host(width, {"count": 2, "vcpus": width}, [FOR_EVER], round_robin("1ms"), "strict")


def costops(width):
    """Halves of a VM that take turns: every other ms the check stops the half that has run ahead,
    and the other one starts; between them it finds that they are level."""
    relaxed = {"kind": "relaxed", "costop_threshold": "1ms", "costart_threshold": "500us",
               "poll": "1ms"}
    return host(width, {"vcpus": 2 * width}, [FOR_EVER], round_robin("1h"), relaxed)


PERIODS_MS = {"gangs": 1, "co-stops": 2}
WIDTHS = (2, 4, 8, 16, 32)
SCHEDULERS = ("credit", "credit2", "eevdf", "esx")
LOCKS = tuple(f"locks {kind} {rule}" for kind in ("tas", "ticket")
              for rule in ("none", "relaxed", "strict"))
# The same vCPUs at work in one VM or in many.
SHAPES = {"narrow": {"count": 64, "vcpus": 4}, "wide": {"vcpus": 256}}
PROGRAMS = {"computing": ([COMPUTE], None), "sleeping": ([COMPUTE, SLEEP], None),
            "locking": ([COMPUTE, {"lock": "l", "hold": {"exponential": "2us"}}], "ticket")}

HOSTS = {
    "4x8": sleepers(4, 8, round_robin("1ms")),
    "64x256": sleepers(64, 256, round_robin("1ms")),
    "1024x8192": sleepers(1024, 8192, round_robin("1ms")),
    "hogs": host(4, {"count": 8, "vcpus": 1}, [FOR_EVER], round_robin("10ms")),
    **{f"64x256 {kind}": sleepers(64, 256, kind) for kind in ("rr", *SCHEDULERS)},
    **{name: locking(*name.split()[1:]) for name in LOCKS},
    **{f"{shape} {name}":
       host(128, vms, program, round_robin("1ms"), "relaxed", lock)
       for name, (program, lock) in PROGRAMS.items() for shape, vms in SHAPES.items()},
    **{f"gangs {width}": gangs(width) for width in WIDTHS},
    **{f"co-stops {width}": costops(width) for width in WIDTHS},
}

# --- building and running ---

Ran = namedtuple("Ran", "text real_s cpu_s peak_mb")


def run(command, **options):
    """What a command prints, the time it takes and its peak resident memory."""
    command = list(map(str, command))
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as words:
        start_s = time.monotonic()
        child = subprocess.Popen(command, stdout=output, stderr=words, stdin=subprocess.DEVNULL,
                                 **options)
        _, status, usage = os.wait4(child.pid, 0)
        real_s = time.monotonic() - start_s
        child.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        words.seek(0)
        text = output.read()
        if child.returncode:
            sys.exit(f"{text}{words.read()}{PROGRAM}: {' '.join(command)}: "
                     f"exit {child.returncode}")
    return Ran(text, real_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def build(*targets, directory=BUILD, flags=""):
    run(["cmake", "--preset", "release", "-B", directory, f"-DCMAKE_C_FLAGS={flags}"], cwd=ROOT)
    run(["cmake", "--build", directory, "--target", *targets], cwd=ROOT)


def write_host(name, directory):
    path = Path(directory) / f"{name.replace(' ', '-')}.json"
    path.write_text(json.dumps(HOSTS[name]), encoding="utf-8")
    return path


def costop(path, duration_us, binary=BUILD / "costop"):
    """The command that simulates a host for so long …"""
    return [binary, "-q", "run", path, "-d", f"{duration_us}us", "--table", "host", "-F", "csv"]


def events(ran):
    """… and the events that it had."""
    row, = csv.DictReader(ran.text.splitlines())
    return int(row["events"])


def lengths_us(duration_ms):
    """Of the two runs whose difference is an event loop: start and end of the program are in both.
    A run of nothing would not do: its histograms have fewer buckets to be read out."""
    return duration_ms * 1000, duration_ms * 100


# --- results ---


def machine():
    text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    model = re.search(r"model name\s*: (.*)", text)
    return f"{model[1] if model else os.uname().machine}, {os.cpu_count()} cores"


def write_results(mark, lines):
    """Between two comments of the document, in the place of the last ones."""
    text = DOCUMENT.read_text(encoding="utf-8")
    begin, end = f"<!-- {mark} -->\n", f"<!-- {mark}: end -->\n"
    before, _, rest = text.partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        sys.exit(f"{PROGRAM}: {DOCUMENT}: no place for {mark}")
    body = "".join(f"{line}\n" for line in lines)
    DOCUMENT.write_text(f"{before}{begin}{body}{end}{after}", encoding="utf-8")
