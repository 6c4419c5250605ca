"""One direction of one block: what the returned gradient says the slope is, and what differences of the cost say."""

from dataclasses import dataclass

import numpy as np

from initlab.errors import DataError
from initlab.gradients.case import Array
from initlab.gradients.harness import Harness
from initlab.gradients.returned import Gradient, unit_of
from initlab.laws import Normal
from initlab.numerics.differences import MOST_STEPS, Derivative, differentiate
from initlab.streams import sample

KAPPA = 5.0
"""How many error bars apart two slopes must be to differ. Of 43,320 slopes of right gradients none was 3 apart."""

CONFIRMED = 3.0
"""The same for a second window of smaller steps, which must say so too."""

AGREE = 1e-9
"""An error bar below this share of the slope is not worth a further evaluation."""


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
    def agrees(self) -> bool:
        """Whether both are as close as their error allows."""
        return self.gap <= KAPPA * self.error

    @property
    def differs(self) -> bool:
        """Whether both are further apart than their error allows, by a second window of steps as well.

        A mistake is off by the same at every step. Where differences at larger steps of the same branch come close to
        what was returned, those at small ones are of noise: of a cost in stairs, as log(1 - a) is for a near 1.
        """
        value, error = self.found.second
        if self.agrees or abs(self.analytic - value) <= CONFIRMED * max(error, self.error):
            return False
        close = sorted(abs(each - self.analytic) / self.gap for each in self.found.larger)
        return not (close and (close[0] < 1 / 30 or (len(close) > 1 and close[1] < 1 / 3)))

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


def gaussian(name: str, value: Array, *, seed: int, draw: int) -> Array:
    """A zero-mean Gaussian direction of a block."""
    return unit_of(value) * _normal(f"gradcheck {draw} {name}", value.shape, seed)


def _normal(name: str, shape: tuple[int, ...], seed: int) -> Array:
    return sample(Normal(std=1.0), name=name, seed=seed, shape=shape or (1,), dtype="float64").reshape(shape)


def project(
    harness: Harness,
    name: str,
    v: Array,
    gradient: Gradient,
    *,
    noise: float,
    unit: float,
    most: int = 2 * MOST_STEPS,
) -> Projection:
    """Both slopes along one direction of one block, from at most so many costs."""
    a, rounding = gradient.values[name], gradient.rounding[name]
    analytic = float(np.sum(v * a))
    own = float(np.sqrt(np.sum((v * rounding) ** 2)))
    scale = max(abs(analytic), unit * float(np.sqrt(np.sum(a**2))))

    def agrees(found: Derivative) -> bool:
        return abs(analytic - found.value) <= KAPPA * (found.error + own)

    found = differentiate(
        harness.along({name: v}), noise=noise, target=max(AGREE * scale, own), most=most, agrees=agrees
    )
    if not np.isfinite(found.value):
        got = harness.along({name: v})(found.step)[0]
        raise DataError(
            f"The cost must be finite near the parameters, got {got} where {name} is moved by {found.step * unit:.1e}. "
            "Check away from the edge of its domain."
        )
    return Projection(analytic=analytic, numeric=found.value, error=found.error + own, unit=unit, found=found)
