"""The complex step: f'(0) = Im f(ih)/h, free of cancellation, for costs whose program is analytic.

It breaks on absolute values, conjugates and casts to real, silently; so it is trusted only where it agrees with
differences along a direction of all blocks, and along the very direction it refines.

Source: W. Squire and G. Trapp, SIAM Review 40 (1998) 110.
"""

from dataclasses import replace
from functools import cached_property

import numpy as np

from initlab.gradients.case import Array
from initlab.gradients.harness import Harness
from initlab.gradients.projection import KAPPA, Projection, gaussian
from initlab.gradients.returned import Gradient
from initlab.numerics.differences import UNIT_ROUNDOFF, differentiate

ROUNDING = 256 * UNIT_ROUNDOFF
"""The error of a complex step, as a share of the sizes that are summed in it."""

CANCELLING = 5
"""What cancels in the cost cancels in the complex step: it is off by up to so many times as much, for each unit."""

EXTENDED = 2.0**8
"""So much less in extended precision, or better."""


class ComplexStep:
    """The complex step of one harness, tried when it is first needed."""

    def __init__(self, harness: Harness, gradient: Gradient, *, noise: float, seed: int) -> None:
        self.harness, self.gradient, self.noise, self.seed = harness, gradient, noise, seed

    @cached_property
    def trusted(self) -> bool:
        """Whether it agrees with differences along one direction of all blocks at once."""
        direction = {n: gaussian(n, v, seed=self.seed, draw=99) for n, v in self.harness.theta.items()}
        stepped = self.harness.complex_slope(direction)
        if stepped is None or stepped[0] == 0:
            return False
        slope, _ = stepped
        found = differentiate(self.harness.along(direction), noise=self.noise, target=1e-9 * abs(slope), most=10)
        return abs(slope - found.value) <= KAPPA * found.error < 0.01 * abs(slope)

    def refined(self, projection: Projection, name: str, v: Array) -> Projection:
        """The projection with the slope of the complex step, where that is to be trusted."""
        if not self.trusted:
            return projection
        stepped = self.harness.complex_slope({name: v})
        if stepped is None:
            return projection
        slope, extended = stepped
        if abs(slope - projection.numeric) > KAPPA * projection.found.error:
            return projection
        a, rounding = self.gradient.values[name], self.gradient.rounding[name]
        own = float(np.sqrt(np.sum((v * rounding) ** 2)))
        error = ROUNDING * max(abs(slope), float(np.sqrt(np.sum((v * a) ** 2)))) + own
        error += CANCELLING * self.noise * float(np.sqrt(np.sum(v**2))) / (EXTENDED if extended else 1)
        found = replace(projection.found, value=slope, error=error, second=(slope, error))
        return replace(projection, numeric=slope, error=error, found=found)
