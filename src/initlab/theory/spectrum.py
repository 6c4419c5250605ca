"""How unevenly the end-to-end Jacobian of a wide network stretches: the spread of its squared singular values.

With D the slopes φ'(u) at the fixed point, J = D W D W ... over L layers and μ_k = E φ'^(2k),

    Var(λ)/(mean λ)² = L (μ₂/μ₁² - 1 - s),   λ the eigenvalues of JJᵀ,  s = -1 Gaussian W, 0 orthogonal W

and the largest eigenvalue is the least value, over x > max φ'²/μ₁, of

    (1 + M)/M · (M x)^L Gaussian,   (1 + M)/M · (M x/(1 + M))^L orthogonal,   M = E d/(x - d),  d = φ'²/μ₁

which is (L+1)^(L+1)/L^L for a linear network with Gaussian weights. All in units of the mean χ₁^L.

Reference: Pennington, Schoenholz, Ganguli, 2017, arXiv:1711.04735.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.optimize import minimize_scalar

from initlab.errors import SpecError
from initlab.numerics.activations import Activation
from initlab.numerics.quadrature import Reals, expectation
from initlab.theory.moments import checked_q, finite, moments, pair

Weights = Literal["gaussian", "orthogonal"]

MAX_DEPTH = 100_000
GRID = 40_001
_NEAREST, _FARTHEST = math.log(1e-5), math.log(1e4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spectrum:
    """The squared singular values of a Jacobian over `depth` layers, in units of their mean."""

    weights: Weights
    depth: int
    variance: float
    largest: float


def spectrum(phi: Activation, *, q: float, depth: int, weights: Weights) -> Spectrum:
    """The spread of the squared singular values at the fixed point q, and the largest of them.

    >>> from initlab.numerics.activations import activation
    >>> found = spectrum(activation("linear"), q=1.0, depth=4, weights="gaussian")
    >>> round(found.variance, 9), round(found.largest, 3)
    (4.0, 12.207)

    Raises SpecError when the depth or q is out of bounds.
    """
    checked_depth(depth)
    slope = moments(phi, q).slope
    ratio = pair(phi, q, 1.0, power=2)[1] / slope**2
    s = -1 if weights == "gaussian" else 0
    return Spectrum(
        weights=weights,
        depth=depth,
        variance=max(0.0, depth * (ratio - 1 - s)),
        largest=_largest(phi, q, depth, weights),
    )


def checked_depth(depth: int) -> int:
    """The depth. Raises SpecError unless it is a whole number from 1 to 100,000."""
    if isinstance(depth, bool) or not isinstance(depth, int) or not 1 <= depth <= MAX_DEPTH:
        raise SpecError(f"A depth must be a whole number from 1 to {MAX_DEPTH}, got {depth}. 2 to 100 is usual.")
    return depth


def _largest(phi: Activation, q: float, depth: int, weights: Weights) -> float:
    root, mean = math.sqrt(checked_q(q)), moments(phi, q).slope
    kinks = [kink / root for kink in phi.kinks]

    def slopes(z: Reals) -> Reals:
        u = root * z
        return np.asarray(phi.derivative(u, finite(phi, u)) ** 2 / mean)

    top = float(slopes(np.linspace(-9, 9, GRID)).max())

    def log_value(t: float) -> float:
        x = top * (1 + math.exp(t))
        d = expectation(lambda z: (slopes(z) / (x - slopes(z)))[np.newaxis], kinks=kinks)
        m = float(d.value[0])
        factor = m * x if weights == "gaussian" else m * x / (1 + m)
        return math.log1p(m) - math.log(m) + depth * math.log(factor)

    found = minimize_scalar(log_value, bounds=(_NEAREST, _FARTHEST), method="bounded", options={"xatol": 1e-4})
    return math.exp(min(float(found.fun), 700.0))
