#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Every figure from tiny studies; formats, choices, messages, exit codes. $1: the costop binary.
# shellcheck source=tests/support/common.sh
source "$(dirname "$0")/../support/common.sh"

if ! command -v gnuplot >/dev/null; then
  echo "gnuplot is missing: nothing was drawn"
  exit 0
fi
short=(-d 80ms -w 0 -r 2)
# has_text FILE TEXT…
has_text() {
  local text
  for text in "${@:2}"; do grep -qF -- "$text" "$1" || fail "$1 lacks '$text'"; done
}
# is_picture FILE: well-formed, and of the kind that its name says
is_picture() {
  [[ -s $1 ]] || fail "no $1"
  case $1 in
    *.svg) /usr/bin/python3 -c 'import sys, xml.dom.minidom as m; m.parse(sys.argv[1])' "$1" ;;
    *.png) [[ $(head -c 4 "$1" | tail -c 3) == PNG ]] ;;
    *.pdf) [[ $(head -c 5 "$1") == %PDF- ]] ;;
  esac || fail "$1 is damaged"
}

# --- all of a sweep: what can be drawn is; the commands that are named make the rest ---
"$costop" new >s.json
"$costop" -q sweep s.json -S vms.db.vcpus=1,2 -S hypervisor.coscheduling.kind=none,relaxed \
  "${short[@]}" -o study >/dev/null
expect_code 0 "$costop" plot study all
drawn=$(cat out)
for figure in $("$costop" plot --list | awk '{print $1}'); do
  if grep -qx "study/$figure.svg" <<<"$drawn"; then continue; fi
  remedy=$(sed -n "s/^costop: note: no $figure: .*; try: costop //p" err)
  [[ $remedy ]] || fail "$figure is neither drawn nor explained: $(cat err)"
  mv err notes
  # shellcheck disable=SC2086 # words of a command
  expect_code 0 "$costop" -q $remedy "${short[@]}"
  expect_code 0 "$costop" plot "study-$figure" "$figure"
  mv "study-$figure/$figure.svg" study
  mv notes err
done
for figure in $("$costop" plot --list | awk '{print $1}'); do
  is_picture "study/$figure.svg"
  has_text "study/$figure.svg" '>spinlock: '
done
has_text study/sizing.svg 'vCPUs of db' coscheduling.kind relaxed 'n = 2 replications, 95 % conf' \
  'throughput (iterations/s)'
has_text study/budget.svg 'share of vCPU time (%)' 'critical section' '95 % confidence'
has_text study/costop-cost.svg 'folk thresholds: 3 and 5 %' '%CSTP' 'at the points: vCPUs of db'
has_text study/overcommit.svg 'vCPUs per pCPU' 'throughput left (%)'
has_text study/policies.svg "n = 2 pairs" "Holm's correction" '%'
has_text study/skew.svg 'simulated time (ms)' 'skew of db'
has_text study/ready-cdf.svg 'wait for a pCPU (ms)' 'db (n = ' 'one replication'
has_text study/spin-cause.svg 'whom the spinning of db waits for' '% of vCPU time'
has_text study/timeline.svg 'pCPU 0' db/v0 'one replication'
compgen -G 'study*/*tmp*' && fail 'a temporary file is left'
"$costop" list figures | tr -s ' ' >listed
"$costop" plot --list | tr -s ' ' | cmp - listed || fail 'list figures'

# --- formats and places ---
mkdir pictures
for ending in svg png pdf; do
  for figure in sizing timeline; do
    expect_code 0 "$costop" plot study-overcommit "$figure" -o "pictures/$figure.$ending"
    [[ $(cat out) == "pictures/$figure.$ending" ]] || fail "said $(cat out)"
    is_picture "pictures/$figure.$ending"
  done
done
expect_code 0 "$costop" plot study sizing -o pictures
cmp study/sizing.svg pictures/sizing.svg
"$costop" plot study sizing -o - | cmp - study/sizing.svg
mkdir all
expect_code 0 "$costop" -q plot study/ all -o all/
[[ ! -s err && -s all/budget.svg ]] || fail "all -o: $(cat err)"

# --- the numbers in the picture are those of vm.csv ---
expect_code 0 "$costop" plot study sizing -o sizing.csv
grep -q 'gnuplot -e ".*input='\''sizing.csv'\''; .*plots/sizing.gp' err || fail "no command"
/usr/bin/python3 - <<'END'
import csv
from statistics import mean
rows = list(csv.DictReader(open("study/vm.csv", newline="", encoding="utf-8")))
drawn = list(csv.DictReader(open("sizing.csv", newline="", encoding="utf-8")))
assert [(d["series"], d["x"]) for d in drawn] == [(k, n) for k in ("none", "relaxed") for n in "12"]
for d in drawn:
    values = [float(r["throughput_per_s"]) for r in rows if r["vm"] == "db" and d["n"] == "2"
              and (r["hypervisor.coscheduling.kind"], r["vms.db.vcpus"]) == (d["series"], d["x"])]
    assert len(values) == 2 and abs(mean(values) - float(d["value"])) < 1e-9
    half = 12.706204736 * abs(values[0] - values[1]) / 2  # Student's t, one degree of freedom
    assert abs(mean(values) + half - float(d["value_high"])) < 1e-6 * half + 1e-9
for kind in ("none", "relaxed"):
    assert sum(int(d["is_chosen"]) for d in drawn if d["series"] == kind) == 1
END
sed 's/\r$//' sizing.csv >unix.csv
for name in sizing unix; do
  gnuplot -e "input='$name.csv'; output='$name.svg'; title='by hand'" "$root/plots/sizing.gp"
done
cmp sizing.svg unix.svg || fail 'CR LF makes a difference'
has_text unix.svg 'by hand'

# --- what is shown ---
expect_code 0 "$costop" plot study budget --vm noise -o noise.svg
has_text noise.svg 'of noise'
expect_code 0 "$costop" plot study sizing -o one.svg \
  --where 'hypervisor.coscheduling.kind == relaxed'
if grep -q '>none<' one.svg; then fail '--where hides nothing'; fi
expect_code 0 "$costop" plot study sizing --metric latency_p99 -o late.svg
has_text late.svg 'latency_p99_us of db' ringed
expect_code 0 "$costop" plot study sizing --metric run_pct -o run.svg
if grep -q ringed run.svg; then fail 'a count is chosen for its running time'; fi
expect_code 0 "$costop" plot study-policies policies --metric utilisation -o host.svg
has_text host.svg 'change of utilisation_pct against '
expect_code 0 "$costop" plot study timeline --from 2ms --to 4ms -o part.svg
has_text part.svg '> 2.5<'
expect_code 0 "$costop" -q run s.json -s 'programs.oltp.0.compute={"uniform": ["20us", "60us"]}' \
  "${short[@]}" -o single
expect_code 0 "$costop" plot single spin-cause
has_text single/spin-cause.svg 'db (ticket)' noise
"$costop" -q sweep s.json -S 'programs.oltp.0.compute=9us,{"uniform": ["2us", "6us"]}' \
  "${short[@]}" -o objects >/dev/null
expect_code 0 "$costop" plot objects sizing
has_text objects/sizing.svg '>uniform: [2us; 6us]<' programs.oltp.0.compute

# A name that gnuplot, a shell or XML could take for something else.
name="it's <a> & \"name\", \`id\` \$HOME %d"
mkdir "$name"
cp study/vm.csv "$name"
expect_code 0 "$costop" plot "$name" sizing
is_picture "$name/sizing.svg"
has_text "$name/sizing.svg" \
  "<text>it's &lt;a> &amp; \"name\", \`id\` \$HOME %d: throughput of db</text>"

# --- mistakes ---
expect_code 64 "$costop" plot
expect_code 64 "$costop" plot study
has_text err 'FIGURE is missing' 'plot --list'
expect_code 64 "$costop" plot study sizign
has_text err "did you mean 'sizing'"
expect_code 66 "$costop" plot nowhere sizing
expect_code 66 "$costop" plot s.json sizing
expect_code 65 "$costop" plot pictures sizing
has_text err 'pictures is no result directory'
expect_code 65 "$costop" plot single sizing
has_text err 'there is no sweep' 'costop sweep single/scenario.resolved.json -S vms.db.vcpus='
expect_code 64 "$costop" plot study sizing -o picture.jpg
expect_code 64 "$costop" plot study all -o picture.svg
expect_code 64 "$costop" plot study timeline -o timeline.csv
expect_code 64 "$costop" plot study sizing --vm nobody
has_text err "no VM 'nobody'"
expect_code 64 "$costop" plot study skew --vm nobody
expect_code 64 "$costop" plot study sizing --metric speed
expect_code 64 "$costop" plot study-policies policies --metric speed
expect_code 64 "$costop" plot study budget --metric run_pct
expect_code 64 "$costop" plot study sizing --where 'host.pcpus == 4'
expect_code 73 "$costop" plot study sizing -o missing/sizing.svg
ln -s /dev/full full.svg
expect_code 74 "$costop" plot study sizing -o full.svg
mkdir damaged
printf 'cell,replication,seed,vm,vcpus,throughput_per_s\r\n0,0,1,db,4\r\n' >damaged/vm.csv
expect_code 65 "$costop" plot damaged sizing
has_text err 'row 1 has 5 fields'
printf 'kind,vm\r\n' >damaged/trace.csv
expect_code 65 "$costop" plot damaged skew
expect_code 65 "$costop" plot damaged timeline
[[ ! -e damaged/timeline.svg ]] || fail 'a picture of nothing'

# --- gnuplot is missing, fails, dies; the scripts are elsewhere ---
mkdir bin
expect_code 69 env PATH="$work/bin" "$costop" plot study sizing -o none.svg
has_text err gnuplot-nox
ln -s "$(command -v bash)" bin
printf '#!%s/bin/bash\necho part; echo "line 1: no such thing" >&2; exit 1\n' "$work" >bin/gnuplot
chmod +x bin/gnuplot
expect_code 70 env PATH="$work/bin" "$costop" plot study sizing -o none.svg
has_text err 'gnuplot: line 1: no such thing'
printf '#!%s/bin/bash\nkill -KILL $$\n' "$work" >bin/gnuplot
expect_code 70 env PATH="$work/bin" "$costop" plot study sizing -o none.svg
has_text err 'gnuplot was killed'
[[ ! -e none.svg ]] || fail 'a picture in spite of gnuplot'
expect_code 69 env COSTOP_DATADIR=/nonexistent "$costop" plot study sizing
has_text err /nonexistent plots/sizing.gp
expect_code 0 env COSTOP_DATADIR="$root" "$costop" plot study sizing -o elsewhere.svg
cmp elsewhere.svg study/sizing.svg
