#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `costop check` says about bad scenarios, to the letter.

Each errors/NAME.json is checked with the arguments in NAME.args (one a line) and has to print
NAME.stderr and to exit with 65 if that has an error, 66 if it is about a file that cannot be read.
With --update the texts are written instead: read the difference before you commit it.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent / "errors"
EX_OK, EX_DATAERR, EX_NOINPUT = 0, 65, 66


def check(program, *arguments, cwd=HERE, stdin=b""):
    return subprocess.run([program, "check", *arguments], cwd=cwd, input=stdin,
                          capture_output=True, timeout=60)


def expected_code(text):
    if b"cannot read" in text:
        return EX_NOINPUT
    return EX_DATAERR if b"error: " in text else EX_OK


def files(program, update):
    failed = 0
    scenarios = sorted(HERE.glob("*.json"))
    assert scenarios
    for scenario in scenarios:
        arguments = scenario.with_suffix(".args")
        extra = arguments.read_text().splitlines() if arguments.exists() else []
        done = check(program, scenario.name, *extra)
        golden = scenario.with_suffix(".stderr")
        if update:
            golden.write_bytes(done.stderr)
        wanted = golden.read_bytes()
        if done.stderr != wanted or done.returncode != expected_code(wanted):
            failed += 1
            print(f"{scenario.name}: exit {done.returncode}, expected {expected_code(wanted)}")
            print(f"--- expected\n{wanted.decode(errors='replace')}"
                  f"--- got\n{done.stderr.decode(errors='replace')}")
    return failed


def made(program, directory):
    """Input that does not belong into a repository: name, what, code, a text in the answer."""
    directory = pathlib.Path(directory)
    (directory / "empty.json").write_text("")
    (directory / "blank.json").write_text(" \n\t\n")
    (directory / "nul.json").write_bytes(b"\0" * 100)
    (directory / "binary.json").write_bytes(bytes(range(256)) * 16)
    (directory / "dir.json").mkdir()
    (directory / "deep.json").write_text("[" * 100000)
    (directory / "wide.json").write_text("{" + '"a":[' * 30 + "[],".rstrip(",") + "]" * 30 + "}")
    (directory / "many.json").write_text("[" + "0," * 5000000 + "0]")
    with open(directory / "huge.json", "wb") as huge:
        huge.truncate(100 << 20)
    crowd = {"host": {"pcpus": 1}, "programs": {"p": [{"compute": "1ms"}]},
             "locks": {f"l{i}": {"kind": "tas"} for i in range(300)},
             "vms": {"a": {"count": 65536, "vcpus": 2, "program": "p"}}}
    (directory / "crowd.json").write_text(json.dumps(crowd))
    (directory / "secret.json").write_text("{}")
    (directory / "secret.json").chmod(0)
    yield "empty.json", EX_DATAERR, "the file is empty"
    yield "blank.json", EX_DATAERR, "the file is empty"
    yield "nul.json", EX_DATAERR, "unexpected character"
    yield "binary.json", EX_DATAERR, "unexpected character"
    yield "dir.json", EX_NOINPUT, "it is a directory"
    yield "missing.json", EX_NOINPUT, "No such file or directory"
    yield "deep.json", EX_DATAERR, "nested more than 64 deep"
    yield "wide.json", EX_DATAERR, "error: "
    yield "many.json", EX_DATAERR, "more than 4000000 words and signs"
    yield "crowd.json", EX_DATAERR, "MiB of memory"
    yield "huge.json", EX_DATAERR, "larger than 16 MiB"
    if os.geteuid() != 0:
        yield "secret.json", EX_NOINPUT, "Permission denied"


def odd_files(program):
    failed = 0
    with tempfile.TemporaryDirectory() as directory:
        for name, code, text in made(program, directory):
            done = check(program, name, cwd=directory)
            if done.returncode != code or text not in done.stderr.decode(errors="replace"):
                failed += 1
                print(f"{name}: exit {done.returncode}, expected {code} and '{text}', got")
                print(done.stderr.decode(errors="replace")[:1000])
    return failed


def streams(program):
    """Standard input, several files at once, quiet."""
    good = b'{"host":{"pcpus":1},"programs":{"p":[{"compute":"1ms"}]},' \
           b'"vms":{"a":{"vcpus":1,"program":"p"}}}'
    results = [
        check(program, "-", stdin=good).returncode == EX_OK,
        b"<stdin>:1:1: error: expected an object" in check(program, "-", stdin=b"7").stderr,
        b"<stdin>: error: the file is empty" in check(program, "-").stderr,
        check(program, "no_effect.json", "json_nan.json", "set.json").returncode == EX_DATAERR,
        check(program, "-q", "no_effect.json").stderr == b"",
        b"\x1b[1;31merror: " in check(program, "--color=always", "json_nan.json").stderr,
    ]
    for number, is_good in enumerate(results):
        if not is_good:
            print(f"streams: number {number} failed")
    return results.count(False)


def main():
    program = os.path.abspath(sys.argv[1])
    failed = files(program, "--update" in sys.argv)
    failed += odd_files(program)
    failed += streams(program)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
