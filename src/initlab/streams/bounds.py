"""Strict bounds in the tensor's own dtype: a rounded entry never falls on, or past, a bound of its law.

Rounding to a narrow dtype can carry an entry that is just inside a bound across it: 0.03999 is 0.04004 in bfloat16.
So the whole numbers of a bounded law are clamped to those whose *rounded* value lies strictly inside its support.
Rounding keeps the order, so both ends are found by bisection, once for each law and dtype, and every implementation
clamps to the same two numbers.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import TypeAlias

from initlab.errors import SpecError
from initlab.laws import Law, TruncatedNormal, Uniform
from initlab.streams.rounding import rounded
from initlab.streams.transform import CONSTANT, Transform

Edge: TypeAlias = Fraction | float


def confined(made: Transform, law: Law, dtype: str) -> Transform:
    """The transform of a law, with the whole numbers clamped so that no entry of that dtype leaves the support.

    >>> from initlab.streams.transform import transform_of
    >>> law = Uniform(bound=1.0)
    >>> made = transform_of(law)
    >>> confined(made, law, "float32") == made, int(confined(made, law, "bfloat16").quantiles[3])
    (True, 16744447)

    Raises SpecError when no number of that dtype lies inside the support of the law.
    """
    if made.kind == CONSTANT or not isinstance(law, Uniform | TruncatedNormal):
        return made
    lower, upper = _edges(law)
    low, width, least, most = made.quantiles
    first = _first(int(least), int(most) + 1, lambda v: _entry(made, v, dtype) > lower)
    last = _first(int(least), int(most) + 1, lambda v: _entry(made, v, dtype) >= upper) - 1
    if first > last:
        raise SpecError(f"The bounds of a law must have a number of {dtype} between them, got {law}. Set them wider.")
    return replace(made, quantiles=(low, width, float(first), float(last)))


def _edges(law: Uniform | TruncatedNormal) -> tuple[Edge, Edge]:
    """The bounds of a law, exact or as its support rounds them, whichever are tighter."""
    centre = Fraction(law.centre)
    if isinstance(law, Uniform):
        exact: tuple[Edge, Edge] = (centre - Fraction(law.bound), centre + Fraction(law.bound))
    else:
        low, high = (
            bound if math.isinf(bound) else centre + Fraction(bound) * Fraction(law.scale)
            for bound in (law.low, law.high)
        )
        exact = (low, high)
    return max(exact[0], law.support[0]), min(exact[1], law.support[1])


def _entry(made: Transform, whole: int, dtype: str) -> float:
    return rounded((whole + made.offset) * made.unit, dtype)


def _first(start: int, stop: int, holds: Callable[[int], bool]) -> int:
    """The first of start ... stop - 1 from which a condition holds; `stop` when it never does."""
    if start < stop and holds(start):
        return start
    while start < stop:
        middle = (start + stop) // 2
        start, stop = (start, middle) if holds(middle) else (middle + 1, stop)
    return start
