#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Expectations in studies of many cells: each cell is judged, those that fail are named, and the
# exit code is 1. $1: the costop binary.
# shellcheck source=tests/support/common.sh
source "$(dirname "$0")/../support/common.sh"

# Always computing on two pCPUs: run_pct is 100, 100, 66.7, 50 with 1, 2, 3, 4 vCPUs.
cat >s.json <<'END'
{ "version": 1, "name": "s", "host": { "pcpus": 2 },
  "hypervisor": { "scheduler": { "kind": "rr" }, "coscheduling": { "kind": "none" } },
  "programs": { "p": [ { "compute": "1ms" } ] },
  "vms": { "a": { "vcpus": 2, "program": "p" } },
  "run": { "duration": "1.2s", "warmup": "120ms", "replications": 2, "seed": 1 },
  "sweep": { "vms.a.vcpus": "1..4" } }
END

for command in "sweep s.json" "size s.json --vm a"; do
  # shellcheck disable=SC2086 # words
  run() { "$costop" $command "$@"; }
  expect_code 0 run -F csv --expect 'run_pct@a >= 50'
  grep -q FAILED err && fail "$command: what holds is called a failure"
  mv out good.csv
  expect_code 1 run -F csv --expect 'run_pct@a >= 60' --expect 'ready_pct@a <= 40'
  cmp out good.csv || fail "$command: verdicts are mixed into CSV"
  (($(grep -c 'FAILED' err) == 2)) || fail "$command: two cells fail: $(cat err)"
  grep -q '^expect run_pct@a >= 60: FAILED: cell 3 (vms.a.vcpus=4): a 50 ± 0$' err ||
    fail "$command: the failing cell is not named: $(cat err)"
  grep -q '^expect run_pct@a >= 60: holds in 3 of 4 cells$' err || fail "$command: $(cat err)"

  # The file's own are judged, too; the command line adds to them.
  sed 's/"run"/"expect": [ "run_pct@a > 66" ], "run"/' s.json >"own.json"
  # shellcheck disable=SC2086 # words
  expect_code 1 "$costop" ${command/s.json/own.json} -F csv --expect 'run_pct@a > 1'
  grep -q 'run_pct@a > 66: FAILED: cell 3 ' err || fail "$command: expect of the file: $(cat err)"

  # Who took its time: another VM, by its name or by that of its entry; two do not fit.
  expect_code 0 run -F csv -s run.steal_matrix=on -s vms.a.vcpus=2 --expect 'steal_pct@a/a >= 0'
  expect_code 64 run -F csv -s run.steal_matrix=on --expect 'steal_pct@a/nobody >= 0'
  grep -q "no lock or interrupt 'nobody'" err || fail "$command: nobody: $(cat err)"

  # A vCPU that a cell does not have has no value, and nothing is known of it.
  expect_code 1 run -F csv -s vms.a.vcpus=4 --expect 'run_pct@a/v3 > 0'
  (($(grep -c 'FAILED: cell [0-2] .*v3 has no value' err) == 3)) || fail "$command: v3: $(cat err)"

  # What cannot be meant is refused before anything runs.
  expect_code 64 run --expect 'run_pct@b > 0'
  [[ ! -s out ]] || fail "$command: ran in spite of a bad expectation"
done

# -o: the summary on standard output says what failed, and the files are complete.
expect_code 1 "$costop" sweep s.json -o out.d --expect 'run_pct@a >= 60'
grep -q 'run_pct@a >= 60: FAILED: cell 3 ' out || fail "sweep -o: $(cat out)"
cmp out.d/vm.csv <("$costop" sweep s.json -F csv)
# Later words on the same results: nothing is run again.
expect_code 0 "$costop" sweep s.json -o out.d --resume --expect 'run_pct@a >= 50'
