#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""`costop show` prints the same scenario again; `costop schema` accepts what `check` accepts."""
import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema

PROGRAM = os.path.abspath(sys.argv[1])
HERE = Path(__file__).resolve().parent
GOOD = [HERE / "everything" / "everything.json",
        *sorted((HERE.parents[1] / "scenarios").glob("*.json"))]
# What a schema can see; the rest needs the whole scenario.
BAD = ["key_unknown", "key_missing", "value_types", "value_ranges", "value_durations",
       "value_distributions", "steps", "names"]
FAULTS_OF = {"key_unknown": ["hots", "cost", "migrate", "time_slice", "pel", "bsae", "vcpu",
                             "durations"]}


def costop(*arguments, text=None, code=0):
    done = subprocess.run([PROGRAM, *map(str, arguments)], input=text, capture_output=True,
                          text=True, timeout=60, check=False)
    assert done.returncode == code, (arguments, done.returncode, done.stderr)
    return done.stdout


def check_show(path):
    shown = costop("show", path)
    again = costop("show", "-", text=shown)
    assert again == shown, f"{path}: show of show differs"
    plain = json.loads(shown)
    for key in ("host", "hypervisor", "programs", "vms", "run"):
        assert plain[key], f"{path}: no {key}"
    assert "extends" not in plain


def check_settings():
    path = HERE / "everything" / "everything.json"
    shown = json.loads(costop("show", path, "-s", "vms.three.vcpus=7", "-r", "2", "-d", "5ms",
                              "-w", "0", "--seed", "9007199254740993", "-s",
                              "hypervisor.coscheduling.kind=none", "-s",
                              'programs.shared.0={"sleep": {"exponential": "3ms"}}'))
    assert shown["vms"]["three"]["vcpus"] == 7 and shown["vms"]["three"]["count"] == 3
    assert shown["run"] == {"duration": "5ms", "warmup": "0", "replications": 2,
                            "seed": "9007199254740993", "steal_matrix": "off"}
    assert shown["hypervisor"]["coscheduling"]["kind"] == "none"
    assert shown["programs"]["shared"] == [{"sleep": {"exponential": "3ms"}}]
    assert shown["host"] == {"pcpus": 8, "ghz": 2.4,
                             "topology": {"sockets": 2, "cores_per_socket": "even",
                                          "threads_per_core": 2, "llcs_per_socket": 1,
                                          "smt_factor": 0.62},
                             "costs": {"context_switch": "1.5us", "migration": "2us",
                                       "migration_in_core": "500ns",
                                       "migration_in_llc": "migration",
                                       "migration_in_socket": "migration"}}


def check_schema():
    schema = json.loads(costop("schema"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for path in GOOD:
        validator.validate(json.loads(path.read_text()))
        validator.validate(json.loads(costop("show", path)))
    for name in BAD:
        faults = list(validator.iter_errors(json.loads((HERE / f"errors/{name}.json").read_text())))
        assert faults, f"{name}: the schema accepts it"
        for word in FAULTS_OF.get(name, []):
            assert any(f"'{word}'" in fault.message for fault in faults), (name, word)


def main():
    for path in GOOD:
        check_show(path)
    check_settings()
    check_schema()


if __name__ == "__main__":
    main()
