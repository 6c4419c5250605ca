"""Which of the two classic derivations an activation meets the assumption of: Xavier's or He's.

Xavier (Glorot and Bengio, 2010) takes φ to be affine where the signal lives; He et al. (2015) take it to be straight on
either side of a kink at zero. How far each holds is the share of E φ² that the best such function has, z ~ N(0, 1):

    affine    a + b z            (E φ)² + (E z φ)²        over E φ²
    rectifier a z⁺ + b z⁻        (E z φ)² + (E |z| φ)²    over E φ²
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from initlab.numerics.activations import Activation
from initlab.numerics.quadrature import Reals, expectation
from initlab.theory.moments import finite

Family = Literal["xavier", "he"]

TIE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The share of the activation's mean square that is affine, and that of a rectifier."""

    affine: float
    rectifier: float

    @property
    def family(self) -> Family:
        """Whose assumption holds better; Xavier's, the simpler, where the fold |z| explains nothing more."""
        return "he" if self.rectifier > self.affine + TIE else "xavier"


def shape(phi: Activation) -> Shape:
    """How affine and how much of a rectifier an activation is.

    >>> from initlab.numerics.activations import activation
    >>> shape(activation("tanh")).family, shape(activation("gelu")).family
    ('xavier', 'he')
    """

    def integrand(z: Reals) -> Reals:
        a = finite(phi, z)
        return np.array([a * a, a, z * a, np.abs(z) * a])

    square, mean, odd, even = expectation(integrand, kinks=[0.0, *phi.kinks]).value
    return Shape(affine=float((mean**2 + odd**2) / square), rectifier=float((odd**2 + even**2) / square))
