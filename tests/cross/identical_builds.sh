#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Usage: identical_builds.sh WORKDIR [COSTOP]
# Builds the program with gcc and clang, without and with optimisation, and compares what the builds
# print for the scenarios byte by byte. COSTOP is the one of gcc with optimisation, if there is one.
# A compiler that is not installed is left out; two builds there must be.
set -euo pipefail
work=$1
source=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$work"

# build VARIANT COMPILER LEVEL
build() {
  cmake -S "$source" -B "$work/$1" -G Ninja -D CMAKE_C_COMPILER="$2" -D CMAKE_BUILD_TYPE=Release \
    -D CMAKE_C_FLAGS_RELEASE="-$3" -D CMAKE_INTERPROCEDURAL_OPTIMIZATION=OFF -D BUILD_TESTING=OFF
  cmake --build "$work/$1" --target costop
}

declare -A costop
variants=()
if [[ ${2-} ]]; then
  variants=(gcc-O3)
  costop[gcc-O3]=$(realpath "$2")
fi
for compiler in gcc clang; do
  command -v "$compiler" >/dev/null || continue
  for level in O0 O3; do
    variant=$compiler-$level
    [[ ${costop[$variant]-} ]] && continue
    log=$work/$variant.log
    # Its own shell: an "if" would switch off errexit in the function.
    (
      trap '(($? == 0)) || tail -n 40 "$log"' EXIT
      build "$variant" "$compiler" "$level" >"$log" 2>&1
    )
    variants+=("$variant")
    costop[$variant]=$work/$variant/costop
  done
done
((${#variants[@]} >= 2))

different=0
compared=0
for scenario in "$source"/scenarios/*.json; do
  name=$(basename "$scenario" .json)
  for variant in "${variants[@]}"; do
    results=$work/$variant.$name
    rm -rf "$results"
    "${costop[$variant]}" -q run "$scenario" -r 2 -d 300ms -o "$results" >/dev/null
    for table in vm vcpu lock host summary; do
      [[ -s $results/$table.csv ]]
      if ! cmp "$work/${variants[0]}.$name/$table.csv" "$results/$table.csv"; then
        diff "$work/${variants[0]}.$name/$table.csv" "$results/$table.csv" | head -n 6
        different=$((different + 1))
      fi
    done
  done
  compared=$((compared + 1))
done
echo "$compared scenarios, ${variants[*]}: $different different"
((compared > 0 && different == 0))
