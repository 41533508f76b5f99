#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What clang-format and clang-tidy do not see: licence tags, file length, header guards, names."""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TAG = "SPDX-License-Identifier: GPL-3.0-or-later"
MAX_LINES = 500
MAX_COLUMNS = 100
CODE = ("src/**/*.[ch]", "tests/**/*.[ch]", "bench/**/*.[ch]")
OTHER = ("tests/**/*.sh", "tests/**/*.py", "bench/*", "plots/*.gp", "**/CMakeLists.txt",
         "bootstrap", ".ci/run")
TYPEDEF = re.compile(r"^\s*typedef\s+(struct|enum|union)\b", re.M)


def files_of(patterns):
    found = {p for pattern in patterns for p in ROOT.glob(pattern) if p.is_file()}
    build = ROOT / "build"
    return sorted(p for p in found if build not in p.parents and p.suffix not in (".md", ".json"))


def guard_of(path):
    """A pattern: in src/ the guard is room and file, elsewhere it ends in the file."""
    parts = path.relative_to(ROOT).parts
    if parts[0] == "src":
        return "COSTOP_" + re.sub(r"\W", "_", "_".join(parts[1:])).upper()
    return r"COSTOP_\w*" + re.sub(r"\W", "_", path.name).upper()


def check_code(path, text, errors):
    name = path.relative_to(ROOT)
    lines = text.splitlines()
    if not lines or lines[0] != f"/* {TAG} */":
        errors.append(f"{name}:1: the first line is not the SPDX tag")
    if TYPEDEF.search(text):
        errors.append(f"{name}: a struct, enum or union behind a typedef")
    guard = guard_of(path)
    if path.suffix == ".h" and not re.search(rf"^#ifndef ({guard})\n#define \1$", text, re.M):
        errors.append(f"{name}: the header guard is not {guard}")


def check_any(path, text, errors):
    name = path.relative_to(ROOT)
    lines = text.splitlines()
    if TAG not in "\n".join(lines[:3]):
        errors.append(f"{name}: no SPDX tag in the first three lines")
    if len(lines) > MAX_LINES:
        errors.append(f"{name}: {len(lines)} lines, more than {MAX_LINES}")
    for number, line in enumerate(lines, 1):
        if len(line) > MAX_COLUMNS:
            errors.append(f"{name}:{number}: {len(line)} columns, more than {MAX_COLUMNS}")
        if line != line.rstrip():
            errors.append(f"{name}:{number}: blanks at the end of the line")
    if text and not text.endswith("\n"):
        errors.append(f"{name}: no newline at the end")


def main():
    errors = []
    code = files_of(CODE)
    for path in code:
        check_code(path, path.read_text(encoding="utf-8"), errors)
    everything = code + files_of(OTHER)
    for path in everything:
        check_any(path, path.read_text(encoding="utf-8"), errors)
    if not code:
        errors.append("no sources found")
    print("\n".join(errors) if errors else f"{len(everything)} files in form")
    sys.exit(1 if errors else 0)


main()
