"""Where to check: at the given parameters, and after some training with the very gradients that are checked."""

from collections.abc import Iterator, Sequence
from typing import Literal, get_args

import numpy as np

from initlab.errors import SpecError
from initlab.gradients.case import GradientCase
from initlab.gradients.harness import Copies, Harness

Point = Literal["init", "trained"]
POINTS: tuple[Point, ...] = get_args(Point)
STEPS = 40
RATE = 0.1
ENOUGH = 0.7
"""Training stops when the cost has fallen to this share: well-trained networks have gradients too small to check."""


def read_points(points: str | Sequence[str]) -> tuple[Point, ...]:
    """The points by name. Raises SpecError for others.

    >>> read_points("init,trained")
    ('init', 'trained')
    """
    names = points.split(",") if isinstance(points, str) else list(points)
    names = [name.strip() for name in names]
    if not names or not set(names) <= set(POINTS):
        raise SpecError(f"The points must be of {', '.join(POINTS)}, got {', '.join(names) or 'none'}.")
    return tuple(point for point in POINTS if point in names)


def parameters_at(points: Sequence[Point], case: GradientCase) -> Iterator[tuple[Point, Copies]]:
    """The parameters at each point."""
    for point in points:
        harness = Harness(case)
        yield point, harness.fresh() if point == "init" else trained(harness)


def trained(harness: Harness) -> Copies:
    """The parameters after up to 40 steps of gradient descent, the step halved where the cost would rise.

    With wrong gradients the cost may never fall; the point is then where it began, moved by little.
    """
    if not callable(harness.case.gradients):
        raise SpecError("The gradients must be a function to be checked after training, got a dict. Leave out trained.")
    rate = RATE
    best = start = harness.cost(harness.fresh())
    for _ in range(STEPS):
        if best < ENOUGH * start:
            break
        gradients = harness.gradients()
        before = harness.theta
        while rate > 1e-8:
            harness.theta = {name: value - rate * gradients[name] for name, value in before.items()}
            with np.errstate(all="ignore"):
                cost = harness.cost(harness.fresh())
            if cost < best:
                best = cost
                break
            rate /= 2
        else:
            harness.theta = before
            break
    return harness.fresh()
