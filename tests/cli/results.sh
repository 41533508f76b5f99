#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What run prints and writes: formats, identities, expectations, -o. $1: the costop binary.
# shellcheck source=tests/support/common.sh
source "$(dirname "$0")/../support/common.sh"

"$costop" new | sed 's/"none"/"relaxed"/' >s.json
run=("$costop" run s.json -d 50ms -w 5ms -r 3)

# --- the same bytes again, and formats that parse and add up ---
for format in table csv json markdown; do
  "${run[@]}" -F "$format" >"once.$format"
  "${run[@]}" -F "$format" >again
  cmp "once.$format" again || fail "-F $format differs from run to run"
done
for table in vm vcpu lock host summary; do
  "${run[@]}" --table "$table" >"$table.csv"
  "${run[@]}" -F csv --table "$table" | cmp - "$table.csv"
  "${run[@]}" -F markdown --table "$table" >"$table.md"
done
cmp once.csv vm.csv
/usr/bin/python3 "$root/tests/support/check_results.py" . once.json

# --- one replication alone is that row of them all ---
"${run[@]}" --replication 2 -F csv >alone.csv
(head -n 1 vm.csv && grep -E '^0,2,' vm.csv) | cmp - alone.csv || fail '--replication 2'
"${run[@]}" --seed 2 -F csv | cmp -s - vm.csv && fail 'the seed changes nothing'

# --- settings on the command line ---
"$costop" run s.json -s run.duration=50ms -s run.warmup=5ms -s run.replications=3 -F csv |
  cmp - vm.csv || fail '-d, -w, -r are not what -s makes of them'

# --- exactness ---
cat >thirds.json <<'END'
{ "version": 1, "name": "thirds", "host": { "pcpus": 3 },
  "hypervisor": { "scheduler": { "kind": "rr", "timeslice": "1ms" },
                  "coscheduling": { "kind": "strict" } },
  "programs": { "p": [ { "compute": "1s" } ] },
  "vms": { "a": { "vcpus": 2, "program": "p" }, "b": { "vcpus": 1, "program": "p" },
           "c": { "vcpus": 1, "program": "p" } },
  "run": { "duration": "60ms", "warmup": "60ms", "replications": 1, "seed": 1 } }
END
[[ $("$costop" run thirds.json -F csv | grep -c ',66.66666666666667,') == 3 ]] || fail 'thirds'
"$costop" run thirds.json --table host | grep -q ',88.88888888888889,' || fail 'utilisation'

# --- expectations ---
expect_code 0 "${run[@]}" --expect 'run_pct@db > 1' --expect 'throughput@noise > 0'
grep -q 'expect run_pct@db > 1: holds: db [0-9.]* ± ' out || fail "verdict: $(cat out)"
expect_code 1 "${run[@]}" --expect 'run_pct@db < 1'
grep -q 'FAILED' out || fail 'a failed expectation is not named'
expect_code 1 "${run[@]}" --expect 'run_pct@db < 1' -F csv
cmp out vm.csv || fail 'verdicts are mixed into CSV'
grep -q 'FAILED' err || fail 'a failed expectation is not named beside CSV'
expect_code 0 "${run[@]}" --expect 'utilisation_pct@host <= 100' --expect 'lhp_events@db/v0 >= 0' \
  --expect 'acquisitions@db/runq > 10'

"$costop" new consolidation | expect_code 0 "$costop" run - -d 50ms
grep -qx 'expect ready_pct@web <= 10: holds: 12 of 12' out || fail 'a crowd takes one line'

# --- -o: never over something ---
expect_code 0 "${run[@]}" -o results --trace-ms 10
files='host.csv interrupt.csv lock.csv manifest.json results.sqlite scenario.resolved.json'
files+=' steal.csv summary.csv trace.csv vcpu.csv vm.csv'
[[ $(cd results && echo *) == "$files" ]] ||
  fail "-o wrote $(ls results)"
for table in vm vcpu lock host summary; do cmp "results/$table.csv" "$table.csv"; done
"$costop" run results/scenario.resolved.json -F csv | cmp - vm.csv || fail 'the resolved scenario'
[[ $(sha256sum <results/scenario.resolved.json) == "$(/usr/bin/python3 -c \
  'import json; print(json.load(open("results/manifest.json"))["scenario_sha256"])')  -" ]] ||
  fail 'the hash of the scenario'
expect_code 73 "${run[@]}" -o results
[[ ! -s out ]] || fail 'results in spite of -o that failed'
mkdir empty
expect_code 73 "${run[@]}" -o empty
expect_code 73 "${run[@]}" -o missing/results
expect_code 64 "${run[@]}" -o -
expect_code 0 "${run[@]}" -o slash/
expect_code 0 "${run[@]}" -o untraced --trace-ms 0
[[ ! -e untraced/trace.csv ]] || fail '--trace-ms 0 traces'
# A file that grows too large stands for a full disk.
code=0
(ulimit -f 4 && trap '' XFSZ && "${run[@]}" -o full >out 2>err) || code=$?
[[ $code == 74 ]] || fail "a full disk ends with $code: $(cat err)"
[[ ! -e full ]] || fail 'half a result directory'
compgen -G '*.tmp' && fail 'a temporary directory is left'

# --- signals: what is finished is kept ---
for signal in INT TERM; do
  code=0
  timeout --foreground -s "$signal" 1 \
    "$costop" run s.json -d 100ms -r 1000000 -F csv >some.csv 2>err || code=$?
  [[ $code == 124 || $code == 130 || $code == 143 ]] || fail "SIG$signal ends with $code"
  [[ $(wc -l <some.csv) -gt 3 ]] || fail "SIG$signal loses finished replications: $(cat err)"
  grep -q 'interrupted' err || fail "SIG$signal is not mentioned"
done
"$costop" run s.json -d 100ms -r 1000000 -F csv >some.csv 2>err &
sleep 1
kill -TERM $!
code=0
wait $! || code=$?
[[ $code == 143 ]] || fail "SIGTERM ends with $code"
