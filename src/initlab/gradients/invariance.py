"""Parameters in front of a norm: the cost is that of any multiple of the weights, and of any bias.

    f(s W) = A + s² B for all s   =>   ⟨W, dW⟩ = 2 B        (B = 0, or the L2 term alone)
    f(b + v) = f(b) for all v     =>   db = 0

Two costs a block tell whether this is so: at s = 2 and 1/2, at two biases. A norm with a large ε is no such norm.
"""

from collections.abc import Iterator

import numpy as np

from initlab.errors import DataError
from initlab.gradients.case import Array
from initlab.gradients.harness import Harness
from initlab.gradients.identities import slack_of
from initlab.gradients.projection import gaussian
from initlab.gradients.report import Identity
from initlab.gradients.returned import Gradient, unit_of
from initlab.numerics.differences import UNIT_ROUNDOFF

ROUNDINGS = 64
"""Costs that differ by so many rounding errors are the same; slopes need as many times more to differ."""


def invariances(harness: Harness, gradient: Gradient, *, noise: float) -> tuple[Identity, ...]:
    """What must hold of each block that the cost is found not to change with, and whether it does."""
    return tuple(_all(harness, gradient, noise))


def _all(harness: Harness, gradient: Gradient, noise: float) -> Iterator[Identity]:
    for name, value in harness.theta.items():
        matrix = value.ndim >= 2 and min(value.shape[:2]) > 1
        found = _scale(harness, gradient, name, noise) if matrix else _shift(harness, gradient, name, noise)
        if found is not None:
            yield found


def _scale(harness: Harness, gradient: Gradient, name: str, noise: float) -> Identity | None:
    w, a = harness.theta[name], gradient.values[name]
    costs = _costs(harness, name, w, (0.0, 1.0, -0.5))
    if costs is None:
        return None
    here, twice, half = costs
    same = ROUNDINGS * max(noise, UNIT_ROUNDOFF * max(map(abs, costs)))
    if abs((half - here) + (twice - here) / 4) > same:
        return None
    decay = 2 / 3 * (twice - here) if abs(twice - here) > same else 0.0
    off, size = abs(float(np.sum(w * a)) - decay), float(np.abs(w * a).sum()) + abs(decay)
    text = f"<{name}, d{name}> = {decay:.6g}, as the costs at 2 {name} and {name}/2 say,"
    return _identity(text, name, off, size, off <= slack_of(gradient) * size + ROUNDINGS * same)


def _shift(harness: Harness, gradient: Gradient, name: str, noise: float) -> Identity | None:
    value, a = harness.theta[name], gradient.values[name]
    costs = _costs(harness, name, gaussian(name, value, seed=0, draw=92), (0.0, 1.0, -0.5))
    if costs is None:
        return None
    same = ROUNDINGS * max(noise, UNIT_ROUNDOFF * max(map(abs, costs)))
    if max(costs) - min(costs) > same:
        return None
    size = max(float(np.abs(each).max()) for each in gradient.values.values())
    off = float(np.abs(a).max())
    holds = off <= slack_of(gradient) * size + ROUNDINGS * same / unit_of(value)
    return _identity(f"d{name} = 0, as the costs at two other {name} say,", name, off, size, holds)


def _identity(text: str, where: str, off: float, size: float, holds: bool) -> Identity:
    return Identity(text=text, where=where, gap=off / size if size else 0.0, holds=holds)


def _costs(harness: Harness, name: str, v: Array, steps: tuple[float, ...]) -> list[float] | None:
    along = harness.along({name: v})
    try:
        costs = [along(t)[0] for t in steps]
    except DataError:
        return None
    return costs if np.isfinite(costs).all() else None
