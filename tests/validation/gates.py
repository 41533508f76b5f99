# SPDX-License-Identifier: GPL-3.0-or-later
"""Is what the replications measured what is expected? By the gate of the claim:

    exact         each replication has this value
    interval      it lies in the 99.9 % interval of the mean, which is at most ± 1 % of it wide
                  (interval 3 %: at most ± 3 %): for random results whose mean is known
    ± 0.2, ± 1 %  the mean is not farther away: where a bound of what is left is derived in the text
    >=, <=        each replication; the one that comes closest to the bound is shown

There are 1, 3, 4, 5, 10 or 20 replications.

Run as a program it tests itself.
"""
import re

# Student's t for 95 and 99.9 %, by the number of replications.
STUDENT = {3: (4.30265, 31.59905), 4: (3.18245, 12.92398), 5: (2.77645, 8.61030),
           10: (2.26216, 4.78091), 20: (2.09302, 3.88341)}


def t_half(values, is_wide=False):
    """Half of the 95 % (wide: 99.9 %) confidence interval of the mean."""
    n = len(values)
    if n == 1:
        return 0.0
    mean = sum(values) / n
    variance = sum((value - mean) ** 2 for value in values) / (n - 1)
    return STUDENT[n][is_wide] * (variance / n) ** 0.5


EXTREMES = {">=": min, "<=": max}


def is_within(gate, values, expected):
    mean, wide = sum(values) / len(values), t_half(values, is_wide=True)
    if gate == "exact":
        slack = 1e-9 * max(1, abs(expected))
        return all(abs(value - expected) <= slack for value in values)
    if gate == ">=":
        return min(values) >= expected
    if gate == "<=":
        return max(values) <= expected
    kind, number, percent = re.fullmatch(r"(interval|±) ?([\d.]+)?( %)?", gate).groups()
    limit = float(number or 1) * (abs(expected) / 100 if percent or not number else 1)
    if kind == "±":
        return abs(mean - expected) <= limit
    return 0 < wide <= limit and abs(mean - expected) <= wide


def self_test():
    noise = [9.9, 10.1, 9.9, 10.1, 10.0]  # the mean's 99.9 % interval is 10 ± 0.385
    for gate, values, expected, verdict in (
            ("exact", [1 / 3] * 3, 0.1 / 0.3, True), ("exact", [1 / 3] * 3, 0.33333333, False),
            ("exact", [50, 51, 52], 51, False), (">=", [4, 5, 6], 4, True),
            (">=", [3.9, 5, 6], 4, False), ("<=", [4, 3, 2], 4, True),
            ("<=", [4.1, 3, 2], 4, False), ("± 0.2", [10.2], 10, True),
            ("± 0.2", [10.3], 10, False), ("± 1 %", [-99.1], -100, True),
            ("± 1 %", [98.9], 100, False), ("interval 5 %", noise, 10.3, True),
            ("interval 5 %", noise, 10.4, False), ("interval 3 %", noise, 10, False),
            ("interval", [10, 10, 10], 10, False)):
        assert is_within(gate, values, expected) is verdict, (gate, values, expected)


if __name__ == "__main__":
    self_test()
