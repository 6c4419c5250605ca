"""Where to check: at the given parameters, and after some training with the very gradients that are checked."""

from collections.abc import Iterator, Sequence
from typing import Literal, get_args

import numpy as np

from initlab.errors import SpecError
from initlab.gradients.case import GradientCase
from initlab.gradients.harness import Copies, Harness
from initlab.gradients.pins import find

Point = Literal["init", "trained"]
POINTS: tuple[Point, ...] = get_args(Point)
STEPS = 40
FIRST = 0.1
"""The first step is one that would lower a linear cost by this share: the scale of the cost does not matter."""
ENOUGH = 0.3
"""Training stops when the cost has fallen by this share: well-trained networks have gradients too small to check."""
HALVINGS = 60
STUCK = "Training with these gradients does not lower the cost: the point after it is the one before it."


def read_points(points: str | Sequence[str]) -> tuple[Point, ...]:
    """The points by name. Raises SpecError for others.

    >>> read_points("init,trained")
    ('init', 'trained')
    """
    names = points.split(",") if isinstance(points, str) else list(points)
    names = [name.strip() for name in names]
    if not names or not set(names) <= set(POINTS):
        raise SpecError(
            f"The points must be of {', '.join(POINTS)}, got {', '.join(names) or 'none'}. Write one or both."
        )
    return tuple(point for point in POINTS if point in names)


def parameters_at(points: Sequence[Point], case: GradientCase) -> Iterator[tuple[Point, Copies, str]]:
    """The parameters at each point, with what is to be said of it, if anything.

    Training draws the same random numbers at every step, if the cost draws any.
    """
    for point in points:
        if point == "init":
            yield point, Harness(case).fresh(), ""
            continue
        *_, everything = find(case)
        start = Harness(case, pin=everything.pin)
        theta = trained(start)
        moved = any(not np.array_equal(theta[name], value) for name, value in start.theta.items())
        yield point, theta, "" if moved else STUCK


def trained(harness: Harness) -> Copies:
    """The parameters after up to 40 steps of gradient descent, the step halved where the cost would rise, else doubled.

    With wrong gradients the cost may never fall; the point is then where it began.
    """
    if not callable(harness.case.gradients):
        raise SpecError("The gradients must be a function to be checked after training, got a dict. Leave out trained.")
    theta = harness.fresh()
    cost = start = harness.cost(theta)
    rate: float | None = None
    for _ in range(STEPS):
        gradients = Harness(harness.case, theta, pin=harness.pin).gradients()
        rate = _first_rate(start, gradients) if rate is None else 2 * rate
        found = _lower(harness, theta, gradients, rate, cost)
        if found is None:
            break
        theta, rate, cost = found
        if start - cost > ENOUGH * abs(start):
            break
    return theta


def _first_rate(cost: float, gradients: Copies) -> float:
    """FIRST |cost| / |gradients|², and FIRST where one of the two is zero."""
    squares = sum(float(np.sum(np.square(each))) for each in gradients.values())
    rate = FIRST * abs(cost) / squares if squares else FIRST
    return rate if 0 < rate < np.inf else FIRST


def _lower(
    harness: Harness, theta: Copies, gradients: Copies, rate: float, cost: float
) -> tuple[Copies, float, float] | None:
    """The first point with a lower cost along minus the gradients, with its rate and cost; None where there is none."""
    for step in rate * 0.5 ** np.arange(HALVINGS):
        moved = {name: value - step * gradients[name] for name, value in theta.items()}
        with np.errstate(all="ignore"):
            found = harness.cost({name: value.copy() for name, value in moved.items()})
        if found < cost:
            return moved, float(step), found
    return None
