#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which lines of src/ do the tests reach? Builds the preset `coverage`, runs the tests in it, and
prints how many lines of each room were executed, then every function of which a line was not.

    tests/coverage/coverage.py            do that; fails below AT_LEAST_PCT
    tests/coverage/coverage.py --look     only look at what was counted so far
    tests/coverage/coverage.py --update   and write both tables into docs/trust.md

unreached.toml says why functions are not reached; --update asks for a reason for each of them."""
import argparse
import json
import os
import subprocess
import sys
import tomllib
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "coverage"
DOCUMENT = ROOT / "docs" / "trust.md"
REASONS = Path(__file__).with_name("unreached.toml")
AT_LEAST_PCT = 90
LEFT_OUT = "^(long|cross|ground|install|mutation)$"  # these run something else, or take hours
ROOMS = ("sim", "hv", "guest", "study", "cli")


def run_tests(build):
    """On each core every n-th test: the threads of one process are never on two, see CMakeLists."""
    for path in build.rglob("*.gcda"):
        path.unlink()
    cores = sorted(os.sched_getaffinity(0))
    command = ["ctest", "--test-dir", build, "-LE", LEFT_OUT, "--output-on-failure", "-I"]
    parts = [subprocess.Popen([*command, f"{part + 1},,{len(cores)}"],
                              preexec_fn=lambda core=core: os.sched_setaffinity(0, {core}))
             for part, core in enumerate(cores)]
    return max(part.wait() for part in parts)


def counted(build):
    """(file below src, line) -> [function, executed]"""
    lines = {}
    for notes in sorted(build.glob("CMakeFiles/costop*.dir/src/**/*.gcno")):
        done = subprocess.run(["gcov", "--json-format", "--stdout", notes], capture_output=True,
                              check=True, cwd=notes.parent)
        for file in json.loads(done.stdout)["files"]:
            path = os.path.relpath(file["file"], ROOT / "src")
            if path.startswith(".."):
                continue
            for line in file["lines"]:
                entry = lines.setdefault((path, line["line_number"]),
                                         [line.get("function_name", ""), False])
                entry[1] |= line["count"] > 0
    assert lines, f"{build} has counted nothing"
    return lines


def rooms_table(lines):
    yield "| room | lines | reached | % |"
    yield "|---|--:|--:|--:|"
    for room in (*ROOMS, ""):
        reached = [is_reached for (path, _), (_, is_reached) in lines.items()
                   if path.startswith(f"{room}/") or not room]
        yield (f"| {f'`{room}/`' if room else 'all'} | {len(reached)} | {sum(reached)} "
               f"| {100 * sum(reached) / len(reached):.1f} |")


def unreached(lines):
    """file -> function -> lines not reached"""
    found = defaultdict(lambda: defaultdict(list))
    for (path, line), (function, is_reached) in sorted(lines.items()):
        if not is_reached:
            found[path][function].append(line)
    return found


def reasons_table(found, reasons):
    """By reason, as most have one in common."""
    by_reason = defaultdict(list)
    missing = []
    for path, functions in found.items():
        for function in functions:
            reason = reasons.get(f"{path}:{function}", reasons.get(path))
            by_reason[reason].append((path, function, len(functions[function])))
            if not reason:
                missing.append(f"{path}:{function}")
    assert not missing, f"{REASONS.name} says nothing of {missing}"
    yield "| why not | lines | where |"
    yield "|---|--:|---|"
    for reason, places in sorted(by_reason.items(), key=lambda item: -sum(p[2] for p in item[1])):
        where = defaultdict(list)
        for path, function, _ in places:
            where[path].append(function)
        text = "; ".join(f"`{path}`: {', '.join(names)}".removesuffix(": ")  # inlined: no name
                         for path, names in where.items())
        yield f"| {reason} | {sum(place[2] for place in places)} | {text} |"


def write(name, table):
    """Between two comments."""
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->\n"
    head, rest = DOCUMENT.read_text(encoding="utf-8").split(begin)
    tail = rest.split(end)[1]
    DOCUMENT.write_text(head + begin + "\n".join(table) + "\n" + end + tail, encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--look", action="store_true")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--build", type=Path, default=BUILD, help="another build directory")
    options = parser.parse_args()
    code = 0
    if not options.look:
        subprocess.run(["cmake", "--preset", "coverage", "-B", options.build], cwd=ROOT, check=True)
        subprocess.run(["cmake", "--build", options.build], check=True)
        code = run_tests(options.build)
    lines = counted(options.build)
    found = unreached(lines)
    rooms = list(rooms_table(lines))
    print("\n".join(rooms))
    for path, functions in found.items():
        for function, numbers in functions.items():
            print(f"{path}:{function}: {' '.join(map(str, numbers))}")
    if options.update:
        with open(REASONS, "rb") as file:
            groups = tomllib.load(file)["because"]
        reasons = {place: group["reason"] for group in groups for place in group["of"]}
        write("coverage", rooms)
        write("unreached", list(reasons_table(found, reasons)))
    pct = 100 * sum(is_reached for _, is_reached in lines.values()) / len(lines)
    return code or pct < AT_LEAST_PCT


sys.exit(main())
