"""Small statistics: what a handful of trials can and cannot tell."""

import math


def sign_test(wins: int, losses: int) -> float:
    """The two-sided p-value that paired wins and losses are the toss of a fair coin; ties are left out before.

    p = min(1, 2 Σ_{k <= min(wins, losses)} C(n, k)/2ⁿ),  n = wins + losses

    >>> sign_test(6, 0)
    0.03125

    Reference: Dixon and Mood, 1946, "The statistical sign test".
    """
    n = wins + losses
    tail: int = sum(math.comb(n, k) for k in range(min(wins, losses) + 1))
    return min(1.0, 2 * tail / 2.0**n)
