"""The gradients as they were returned, and how far rounding makes them off.

A gradient is a sum, and where its terms cancel it is off by a rounding of the terms, not of the sum: by u Σ|terms|,
which no checker sees. It shows when the parameters move on by next to nothing: with gᵢ at equal steps, where what is
smooth leaves no second difference,

    σ² = mean (gᵢ₋₁ - 2 gᵢ + gᵢ₊₁)² / 6

Terms that stay put, saturated predictions say, do not show there, but beside the same program in extended precision;
where it does not run in that, in the noise of the cost, which is made of them.
"""

import math
from dataclasses import dataclass

import numpy as np

from initlab.errors import DataError
from initlab.gradients.case import Array
from initlab.gradients.harness import Copies, Harness
from initlab.numerics.differences import NOISY, SINGLE_ROUNDOFF, UNIT_ROUNDOFF

POINTS = 6
STEP, WIDE_STEP = 2.0**-30, 2.0**-19
"""How far apart they are, as a share of a unit; the second where single precision has a part in it."""

AWAY = 4
"""The first is so many steps beside the parameters, where a kink may lie."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gradient:
    """What was returned at a point, and the rounding error of each of its entries."""

    values: Copies
    rounding: Copies


def gradient_at(harness: Harness, noise: float, cost: float) -> Gradient:
    """The gradients with their rounding: σ, that of the largest entry of the block, and the noise of the cost."""
    values = harness.gradients()
    noisy = noise > NOISY * abs(cost)
    exact = harness.long_gradients()
    moved = _moving(harness, WIDE_STEP if noisy or any(_single(value) for value in values.values()) else STEP)
    rounding = {}
    for name, value in values.items():
        sigma = _sigma(np.array([each[name] for each in moved])) if moved else np.zeros(value.shape)
        spread = np.maximum(sigma, np.sqrt(np.mean(sigma**2)))
        rounding[name] = 3 * spread + 8 * _roundoff(value, noisy=noisy) * float(np.abs(value).max())
        rounding[name] += noise if exact is None else 4 * float(np.abs(value - exact[name]).max())
    doubles = {name: value.astype(np.float64) for name, value in values.items()}
    return Gradient(values=doubles, rounding=rounding)


def _moving(harness: Harness, step: float) -> list[Copies]:
    """The gradients at equal steps along a line that leaves no parameter where it is.

    None where they are a dict, or where the line leaves the domain of the cost.
    """
    if not callable(harness.case.gradients):
        return []
    here = harness.theta
    along = {name: unit_of(v) * np.cos(1.7 * np.arange(v.size)).reshape(v.shape) for name, v in here.items()}
    try:
        found = []
        with np.errstate(all="ignore"):
            for k in range(POINTS):
                harness.theta = {name: value + (AWAY + k) * step * along[name] for name, value in here.items()}
                found.append(harness.gradients())
        return found
    except DataError:
        return []
    finally:
        harness.theta = here


def _sigma(values: Array) -> Array:
    """σ of every entry from the smaller of its second differences, so that one jump at a kink does not count."""
    bends = np.sort(np.abs(np.diff(values.astype(np.float64), 2, axis=0)), axis=0)
    return np.asarray(1.5 * bends[len(bends) // 2 - 1 : len(bends) // 2 + 1].mean(axis=0) / math.sqrt(6))


def _single(value: Array) -> bool:
    return value.dtype in (np.float32, np.float16)


def _roundoff(value: Array, *, noisy: bool) -> float:
    if value.dtype == np.float16:
        return 2.0**-11
    return SINGLE_ROUNDOFF if noisy or _single(value) else UNIT_ROUNDOFF


def unit_of(value: Array) -> float:
    """How far a direction moves an entry for t = 1: so that what it feeds moves by about its own size, or by 1."""
    fan_in = value.size / value.shape[0] if value.ndim >= 2 else 1.0
    return max(1.0, float(np.sqrt(np.mean(value**2)))) / math.sqrt(fan_in)
