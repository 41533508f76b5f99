#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Usage: headers_alone.sh CC   Compiles every header of src/ by itself, twice over.
set -euo pipefail
cc=$1
cd "$(dirname "$0")/../.."
read -ra flags <<<"$(pkg-config --cflags gsl libcjson)"
failed=0
count=0
for header in src/*/*.h; do
  count=$((count + 1))
  # Twice, so that a missing guard shows.
  if ! printf '#include "%s"\n' "${header#src/}" "${header#src/}" |
    "$cc" -std=gnu17 -D_GNU_SOURCE -Wall -Wextra -Werror -fsyntax-only -Isrc "${flags[@]}" \
      -x c -; then
    echo "$header does not compile alone"
    failed=1
  fi
done
echo "$count headers"
((count > 0 && failed == 0))
