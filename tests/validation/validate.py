# SPDX-License-Identifier: GPL-3.0-or-later
"""Known results against costop: docs/validation.md is what this prints.

    tests/validation/validate.py COSTOP            fails if a gated value or the document is off
    tests/validation/validate.py COSTOP --update   writes the document; fails likewise

opening.md is how the document begins. Claims are in *.toml, one file for each section, in the order
of their names:

    [[claim]]
    title = "…"                    what is claimed
    source = "…"                   who says so: published, or derived (then the text derives it)
    text = '''…'''                 the derivation; where costop disagrees, why
    scenario = "tests/validation/….json", or one of scenarios/
      [[claim.case]]
      name = "…"                   in words
      set = ["key=value", …]       -s for costop, may be left out
      values = [["what", "formula", "expected", "gate"], …]

measure.py says what a formula is, gates.py what gates there are; laws.py has functions for
`expected`. A value that is `reported` has no gate; what is `expected` then is words.
"""
import argparse
import difflib
import os
import re
import sys
import textwrap
import tomllib
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from math import floor, log10
from pathlib import Path

sys.dont_write_bytecode = True  # the sources may be read-only
import gates  # noqa: E402
import laws  # noqa: E402
from measure import ROOT, Program, runs_of  # noqa: E402

HERE = Path(__file__).resolve().parent
DOCUMENT = ROOT / "docs" / "validation.md"
COLUMNS = 112
LAWS = {name: getattr(laws, name) for name in laws.__all__}


def shown(value, half=0.0):
    """Rounded to two digits of half an interval, or to five of its own."""
    if half:
        decimals = max(0, 1 - floor(log10(half)))
        return f"{value:,.{decimals}f} ± {half:,.{decimals}f}".replace(",", " ")
    if value == round(value):
        return f"{value:,.0f}".replace(",", " ")
    decimals = max(0, 4 - floor(log10(abs(value))))
    return f"{value:,.{decimals}f}".rstrip("0").rstrip(".").replace(",", " ")


def judged(program, arguments, formula, expected, gate):
    """(expected, measured, verdict) in words."""
    values = program.values(formula, arguments)
    if gate in gates.EXTREMES:
        measured = shown(gates.EXTREMES[gate](values))
    else:
        measured = shown(sum(values) / len(values), gates.t_half(values))
    if gate == "reported":
        return expected, measured, "reported"
    wanted = float(eval(expected, {"__builtins__": {}}, LAWS))
    sign = gate.replace(">=", "≥ ").replace("<=", "≤ ") if gate in gates.EXTREMES else ""
    slack = f" {gate}" if gate.startswith("±") else ""
    verdict = "holds" if gates.is_within(gate, values, wanted) else "**FAILS**"
    return sign + shown(wanted) + slack, measured, verdict


def arguments_of(claim, case):
    settings = "".join(f" -s {setting}" for setting in case.get("set", []))
    return case.get("scenario", claim["scenario"]) + settings


def wrapped(text):
    paragraphs = re.split(r"\n\s*\n", text.strip())
    return "\n\n".join(textwrap.fill(" ".join(each.split()), COLUMNS, break_long_words=False,
                                     break_on_hyphens=False) for each in paragraphs)


def written_claim(number, claim, program):
    """Its lines in the document, and its verdicts."""
    lines = [f"### {number} {claim['title']}", "", wrapped(f"*Source:* {claim['source']}"), ""]
    if "text" in claim:
        lines += [wrapped(claim["text"]), ""]
    lines += ["| case | | expected | costop | verdict | `costop run …` |",
              "|---|---|--:|--:|---|---|"]
    verdicts = []
    for case in claim["case"]:
        arguments, name, command = arguments_of(claim, case), case["name"], True
        for what, formula, expected, gate in case["values"]:
            *numbers, verdict = judged(program, arguments, formula, expected, gate)
            cells = [name, what, *numbers, verdict, f"`{arguments}`" if command else ""]
            lines.append("| " + " | ".join(cells) + " |")
            verdicts.append((f"{number} {case['name']}: {what}", verdict))
            name, command = "", False
    return [*lines, ""], verdicts


def written(sections, program):
    """The document, and all verdicts."""
    overview = ["| | claims | values that hold | that fail | reported |", "|---|--:|--:|--:|--:|"]
    body, everything = [], []
    for number, section in enumerate(sections, 1):
        heading = f"{number}. {section['heading']}"
        body += [f"## {heading}", "", wrapped(section["text"]), ""]
        verdicts = []
        for index, claim in enumerate(section["claim"], 1):
            lines, found = written_claim(f"{number}.{index}", claim, program)
            body += lines
            verdicts += found
        words = [verdict for _, verdict in verdicts]
        anchor = re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        counts = [words.count(each) for each in ("holds", "**FAILS**", "reported")]
        cells = [f"[{heading}](#{anchor})", len(section["claim"]), *counts]
        overview.append("| " + " | ".join(map(str, cells)) + " |")
        everything += verdicts
    opening = (HERE / "opening.md").read_text(encoding="utf-8")
    return "\n".join([opening, *overview, "", *body]).rstrip() + "\n", everything


def run_all(sections, program):
    """What the document needs, on all cores."""
    runs = {run for section in sections for claim in section["claim"] for case in claim["case"]
            for value in case["values"] for run in runs_of(value[1], arguments_of(claim, case))}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(program.replications, sorted(runs)))


def differences(old, new):
    if old == new:
        return []
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), "docs/validation.md", "now",
                                 lineterm="", n=0)
    return [*islice(lines, 20), "docs/validation.md is not what the runs give: --update writes it"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("costop")
    parser.add_argument("--update", action="store_true")
    options = parser.parse_args()
    program = Program(options.costop)
    sections = [tomllib.loads(path.read_text(encoding="utf-8"))
                for path in sorted(HERE.glob("*.toml"))]
    run_all(sections, program)
    text, verdicts = written(sections, program)
    wrong = [f"{where} {verdict}" for where, verdict in verdicts if "FAILS" in verdict]
    if options.update:
        DOCUMENT.write_text(text, encoding="utf-8")
    else:
        wrong += differences(DOCUMENT.read_text(encoding="utf-8"), text)
    print("\n".join(wrong) or f"{len(verdicts)} values of {len(sections)} sections as expected")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
