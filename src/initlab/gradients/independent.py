"""Whether the cost depends on a block at all: a bias before a norm has a zero gradient everywhere, a dead unit's here.

A unit that is dead at some parameters is alive at others far from them. So the cost is asked near the point, at the
negated parameters and at two draws of unit size, and must move with the block at none. Where it cannot be computed
there, nothing is claimed.
"""

from collections.abc import Iterator

import numpy as np

from initlab.errors import DataError
from initlab.gradients.harness import Copies, Harness
from initlab.gradients.projection import gaussian
from initlab.numerics.differences import SINGLE_ROUNDOFF, UNIT_ROUNDOFF

NEAR = 0.3
"""How far the nearest place is, as a share of a direction."""

MOVE = 0.5
"""How far the block is moved, as a share of a direction."""


def independent(harness: Harness, name: str, *, noise: float, cost: float, seed: int) -> bool:
    """Whether the cost stays the same wherever the block is moved. `noise` is that of `cost`."""
    share = min(max(noise / abs(cost), UNIT_ROUNDOFF), SINGLE_ROUNDOFF) if cost else UNIT_ROUNDOFF
    return all(_still(harness, name, theta, share, seed) for theta in _places(harness.theta, seed))


def _places(theta: Copies, seed: int) -> Iterator[Copies]:
    yield {name: value + NEAR * gaussian(name, value, seed=seed, draw=98) for name, value in theta.items()}
    yield {name: -value for name, value in theta.items()}
    for draw in (93, 94):
        yield {name: gaussian(name, value / max(1.0, float(np.abs(value).max())), seed=seed, draw=draw)
               for name, value in theta.items()}  # fmt: skip


def _still(harness: Harness, name: str, theta: Copies, share: float, seed: int) -> bool:
    place = Harness(harness.case, theta, pin=harness.pin, count=harness.count)
    along = place.along({name: gaussian(name, theta[name], seed=seed, draw=95)})
    try:
        costs = [along(t)[0] for t in (0.0, MOVE)]
    except DataError:
        return False
    return bool(np.isfinite(costs).all()) and max(costs) - min(costs) <= 64 * share * max(map(abs, costs))
