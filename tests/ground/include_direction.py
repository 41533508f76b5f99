#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rooms of src/ may know each other in one direction only: cli -> study -> {guest, hv} -> sim.

Reads the #include lines. Also: where system headers and functions that belong to one room are used,
and that headers do not include each other in a circle.
"""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Who may include whom. A name with a slash allows that header only.
MAY_KNOW = {
    "sim": {"sim"},
    "hv": {"sim", "hv"},
    "guest": {"sim", "guest", "hv/abi.h", "hv/runstate.h"},
    "study": {"sim", "hv", "guest", "study"},
    "cli": {"sim", "hv", "guest", "study", "cli"},
}
# System headers and where they belong, rooms or single files: only the command line talks to the
# world, only sim draws random numbers.
ONLY_IN = {
    r"stdio\.h|argp\.h|getopt\.h|unistd\.h|fcntl\.h|dirent\.h|time\.h|locale\.h": {"cli"},
    r"sys/mman\.h": {"sim/arena.c"},
    r"sys/(?!mman|queue).*": {"cli"},
    r"(cjson/)?cJSON\.h": {"cli/json_read.c", "cli/version.c"},
    r"nettle/.*|sqlite3\.h": {"cli"},
    r"mpi\.h": {"cli/mpi_link.c"},
    # Versions are for --version; what GSL does on an error is set for the process, by main.
    r"gsl/gsl_version\.h": {"sim", "cli/version.c"},
    r"gsl/gsl_errno\.h": {"sim", "cli/main.c"},
    r"gsl/(?!gsl_version|gsl_errno).*|Random123/.*": {"sim"},
    r"pthread\.h|threads\.h": {"study", "cli"},
}
# Written by the build, so they are in no room.
GENERATED = {"version_commit.h"}
# These format into memory: they need <stdio.h> but touch no stream.
MEMORY_STDIO = re.compile(r"\bv?snprintf\s*\(")
FORBIDDEN_BELOW_CLI = re.compile(
    r"\b(printf|fprintf|vfprintf|puts|fputs|fputc|putchar|fopen|fclose|fread|fwrite|fgets|getenv"
    r"|perror|exit|_exit|quick_exit|time|clock_gettime|gettimeofday|rand|srand|random|stdout|stderr"
    r"|stdin|FILE)\s*[(;,)*]")
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', re.M)
NOISE = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def check_file(name, text, errors):
    """name is relative to src/: "hv/dispatch.c"."""
    room = name.split("/")[0]
    for own, system in INCLUDE.findall(text):
        if own:
            other = own.split("/")[0]
            if own in GENERATED:
                continue
            if "/" not in own:
                errors.append(f'{name}: "{own}" lacks its room')
            elif other not in MAY_KNOW[room] and own not in MAY_KNOW[room]:
                errors.append(f'{name}: {room} may not know "{own}"')
        for pattern, places in ONLY_IN.items():
            if system and re.fullmatch(pattern, system):
                if system == "stdio.h" and MEMORY_STDIO.search(text):
                    continue
                if not {name, room} & places:
                    errors.append(f"{name}: <{system}> belongs to {', '.join(sorted(places))}")
    if room != "cli":
        code = NOISE.sub(lambda m: "\n" * m.group().count("\n") or " ", text)
        for number, line in enumerate(code.splitlines(), 1):
            for found in FORBIDDEN_BELOW_CLI.finditer(line):
                before = line[: found.start()].rstrip()
                if not before.endswith(("->", ".", "format(")):
                    errors.append(f"{name}:{number}: '{found.group(1)}' below cli")


def check_circles(sources, errors):
    """Depth-first over header -> header; reports the path that closes."""
    edges = {
        name: [own for own, _ in INCLUDE.findall(text) if own in sources]
        for name, text in sources.items()
    }
    done = set()

    def visit(name, path):
        if name in path:
            errors.append("circle: " + " -> ".join(path[path.index(name):] + [name]))
            return
        if name in done:
            return
        for other in edges[name]:
            visit(other, path + [name])
        done.add(name)

    for name in sorted(edges):
        visit(name, [])


def check(sources):
    errors = []
    for name in sorted(sources):
        check_file(name, sources[name], errors)
    check_circles(sources, errors)
    return errors


def read_sources():
    src = ROOT / "src"
    files = sorted(src.glob("*/*.[ch]"))
    strange = [p for p in src.rglob("*.[ch]") if p not in files or p.parent.name not in MAY_KNOW]
    if strange:
        sys.exit(f"no such room: {strange[0].relative_to(ROOT)}")
    return {str(p.relative_to(src)): p.read_text(encoding="utf-8") for p in files}


def self_test():
    """Each planted fault must be found, and found once; innocent lines must not."""
    faults = {
        "sim/a.c": '#include "hv/sched.h"',
        "hv/a.c": '#include "guest/guest.h"',
        "hv/b.c": "#include <gsl/gsl_rng.h>",
        "guest/a.c": '#include "hv/hv.h"',
        "guest/b.c": "void f(void) { exit(1); }",
        "study/a.c": '#include "cli/diag.h"',
        "study/b.c": "#include <stdio.h>",
        "study/c.c": "void f(void) { printf(1); }",
        "cli/a.c": "#include <cjson/cJSON.h>",
        "cli/b.c": '#include "diag.h"',
        "cli/c.c": "#include <Random123/philox.h>",
    }
    innocent = {
        "guest/ok.c": '#include "hv/abi.h"\n#include "hv/runstate.h"\n/* exit(1) */',
        "study/ok.c": '#include "hv/hv.h"\nvoid f(void) { trace->exit(1); g("printf(x)"); }',
        "cli/ok.c": '#include <stdio.h>\n#include "study/machine.h"\nvoid f(void) { exit(1); }',
        "sim/ok.c": "#include <stdio.h>\nvoid f(char *t) { snprintf(t, 1, \"\"); }",
    }
    circle = {"sim/x.h": '#include "sim/y.h"', "sim/y.h": '#include "sim/x.h"'}
    failed = 0
    for name, text in faults.items():
        if len(check({name: text})) != 1:
            failed += 1
            print(f"planted fault not found once: {name}: {text}")
    for error in check(innocent):
        failed += 1
        print(f"innocent line blamed: {error}")
    if not any(e.startswith("circle") for e in check(circle)):
        failed += 1
        print("planted circle not found")
    return failed


def main():
    if sys.argv[1:] == ["--self-test"]:
        sys.exit(1 if self_test() else 0)
    sources = read_sources()
    if not sources:
        sys.exit("no sources found")
    errors = check(sources)
    print("\n".join(errors) if errors else f"{len(sources)} files in order")
    sys.exit(1 if errors else 0)


main()
