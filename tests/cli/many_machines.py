# SPDX-License-Identifier: GPL-3.0-or-later
"""The scripts in docs/many-machines.md, as a batch system would run them: with its variables set,
one part after the other. What is merged is what one run would have written."""
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

PROGRAM = Path(sys.argv[1]).resolve()
PAGE = Path(__file__).resolve().parents[2] / "docs" / "many-machines.md"
PARTS = 16


def blocks():
    """The indented pieces of the page."""
    text = PAGE.read_text(encoding="utf-8")
    found = re.findall(r"(?:^(?: {4}.*)?\n)+", text, re.M)
    return [re.sub(r"^ {4}", "", block, flags=re.M).strip() for block in found if block.strip()]


def the(word):
    block, = (block for block in blocks() if word in block)
    return block


def shell(script, **variables):
    done = subprocess.run(["bash", "-ec", script], capture_output=True, text=True, check=False,
                          env={**os.environ, **variables})
    assert done.returncode == 0, (script, done.stderr)


def files(directory):
    return {path.name: path.read_bytes() for path in Path(directory).glob("*.csv")}


def expect_merged():
    shell(the("merge part{1..16}"))
    assert files("out") == files("whole") != {}
    shell("rm -r part* out")


def main():
    os.mkdir("bin")
    os.symlink(PROGRAM, "bin/costop")
    os.environ["PATH"] = f"{os.getcwd()}/bin:{os.environ['PATH']}"
    shell("""costop new >new.json
             costop -q sweep new.json -d 20ms -w 5ms -r 3 -S vms.db.vcpus=1..8 -o whole
             mv whole/scenario.resolved.json study.json""")
    slurm = the("#SBATCH")
    for task in range(PARTS):
        shell(slurm, SLURM_ARRAY_TASK_ID=str(task), SLURM_ARRAY_TASK_COUNT=str(PARTS))
    expect_merged()
    kubernetes = the("completionMode: Indexed")
    assert len(re.findall(rf"\b(?:completions|parallelism): {PARTS}$", kubernetes, re.M)) == 2
    command = re.search(r"args:\n +- (.*\n.*)\n +volumeMounts", kubernetes)[1]
    for index in range(PARTS):
        shell(command.replace("/results", "."), JOB_COMPLETION_INDEX=str(index))
    expect_merged()


with tempfile.TemporaryDirectory() as scratch:
    os.chdir(scratch)
    main()
