#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Version, help, usage errors, exit codes, lost output. $1: the costop binary.
# shellcheck source=tests/support/common.sh
source "$(dirname "$0")/../support/common.sh"

has() { grep -qF -- "$2" "$1" || fail "'$2' is not in $1: $(cat "$1")"; }
lacks() { if grep -qF -- "$2" "$1"; then fail "'$2' is in $1"; fi; }

"$costop" new >s.json
short=(-d 20ms -w 0 -r 2)

# --- version and help, printed only after all has been parsed ---
expect_code 0 "$costop" --version
grep -qxE 'costop [0-9]+\.[0-9]+\.[0-9]+' out || fail "version: $(cat out)"
[[ $(wc -l <out) == 1 ]] || fail "--version is more than a line"
for arguments in '--version -v' '-v --version' '-vV'; do
  # shellcheck disable=SC2086
  expect_code 0 "$costop" $arguments
  for word in commit compiler gsl cjson nettle glibc model; do has out "$word"; done
done
expect_code 0 "$costop" --help
for command in run check show list explain new schema trace completion; do
  has out "  $command"
done
expect_code 64 "$costop" --help --no-such-option
expect_code 0 "$costop" run --help
has out '--replication=K'
lacks out '--sweep'
expect_code 0 "$costop" list --help
lacks out '--replication'
expect_code 0 "$costop" --usage

# --- usage errors: 64, on standard error, with a suggestion where there is one ---
expect_code 64 "$costop"
[[ ! -s out ]] || fail "usage errors go to standard error"
expect_code 64 "$costop" rnu s.json
has err "unknown command 'rnu'; did you mean 'run'?"
expect_code 64 "$costop" run --frobnicate s.json
has err "unrecognized option '--frobnicate'"
expect_code 64 "$costop" run
has err 'SCENARIO is missing'
expect_code 64 "$costop" run s.json t.json
expect_code 64 "$costop" run -r ten s.json
has err "'ten' is not a whole number"
expect_code 64 "$costop" run --seed 99999999999999999999 s.json
expect_code 64 "$costop" run -d 5 s.json
has err 'has no unit'
expect_code 64 "$costop" run -d=-5ms s.json
expect_code 64 "$costop" run -F xml s.json
expect_code 64 "$costop" run -s nothing s.json
expect_code 64 "$costop" run -F json --table host s.json
expect_code 64 "$costop" run --expect 'nonsense@db > 1' s.json
has err 'nonsense'
expect_code 64 "$costop" list lock
has err "did you mean 'locks'?"
expect_code 64 "$costop" list locks tikcet
has err "did you mean 'ticket'?"
expect_code 64 "$costop" explain throughptu
expect_code 64 "$costop" list nonsense
has err "unknown topic 'nonsense'; there is schedulers, coscheduling,"
expect_code 64 "$costop" explain nonsense
[[ $(<err) == "costop: unknown term 'nonsense'" ]] || fail "hundreds of terms: $(cat err)"
expect_code 64 "$costop" new no-such-template
expect_code 64 "$costop" completion tcsh

# --- input ---
expect_code 66 "$costop" run missing.json
expect_code 66 "$costop" run .
expect_code 66 "$costop" -C missing run s.json
echo '{' >bad.json
expect_code 65 "$costop" run bad.json
expect_code 65 "$costop" run -s host.pcpus=0 s.json
[[ ! -s out ]] || fail "a bad scenario prints results"
mkdir sub
expect_code 0 "$costop" -C sub run ../s.json "${short[@]}"
"$costop" run - "${short[@]}" <s.json >from_stdin
"$costop" run s.json "${short[@]}" | cmp - from_stdin || fail "standard input is another scenario"

# --- lost output: 74, and why it was lost, whether it is a line or more than a buffer holds ---
expect_lost() {
  local why=$1 code=0
  shift
  "$@" 2>err || code=$?
  [[ $code == 74 ]] || fail "$*: lost output ends with $code"
  has err "cannot write to standard output: $why"
}
expect_lost 'Bad file descriptor' "$costop" --help >&-
expect_lost 'Bad file descriptor' "$costop" run s.json "${short[@]}" >&-
"$costop" -q run s.json "${short[@]}" -o lost >out
commands=('--version' '--help' 'run --usage' list 'explain LHP' 'completion bash' 'completion man'
  new schema 'show s.json' 'check s.json' 'sweep s.json -L' 'rerun lost'
  'trace s.json --to 20ms -o - -F json' 'trace s.json --to 20ms -o - -F csv'
  'compare s.json -S vms.db.vcpus=2,4 -r 2 -d 20ms' 'size s.json --vm db -r 2 -d 20ms')
if command -v gnuplot >/dev/null; then commands+=('plot lost skew -o -' 'plot lost all'); fi
for arguments in "${commands[@]}"; do
  # shellcheck disable=SC2086
  expect_lost 'No space left on device' "$costop" -q $arguments >/dev/full
done
for format in table csv json markdown; do
  expect_lost 'No space left on device' "$costop" run s.json "${short[@]}" -F "$format" >/dev/full
done
expect_lost 'No space left on device' "$costop" run s.json "${short[@]}" -r 99 --table vcpu -F csv \
  >/dev/full
expect_code 74 "$costop" trace s.json --to 20ms -F json -o /dev/full
has err 'cannot write /dev/full: No space left on device'
# A closed standard output must not become the first file that is opened.
"$costop" run s.json "${short[@]}" -o closed >&- 2>err && fail 'nobody heard of the lost summary'
head -c 1 closed/manifest.json | grep -q '{' || fail 'the summary went into a file'

# --- quiet ends ---
"$costop" run s.json "${short[@]}" -r 200 -F csv --table vcpu 2>err | head -n 1 >/dev/null ||
  [[ ${PIPESTATUS[0]} == 141 ]] || fail 'a closed pipe is no reason to complain'
[[ ! -s err ]] || fail "a closed pipe makes noise: $(cat err)"

# --- no colours but where they are wanted ---
escape=$'\033'
"$costop" run s.json "${short[@]}" >plain
lacks plain "$escape"
NO_COLOR=1 "$costop" run s.json "${short[@]}" --color=always >coloured
has coloured "$escape"

# --- the locale changes nothing ---
LC_ALL=de_DE.UTF-8 "$costop" run s.json "${short[@]}" -F csv >german
"$costop" run s.json "${short[@]}" -F csv | cmp - german || fail 'the locale shows in CSV'

# --- terminals of any width ---
for columns in 0 20 50 80 200 nonsense; do
  COLUMNS=$columns "$costop" run s.json "${short[@]}" >out || fail "COLUMNS=$columns"
  has out 'iter/s'
  COLUMNS=$columns "$costop" run --help >out || fail "COLUMNS=$columns --help"
done
COLUMNS=60 "$costop" run s.json "${short[@]}" | tail -n +2 | grep -qE '.{65}' &&
  fail 'COLUMNS=60 is not kept to'
for columns in 30 80; do
  COLUMNS=$columns "$costop" list locks | grep -qE ".{$((columns + 1))}" && fail "list is too wide"
done

# --- what is listed, explained and written is what there is ---
expect_code 0 "$costop" list
for word in rr relaxed strict none ticket mutex exponential costop_threshold run_pct; do
  has out "$word"
done
expect_code 0 "$costop" list locks ticket
has out 'handoff_cost.per_waiter'
lacks out 'mutex'
for term in skew LHP lwp co-stop costop ready_pct ready fragmentation overcommit; do
  expect_code 0 "$costop" explain "$term"
  [[ -s out ]] || fail "explain $term says nothing"
done
expect_code 0 "$costop" explain costop_pct
has out '%CSTP'
expect_code 0 "$costop" explain lock-holder preemption
expect_code 0 "$costop" list presets
presets=$(sed -n 's/^  \([^ ]\+\) .*/\1/p' out)
[[ -n $presets ]] || fail 'no presets'
for preset in $presets; do
  expect_code 0 "$costop" explain "$preset"
  has out "$preset (a preset of "
done
for template in spinlock mutex barrier consolidation; do
  "$costop" new "$template" | "$costop" check - >/dev/null || fail "template $template"
done
expect_code 0 "$costop" new mutex -o new.json
expect_code 73 "$costop" new mutex -o new.json
"$costop" completion man | cmp - "$root/docs/costop.1" ||
  fail "docs/costop.1 is stale: costop completion man > docs/costop.1"
