"""One direction of one block: what the returned gradient says the slope is, and what differences of the cost say."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from initlab.errors import DataError
from initlab.gradients.case import Array
from initlab.gradients.harness import Copies, Harness
from initlab.laws import Normal
from initlab.numerics.differences import NOISY, SINGLE_ROUNDOFF, UNIT_ROUNDOFF, Derivative, differentiate
from initlab.streams import sample

KAPPA = 5.0
"""How many error bars apart two slopes must be to differ. Of 43,320 slopes of right gradients none was 3 apart."""

AGREE = 1e-9
"""An error bar below this share of the slope is not worth a further evaluation."""

BESIDE = (4.0, 7.0, 11.0)
"""So many rounding errors beside the point the gradients are asked for again; not at it, where a kink may lie."""

VANISHED = 1e-8
"""Where no entry of any gradient is larger, predictions are saturated, and what is left of A - Y is its rounding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """v·a beside v·n for a direction v of root mean square `unit`: the gradient returned, and the numeric one.

    `error` is the bar of their difference, from truncation, the noise of the cost and the rounding of the gradient.
    """

    analytic: float
    numeric: float
    error: float
    unit: float
    found: Derivative

    @property
    def gap(self) -> float:
        """|v·a - v·n|."""
        return abs(self.analytic - self.numeric)

    @property
    def differs(self) -> bool:
        """Whether both are further apart than their error allows."""
        return not self.gap <= KAPPA * self.error

    @property
    def kinked(self) -> bool:
        """Whether the cost has a kink within the smallest step."""
        return self.found.kink is not None or not self.found.smooth

    @property
    def between(self) -> bool:
        """Whether the returned slope lies between those on both sides of the kink."""
        kink = self.found.kink
        if kink is None:
            return False
        slack = KAPPA * (kink.error + self.error)
        return min(kink.left, kink.right) - slack <= self.analytic <= max(kink.left, kink.right) + slack


@dataclass(frozen=True, slots=True, kw_only=True)
class Gradient:
    """What was returned at a point, and the rounding error of each of its entries."""

    values: Copies
    rounding: Copies


def gradient_at(harness: Harness, noise: float, cost: float) -> Gradient:
    """The gradients, with their rounding: how they move when the parameters move on by a rounding error.

    Beside that, an entry is taken to be as exact as the largest of its block times the precision it was computed in:
    single, where the dtype or the noise of the cost says so.
    """
    values = harness.gradients()
    single = NOISY < noise / max(abs(cost), 1e-300) < 64 * SINGLE_ROUNDOFF
    roundoff = {name: _roundoff(value, single=single) for name, value in values.items()}
    moves = {name: np.zeros(value.shape) for name, value in values.items()}
    if callable(harness.case.gradients):
        beside = [_beside(harness, roundoff, ulps) for ulps in BESIDE]
        moves = {name: np.ptp([found[name] for found in beside], axis=0) for name in values}
    vanished = max(float(np.abs(value).max()) for value in values.values()) < VANISHED
    least = 4 * UNIT_ROUNDOFF if vanished else 0.0
    rounding = {
        name: 2 * moves[name] + float(np.mean(moves[name])) + 8 * roundoff[name] * float(np.abs(value).max()) + least
        for name, value in values.items()
    }
    exact = {name: value.astype(np.float64) for name, value in values.items()}
    return Gradient(values=exact, rounding=rounding)


def _beside(harness: Harness, roundoff: Mapping[str, float], ulps: float) -> Copies:
    """The gradients where every parameter is off by some rounding errors, on one side of any kink."""
    here = harness.theta
    harness.theta = {
        name: value * (1 + ulps * roundoff[name] * np.cos(1.7 * np.arange(value.size)).reshape(value.shape))
        for name, value in here.items()
    }
    try:
        return harness.gradients()
    finally:
        harness.theta = here


def _roundoff(value: Array, *, single: bool) -> float:
    if value.dtype == np.float16:
        return 2.0**-11
    return SINGLE_ROUNDOFF if single or value.dtype == np.float32 else UNIT_ROUNDOFF


def unit_of(value: Array) -> float:
    """How far a direction moves an entry for t = 1: so that what it feeds moves by about its own size, or by 1."""
    fan_in = value.size / value.shape[0] if value.ndim >= 2 else 1.0
    return max(1.0, float(np.sqrt(np.mean(value**2)))) / math.sqrt(fan_in)


def gaussian(name: str, value: Array, *, seed: int, draw: int) -> Array:
    """A zero-mean Gaussian direction of a block."""
    return unit_of(value) * _normal(f"gradcheck {draw} {name}", value.shape, seed)


def _normal(name: str, shape: tuple[int, ...], seed: int) -> Array:
    return sample(Normal(std=1.0), name=name, seed=seed, shape=shape or (1,), dtype="float64").reshape(shape)


def project(harness: Harness, name: str, v: Array, gradient: Gradient, *, noise: float, unit: float) -> Projection:
    """Both slopes along one direction of one block."""
    a, rounding = gradient.values[name], gradient.rounding[name]
    analytic = float(np.sum(v * a))
    scale = max(abs(analytic), unit * float(np.sqrt(np.sum(a**2))))
    found = differentiate(harness.along({name: v}), noise=noise, target=AGREE * scale)
    if not np.isfinite(found.value):
        got = harness.along({name: v})(found.step)[0]
        raise DataError(
            f"The cost must be finite near the parameters, got {got} where {name} is moved by {found.step * unit:.1e}. "
            "Check away from the edge of its domain."
        )
    own = float(np.sqrt(np.sum((v * rounding) ** 2)))
    return Projection(analytic=analytic, numeric=found.value, error=found.error + own, unit=unit, found=found)


Project = Callable[[Array], Projection]
