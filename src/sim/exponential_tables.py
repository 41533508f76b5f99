#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints exponential_tables.c: the 256-layer ziggurat of exp(-x) after Marsaglia and Tsang (2000).

Layers of equal area v lie under f(x) = exp(-x): edge[1] = r is where the tail begins, edge[256] = 0,
edge[i + 1] = -ln(f(edge[i]) + v / edge[i]), and layer 0 holds the tail as a box of width v / f(r).
r is the one value for which the topmost layer closes at f(0) = 1. Everything is computed with 60
decimal digits and rounded once.

    ./exponential_tables.py >exponential_tables.c && clang-format -i exponential_tables.c
"""

from decimal import Decimal, getcontext

LAYERS = 256
MANTISSA = Decimal(2**56)
getcontext().prec = 60


def edges_from(r):
    """Edges of the layers if the tail begins at r; None if they pass over the top."""
    area = (r + 1) * (-r).exp()
    edges = [area / (-r).exp(), r]
    while len(edges) < LAYERS:
        height = (-edges[-1]).exp() + area / edges[-1]
        if height >= 1:
            return None
        edges.append(-height.ln())
    # What the topmost layer leaves below f(0): decreases as r decreases.
    return edges + [Decimal(0)], 1 - (-edges[-1]).exp() - area / edges[-1]


def find_tail():
    low, high = Decimal(7), Decimal(8)
    for _ in range(190):
        middle = (low + high) / 2
        found = edges_from(middle)
        if found is None or found[1] < 0:
            low = middle
        else:
            high = middle
    return high


def table(head, values):
    print(f"\n{head} = {{")
    for i in range(0, len(values), 4):
        print("    " + " ".join(v + "," for v in values[i : i + 4]))
    print("};")


def main():
    edges, _ = edges_from(find_tail())
    inside = [int(edges[i + 1] / edges[i] * MANTISSA) for i in range(LAYERS)]
    print("/* SPDX-License-Identifier: GPL-3.0-or-later */")
    print("/* Written by exponential_tables.py: do not edit. */")
    print('#include "sim/exponential.h"')
    table(
        "const double exponential_width[EXPONENTIAL_LAYERS]",
        [float(edges[i] / MANTISSA).hex() for i in range(LAYERS)],
    )
    table(
        "const uint64_t exponential_inside[EXPONENTIAL_LAYERS]",
        [f"UINT64_C(0x{k:014x})" for k in inside],
    )
    table(
        "const double exponential_height[EXPONENTIAL_LAYERS + 1]",
        [float((-x).exp()).hex() for x in edges],
    )


if __name__ == "__main__":
    main()
