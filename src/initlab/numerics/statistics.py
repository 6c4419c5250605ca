"""Small statistics: what a handful of trials can and cannot tell."""

import math
from collections.abc import Sequence


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


def holm(chances: Sequence[float], alpha: float) -> list[bool]:
    """Which of many hypotheses to reject, so that one that holds is rejected with a chance of at most alpha in all.

    The smallest p-value is held against alpha/m, the next against alpha/(m - 1), and so on until one is larger.

    >>> holm([0.001, 0.04, 0.03], 0.05)
    [True, False, False]

    Reference: Holm, 1979, "A simple sequentially rejective multiple test procedure".
    """
    order = sorted(range(len(chances)), key=chances.__getitem__)
    rejected = [False] * len(chances)
    for place, index in enumerate(order):
        if not chances[index] <= alpha / (len(chances) - place):
            break
        rejected[index] = True
    return rejected
