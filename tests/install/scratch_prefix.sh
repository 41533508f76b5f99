#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Usage: scratch_prefix.sh BUILDDIR   Installs into a scratch prefix and uses what is there.
set -euo pipefail
build=$1
prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT
cmake --install "$build" --prefix "$prefix" >/dev/null

there() {
  [[ -s $prefix/$1 ]] || {
    echo "not installed: $1"
    exit 1
  }
}
there bin/costop
there share/man/man1/costop.1
there share/bash-completion/completions/costop
there share/costop/costop-scenario.schema.json
there share/costop/scenarios/lock-holder-preemption.json
there share/costop/plots/budget.gp
there share/doc/costop/LICENSE

cd /
"$prefix/bin/costop" --version
"$prefix/bin/costop" check "$prefix"/share/costop/scenarios/*.json
"$prefix/bin/costop" schema | cmp - "$prefix/share/costop/costop-scenario.schema.json"
"$prefix/bin/costop" run -r 2 -d 100ms -w 0 "$prefix/share/costop/scenarios/pham-2013.json" |
  grep -q pham-2013

if command -v gnuplot >/dev/null; then
  "$prefix/bin/costop" -q run -r 2 -d 100ms -w 0 -o "$prefix/results" \
    "$prefix/share/costop/scenarios/pham-2013.json" >/dev/null
  "$prefix/bin/costop" plot "$prefix/results" budget
  there results/budget.svg
fi
