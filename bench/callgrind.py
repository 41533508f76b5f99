# SPDX-License-Identifier: GPL-3.0-or-later
"""Instructions that costop executes for an event, as valgrind's callgrind counts them.

By function: of the sources, whether the
compiler has inlined it or not. callgrind tells lines, and a function's lines are known by the
layout of the sources, in which only functions begin and end in the first column.
"""
import re
from collections import Counter
from functools import lru_cache
from pathlib import Path

import work

# The same code as the release build's, with line numbers.
ANNOTATED = work.ROOT / "build" / "annotated"
NAME = re.compile(r"\b(?!__attribute__)(\w+)\(")


def annotate():
    work.build("costop", directory=ANNOTATED, flags="-g")


def run(binary, path, length_us, out):
    """The events that callgrind saw; what it counted is in the file."""
    return work.events(work.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}",
                                 "--compress-pos=no", "--compress-strings=no",
                                 *work.costop(path, length_us, binary)]))


def per_event(name, duration_ms, directory, binary, count):
    """What count(file) finds, as a Counter."""
    path, out = work.write_host(name, directory), Path(directory) / "callgrind.out"
    whole_us, part_us = work.lengths_us(duration_ms)
    n_events, counts = run(binary, path, whole_us, out), count(out)
    n_events -= run(binary, path, part_us, out)
    counts.subtract(count(out))
    return Counter({key: value / n_events for key, value in counts.items()})


def count_all(out):
    found = re.search(r"^totals: (\d+)", out.read_text(encoding="utf-8"), re.MULTILINE)
    return Counter({"all": int(found[1])})


def total(name, duration_ms, directory):
    return per_event(name, duration_ms, directory, work.BUILD / "costop", count_all)["all"]


@lru_cache
def functions_of(path):
    """The function of each line of a source file."""
    found, function = {}, None
    for number, line in enumerate(Path(path).read_text(encoding="utf-8").splitlines(), 1):
        names = NAME.findall(line) if line[:1].isalpha() else ()
        if names and not line.endswith(";"):
            function = names[0]
        found[number] = function
        if line.startswith("}"):
            function = None
    return found


def function_at(path, line, symbol):
    """Code that is not ours goes by the name of its symbol."""
    if not path.startswith(str(work.ROOT / "src")):
        return f"`{symbol}`"
    name = functions_of(path).get(line) or symbol
    return f"`{name}` ({Path(path).relative_to(work.ROOT / 'src')})"


def count_by_function(out):
    counts, path, symbol, is_call = Counter(), "", "", False
    for line in out.read_text(encoding="utf-8").splitlines():
        key, _, value = line.partition("=")
        if key in ("fl", "fi", "fe"):
            path = value
        elif key == "fn":
            symbol = value
        elif key == "calls":
            is_call = True
        elif line[:1].isdigit():
            if not is_call:  # what was called has lines of its own
                number, cost = map(int, line.split())
                counts[function_at(path, number, symbol)] += cost
            is_call = False
    return counts


def by_function(name, duration_ms, directory):
    return per_event(name, duration_ms, directory, ANNOTATED / "costop", count_by_function)
