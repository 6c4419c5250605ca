"""The two maps of mean-field theory, from one layer to the next, for Var(w) = σ_w²/fan_in and Var(b) = σ_b².

    variance     q' = σ_w² E φ(√q z)² + σ_b²
    correlation  c' = (σ_w² E φ(u) φ(v) + σ_b²)/q',   u, v of mean square q and correlation c

The slope of the second at c = 1 is χ₁ = σ_w² E φ'(√q z)², which is also how much the gradient's mean square grows in a
layer. Reference: Poole et al., 2016, arXiv:1606.05340; Schoenholz et al., 2017, arXiv:1611.01232.
"""

import math
from dataclasses import dataclass

from initlab.errors import SpecError
from initlab.numerics.activations import Activation
from initlab.theory.moments import moments, pair


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """An activation with the variances of weights (times fan_in) and biases.

    >>> from initlab.numerics.activations import activation
    >>> round(Point(phi=activation("relu"), weight=2.0).q(3.0), 12)
    3.0

    Raises SpecError when the weights' is not a finite number > 0, or the biases' not one >= 0.
    """

    phi: Activation
    weight: float
    bias: float = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.weight < math.inf:
            raise SpecError(
                f"The weight variance σ_w² must be a finite number > 0, got {self.weight}. 1 to 2 is usual."
            )
        if not 0 <= self.bias < math.inf:
            raise SpecError(f"The bias variance σ_b² must be a finite number >= 0, got {self.bias}. 0 is usual.")

    def q(self, q: float) -> float:
        """The mean square of the next layer's pre-activations."""
        return self.weight * moments(self.phi, q).square + self.bias

    def q_slope(self, q: float) -> float:
        """How much a small change of q grows: dq'/dq."""
        return self.weight * moments(self.phi, q).growth

    def chi1(self, q: float) -> float:
        """How much the gradient's mean square grows in a layer at q."""
        return self.weight * moments(self.phi, q).slope

    def c(self, c: float, q: float) -> float:
        """The next layer's correlation of two inputs, both of mean square q."""
        return (self.weight * pair(self.phi, q, c)[0] + self.bias) / self.q(q)

    def chi(self, c: float, q: float) -> float:
        """σ_w² E φ'(u) φ'(v): the slope of the correlation map where q is a fixed point."""
        return self.weight * pair(self.phi, q, c)[1]
