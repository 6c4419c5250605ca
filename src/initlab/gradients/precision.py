"""The rounding error of a cost as it is: beside the same program in extended precision, where it runs in that.

A grid that is finer than the steps of a cost in stairs sees none of them, and log(1 - a) has such steps where a is
near 1. In 64 bits of mantissa they are two thousand times finer.
"""

import numpy as np

from initlab.errors import DataError
from initlab.gradients.harness import Copies, Harness

ACROSS = (0.0, 2.0**-5, 2.0**-3)
"""Where it is looked at, as shares of a direction."""

TIMES = 2.0
"""The error elsewhere may be so many times as large."""


def rounding_of(harness: Harness, direction: Copies) -> float:
    """The largest error of the cost along a direction; 0 where the program does not run in extended precision."""
    along = harness.along(direction)
    worst = 0.0
    for t in ACROSS:
        theta = {name: value + t * direction[name] for name, value in harness.theta.items()}
        exact = harness.long_cost(theta)
        if exact is None:
            return 0.0
        try:
            off = abs(float(along(t)[0] - exact))
        except DataError:
            continue
        worst = max(worst, off if np.isfinite(off) else 0.0)
    return TIMES * worst
