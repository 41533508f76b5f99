#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Result directories: gone on with, refused, full, done again. $1: the costop binary.
# shellcheck source=tests/support/common.sh
source "$(dirname "$0")/../support/common.sh"

"$costop" new >s.json
run=("$costop" -q run s.json -d 50ms -w 5ms -r 20)
tables='vm.csv vcpu.csv lock.csv interrupt.csv steal.csv host.csv summary.csv trace.csv'
tables+=' scenario.resolved.json'
same_tables() {
  local file
  for file in $tables; do cmp "$1/$file" "$2/$file" || fail "$file of $1 and $2 differ"; done
}
query() { /usr/bin/python3 -c 'import sqlite3, sys
print(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchone()[0])' "$@"; }

expect_code 0 "${run[@]}" -o whole
[[ $(query whole/results.sqlite 'SELECT count(*) FROM host') == 20 ]] || fail 'rows of the store'
[[ $(query whole/results.sqlite 'SELECT sum(iterations) FROM vm WHERE vm = "db"') -gt 0 ]] ||
  fail 'iterations cannot be asked for'

# --- resumed ---
expect_code 0 "${run[@]}" -o never --resume # nothing there: from the start
same_tables whole never
cp -r whole copy
rm copy/*.csv copy/*.json
touch copy/vm.csv.123.tmp copy/mine.123.tmp # the one is what a kill leaves, the other is not ours
expect_code 0 "${run[@]}" -o copy --resume # complete: the files are written again
same_tables whole copy
[[ $(cd copy && echo *.tmp) == mine.123.tmp ]] || fail "remains: $(ls copy)"
"$costop" -q run s.json -d 50ms -w 5ms -r 200000 -o cut >cut.out 2>err &
while [[ ! -e cut/results.sqlite-wal ]]; do sleep 0.05; done
sleep 0.5
expect_code 73 "$costop" -q run s.json -d 50ms -w 5ms -r 200000 -o cut --resume
grep -q 'in use' err || fail "a second writer is told: $(cat err)"
kill -TERM $!
code=0
wait $! || code=$?
[[ $code == 143 ]] || fail "SIGTERM ends with $code"
[[ $(wc -l <cut/vm.csv) -gt 3 ]] || fail 'what was finished is not written'
[[ ! -e cut/results.sqlite-wal ]] || fail 'the log of the store stays'

# --- refused ---
expect_code 73 "${run[@]}" -o whole
grep -q -- '--resume' err || fail "how to go on is not told: $(cat err)"
expect_code 65 "${run[@]}" --seed 2 -o whole --resume
grep -q 'run.seed is 1 there, 2 here' err || fail "what is different is not told: $(cat err)"
expect_code 65 "${run[@]}" --replication 3 -o whole --resume
expect_code 64 "${run[@]}" --resume
mkdir empty
expect_code 73 "${run[@]}" -o empty --resume
expect_code 73 "${run[@]}" -o missing/directory --resume
cp -r whole old
/usr/bin/python3 -c 'import sqlite3
db = sqlite3.connect("old/results.sqlite")
db.execute("UPDATE study SET version = \"costop 0.0.9, model 0\"")
db.commit()'
expect_code 65 "${run[@]}" -o old --resume
grep -q 'made by costop 0.0.9, model 0, this is costop' err || fail "the version: $(cat err)"
cp -r whole forged
/usr/bin/python3 -c 'import sqlite3
db = sqlite3.connect("forged/results.sqlite")
db.execute("UPDATE vm SET iterations = iterations + 1 WHERE replication = 7 AND vm = \"db\"")
db.commit()'
expect_code 65 "${run[@]}" -o forged --resume
grep -q 'damaged: replication 7 of cell 0' err || fail "a forged figure: $(cat err)"
cp -r whole torn
dd if=/dev/urandom of=torn/results.sqlite bs=1000 seek=5 count=20 conv=notrunc status=none
expect_code 65 "${run[@]}" -o torn --resume
grep -q 'damaged' err || fail "a torn file: $(cat err)"
same_tables whole torn

# --- nothing finished, nothing left ---
# Time passes in one round of 101: sooner or later 10,000 steps are done in one instant.
printf '0\n%.0s' {1..100} >zeros.csv
echo 1ns >>zeros.csv
yields=$(printf '{ "yield": true }, %.0s' {1..100})
cat >stuck.json <<END
{ "version": 1, "name": "stuck", "host": { "pcpus": 1 },
  "programs": { "p": [ $yields { "compute": { "empirical": "zeros.csv" } } ] },
  "vms": { "a": { "vcpus": 1, "program": "p" } },
  "run": { "duration": "10ms", "warmup": "0", "replications": 1, "seed": 1 } }
END
expect_code 65 "$costop" run stuck.json -o stuck
[[ ! -e stuck ]] || fail 'an empty result directory stays'

# --- a full disk: what was committed is kept ---
mkdir disk
if mount -t tmpfs -o size=1m none disk 2>/dev/null; then
  many=("$costop" -q run s.json -d 5ms -w 0 -r 3000)
  expect_code 74 "${many[@]}" -o disk/full
  [[ -s err ]] || fail 'a full disk is not mentioned'
  cp -r disk/full full
  umount disk
  n=$(query full/results.sqlite 'SELECT count(*) FROM host')
  ((n > 50 && n < 3000)) || fail "$n replications are left of a full disk"
  expect_code 65 "$costop" -q rerun full
  grep -q 'not complete' err || fail "rerun of an incomplete study: $(cat err)"
  expect_code 0 "${many[@]}" -o full --resume
  expect_code 0 "${many[@]}" -o roomy
  same_tables roomy full
fi

# --- done again ---
mkdir scratch
export TMPDIR=$work/scratch
expect_code 0 "$costop" rerun whole
grep -q '^whole: done again, 20 replications, and every byte is the same$' out ||
  fail "rerun: $(cat out)"
# Something in every table: notes, interrupts.
expect_code 0 "$costop" -q run "$root/scenarios/os2-deadlock.json" -r 2 -o deadlock
for table in note vm vcpu lock interrupt host; do
  [[ $(query deadlock/results.sqlite "SELECT count(*) FROM $table") -gt 0 ]] || fail "no $table"
done
expect_code 0 "$costop" rerun deadlock
expect_code 0 "${run[@]}" -o short --trace-ms 7
expect_code 0 "$costop" rerun short
sed -i '3s/,/,9/2' short/vm.csv
rm short/host.csv
expect_code 1 "$costop" rerun short
grep -q '^vm.csv differs in line 3:' out || fail "rerun of a changed file: $(cat out)"
grep -q '^host.csv is missing' out || fail "rerun of a missing file: $(cat out)"
expect_code 0 "$costop" rerun old
grep -q 'results may differ' err || fail "rerun of another version: $(cat err)"
expect_code 66 "$costop" rerun nowhere
expect_code 66 "$costop" rerun empty
"$costop" -q rerun whole >/dev/null 2>&1 &
until compgen -G 'scratch/*' >/dev/null || [[ ! -e /proc/$! ]]; do :; done
kill -TERM $! 2>/dev/null || true
wait $! || true
rmdir scratch || fail 'rerun leaves something behind'
unset TMPDIR

# --- merged ---
expect_code 0 "${run[@]}" --replication 3 -o third
expect_code 65 "$costop" merge whole third -o merged
grep -q 'of another study' err || fail "merge of two studies: $(cat err)"
expect_code 0 "$costop" merge whole never -o merged
same_tables whole merged
expect_code 73 "$costop" merge whole -o merged
expect_code 64 "$costop" merge whole
expect_code 66 "$costop" merge whole nowhere -o other
[[ ! -e other ]] || fail 'a failed merge leaves a directory'
sweep=("$costop" -q sweep s.json -d 20ms -w 0 -S 'vms.db.vcpus=1,2,4')
merge_shards() { # RULE…: how often a cell is to be run
  local shard
  for shard in 1 2 3; do
    expect_code 0 "${sweep[@]}" "$@" --shard "$shard/3" -o "part$shard"
  done
  expect_code 65 "$costop" merge part1 part3 -o sum
  grep -q '^costop: shard 2/3 is missing: nobody has cell' err || fail "a missing part: $(cat err)"
  [[ ! -e sum ]] || fail 'an incomplete merge leaves a directory'
  expect_code 0 "$costop" merge part3 part1 part2 part1 -o sum
  expect_code 0 "${sweep[@]}" "$@" -o one
  same_tables one sum
  expect_code 0 "$costop" rerun part2
  expect_code 65 "${sweep[@]}" "$@" --shard 2/3 -o part1 --resume
  grep -q 'part1 is shard 1/3, not 2/3' err || fail "another shard: $(cat err)"
  rm -r part? sum one
}
merge_shards -r 4
merge_shards -p throughput@db=5 -m 2 -M 6
