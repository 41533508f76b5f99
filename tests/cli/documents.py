# SPDX-License-Identifier: GPL-3.0-or-later
"""The numbers in the documents are those that the program prints, and the drawings in docs/model.md
are those that tests compare with what it does.

A Markdown table with a column headed "`costop run …`" is measured: that column has what follows
`costop run`, and the heading of a measured column has a formula, in backticks or in a comment, such
as `spin_pct@db` or `spin_pct@db / run_pct@db * 100`, which is worked out from left to right with
the means over the replications; `±spin_pct@db` is half the width of its 95 % confidence interval,
and `spin_pct@db[-s vms.db.vcpus=2]` comes from a run with these arguments added. Rounded to the
decimals that a cell shows it must be what the cell says.

What follows an indented line `$ costop …`, up to the end of the indentation, is all of its output.

    tests/cli/documents.py COSTOP            compare
    tests/cli/documents.py COSTOP --update   write what was measured into the documents
"""
import csv
import os
import re
import shlex
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

COSTOP = str(Path(sys.argv[1]).resolve())
ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "scenarios" / "README.md", ROOT / "docs" / "locks.md"]
HEAD = "`costop run …`"
PROMPT, COLUMNS = "    $ costop ", "96"
DRAWING = re.compile(r"    (\w[\w.]*/\w+(:\w+)?|p\d) +[ucskorxwg#.0-9 ]+")
FORMULA = re.compile(r"(?:`|<!-- )([^`>]*@[^`>]*?)(?:`| -->)")
WORD = re.compile(r"([*/])|(?:(±?\w+)@([\w./-]+)(?:\[(.*?)\])?)|(\S+)")


@lru_cache
def means(arguments):
    command = [COSTOP, "-q", "run", *shlex.split(arguments), "--table", "summary"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode in (0, 1), (command, done.stderr)  # 1: an expectation fails, as told
    found = {}
    for row in csv.DictReader(done.stdout.splitlines()):
        if row["mean"]:
            found[row["entity"], row["metric"]] = float(row["mean"])
        if row["ci_high"]:
            half = float(row["ci_high"]) - float(row["mean"])
            found[row["entity"], "±" + row["metric"]] = half
    return found


def evaluate(formula, arguments):
    value, operation = 1.0, "*"
    for sign, metric, entity, added, number in WORD.findall(formula):
        if sign:
            operation = sign
            continue
        operand = means(f"{arguments} {added}".strip())[entity, metric] if metric else float(number)
        value = value * operand if operation == "*" else value / operand
    return value


def shown(value, like):
    """value with the decimals of the cell `like`, thousands set apart."""
    decimals = len(like.partition(".")[2])
    return f"{value:,.{decimals}f}".replace(",", " ")


def cells_of(line):
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def measured(lines):
    """(line number, formulas, cells, arguments) of each row of a measured table; the formula of a
    column that is not measured is None."""
    formulas = None
    for number, line in enumerate(lines):
        if not line.startswith("|"):
            formulas = None
            continue
        cells = cells_of(line)
        if HEAD in cells:
            command = cells.index(HEAD)
            found = [FORMULA.search(cell) for cell in cells]
            formulas = [match and match.group(1) for match in found]
        elif formulas and not set(line) <= set("|-: "):
            yield number, formulas, cells, cells[command].strip("`")


def output_of(arguments):
    done = subprocess.run([COSTOP, *shlex.split(arguments)], capture_output=True, text=True,
                          cwd=ROOT, check=True, env={**os.environ, "COLUMNS": COLUMNS})
    return [f"    {line}" if line else "" for line in done.stdout.splitlines()]


def transcripts(lines):
    """(first line, line behind the last, arguments) of each output shown, the last one first."""
    found = []
    for number, line in enumerate(lines):
        if line.startswith(PROMPT):
            end = number + 1
            while end < len(lines) and lines[end].startswith("    "):
                end += 1
            found.append((number + 1, end, line.removeprefix(PROMPT)))
    return found[::-1]


def untested_drawings():
    """Lines of drawings in docs/model.md that no timeline test has."""
    tests = "".join(path.read_text(encoding="utf-8") for path in
                    (ROOT / "tests" / "conformance").glob("test_timelines_*.c"))
    lines = (ROOT / "docs" / "model.md").read_text(encoding="utf-8").splitlines()
    drawn = [line.strip() for line in lines if DRAWING.fullmatch(line)]
    assert len(drawn) >= 25, f"only {len(drawn)} lines of drawings: has their form changed?"
    return [f"model.md: no test has the drawing: {line}" for line in drawn
            if f'"{line}\\n"' not in tests]


def main():
    n_cells, wrong = 0, untested_drawings()
    for document in DOCUMENTS:
        lines = document.read_text(encoding="utf-8").splitlines()
        for number, formulas, cells, arguments in list(measured(lines)):
            for column, (formula, cell) in enumerate(zip(formulas, cells, strict=True)):
                if not formula:
                    continue
                n_cells += 1
                cells[column] = shown(evaluate(formula, arguments), cell)
                if cells[column] != cell:
                    wrong.append(f"{document.name}:{number + 1}: {arguments}: {formula}: "
                                 f"the document says {cell}, the program {cells[column]}")
            lines[number] = "| " + " | ".join(cells) + " |"
        for first, end, arguments in transcripts(lines):
            output = output_of(arguments)
            if lines[first:end] != output:
                wrong.append(f"{document.name}:{first}: costop {arguments} prints something else")
            lines[first:end] = output
        if "--update" in sys.argv:
            document.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert n_cells >= 60, f"only {n_cells} measured cells: has the form of the tables changed?"
    print("\n".join(wrong) if wrong else f"{n_cells} cells agree")
    return 1 if wrong and "--update" not in sys.argv else 0


sys.exit(main())
