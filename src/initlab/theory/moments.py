"""The moments of an activation under a normal pre-activation of mean square q: what all of the theory is made of.

With u = √q z and z ~ N(0, 1):

    mean E φ(u)    square E φ(u)²    slope E φ'(u)²    growth d(E φ(u)²)/dq

The growth is E φ(u) φ'(u) z/√q: differentiated under the integral, it needs no second derivative and holds at kinks.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from initlab.errors import SpecError
from initlab.numerics.activations import Activation
from initlab.numerics.pairs import pair_expectation
from initlab.numerics.quadrature import Expectation, Reals, expectation

LARGEST_Q, SMALLEST_Q = 1e8, 1e-12
"""Mean squares between which expectations are taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """The moments at one q; `error` is the largest of their relative errors. The mean's is its share of the rms."""

    q: float
    mean: float
    square: float
    slope: float
    growth: float
    error: float


def checked_q(q: float) -> float:
    """The mean square as a float. Raises SpecError unless it is between 1e-12 and 1e8."""
    if isinstance(q, bool) or not SMALLEST_Q <= q <= LARGEST_Q:
        raise SpecError(f"A mean square q must be from {SMALLEST_Q:g} to {LARGEST_Q:g}, got {q}. One is usual.")
    return float(q)


@lru_cache(maxsize=4096)
def moments(phi: Activation, q: float) -> Moments:
    """The moments of an activation at q.

    >>> from initlab.numerics.activations import activation
    >>> found = moments(activation("relu"), 1.0)
    >>> round(found.square, 12), round(found.slope, 12), round(found.growth, 12)
    (0.5, 0.5, 0.5)

    Raises SpecError when q is out of bounds, or an expectation diverges.
    """
    q = checked_q(q)
    root = math.sqrt(q)

    def integrand(z: Reals) -> Reals:
        u = root * z
        a = finite(phi, u)
        slope = phi.derivative(u, a)
        return np.array([a, a * a, slope * slope, a * slope * z / root])

    found = _named(phi, lambda: expectation(integrand, kinks=_places(phi, root)))
    mean, square, slope, growth = (float(value) for value in found.value)
    rms = math.sqrt(square) if square > 0 else 1.0
    scales = np.array([rms, square or 1.0, slope or 1.0, max(abs(growth), square / q, 1e-300)])
    error = float((found.error / scales).max())
    return Moments(q=q, mean=mean, square=square, slope=slope, growth=growth, error=error)


@lru_cache(maxsize=4096)
def pair(phi: Activation, q: float, correlation: float, *, power: int = 1) -> tuple[float, float, float]:
    """E φ(u)ᵖ φ(v)ᵖ and E φ'(u)ᵖ φ'(v)ᵖ for u, v of mean square q and that correlation, and the larger error.

    >>> from initlab.numerics.activations import activation
    >>> product, slopes, _ = pair(activation("linear"), 2.0, 0.5)
    >>> round(product, 12), round(slopes, 12)
    (1.0, 1.0)
    """
    root = math.sqrt(checked_q(q))

    def factor(z: Reals) -> Reals:
        u = root * z
        a = finite(phi, u)
        return np.array([a**power, phi.derivative(u, a) ** power])

    found = _named(phi, lambda: pair_expectation(factor, factor, correlation, kinks=_places(phi, root)))
    product, slopes = (float(value) for value in found.value)
    return product, slopes, float(found.error.max())


@lru_cache(maxsize=4096)
def mixed(phi: Activation, q: float, correlation: float) -> float:
    """E φ(u)² φ'(v)² for u, v of mean square q and that correlation: what couples the two directions.

    >>> from initlab.numerics.activations import activation
    >>> round(mixed(activation("relu"), 1.0, 1.0), 12)
    0.5
    """
    root = math.sqrt(checked_q(q))

    def signal(z: Reals) -> Reals:
        return np.array([finite(phi, root * z) ** 2])

    def slope(z: Reals) -> Reals:
        return np.array([phi.derivative(root * z, finite(phi, root * z)) ** 2])

    found = _named(phi, lambda: pair_expectation(signal, slope, correlation, kinks=_places(phi, root)))
    return float(found.value[0])


def finite(phi: Activation, u: Reals) -> Reals:
    """φ(u). Raises SpecError where it is not finite."""
    with np.errstate(all="ignore"):
        a = phi.function(u)
    bad = ~np.isfinite(a)
    if bad.any():
        at = int(np.flatnonzero(bad)[0])
        raise SpecError(f"The activation {phi.name} must be finite, got {a[at]} at {u[at]:.6g}. Use one that is.")
    return np.asarray(a)


def _places(phi: Activation, root: float) -> list[float]:
    return [kink / root for kink in phi.kinks]


def _named(phi: Activation, integrate: Callable[[], Expectation]) -> Expectation:
    try:
        return integrate()
    except SpecError as error:
        if phi.name in str(error):
            raise
        raise SpecError(f"The activation {phi.name} has no such expectation. {error}") from None
