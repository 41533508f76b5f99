#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The commands in plots/README.md draw all figures, and it shows them. $1: the costop binary.
# shellcheck source=tests/support/common.sh
source "$(dirname "$0")/../support/common.sh"

if ! command -v gnuplot >/dev/null; then
  echo "gnuplot is missing: nothing was drawn"
  exit 0
fi
mkdir images
"$root/docs/images/redraw" "$costop" images -d 120ms -w 0 -r 2
for figure in $("$costop" plot --list | awk '{print $1}'); do
  [[ -s images/$figure.svg ]] || fail "no command of plots/README.md draws $figure"
  grep -qF "(../docs/images/$figure.svg)" "$root/plots/README.md" || fail "$figure is not shown"
  [[ -s $root/docs/images/$figure.svg ]] || fail "docs/images has no $figure.svg"
done

# Those below them, for the scripts alone.
ln -s "$root/scenarios" "$root/plots" .
"$costop" -q sweep scenarios/vcpu-sweep.json -d 20ms -w 0 -r 2 -o vcpu-sweep >/dev/null
costop() { "$costop" -q "$@" >/dev/null; }
sed -n '/^## The scripts/,$s/^    \(\(costop\|gnuplot\) .*\)/\1/p' plots/README.md >commands
[[ $(wc -l <commands) -ge 5 ]] || fail 'the commands are not where they were'
while read -r command; do eval "$command" </dev/null || fail "$command"; done <commands
for picture in sizing.png close.png skew.pdf; do [[ -s $picture ]] || fail "no $picture"; done
