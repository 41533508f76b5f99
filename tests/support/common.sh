# shellcheck shell=bash disable=SC2034 # variables are for those who source this
# SPDX-License-Identifier: GPL-3.0-or-later
# What the scripts here begin with: $costop (from $1), $root, a scratch directory to work in.
set -euo pipefail
costop=$(realpath "$1")
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail() {
  echo "FAILED: $*" >&2
  exit 1
}
# expect_code CODE COMMAND…: leaves its output in out and err.
expect_code() {
  local wanted=$1 code=0
  shift
  "$@" >out 2>err || code=$?
  [[ $code == "$wanted" ]] || fail "$* ends with $code, not $wanted: $(cat err)"
}
