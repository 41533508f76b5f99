# SPDX-License-Identifier: GPL-3.0-or-later
"""Closed forms that claims compare with. Names are as in the text of the claims."""
from math import exp, log, prod

__all__ = ["exp", "harmonic", "log", "lost_to_spinning", "repair_busy", "repair_visit"]


def harmonic(n):
    return sum(1 / i for i in range(1, n + 1))


def repair_states(n, c, think, service):
    """Probabilities of 0 … n customers at the c servers of M/M/c//n."""
    weights = [prod((n - i) * service / think / min(i + 1, c) for i in range(k))
               for k in range(n + 1)]
    return [weight / sum(weights) for weight in weights]


def repair_busy(n, c, think, service):
    """Busy share of each server."""
    states = repair_states(n, c, think, service)
    return sum(min(k, c) * p for k, p in enumerate(states)) / c


def repair_visit(n, c, think, service):
    """Mean time from a customer's arrival to its departure (Little)."""
    return n * service / (c * repair_busy(n, c, think, service)) - think


def lost_to_spinning(n, think, hold):
    p = hold / (think + hold)
    return p * (n - 1) / (1 + p * (n - 1))
